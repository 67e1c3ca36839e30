# SPDX-License-Identifier: MIT
"""`monlight import`: what the original has, ours answers, and twice is as once."""

import json
import sqlite3
import time
from urllib.parse import quote

import pytest
from original import Original, stamp

from stack import Stack, report

NOW = int(time.time())
DAY = 86400
HOUR = 3600
TRACE = 'Traceback (most recent call last):\n  File "/app/a.py", line 7, in f\nValueError: no'
FIRST = TRACE.replace("f\n", "f\n    x\n")
MAP = json.dumps({"version": 3, "sources": ["src/a.ts"], "names": ["f"], "mappings": "AAAAA"})
DEBUG_ID = "85314830-023F-4CF1-A267-535F4E37BB17"

BROWSERS = {"request_method": "BROWSER", "extra": json.dumps({"session_id": "session-9"})}


def group(original, fingerprint, project="shop", occurrences=(), **columns):
    """A row of errors and its occurrences."""
    row = {
        "fingerprint": fingerprint,
        "project": project,
        "exception_type": "ValueError",
        "message": f"no coupon of {fingerprint[:2]}",
        "traceback": FIRST,
        "count": max(1, len(occurrences)),
        "first_seen": stamp(NOW - 3 * DAY),
        "last_seen": stamp(NOW - HOUR),
        "resolved": 0,
        **columns,
    }
    error = original.add("errors", "errors", **row)
    for occurrence in occurrences:
        row = {"timestamp": stamp(NOW - HOUR), "traceback": TRACE, **occurrence}
        original.add("errors", "error_occurrences", error_id=error, **row)
    return error


def fill_errors(original):
    headers = json.dumps({"Accept": "*/*", "Authorization": "Bearer abcdef"})
    group(
        original,
        "aa" * 16,
        count=120,
        occurrences=[
            {
                "timestamp": stamp(NOW - (9 - n) * HOUR),
                "request_url": f"http://shop.example/{n}",
                "request_method": "GET",
                "request_headers": headers,
                "user_id": f"user-{n % 2}",
                "extra": json.dumps({"n": n}),
            }
            for n in range(5)
        ],
    )
    group(original, "bb" * 16, resolved=1, resolved_at=stamp(NOW - DAY), count=7)
    group(original, "cc" * 16, project="web", occurrences=[BROWSERS])
    # The original has a fingerprint twice when a resolved one came again in a race.
    group(original, "dd" * 16, resolved=1, resolved_at=stamp(NOW - DAY), count=3)
    group(original, "dd" * 16, count=4, first_seen=stamp(NOW - 2 * DAY))
    # What a new report of ours has as well.
    group(original, "ee" * 16, project="both", count=10)


LINES = [
    ("web", "stdout", "INFO", "plain"),
    ("web", "stderr", "ERROR", r"tab\there \"quoted\" back\\slash \u00e9 \ud83d\ude00"),
    ("db", "stdout", "WARNING", 'Traceback (most recent call last):\n  File \\"a.py\\"'),
    ("db", "stderr", "CRITICAL", r"\u001b[31mred\u001b[0m"),
    ("db", "stdout", "DEBUG", "broken \\u12 escape"),
]
TEXTS = [
    "plain",
    'tab\there "quoted" back\\slash é 😀',
    'Traceback (most recent call last):\n  File "a.py"',
    None,  # terminal codes: kept, shown as the log viewer shows them
    "broken \\u12 escape",
]


def fill_logs(original):
    for i, (container, stream, level, message) in enumerate(LINES):
        original.add(
            "logs",
            "log_entries",
            timestamp=stamp(NOW - HOUR + i),
            container=container,
            stream=stream,
            level=level,
            message=message,
        )


def total(original, name, bucket, resolution="minute", labels='{"path":"/"}', **columns):
    row = {"count": 4, "sum": 10.0, "min": 1.0, "max": 4.0, "avg": 2.5, **columns}
    bucket = stamp(bucket)
    original.add(
        "metrics",
        "metrics_aggregated",
        bucket=bucket,
        resolution=resolution,
        name=name,
        labels=labels,
        **row,
    )


