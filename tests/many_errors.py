# SPDX-License-Identifier: MIT
"""A tracker full of errors, written by SQL in seconds where reporting takes minutes.

Each report is the first of its error and brings its own fingerprint.  The rows are
those that the service makes of the same report, but for what is kept of a report as
it came (table occurrence); test_list_budget.py reports some and compares.
"""

import functools
import hashlib
import json
import random
import time

DAY = 86400
LEVELS = ("debug", "info", "warning", "error", "fatal")


def busy_year(n):
    """A year of a busy house: some projects, releases and words are common, others rare."""
    dice = random.Random(5010)
    now = int(time.time())
    words = "timeout refused overflow missing denied broken parse decode render commit".split()
    for i in range(n):
        yield {
            "project": f"project-{min(int(dice.expovariate(0.4)), 19)}",
            "exception_type": f"{dice.choice(words).title()}Error",
            "message": f"{dice.choice(words)} {dice.choice(words)} number{i} common",
            "traceback": f'  File "/app/module{i}.py", line {i}, in f',
            "fingerprint": [str(i)],
            "timestamp": now - dice.randrange(365 * DAY),
            "count": 1 + int(dice.paretovariate(1)) % 9999,
            "request_method": "BROWSER" if dice.random() < 0.3 else "GET",
            "environment": dice.choices(("production", "staging", "test"), (90, 9, 1))[0],
            "release": f"1.{min(int(dice.expovariate(0.1)), 99)}",
            "level": dice.choices(("error", "warning", "fatal", "info"), (90, 6, 3, 1))[0],
            "session_id": f"session-{dice.randrange(n // 10)}",
        }


def states(n):
    """Three of ten are resolved, one is ignored."""
    return [(0, 1, 1, 1, 2, 0, 0, 0, 0, 0)[i % 10] for i in range(n)]


def rank(count):
    """count_rank() of rank.c."""
    shift = max(count.bit_length() - 5, 0)
    return (shift << 4) + (count >> shift)


@functools.cache
def text_hash(text):
    """text_hash() of text.c as SQLite holds it, with a sign."""
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 % (1 << 64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = (h ^ h >> 33) * factor % (1 << 64)
    h = h ^ h >> 33 or 1
    return h - (h >> 63 << 64)


def scopes_of(report):
    """The environment in its project and in all, the release, the release in the environment."""
    environment, release = report["environment"], report["release"]
    return (
        (report["project"], environment, ""),
        ("", environment, ""),
        ("", "", release),
        ("", environment, release),
    )


def write(database, reports, states):
    """Adds an error for each report, in its state, behind those that are there."""
    database.execute("PRAGMA cache_size = -400000")
    database.execute("BEGIN IMMEDIATE")
    # An index is made in a fraction of the time that it takes to keep.
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    (last,) = database.execute("SELECT coalesce(max(id), 0) FROM error").fetchone()
    rows = [
        (last + 1 + i, report, state, rank(report["count"]))
        for i, (report, state) in enumerate(zip(reports, states, strict=True))
    ]
    database.executemany(
        "INSERT INTO error (id, project, type, message, status, resolved_at, ignored_count,"
        " ignored_minutes, level, browser, first_seen, last_seen, rank, environments)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            (
                id,
                r["project"],
                r["exception_type"],
                r["message"],
                state,
                r["timestamp"] if state == 1 else None,
                0 if state > 0 else None,
                0 if state > 0 else None,
                LEVELS.index(r["level"]),
                r["request_method"] == "BROWSER",
                r["timestamp"],
                r["timestamp"],
                order,
                json.dumps([r["environment"]]),
            )
            for id, r, state, order in rows
        ),
    )
    database.executemany(
        "INSERT INTO error_key (id, error_id, project, mechanism, key, count, reports,"
        " first_seen, last_seen, level, browser) VALUES (?,?,?,'given',?,?,1,?,?,?,?)",
        (
            (
                id,
                id,
                r["project"],
                key_of(r),
                r["count"],
                r["timestamp"],
                r["timestamp"],
                LEVELS.index(r["level"]),
                r["request_method"] == "BROWSER",
            )
            for id, r, _, _ in rows
        ),
    )
    database.execute("INSERT INTO error_fts (error_fts) VALUES ('rebuild')")
    hours = [[] for _ in range(24)]
    for id, r, _, _ in rows:
        day, second = divmod(r["timestamp"], DAY)
        hours[second // 3600].append((id, day, r["count"]))
    for hour, counts in enumerate(hours):
        database.executemany(f"INSERT INTO day (key_id, day, h{hour}) VALUES (?,?,?)", counts)
    write_scopes(database, rows)
    now = int(time.time())
    database.executemany(
        "INSERT OR IGNORE INTO session_seen (session, key_id, at) VALUES (?,?,?)",
        ((text_hash(r["session_id"]), id, now) for id, r, _, _ in rows),
    )
    for _, sql in indexes:
        database.execute(sql)
    database.commit()


def key_of(report):
    text = "\n".join([report["project"], *report["fingerprint"]])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def write_scopes(database, rows):
    known = {
        tuple(names): id
        for id, *names in database.execute("SELECT id, project, environment, release FROM scope")
    }
    for _, r, _, _ in rows:
        for scope in scopes_of(r):
            if scope not in known:
                known[scope] = max(known.values(), default=0) + 1
                database.execute("INSERT INTO scope VALUES (?,?,?,?)", (known[scope], *scope))
    database.executemany(
        "INSERT INTO facet (key_id, scope_id, status, count, rank, first_seen, last_seen)"
        " VALUES (?,?,?,?,?,?,?)",
        (
            (id, known[scope], state, r["count"], order, r["timestamp"], r["timestamp"])
            for id, r, state, order in rows
            for scope in sorted(scopes_of(r), key=known.get)
        ),
    )


def tables(database):
    """What each table holds that is written here, but for times of writing and rows of zero."""
    columns = {"session_seen": "session, key_id"}
    conditions = {"tally": "errors > 0"}
    names = "error error_key day facet scope session_seen tally error_fts_docsize".split()
    found = {
        name: sorted(
            database.execute(
                f"SELECT {columns.get(name, '*')} FROM {name} WHERE {conditions.get(name, '1')}"
            )
        )
        for name in names
    }
    database.execute("INSERT INTO error_fts (error_fts, rank) VALUES ('integrity-check', 1)")
    database.commit()
    return found


def same_schema(database, of):
    """Makes the tables, indexes and triggers of another database."""
    for (sql,) in of.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
        " AND name NOT LIKE 'error_fts_%' AND name NOT LIKE 'sqlite_%'"
    ):
        database.execute(sql)
