# SPDX-License-Identifier: MIT
"""Nothing that the relay acknowledged is lost, and nothing is stored twice.

Pages report errors and counters while tracker and collector are gone, while
responders and the deliverer are killed, and while a proxy swallows answers of
what was stored.  Afterwards each acknowledged report has to be there once.
"""

import http.client
import os
import random
import select
import signal
import socket
import threading
import time
import uuid

import pytest

from stack import TRACEBACK, eventually, free_ports

RATE = 50  # reports a second, errors and counters together
CLIENTS = 8
# make test is content with less; alone it takes its minute.
OUTAGE = int(os.environ.get("MONLIGHT_OUTAGE_SECONDS", "20"))
DRAIN_DEADLINE = 120


class Proxy:
    """Stands before a service.  stop() refuses connections; swallow drops that part of its answers."""

    def __init__(self, port):
        (self.port,) = free_ports(1)
        self.target = port
        self.swallow = 0.0
        self.swallowed = 0
        self.listener = None
        self.connections = set()
        self.start()

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.connections):
            self.close(connection)

    def close(self, connection):
        self.connections.discard(connection)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            client.close()
            return
        self.connections |= {client, server}
        try:
            self.pump(client, server)
        except (OSError, ValueError):
            pass
        self.close(client)
        self.close(server)

    def pump(self, client, server):
        while True:
            for readable in select.select([client, server], [], [])[0]:
                data = readable.recv(65536)
                if not data:
                    return
                if readable is client:
                    server.sendall(data)
                elif random.random() < self.swallow:
                    self.swallowed += 1  # it was stored, and nobody is told
                    return
                else:
                    client.sendall(data)


class Pages:
    """Browsers that report at a steady rate, each report with an id of its own, tried again
    until it is acknowledged, as the SDK does."""

    def __init__(self, relay, key):
        self.relay, self.key = relay.anonymous(), key
        self.acknowledged = {"errors": {}, "metrics": {}}  # event -> status
        self.sent = {"errors": 0, "metrics": 0}
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def work(self):
        while not self.ended.is_set():
            kind = random.choice(("errors", "metrics"))
            event = uuid.uuid4().hex
            self.sent[kind] += 1
            while not self.send(kind, event) and not self.ended.is_set():
                time.sleep(0.1)
            self.ended.wait(random.random() * 2 * CLIENTS / RATE)

    def send(self, kind, event):
        if kind == "errors":
            body = {"type": "OutboxError", "message": "m", "stack": TRACEBACK, "event_id": event}
        else:
            body = {"metrics": [{"name": "reports", "type": "counter", "value": 1}]}
        headers = {"X-Monlight-Key": self.key, "Idempotency-Key": event}
        try:
            answer = self.relay.request(
                "POST", f"/api/browser/{kind}", headers=headers, json_body=body
            )
        except (OSError, http.client.HTTPException):
            return False
        if answer.status not in (200, 201, 202):
            return False
        self.acknowledged[kind][event] = answer.status
        return True


@pytest.fixture
def outbox(fresh):
    """A stack whose relay reaches tracker and collector through proxies, and its pages."""
    stack = fresh.make(DSN_KEYS="shop:the-key")
    ports = dict(zip(("errors", "logs", "metrics", "relay"), free_ports(4), strict=True))
    stack.ports = ports
    proxies = {name: Proxy(ports[name]) for name in ("errors", "metrics")}
    stack.variables["ERROR_TRACKER_URL"] = f"http://127.0.0.1:{proxies['errors'].port}"
    stack.variables["METRICS_COLLECTOR_URL"] = f"http://127.0.0.1:{proxies['metrics'].port}"
    stack.start()
    yield stack, proxies, Pages(stack.client("relay"), "the-key")
    for proxy in proxies.values():
        proxy.stop()


def waiting(stack):
    rows = stack.client("relay").get("/api/outbox").json["destinations"]
    return sum(row["waiting"] for row in rows)


