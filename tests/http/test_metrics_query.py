# SPDX-License-Identifier: MIT
"""Series of the metrics collector: windows, groups, percentiles, rates, the catalogue."""

import time
from urllib.parse import quote, urlencode

import pytest
from collector import DAY, ERROR, HOUR, MINUTE, ask, dashboard, point, send, stamp, whole

from stack import DEBUG_BUILD

# ---- asking ------------------------------------------------------------------


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
    assert answer["from"] <= answer["data"][0]["bucket"] < answer["to"]


def test_a_day_in_steps_of_a_day_does_not_end_at_midnight(metrics, name):
    almost_a_day = int(time.time()) - DAY + 5 * MINUTE
    send(metrics, point(name, timestamp=almost_a_day))
    rows = ask(metrics, name, period="24h", step="1d")["data"]
    assert [row["bucket"] for row in rows] == [stamp(almost_a_day // DAY * DAY)]


def test_what_came_in_the_first_second_of_a_bucket_is_there_until_now(fresh):
    """To ask until now, which no `to` means, left the bucket out that begins now."""
    stack = fresh.make(INDEXER="cron")
    stack.binaries = DEBUG_BUILD
    clock = stack.home / "clock"
    clock.write_bytes(bytes(8))
    stack.variables["MONLIGHT_CLOCK"] = str(clock)
    stack.start()
    metrics = stack.client("metrics")
    to_midnight = DAY * 10**9 - time.time_ns() % (DAY * 10**9)
    with clock.open("r+b") as file:
        file.write(to_midnight.to_bytes(8, "little"))
    send(metrics, point("a"))
    day_before = {"from": int(time.time()) // DAY * DAY}
    for step in ("1m", "1d"):
        assert [row["count"] for row in ask(metrics, "a", step=step, **day_before)["data"]] == [1]
    assert dashboard(metrics, **day_before)["summary"]["total_datapoints"] == 1


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


# ---- the catalogue -----------------------------------------------------------


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
