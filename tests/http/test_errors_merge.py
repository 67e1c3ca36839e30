# SPDX-License-Identifier: MIT
"""Merging errors and taking them apart, one case at a time."""

import time
from urllib.parse import urlencode

import pytest
from errors_model import WORDS
from tracker import listed

from stack import report


def made(errors, project, *names):
    """An error for each name; their ids and keys."""
    answers = [errors.post("/api/errors", report(project, fingerprint=[n])).json for n in names]
    assert all(answer["status"] == "created" for answer in answers)
    return [answer["id"] for answer in answers], [answer["fingerprint"] for answer in answers]


def test_a_report_after_the_merge_goes_back_with_its_key(errors, project):
    (a, b), (key_a, key_b) = made(errors, project, "a", "b")
    assert errors.post("/api/errors/merge", {"into": b, "ids": [a]}).status == 200
    later = errors.post("/api/errors", report(project, fingerprint=["a"], environment="late"))
    assert later.json == {"status": "incremented", "id": b, "count": 3}
    assert errors.post("/api/errors/unmerge", {"id": b, "keys": [key_a]}).json["id"] == a
    taken = errors.get(f"/api/errors/{a}").json
    assert (taken["count"], [e["name"] for e in taken["environments"]]) == (2, ["late"])
    left = errors.get(f"/api/errors/{b}").json
    assert (left["count"], left["environments"], left["fingerprint"]) == (1, [], key_b)
    answer = errors.post("/api/errors", report(project, fingerprint=["a"])).json
    assert answer == {"status": "incremented", "id": a, "count": 3}


@pytest.mark.parametrize("first_goes", ["first", "last"])
def test_an_old_link_leads_to_what_the_error_was_merged_into(errors, project, first_goes):
    ids, keys = made(errors, project, "a", "b", "c")
    c = ids[2]
    (a, key_a), (b, key_b) = sorted(
        zip(ids[:2], keys[:2], strict=True), reverse=first_goes == "last"
    )
    errors.post("/api/errors/merge", {"into": b, "ids": [a]})
    errors.post("/api/errors/merge", {"into": c, "ids": [b]})
    served = errors.get(f"/api/errors/{c}").json
    kept = errors.get(f"/api/errors/{c}/occurrences").json
    for old in (a, b):
        assert errors.get(f"/api/errors/{old}").json == served
        assert errors.get(f"/api/errors/{old}/occurrences").json == kept
        # What is done to an error is not done to more than was meant.
        for method, path in (("POST", "/resolve"), ("POST", "/ignore"), ("DELETE", "")):
            answer = errors.request(method, f"/api/errors/{old}{path}")
            assert answer.status == 404
            assert answer.json == {"detail": "Error not found", "merged_into": c}
    # Taken out again, each is itself, and the other stays where it is.
    assert errors.post("/api/errors/unmerge", {"id": c, "keys": [key_b]}).json["id"] == b
    assert [errors.get(f"/api/errors/{id}").json["id"] for id in (a, b, c)] == [c, b, c]
    assert errors.post("/api/errors/unmerge", {"id": c, "keys": [key_a]}).json["id"] == a
    assert errors.post(f"/api/errors/{a}/resolve").status == 200
    # Taken out together, they are the one they were before.
    errors.post("/api/errors/merge", {"into": b, "ids": [a]})
    merged = errors.post("/api/errors/merge", {"into": c, "ids": [b]}).json
    assert merged["parts"] == [{"id": b, "keys": keys[:2]}]
    assert errors.post("/api/errors/unmerge", {"id": c, "keys": keys[:2]}).json["id"] == b
    assert [errors.get(f"/api/errors/{id}").json["id"] for id in (a, b, c)] == [b, b, c]
    assert errors.post("/api/errors/unmerge", {"id": b, "keys": [key_a]}).json["id"] == a
    # What was deleted is gone, and its id is no other error's.
    errors.post("/api/errors/merge", {"into": c, "ids": [a]})
    errors.request("DELETE", f"/api/errors/{c}")
    for old in (a, c):
        answer = errors.get(f"/api/errors/{old}")
        assert (answer.status, answer.json) == (404, {"detail": "Error not found"})
    assert made(errors, project, "c")[0][0] > c


def test_an_error_is_found_by_the_words_of_all_that_was_merged_into_it(errors, project):
    names = [f"name-{n}" for n in range(12)]
    now = int(time.time())  # once: the second may change between two reports
    ids = [
        errors.post(
            "/api/errors",
            report(
                project,
                fingerprint=[name],
                exception_type=f"{word}Error",
                message=f"it {word}s {'often' if n else 'once'}",
                timestamp=now - n,
            ),
        ).json["id"]
        for n, name in enumerate(names)
        for word in [WORDS[n % 6]]
    ]
    # The first has the words alpha to foxtrot, the others one each; often is not in its name.
    errors.post("/api/errors/merge", {"into": ids[0], "ids": ids[1:6]})

    def found(search, limit):
        pages, cursor = [], {}
        while True:
            p = {"project": project, "search": search, "limit": limit, **cursor}
            page = errors.get(f"/api/errors?{urlencode(p)}").json
            pages += [row["id"] for row in page["errors"]]
            if page["next_cursor"] is None:
                return pages
            cursor = {"cursor": page["next_cursor"]}

    # With a limit of one, words of five errors are common: the rows are looked at one by one.
    for limit in (50, 1):
        assert found("often", limit) == [ids[0], *ids[6:]]
        assert found("bravoError", limit) == [ids[0], ids[7]]
        assert found('"it foxtrots"', limit) == [ids[0], ids[11]]
        assert found("alphas often", limit) == [ids[6]]
        assert found("alphas bravos", limit) == []
    keys = errors.get(f"/api/errors/{ids[0]}").json["grouping"]["keys"]
    errors.post("/api/errors/unmerge", {"id": ids[0], "keys": [keys[1]["key"]]})
    for limit in (50, 1):
        assert found("bravos", limit) == [ids[1], ids[7]]
    errors.request("DELETE", f"/api/errors/{ids[0]}")
    for limit in (50, 1):
        assert found("foxtrots", limit) == [ids[11]]
        assert found("often", limit) == [ids[1], *ids[6:]]


