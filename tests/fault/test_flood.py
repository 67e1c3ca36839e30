# SPDX-License-Identifier: MIT
"""A flood of errors that were never seen before, with 64 KiB each.

The database stays below MAX_ERRORS_BYTES while it lasts; what goes is what was not seen
for longest, first the resolved, then the ignored, then the unresolved; and a list still
costs what it shows.  MONLIGHT_FLOOD_ERRORS says how many; the bound goes with it, and
is the default one at 200 000.
"""

import base64
import json
import os
import random
import sqlite3
import time

import pytest
from test_list_budget import LIMIT, ROWS_PER_ROW, STEPS_PER_ROW, work_of

from stack import DEBUG_BUILD, Stack

ERRORS = int(os.environ.get("MONLIGHT_FLOOD_ERRORS", "1000"))
BOUND = (1 << 30) * ERRORS // 200000
# A report is stored before others make room for it, and pages of an index come singly.
SLACK = 1 << 20
STATES = ("resolved", "ignored", "unresolved")  # in the order of their going


def reports():
    """Random text, so that it does not pack; each was seen a second after the one before."""
    dice = random.Random(64)
    start = int(time.time()) - ERRORS
    for i in range(ERRORS):
        yield {
            "project": f"flood-{i % 5}",
            "exception_type": "FloodError",
            "message": f"number{i} of many",
            "traceback": base64.b64encode(dice.randbytes(49152)).decode(),
            "fingerprint": [str(i)],
            "timestamp": start + i,
            "environment": ("production", "test")[i % 2],
            "release": f"1.{i % 20}",
            "session_id": f"session-{i // 10}",
        }


class Flood:
    def __init__(self, stack):
        self.client = stack.client("errors")
        self.source = reports()
        self.database = sqlite3.connect(stack.database("errors"), timeout=20)
        self.file = stack.database("errors")
        self.peak = self.peak_file = 0

    def pour(self, n):
        """Reports n more; in between it looks how large the database is."""
        head = {"X-API-Key": self.client.key}
        connection = self.client.connect()
        for i in range(n):
            connection.request("POST", "/api/errors", json.dumps(next(self.source)), head)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 201
            if i % 50 == 0 or i == n - 1:
                self.look()
        connection.close()

    def look(self):
        pages, free, size = (
            self.database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        self.peak = max(self.peak, (pages - free) * size)
        self.peak_file = max(self.peak_file, self.file.stat().st_size)
        assert (pages - free) * size <= BOUND + SLACK

    def ids(self, state):
        """The errors in a state, in the order of when they were seen."""
        return [
            id
            for (id,) in self.database.execute(
                "SELECT id FROM error WHERE status = ? ORDER BY last_seen",
                [("unresolved", "resolved", "ignored").index(state)],
            )
        ]

    def set(self, action, ids):
        for i in range(0, len(ids), 1000):
            body = {"action": action, "ids": ids[i : i + 1000]}
            assert self.client.post("/api/errors/bulk", body).status == 200


@pytest.fixture
def stack():
    stack = Stack(
        DURABILITY="process", INDEXER="cron", MAX_ERRORS_BYTES=BOUND, MAX_BODY_SIZE=1 << 20
    )
    try:
        yield stack.start()
        assert stack.stop() == 0
        said = stack.unexpected("test_flood")
        assert not said, "\n".join(said)
    finally:
        stack.destroy()


def test_a_flood_stays_in_its_bounds(stack):
    start = time.monotonic()
    flood = Flood(stack)
    flood.pour(ERRORS // 2)
    assert flood.peak > BOUND * 0.9, "this is no flood"
    held = flood.ids("unresolved")
    third = len(held) // 3
    # The newest are resolved, the oldest stay open.
    flood.set("resolve", held[-third:])
    flood.set("ignore", held[third:-third])
    before = {state: flood.ids(state) for state in STATES}
    poured, rest = 0, ERRORS - ERRORS // 2
    while poured < rest:
        n = min(max(third // 4, 1), rest - poured)
        flood.pour(n)
        poured += n
        now = {state: flood.ids(state) for state in STATES}
        for i, state in enumerate(STATES):
            gone = len(before[state]) - len(set(before[state]) & set(now[state]))
            # Those not seen for longest have gone, and only when all before them had.
            assert set(before[state][:gone]).isdisjoint(now[state])
            assert gone == 0 or not any(now[earlier] for earlier in STATES[:i])
    assert now["resolved"] == now["ignored"] == []
    newest = flood.database.execute("SELECT max(id) FROM error").fetchone()[0]
    assert newest == ERRORS
    assert now["unresolved"] == list(range(newest - len(now["unresolved"]) + 1, newest + 1))
    print(
        f"\n{ERRORS} errors in {time.monotonic() - start:.0f} s; bound {BOUND / 1e6:.1f} MB,"
        f" used at most {flood.peak / 1e6:.1f} MB, file at most {flood.peak_file / 1e6:.1f} MB,"
        f" {len(now['unresolved'])} errors held"
    )
    assert flood.peak_file <= BOUND + SLACK
    nothing_is_left_behind(flood.database)
    gauges = flood.client.get("/metrics").body.decode()
    assert f"monlight_errors_crowded_total {ERRORS - len(now['unresolved'])}" in gauges
    flood.database.close()
    lists_keep_to_their_budget(stack)


def nothing_is_left_behind(database):
    for table, column in (("occurrence", "slot / 256"), ("facet", "key_id"), ("day", "key_id")):
        (orphans,) = database.execute(
            f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM error_key)"
        ).fetchone()
        assert orphans == 0, table
    assert database.execute(
        "SELECT (SELECT sum(errors) FROM tally) = (SELECT count(*) FROM error)"
    ).fetchone() == (1,)
    database.execute("INSERT INTO error_fts (error_fts, rank) VALUES ('integrity-check', 1)")
    database.rollback()


def lists_keep_to_their_budget(stack):
    if stack.binaries != DEBUG_BUILD:
        assert stack.stop() == 0
        stack.binaries = DEBUG_BUILD
        stack.start()
    client = stack.client("errors")
    for parameters in (
        {},
        {"project": "flood-1"},
        {"environment": "test", "sort": "count"},
        {"release": "1.3", "status": "all"},
        {"search": "many"},
        {"level": "error", "sort": "first_seen"},
    ):
        rows, steps, answer = work_of(client, {**parameters, "limit": LIMIT})
        assert answer["errors"], parameters
        assert rows <= ROWS_PER_ROW * LIMIT, parameters
        assert steps <= STEPS_PER_ROW * LIMIT, parameters
