# SPDX-License-Identifier: MIT
"""A FastAPI program that measures itself with nothing but plain HTTP.

Each request is a counter and a duration; they leave in batches by POST /api/metrics.
GET /sent tells, once all have left, what was sent: the numbers that must come back.
"""

import json
import math
import os
import random
import threading
import time
import urllib.request
from collections import defaultdict

from fastapi import FastAPI, Request, Response

BATCH = 40

app = FastAPI()
guard = threading.Lock()
waiting = []
sent = defaultdict(list)  # "METHOD endpoint status" -> durations
gauge = []
chance = random.Random(4)


def deliver(points):
    request = urllib.request.Request(
        os.environ["METRICS"],
        json.dumps(points).encode(),
        {"Content-Type": "application/json", "X-API-Key": os.environ["METRICS_KEY"]},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["count"] == len(points)


def point(name, type, value, **labels):
    return {
        "name": name,
        "type": type,
        "value": value,
        "labels": labels,
        "project": "shop",
        "timestamp": time.time(),
    }


def take(endpoint, method, status):
    """Notes a request; every so many leave as one batch."""
    global waiting
    with guard:
        # Multiples of 1/1024 add up without rounding: sums are compared exactly.
        seconds = math.ceil(chance.lognormvariate(3, 1)) / 1024
        labels = {"endpoint": endpoint, "method": method, "status": str(status)}
        sent[f"{method} {endpoint} {status}"].append(seconds)
        waiting += [
            point("http_requests_total", "counter", 1, **labels),
            point("http_request_duration_seconds", "histogram", seconds, **labels),
        ]
        full = None
        if len(waiting) >= BATCH:
            full, waiting = waiting, []
    if full:
        deliver(full)


@app.get("/items/{item}")
def item(item: int):
    take("/items/{item}", "GET", 200)
    return {"item": item}


@app.post("/orders")
def order(request: Request, response: Response):
    fails = request.query_params.get("fails")
    response.status_code = 500 if fails else 201
    take("/orders", "POST", response.status_code)
    return {}


@app.get("/sent")
def tell():
    """What has been sent; what was still waiting leaves first, with the length of a queue."""
    global waiting
    with guard:
        gauge.append(len(waiting))
        rest, waiting = [*waiting, point("queue_length", "gauge", len(waiting))], []
    deliver(rest)
    return {"durations": sent, "queue": gauge}
