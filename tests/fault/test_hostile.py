# SPDX-License-Identifier: MIT
"""Slow and hostile clients at the one public port: the others do not notice.

More sockets than lighttpd takes connections, silent or as slow as can be, and a flood of
requests without a key; meanwhile who is authorised is answered on the other ports as
quickly as ever, and the public port answers again soon, though they stay and go on.
HOSTILE=each gives each kind of crowd the port for itself; else they share it.
"""

import contextlib
import os
import re
import resource
import selectors
import socket
import statistics
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from homes import MAX_CONNECTIONS

from stack import ROOT, Client, eventually, report

pytestmark = pytest.mark.alone

CONF = (ROOT / "lighttpd" / "services.conf").read_text()
QUESTIONS = 60  # of a measurement, on each port
# Milliseconds that are quick whatever the quiet figure is: a flood also takes processor time,
# and who shares two cores with it waits for its turn.
QUICK = 10
SDK = "/sdk/monlight-1.0.0.full.min.js"


def setting(name):
    return int(re.search(rf"^server\.{name} = (\d+)$", CONF, re.M).group(1))


MANY = MAX_CONNECTIONS * 3 // 2


@pytest.fixture(autouse=True)
def many_files():
    """Leave to open as many sockets as the attackers want."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY + 500
    assert hard >= wanted, f"this machine allows a process only {hard} files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Kind(NamedTuple):
    first: bytes = b""
    drip: bytes = b""
    slow: bool = False


class Crowd:
    """MANY connections to a port, as many of each kind.

    A kind is what they say first, and then once a second, if anything, and whether they read
    slowly.
    """

    def __init__(self, port, *kinds):
        self.port, self.kinds = port, kinds
        self.sockets = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.say)

    def __enter__(self):
        for i in range(MANY):
            kind = self.kinds[i % len(self.kinds)]
            sock = socket.socket()
            sock.setblocking(False)
            if kind.slow:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect_ex(("127.0.0.1", self.port))
            self.sockets.append((sock, kind))
        self.thread.start()
        return self

    def say(self):
        """In a thread: says first wherever a connection is there at last, then drips."""
        silent = selectors.DefaultSelector()
        for sock, kind in self.sockets:
            if kind.first:
                silent.register(sock, selectors.EVENT_WRITE, kind)
        talking = []
        while not self.ended.wait(1):
            for key, _ in silent.select(0) if silent.get_map() else ():
                silent.unregister(key.fileobj)
                talking.append((key.fileobj, key.data.drip))
                with contextlib.suppress(OSError):
                    key.fileobj.send(key.data.first)
            for sock, drip in talking:
                with contextlib.suppress(OSError):
                    sock.send(drip)
        silent.close()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        for sock, _ in self.sockets:
            sock.close()


class Flood:
    """Requests without a key, as fast as they are refused, from a machine that is not ours."""

    def __init__(self, port):
        url = f"http://127.0.0.1:{port}/api/browser/errors"
        self.command = ["nice", "-n", "19", "wrk", "-t1", "-c64", "-d600s", url]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


HEADERS = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = b"POST /api/browser/errors HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
READ = f"GET {SDK} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 4

KINDS = {
    "silent": Kind(),
    "slow headers": Kind(HEADERS, b"x"),
    "slow bodies": Kind(BODY, b"x"),
    "slow readers": Kind(READ, slow=True),
}
EACH = os.environ.get("HOSTILE") == "each"
CROWDS = {name: [kind] for name, kind in KINDS.items()} if EACH else {"all": KINDS.values()}


def latency(stack, project):
    """Median and p90 of milliseconds that an authorised client waits at tracker and collector."""
    errors, metrics = stack.client("errors"), stack.client("metrics")
    point = [{"name": "hostile_total", "type": "counter", "value": 1, "project": project}]
    took = []
    for _ in range(QUESTIONS):
        begun = time.perf_counter()
        assert errors.post("/api/errors", report(project)).status in (200, 201)
        assert metrics.post("/api/metrics", point).status == 202
        took.append((time.perf_counter() - begun) * 500)
    return statistics.median(took), sorted(took)[QUESTIONS * 9 // 10]


def under_attack(stack, project, quiet):
    """The same while it is attacked; measured again if this machine had something else to do."""
    for _ in range(3):
        attacked = latency(stack, project)
        if attacked[0] <= max(2 * quiet[0], QUICK):
            break
    return attacked


def when_healthy(stack, name):
    """The time at which it answers."""
    assert eventually(lambda: stack.healthy(name), 60, 0.1), "it does not recover"
    return time.monotonic()


@pytest.mark.parametrize("name", CROWDS)
def test_hostile_crowds_at_the_public_port_harm_nobody_and_are_thrown_out(fresh, project, name):
    stack = fresh()
    latency(stack, project)
    quiet = latency(stack, project)
    with Crowd(stack.ports["relay"], *CROWDS[name]):
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            Client(stack.ports["relay"], timeout=0.5).get("/health")
        with ThreadPoolExecutor() as beside:
            back = beside.submit(when_healthy, stack, "relay")
            attacked = under_attack(stack, project, quiet)
            took = back.result() - begun
        # They go on, if their sockets still do; now there is room beside them.
        latency(stack, project)
        assert stack.healthy("relay")
    print(said(name, quiet, attacked), f"the public port is back in {took:.1f} s")
    assert attacked[0] <= max(2 * quiet[0], QUICK)
    assert took <= setting("max-read-idle") + 1


def test_a_flood_at_the_public_port_harms_nobody(fresh, project):
    stack = fresh()
    latency(stack, project)
    quiet = latency(stack, project)
    with Flood(stack.ports["relay"]):
        time.sleep(1)
        attacked = under_attack(stack, project, quiet)
        assert stack.healthy("relay")
    print(said("a flood", quiet, attacked))
    assert attacked[0] <= max(2 * quiet[0], QUICK)


def memory(pid):
    """MB that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1)) // 1024


def drip(socks, byte=b"x"):
    """A byte more of each body; False once they are not taken any more."""
    try:
        for sock in socks:
            sock.sendall(byte)
    except OSError:
        return False
    return True


def test_bodies_sent_byte_by_byte_do_not_take_the_memory(fresh):
    """lighttpd keeps a page of memory for each piece of a body, and gives none of it back."""
    stack = fresh()
    port = stack.ports["relay"]
    with contextlib.ExitStack() as open_:
        socks = [
            open_.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(50)
        ]
        for sock in socks:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(BODY.replace(b"9999", b"65536"))
        assert eventually(lambda: not drip(socks), 60, 0), "they are still listened to"
    assert eventually(lambda: all(memory(pid) < 128 for pid in stack.running("lighttpd")))
    when_healthy(stack, "relay")
    assert stack.healthy("errors")


def said(name, quiet, attacked):
    return (
        f"\n{name}: median {attacked[0]:.1f} ms instead of {quiet[0]:.1f},"
        f" p90 {attacked[1]:.1f} instead of {quiet[1]:.1f};"
    )
