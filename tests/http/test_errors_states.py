# SPDX-License-Identifier: MIT
"""What becomes of an error after it was reported: alerts, states, merging."""

import sqlite3

import pytest

from receivers import Webhook
from stack import eventually, report


@pytest.fixture
def hook():
    hook = Webhook()
    yield hook
    hook.close()


def kinds(hook):
    return [alert["kind"] for alert in hook.received]


# ---- alerts --------------------------------------------------------------------


def test_without_a_channel_nothing_is_queued(errors, project):
    assert errors.post("/api/errors", report(project)).status == 201
    answer = errors.get("/api/alerts")
    assert (answer.status, answer.json) == (200, {"alerts": [], "next_cursor": None})
    answer = errors.post("/api/test-alert")
    assert answer.status == 503
    assert answer.detail == "SMTP not configured: SMTP_HOST is not set"


def test_new_regression_and_spike_are_told_once_each(hook, fresh, project):
    client = fresh(ALERT_WEBHOOKS=hook.url, ALERT_SPIKE="5/10").client("errors")
    body = report(
        project,
        request_method="GET",
        request_url="https://shop.example/pay?token=abc123",
        environment="production",
        release="1.2.3",
        message="é" * 60,
    )
    error = client.post("/api/errors", body).json["id"]
    assert eventually(lambda: kinds(hook) == ["new"])
    new = hook.received[0]
    assert new["title"] == f"[{project}] TestError: {'é' * 40} (#{error})"
    assert new["heading"] == f"New error in {project}"
    assert new["facts"]["Error"] == f"#{error}"
    assert new["facts"]["Type"] == "TestError"
    assert new["facts"]["Message"] == "é" * 60
    assert new["facts"]["Request"].startswith("GET https://shop.example/pay?")
    assert "abc123" not in str(new)
    assert (new["facts"]["Environment"], new["facts"]["Release"]) == ("production", "1.2.3")
    assert new["text"] == body["traceback"]
    assert new["url"].endswith(f"/errors/{error}")

    for _ in range(12):
        client.post("/api/errors", body)
    assert eventually(lambda: kinds(hook) == ["new", "spike"])
    assert client.post(f"/api/errors/{error}/resolve").status == 200
    assert client.post("/api/errors", body).json["status"] == "reopened"
    assert eventually(lambda: kinds(hook) == ["new", "spike", "regression"])

    alerts = client.get("/api/alerts").json["alerts"]
    assert [alert["kind"] for alert in alerts] == ["regression", "spike", "new"]
    assert {alert["subject_id"] for alert in alerts} == {error}
    assert eventually(
        lambda: all(
            delivery["state"] == "sent"
            for alert in client.get("/api/alerts").json["alerts"]
            for delivery in alert["deliveries"]
        )
    )


def test_a_new_error_is_told_of_from_the_nth_report_on(hook, fresh, project):
    client = fresh(ALERT_WEBHOOKS=hook.url, ALERT_NEW_AFTER=3).client("errors")
    for expected in (0, 0, 1, 1):
        client.post("/api/errors", report(project))
        assert len(client.get("/api/alerts").json["alerts"]) == expected


def test_a_test_alert_says_what_became_of_it(hook, fresh):
    client = fresh(ALERT_WEBHOOKS=hook.url).client("errors")
    answer = client.post("/api/test-alert")
    assert answer.status == 202
    assert answer.json["status"] == "test alert dispatched"
    assert answer.json["detail"] == "Check service logs for SMTP transaction result"
    answer = client.post("/api/test-alert?wait=1")
    assert (answer.status, answer.json["status"]) == (200, "sent")
    assert kinds(hook) == ["test", "test"]
    assert hook.received[0]["title"] == "[error-tracker] SMTP test alert"
    hook.status = 500
    answer = client.post("/api/test-alert?wait=1")
    assert answer.status == 502
    assert "500" in answer.detail


def test_a_spike_told_of_by_a_clock_that_was_ahead_silences_no_later_one(hook, fresh, project):
    stack = fresh(ALERT_WEBHOOKS=hook.url, ALERT_SPIKE="2/10")
    client = stack.client("errors")
    assert client.post("/api/errors", report(project, count=2)).status == 201
    with sqlite3.connect(stack.database("errors")) as db:
        assert db.execute("UPDATE error SET spike_at = spike_at + 86400").rowcount == 1
    db.close()
    assert client.post("/api/errors", report(project)).status == 200
    assert eventually(lambda: kinds(hook) == ["new", "spike", "spike"]), kinds(hook)


@pytest.mark.parametrize("value", ["5", "5/", "/5", "0/5", "5/0", "5/1441", "a/b", "5/5/5"])
def test_a_bad_spike_is_refused_at_the_start(fresh, value):
    stack = fresh.make(ALERT_SPIKE=value)
    with pytest.raises(AssertionError, match=r"ALERT_SPIKE=.* is not valid"):
        stack.start()


# ---- states ----------------------------------------------------------------------


def made(errors, project, **members):
    """The id of a new error."""
    answer = errors.post("/api/errors", report(project, **members))
    assert answer.json["status"] == "created", answer
    return answer.json["id"]


def status(errors, error):
    return errors.get(f"/api/errors/{error}").json["status"]


def history(errors, error):
    entries = errors.get(f"/api/errors/{error}").json["history"]
    assert all(entry["at"] for entry in entries)
    return [(entry["action"], entry["who"], entry["detail"]) for entry in reversed(entries)]


