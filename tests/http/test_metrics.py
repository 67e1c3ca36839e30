# SPDX-License-Identifier: MIT
"""The metrics collector: points in, series, percentiles, vitals and rules out."""

import gzip
import itertools
import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from receivers import Webhook
from stack import INGEST_KEY, RELAY_KEY, SERVICES, Stack, eventually

# How many distinct values of a label are sent at a collector that must stay small.
DISTINCT_VALUES = int(os.environ.get("METRICS_DISTINCT_VALUES", "20000"))

SECOND = 1
MINUTE = 60
HOUR = 3600
DAY = 86400
ERROR = 0.0055  # what a percentile may be off by, relatively


def stamp(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def point(name, value=1, type="counter", **members):
    return {"name": name, "type": type, "value": value, **members}


def send(client, *points, **headers):
    """Sends one batch that must be taken whole."""
    answer = client.post("/api/metrics", list(points), **headers)
    assert answer.status == 202, answer
    assert answer.json == {"status": "accepted", "count": len(points)}
    return answer


def ask(client, name, **parameters):
    answer = client.get(f"/api/metrics?{urlencode({'name': name, **parameters})}")
    assert answer.status == 200, answer
    return answer.json


def whole(client, name, **parameters):
    """Everything of a name as one row."""
    now = time.time()
    start = int(now - DAY) // DAY * DAY
    rows = ask(client, name, **{"from": start, "step": "3d", **parameters})["data"]
    assert len(rows) == 1, rows
    return rows[0]


def dashboard(client, **parameters):
    answer = client.get(f"/api/dashboard?{urlencode(parameters)}")
    assert answer.status == 200, answer
    return answer.json


def roll_up(stack):
    done = stack.control("index", "rollup")
    assert done.returncode == 0, done.stderr


# Every view must say the same before and after the points are in the tiers.
@pytest.fixture(params=["not compacted", "compacted"])
def settled(request, stack):
    return (lambda: roll_up(stack)) if request.param == "compacted" else (lambda: None)


@pytest.fixture
def name(project):
    """A name of this test's own."""
    return project.replace("[", "_").replace("]", "_")


# ---- taking points ------------------------------------------------------------


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
TIME = "Field 'timestamp' must be an RFC 3339 time or Unix seconds"
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
        ({**GOOD, "labels": []}, "Field 'labels' must be an object"),
        ({**GOOD, "labels": "a:b"}, "Field 'labels' must be an object"),
        ({**GOOD, "labels": {"a": None}}, LABEL),
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


# ---- time ------------------------------------------------------------------------


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


# ---- asking ---------------------------------------------------------------------


def test_case_10_a_name_is_needed(metrics):
    answer = metrics.get("/api/metrics")
    assert (answer.status, answer.detail) == (400, "Missing required parameter: name")


@pytest.mark.parametrize(
    ("parameters", "period", "resolution"),
    [
        ({}, "24h", "minute"),
        ({"period": "90x"}, "24h", "minute"),
        ({"period": ""}, "24h", "minute"),
        ({"period": "1h"}, "1h", "minute"),
        ({"period": "86400s"}, "86400s", "minute"),
        ({"period": "25h"}, "25h", "hour"),
        ({"period": "7d"}, "7d", "hour"),
        ({"period": "30d"}, "30d", "hour"),
        ({"period": "90d"}, "90d", "day"),
        ({"period": "1h", "resolution": "hour"}, "1h", "hour"),
        ({"period": "7d", "resolution": "minute"}, "7d", "minute"),
        ({"period": "7d", "resolution": "fortnight"}, "7d", "hour"),
        ({"period": "7d", "resolution": "auto"}, "7d", "hour"),
    ],
)
def test_case_10_periods_and_resolutions(metrics, name, parameters, period, resolution):
    answer = ask(metrics, name, **parameters)
    assert answer["name"] == name
    assert answer["data"] == []
    assert (answer["period"], answer["resolution"]) == (period, resolution)


def test_contract_counters_add_up(metrics, name, settled):
    send(metrics, *[point(name)] * 3)
    settled()
    row = whole(metrics, name)
    assert (row["count"], row["sum"], row["min"], row["max"], row["avg"]) == (3, 3, 1, 1, 1)
    assert (row["p50"], row["p95"], row["p99"]) == (None, None, None)


def test_contract_percentiles_are_of_nearest_rank(metrics, name, settled):
    send(metrics, *[point(name, n / 100, "histogram") for n in range(1, 11)])
    settled()
    answer = ask(metrics, name)
    row = whole(metrics, name)
    assert row["p50"] == pytest.approx(0.05, rel=ERROR)
    assert row["p95"] == pytest.approx(0.10, rel=ERROR)
    assert row["p99"] == pytest.approx(0.10, rel=ERROR)
    assert (row["min"], row["max"], row["count"]) == (0.01, 0.10, 10)
    assert answer["quantile_error"] < ERROR


def test_contract_label_sets_merge_by_default_and_part_by_group(metrics, name, settled):
    get, post = {"method": "GET"}, {"method": "POST"}
    send(metrics, *[point(name, labels=labels) for labels in (get, post, get)])
    settled()
    assert whole(metrics, name)["count"] == 3
    rows = ask(metrics, name, group_by="method", step="1d")["data"]
    assert [(row["labels"], row["count"]) for row in rows] == [(get, 2), (post, 1)]


@pytest.mark.parametrize(
    ("labels", "count"),
    [
        ("method:GET", 2),
        ("status:200,method:GET", 1),
        ("method:GET,status:200", 1),
        ("method=GET", 2),
        ("method!=GET", 1),
        ("method:GET,status!=200", 1),
        ("method:PUT", 0),
        ("nonsense", 3),
        ("host:", 3),
    ],
)
def test_labels_choose_a_subset_in_any_order(metrics, name, settled, labels, count):
    send(
        metrics,
        point(name, labels={"method": "GET", "status": "200"}),
        point(name, labels={"status": 500, "method": "GET"}),
        point(name, labels={"status": "200", "method": "POST"}),
    )
    settled()
    assert sum(row["count"] for row in ask(metrics, name, labels=labels)["data"]) == count


def test_rows_are_parted_by_several_labels_and_labels_become_text(metrics, name, settled):
    sets = [{"a": 1, "b": True}, {"a": 1.5, "b": False}, {"a": "1", "b": "true", "c": "x"}]
    send(metrics, *[point(name, labels=labels) for labels in sets])
    settled()
    rows = ask(metrics, name, group_by="b,a", step="1d")["data"]
    found = [(row["labels"]["a"], row["labels"]["b"], row["count"]) for row in rows]
    assert sorted(found) == [("1", "true", 2), ("1.5", "false", 1)]


def test_the_groups_with_the_most_points_are_enough(metrics, name, settled):
    for group, count in {"a": 3, "b": 9, "c": 1, "d": 5}.items():
        send(metrics, *[point(name, labels={"host": group})] * count)
    settled()
    answer = ask(metrics, name, group_by="host", step="1d", top=2)
    assert [row["labels"]["host"] for row in answer["data"]] == ["b", "d"]
    assert answer["groups"] == 4
    assert len(ask(metrics, name, group_by="host", step="1d")["data"]) == 4
    assert len(ask(metrics, name, group_by="host", step="1d", top=9)["data"]) == 4


def test_a_value_with_a_comma_can_be_asked_for(metrics, name):
    send(metrics, point(name, labels={"path": "/a,b:c"}), point(name, labels={"path": "/a"}))
    for parameter in ({"labels": "path:/a\\,b:c"}, {"label": "path:/a,b:c"}):
        assert whole(metrics, name, **parameter)["count"] == 1


def test_what_the_last_value_was(metrics, name, settled):
    now = int(time.time()) // MINUTE * MINUTE
    values = [(5, now + 3), (7, now + 1), (6, now + 3.001), (1, now + 2)]
    send(metrics, *[point(name, value, "gauge", timestamp=at) for value, at in values])
    settled()
    row = ask(metrics, name)["data"][0]
    assert (row["last"], row["min"], row["max"], row["rate"]) == (6, 1, 7, None)


def test_rates_are_by_the_second(metrics, name, settled):
    send(metrics, *[point(name, 30)] * 4, *[point(name, 9, "histogram")] * 6)
    settled()
    counter = ask(metrics, name, type="counter", step="1d")["data"][0]
    histogram = ask(metrics, name, type="histogram", step="1d")["data"][0]
    assert counter["rate"] == pytest.approx(120 / DAY)
    assert histogram["rate"] == pytest.approx(6 / DAY)


def test_other_quantiles(metrics, name, settled):
    send(metrics, *[point(name, n, "histogram") for n in range(1, 101)])
    settled()
    row = whole(metrics, name, quantiles="0,0.1,0.75,0.999,1")
    for q, exact in {"0": 1, "0.1": 10, "0.75": 75, "0.999": 100, "1": 100}.items():
        assert row["quantiles"][q] == pytest.approx(exact, rel=ERROR)


def test_gaps_can_be_filled(metrics, name):
    start = int(time.time()) // HOUR * HOUR - 3 * HOUR
    send(metrics, *[point(name, timestamp=start + n * MINUTE) for n in (0, 4)])
    span = {"from": start, "to": start + 5 * MINUTE}
    assert [row["count"] for row in ask(metrics, name, **span)["data"]] == [1, 1]
    rows = ask(metrics, name, fill="null", **span)["data"]
    assert [row["count"] for row in rows] == [1, 0, 0, 0, 1]
    assert (rows[1]["avg"], rows[1]["min"], rows[1]["sum"]) == (None, None, 0)


def test_buckets_of_any_length(metrics, name, settled):
    start = int(time.time()) // HOUR * HOUR - 3 * HOUR
    send(metrics, *[point(name, timestamp=start + n * MINUTE) for n in range(120)])
    settled()
    span = {"from": start, "to": start + 2 * HOUR}
    for step, counts in {"5m": [5] * 24, "40m": [40] * 3, "1h": [60, 60], "2h": [120]}.items():
        rows = ask(metrics, name, step=step, **span)["data"]
        expected = counts if start % (int(step[:-1]) * MINUTE) == 0 or "h" in step else None
        assert sum(row["count"] for row in rows) == 120
        if expected and step != "2h":
            assert [row["count"] for row in rows] == expected


@pytest.mark.parametrize("step", ["2h", "1d", "30d", "99999d"])
def test_a_step_longer_than_the_period_is_the_bucket_that_it_is_now(metrics, name, step):
    send(metrics, point(name))
    answer = ask(metrics, name, period="1m", step=step)
    assert [row["count"] for row in answer["data"]] == [1]
    assert answer["data"][0]["bucket"] == answer["from"]


def test_a_time_too_far_back_for_a_step_is_refused_not_empty(metrics, name):
    """RETENTION_MINUTE is 24 hours, RETENTION_HOURLY 30 days."""
    now = int(time.time())
    send(metrics, point(name, timestamp=now - 3 * DAY))
    back = {"name": name, "from": now - 3 * DAY - HOUR, "to": now - 2 * DAY}
    assert sum(row["count"] for row in ask(metrics, step="2h", **back)["data"]) == 1
    assert sum(row["count"] for row in ask(metrics, resolution="minute", **back)["data"]) == 1
    for step, to, multiple in (("30m", now - 2 * DAY, "1h"), ("5h", now - 40 * DAY, "1d")):
        query = {**back, "from": now - 50 * DAY, "to": to, "step": step}
        answer = metrics.get(f"/api/metrics?{urlencode(query)}")
        assert answer.status == 400
        assert f"a multiple of {multiple}" in answer.detail


@pytest.mark.parametrize(
    ("period", "points", "step"),
    [
        ("1h", 300, "1m"),
        ("24h", 300, "5m"),
        ("6h", 300, "2m"),
        ("7d", 300, "1h"),
        ("30d", 300, "3h"),
        ("24h", 1, "1d"),
        ("365d", 300, "2d"),
        ("24h", None, "1m"),
    ],
)
def test_as_many_points_as_are_enough(metrics, name, period, points, step):
    wanted = {"points": points} if points else {}
    assert ask(metrics, name, period=period, **wanted)["step"] == step
    assert dashboard(metrics, period=period, **wanted)["step"] == step


@pytest.mark.parametrize(
    "parameters",
    [
        {"step": "90s"},
        {"step": "1x"},
        {"from": "never"},
        {"to": "2026-01-01T00:00:00Z"},
        {"from": 200, "to": 100},
        {"from": 0, "step": "1m"},
        {"quantiles": "2"},
        {"quantiles": "-0.1"},
        {"quantiles": "half"},
        {"quantiles": ",".join(["0.5"] * 11)},
        {"type": "summary"},
        {"fill": "zero"},
        {"label": "nonsense"},
        {"group_by": ",".join("abcdefghi")},
        {"project": "p" * 201},
        {"top": 0},
        {"top": "many"},
        {"points": 0},
    ],
    ids=str,
)
def test_what_we_added_refuses_what_it_does_not_understand(metrics, parameters):
    answer = metrics.get(f"/api/metrics?{urlencode({'name': 'a', **parameters})}")
    assert answer.status == 400 and answer.detail


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


# ---- the catalogue ----------------------------------------------------------------


def test_names_series_labels_and_projects(metrics, project, name, settled):
    tenant = project + "-tenant"
    send(
        metrics,
        point(name + "b", project=tenant, labels={"method": "GET", "status": 200}),
        point(name + "b", project=tenant, labels={"status": "404", "method": "GET"}),
        point(name + "a", 1.5, "gauge", project=tenant),
        point(name + "elsewhere"),
    )
    settled()
    listed = metrics.get(f"/api/metrics/names?project={quote(tenant)}").json["metrics"]
    assert [(m["name"], m["type"], m["series"]) for m in listed] == [
        (name + "a", "gauge", 1),
        (name + "b", "counter", 2),
    ]
    assert tenant in metrics.get("/api/projects").json["projects"]
    found = metrics.get(f"/api/metrics/series?name={quote(name)}b&labels=status:404").json
    assert found["total"] == 1
    assert found["series"][0]["labels"] == {"method": "GET", "status": "404"}
    assert found["series"][0]["project"] == tenant
    labels = metrics.get(f"/api/metrics/labels?name={quote(name)}b").json["labels"]
    assert labels == [
        {"name": "method", "values": [{"value": "GET", "series": 2}], "total": 1},
        {
            "name": "status",
            "values": [{"value": "200", "series": 1}, {"value": "404", "series": 1}],
            "total": 2,
        },
    ]
    assert metrics.get("/api/metrics/series").status == 400
    assert metrics.get("/api/metrics/labels").status == 400


# ---- the dashboard ----------------------------------------------------------------


def test_case_11_without_vitals_there_is_no_such_part(metrics, project, settled):
    send(metrics, point("http_requests", project=project))
    settled()
    answer = dashboard(metrics, project=project)
    assert "web_vitals" not in answer
    assert answer["period"] == "24h"
    assert answer["summary"] == {"total_datapoints": 1, "distinct_metrics": 1}
    assert answer["top_metrics"] == [
        {"name": "http_requests", "type": "counter", "count": 1, "total": 1}
    ]


def vital(which, value, page, project, **members):
    labels = {"source": "browser", "page": page}
    return point(
        f"web_vitals_{which}", value, "histogram", labels=labels, project=project, **members
    )


@pytest.mark.parametrize(
    ("values", "ratings"),
    [
        ((2200, 150, 0.08), ("good", "good", "good")),
        ((5000, 350, 0.05), ("poor", "needs-improvement", "good")),
        ((2500, 200, 0.1), ("good", "good", "good")),
        ((2501, 500, 0.25), ("needs-improvement",) * 3),
    ],
)
def test_contract_vitals_are_rated(metrics, project, settled, values, ratings):
    names = ("lcp", "inp", "cls")
    send(metrics, *[vital(n, v, "/home", project) for n, v in zip(names, values, strict=True)])
    settled()
    vitals = dashboard(metrics, project=project)["web_vitals"]
    assert tuple(vitals["summary"][n]["rating"] for n in names) == ratings
    assert [vitals["summary"][n]["p75"] for n in names] == list(values)
    assert [page["page"] for page in vitals["by_page"]] == ["/home"]
    assert vitals["by_page"][0]["page_views"] == 1
    assert vitals["timeseries"][0]["count"] == 3


def test_vitals_are_judged_at_the_75th_percentile_with_shares(metrics, project, settled):
    slow = [1000] * 70 + [3000] * 20 + [9000] * 10
    random.Random(1).shuffle(slow)
    send(metrics, *[vital("lcp", v, f"/{n % 2}", project) for n, v in enumerate(slow)])
    send(metrics, *[vital(n, 900, "/0", project) for n in ("fcp", "ttfb")])
    settled()
    vitals = dashboard(metrics, project=project, period="7d")["web_vitals"]
    lcp = vitals["summary"]["lcp"]
    assert lcp["p75"] == pytest.approx(3000, rel=ERROR)
    assert (lcp["rating"], lcp["count"]) == ("needs-improvement", 100)
    assert lcp["avg"] == sum(slow) / 100
    assert lcp["shares"] == {"good": 0.7, "needs-improvement": 0.2, "poor": 0.1}
    assert vitals["summary"]["fcp"]["rating"] == "good"
    assert vitals["summary"]["ttfb"]["rating"] == "needs-improvement"
    assert vitals["summary"]["inp"] == {"avg": None, "count": 0, "rating": "unknown", "p75": None}
    assert {p["page"]: p["page_views"] for p in vitals["by_page"]} == {"/0": 50, "/1": 50}


@pytest.mark.parametrize(
    ("part", "requests", "duration", "target", "targets"),
    [
        ("server", "http_requests_total", "http_request_duration_seconds", "endpoint", "endpoints"),
        (
            "browser",
            "browser_http_requests_total",
            "browser_http_request_duration_ms",
            "host",
            "hosts",
        ),
    ],
)
def test_the_dashboard_shows_traffic(
    metrics, project, settled, part, requests, duration, target, targets
):
    traffic = [("/a", "GET", "200", 60), ("/a", "GET", "500", 20), ("/b", "POST", "200", 20)]
    for where, method, status, n in traffic:
        labels = {target: where, "method": method, "status": status}
        send(
            metrics,
            point(requests, n, labels=labels, project=project),
            *[
                point(duration, 0.1 * (i + 1), "histogram", labels=labels, project=project)
                for i in range(n)
            ],
        )
    settled()
    shown = dashboard(metrics, project=project, period="1h")[part]
    assert (shown["requests"], shown["errors"], shown["error_rate"]) == (100, 20, 0.2)
    assert shown["rate"] == pytest.approx(100 / HOUR)
    assert shown["latency"]["p99"] == pytest.approx(5.9, rel=ERROR)
    first, second = shown[targets]
    assert (first[target], first["method"], first["requests"], first["errors"]) == (
        "/a",
        "GET",
        80,
        20,
    )
    assert (second[target], second["requests"], second["error_rate"]) == ("/b", 20, 0)
    assert second["p50"] == pytest.approx(1.0, rel=ERROR)
    assert sum(row["requests"] for row in shown["timeseries"]) == 100


def test_the_dashboard_shows_any_two_moments(metrics, project, settled):
    hour = int(time.time()) // HOUR * HOUR - 5 * HOUR
    requests = [
        point("http_requests_total", 1, project=project, timestamp=hour + n * MINUTE)
        for n in range(120)
    ]
    send(metrics, *requests, vital("lcp", 900, "/", project, timestamp=hour + 60))
    settled()
    span = {"from": stamp(hour + 30 * MINUTE), "to": stamp(hour + 90 * MINUTE)}
    shown = dashboard(metrics, project=project, **span)
    assert shown["summary"]["total_datapoints"] == 60
    assert shown["server"]["rate"] == pytest.approx(1 / MINUTE)
    assert len(shown["server"]["timeseries"]) == 60
    assert (shown["from"], shown["to"], shown["step"]) == (span["from"], span["to"], "1m")
    assert shown["period"] == "1h"
    assert "web_vitals" not in shown
    for wrong in ({"to": stamp(hour)}, {"from": "never"}, {"from": hour, "to": hour}):
        assert metrics.get(f"/api/dashboard?{urlencode(wrong)}").status == 400


# ---- rules ------------------------------------------------------------------------


def test_rules_fire_and_are_over(fresh):
    stack = fresh(
        METRIC_ALERT_1="orders{shop=a} sum 5m > 2",
        METRIC_ALERT_2="orders p95 5m > 2",
        METRIC_ALERT_3="heartbeat absent 5m",
        METRIC_ALERT_7="orders rate 5m >= 0 for 1h",
    )
    metrics = stack.client("metrics")

    def rules():
        done = stack.control("index", "rules")
        assert done.returncode == 0, done.stderr
        listed = metrics.get("/api/alerts").json["rules"]
        return {rule["number"]: (rule["state"], rule["value"]) for rule in listed}

    assert set(rules()) == {1, 2, 3, 7}
    assert rules()[1] == ("ok", None)
    assert rules()[3] == ("firing", 0)
    send(metrics, *[point("orders", labels={"shop": "a"})] * 3, point("heartbeat"))
    after = rules()
    assert after[1] == ("firing", 3)
    assert after[2] == ("ok", None)
    assert after[3] == ("ok", 1)
    assert after[7][0] == "pending"
    titles = [alert["title"] for alert in metrics.get("/api/alerts").json["alerts"]]
    assert "Firing: orders{shop=a} sum 5m > 2" in titles
    assert {"Firing: heartbeat absent 5m", "Over: heartbeat absent 5m"} <= set(titles)


def test_each_function_of_a_rule_has_its_value(fresh):
    """Rates are over the window to the minute, so they are a minute's share less or more."""
    values = [7, 10, 10, 10, 10, 5, 20, 30, 30, 40, 50, 60, 25]  # newest first
    exact = {
        "rate": len(values) / HOUR,
        "sum": sum(values),
        "avg": sum(values) / len(values),
        "min": 5,
        "max": 60,
        "last": 7,
        "p50": 20,
        "p90": 50,
        "p99": 60,
        "absent": len(values),
    }
    rules = {
        f"METRIC_ALERT_{n}": f"t{{a!=b}} {f} 1h{'' if f == 'absent' else ' < -1'}"
        for n, f in enumerate(exact, 1)
    }
    stack = fresh(INDEXER="cron", **rules)
    metrics = stack.client("metrics")
    now = time.time() - 5 * MINUTE
    points = [
        point("t", value, "histogram", labels={"n": n % 3}, timestamp=now - n)
        for n, value in enumerate(values)
    ]
    send(metrics, *points, point("t", 999, "histogram", labels={"a": "b"}))
    assert stack.control("index", "rules").returncode == 0
    listed = metrics.get("/api/alerts").json["rules"]
    assert [rule["state"] for rule in listed] == ["ok"] * len(exact)
    for rule, (function, value) in zip(listed, exact.items(), strict=True):
        tolerance = 1 / 60 if function == "rate" else ERROR if function[0] == "p" else 1e-12
        assert rule["value"] == pytest.approx(value, rel=tolerance), function


def test_a_rule_reaches_the_webhook(fresh):
    hook = Webhook()
    try:
        stack = fresh(METRIC_ALERT_1="orders sum 5m > 2", ALERT_WEBHOOKS=hook.url)
        send(stack.client("metrics"), *[point("orders")] * 3)
        assert stack.control("index", "rules").returncode == 0
        assert eventually(lambda: len(hook.received) == 1, 20)
        assert hook.received[0]["kind"] == "rule"
        assert hook.received[0]["title"] == "Firing: orders sum 5m > 2"
    finally:
        hook.close()


def test_a_bad_rule_is_found_by_the_check():
    stack = Stack(METRIC_ALERT_1="a sum 5m > 0", METRIC_ALERT_2="a median 5m > 0")
    try:
        stack.write_environment()
        done = stack.control("check")
        assert done.returncode != 0
        assert "METRIC_ALERT_2=a median 5m > 0 is not valid" in done.stdout + done.stderr
        assert "METRIC_ALERT_1=" not in done.stderr
    finally:
        stack.destroy()


# ---- our own metrics ----------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_promtool_accepts_our_own_metrics(stack, address, service):
    client = stack.client(service, address)
    assert client.anonymous().get("/metrics").status == 401
    answer = client.get("/metrics")
    assert answer.status == 200
    promtool = shutil.which("promtool")
    assert promtool, "promtool is part of Debian's package prometheus"
    done = subprocess.run(
        [promtool, "check", "metrics"], input=answer.body, capture_output=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, b"")


# ---- faults of the original --------------------------------------------------------


@pytest.mark.parametrize("tenant", ["a'b", "' UNION SELECT 1 --", 'a"b', "ä b&c"])
def test_fault_8_a_quote_in_a_project_is_only_a_quote(metrics, name, tenant):
    tenant = tenant + name
    send(metrics, point(name, project=tenant))
    assert whole(metrics, name, project=tenant)["count"] == 1
    listed = metrics.get(f"/api/metrics/names?project={quote(tenant)}").json["metrics"]
    assert [metric["name"] for metric in listed] == [name]
    assert dashboard(metrics, project=tenant)["summary"]["total_datapoints"] == 1
    assert tenant in metrics.get("/api/projects").json["projects"]


def test_fault_21_what_is_days_old_is_in_every_view(metrics, project, name, settled):
    now = time.time()
    ages = [0, 2 * HOUR, 2 * DAY, 6 * DAY, 20 * DAY, 29 * DAY]
    send(
        metrics,
        *[point(name, project=project, timestamp=stamp(now - age)) for age in ages],
        *[vital("lcp", 1000, "/", project, timestamp=stamp(now - age)) for age in ages],
    )
    settled()
    for period, seen in {"1h": 1, "24h": 2, "7d": 4, "30d": 6}.items():
        rows = ask(metrics, name, period=period, project=project)["data"]
        # Rows begin within the period, so an hour or a minute at its start may be left out.
        assert sum(row["count"] for row in rows) == seen, period
        shown = dashboard(metrics, project=project, period=period)
        assert shown["summary"]["total_datapoints"] == 2 * seen, period
        assert shown["web_vitals"]["summary"]["lcp"]["count"] == seen, period


def test_fault_21_what_paused_is_still_listed(metrics, project, name, stack):
    send(metrics, point(name, project=project, timestamp=stamp(time.time() - 20 * DAY)))
    roll_up(stack)
    stack.control("index", "retention")
    listed = metrics.get(f"/api/metrics/names?project={quote(project)}").json["metrics"]
    assert [metric["name"] for metric in listed] == [name]
    assert project in metrics.get("/api/projects").json["projects"]


def test_fault_22_an_hour_knows_its_own_percentile(metrics, name, settled):
    """59 quiet minutes and one that is overloaded: the mean of percentiles sees nothing."""
    hour = int(time.time()) // HOUR * HOUR - 2 * HOUR
    quiet = [(10, hour + n * MINUTE) for n in range(59)]
    loud = [(1000, hour + 59 * MINUTE)] * 100
    send(metrics, *[point(name, v, "histogram", timestamp=at) for v, at in quiet + loud])
    settled()
    row = ask(metrics, name, resolution="hour")["data"][0]
    assert row["p50"] == pytest.approx(1000, rel=ERROR)
    assert row["p99"] == pytest.approx(1000, rel=ERROR)


def test_fault_23_late_and_fractional_points_are_in_their_own_minute(stack, metrics, name):
    minute = int(time.time()) // MINUTE * MINUTE - 10 * MINUTE
    send(metrics, point(name, timestamp=minute), point(name, timestamp=minute + 59.999))
    roll_up(stack)
    send(metrics, point(name, timestamp=minute + 0.5), point(name, timestamp=minute - 0.5))
    roll_up(stack)
    roll_up(stack)
    rows = ask(metrics, name)["data"]
    assert [(row["bucket"], row["count"]) for row in rows] == [
        (stamp(minute - MINUTE), 1),
        (stamp(minute), 3),
    ]


def test_fault_23_a_name_with_two_types_is_two_metrics(metrics, name, settled):
    send(metrics, point(name, 5), point(name, 7, "gauge"), point(name, 9, "gauge"))
    settled()
    assert whole(metrics, name, type="counter")["count"] == 1
    assert whole(metrics, name, type="gauge")["sum"] == 16
    assert ask(metrics, name)["types"] == ["counter", "gauge"]


def test_fault_23_projects_do_not_mix(metrics, project, name, settled):
    """A relay tells the tenant by a label."""
    send(
        metrics,
        point(name, 1, project=project + "a"),
        point(name, 2, labels={"project": project + "b"}),
        point(name, 4),
    )
    settled()
    assert whole(metrics, name, project=project + "a")["sum"] == 1
    assert whole(metrics, name, project=project + "b")["sum"] == 2
    assert whole(metrics, name)["sum"] == 7
    rows = ask(metrics, name, group_by="project", step="1d")["data"]
    assert [row["labels"]["project"] for row in rows] == ["", project + "a", project + "b"]


def test_fault_23_the_order_of_labels_means_nothing(metrics, name):
    send(metrics, point(name, labels={"a": "1", "b": "2"}))
    body = f'[{{"name":"{name}","type":"counter","value":1,"labels":{{ "b" : "2", "a":"1" }} }}]'
    assert metrics.request("POST", "/api/metrics", body.encode()).status == 202
    assert metrics.get(f"/api/metrics/series?name={quote(name)}").json["total"] == 1


@pytest.mark.parametrize("interval", [1, 7])
def test_fault_23_an_interval_of_any_length_counts_once(fresh, interval):
    stack = fresh(AGGREGATION_INTERVAL=interval)
    metrics = stack.client("metrics")
    for _ in range(20):
        send(metrics, *[point("a")] * 10)
        time.sleep(0.1)
    done = eventually(lambda: metrics.get("/health").json["waiting_points"] == 0, 20, 0.2)
    assert done
    assert whole(metrics, "a")["count"] == 200


def test_fault_23_cron_that_calls_each_minute_misses_none(fresh):
    """Cron is a few seconds early or late, and a pass takes its time."""
    stack = fresh(INDEXER="cron", AGGREGATION_INTERVAL=60)
    metrics = stack.client("metrics")
    noted = Path(f"{stack.database('metrics')}-rollup")

    def waits(since):
        """Whether a point is left waiting by a call so long after the last pass began."""
        send(metrics, point("a"))
        noted.write_text(str(int(time.time()) - since))
        assert stack.control("index").returncode == 0
        return metrics.get("/health").json["waiting_points"] > 0

    assert waits(30)
    assert not waits(57)
    assert time.time() - 30 < int(noted.read_text()) <= time.time()


def test_fault_24_a_session_is_no_series(metrics, name, settled):
    send(
        metrics,
        *[point(name, labels={"page": "/", "session_id": f"s{n}"}) for n in range(100)],
        *[point(name, labels={"page": "/"}, session_id=f"s{n}") for n in range(100)],
    )
    settled()
    listed = metrics.get(f"/api/metrics/series?name={quote(name)}").json
    assert listed["total"] == 1
    assert listed["series"][0]["labels"] == {"page": "/"}
    assert whole(metrics, name)["count"] == 200


def test_a_time_next_to_1970_is_too_old_and_no_fault(metrics):
    point = {"name": "early", "type": "gauge", "value": 1, "timestamp": 1e-300}
    answer = metrics.post("/api/metrics", [point])
    assert answer.status == 202
    assert answer.json["count"] == 0 and answer.json["dropped"] == 1