def test_an_event_is_found_in_what_its_error_was_merged_into(errors, project):
    (a, b, c), (key_a, *_) = made(errors, project, "a", "b", "c")
    errors.post("/api/errors", report(project, fingerprint=["a"], event_id=project[-8:]))

    def found():
        return [row["id"] for row in listed(errors, search=f"event_id:{project[-8:]}")["errors"]]

    assert found() == [a]
    errors.post("/api/errors/merge", {"into": b, "ids": [a]})
    assert found() == [b]
    errors.post("/api/errors/merge", {"into": c, "ids": [b]})
    assert found() == [c]
    errors.post("/api/errors/unmerge", {"id": c, "keys": [key_a]})
    assert found() == [a]
    errors.request("DELETE", f"/api/errors/{a}")
    assert found() == []


def test_the_state_is_that_of_the_error_merged_into(errors, project):
    (a, b, c), (_, key_b, _) = made(errors, project, "a", "b", "c")
    errors.post(f"/api/errors/{a}/resolve")
    errors.post(f"/api/errors/{c}/ignore")
    assert errors.post("/api/errors/merge", {"into": a, "ids": [b, c]}).status == 200
    assert errors.get(f"/api/errors/{a}").json["status"] == "resolved"
    new = errors.post("/api/errors/unmerge", {"id": a, "keys": [key_b]}).json["id"]
    assert errors.get(f"/api/errors/{new}").json["status"] == "resolved"
    assert errors.post("/api/errors", report(project, fingerprint=["b"])).json["id"] == new
    assert errors.get(f"/api/errors/{new}").json["status"] == "unresolved"
    assert errors.get(f"/api/errors/{a}").json["status"] == "resolved"


def test_of_many_keys_two_hundred_occurrences_are_listed(errors, project):
    ids, _ = made(errors, project, *(f"key-{n}" for n in range(201)))
    assert errors.post("/api/errors/merge", {"into": ids[0], "ids": ids[1:]}).json["merged"] == 200
    served = errors.get(f"/api/errors/{ids[0]}").json
    assert (served["count"], len(served["grouping"]["keys"])) == (201, 201)
    occurrences = errors.get(f"/api/errors/{ids[0]}/occurrences").json["occurrences"]
    assert len(occurrences) == 200
    assert [o["id"] for o in occurrences[:5]] == [o["id"] for o in served["occurrences"]]
    assert served["first_occurrence"]["id"] not in [o["id"] for o in occurrences]


def test_an_error_named_twice_is_merged_once(errors, project):
    (a, b), _ = made(errors, project, "a", "b")
    answer = errors.post("/api/errors/merge", {"into": a, "ids": [b, b]})
    assert (answer.status, answer.json["merged"]) == (200, 1)


def test_what_cannot_be_merged_stays_as_it_is(errors, project):
    (a, b), _ = made(errors, project, "a", "b")
    (other,), _ = made(errors, f"{project}-other", "a")
    for body, status, said in (
        ({}, 400, "Field 'ids'"),
        ({"into": a}, 400, "Field 'ids'"),
        ({"into": a, "ids": []}, 400, "Field 'ids'"),
        ({"into": a, "ids": ["1"]}, 400, "ids only"),
        ({"ids": [b]}, 400, "Field 'into'"),
        ({"into": "1", "ids": [b]}, 400, "Field 'into'"),
        ({"into": a, "ids": [b, a]}, 400, "with itself"),
        ({"into": 1 << 50, "ids": [b]}, 404, "no error"),
        ({"into": a, "ids": [b, 1 << 50]}, 404, "no error"),
        ({"into": a, "ids": [b, other]}, 409, "different projects"),
    ):
        answer = errors.post("/api/errors/merge", body)
        assert (answer.status, said in answer.detail) == (status, True), (body, answer)
    for error in (a, b, other):
        served = errors.get(f"/api/errors/{error}").json
        assert (served["count"], served["history"]) == (1, [])


def test_what_cannot_be_taken_apart_stays_as_it_is(errors, project):
    (a, b, c), (key_a, key_b, key_c) = made(errors, project, "a", "b", "c")
    errors.post("/api/errors/merge", {"into": a, "ids": [b]})
    for body, status, said in (
        ({}, 400, "Field 'id'"),
        ({"id": a}, 400, "Field 'keys'"),
        ({"id": a, "keys": []}, 400, "Field 'keys'"),
        ({"id": a, "keys": [1]}, 400, "grouping.keys"),
        ({"id": 1 << 50, "keys": [key_a]}, 404, "no error"),
        ({"id": a, "keys": [key_c]}, 404, "no key"),
        ({"id": a, "keys": [key_b, key_b]}, 404, "twice"),
        ({"id": a, "keys": [key_a, key_b]}, 409, "at least one"),
        ({"id": c, "keys": [key_c]}, 409, "at least one"),
    ):
        answer = errors.post("/api/errors/unmerge", body)
        assert (answer.status, said in answer.detail) == (status, True), (body, answer)
    served = errors.get(f"/api/errors/{a}").json
    assert [key["key"] for key in served["grouping"]["keys"]] == [key_a, key_b]
    assert [entry["action"] for entry in served["history"]] == ["merge"]
    assert errors.get(f"/api/errors?project={project}&status=all").json["total"] == 2
