# SPDX-License-Identifier: MIT
"""Searching lines: words, signs, expressions, spans of time, and pages of what is found."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from viewer import LEVELS, NOON, Logs, messages

from containers import Container
from stack import eventually, sanitized

# ---- what is searched --------------------------------------------------------

TEXTS = [
    "connection refused by 10.0.0.1:5432",
    "connect to db-1 user_id=42 at /api/errors",
    'she said "timeout" (twice)',
    "un café noir",
    "AND then NOT",
    "a:b message:timeout foo-bar",
    "Connection reset",
]
SEARCHES = [
    ("conn", []),
    ("conn*", [0, 1, 6]),
    ("connection refused", [0]),
    ('"connection refused"', [0]),
    ('"refused connection"', []),
    ("connection OR user_id", [0, 1, 6]),
    ("connection NOT refused", [6]),
    ("NOT conn*", [2, 3, 4, 5]),
    ("(refused OR reset) connection", [0, 6]),
    ("10.0.0.1", [0]),
    ("10.0.0", [0]),
    ("10.0.0.11", []),
    ("user_id=42", [1]),
    ("/api/errors", [1]),
    ('"', [2]),
    ("(", [2]),
    ("(twice)", [2]),  # brackets group: the word
    ('"timeout"', [2, 5]),
    ("AND", [4]),
    ("NOT", [4]),
    ("NOT x", [0, 1, 2, 3, 4, 5, 6]),
    ("café", [3]),
    ("foo-bar", [5]),
    ("foo bar", [5]),
    ("a:b", [5]),
    ("message:timeout", [5]),
    ("CONNECTION", [0, 6]),
    ("*", []),
    ("absent", []),
]


def test_searches_find_what_they_mean(lines):
    lines.add(*[(text, NOON + i, "stdout") for i, text in enumerate(TEXTS)])
    for search, wanted in SEARCHES:
        assert lines.find(search) == [TEXTS[i] for i in wanted], search


def test_case_is_heeded_on_demand(lines):
    lines.add("Connection reset", "connection refused")
    assert lines.find("connection", case=1) == ["connection refused"]
    assert lines.find("Connection", case=1) == ["Connection reset"]


def test_terminal_codes_are_shown_and_not_searched(lines):
    text = "\x1b[31mdisk\x1b[0m full"
    lines.add(text)
    assert lines.find('"disk full"') == [text]
    assert lines.find("31mdisk") == []


def test_a_regular_expression(lines):
    lines.add("GET /a 200", "GET /b 500", "POST /a 201")
    assert messages(lines.get("regex=%5EGET.*5%5Cd%5Cd%24")) == ["GET /b 500"]
    assert messages(lines.get("regex=get&order=asc")) == ["GET /a 200", "GET /b 500"]
    assert messages(lines.get("regex=get&case=1")) == []
    assert messages(lines.get("regex=20.&search=post")) == ["POST /a 201"]


@pytest.mark.parametrize("query", ["regex=%28", "regex=a%7B2%2C1%7D", "regex=%5B", "regex=%2A"])
def test_a_faulty_expression_is_400_and_says_why(logs, query):
    answer = logs.get(f"/api/logs?{query}")
    assert answer.status == 400
    assert answer.detail.startswith("regex: ")


def test_an_expression_without_end_is_400_and_holds_nobody_up(lines, logs):
    lines.add(*[f"{'a' * 60}!{i}" for i in range(200)])
    answer = lines.get("regex=" + quote("(a|a?)+(a|a?)+(a|a?)+$"))
    assert answer.status == 400
    assert "regex" in answer.detail
    assert logs.get("/health").status == 200


def test_a_host_without_docker_is_warned_until_there_is_a_file_instead(fresh):
    stack = fresh.make()
    file = stack.home / "web.log"
    stack.variables |= {"INDEXER": "cron", "LOG_SOURCES": "/nowhere", "LOG_FILES": f"web={file}"}
    stack.start()
    health = stack.client("logs").get
    said = stack.control("index", "ingest").stderr
    assert said.count("LOG_SOURCES: /nowhere is not there: no container logs") == 1
    assert "LOG_FILES" in health("/health").json["warning"]
    file.write_text("INFO it is here\n")
    assert "LOG_SOURCES" not in stack.control("index", "ingest").stderr
    assert "warning" not in health("/health").json


@pytest.mark.parametrize(
    "noted, advice", [(0, "setcap"), (2, "LOG_FILES")], ids=["denied", "not there"]
)
def test_a_source_of_lines_that_cannot_be_read_is_said(fresh, noted, advice):
    """Tests run as root, who may read all: what the indexer notes is put there by hand."""
    stack = fresh(INDEXER="cron")
    client = stack.client("logs")
    with closing(sqlite3.connect(stack.database("logs"))) as db:
        db.execute("UPDATE number SET value = ? WHERE name = 'sources_readable'", (noted,))
        db.commit()
    answer = client.get("/health").json
    assert "LOG_SOURCES" in answer["warning"] and advice in answer["warning"]
    assert answer["status"] == "ok"
    assert client.get("/api/logs").json["logs"] == []
    if advice == "setcap":  # the command can be copied: no shell would find the program
        (program,) = re.findall(r"setcap \S+ ([^`]+)`", answer["warning"])
        assert Path(program) == stack.binaries / "monlight-indexer"
    checked = stack.control("check")
    assert checked.returncode == 0 and answer["warning"] in checked.stderr


def test_an_indexer_that_has_not_come_by_is_said(fresh):
    """Dead, or the disk is full: without that, silence looks like quiet containers."""
    stack = fresh(INDEXER="cron")
    client = stack.client("logs")
    for seconds, said in ((60, False), (400, True)):
        with closing(sqlite3.connect(stack.database("logs"))) as db:
            past = int(time.time()) - seconds
            db.execute("UPDATE number SET value = ? WHERE name = 'last_pass'", (past,))
            db.commit()
        answer = client.get("/health").json
        assert ("have not been read to their end since" in answer.get("warning", "")) == said


# ---- the faults of the original ----------------------------------------------


def test_fault_18_lines_of_one_second_keep_their_order(lines):
    written = [(f"line {i:02}", NOON + (i * 7919 % 40) * 1000, "stdout") for i in range(40)]
    lines.add(*written)
    wanted = [text for text, ns, _ in sorted(written, key=lambda w: w[1])]
    assert messages(lines.get("order=asc")) == wanted
    assert messages(lines.get()) == wanted[::-1]


def test_fault_18_pages_by_cursor_neither_skip_nor_repeat_while_lines_arrive(lines):
    lines.add(*[(f"line {i}", NOON + i // 3, "stdout") for i in range(100)])
    found, cursor, query = [], "", "limit=7"
    while True:
        page = lines.get(query + cursor).json
        found += [line["message"] for line in page["logs"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        lines.add((f"late {len(found)}", NOON + 10**9 + len(found), "stdout"))
    assert found == [f"line {i}" for i in reversed(range(100))]


@pytest.mark.parametrize("cursor", ["x", "1", "1.", ".1", "1.x", "1.-1", "9" * 40 + ".1", "1.1.1"])
def test_a_cursor_of_nonsense_is_400(logs, cursor):
    answer = logs.get(f"/api/logs?cursor={cursor}")
    assert answer.status == 400
    assert "cursor" in answer.detail


SPANS = [
    ("since=2023-11-14T22:13:22Z", [2, 3, 4]),
    ("since=2023-11-14T22%3A13%3A22.000Z", [2, 3, 4]),
    ("since=2023-11-14T22:13:22.000000001Z", [3, 4]),
    ("since=2023-11-15T00:13:22%2B02:00", [2, 3, 4]),
    ("since=2023-11-15T00:13:22+02:00", [2, 3, 4]),
    ("since=1700000002", [2, 3, 4]),
    ("until=2023-11-14T22:13:22Z", [0, 1, 2]),
    ("until=1700000001.5", [0, 1]),
    ("since=1700000001&until=1700000003", [1, 2, 3]),
    ("since=1700000003&until=1700000001", []),
]


@pytest.mark.parametrize("query, wanted", SPANS)
def test_fault_19_since_and_until_are_instants_and_included(stack, logs, query, wanted):
    name = "fault-19"
    if logs.get(f"/api/logs?container={name}").json["total"] == 0:
        made = Logs(stack, logs, name)
        made.add(*[(f"line {i}", NOON + i * 10**9, "stdout") for i in range(5)])
    answer = logs.get(f"/api/logs?container={name}&order=asc&{query}")
    assert messages(answer) == [f"line {i}" for i in wanted]
    assert answer.json["total"] == len(wanted)


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("value", ["yesterday", "2023-13-01", "2023-02-30T00:00:00Z", "12:00"])
def test_fault_19_a_time_that_is_none_is_400(logs, name, value):
    answer = logs.get(f"/api/logs?{name}={value}")
    assert answer.status == 400
    assert name in answer.detail


@pytest.mark.parametrize("space", ["+", "%20"])
def test_fault_19_a_blank_in_a_search_is_a_blank(lines, space):
    lines.add("foo bar", "foobar")
    assert messages(lines.get(f"q=foo{space}bar")) == ["foo bar"]


def test_fault_19_names_of_containers_are_decoded(stack, logs):
    made = Logs(stack, logs, "a%20b")
    Container(stack.home / "containers", "a b&c").write("odd name")
    assert eventually(lambda: messages(logs.get("/api/logs?container=a%20b%26c")) == ["odd name"])
    assert made.total() == 0


@pytest.mark.parametrize("search", ['"', "(", ")", "*", "a AND", "NEAR(", "^", "{a}", "a:b:", "\\"])
def test_fault_20_no_search_is_an_error(lines, search):
    text = f"before {search} after"
    lines.add(text, "nothing of it")
    assert lines.find(search) == [text]


def test_fault_33_a_level_means_the_same_every_time(lines):
    lines.add(*[f"[{level}] x" for level in LEVELS])
    for _ in range(50):
        for level in LEVELS:
            found = lines.get(f"level={level}").json["logs"]
            assert [line["level"] for line in found] == [level]


def test_fault_34_memory_does_not_grow_with_answers(stack, lines, logs):
    def resident():
        total = 0
        for pid in stack.running("monlight-logs"):
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
        return total

    lines.add(*[f"line {i} {'x' * 300}" for i in range(600)])

    def ask(n):
        for _ in range(n):
            assert lines.get("limit=500").status == 200
            assert lines.get("limit=500&search=line&regex=x").status == 200
            assert logs.get("/health").status == 200

    ask(40)
    before = resident()
    ask(150)
    if not sanitized():  # which keep what is freed for a while
        assert resident() - before < 2048  # kB, over 450 answers


def test_fault_35_a_cheap_question_stays_cheap(lines, logs):
    """Counts are kept, so that a total costs no look at the lines: it is exact at once."""
    lines.add(*[f"[{LEVELS[i % 5]}] line {i}" for i in range(5000)])
    for query in ("", "level=ERROR", "level=%3E%3DERROR&unknown=1"):
        answer = lines.get(f"{query}&limit=1").json
        assert "total_is_lower_bound" not in answer
    assert lines.get("level=ERROR&limit=1").json["total"] == 1000


def test_a_total_may_be_left_out(lines):
    lines.add(*[f"line {i}" for i in range(10)])
    answer = lines.get("search=line&limit=3&count=0").json
    assert answer["total"] == 4
    assert answer["total_is_lower_bound"] is True
    assert lines.get("search=line&limit=10&count=0").json["total"] == 10


def test_a_search_has_a_bound_of_words_and_phrases(lines):
    """Joined by OR, hundreds kept the index from helping and each line busy."""
    words = [f"w{i}" for i in range(65)]
    lines.add("w63", " ".join(words))
    assert lines.find(" OR ".join(words[:64])) == ["w63", " ".join(words)]
    assert lines.find(f'"{" ".join(words)}"') == [" ".join(words)]
    for search in (" OR ".join(words), " ".join(words), " NOT ".join(words)):
        answer = lines.get(f"search={quote(search)}")
        assert answer.status == 400, search
        assert answer.detail == "search must be at most 64 words and phrases"
