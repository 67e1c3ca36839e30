# SPDX-License-Identifier: MIT
"""Rules of alerts about metrics, and what all services say of themselves."""

import shutil
import subprocess
import time

import pytest
from collector import ERROR, HOUR, MINUTE, point, send

from receivers import Webhook
from stack import SERVICES, Stack, eventually

# ---- rules -------------------------------------------------------------------


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


# ---- our own metrics ---------------------------------------------------------


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
