# SPDX-License-Identifier: MIT
"""More idle sockets than lighttpd takes connections: it recovers by itself."""

import resource
import socket

import pytest
from homes import MAX_CONNECTIONS

from stack import Client, eventually, free_ports, report


@pytest.fixture
def many_files():
    """Leave to open as many sockets as the test wants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS * 2 + 500
    assert hard >= wanted, f"this machine allows a process only {hard} files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


HOSTS = {
    f"{name}_HOST": f"{name[:3].lower()}.test"
    for name in ("ERROR_TRACKER", "LOG_VIEWER", "METRICS_COLLECTOR", "BROWSER_RELAY")
}


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: "])
def test_idle_sockets_are_closed_and_the_service_recovers(fresh, project, many_files, begun):
    """At the port of its own, and at one that all four share by their names."""
    variables = {"VHOST_PORT": free_ports(1)[0], **HOSTS} if begun else {}
    stack = fresh(**variables)
    port = variables.get("VHOST_PORT", stack.ports["errors"])
    idle = []
    try:
        for _ in range(MAX_CONNECTIONS * 3 // 2):
            sock = socket.socket()
            sock.setblocking(False)
            idle.append(sock)
            sock.connect_ex(("127.0.0.1", port))
        if begun:
            for sock in idle:
                try:
                    sock.send(begun)
                except OSError:
                    pass  # not accepted yet
        assert not stack.healthy("errors"), "they are too few"
        assert eventually(lambda: stack.healthy("errors"), 60, 0.5), "it does not recover"
        assert stack.client("errors").post("/api/errors", report(project)).status == 201
        assert stack.healthy("metrics")
        if begun:
            named = {"Host": f"bro.test:{port}"}
            assert Client(port).request("GET", "/health", headers=named).status == 200
    finally:
        for sock in idle:
            sock.close()
    assert eventually(lambda: stack.healthy("errors"), 10)