def fill_metrics(original):
    hour = (NOW - 5 * HOUR) // HOUR * HOUR
    # Two minutes of an hour that is there as well: the minutes count.
    total(original, "orders", hour + 60)
    total(original, "orders", hour + 120)
    total(original, "orders", hour, "hour", count=8, sum=20.0)
    # Written twice by the original; an hour of a week ago; another label, and one of no value.
    total(original, "orders", hour + 120)
    total(original, "orders", hour - 7 * DAY, "hour", count=100, sum=250.0)
    total(original, "orders", hour - 7 * DAY, "hour", '{"path":"/b","user":null}', count=1, sum=4.0)
    # A histogram by its quantiles.
    quantiles = {"p50": 0.05, "p95": 0.4, "p99": 0.8}
    total(original, "latency", hour, count=200, sum=20.0, min=0.01, max=1.5, **quantiles)
    # Points of which there is no minute yet, one that is in a minute, a gauge.
    now = NOW // 60 * 60
    raw = {"name": "orders", "labels": '{"path":"/"}', "type": "counter"}
    original.add("metrics", "metrics_raw", timestamp=stamp(now - 5), value=3, **raw)
    original.add("metrics", "metrics_raw", timestamp=stamp(hour + 61), value=1, **raw)
    gauge = {"name": "depth", "labels": None, "type": "gauge", "project": "shop"}
    original.add("metrics", "metrics_raw", timestamp=stamp(now - 50), value=17.5, **gauge)
    total(original, "depth", hour, labels=None, sum=40.0, min=8.0, max=12.0)


def fill_relay(original):
    at = stamp(NOW - 3 * DAY)
    for key, project, active in (("k" * 32, "shop", 1), ("free text", "web", 0)):
        original.add(
            "browser-relay",
            "dsn_keys",
            public_key=key,
            project=project,
            created_at=at,
            active=active,
        )
    for url, content in (("/a.js", MAP), ("/b.js", MAP[:-1] + f', "debugId": "{DEBUG_ID}"}}')):
        row = {"project": "shop", "release": "1.0", "file_url": url, "uploaded_at": at}
        original.add("browser-relay", "source_maps", map_content=content, **row)
    row["file_url"] = "/broken.js"
    original.add("browser-relay", "source_maps", map_content="{no map", **row)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """A running stack that has taken over an original; (stack, original, what was said)."""
    original = Original(tmp_path_factory.mktemp("original"))
    for fill in (fill_errors, fill_logs, fill_metrics, fill_relay):
        fill(original)
    stack = Stack(INDEXER="cron").start()
    try:
        stack.client("errors").post("/api/errors", report("both"))
        said = stack.control("import", str(original.directory))
        assert said.returncode == 0, said.stderr
        assert stack.control("index").returncode == 0
        yield stack, original, said
        stack.stop()
    finally:
        original.close()
        stack.destroy()


def errors_of(stack, project, status="all"):
    path = f"/api/errors?project={project}&status={status}"
    return stack.client("errors").get(path).json["errors"]


def details(stack, project, message):
    client = stack.client("errors")
    error = next(e for e in errors_of(stack, project) if e["message"] == message)
    return client.get(f"/api/errors/{error['id']}").json


def sums(stack, name, **parameters):
    """Of all time, in one bucket: the next of that length begins in 2052."""
    query = "".join(f"&{key}={quote(str(value))}" for key, value in parameters.items())
    start = (NOW - 20 * DAY) // DAY * DAY
    path = f"/api/metrics?name={name}&from={start}&step=9999d{query}"
    answer = stack.client("metrics").get(path)
    assert answer.status == 200, answer
    return answer.json["data"]


