# SPDX-License-Identifier: MIT
"""The original's faults that concern metrics, by their numbers: none of them is left."""

import time
from pathlib import Path
from urllib.parse import quote

import pytest
from collector import (
    DAY,
    ERROR,
    HOUR,
    MINUTE,
    ask,
    dashboard,
    point,
    roll_up,
    send,
    stamp,
    vital,
    whole,
)

from stack import eventually


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
