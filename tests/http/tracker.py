# SPDX-License-Identifier: MIT
"""Reports to the error tracker, and questions to it that must be answered."""

from urllib.parse import urlencode

from stack import report

TIME = r"%Y-%m-%dT%H:%M:%SZ"


def created(client, project, **members):
    """Reports something new; returns its id."""
    answer = client.post("/api/errors", report(project, **members))
    assert answer.status == 201 and answer.json["status"] == "created", answer
    return answer.json["id"]


def detail(client, number):
    answer = client.get(f"/api/errors/{number}")
    assert answer.status == 200, answer
    return answer.json


def listed(client, **parameters):
    answer = client.get(f"/api/errors?{urlencode(parameters)}")
    assert answer.status == 200, answer
    return answer.json


def types(client, **parameters):
    return [error["exception_type"] for error in listed(client, **parameters)["errors"]]


CONTRACT_MEMBERS = [
    "id",
    "fingerprint",
    "project",
    "exception_type",
    "message",
    "traceback",
    "count",
    "first_seen",
    "last_seen",
    "resolved",
    "resolved_at",
]