def everything(stack):
    """What the APIs answer about all that can be imported."""
    errors, logs, relay = (stack.client(name) for name in ("errors", "logs", "relay"))
    rows = [e for p in ("shop", "web", "both") for e in errors_of(stack, p)]
    return {
        "errors": [errors.get(f"/api/errors/{row['id']}").json for row in rows],
        "logs": logs.get("/api/logs?limit=500").json,
        "metrics": [sums(stack, name) for name in ("orders", "latency", "depth")],
        "keys": relay.get("/api/dsn-keys").json,
        "maps": relay.get("/api/source-maps").json,
    }


def test_it_says_what_was_taken(taken):
    *_, said = taken
    assert said.stdout.splitlines() == [
        "errors.db: 6 errors, 145 reports, 11 occurrences taken over",
        "logs.db: 5 lines taken over",
        "metrics.db: 6 sums, 2 points taken over",
        "browser-relay.db: 2 keys, 2 source maps taken over",
    ]
    said = said.stderr.splitlines()
    assert len(said) == 1 and "/broken.js in 1.0 is passed over" in said[0], said


def test_a_group_keeps_its_count_its_times_and_its_occurrences(taken):
    stack, *_ = taken
    error = details(stack, "shop", "no coupon of aa")
    assert error["count"] == 120 and error["fingerprint"] == "aa" * 16
    assert error["first_seen"] == stamp(NOW - 3 * DAY) and error["last_seen"] == stamp(NOW - HOUR)
    assert not error["resolved"] and error["exception_type"] == "ValueError"
    assert len(error["occurrences"]) == 5
    urls = {o["request_url"]: o for o in error["occurrences"]}
    assert set(urls) == {f"http://shop.example/{n}" for n in range(5)}
    third = urls["http://shop.example/2"]
    assert third["timestamp"] == stamp(NOW - 7 * HOUR) and third["extra"] == {"n": 2}
    assert third["traceback"] == TRACE and third["user_id"] == "user-0"
    assert third["request_headers"] == {"Accept": "*/*", "Authorization": "[redacted]"}


def test_the_first_report_is_taken_from_the_group_where_it_is_kept_no_longer(taken):
    stack, *_ = taken
    for words in ("no coupon of aa", "no coupon of bb"):  # of bb no report is kept at all
        error = details(stack, "shop", words)
        assert error["traceback"] == error["first_occurrence"]["traceback"] == FIRST
        assert error["first_occurrence"]["timestamp"] == stamp(NOW - 3 * DAY)
    [only] = details(stack, "web", "no coupon of cc")["occurrences"]
    assert only["request_method"] == "BROWSER"


def test_a_session_of_the_originals_finds_its_errors(taken):
    stack, *_ = taken
    client = stack.client("errors")
    found = client.get("/api/errors?session_id=session-9").json["errors"]
    assert [e["message"] for e in found] == ["no coupon of cc"]


def test_states_are_taken_over_and_one_fingerprint_is_one_error(taken):
    stack, *_ = taken
    resolved = details(stack, "shop", "no coupon of bb")
    assert resolved["resolved"] and resolved["resolved_at"] == stamp(NOW - DAY)
    assert resolved["count"] == 7
    both = details(stack, "shop", "no coupon of dd")
    assert not both["resolved"] and both["count"] == 7
    assert [e["message"] for e in errors_of(stack, "shop", "resolved")] == ["no coupon of bb"]
    found = stack.client("errors").get("/api/errors?project=web&source=browser").json["errors"]
    assert [e["message"] for e in found] == ["no coupon of cc"]
    words = stack.client("errors").get("/api/errors?project=shop&search=aa").json["errors"]
    assert len(words) == 1, "it can be found by its words"


def test_a_new_report_of_an_imported_error_is_counted_with_it(taken):
    stack, original, _ = taken
    answer = stack.client("errors").post("/api/errors", report("again")).json
    group(original, answer["fingerprint"], project="again", count=41)
    assert stack.control("import", str(original.directory)).returncode == 0
    assert [e["count"] for e in errors_of(stack, "again")] == [42]
    assert stack.client("errors").post("/api/errors", report("again")).json["count"] == 43


