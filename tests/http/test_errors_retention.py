# SPDX-License-Identifier: MIT
"""What the tracker forgets, and when."""

import sqlite3
from datetime import UTC, datetime, timedelta

from tracker import TIME, created, types

from stack import eventually


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
