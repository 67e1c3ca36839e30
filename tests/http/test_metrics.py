# SPDX-License-Identifier: MIT
"""The metrics collector: which points it takes, when they count, what it keeps."""

import gzip
import itertools
import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from collector import DAY, HOUR, MINUTE, ask, dashboard, point, roll_up, send, stamp, whole

from stack import INGEST_KEY, RELAY_KEY

# How many distinct values of a label are sent at a collector that must stay small.
DISTINCT_VALUES = int(os.environ.get("METRICS_DISTINCT_VALUES", "20000"))


# ---- taking points -----------------------------------------------------------


def test_health_says_what_arrived(metrics, name):
    send(metrics, *[point(name)] * 7)
    health = metrics.anonymous().get("/health").json
    assert health["status"] == "ok"
    assert health["metrics_received_24h"] >= 7
    assert health["last_aggregation"] is None or health["last_aggregation"].endswith("Z")


def test_an_array_and_an_object_are_both_taken(metrics, name):
    send(metrics, point(name), point(name))
    answer = metrics.post("/api/metrics", {"metrics": [point(name)]})
    assert (answer.status, answer.json) == (202, {"status": "accepted", "count": 1})
    assert whole(metrics, name)["count"] == 3


def test_gzip_is_taken(metrics, name):
    body = gzip.compress(json.dumps([point(name)] * 500).encode())
    answer = metrics.request("POST", "/api/metrics", body, {"Content-Encoding": "gzip"})
    assert answer.status == 202 and answer.json["count"] == 500


def test_who_may_only_post_may_post(stack, metrics, name):
    for key in (INGEST_KEY, RELAY_KEY):
        other = metrics.with_key(key)
        send(other, point(name))
        assert other.get(f"/api/metrics?name={name}").status == 403
    assert metrics.with_key("wrong").post("/api/metrics", [point(name)]).status == 401


