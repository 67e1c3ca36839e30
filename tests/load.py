# SPDX-License-Identifier: MIT
"""Clients that report without pause, and the record of what they were told."""

import http.client
import threading
import time
import uuid

from stack import eventually, report


class Load:
    """While it is entered, clients report one error; each report has its own event_id.

    A report that is not acknowledged is sent again with the same event_id, as
    the SDKs do, until it is or the load ends.
    """

    def __init__(self, client, project, clients=8):
        self.client, self.project = client, project
        self.sent = {}  # event_id -> the acknowledging status, or None
        self.failures = []  # what came instead of an acknowledgement
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(clients)]

    def __enter__(self):
        self.started = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.started

    def work(self):
        while not self.ended.is_set():
            event = uuid.uuid4().hex
            self.sent[event] = None
            while self.sent[event] is None:
                self.sent[event] = self.send(event)
                if self.ended.is_set():
                    break

    def send(self, event):
        try:
            answer = self.client.post("/api/errors", report(self.project, event_id=event))
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
            return None
        if answer.status in (200, 201):
            return answer.status
        self.failures.append(f"{answer.status} {answer.body.decode(errors='replace')}")
        return None

    @property
    def acknowledged(self):
        return sum(status is not None for status in self.sent.values())

    @property
    def rate(self):
        return self.acknowledged / self.seconds

    def assert_stored_once(self):
        """Every acknowledged report is stored, none twice, none that was not sent.

        Seen from outside: once each event has been sent again, known ones are
        answered as before and unknown ones are stored, so the count has to be
        the number of events.
        """
        stored = self.count()
        assert self.acknowledged <= stored <= len(self.sent)
        unacknowledged = [event for event, status in self.sent.items() if status is None]
        for event in unacknowledged:
            assert self.send(event)
        assert self.count() == len(self.sent)
        for event in list(self.sent)[-200:]:
            assert self.send(event)
        assert self.count() == len(self.sent)

    def count(self):
        path = f"/api/errors?project={self.project}&status=all"

        def asked():
            answer = self.client.get(path)
            return answer if answer.status == 200 else None

        # A pool whose processes have all just ended is not there for a second or two.
        rows = eventually(asked).json["errors"]
        assert len(rows) <= 1, rows
        return rows[0]["count"] if rows else 0
