# SPDX-License-Identifier: MIT
"""Whatever arrives in whatever order, and whenever it is rolled up or killed at it:
the collector's sums are Python's, and its percentiles within their stated error.

METRICS_PROPERTY_SEED repeats a run, METRICS_PROPERTY_ROUNDS makes it longer.
"""

import math
import os
import random
import sqlite3
import subprocess
import time
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from stack import CONTROL

SEED = int(os.environ.get("METRICS_PROPERTY_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("METRICS_PROPERTY_ROUNDS", "1"))
BATCHES = 60

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = {"1m": MINUTE, "1h": HOUR, "1d": DAY}
TYPES = ["counter", "gauge", "histogram"]
METHODS = ["GET", "POST", "PUT"]


# ---- what arrives -------------------------------------------------------------------


class World:
    """Random points, and what is known of those that were accepted."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = int(time.time())
        self.points = []  # (type, method, time in ms, value, id or None), in order of arrival

    def value(self, kind):
        r = self.random
        if kind == "counter":
            return r.choice([1, 1, 1, 2, 5, 0])
        # Multiples of 1/64 add up without rounding: sums are compared exactly.
        if kind == "gauge":
            return r.randrange(-6400, 6400) / 64
        return r.choice([0, math.ceil(r.lognormvariate(3, 1) * 64) / 64, -r.randrange(640) / 64])

    def moment(self):
        """Late by anything up to the window, out of order, and now and then in the future."""
        r = self.random
        shift = r.choice(
            [
                0,
                -r.random() * 90,
                -r.random() * 2 * HOUR,
                -r.random() * 2 * DAY,
                -r.random() * 29 * DAY,
                r.random() * 9 * MINUTE,
            ]
        )
        return int((self.now + shift) * 1000)

    def item(self):
        r = self.random
        kind = r.choice(TYPES)
        method = r.choice(METHODS)
        at = self.moment()
        value = self.value(kind)
        key = f"view-{r.randrange(200)}" if r.random() < 0.15 else None
        # What falls outside the window is dropped, and must leave no trace.
        dropped = r.random() < 0.03
        if dropped:
            at = int((self.now + r.choice([-40 * DAY, HOUR])) * 1000)
        else:
            self.points.append((kind, method, at, value, key))
        seconds, ms = divmod(at, 1000)
        stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        item = {
            "name": "world",
            "type": kind,
            "value": value,
            "labels": {"method": method, "path": f"/{r.randrange(2)}"},
            "timestamp": f"{stamp}.{ms:03}Z",
        }
        if key:
            item["id"] = key
            # A series and an id name a point: the path must not tell two of them apart.
            item["labels"]["path"] = "/0"
        return item, dropped

    def batch(self):
        items = [self.item() for _ in range(self.random.choice([1, 7, 100, 400]))]
        return [item for item, _ in items], sum(dropped for _, dropped in items)

    def kept(self):
        """The points that count: of a series and id the last that arrived."""
        last = {}
        for place, (kind, method, _, _, key) in enumerate(self.points):
            if key:
                last[kind, method, key] = place
        return [
            point
            for place, point in enumerate(self.points)
            if not point[4] or last[point[0], point[1], point[4]] == place
        ]

    def buckets(self, kind, step):
        found = defaultdict(list)
        for type, method, at, value, key in self.kept():
            if type == kind:
                found[at // 1000 // step * step, method].append((at, value, bool(key)))
        return found


# ---- what is done to it ---------------------------------------------------------------


class Compactor:
    def __init__(self, stack, rng):
        self.stack, self.random = stack, rng

    def start(self, *jobs):
        program = self.stack.binaries / "monlight-indexer"
        return subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$0" exec "$@"', str(CONTROL), str(program), *jobs],
            env=self.stack.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *jobs):
        assert self.start(*jobs).wait(120) == 0

    def run_and_kill(self):
        """Anything from not begun to done."""
        process = self.start("rollup")
        time.sleep(self.random.random() ** 2 * 0.06)
        process.kill()
        process.wait(60)

    def anything(self):
        self.random.choice(
            [
                lambda: None,
                lambda: None,
                lambda: self.run("rollup"),
                lambda: self.run("rollup", "retention"),
                self.run_and_kill,
                self.run_and_kill,
                lambda: [p.wait(120) for p in [self.start("rollup"), self.start("rollup")]],
            ]
        )()


# ---- what must hold ---------------------------------------------------------------------


def ask(client, world, kind, step, **parameters):
    start = (world.now - 31 * DAY) // DAY * DAY
    if step == "1m":
        start = (world.now - 23 * HOUR) // HOUR * HOUR  # what the tier of minutes still has
    query = {"name": "world", "type": kind, "step": step, "from": start, **parameters}
    query["to"] = world.now + HOUR
    answer = client.get(f"/api/metrics?{urlencode(query)}")
    assert answer.status == 200, answer
    return start, answer.json


def exact_quantile(values, q):
    ordered = sorted(values)
    return ordered[max(math.ceil(q * len(ordered) - 1e-9), 1) - 1]


def assert_row(row, points, error):
    values = [value for _, value, _ in points]
    assert row["count"] == len(values)
    assert row["sum"] == sum(values)
    assert (row["min"], row["max"]) == (min(values), max(values))
    # Points with an id are added last, so they are of no use for telling who was last.
    latest = max(at for at, _, _ in points)
    assert row["last"] in [value for at, value, _ in points if at == latest]
    if error is None:
        assert (row["p50"], row["p95"], row["p99"]) == (None, None, None)
        return
    for name, q in {"p50": 0.50, "p95": 0.95, "p99": 0.99}.items():
        exact = exact_quantile(values, q)
        assert abs(row[name] - exact) <= abs(exact) * error * (1 + 1e-9) + 1e-12, name


def assert_same_as_python(client, world, steps=STEPS):
    for kind in TYPES:
        for step in steps:
            start, answer = ask(client, world, kind, step, group_by="method")
            error = answer.get("quantile_error")
            assert (error is not None) == (kind == "histogram")
            expected = {
                key: points
                for key, points in world.buckets(kind, STEPS[step]).items()
                if key[0] >= start
            }
            rows = {
                (int(datetime.fromisoformat(r["bucket"]).timestamp()), r["labels"]["method"]): r
                for r in answer["data"]
            }
            assert rows.keys() == expected.keys()
            for key, points in expected.items():
                assert_row(rows[key], points, error)
            merged = sum(r["count"] for r in ask(client, world, kind, step)[1]["data"])
            assert merged == sum(map(len, expected.values()))


@pytest.mark.parametrize("round", range(ROUNDS))
def test_sums_are_exact_and_percentiles_within_their_error(fresh, round):
    seed = SEED + round
    print(f"METRICS_PROPERTY_SEED={seed}")
    world = World(seed)
    stack = fresh(INDEXER="cron")
    client = stack.client("metrics")
    compactor = Compactor(stack, world.random)
    for n in range(BATCHES):
        batch, dropped = world.batch()
        key = f"batch-{n}"
        for _ in range(world.random.choice([1, 1, 2])):  # a sender that is not sure tries again
            answer = client.post("/api/metrics", batch, Idempotency_Key=key)
            assert answer.status == 202
            assert answer.json["count"] == len(batch) - dropped
            assert answer.json.get("dropped", 0) == dropped
        compactor.anything()
        if n % 10 == 5:
            assert_same_as_python(client, world, ["1h"])
    assert_same_as_python(client, world)
    compactor.run("rollup")
    assert_same_as_python(client, world)
    compactor.run("rollup", "retention")
    assert_same_as_python(client, world)


# ---- bin for bin -----------------------------------------------------------------------


def tiers(stack):
    """Every row of every tier, by what it is about instead of by number."""
    with closing(sqlite3.connect(stack.database("metrics"))) as db:
        db.row_factory = sqlite3.Row
        state = dict(db.execute("SELECT hours_to, days_to FROM state").fetchone())
        db.row_factory = None
        rows = {}
        for tier in ("minute", "hour", "day"):
            query = f"""
                SELECT m.name, m.type, s.labels, (t.key & 0xffffffff) * 60,
                       t.count, t.sum, t.min, t.max, t.sketch
                FROM {tier} t JOIN series s ON s.id = t.key >> 32 JOIN metric m ON m.id = s.metric
            """
            for name, type, labels, at, *rest in db.execute(query):
                rows[tier, name, type, labels, at] = rest
    return state, rows


def test_any_schedule_comes_to_the_same_bins(fresh):
    """Killed and late against all in one pass: equal rows, and sketches equal byte for byte."""
    print(f"METRICS_PROPERTY_SEED={SEED}")
    worlds = World(SEED), World(SEED)
    stacks = fresh(INDEXER="cron"), fresh(INDEXER="cron")
    worlds[1].now = worlds[0].now
    compactors = [Compactor(stack, random.Random(SEED)) for stack in stacks]
    clients = [stack.client("metrics") for stack in stacks]
    for _ in range(BATCHES // 2):
        batches = [world.batch()[0] for world in worlds]
        assert batches[0] == batches[1]
        for client, batch in zip(clients, batches, strict=True):
            assert client.post("/api/metrics", batch).status == 202
        compactors[0].anything()
    for compactor in compactors:
        compactor.run("rollup")
    (one, scattered), (other, direct) = map(tiers, stacks)
    bounds = {
        "minute": 1 << 40,
        "hour": min(one["hours_to"], other["hours_to"]),
        "day": min(one["days_to"], other["days_to"]),
    }
    # Minutes that are older than they are kept may be missing where they came late.
    oldest = worlds[0].now - 23 * HOUR

    def comparable(rows):
        return {
            key: row
            for key, row in rows.items()
            if key[4] < bounds[key[0]] and (key[0] != "minute" or key[4] >= oldest)
        }

    assert comparable(scattered).keys() == comparable(direct).keys()
    assert comparable(scattered) == comparable(direct)
