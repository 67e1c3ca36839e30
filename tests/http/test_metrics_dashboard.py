# SPDX-License-Identifier: MIT
"""The dashboard of the metrics collector: Web Vitals and traffic."""

import random
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from collector import ERROR, HOUR, MINUTE, ask, dashboard, point, roll_up, send, stamp, vital


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


def test_values_that_equal_a_threshold_are_within_it(metrics, project, settled):
    # INP comes in steps of 8 ms: 200 and 496 are what many visits have.
    send(metrics, *[vital("inp", v, "/", project) for v in [200] * 15 + [208, 496, 496, 504, 900]])
    send(metrics, *[vital("lcp", v, "/", project) for v in (2501, 2502)])
    settled()
    summary = dashboard(metrics, project=project)["web_vitals"]["summary"]
    assert summary["inp"]["rating"] == "good"
    assert summary["inp"]["shares"] == {"good": 0.75, "needs-improvement": 0.15, "poor": 0.1}
    assert summary["lcp"]["rating"] == "needs-improvement"
    assert summary["lcp"]["shares"] == {"good": 0, "needs-improvement": 1, "poor": 0}


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


def peaks(stack):
    """The most memory that each responder has had, in kB."""
    pids = stack.running("monlight-metrics")
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return [int(text.split("VmHWM:")[1].split()[0]) for text in texts]


def growth(stack, before):
    return max(now - was for was, now in zip(before, peaks(stack), strict=True))


def test_statuses_without_end_do_not_make_the_dashboard_large(fresh):
    """Who reports, a page for one, may call a status what it likes."""
    stack = fresh()
    metrics = stack.client("metrics")
    for start in (0, 1000):
        statuses = [{"status": f"made up {start + n}"} for n in range(1000)]
        send(metrics, *[point("http_requests_total", labels=labels) for labels in statuses])
    before = peaks(stack)
    for _ in before:
        assert dashboard(metrics)["server"]["requests"] == 2000
    assert growth(stack, before) < 100_000


@pytest.mark.parametrize("rolled_up", [False, True])
def test_values_far_apart_do_not_make_an_answer_large(fresh, rolled_up):
    """Two values of a page in each minute of a day, or in each of 2 000 series."""
    stack = fresh(INDEXER="cron")
    metrics = stack.client("metrics")
    now = time.time()
    ends = (1e-11, 1e300)
    minutes = [
        vital("lcp", value, "/", "", timestamp=stamp(now - n * MINUTE))
        for n in range(1400)
        for value in ends
    ]
    series = [
        point("wide", value, "histogram", labels={"of": str(n)}, timestamp=stamp(now))
        for n in range(2000)
        for value in ends
    ]
    points = minutes + series
    for start in range(0, len(points), 1000):
        send(metrics, *points[start : start + 1000])
    if rolled_up:
        roll_up(stack)
    before = peaks(stack)
    for _ in before:
        assert len(dashboard(metrics)["web_vitals"]["timeseries"]) == 1400
        rows = ask(metrics, "wide", group_by="of", step="1d")["data"]
        assert {(row["count"], row["min"], row["max"]) for row in rows} == {(2, *ends)}
        assert [row["p50"] for row in rows] == [pytest.approx(ends[0], rel=ERROR)] * 2000
    assert growth(stack, before) < 100_000


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