def test_a_group_that_has_grown_brings_only_what_is_new(taken):
    stack, original, _ = taken
    row = group(original, "99" * 16, project="grows", count=2, occurrences=[{}])
    assert stack.control("import", str(original.directory)).returncode == 0
    database = original.files["errors"]
    database.execute("UPDATE errors SET count = 5 WHERE id = ?", [row])
    database.execute(
        "INSERT INTO error_occurrences (error_id, timestamp, traceback) VALUES (?, ?, 'new')",
        [row, stamp(NOW)],
    )
    database.commit()
    assert stack.control("import", str(original.directory)).returncode == 0
    error = details(stack, "grows", "no coupon of 99")
    assert error["count"] == 5
    assert sorted(o["traceback"] for o in error["occurrences"]) == sorted([TRACE, "new"])


@pytest.mark.parametrize("resolved", [False, True])
def test_a_group_that_browsers_report_later_is_one_of_theirs(taken, resolved):
    stack, original, _ = taken
    mark, project = ("98", "late") if resolved else ("97", "later")
    columns = {"resolved": 1, "resolved_at": stamp(NOW - DAY)} if resolved else {}
    row = group(original, mark * 16, project=project, occurrences=[{}], **columns)
    assert stack.control("import", str(original.directory)).returncode == 0
    original.files["errors"].execute("UPDATE errors SET count = 2 WHERE id = ?", [row])
    original.add("errors", "error_occurrences", error_id=row, timestamp=stamp(NOW - HOUR),
                 traceback=TRACE, **BROWSERS)  # fmt: skip
    assert stack.control("import", str(original.directory)).returncode == 0
    error = details(stack, project, f"no coupon of {mark}")
    assert (error["source"], error["resolved"]) == ("browser", resolved)
    assert error["resolved_at"] == (stamp(NOW - DAY) if resolved else None)


def test_lines_are_decoded_and_found(taken):
    stack, *_ = taken
    client = stack.client("logs")
    rows = client.get("/api/logs?limit=500").json["logs"][::-1]
    assert [(row["container"], row["stream"], row["level"]) for row in rows] == [
        line[:3] for line in LINES
    ]
    for row, text in zip(rows, TEXTS):
        assert text is None or row["message"] == text
    assert "red" in rows[3]["message"] and "u001b" not in rows[3]["message"]
    assert [row["timestamp"] for row in rows] == [stamp(NOW - HOUR + i) for i in range(5)]
    assert client.get("/api/logs?search=quoted").json["total"] == 1
    assert client.get("/api/logs?level=ERROR").json["total"] == 1


def test_sums_count_once_at_the_finest_resolution(taken):
    stack, *_ = taken
    (row,) = sums(stack, "orders")
    # Two minutes, two hours of a week ago, one point.
    assert row["count"] == 4 + 4 + 100 + 1 + 1
    assert row["sum"] == pytest.approx(10 + 10 + 250 + 4 + 3)
    (row,) = sums(stack, "orders", labels="path:/b")
    assert (row["count"], row["sum"]) == (1, 4)


def test_what_cannot_be_is_passed_over_and_said(taken, tmp_path):
    stack, *_ = taken
    original = Original(tmp_path)
    minute, infinite = (NOW - 2 * HOUR) // 60 * 60, float("inf")
    wrong = [{"count": -1}, {"count": 1 << 62}, {"sum": infinite}, {"min": -infinite}]
    wrong += [{"min": 5.0}, {"p50": 1.0, "p95": infinite, "p99": 2.0}]
    for n, columns in enumerate(wrong):
        total(original, "impossible", minute + 60 * n, **columns)
    total(original, "possible", minute)
    raw = {"name": "point", "labels": None, "type": "gauge"}
    original.add("metrics", "metrics_raw", timestamp=stamp(NOW), value=infinite, **raw)
    for fingerprint, count in (("ee" * 16, -5), ("ff" * 16, 1 << 62)):
        group(original, fingerprint, count=count)
    said = stack.control("import", str(original.directory))
    original.close()
    assert said.returncode == 0, said.stderr
    assert "errors.db: 2 rows that cannot be right are passed over" in said.stderr
    assert "metrics.db: 1 sums, 0 points taken over" in said.stdout
    assert "metrics.db: 7 rows that cannot be right are passed over" in said.stderr


