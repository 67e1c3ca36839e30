# SPDX-License-Identifier: MIT
"""Many clients at once: every report counts, once."""

from concurrent.futures import ThreadPoolExecutor

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
