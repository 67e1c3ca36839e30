# SPDX-License-Identifier: MIT
"""A list costs what it shows, not what there is.

With 100 000 errors each filter alone and each pair of filters visits at most
20 rows of the database for each row of the page, on the first page and on the
fiftieth.  A debug build tells in X-Monlight-Work how many rows its statements
gave and how many steps they took (sqlite3_stmt_status), so this test runs the
sanitizer build whatever the others run.
"""

import itertools
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

import many_errors
from stack import DEBUG_BUILD, Stack

pytestmark = pytest.mark.alone

ERRORS = int(os.environ.get("MONLIGHT_LIST_ERRORS", "100000"))
REPORTED = 200  # of them, by the API
LIMIT = 50
PAGE = 50  # the fiftieth
ROWS_PER_ROW = 20
# A row that a statement passes over costs it at least four steps (next, column,
# compare, jump); one that it gives costs some twenty-five.  So this bounds the rows
# that were visited and not given.
STEPS_PER_ROW = 20 * 25


@pytest.fixture(scope="module")
def full_stack():
    """Some errors are reported; the others, written by SQL, are shown to be made alike."""
    stack = Stack(DURABILITY="process", INDEXER="cron")
    stack.binaries = DEBUG_BUILD
    reports, states = list(many_errors.busy_year(ERRORS)), many_errors.states(ERRORS)
    try:
        stack.start()
        report_some(stack.client("errors"), reports[:REPORTED], states)
        database = sqlite3.connect(stack.database("errors"), timeout=20)
        compare_with_reported(database, reports[:REPORTED], states[:REPORTED])
        many_errors.write(database, reports[REPORTED:], states[REPORTED:])
        database.close()
        yield stack
        assert stack.stop() == 0
        said = stack.unexpected("test_list_budget")
        assert not said, "\n".join(said)
    finally:
        stack.destroy()


def report_some(client, reports, states):
    for report in reports:
        assert client.post("/api/errors", report).status == 201
    for action, state in (("resolve", 1), ("ignore", 2)):
        ids = [i + 1 for i in range(len(reports)) if states[i] == state]
        assert client.post("/api/errors/bulk", {"ids": ids, "action": action}).json["done"]


def compare_with_reported(database, reports, states):
    with sqlite3.connect(":memory:") as other:
        many_errors.same_schema(other, database)
        many_errors.write(other, reports, states)
        # Written ones were resolved when they were seen, reported ones just now.
        database.execute("UPDATE error SET resolved_at = last_seen WHERE status = 1")
        database.commit()
        written, reported = many_errors.tables(other), many_errors.tables(database)
    other.close()
    for table, rows in reported.items():
        assert written[table] == rows, table


YEAR = 365 * 86400
FILTERS = {
    "project": ["project-0", "project-9"],
    "source": ["browser", "server"],
    "session_id": ["session-7"],
    "status": ["resolved", "ignored", "all"],
    "since": [str(int(time.time()) - YEAR // 2)],
    "until": [str(int(time.time()) - YEAR // 2)],
    "search": ["common", "overflow render", "number777"],
    "environment": ["production", "test"],
    "release": ["1.0", "1.40"],
    "level": ["error", "info"],
}


def combinations():
    """Each parameter alone and each pair; sort is a parameter like the others."""
    yield {}
    parameters = {**FILTERS, "sort": ["first_seen", "count"]}
    singles = [[{name: value} for value in values] for name, values in parameters.items()]
    for group in singles:
        yield from group
    for one, other in itertools.combinations(singles, 2):
        for a, b in itertools.product(one, other):
            yield {**a, **b}


def work_of(client, parameters):
    """Asks for a page; returns the rows and steps it cost, and the answer."""
    answer = client.get(f"/api/errors?{urlencode(parameters)}")
    assert answer.status == 200, (parameters, answer)
    words = dict(word.split("=") for word in answer.headers["X-Monlight-Work"].split())
    return int(words["rows"]), int(words["steps"]), answer.json


def measure(client, parameters):
    """The first page and the fiftieth, or one near the end if there are fewer."""
    rows, steps, answer = work_of(client, {**parameters, "limit": LIMIT})
    yield 1, rows, steps, len(answer["errors"])
    page, cursor = 1, answer["next_cursor"]
    while cursor is not None and page < PAGE - 1:
        # Four pages at once where only the way matters.
        stride = min(4, PAGE - 1 - page)
        _, _, answer = work_of(client, {**parameters, "limit": LIMIT * stride, "cursor": cursor})
        if answer["next_cursor"] is None:
            break
        page, cursor = page + stride, answer["next_cursor"]
    if cursor is not None:
        rows, steps, answer = work_of(client, {**parameters, "limit": LIMIT, "cursor": cursor})
        yield page + 1, rows, steps, len(answer["errors"])


def test_each_filter_and_each_pair_keeps_to_the_budget(full_stack):
    client = full_stack.client("errors")
    over = []
    print(f"\n{'':56} {'page':>4} {'shown':>5} {'rows':>6} {'steps':>8}")
    with ThreadPoolExecutor(2) as pool:  # as many as there are processes to answer
        measured = list(pool.map(lambda p: (p, list(measure(client, p))), combinations()))
    for parameters, pages in measured:
        name = " ".join(f"{key}={value}" for key, value in parameters.items()) or "(none)"
        for page, rows, steps, shown in pages:
            bad = rows > ROWS_PER_ROW * LIMIT or steps > STEPS_PER_ROW * LIMIT
            line = f"{name:56} {page:4} {shown:5} {rows:6} {steps:8}{'  OVER' if bad else ''}"
            print(line)
            if bad:
                over.append(line)
    assert not over, "\n".join(over)


def test_the_rows_are_the_right_ones(full_stack):
    """What the walks give is what a plain question to the table gives."""
    client = full_stack.client("errors")
    database = sqlite3.connect(full_stack.database("errors"))
    middle = int(FILTERS["since"][0])
    for parameters, condition in (
        ({}, "status = 0"),
        ({"status": "all"}, "1"),
        (
            {"project": "project-0", "source": "browser"},
            "status = 0 AND project = 'project-0' AND browser",
        ),
        ({"status": "resolved", "since": middle}, f"status = 1 AND last_seen >= {middle}"),
    ):
        for order in ("last_seen", "first_seen"):
            expected = [
                number
                for (number,) in database.execute(
                    f"SELECT id FROM error WHERE {condition}"
                    f" ORDER BY {order} DESC, id DESC LIMIT 500"
                )
            ]
            shown, cursor = [], {}
            while len(shown) < 500:
                _, _, page = work_of(client, {**parameters, "sort": order, "limit": 100, **cursor})
                shown += [row["id"] for row in page["errors"]]
                cursor = {"cursor": page["next_cursor"]}
            assert shown == expected, (parameters, order)
    database.close()
