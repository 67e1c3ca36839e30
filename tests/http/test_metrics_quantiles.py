# SPDX-License-Identifier: MIT
"""Percentiles of hours and days against exact ones, on seven shapes of data.

Beside them stands what the mean of the minutes' percentiles would have said, as
the original computes it.  `pytest -s` shows the table.
METRICS_QUANTILES_HOURS is how much of a day is sent.
"""

import math
import os
import random
import time
from collections import defaultdict
from datetime import datetime
from urllib.parse import urlencode

import pytest

HOURS = int(os.environ.get("METRICS_QUANTILES_HOURS", "6"))
RATES = [10, 100]  # points a minute
QUANTILES = {"p50": 0.50, "p75": 0.75, "p95": 0.95, "p99": 0.99}
PROMISED = 0.0055
MINUTE, HOUR = 60, 3600


def burst(r, minute):
    """Slow in three minutes of sixty."""
    return r.lognormvariate(7 if minute % 60 in (10, 30, 50) else 2, 0.5)


SHAPES = {
    "log-normal": lambda r, minute: r.lognormvariate(3, 1),
    "Pareto 1.5": lambda r, minute: r.paretovariate(1.5),
    "slow bursts": burst,
    "80 % zeros": lambda r, minute: 0 if r.random() < 0.8 else r.expovariate(10),
    "both signs": lambda r, minute: r.gauss(0, 100),
    "uniform": lambda r, minute: r.uniform(100, 200),
    "two peaks": lambda r, minute: r.gauss(50, 5) if r.random() < 0.9 else r.gauss(900, 50),
}


def exact(values, q):
    return sorted(values)[max(math.ceil(q * len(values) - 1e-9), 1) - 1]


def off(estimate, truth):
    """Relative error; where the truth is next to zero, how far from it."""
    return abs(estimate - truth) / abs(truth) if abs(truth) > 1e-12 else abs(estimate)


def send_all(client, name, points):
    for start in range(0, len(points), 1000):
        batch = [
            {"name": name, "type": "histogram", "value": value, "timestamp": at}
            for at, value in points[start : start + 1000]
        ]
        assert client.post("/api/metrics", batch).status == 202


def rows(client, name, step, start, end):
    query = {"name": name, "step": step, "from": start, "to": end, "quantiles": "0.75"}
    answer = client.get(f"/api/metrics?{urlencode(query)}").json
    for row in answer["data"]:
        row["p75"] = row["quantiles"]["0.75"]
        yield int(datetime.fromisoformat(row["bucket"]).timestamp()), row, answer


@pytest.mark.parametrize("shape", SHAPES)
def test_percentiles_are_what_they_say(stack, metrics, project, shape):
    r = random.Random(7)
    end = int(time.time()) // HOUR * HOUR
    start = end - HOURS * HOUR
    print(f"\n{shape:12} {'':10} " + "".join(f"{q:>9}" for q in QUANTILES))
    for rate in RATES:
        name = f"{project}-{rate}"
        points = [
            (at + 59 * n / rate, SHAPES[shape](r, at // MINUTE))
            for at in range(start, end, MINUTE)
            for n in range(rate)
        ]
        send_all(metrics, name, points)
        done = stack.control("index", "rollup")
        assert done.returncode == 0, done.stderr

        minutes = defaultdict(list)
        for at, value in points:
            minutes[int(at) // MINUTE * MINUTE].append(value)
        for step, seconds in {"minute": MINUTE, "hour": HOUR, "day": 24 * HOUR}.items():
            buckets = defaultdict(list)
            for at, value in points:
                buckets[int(at) // seconds * seconds].append(value)
            ours, means = defaultdict(float), defaultdict(float)
            seen = 0
            for at, row, answer in rows(metrics, name, f"1{step[0]}", start, end):
                seen += row["count"]
                assert answer["quantile_error"] <= PROMISED
                assert row["count"] == len(buckets[at])
                for key, q in QUANTILES.items():
                    truth = exact(buckets[at], q)
                    error = off(row[key], truth)
                    assert error <= answer["quantile_error"] * (1 + 1e-9), (step, key, truth, row)
                    ours[key] = max(ours[key], error)
                    within = [exact(v, q) for m, v in minutes.items() if 0 <= m - at < seconds]
                    means[key] = max(means[key], off(sum(within) / len(within), truth))
            assert seen == len(points)
            for what, errors in [("ours", ours), ("mean of minutes", means)]:
                if step != "minute" or what == "ours":
                    shown = "".join(f"{100 * errors[key]:8.2f}%" for key in QUANTILES)
                    print(f"{rate:4}/min {step:6} {what:16}{shown}")
