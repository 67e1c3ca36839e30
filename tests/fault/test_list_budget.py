# SPDX-License-Identifier: MIT
"""A list costs what it shows, not what there is.

With 100 000 errors each filter alone and each pair of filters visits at most
20 rows of the database for each row of the page, on the first page and on the
fiftieth.  A debug build tells in X-Monlight-Work how many rows its statements
gave and how many steps they took (sqlite3_stmt_status), so this test runs the
sanitizer build whatever the others run.
"""

import itertools
import json
import os
import random
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from urllib.parse import urlencode

import pytest

from stack import ROOT, Stack

pytestmark = pytest.mark.alone

ERRORS = int(os.environ.get("MONLIGHT_LIST_ERRORS", "100000"))
LIMIT = 50
PAGE = 50  # the fiftieth
ROWS_PER_ROW = 20
# A row that a statement passes over costs it at least four steps (next, column,
# compare, jump); one that it gives costs some twenty-five.  So this bounds the rows
# that were visited and not given.
STEPS_PER_ROW = 20 * 25

DEBUG_BUILD = ROOT / "build" / "asan" / "bin"


def reports():
    """A year of a busy house: some projects, releases and words are common, others rare."""
    dice = random.Random(5010)
    now = int(time.time())
    words = "timeout refused overflow missing denied broken parse decode render commit".split()
    for i in range(ERRORS):
        yield {
            "project": f"project-{min(int(dice.expovariate(0.4)), 19)}",
            "exception_type": f"{dice.choice(words).title()}Error",
            "message": f"{dice.choice(words)} {dice.choice(words)} number{i} common",
            "traceback": f'  File "/app/module{i}.py", line {i}, in f',
            "timestamp": now - dice.randrange(365 * 86400),
            "count": 1 + int(dice.paretovariate(1)) % 9999,
            "request_method": "BROWSER" if dice.random() < 0.3 else "GET",
            "environment": dice.choices(("production", "staging", "test"), (90, 9, 1))[0],
            "release": f"1.{min(int(dice.expovariate(0.1)), 99)}",
            "level": dice.choices(("error", "warning", "fatal", "info"), (90, 6, 3, 1))[0],
            "session_id": f"session-{dice.randrange(ERRORS // 10)}",
        }


def fill(stack):
    """Reports all of it over a few connections, then resolves and ignores some."""
    head = f"POST /api/errors HTTP/1.1\r\nHost: x\r\nX-API-Key: {stack.keys['errors']}\r\n"
    source, lock = reports(), Lock()

    def take():
        with lock:
            return next(source, None)

    def work(_):
        sock = socket.create_connection(("127.0.0.1", stack.ports["errors"]))
        answers = sock.makefile("rb")
        sent = 0
        while (one := take()) is not None:
            body = json.dumps(one).encode()
            sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            status = answers.readline()
            assert status.startswith(b"HTTP/1.1 20"), status
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)
            sent += 1
            if sent % 900 == 0:  # lighttpd closes a connection after a thousand
                answers.close()
                sock.close()
                sock = socket.create_connection(("127.0.0.1", stack.ports["errors"]))
                answers = sock.makefile("rb")
        return sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == ERRORS
    with sqlite3.connect(stack.database("errors"), timeout=20) as database:
        database.execute(
            "UPDATE error SET status = 1, resolved_at = last_seen WHERE id % 10 IN (1, 2, 3)"
        )
        database.execute("UPDATE error SET status = 2 WHERE id % 10 = 4")
    database.close()


@pytest.fixture(scope="module")
def full_stack():
    """Filled by the release build if there is one: the file is the same, and it is faster."""
    stack = Stack(DURABILITY="process", INDEXER="cron")
    try:
        if (ROOT / "build" / "bin" / "monlight-errors").exists():
            stack.binaries = ROOT / "build" / "bin"
        stack.start()
        start = time.monotonic()
        fill(stack)
        print(f"\n{ERRORS} errors reported in {time.monotonic() - start:.0f} s")
        assert stack.stop() == 0
        stack.binaries = DEBUG_BUILD
        stack.start()
        yield stack
        assert stack.stop() == 0
        said = stack.unexpected("test_list_budget")
        assert not said, "\n".join(said)
    finally:
        stack.destroy()


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
    for parameters in combinations():
        name = " ".join(f"{key}={value}" for key, value in parameters.items()) or "(none)"
        for page, rows, steps, shown in measure(client, parameters):
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
