# SPDX-License-Identifier: MIT
"""Points to the metrics collector, and questions to it that must be answered."""

import time
from datetime import UTC, datetime
from urllib.parse import urlencode

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
    """Everything of a name as one row: the next bucket of that length begins in 2052."""
    now = time.time()
    start = int(now - DAY) // DAY * DAY
    rows = ask(client, name, **{"from": start, "step": "9999d", **parameters})["data"]
    assert len(rows) == 1, rows
    return rows[0]


def dashboard(client, **parameters):
    answer = client.get(f"/api/dashboard?{urlencode(parameters)}")
    assert answer.status == 200, answer
    return answer.json


def roll_up(stack):
    done = stack.control("index", "rollup")
    assert done.returncode == 0, done.stderr


def vital(which, value, page, project, **members):
    labels = {"source": "browser", "page": page}
    return point(
        f"web_vitals_{which}", value, "histogram", labels=labels, project=project, **members
    )
