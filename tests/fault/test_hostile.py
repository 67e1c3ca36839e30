# SPDX-License-Identifier: MIT
"""Slow and hostile clients at the one public port: the others do not notice.

More sockets than lighttpd takes connections, silent or as slow as can be, and a flood of
requests without a key; meanwhile who is authorised is answered on the other ports as
quickly as ever, and the public port answers again soon.
"""

import contextlib
import re
import resource
import selectors
import socket
import statistics
import subprocess
import threading
import time

import pytest

from stack import ROOT, eventually, report

pytestmark = pytest.mark.alone

CONF = (ROOT / "lighttpd" / "services.conf").read_text()
QUESTIONS = 60  # of a measurement, on each port
# Milliseconds that are quick whatever the quiet figure is: a flood also takes processor time,
# and who shares two cores with it waits for its turn.
QUICK = 10
SDK = "/sdk/monlight-1.0.0.full.min.js"


def setting(name):
    return int(re.search(rf"^server\.{name} = (\d+)$", CONF, re.M).group(1))


MANY = setting("max-connections") * 3 // 2


@pytest.fixture(autouse=True)
def many_files():
    """Leave to open as many sockets as the attackers want."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY + 500
    assert hard >= wanted, f"this machine allows a process only {hard} files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """MANY connections to a port.  Each says first, and then drip once a second, if any."""

    def __init__(self, port, first=b"", drip=b"", receive=None):
        self.port, self.first, self.drip, self.receive = port, first, drip, receive
        self.sockets = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.say)

    def __enter__(self):
        for _ in range(MANY):
            sock = socket.socket()
            sock.setblocking(False)
            if self.receive:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive)
            sock.connect_ex(("127.0.0.1", self.port))
            self.sockets.append(sock)
        self.thread.start()
        return self

    def say(self):
        """In a thread: says first wherever a connection is there at last, then drips."""
        silent = selectors.DefaultSelector()
        if self.first:
            for sock in self.sockets:
                silent.register(sock, selectors.EVENT_WRITE)
        talking = []
        while not self.ended.wait(1):
            for key, _ in silent.select(0) if silent.get_map() else ():
                silent.unregister(key.fileobj)
                talking.append(key.fileobj)
                with contextlib.suppress(OSError):
                    key.fileobj.send(self.first)
            for sock in talking if self.drip else ():
                with contextlib.suppress(OSError):
                    sock.send(self.drip)
        silent.close()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        for sock in self.sockets:
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

ATTACKS = {
    "silent": lambda port: Crowd(port),
    "slow headers": lambda port: Crowd(port, HEADERS, b"x"),
    "slow bodies": lambda port: Crowd(port, BODY, b"x"),
    "slow readers": lambda port: Crowd(port, READ, receive=2048),
    "a flood without a key": lambda port: Flood(port),
}


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


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_clients_at_the_public_port_harm_nobody_else(fresh, project, name):
    stack = fresh()
    latency(stack, project)
    quiet = latency(stack, project)
    with ATTACKS[name](stack.ports["relay"]):
        time.sleep(1)
        attacked = under_attack(stack, project, quiet)
        begun = time.monotonic()
        if name == "silent":
            # They stay, but none for longer than it may.  Who comes now waits behind those
            # that are not accepted yet, and the kernel makes it knock again and again.
            assert eventually(lambda: stack.healthy("relay"), 2 * setting("max-read-idle") + 5, 0.1)
    assert eventually(lambda: stack.healthy("relay"), setting("max-read-idle"), 0.1)
    print(
        f"\n{name}: median {attacked[0]:.1f} ms instead of {quiet[0]:.1f}, p90 {attacked[1]:.1f} "
        f"instead of {quiet[1]:.1f}; the public port is back in {time.monotonic() - begun:.1f} s"
    )
    assert attacked[0] <= max(2 * quiet[0], QUICK)