def test_quantiles_come_out_as_they_went_in(taken):
    stack, *_ = taken
    (row,) = sums(stack, "latency")
    assert (row["count"], row["min"], row["max"]) == (200, 0.01, 1.5)
    for name, value in (("p50", 0.05), ("p95", 0.4), ("p99", 0.8)):
        assert row[name] == pytest.approx(value, rel=0.006)


def test_a_gauge_is_one_because_its_points_say_so(taken):
    stack, *_ = taken
    names = stack.client("metrics").get("/api/metrics/names").json["metrics"]
    types = {(n["name"], n["type"]) for n in names}
    assert {("orders", "counter"), ("latency", "histogram"), ("depth", "gauge")} <= types


def test_keys_and_maps_are_taken_over(taken):
    stack, *_ = taken
    relay = stack.client("relay")
    keys = {k["public_key"]: k for k in relay.get("/api/dsn-keys").json["keys"]}
    assert {key: k["active"] for key, k in keys.items()} == {"k" * 32: True, "free text": False}
    assert keys["k" * 32]["created_at"] == stamp(NOW - 3 * DAY)
    maps = relay.get("/api/source-maps").json["source_maps"]
    assert [(m["file_url"], m["uploaded_at"]) for m in maps] == [
        ("/a.js", stamp(NOW - 3 * DAY)),
        ("/b.js", stamp(NOW - 3 * DAY)),
    ]
    assert maps[1]["debug_id"] == DEBUG_ID.lower()


def test_doing_it_again_changes_nothing(taken):
    stack, original, _ = taken
    before = everything(stack)
    said = stack.control("import", str(original.directory))
    assert said.returncode == 0
    assert [line.split(": ")[1] for line in said.stdout.splitlines()] == [
        "0 errors, 0 reports, 0 occurrences taken over",
        "0 lines taken over",
        "0 sums, 0 points taken over",
        "0 keys, 0 source maps taken over",
    ]
    assert stack.control("index").returncode == 0
    assert everything(stack) == before


def test_a_moved_copy_is_the_same_source_and_another_one_is_not(taken, tmp_path):
    stack, original, _ = taken
    for name, database in original.files.items():
        with sqlite3.connect(tmp_path / f"{name}.db") as copy:
            database.backup(copy)
    said = stack.control("import", str(tmp_path))
    assert "0 lines taken over" in said.stdout, said

    second = tmp_path / "second"
    second.mkdir()
    other = Original(second)
    row = {"timestamp": stamp(NOW), "container": "other", "message": "from another host"}
    other.add("logs", "log_entries", **row)
    other.close()
    said = stack.control("import", str(second))
    assert "logs.db: 1 lines taken over" in said.stdout, said
    assert stack.client("logs").get("/api/logs?container=other").json["total"] == 1


def test_what_is_no_original_is_refused_and_nothing_is_made_of_it(taken, tmp_path):
    stack, *_ = taken
    empty = stack.control("import", str(tmp_path))
    assert empty.returncode == 1 and "none of the four databases" in empty.stderr
    with sqlite3.connect(tmp_path / "logs.db") as database:
        database.execute("CREATE TABLE log_entries (id)")
    (tmp_path / "errors.db").write_bytes(b"x" * 4096)
    refused = stack.control("import", str(tmp_path))
    assert refused.returncode == 1
    assert "is no database of the original" in refused.stderr
