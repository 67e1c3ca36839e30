# SPDX-License-Identifier: MIT
"""The error tracker: reports, grouping, lists, details, resolving."""

import hashlib
import itertools
import sqlite3
import time
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest

from stack import TRACEBACK, eventually, report

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


# ---- the detail --------------------------------------------------------------


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


def test_the_detail_is_flat_with_the_contracts_members_in_order(errors, project):
    number = created(errors, project)
    found = detail(errors, number)
    names = [name for name in found if name in CONTRACT_MEMBERS]
    assert names == CONTRACT_MEMBERS
    assert found["resolved"] is False and found["resolved_at"] is None
    for name in ("first_seen", "last_seen"):
        datetime.strptime(found[name], TIME)
    occurrence = found["occurrences"][0]
    names = [
        "id",
        "timestamp",
        "request_url",
        "request_method",
        "request_headers",
        "user_id",
        "extra",
    ]
    assert [name for name in occurrence if name in names] == names


def test_the_group_keeps_the_texts_of_its_first_report(errors, project):
    number = created(errors, project, message="first")
    errors.post("/api/errors", report(project, message="second"))
    found = detail(errors, number)
    assert found["message"] == "first"
    assert found["count"] == 2


def test_the_newest_five_and_the_first_are_kept(errors, project):
    for i in range(12):
        answer = errors.post("/api/errors", report(project, extra={"i": i}))
    number = answer.json["id"]
    found = detail(errors, number)
    assert [o["extra"]["i"] for o in found["occurrences"]] == [11, 10, 9, 8, 7]
    assert found["first_occurrence"]["extra"]["i"] == 0
    kept = errors.get(f"/api/errors/{number}/occurrences").json["occurrences"]
    numbers = [o["extra"]["i"] for o in kept]
    assert numbers == sorted(numbers, reverse=True)
    assert set(numbers) == {0, 1, 2, 3, 4, 7, 8, 9, 10, 11}


def test_max_occurrences_is_honoured(fresh, project):
    stack = fresh(MAX_OCCURRENCES="2")
    errors = stack.client("errors")
    for i in range(6):
        number = errors.post("/api/errors", report(project, extra={"i": i})).json["id"]
    kept = errors.get(f"/api/errors/{number}/occurrences").json["occurrences"]
    assert [o["extra"]["i"] for o in kept] == [5, 4, 1, 0]


def test_tags_come_with_their_shares(errors, project):
    for browser in ("Firefox", "Firefox", "Chrome"):
        number = errors.post("/api/errors", report(project, tags={"browser": browser})).json["id"]
    errors.post("/api/errors", report(project, tags={"browser": "Chrome"}, count=5))
    (tag,) = [t for t in detail(errors, number)["tags"] if t["name"] == "browser"]
    assert tag["count"] == 8
    assert tag["values"] == [{"value": "Chrome", "count": 6}, {"value": "Firefox", "count": 2}]


def test_environments_and_releases_have_counts_and_times(errors, project):
    for environment, release in (("live", "1.0"), ("live", "1.1"), ("test", "1.1")):
        body = report(project, environment=environment, release=release)
        number = errors.post("/api/errors", body).json["id"]
    found = detail(errors, number)
    assert {e["name"]: e["count"] for e in found["environments"]} == {"live": 2, "test": 1}
    assert {r["name"]: r["count"] for r in found["releases"]} == {"1.0": 1, "1.1": 2}
    for place in found["environments"] + found["releases"]:
        assert place["first_seen"] <= place["last_seen"]


def test_users_are_counted_once_each(errors, project):
    for user in ({"id": "1"}, {"id": "2"}, {"id": "1"}):
        number = errors.post("/api/errors", report(project, user=user)).json["id"]
    errors.post("/api/errors", report(project, user_id="3"))
    assert detail(errors, number)["users"] == 3


def test_grouping_shows_the_mechanism_and_the_key(errors, project):
    found = detail(errors, created(errors, project))
    (key,) = found["grouping"]["keys"]
    assert key["mechanism"] == "m0"
    assert key["key"] == found["fingerprint"]
    assert key["count"] == 1