@pytest.mark.parametrize(
    ("what", "body", "detail"),
    [
        ("nothing", b"", "Invalid JSON"),
        ("half a document", b"[", "Invalid JSON"),
        ("no number", b'[{"name":"a","type":"gauge","value":NaN}]', "Invalid JSON"),
        ("no number either", b'[{"name":"a","type":"gauge","value":Infinity}]', "Invalid JSON"),
        ("too large a number", b'[{"name":"a","type":"gauge","value":1e400}]', "Invalid JSON"),
        ("deep", b"[" * 10000 + b"]" * 10000, "Invalid JSON"),
        ("a text", b'"a"', "Request body must be a JSON array"),
        ("an object", b"{}", "Request body must be a JSON array"),
        ("an object of the wrong kind", b'{"metrics":{}}', "Request body must be a JSON array"),
        ("an empty array", b"[]", "Metrics array must not be empty"),
        ("an empty array in an object", b'{"metrics":[]}', "Metrics array must not be empty"),
        (
            "one too many",
            json.dumps([point("a")] * 1001).encode(),
            "Metrics batch exceeds maximum of 1000 items",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_batch_that_is_none_is_400(metrics, what, body, detail):
    answer = metrics.request("POST", "/api/metrics", body, {"Content-Type": "application/json"})
    assert (answer.status, answer.detail) == (400, detail)


GOOD = {"name": "a", "type": "counter", "value": 1}
NAME = "Field 'name' must be 1-200 characters"
TYPE = "Field 'type' must be 'counter', 'histogram', or 'gauge'"
TIME = "Field 'timestamp' must be an RFC 3339 time or Unix seconds, from 1678 to 2262"
LABEL = "A label must be a string, a number or a boolean"
SIZE = "A label's name must be 1-200 bytes, its value at most 1024"


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        (1, "Each metric must be a JSON object"),
        (None, "Each metric must be a JSON object"),
        ([], "Each metric must be a JSON object"),
        ({}, "Missing required field: name"),
        ({**GOOD, "name": None}, "Missing required field: name"),
        ({**GOOD, "name": 5}, "Missing required field: name"),
        ({**GOOD, "name": ""}, NAME),
        ({**GOOD, "name": "n" * 201}, NAME),
        ({**GOOD, "name": "é" * 101}, NAME),
        ({"name": "a", "value": 1}, "Missing required field: type"),
        ({**GOOD, "type": 1}, "Missing required field: type"),
        ({**GOOD, "type": "summary"}, TYPE),
        ({**GOOD, "type": "Counter"}, TYPE),
        ({**GOOD, "type": ""}, TYPE),
        ({"name": "a", "type": "gauge"}, "Missing required field: value"),
        ({**GOOD, "value": None}, "Missing required field: value"),
        ({**GOOD, "value": "1"}, "Missing required field: value"),
        ({**GOOD, "value": True}, "Missing required field: value"),
        ({**GOOD, "timestamp": "yesterday"}, TIME),
        ({**GOOD, "timestamp": ""}, TIME),
        ({**GOOD, "timestamp": "2026-02-30T00:00:00Z"}, TIME),
        ({**GOOD, "timestamp": 1e30}, TIME),
        ({**GOOD, "timestamp": "1677-12-31T23:59:59Z"}, TIME),
        ({**GOOD, "timestamp": 1795383000000}, TIME),
        ({**GOOD, "labels": []}, "Field 'labels' must be an object"),
        ({**GOOD, "labels": "a:b"}, "Field 'labels' must be an object"),
        ({**GOOD, "labels": {"a": {"b": "c"}}}, LABEL),
        ({**GOOD, "labels": {"a": ["b"]}}, LABEL),
        ({**GOOD, "labels": {"": "a"}}, SIZE),
        ({**GOOD, "labels": {"a": "v" * 1025}}, SIZE),
        (
            {**GOOD, "labels": {f"l{n}": n for n in range(10_000)}},
            "There must be at most 64 labels",
        ),
        ({**GOOD, "project": "p" * 201}, "Field 'project' must be at most 200 characters"),
        ({**GOOD, "id": 5}, "Field 'id' must be a string of 1-200 characters"),
        ({**GOOD, "id": ""}, "Field 'id' must be a string of 1-200 characters"),
    ],
    ids=itertools.count(),
)
def test_a_malformed_item_refuses_the_batch(metrics, name, item, detail):
    answer = metrics.post("/api/metrics", [point(name), point(name), item, point(name)])
    assert (answer.status, answer.detail) == (400, detail)
    assert answer.json["item"] == 2
    assert ask(metrics, name)["data"] == []


@pytest.mark.parametrize(
    "members",
    [
        {"name": "n" * 200},
        {"labels": {}},
        {"labels": None},
        {"labels": {"a": None}},
        {"labels": {f"l{n}": n for n in range(64)}},
        {"labels": {"n" * 200: "v" * 1024}},
        {"value": -1.5},
        {"value": 0},
        {"value": 1e308},
        {"value": 5e-324},
        {"value": 99999999999999999999},
        {"timestamp": None},
        {"timestamp": True},
        {"timestamp": {}},
        {"project": None},
        {"project": 5},
        {"id": None},
        {"session_id": "s"},
        {"session_id": {"any": "thing"}},
        {"unknown": [1, 2, 3]},
    ],
    ids=itertools.count(),
)
def test_an_unusual_item_is_taken(metrics, members):
    send(metrics, {**GOOD, **members})


def test_a_key_makes_a_batch_count_once(metrics, name):
    for _ in range(3):
        send(metrics, point(name), point(name), Idempotency_Key=name)
    assert whole(metrics, name)["count"] == 2
    send(metrics, point(name), Idempotency_Key=name + "2")
    assert whole(metrics, name)["count"] == 3
    assert metrics.post("/api/metrics", [GOOD], Idempotency_Key="k" * 201).status == 400


def test_of_an_id_the_last_value_counts(stack, metrics, name):
    at = int(time.time()) // MINUTE * MINUTE - HOUR // 2
    ids = [f"view-{n}" for n in range(5)]

    def report(value, *which):
        send(metrics, *[point(name, value, "histogram", id=ids[n], timestamp=at) for n in which])

    def values():
        row = whole(metrics, name)
        return row["count"], row["sum"], row["min"], row["max"]

    report(1, 0, 1, 2, 3, 4)
    assert values() == (5, 5, 1, 1)
    report(3, 0, 0, 1)
    assert values() == (5, 9, 1, 3)
    roll_up(stack)
    assert values() == (5, 9, 1, 3)
    report(2, 0)
    report(8, 4)
    assert values() == (5, 15, 1, 8)
    roll_up(stack)
    assert values() == (5, 15, 1, 8)
    report(1, 4)
    assert values() == (5, 8, 1, 3)
    send(metrics, point(name, 100, "histogram", id=ids[0], labels={"other": "series"}))
    assert values() == (6, 108, 1, 100)


# ---- time --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shift", "taken"),
    [
        (0, True),
        (9 * MINUTE, True),
        (11 * MINUTE, False),
        (DAY, False),
        (-2 * HOUR, True),
        (-29 * DAY, True),
        (-31 * DAY, False),
        (-20000 * DAY, False),
    ],
)
def test_a_point_out_of_the_window_is_dropped_and_reported(metrics, name, shift, taken):
    late = point(name, timestamp=stamp(time.time() + shift))
    answer = metrics.post("/api/metrics", [point(name + "other"), late])
    assert answer.status == 202
    assert answer.json["count"] == 1 + taken
    assert answer.json.get("dropped", 0) == 1 - taken
    assert ("reason" in answer.json) == (not taken)
    assert whole(metrics, name + "other")["count"] == 1


