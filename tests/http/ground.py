# SPDX-License-Identifier: MIT
"""What tests of all four services ask of each."""

from stack import SERVICES

ALL = sorted(SERVICES)
LARGEST_BODY = {"errors": 1048576, "logs": 65536, "metrics": 524288, "relay": 65536}


def a_read(service):
    """A path of the service that a key opens for reading."""
    return "/api/errors" if service == "errors" else "/metrics"


def sign_in(client, credentials):
    answer = client.anonymous().post("/api/login", credentials)
    assert answer.status == 200, answer
    return answer.headers["Set-Cookie"].split(";")[0]