def test_hours_hold_what_happened_in_them(errors, project):
    now = datetime.now(UTC)
    start = now.replace(minute=0, second=0, microsecond=0)
    for hours in (0, 0, 3, 13 * 24):
        body = report(project, timestamp=(start - timedelta(hours=hours)).strftime(TIME))
        number = errors.post("/api/errors", body).json["id"]
    found = detail(errors, number)["hours"]
    expected = {0: 2, 3: 1, 13 * 24: 1}
    assert {hour["hour"]: hour["count"] for hour in found} == {
        (start - timedelta(hours=hours)).strftime(TIME): count for hours, count in expected.items()
    }
    (row,) = listed(errors, project=project)["errors"]
    assert len(row["hours"]) == 24
    assert row["hours"][-1] == 2 and row["hours"][-4] == 1 and sum(row["hours"]) == 3


def test_an_unknown_error_is_404(errors):
    for path in ("/api/errors/999999999", "/api/errors/999999999/occurrences"):
        answer = errors.get(path)
        assert (answer.status, answer.detail) == (404, "Error not found")
    for action in ("resolve", "reopen"):
        answer = errors.post(f"/api/errors/999999999/{action}")
        assert (answer.status, answer.detail) == (404, "Error not found")


@pytest.mark.parametrize(
    "number", ["0", "-1", "abc", "1e3", "1.0", "+1", "9" * 30, "9223372036854775808", "%31x", "1 "]
)
def test_what_is_no_number_is_404(errors, number):
    for method, path in (("GET", ""), ("GET", "/occurrences"), ("POST", "/resolve")):
        answer = errors.request(method, f"/api/errors/{quote(number, safe='%')}{path}")
        assert answer.status == 404, (method, path)
        assert answer.detail


# ---- resolving ---------------------------------------------------------------


def test_resolving_twice_keeps_the_first_time(errors, project):
    number = created(errors, project)
    errors.post(f"/api/errors/{number}/resolve")
    first = detail(errors, number)
    assert first["resolved"] is True and first["status"] == "resolved"
    datetime.strptime(first["resolved_at"], TIME)
    time.sleep(1.1)
    assert errors.post(f"/api/errors/{number}/resolve").status == 200
    assert detail(errors, number)["resolved_at"] == first["resolved_at"]


def test_reopening_by_hand(errors, project):
    number = created(errors, project)
    errors.post(f"/api/errors/{number}/resolve")
    answer = errors.post(f"/api/errors/{number}/reopen")
    assert (answer.status, answer.json) == (200, {"status": "unresolved", "id": number})
    found = detail(errors, number)
    assert found["resolved"] is False and found["resolved_at"] is None
    assert errors.post(f"/api/errors/{number}/reopen").status == 200
    assert errors.post("/api/errors", report(project)).json["status"] == "incremented"


def test_the_body_of_a_resolve_is_not_looked_at(errors, project):
    number = created(errors, project)
    assert errors.request("POST", f"/api/errors/{number}/resolve", b"{nonsense").status == 200


# ---- the list ----------------------------------------------------------------


def test_a_row_of_the_list(errors, project):
    number = created(errors, project, environment="live", level="fatal")
    found = listed(errors, project=project)
    (row,) = found["errors"]
    whole = detail(errors, number)
    for name in CONTRACT_MEMBERS:
        if name not in ("traceback", "resolved_at"):
            assert row[name] == whole[name], name
    assert row["source"] == "server" and row["status"] == "unresolved"
    assert row["level"] == "fatal" and row["environments"] == ["live"]
    assert "traceback" not in row
    assert found["total"] == 1 and found["limit"] == 50 and found["offset"] == 0
    assert found["next_cursor"] is None


@pytest.mark.parametrize(
    "given, limit",
    [
        ("0", 50),
        ("1", 1),
        ("200", 200),
        ("999", 200),
        ("abc", 50),
        ("-1", 50),
        ("", 50),
    ],
)
def test_limits_are_lenient(errors, given, limit):
    assert listed(errors, limit=given)["limit"] == limit


