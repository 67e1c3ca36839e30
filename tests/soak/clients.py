# SPDX-License-Identifier: MIT
"""Who uses the stack while it is soaked: each knows afterwards what it was promised."""

import gzip
import http.client
import json
import os
import random
import shutil
import threading
import time
import uuid

from containers import Container
from sse import Stream
from stack import TRACEBACK

POINTS = 500  # of a batch
PAUSE = 0.2  # seconds before what was not acknowledged is sent again


class Worker(threading.Thread):
    """Does something at a rate until it is told to end, and then finishes what it is at.

    Those of the same rate come at the same moment, so all processes of a pool have work.
    """

    def __init__(self, rate):
        super().__init__(daemon=True)
        self.rate = rate
        self.ended = threading.Event()
        self.done = 0
        self.failures = 0

    def run(self):
        tick = int(time.monotonic() * self.rate)
        while not self.ended.is_set():
            self.work()
            # What was late is not made up for: an outage is no reason for a flood.
            tick = max(tick, int((time.monotonic() - 1) * self.rate)) + 1
            self.ended.wait(max(tick / self.rate - time.monotonic(), 0))

    def finish(self):
        self.ended.set()

    def work(self):
        raise NotImplementedError


class Sender(Worker):
    """Sends one thing after another, each with an id and each until it is acknowledged."""

    def __init__(self, rate, client):
        super().__init__(rate)
        self.client = client

    def work(self):
        event = uuid.uuid4().hex
        while not self.acknowledged(event):
            self.failures += 1
            time.sleep(PAUSE)
        self.done += 1

    def acknowledged(self, event):
        try:
            return self.send(event).status in (200, 201, 202)
        except (OSError, http.client.HTTPException):
            return False


class Errors(Sender):
    def send(self, event):
        body = {"project": "soak", "exception_type": f"Error{random.randrange(20)}"}
        body |= {"message": "soaked", "traceback": TRACEBACK, "event_id": event}
        return self.client.post("/api/errors", body)


class Pages(Sender):
    """What the browser SDK sends, without the browser."""

    def __init__(self, rate, client, key):
        super().__init__(rate, client.anonymous())
        self.key = key

    def send(self, event):
        body = {"type": "PageError", "message": "soaked", "stack": "at f (https://x/a.js:1:2)"}
        return self.client.request(
            "POST",
            "/api/browser/errors",
            json_body={**body, "event_id": event},
            headers={"X-Monlight-Key": self.key},
        )


class Metrics(Sender):
    points = [
        {"name": "soak_total", "type": "counter", "value": 1, "labels": {"n": str(n % 50)}}
        if n % 2
        else {"name": "soak_seconds", "type": "histogram", "value": n / 100}
        for n in range(POINTS)
    ]
    body = gzip.compress(json.dumps([{**point, "project": "soak"} for point in points]).encode())

    def send(self, event):
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        headers["Idempotency-Key"] = event
        return self.client.request("POST", "/api/metrics", body=self.body, headers=headers)


class Lines(Worker):
    """A container whose log is rotated as Docker does it, of numbered lines."""

    AT_ONCE = 5
    KEPT = 5

    def __init__(self, rate, sources, name, rotate_every):
        super().__init__(rate / self.AT_ONCE)
        self.container = Container(sources, name)
        self.source, self.rotate_every = name, rotate_every
        self.rotate_at = time.monotonic() + rotate_every
        self.rotations = 0

    def work(self):
        for _ in range(self.AT_ONCE):
            self.container.write(f"INFO soaked line {self.done} of {self.source} {'x' * 60}")
            self.done += 1
        if time.monotonic() > self.rotate_at:
            self.rotate()
            self.rotate_at = time.monotonic() + self.rotate_every

    def rotate(self):
        path = self.container.path
        for number in range(self.KEPT - 1, 1, -1):
            if os.path.exists(f"{path}.{number - 1}"):
                shutil.move(f"{path}.{number - 1}", f"{path}.{number}")
        os.rename(path, f"{path}.1")
        os.close(self.container.log)
        self.container.log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self.rotations += 1


class Tails(Worker):
    """Opens a live tail, reads for a while, closes it; done counts the lines."""

    def __init__(self, client):
        super().__init__(2)
        self.client = client
        self.streams = self.repeated = 0

    def work(self):
        try:
            with Stream(self.client, "/api/logs/tail") as stream:
                self.read(stream, time.monotonic() + random.uniform(0.5, 8))
        except (OSError, http.client.HTTPException, IndexError, ValueError):
            self.failures += 1
            self.ended.wait(PAUSE)

    def read(self, stream, until):
        if stream.status != 200:
            self.failures += 1
            return
        self.streams += 1
        last = 0
        while time.monotonic() < until and not self.ended.is_set():
            event = stream.next(min(0.5, max(until - time.monotonic(), 0)))
            if event is None and stream.ended:
                return
            if event is not None and event.name == "log":
                self.repeated += int(event.id) <= last
                last = int(event.id)
                self.done += 1
