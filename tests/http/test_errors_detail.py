# SPDX-License-Identifier: MIT
"""One error of the tracker: what its page is made of, and what is done with it by hand."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from tracker import CONTRACT_MEMBERS, TIME, created, detail, listed

from stack import eventually, report

# ---- the detail --------------------------------------------------------------


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


# A megabyte each, two hundred of them: the answer took all the memory there was.
def test_occurrences_are_no_more_than_a_process_can_hold(errors, project):
    ids = set()
    for i in range(18):
        body = report(project, fingerprint=[str(i // 9)], traceback="x" * 1000000, extra={"i": i})
        ids.add(errors.post("/api/errors", body).json["id"])
    into, other = sorted(ids)
    assert errors.post("/api/errors/merge", {"into": into, "ids": [other]}).status == 200
    kept = errors.get(f"/api/errors/{into}/occurrences").json["occurrences"]
    assert [o["extra"]["i"] for o in kept] == list(range(17, 0, -1))


# Each asks the database for what is there, and others wait for the lock.
def test_of_a_report_with_very_many_tags_some_are_counted(errors, project):
    tags = {"": "x", **{f"k{i}": "v" for i in range(300)}}
    number = created(errors, project, tags=tags)
    assert sorted(t["name"] for t in detail(errors, number)["tags"]) == sorted(
        f"k{i}" for i in range(50)
    )


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
    assert eventually(lambda: time.time() % 3600 < 3590, 20), "an hour that does not end meanwhile"
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