@pytest.mark.parametrize("given, offset", [("-1", 0), ("abc", 0), ("3", 3), ("", 0)])
def test_offsets_are_lenient(errors, given, offset):
    assert listed(errors, offset=given)["offset"] == offset


def many(errors, project, n=30):
    """n errors whose types tell their order: each is seen a second later than the one before."""
    start = datetime.now(UTC) - timedelta(hours=1)
    for i in range(n):
        created(
            errors,
            project,
            exception_type=f"E{i:02}",
            count=1 + (i * 7) % n,
            timestamp=(start + timedelta(seconds=i)).timestamp(),
        )
    return [f"E{i:02}" for i in range(n)]


def test_the_list_by_offset(errors, project):
    newest = many(errors, project, 12)[::-1]
    assert types(errors, project=project) == newest
    assert types(errors, project=project, limit=5, offset=5) == newest[5:10]
    assert listed(errors, project=project, limit=5, offset=5)["total"] == 12
    assert types(errors, project=project, offset=500) == []


def pages(errors, limit, **parameters):
    """Follows the cursor to the end."""
    found, cursor = [], {}
    for _ in range(100):
        page = listed(errors, limit=limit, **parameters, **cursor)
        found += page["errors"]
        if page["next_cursor"] is None:
            return found
        assert len(page["errors"]) == limit, "a page before the last has to be full"
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the cursor has no end")


@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "count"])
@pytest.mark.parametrize("limit", [1, 7, 10, 30])
def test_the_cursor_visits_each_error_once_in_order(errors, project, sort, limit):
    many(errors, project)
    found = pages(errors, limit, project=project, sort=sort)
    assert len(found) == 30
    assert len({row["id"] for row in found}) == 30
    keys = [(row[sort], row["id"]) for row in found]
    assert [key for key, _ in keys] == sorted((key for key, _ in keys), reverse=True)


def test_the_cursor_skips_nothing_when_all_were_seen_at_once(errors, project):
    now = time.time()
    for i in range(20):
        created(errors, project, exception_type=f"E{i}", timestamp=now)
    found = pages(errors, 3, project=project)
    assert len({row["id"] for row in found}) == len(found) == 20


def test_the_cursor_shows_no_error_twice_while_new_ones_arrive(errors, project):
    many(errors, project, 12)
    first = listed(errors, project=project, limit=5)
    created(errors, project, exception_type="New")
    second = listed(errors, project=project, limit=5, cursor=first["next_cursor"])
    seen = [row["exception_type"] for row in first["errors"] + second["errors"]]
    assert seen == [f"E{i:02}" for i in range(11, 1, -1)]


@pytest.mark.parametrize("cursor", ["nonsense", "0", "-", "x" * 500, "1.2.3.4"])
def test_a_cursor_that_is_none_is_400(errors, cursor):
    answer = errors.get(f"/api/errors?cursor={cursor}")
    assert answer.status == 400
    assert "cursor" in answer.detail


def test_a_cursor_of_another_order_is_400(errors, project):
    many(errors, project, 5)
    cursor = listed(errors, project=project, limit=2, sort="count")["next_cursor"]
    answer = errors.get(f"/api/errors?project={project}&sort=last_seen&cursor={quote(cursor)}")
    assert answer.status == 400


def test_filters_by_state(errors, project):
    for name in ("Open", "Resolved"):
        created(errors, project, exception_type=name)
    (row,) = [
        r for r in listed(errors, project=project)["errors"] if r["exception_type"] == "Resolved"
    ]
    errors.post(f"/api/errors/{row['id']}/resolve")
    for parameters, expected in (
        ({}, {"Open"}),
        ({"resolved": "true"}, {"Resolved"}),
        ({"resolved": "1"}, {"Resolved"}),
        ({"resolved": "false"}, {"Open"}),
        ({"resolved": "nonsense"}, {"Open"}),
        ({"status": "unresolved"}, {"Open"}),
        ({"status": "resolved"}, {"Resolved"}),
        ({"status": "ignored"}, set()),
        ({"status": "all"}, {"Open", "Resolved"}),
    ):
        assert set(types(errors, project=project, **parameters)) == expected, parameters


