# SPDX-License-Identifier: MIT
"""Many at once: every report of many clients counts, once, and processes take turns at a start."""

import fcntl
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from stack import report


def test_sixteen_clients_report_the_same_error_and_the_count_is_exact(errors, project):
    clients, reports = 16, 100
    body = report(project)

    def work(_):
        return [errors.post("/api/errors", body) for _ in range(reports)]

    with ThreadPoolExecutor(clients) as pool:
        answers = [answer for some in pool.map(work, range(clients)) for answer in some]
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200] * (clients * reports - 1) + [201]
    counts = sorted(answer.json["count"] for answer in answers if answer.status == 200)
    assert counts == list(range(2, clients * reports + 1)), "each answer tells its own number"
    (row,) = errors.get(f"/api/errors?project={project}").json["errors"]
    assert row["count"] == clients * reports
    found = errors.get(f"/api/errors/{row['id']}").json
    assert sum(hour["count"] for hour in found["hours"]) == clients * reports
    assert len(found["occurrences"]) == 5


def test_one_event_from_sixteen_clients_is_stored_once(errors, project):
    body = report(project, event_id=f"{project}-event")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: errors.post("/api/errors", body), range(64)))
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    (row,) = errors.get(f"/api/errors?project={project}").json["errors"]
    assert row["count"] == 1


def test_resolving_and_reporting_at_once_loses_nothing(errors, project):
    number = errors.post("/api/errors", report(project)).json["id"]

    def work(i):
        if i % 4 == 0:
            return errors.post(f"/api/errors/{number}/resolve")
        return errors.post("/api/errors", report(project))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(200)))
    assert {answer.status for answer in answers} <= {200, 201}
    assert errors.get(f"/api/errors/{number}").json["count"] == 151


def test_who_starts_while_another_makes_the_database_waits_for_it(indexer):
    """A disk may take seconds for that; after two of them it had ended, for it was locked."""
    path = indexer.store.path
    with open(f"{path}-lock", "w") as lock, closing(sqlite3.connect(path)) as maker:
        fcntl.flock(lock, fcntl.LOCK_EX)
        maker.execute("BEGIN IMMEDIATE")
        process = indexer.start("ingest")
        time.sleep(5)
        maker.rollback()
    assert process.wait(30) == 0, indexer.words()
    assert indexer.store.ready()
