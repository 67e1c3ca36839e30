# SPDX-License-Identifier: MIT
"""The error tracker: what a report is, what is refused of it, and what comes back of it."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tracker import TIME, created, detail

from stack import TRACEBACK, report

# ---- the contract's story ----------------------------------------------------


def test_the_life_of_an_error(errors, project):
    """Section 10, case 2: created, incremented, resolved, reopened, five kept."""
    body = report(project)
    first = errors.post("/api/errors", body)
    assert first.status == 201
    number = first.json["id"]
    key = f"{project}:TestError:/app/test.py:42".encode()
    assert first.json == {
        "status": "created",
        "id": number,
        "fingerprint": hashlib.md5(key).hexdigest(),
    }
    second = errors.post("/api/errors", body)
    assert (second.status, second.json) == (
        200,
        {"status": "incremented", "id": number, "count": 2},
    )
    resolved = errors.post(f"/api/errors/{number}/resolve")
    assert (resolved.status, resolved.json) == (200, {"status": "resolved", "id": number})
    third = errors.post("/api/errors", body)
    assert (third.status, third.json) == (201, {"status": "reopened", "id": number, "count": 3})
    assert len(detail(errors, number)["occurrences"]) == 3
    for _ in range(4):
        assert errors.post("/api/errors", body).status == 200
    found = detail(errors, number)
    assert found["count"] == 7
    kept = [occurrence["id"] for occurrence in found["occurrences"]]
    assert len(kept) == 5
    assert kept == sorted(kept, reverse=True), "newest first"


def test_the_smoke_payload_has_the_contracts_fingerprint(errors):
    answer = errors.post("/api/errors", report("e2e-test"))
    assert answer.json["fingerprint"] == "bfe948320647333075d782d84349909c"


VECTORS = [
    (
        "myapp",
        "ValueError",
        'File "/app/app/utils/validation.py", line 56',
        "a2aa039023e9e993384f51f3268f2861",
    ),
    (
        "myapp",
        "TypeError",
        "    at f (http://example.com/app.js:42:7)",
        "ae8279c0dba924bfc9461e549ed5a256",
    ),
    (
        "myapp",
        "TypeError",
        "f@http://example.com/static/app.js:42:1",
        "3a94d024ac9a9e741e08de3a0c770e41",
    ),
    (
        "myapp",
        "TypeError",
        "  at src/components/UserProfile.tsx:28:9",
        "f52b5c461848c9be5883d167a3ee1654",
    ),
    (
        "myapp",
        "ValueError",
        '  File "/app/main.py", line 42, in f',
        "3dd7993bd2385176a59dc835da905de5",
    ),
    ("myproject", "SomeError", "no traceback here", "bfdd4a708506968d977fc5c42f910f5c"),
    ("myapp", "ValueError", "some traceback", "98d0f187e0551e6f06e4d88db487d6f5"),
    ("test", "Err", "tb", "da4247c93784d022fd363fb2b0b1b034"),
    ("e2e-test", "TypeError", "@app.min.js:1", "16bcb3d1183949072efd4f148bdbe540"),
    ("e2e-test", "RateTest", "test", "637b8c86aa395a070f2809d82bcb1862"),
]


@pytest.mark.parametrize("project_name, kind, traceback, fingerprint", VECTORS)
def test_the_contracts_vectors(errors, project_name, kind, traceback, fingerprint):
    body = report(project_name, exception_type=kind, traceback=traceback)
    number = errors.post("/api/errors", body).json["id"]
    assert detail(errors, number)["fingerprint"] == fingerprint


# ---- what is refused ---------------------------------------------------------


def without(name):
    body = report("p")
    del body[name]
    return body


@pytest.mark.parametrize(
    "body, sentence",
    [
        ([], "Request body must be a JSON object"),
        ("x", "Request body must be a JSON object"),
        (without("project"), "Missing required field: project"),
        (without("exception_type"), "Missing required field: exception_type"),
        (without("message"), "Missing required field: message"),
        (without("traceback"), "Missing required field: traceback"),
        ({}, "Missing required field: project"),
        (report("p", message=5), "Missing required field: message"),
        (report("p", traceback=None), "Missing required field: traceback"),
        (report("p" * 101), "Field 'project' exceeds maximum length of 100 characters"),
        (
            report("p", exception_type="t" * 201),
            "Field 'exception_type' exceeds maximum length of 200 characters",
        ),
        (report("p" * 101, message=5), "Missing required field: message"),
    ],
)
def test_a_report_that_is_none_is_refused_with_the_contracts_sentence(errors, body, sentence):
    answer = errors.post("/api/errors", body)
    assert answer.status == 400
    assert answer.detail == sentence


def test_broken_json_is_called_so(errors):
    answer = errors.request("POST", "/api/errors", b"{")
    assert answer.status == 400
    assert answer.detail.startswith("Invalid JSON")


def test_lengths_are_counted_in_bytes_up_to_the_limit(errors, project):
    longest = (project + "p" * 100)[:100]
    assert errors.post("/api/errors", report(longest, exception_type="t" * 200)).status == 201
    assert errors.post("/api/errors", report("é" * 50)).status in (200, 201)
    assert errors.post("/api/errors", report("é" * 51)).status == 400


def test_empty_texts_are_taken(errors):
    body = {"project": "", "exception_type": "", "message": "", "traceback": ""}
    assert errors.post("/api/errors", body).status in (200, 201)


def test_the_content_type_is_not_looked_at(errors, project):
    answer = errors.post("/api/errors", report(project), Content_Type="text/plain")
    assert answer.status == 201


def test_a_query_on_the_report_is_ignored(errors, project):
    assert errors.post("/api/errors?x=1", report(project)).status == 201


# ---- what a report may carry beside ------------------------------------------


def test_the_contracts_optional_members_come_back_as_they_were(errors, project):
    given = {
        "request_url": "https://example.com/a?b=c",
        "request_method": "POST",
        "request_headers": {"accept": "text/html", "x": [1, 2.5, None, True]},
        "user_id": "user-7",
        "extra": {"text": 'ü"\\\n\u2028', "deep": {"list": [[], {}]}},
    }
    number = created(errors, project, **given)
    occurrence = detail(errors, number)["occurrences"][0]
    for name, value in given.items():
        assert occurrence[name] == value
    assert occurrence["traceback"] == TRACEBACK


def test_what_was_not_given_is_null(errors, project):
    occurrence = detail(errors, created(errors, project))["occurrences"][0]
    for name in ("request_url", "request_method", "request_headers", "user_id", "extra"):
        assert occurrence[name] is None


@pytest.mark.parametrize("name", ["request_url", "request_method", "user_id"])
@pytest.mark.parametrize("value", [5, True, [], {}, None])
def test_an_optional_text_of_another_type_is_passed_over(errors, project, name, value):
    occurrence = detail(errors, created(errors, project, **{name: value}))["occurrences"][0]
    assert occurrence[name] is None


def test_unknown_members_are_ignored(errors, project):
    created(errors, project, no_such_member={"a": 1}, another=[1])


RICH = {
    "event_id": "9e107d9d372bb6826bd81d3542a419d6",
    "environment": "production",
    "release": "web@1.2.3",
    "level": "warning",
    "server_name": "web-1",
    "session_id": "session-1",
    "user": {"id": "7", "email": "a@example.com"},
    "tags": {"browser": "Firefox", "plan": "paid"},
    "breadcrumbs": [
        {"timestamp": "2026-01-01T00:00:00Z", "category": "ui.click", "message": "button#save"}
    ],
    "contexts": {"os": {"name": "Linux", "version": "6.1"}},
    "frames": [
        {
            "function": "handler",
            "file": "/app/test.py",
            "line": 42,
            "column": 5,
            "in_app": True,
            "context": ["before", "raise TestError", "after"],
        }
    ],
    "causes": [
        {"exception_type": "OSError", "message": "no route", "traceback": "t", "frames": []}
    ],
    "debug_ids": {"/app/test.js": "0f8fad5b-d9cb-469f-a165-70867728950e"},
}


def test_the_members_of_the_sdks_come_back(errors, project):
    found = detail(errors, created(errors, project, **RICH))
    occurrence = found["occurrences"][0]
    for name, value in RICH.items():
        assert occurrence[name] == value, name
    assert found["level"] == "warning"
    assert [place["name"] for place in found["environments"]] == ["production"]
    assert [place["name"] for place in found["releases"]] == ["web@1.2.3"]
    assert found["users"] == 1


@pytest.mark.parametrize(
    "member, value",
    [
        ("event_id", ""),
        ("event_id", "e" * 65),
        ("event_id", 5),
        ("count", 0),
        ("count", -1),
        ("count", 10001),
        ("count", 1.5),
        ("count", "2"),
        ("environment", 5),
        ("release", []),
        ("level", "loud"),
        ("level", 5),
        ("timestamp", "yesterday"),
        ("timestamp", True),
        ("session_id", {}),
        ("server_name", 1),
        ("user", "me"),
        ("tags", ["a"]),
        ("tags", {"a": {"b": 1}}),
        ("breadcrumbs", {"a": 1}),
        ("breadcrumbs", "x"),
        ("contexts", []),
        ("fingerprint", "x"),
        ("fingerprint", [1]),
        ("frames", {}),
        ("frames", [5]),
        ("frames", [{"line": "x"}]),
        ("causes", {}),
        ("causes", [5]),
        ("debug_ids", []),
        ("debug_ids", {"a": 5}),
    ],
)
def test_our_own_members_of_a_wrong_type_are_400_or_passed_over_whole(
    errors, project, member, value
):
    answer = errors.post("/api/errors", report(project, **{member: value}))
    assert answer.status in (201, 400), answer
    if answer.status == 400:
        assert member in answer.detail
    else:
        occurrence = detail(errors, answer.json["id"])["occurrences"][0]
        assert occurrence.get(member) is None


@pytest.mark.parametrize(
    "member, value",
    [
        ("event_id", "e" * 65),
        ("count", 0),
        ("count", 10001),
        ("count", 1.5),
        ("timestamp", "never"),
    ],
)
def test_a_value_out_of_range_is_400_and_names_the_member(errors, project, member, value):
    answer = errors.post("/api/errors", report(project, **{member: value}))
    assert answer.status == 400
    assert member in answer.detail


def test_an_event_seen_again_gets_the_same_answer_and_is_not_stored_again(errors, project):
    one, two = hashlib.sha256(project.encode()).hexdigest(), "a-second-" + project[-8:]
    body = report(project, event_id=one)
    first = errors.post("/api/errors", body)
    assert first.status == 201
    again = errors.post("/api/errors", body)
    assert (again.status, again.json) == (first.status, first.json)
    other = errors.post("/api/errors", report(project, event_id=two))
    assert other.json["count"] == 2
    again = errors.post("/api/errors", report(project, event_id=two))
    assert (again.status, again.json) == (other.status, other.json)
    assert detail(errors, first.json["id"])["count"] == 2


def test_the_longest_event_id_counts_whole(errors, project):
    long = (project + "-" * 64)[:63]
    created(errors, project, event_id=long + "a")
    assert errors.post("/api/errors", report(project, event_id=long + "b")).json["count"] == 2


def test_a_report_counts_as_many_as_it_says(errors, project):
    number = created(errors, project, count=40)
    assert errors.post("/api/errors", report(project, count=10000)).json["count"] == 10040
    found = detail(errors, number)
    assert found["count"] == 10040
    assert len(found["occurrences"]) == 2
    assert sum(hour["count"] for hour in found["hours"]) == 10040


def test_a_fingerprint_of_ones_own_overrides_grouping(errors, project):
    number = created(errors, project, fingerprint=["checkout", "timeout"])
    same = report(project, traceback="quite different", fingerprint=["checkout", "timeout"])
    assert errors.post("/api/errors", same).json["id"] == number
    other = report(project, fingerprint=["checkout", "refused"])
    assert errors.post("/api/errors", other).json["status"] == "created"
    assert errors.post("/api/errors", report(project)).json["status"] == "created"
    joined = report(project, fingerprint=["checkout timeout"])
    assert errors.post("/api/errors", joined).json["status"] == "created"


def test_a_timestamp_says_when_it_happened(errors, project):
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    number = created(errors, project, timestamp=yesterday.strftime(TIME))
    found = detail(errors, number)
    assert found["occurrences"][0]["timestamp"].startswith(yesterday.strftime("%Y-%m-%dT%H:%M:%S"))
    assert found["first_seen"] == yesterday.strftime(TIME)
    east = yesterday.astimezone(timezone(timedelta(hours=5, minutes=30)))
    again = report(project, timestamp=(east + timedelta(hours=1)).isoformat())
    assert errors.post("/api/errors", again).status == 200
    assert detail(errors, number)["last_seen"] == (yesterday + timedelta(hours=1)).strftime(TIME)


def test_a_late_report_does_not_move_the_last_time_back(errors, project):
    number = created(errors, project)
    before = detail(errors, number)
    hour = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    errors.post("/api/errors", report(project, timestamp=hour.timestamp()))
    after = detail(errors, number)
    assert after["last_seen"] == before["last_seen"]
    assert after["first_seen"] == hour.strftime(TIME)