def test_filters_by_source(errors, project):
    created(errors, project, exception_type="Browser", request_method="BROWSER")
    created(errors, project, exception_type="Server", request_method="GET")
    created(errors, project, exception_type="Lower", request_method="browser")
    assert types(errors, project=project, source="browser") == ["Browser"]
    assert set(types(errors, project=project, source="server")) == {"Server", "Lower"}
    assert len(types(errors, project=project, source="nonsense")) == 3


def test_filters_by_session(errors, project):
    session = f"session-{project}"
    created(errors, project, exception_type="InExtra", extra={"session_id": session})
    created(errors, project, exception_type="OfItsOwn", session_id=session)
    created(errors, project, exception_type="Other", session_id="another")
    assert set(types(errors, project=project, session_id=session)) == {"InExtra", "OfItsOwn"}
    assert set(types(errors, session_id=session)) == {"InExtra", "OfItsOwn"}


def test_filters_by_time(errors, project):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    for i in range(5):
        created(
            errors,
            project,
            exception_type=f"E{i}",
            timestamp=(start + timedelta(minutes=i)).isoformat(),
        )
    third = start + timedelta(minutes=2)
    east = third.astimezone(timezone(timedelta(hours=2)))
    for spelled in (third.strftime(TIME), east.isoformat(), str(third.timestamp())):
        assert types(errors, project=project, since=spelled) == ["E4", "E3", "E2"], spelled
        assert set(types(errors, project=project, until=spelled)) in (
            {"E0", "E1"},
            {"E0", "E1", "E2"},
        )
    raw = errors.get(f"/api/errors?project={project}&since={third.strftime(TIME)}")
    assert raw.json["total"] == 3


@pytest.mark.parametrize(
    "query",
    ["until=yesterday", "status=open", "sort=name", "level=loud"],
)
def test_our_own_parameters_are_strict(errors, query):
    answer = errors.get(f"/api/errors?{query}")
    assert answer.status == 400
    assert query.split("=")[0] in answer.detail


def test_filters_by_environment_release_and_level(errors, project):
    for environment, release, level in itertools.product(
        ("live", "test"), ("1", "2"), ("error", "fatal")
    ):
        created(
            errors,
            project,
            exception_type=f"{environment} {release} {level}",
            environment=environment,
            release=release,
            level=level,
        )
    assert len(types(errors, project=project, environment="live")) == 4
    assert len(types(errors, project=project, release="2")) == 4
    assert len(types(errors, project=project, level="fatal")) == 4
    one = {"environment": "live", "release": "2", "level": "fatal"}
    assert types(errors, project=project, **one) == ["live 2 fatal"]
    assert types(errors, project=project, environment="none") == []


def test_an_environment_scopes_the_counts(errors, project):
    errors.post("/api/errors", report(project, environment="live", count=3))
    errors.post("/api/errors", report(project, environment="test", count=4))
    assert listed(errors, project=project)["errors"][0]["count"] == 7
    assert listed(errors, project=project, environment="live")["errors"][0]["count"] == 3


def test_search_finds_words_of_type_and_message(errors, project):
    created(errors, project, exception_type="ConnectionError", message="db-1.internal:5432 refused")
    created(errors, project, exception_type="ValueError", message="Größe 'x' isn't \"valid\"")
    for term, expected in (
        ("refused", ["ConnectionError"]),
        ("ConnectionError", ["ConnectionError"]),
        ("connectionerror", ["ConnectionError"]),
        ("db-1.internal:5432", ["ConnectionError"]),
        ("internal refused", ["ConnectionError"]),
        ("Größe", ["ValueError"]),
        ('"valid"', ["ValueError"]),
        ("isn't", ["ValueError"]),
        ("absent", []),
        ("refused valid", []),
    ):
        assert types(errors, project=project, search=term) == expected, term


@pytest.mark.parametrize(
    "term",
    [
        '"',
        "'",
        "*",
        "(",
        ")",
        "a:b",
        "NEAR(",
        "AND",
        "OR",
        "NOT x",
        "foo-bar",
        "10.0.0.1",
        "/api/x",
        "^",
        "-x",
        "\\",
        "%",
        "_",
        "🙂",
        "   ",
    ],
)
def test_no_search_is_a_syntax_error(errors, project, term):
    created(errors, project)
    answer = errors.get(f"/api/errors?{urlencode({'project': project, 'search': term})}")
    assert answer.status == 200