def test_an_ignored_error_stays_so_for_ever_without_terms(errors, project):
    error = made(errors, project)
    answer = errors.post(f"/api/errors/{error}/ignore")
    assert (answer.status, answer.json) == (200, {"status": "ignored", "id": error})
    assert errors.post("/api/errors", report(project, count=1000)).json["status"] == "incremented"
    assert status(errors, error) == "ignored"
    assert errors.get(f"/api/errors?project={project}").json["total"] == 0
    assert errors.get(f"/api/errors?project={project}&status=ignored").json["total"] == 1
    assert errors.post(f"/api/errors/{error}/reopen").json["status"] == "unresolved"
    assert history(errors, error) == [("ignore", "key", None), ("reopen", "key", None)]


def test_an_ignored_error_comes_back_with_enough_reports(errors, project):
    error = made(errors, project, count=50)
    terms = {"count": 5, "minutes": 10}
    assert errors.post(f"/api/errors/{error}/ignore", terms).status == 200
    answers = [errors.post("/api/errors", report(project)).json["status"] for _ in range(6)]
    assert answers == ["incremented"] * 4 + ["reopened", "incremented"]
    assert history(errors, error) == [
        ("ignore", "key", "until 5 more in 10 minutes"),
        ("reopen", "report", None),
    ]


def test_an_error_ignored_for_hours_comes_back_after_them(stack, errors, project):
    error = made(errors, project)
    assert errors.post(f"/api/errors/{error}/ignore", {"hours": 2}).status == 200
    assert errors.post("/api/errors", report(project)).json["status"] == "incremented"
    with sqlite3.connect(stack.database("errors")) as db:
        db.execute("UPDATE error SET ignored_until = ignored_until - 7200 WHERE id = ?", [error])
    db.close()
    assert errors.post("/api/errors", report(project)).json["status"] == "reopened"
    assert history(errors, error)[0] == ("ignore", "key", "for 2 hours")


@pytest.mark.parametrize(
    "terms",
    [
        [],
        {"hours": 0},
        {"hours": "1"},
        {"hours": 8761},
        {"count": 5},
        {"minutes": 5},
        {"count": 0, "minutes": 5},
        {"count": 5, "minutes": 10081},
        {"hours": 1, "count": 5, "minutes": 5},
    ],
)
def test_bad_terms_are_refused(errors, project, terms):
    error = made(errors, project)
    assert errors.post(f"/api/errors/{error}/ignore", terms).status == 400
    assert status(errors, error) == "unresolved"


def test_a_deleted_error_is_gone_and_the_next_is_new(errors, project):
    error = made(errors, project, message="peculiarword")
    answer = errors.request("DELETE", f"/api/errors/{error}")
    assert (answer.status, answer.json) == (200, {"status": "deleted", "id": error})
    assert errors.request("DELETE", f"/api/errors/{error}").status == 404
    assert errors.get(f"/api/errors/{error}").status == 404
    assert errors.get(f"/api/errors?project={project}&search=peculiarword").json["errors"] == []
    assert made(errors, project) != error


def test_resolved_in_a_release_only_a_later_one_reopens(errors, project):
    error = made(errors, project, release="1.9.0")
    assert errors.post(f"/api/errors/{error}/resolve", {"release": "1.10.0"}).status == 200
    for release in ("1.9.0", "1.10.0", "1.10.0-rc.1"):
        answer = errors.post("/api/errors", report(project, release=release))
        assert answer.json["status"] == "incremented", release
    assert status(errors, error) == "resolved"
    answer = errors.post("/api/errors", report(project, release="1.11.0"))
    assert answer.json["status"] == "reopened"
    assert history(errors, error) == [
        ("resolve", "key", "in release 1.10.0"),
        ("reopen", "report", "1.11.0"),
    ]
    for release in ("deadbeef", None):
        errors.post(f"/api/errors/{error}/resolve", {"release": "1.10.0"})
        answer = errors.post("/api/errors", report(project, release=release))
        assert answer.json["status"] == "reopened", release


def test_many_are_changed_at_once(errors, project):
    ids = [made(errors, project, fingerprint=[str(n)]) for n in range(5)]
    for action, after in (("resolve", "resolved"), ("reopen", "unresolved"), ("ignore", "ignored")):
        answer = errors.post("/api/errors/bulk", {"ids": [*ids, 1 << 50], "action": action})
        assert answer.status == 200
        assert answer.json == {"status": after, "missing": [1 << 50], "done": 5}
        assert {status(errors, error) for error in ids} == {after}
    answer = errors.post("/api/errors/bulk", {"ids": ids, "action": "delete"})
    assert answer.json == {"status": "deleted", "missing": [], "done": 5}
    assert errors.get(f"/api/errors?project={project}&status=all").json["total"] == 0


def test_an_id_given_twice_is_changed_once(errors, project):
    error = made(errors, project)
    answer = errors.post("/api/errors/bulk", {"ids": [error, error], "action": "resolve"})
    assert answer.json == {"status": "resolved", "missing": [], "done": 1}
    answer = errors.post("/api/errors/bulk", {"ids": [error, error], "action": "delete"})
    assert answer.json == {"status": "deleted", "missing": [], "done": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"action": "resolve"},
        {"ids": [], "action": "resolve"},
        {"ids": 1, "action": "resolve"},
        {"ids": [1, "2"], "action": "resolve"},
        {"ids": [0], "action": "resolve"},
        {"ids": list(range(1, 1002)), "action": "resolve"},
        {"ids": [1]},
        {"ids": [1], "action": "destroy"},
        {"ids": [1], "action": "ignore", "hours": -1},
    ],
)
def test_a_bad_bulk_changes_nothing(errors, body):
    assert errors.post("/api/errors/bulk", body).status == 400
