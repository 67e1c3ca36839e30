# SPDX-License-Identifier: MIT
"""More idle sockets than lighttpd takes connections: it recovers by itself."""

import re
import resource
import socket

import pytest

from stack import ROOT, eventually, report


def max_connections():
    text = (ROOT / "lighttpd" / "services.conf").read_text()
    return int(re.search(r"^server\.max-connections = (\d+)$", text, re.M).group(1))


@pytest.fixture
def many_files():
    """Leave to open as many sockets as the test wants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max_connections() * 2 + 500
    assert hard >= wanted, f"this machine allows a process only {hard} files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: "])
def test_idle_sockets_are_closed_and_the_service_recovers(fresh, project, many_files, begun):
    stack = fresh()
    idle = []
    try:
        for _ in range(max_connections() * 3 // 2):
            sock = socket.socket()
            sock.setblocking(False)
            idle.append(sock)
            sock.connect_ex(("127.0.0.1", stack.ports["errors"]))
        if begun:
            for sock in idle:
                try:
                    sock.send(begun)
                except OSError:
                    pass  # not accepted yet
        assert eventually(lambda: stack.healthy("errors"), 60, 0.5), "it does not recover"
        assert stack.client("errors").post("/api/errors", report(project)).status == 201
        assert stack.healthy("metrics")
    finally:
        for sock in idle:
            sock.close()
    assert eventually(lambda: stack.healthy("errors"), 10)