def test_filters_combine(errors, project):
    created(errors, project, exception_type="A", message="needle", environment="live")
    created(errors, project, exception_type="B", message="needle", environment="test")
    created(errors, project, exception_type="C", message="hay", environment="live")
    assert types(errors, project=project, search="needle", environment="live") == ["A"]


def test_names_with_signs_in_them_are_found_again(errors, project):
    for name in ("a'b", 'a"b', "a&b=c", "a+b", "a b", "a%20b", "ä/ö", "a;b"):
        name = f"{name} {project}"[:60]
        created(errors, name)
        assert listed(errors, project=name)["total"] == 1, name
        assert name in errors.get("/api/projects").json["projects"]


# ---- projects ----------------------------------------------------------------


def test_projects_are_sorted_and_keep_those_whose_errors_are_resolved(errors, project):
    for name in ("b", "a", "B", "é"):
        number = created(errors, f"{project}-{name}")
        errors.post(f"/api/errors/{number}/resolve")
    names = errors.get("/api/projects").json["projects"]
    assert names == sorted(names, key=str.encode)
    assert [n for n in names if n.startswith(project + "-")] == [
        f"{project}-{name}" for name in ("B", "a", "b", "é")
    ]


# ---- secrets -----------------------------------------------------------------


SECRET = "s3cr3t-value-that-must-not-be-kept"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "authorization",
        "Cookie",
        "Set-Cookie",
        "X-API-Key",
        "X-Auth-Token",
        "Proxy-Authorization",
        "X-CSRF-Token",
    ],
)
def test_headers_that_carry_secrets_are_not_kept(stack, errors, project, name):
    headers = {name: SECRET, "Accept": "text/html"}
    occurrence = detail(errors, created(errors, project, request_headers=headers))["occurrences"][0]
    assert occurrence["request_headers"]["Accept"] == "text/html"
    assert name in occurrence["request_headers"], "that it was there is worth knowing"
    assert SECRET not in str(occurrence)
    assert_not_stored(stack)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwd",
        "secret",
        "api_key",
        "apiKey",
        "access_token",
        "client_secret",
        "private_key",
    ],
)
def test_obvious_secrets_in_extra_are_not_kept(stack, errors, project, name):
    extra = {"form": {name: SECRET, "city": "Ulm"}, "list": [{name: SECRET}]}
    occurrence = detail(errors, created(errors, project, extra=extra))["occurrences"][0]
    assert occurrence["extra"]["form"]["city"] == "Ulm"
    assert SECRET not in str(occurrence)
    assert_not_stored(stack)


def assert_not_stored(stack):
    """The plain bytes; what is packed was looked at through the API."""
    for path in (stack.home / "data").iterdir():
        assert SECRET.encode() not in path.read_bytes(), path


def test_what_was_left_out_is_counted(errors, project):
    def scrubbed():
        lines = errors.get("/metrics").body.decode().splitlines()
        return sum(
            float(x.split()[-1]) for x in lines if x.startswith("monlight_") and "scrub" in x
        )

    before = scrubbed()
    created(errors, project, request_headers={"Cookie": SECRET})
    assert scrubbed() > before


def test_scrubbing_can_be_switched_off(fresh, project):
    errors = fresh(SCRUB="off").client("errors")
    headers = {"Cookie": SECRET}
    occurrence = detail(errors, created(errors, project, request_headers=headers))["occurrences"][0]
    assert occurrence["request_headers"] == headers


# ---- retention ---------------------------------------------------------------


