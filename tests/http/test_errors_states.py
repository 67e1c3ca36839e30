# SPDX-License-Identifier: MIT
"""What becomes of an error after it was reported: alerts, states, merging."""

import pytest

from stack import eventually, report

from receivers import Webhook


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
    assert (answer.status, answer.json) == (200, {"alerts": []})
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


@pytest.mark.parametrize("value", ["5", "5/", "/5", "0/5", "5/0", "5/1441", "a/b", "5/5/5"])
def test_a_bad_spike_is_refused_at_the_start(fresh, value):
    stack = fresh.make(ALERT_SPIKE=value)
    with pytest.raises(AssertionError, match="ALERT_SPIKE=.* is not valid"):
        stack.start()
