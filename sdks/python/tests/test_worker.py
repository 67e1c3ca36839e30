# SPDX-License-Identifier: MIT
from __future__ import annotations

import gzip
import http.server
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from monlight import ErrorClient, MetricsClient, _worker
from monlight.transport import (
    HTTPTransport,
    MemoryTransport,
    Request,
    Response,
    TransportError,
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(_worker, "LAST_PAUSE", 0.05)


def eventually(question: Callable[[], object], seconds: float = 10.0) -> bool:
    """Asks until the answer is true."""
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    peers: ClassVar[list[tuple[str, int]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((dict(self.headers), body))
        self.peers.append(self.client_address)
        self.send_response(202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Server.seen, Server.peers = [], []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_over_http_the_key_and_the_type_are_sent(server: str) -> None:
    transport = HTTPTransport(server, "secret")
    assert transport.send(Request("/api/errors", b"{}")).status == 202
    transport.close()
    headers, body = Server.seen[0]
    assert headers["X-API-Key"] == "secret" and headers["Content-Type"] == "application/json"
    assert body == b"{}"


def test_the_connection_is_kept(server: str) -> None:
    transport = HTTPTransport(server, "secret")
    for _ in range(3):
        transport.send(Request("/api/errors", b"{}"))
    transport.close()
    assert len({port for _, port in Server.peers}) == 1


def test_large_bodies_are_compressed(server: str) -> None:
    transport = HTTPTransport(server, "secret")
    body = json.dumps({"a": "x" * 5000}).encode()
    transport.send(Request("/api/errors", body))
    transport.close()
    headers, got = Server.seen[0]
    assert headers["Content-Encoding"] == "gzip" and gzip.decompress(got) == body


def test_nobody_there_is_a_transport_error() -> None:
    transport = HTTPTransport("http://127.0.0.1:9", "k", 0.5)
    with pytest.raises(TransportError):
        transport.send(Request("/", b"{}"))
    with pytest.raises(TransportError):
        HTTPTransport("nonsense", "k").send(Request("/", b"{}"))


@pytest.mark.parametrize(
    "answers",
    [
        (TransportError("down"), Response(200)),
        (Response(503, "full"), Response(200)),
        (Response(429, "", 0.01), Response(201)),
        (Response(500), TransportError("down"), Response(202)),
    ],
)
def test_what_may_succeed_later_is_sent_again(answers: tuple[Any, ...]) -> None:
    transport = MemoryTransport(*answers)
    client = MetricsClient("http://h", "k", transport=transport)
    client.counter("c")
    assert client.flush(5.0)
    assert len(transport.requests) == len(answers)
    assert len({request.body for request in transport.requests}) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_asks_to_wait_is_left_alone_so_long(status: int) -> None:
    times: list[float] = []

    class Watched(MemoryTransport):
        def send(self, request: Request) -> Response:
            times.append(time.monotonic())
            return super().send(request)

    transport = Watched(Response(status, "", 0.4), Response(202))
    client = ErrorClient("http://h", "k", transport=transport)
    client.report_message("one")
    client.report_message("two")
    assert eventually(lambda: len(times) == 3)
    assert 0.4 <= times[1] - times[0] < 2


@pytest.mark.parametrize("status", [400, 401, 413])
def test_what_was_refused_is_not_sent_again(status: int, caplog: pytest.LogCaptureFixture) -> None:
    transport = MemoryTransport(Response(status, "because"))
    client = MetricsClient("http://h", "k", transport=transport)
    client.counter("c")
    with caplog.at_level(logging.WARNING, "monlight"):
        assert client.flush()
    assert len(transport.requests) == 1 and "because" in caplog.text


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    client = MetricsClient("http://h", "k", transport=MemoryTransport(TransportError("down")))
    with caplog.at_level(logging.WARNING, "monlight"):
        for _ in range(5):
            client.counter("c")
            assert not client.flush(0.1)
    assert caplog.text.count("cannot be reached") == 1


def test_a_full_queue_drops_and_counts_and_never_blocks() -> None:
    client = ErrorClient(
        "http://h", "k", max_per_minute=10**9, transport=MemoryTransport(TransportError("down"))
    )
    begun = time.monotonic()
    for n in range(_worker.MAX_REQUESTS + 100):
        client.report_message(str(n))
    assert time.monotonic() - begun < 5
    assert 50 <= client.dropped <= 101


def test_a_batch_without_room_counts_each_of_its_points(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = MetricsClient("http://h", "k", transport=MemoryTransport())
    monkeypatch.setattr(_worker, "MAX_REQUESTS", 0)
    for n in range(1500):
        metrics.counter("c", {"name": n})
    metrics.flush(0.1)
    assert metrics.dropped == 1500


def test_a_full_queue_of_one_service_leaves_room_to_the_other() -> None:
    away = ErrorClient("http://h", "k", transport=MemoryTransport(TransportError("down")))
    for n in range(_worker.MAX_REQUESTS + 100):
        away.report_message(str(n))
    there = MemoryTransport()
    metrics = MetricsClient("http://h", "k", transport=there)
    metrics.counter("c")
    metrics.flush(0.1)
    assert eventually(lambda: there.requests)
    assert len(there.requests) == 1 and metrics.dropped == 0


def test_one_service_away_does_not_hold_up_the_other() -> None:
    away = MetricsClient("http://h", "k", transport=MemoryTransport(TransportError("down")))
    there = MemoryTransport()
    errors = ErrorClient("http://h", "k", transport=there)
    away.counter("c")
    away.flush(0.05)
    errors.report_message("hello")
    assert eventually(lambda: there.requests)
    assert len(there.requests) == 1


def test_the_last_flush_sends_to_whoever_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "FIRST_PAUSE", 60.0)
    monkeypatch.setattr(_worker, "LAST_PAUSE", 60.0)
    away = ErrorClient("http://h", "k", transport=MemoryTransport(TransportError("down")))
    there = MemoryTransport()
    metrics = MetricsClient("http://h", "k", transport=there)
    for n in range(3):
        away.report_message(str(n))
    metrics.counter("c")
    # It lasts until the fixture has cleared the queue: the one that is away is asked again and again.
    last = threading.Thread(target=metrics.flush, args=(60.0,), daemon=True)
    last.start()
    assert eventually(lambda: there.requests)
    assert last.is_alive() and len(there.requests) == 1


PROGRAM = """
import os, sys, time
from monlight import MetricsClient, ErrorClient
metrics = MetricsClient({url!r}, "k", flush_interval=60)
metrics.start()
metrics.counter("parent")
{body}
"""


def run(url: str, body: str) -> list[dict[str, Any]]:
    code = PROGRAM.format(url=url, body=body)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    found = []
    for headers, payload in Server.seen:
        if headers.get("Content-Encoding") == "gzip":
            payload = gzip.decompress(payload)
        found += json.loads(payload)
    return found


def test_the_end_of_the_program_sends_what_is_left(server: str) -> None:
    assert [item["name"] for item in run(server, "")] == ["parent"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "metrics.flush(5)\nmetrics.shutdown()",
        "(lambda: ErrorClient({url!r}, 'k').report_message('forgotten'))()\nmetrics.flush(5)",
        "metrics = HTTPTransport({url!r}, 'k')\nmetrics.send(Request('/api/metrics', b'{{}}'))",
    ],
)
def test_the_end_of_the_program_leaves_no_connection_open(server: str, body: str) -> None:
    """Python's development mode tells of a socket that nobody has closed."""
    imports = "from monlight import ErrorClient\nfrom monlight.transport import *\n"
    code = imports + PROGRAM.format(url=server, body=body.format(url=server))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_could_not_be_sent_before_the_end_is_told() -> None:
    code = PROGRAM.format(url="http://127.0.0.1:9", body="")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    assert "requests not sent before the end: 1" in done.stderr


def test_what_is_counted_after_the_last_flush_does_not_hold_up_the_end() -> None:
    code = """
import atexit
clients = []
atexit.register(lambda: clients[0].counter("late"))
from monlight import MetricsClient
clients.append(MetricsClient("http://127.0.0.1:9", "k"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_reported_while_the_interpreter_goes_down_does_no_harm(server: str) -> None:
    body = """
import atexit, threading
errors = ErrorClient({url!r}, "k")
class Late:
    def __del__(self):
        metrics.counter("late")
        errors.report_message("late")
        metrics.flush(0.5)
late = Late()
def again():
    while True:
        metrics.counter("thread")
        errors.report_error_sync(ValueError("no"))
threading.Thread(target=again, daemon=True).start()
"""
    begun = time.monotonic()
    assert run(server, body.format(url=server))
    assert time.monotonic() - begun < 10


def test_a_child_has_a_worker_of_its_own(server: str) -> None:
    body = """
pid = os.fork()
metrics.counter("child" if pid == 0 else "after")
if pid == 0:
    assert metrics.flush(5)
    os._exit(0)
os.waitpid(pid, 0)
"""
    counts = {item["name"]: item["value"] for item in run(server, body)}
    assert counts == {"parent": 1, "child": 1, "after": 1}


def test_a_fork_while_the_transport_connects_leaves_the_child_free(server: str) -> None:
    body = """
with metrics._transport._lock:
    pid = os.fork()
    if pid == 0:
        metrics.counter("child")
        os._exit(0 if metrics.flush(5) else 1)
assert os.waitpid(pid, 0)[1] == 0
"""
    assert sorted(item["name"] for item in run(server, body)) == ["child", "parent"]


def test_a_signal_that_comes_while_something_is_reported_may_report_too(server: str) -> None:
    body = """
import signal
errors = ErrorClient({url!r}, "k", max_per_minute=0)
from monlight._worker import worker
def handler(*_):
    metrics.counter("signals")
    errors.report_error_sync(ValueError("in the handler"))
signal.signal(signal.SIGALRM, handler)
with worker._lock, metrics._lock, errors._repeats._lock:
    signal.raise_signal(signal.SIGALRM)
"""
    items = run(server, body.format(url=server))
    assert [item["name"] for item in items if isinstance(item, dict)] == ["parent", "signals"]
    assert "exception_type" in items


def test_a_child_sends_by_itself_what_its_parent_had_begun_to_send(server: str) -> None:
    body = """
quick = MetricsClient({url!r}, "k", flush_interval=0.05)
quick.start()
pid = os.fork()
if pid == 0:
    quick.counter("child")
    read, write = os.pipe()
    transport, quick._transport = quick._transport, None
    class Telling:
        def send(self, request):
            answer = transport.send(request)
            os.write(write, b"x")
            return answer
    quick._lane.transport = Telling()
    os._exit(0 if os.read(read, 1) else 1)
assert os.waitpid(pid, 0)[1] == 0
"""
    names = [item["name"] for item in run(server, body.format(url=server))]
    assert sorted(names) == ["child", "parent"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_end_of_a_multiprocessing_child_sends_what_is_left(
    server: str, method: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"""
import multiprocessing
from monlight import ErrorClient
errors = ErrorClient({server!r}, "k")
def work():
    errors.report_message("from a child")
if __name__ == "__main__":
    child = multiprocessing.get_context({method!r}).Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0
""")
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert [json.loads(body)["message"] for _, body in Server.seen] == ["from a child"]


def test_multiprocessing_children_report_too(server: str) -> None:
    body = """
import multiprocessing
def work(n):
    metrics.counter("work")
    metrics.flush(5)
with multiprocessing.get_context("fork").Pool(3) as pool:
    pool.map(work, range(12))
"""
    items = run(server, body)
    assert sum(item["value"] for item in items if item["name"] == "work") == 12


def test_the_command_says_what_came_back(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    from monlight.__main__ import main

    assert main(["test", "--url", server, "--metrics-url", server, "--key", "k"]) == 0
    assert capsys.readouterr().out.splitlines() == ["error: 202 {}", "metric: 202 {}"]
    nobody = "http://127.0.0.1:9"
    assert main(["test", "--url", nobody, "--metrics-url", server, "--key", "k"]) == 1


@pytest.mark.parametrize(
    ("tracker", "collector"),
    [
        ("http://127.0.0.1:5010", "http://127.0.0.1:5012"),
        ("https://errors.example.com", "https://errors.example.com:5012"),
        ("http://[::1]:8080/", "http://[::1]:5012"),
    ],
)
def test_the_command_asks_the_collector_of_the_trackers_host(tracker: str, collector: str) -> None:
    from monlight.__main__ import _beside

    assert _beside(tracker) == collector