def stored(stack):
    """How many reports the tracker and the collector have counted."""
    rows = stack.client("errors").get("/api/errors?project=shop&status=all").json["errors"]
    points = stack.client("metrics").get(
        "/api/metrics?name=reports&period=1h&resolution=minute&project=shop"
    )
    buckets = points.json["data"] if "data" in points.json else points.json["metrics"]
    return {
        "errors": sum(row["count"] for row in rows),
        "metrics": round(sum(bucket["count"] for bucket in buckets)),
    }


def assert_each_once(stack, pages):
    assert eventually(lambda: waiting(stack) == 0, DRAIN_DEADLINE, 0.5), waiting(stack)
    acknowledged = {kind: len(events) for kind, events in pages.acknowledged.items()}
    # One that was sent but not acknowledged may have been stored: each client has one at the end.
    after = stored(stack)
    print(f"\nsent {pages.sent}, acknowledged {acknowledged}, stored {after}")
    for kind, number in acknowledged.items():
        assert number <= after[kind] <= pages.sent[kind], (kind, acknowledged, after)
        assert pages.sent[kind] - number <= CLIENTS
        queued = sum(status == 202 for status in pages.acknowledged["errors"].values())
        assert queued > 0


def kill_one(stack, program):
    victims = stack.running(program)
    if victims:
        os.kill(random.choice(victims), signal.SIGKILL)


def test_an_outage_with_kills_in_between_loses_and_doubles_nothing(outbox):
    stack, proxies, pages = outbox
    with pages:
        time.sleep(2)
        for proxy in proxies.values():
            proxy.stop()
        end = time.monotonic() + OUTAGE
        while time.monotonic() < end:
            time.sleep(2)
            kill_one(stack, "monlight-relay")
            kill_one(stack, "monlight-deliver")
        for proxy in proxies.values():
            proxy.start()
        for _ in range(3):  # while it drains
            time.sleep(1)
            kill_one(stack, "monlight-deliver")
            kill_one(stack, "monlight-errors")
        time.sleep(2)
    assert_each_once(stack, pages)


def test_answers_that_are_swallowed_after_the_commit_double_nothing(outbox):
    stack, proxies, pages = outbox
    for proxy in proxies.values():
        proxy.swallow = 0.3
    swallowed = lambda: sum(proxy.swallowed for proxy in proxies.values())  # noqa: E731
    with pages:
        time.sleep(min(OUTAGE, 10))
        assert eventually(lambda: swallowed() > 10, 60)
    for proxy in proxies.values():
        proxy.swallow = 0.0
    assert_each_once(stack, pages)


def test_a_reload_under_relay_load_fails_no_request(fresh):
    stack = fresh(DSN_KEYS="shop:the-key")
    page = Pages(stack.client("relay"), "the-key")
    failures, send = [], page.send

    def watched(kind, event):
        done = send(kind, event)
        if not done:
            failures.append(kind)
        return done

    page.send = watched
    with page:
        for _ in range(3):
            time.sleep(1)
            assert stack.control("reload").returncode == 0
        time.sleep(1)
    assert not failures
    assert eventually(lambda: waiting(stack) == 0, DRAIN_DEADLINE, 0.5)
    after = stored(stack)
    assert after == {kind: len(events) for kind, events in page.acknowledged.items()}


def test_a_tracker_that_hangs_does_not_hold_up_the_relay(outbox):
    """A connection that is taken and never answered costs its timeout once, then a pause."""
    stack, proxies, pages = outbox
    proxies["errors"].stop()
    hole = socket.create_server(("127.0.0.1", proxies["errors"].port), backlog=128)
    try:
        with pages:
            time.sleep(8)
            # Held up, the relay's two processes would take two reports in one and a half seconds.
            assert eventually(lambda: len(pages.acknowledged["errors"]) > 50, 15)
    finally:
        hole.close()
        proxies["errors"].start()
    assert eventually(lambda: waiting(stack) == 0, DRAIN_DEADLINE, 0.5)
    assert len(pages.acknowledged["errors"]) <= stored(stack)["errors"] <= pages.sent["errors"]