def test_a_batch_of_which_nothing_is_left_is_still_answered(metrics, name):
    answer = metrics.post("/api/metrics", [point(name, timestamp="1999-01-01T00:00:00Z")])
    assert answer.status == 202
    assert (answer.json["count"], answer.json["dropped"]) == (0, 1)


def test_times_are_instants_however_they_are_spelt(metrics, name):
    noon = int(time.time()) // HOUR * HOUR - 2 * HOUR
    utc = datetime.fromtimestamp(noon, UTC)
    spelt = [
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%dT%H:%M:%S.500Z"),
        utc.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        datetime.fromtimestamp(noon + 2 * HOUR, UTC).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
        utc.strftime("%Y-%m-%d %H:%M:%S.123456789Z"),
        str(noon),
        noon,
        noon + 0.25,
    ]
    send(metrics, *[point(name, timestamp=text) for text in spelt])
    rows = ask(metrics, name)["data"]
    assert [(row["bucket"], row["count"]) for row in rows] == [(stamp(noon), len(spelt))]


def test_a_time_next_to_1970_is_too_old_and_no_fault(metrics):
    point = {"name": "early", "type": "gauge", "value": 1, "timestamp": 1e-300}
    answer = metrics.post("/api/metrics", [point])
    assert answer.status == 202
    assert answer.json["count"] == 0 and answer.json["dropped"] == 1


# ---- what is kept ------------------------------------------------------------


def test_a_million_values_of_a_label_stay_bounded(fresh):
    """Scaled down by METRICS_DISTINCT_VALUES."""
    stack = fresh(MAX_SERIES_PER_METRIC=500, MAX_SERIES_PER_PROJECT=800, MAX_SERIES=1000)
    metrics = stack.client("metrics")
    for start in range(0, DISTINCT_VALUES, 1000):
        send(
            metrics,
            *[point("wide", labels={"user": f"user-{start + n}"}) for n in range(1000)],
        )
    assert whole(metrics, "wide")["count"] == DISTINCT_VALUES
    rows = ask(metrics, "wide", labels="monlight_overflow:true", step="1d")["data"]
    assert sum(row["count"] for row in rows) == DISTINCT_VALUES - 500
    listed = metrics.get("/api/metrics/series?name=wide&limit=10000").json
    assert listed["total"] == 501
    # Names and projects without end have an end, too.
    for start in range(0, DISTINCT_VALUES // 4, 1000):
        send(metrics, *[point(f"name-{start + n}") for n in range(1000)])
        send(metrics, *[point("a", project=f"project-{start + n}") for n in range(1000)])
    roll_up(stack)
    text = metrics.get("/metrics").body.decode()
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures["monlight_metrics_series"]) <= 1010
    assert float(figures["monlight_metrics_overflowed_total"]) >= DISTINCT_VALUES - 1000
    everything = dashboard(metrics)["summary"]["total_datapoints"]
    assert everything == DISTINCT_VALUES + 2 * (DISTINCT_VALUES // 4)
    for pid in stack.running("monlight-metrics"):
        status = Path(f"/proc/{pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0])
        assert peak < (600_000 if "asan" in str(stack.binaries) else 24_000)


def test_each_tier_is_kept_as_long_as_it_says(fresh):
    stack = fresh(INDEXER="cron", RETENTION_RAW=1, RETENTION_MINUTE=2, RETENTION_HOURLY=3)
    metrics = stack.client("metrics")
    ages = [0, HOUR, 5 * HOUR, 2 * DAY]
    send(metrics, *[point("a", timestamp=stamp(time.time() - age)) for age in ages])
    # The hours and days must be whole before their minutes may go.
    for _ in range(2):
        assert stack.control("index", "rollup", "retention").returncode == 0
    with closing(sqlite3.connect(stack.database("metrics"))) as db:
        rows = {
            tier: db.execute(
                f"SELECT sum(count) FROM {tier} t JOIN series s ON s.id = t.key >> 32"
                " WHERE s.labels <> ''"
            ).fetchone()[0]
            for tier in ("minute", "hour", "day")
        }
    assert rows["minute"] == 2
    assert rows["hour"] >= 2 and rows["day"] >= 1
    total = ask(metrics, "a", **{"from": time.time() - 3 * DAY, "step": "1h"})["data"]
    assert sum(row["count"] for row in total) == len(ages)