def test_retention_removes_old_resolved_errors_only(fresh, project):
    stack = fresh(INDEXER="cron", ERROR_TRACKER_RETENTION_DAYS="30")
    errors = stack.client("errors")
    old = (datetime.now(UTC) - timedelta(days=40)).strftime(TIME)
    resolved = created(errors, project, exception_type="Resolved", timestamp=old)
    created(errors, project, exception_type="Open", timestamp=old)
    errors.post(f"/api/errors/{resolved}/resolve")
    assert stack.control("index", "retention").returncode == 0
    assert len(types(errors, project=project, status="all")) == 2, "resolved today, not 40 days ago"
    age(stack, resolved, days=31)
    done = stack.control("index", "retention")
    assert done.returncode == 0, done.stderr
    assert types(errors, project=project, status="all") == ["Open"]
    assert errors.get(f"/api/errors/{resolved}").status == 404
    assert errors.get("/api/projects").json["projects"] == [project]


def test_retention_forgets_old_alerts_with_their_deliveries(fresh, project):
    stack = fresh(INDEXER="cron", ALERT_WEBHOOKS="http://127.0.0.1:9/")
    created(stack.client("errors"), project)
    with sqlite3.connect(stack.database("errors")) as database:
        for days in (91, 91, 89):
            (alert,) = database.execute(
                "INSERT INTO alert (created_at, kind, title, content, state)"
                " VALUES (unixepoch() - ? * 86400, 'new', 't', '{}', 'done') RETURNING id",
                [days],
            ).fetchone()
            database.execute(
                "INSERT INTO alert_delivery (alert_id, channel, next_at) VALUES (?, 'c', 0)",
                [alert],
            )
    assert stack.control("index", "retention").returncode == 0
    assert database.execute(
        "SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM alert_delivery)"
    ).fetchone() == (2, 1)
    database.close()


def age(stack, number, days):
    """Moves the moment an error was resolved into the past, as only time could."""
    with sqlite3.connect(stack.database("errors")) as database:
        database.execute(
            "UPDATE error SET resolved_at = resolved_at - ? WHERE id = ?", (days * 86400, number)
        )
    database.close()


def test_the_indexer_cleans_at_its_start(fresh, project):
    stack = fresh(INDEXER="cron", ERROR_TRACKER_RETENTION_DAYS="30")
    number = created(stack.client("errors"), project)
    stack.client("errors").post(f"/api/errors/{number}/resolve")
    age(stack, number, days=31)
    assert stack.stop() == 0
    stack.variables["INDEXER"] = "follow"
    stack.start()
    gone = lambda: stack.client("errors").get(f"/api/errors/{number}").status == 404  # noqa: E731
    assert eventually(gone, 20)


def test_a_row_says_how_many_people_were_hit(errors, project):
    number = created(errors, project, user_id="a")
    for user in ("a", "b", None):
        errors.post("/api/errors", report(project, user_id=user))
    assert [row["users"] for row in listed(errors, project=project)["errors"]] == [2]
    other = created(errors, project, fingerprint=["other"], user_id="b")
    errors.post("/api/errors/merge", {"into": number, "ids": [other]})
    assert [row["users"] for row in listed(errors, project=project)["errors"]] == [2]


# ---- scopes ------------------------------------------------------------------


def test_scopes_are_counted_by_status_and_project(fresh):
    errors = fresh().client("errors")
    for n, (project, environment, release) in enumerate(
        [("a", "live", "1"), ("a", "test", "2"), ("b", "live", "2"), ("b", None, None)]
    ):
        created(errors, project, exception_type=f"E{n}", environment=environment, release=release)
    resolved = listed(errors, release="1")["errors"][0]["id"]
    assert errors.post(f"/api/errors/{resolved}/resolve").status == 200

    def scopes(query=""):
        answer = errors.get(f"/api/scopes{query}")
        assert answer.status == 200, answer
        return [
            [(one["name"], one["errors"]) for one in answer.json[key]]
            for key in ("environments", "releases")
        ]

    assert scopes() == [[("live", 1), ("test", 1)], [("2", 2), ("1", 0)]]
    assert scopes("?status=resolved") == [[("live", 1), ("test", 0)], [("2", 0), ("1", 1)]]
    assert scopes("?project=b") == [[("live", 1)], [("2", 2), ("1", 0)]]
    assert scopes("?project=none")[0] == []
    assert errors.get("/api/scopes?status=some").status == 400
