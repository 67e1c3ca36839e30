# SPDX-License-Identifier: MIT
"""Random questions to the log viewer against a plain scan of the same lines.

Equal results in both orders, page by page and all at once, with totals; ids that stay
what they were while lines are merged and old ones go.
"""

import json
import random
import re
import time
from urllib.parse import urlencode

import pytest

from containers import Container, parse_ns
from stack import Stack, eventually

SEED = 20261122
LEVELS = ["UNKNOWN", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
WORDS = ["alpha", "beta", "Gamma", "delta_1", "café", "10.0.0.7", "GET", "/api/x", "a=b", "(paren)"]
START = 1_700_000_000 * 10**9
CONTAINERS, LINES = 5, 9000


def random_lines(rng, n):
    """(container, text, ns, stream): of many containers, unequally, seldom a rare word."""
    lines = []
    for i in range(n):
        level = rng.choice(LEVELS)
        words = rng.choices(WORDS, k=rng.randrange(1, 9))
        if rng.random() < 0.003:
            words.append("needle")
        head = "" if level == "UNKNOWN" else f"[{level}] "
        # Several of an instant; each container's own in order.
        ns = START + i // 3 * 1_000_003
        container = min(rng.randrange(CONTAINERS), rng.randrange(CONTAINERS))
        lines.append(
            (container, f"{head}n{i} {' '.join(words)}", ns, rng.choice(["stdout", "stderr"]))
        )
    return lines


def write(made, lines):
    by_container = [[] for _ in made]
    for container, text, ns, stream in lines:
        by_container[container].append((text, ns, stream))
    for container, records in zip(made, by_container, strict=True):
        container.write_all(records)


def fetch_all(client, query, limit=500):
    """All pages by cursor."""
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = client.get("/api/logs?" + urlencode([*query, ("limit", limit), *more.items()])).json
        found += page["logs"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


# ---- the plain way: what the documents say, over a list ---------------------------------------------


def has_text(message, text, prefix=False):
    """A whole word or text, whatever the case of A to Z."""
    edge = r"[0-9A-Za-z_\x80-\U0010ffff]"
    before = f"(?<!{edge})" if re.match(edge, text[0]) else ""
    after = f"(?!{edge})" if re.match(edge, text[-1]) and not prefix else ""
    return re.search(before + re.escape(text) + after, message, re.I | re.A) is not None


def random_search(rng):
    """A search and what it means."""
    word = rng.choice([*WORDS, "needle", "absent", "n17", "PAREN", "0.0"])
    other = rng.choice(WORDS)
    word_in, other_in = (lambda m: has_text(m, word)), (lambda m: has_text(m, other))
    if word == "(paren)":  # brackets at a term's edges group
        word_in = lambda m: has_text(m, "paren")  # noqa: E731
    if other == "(paren)":
        other_in = lambda m: has_text(m, "paren")  # noqa: E731
    return rng.choice(
        [
            (word, word_in),
            (f"{word} {other}", lambda m: word_in(m) and other_in(m)),
            (f"{word} OR {other}", lambda m: word_in(m) or other_in(m)),
            (f"{word} AND NOT {other}", lambda m: word_in(m) and not other_in(m)),
            (f"NOT ({word} OR {other})", lambda m: not (word_in(m) or other_in(m))),
            (f'"{word} {other}"', lambda m: has_text(m, f"{word} {other}")),
            ("al*", lambda m: has_text(m, "al", True)),
            ("n12*", lambda m: has_text(m, "n12", True)),
            ("=b", lambda m: has_text(m, "=b")),
        ]
    )


def random_question(rng, names):
    """Parameters, and which lines they ask for."""
    query, wants = [], []

    def ask(parameters, want):
        query.extend(parameters)
        wants.append(want)

    if rng.random() < 0.6:
        search, finds = random_search(rng)
        ask([("search", search)], lambda line: finds(line["message"]))
    if rng.random() < 0.2:
        expression = rng.choice([r"n\d*7 ", "^\\[ERR", "(alpha|beta) .*x$", "caf."])
        ask(
            [("regex", expression)],
            lambda line: re.search(expression, line["message"], re.I) is not None,
        )
    if rng.random() < 0.4:
        chosen = rng.sample(names, rng.randrange(1, 3))
        ask([("container", name) for name in chosen], lambda line: line["container"] in chosen)
    if rng.random() < 0.3:
        level = rng.randrange(1, len(LEVELS))
        ask([("level", f">={LEVELS[level]}")], lambda line: LEVELS.index(line["level"]) >= level)
    elif rng.random() < 0.3:
        levels = rng.sample(LEVELS, 2)
        ask([("level", level) for level in levels], lambda line: line["level"] in levels)
    if rng.random() < 0.2:
        stream = rng.choice(["stdout", "stderr"])
        ask([("stream", stream)], lambda line: line["stream"] == stream)
    for name, beyond in (("since", int.__ge__), ("until", int.__le__)):
        if rng.random() < 0.3:
            ns = START + rng.randrange(LINES // 3) * 1_000_003 + rng.choice([0, 1, -1])
            text = f"{ns // 10**9}.{ns % 10**9:09d}"
            ask(
                [(name, text)],
                lambda line, ns=ns, beyond=beyond: beyond(parse_ns(line["timestamp"]), ns),
            )
    return query, lambda line: all(want(line) for want in wants)


def place(line):
    return parse_ns(line["timestamp"]), line["id"]


# ---- the store under test ---------------------------------------------------------------------------


class Filled:
    def __init__(self, stack):
        self.stack, self.client = stack, stack.client("logs")
        self.rng = random.Random(SEED)
        self.made = [Container(stack.home / "containers", f"c{i}") for i in range(CONTAINERS)]
        self.names = [container.name for container in self.made]
        self.written = []

    def add(self, n):
        lines = random_lines(self.rng, n)
        write(self.made, lines)
        self.written += lines
        total = len(self.written)
        assert eventually(
            lambda: self.client.get("/api/logs?limit=1").json["total"] >= total, 60
        ), self.client.get("/api/logs?limit=1").json

    def lines(self):
        """All lines, oldest first, as the viewer tells them."""
        return fetch_all(self.client, [("order", "asc")])

    def check(self, lines, questions):
        for _ in range(questions):
            query, wants = random_question(self.rng, self.names)
            descending = self.rng.random() < 0.5
            wanted = sorted(filter(wants, lines), key=place, reverse=descending)
            asked = [*query, ("order", "desc" if descending else "asc")]
            self.check_pages(asked, wanted)
            self.check_offset(asked, wanted)

    def check_pages(self, query, wanted):
        limit = self.rng.choice([1, 7, 100, 500])
        if len(wanted) / limit > 40:
            limit = 500
        assert fetch_all(self.client, query, limit) == wanted, query

    def check_offset(self, query, wanted):
        offset = self.rng.randrange(len(wanted) + 2)
        answer = self.client.get("/api/logs?" + urlencode([*query, ("offset", offset)])).json
        assert answer["logs"] == wanted[offset : offset + 100], query
        if answer.get("total_is_lower_bound"):
            assert len(answer["logs"]) + offset <= answer["total"] <= len(wanted), query
        else:
            assert answer["total"] == len(wanted), query


@pytest.fixture(scope="module")
def filled():
    stack = Stack()
    try:
        stack.start()
        yield Filled(stack)
        assert stack.stop() == 0
        said = stack.unexpected("test_logs_property")
        assert not said, "\n".join(said)
    finally:
        stack.destroy()


def test_answers_equal_a_plain_scan_while_lines_come_in_and_are_merged(filled):
    filled.add(LINES // 2)
    before = filled.lines()
    told = sorted(
        (x["container"], x["message"], parse_ns(x["timestamp"]), x["stream"]) for x in before
    )
    assert told == sorted((f"c{c}", text, ns, stream) for c, text, ns, stream in filled.written)
    levels = [re.match(r"(?:\[(\w+)\])?", x["message"]).group(1) or "UNKNOWN" for x in before]
    assert [x["level"] for x in before] == levels
    filled.check(before, 60)
    filled.add(LINES // 2)
    assert filled.stack.control("index", "merge").returncode == 0
    lines = filled.lines()
    assert lines == sorted(lines, key=place)
    assert len({line["id"] for line in lines}) == len(lines) == LINES
    # What was there is there, with the ids it had.
    assert {x["id"]: x for x in before}.items() <= {x["id"]: x for x in lines}.items()
    filled.check(lines, 120)
    for line in filled.rng.sample(lines, 50):
        assert filled.client.get(f"/api/logs/{line['id']}").json == line


def test_the_context_of_any_line_equals_a_plain_scan(filled):
    lines = filled.lines()
    for line in filled.rng.sample(lines, 40):
        own = [x for x in lines if x["container"] == line["container"]]
        at = own.index(line)
        before, after = filled.rng.randrange(20), filled.rng.randrange(20)
        answer = filled.client.get(
            f"/api/logs/{line['id']}/context?before={before}&after={after}"
        ).json
        assert answer["before"] == own[max(at - before, 0) : at]
        assert answer["line"] == line
        assert answer["after"] == own[at + 1 : at + 1 + after]


def test_any_histogram_adds_up(filled):
    lines = filled.lines()
    for _ in range(40):
        query, wants = random_question(filled.rng, filled.names)
        if "until" not in dict(query):
            query.append(("until", str(START // 10**9 + 60)))  # beyond all lines
        buckets = ("buckets", filled.rng.randrange(1, 99))
        answer = filled.client.get("/api/logs/histogram?" + urlencode([*query, buckets]))
        if answer.status == 400 and float(dict(query)["since"]) > float(dict(query)["until"]):
            continue
        wanted = list(filter(wants, lines))
        counts = answer.json["buckets"]
        assert answer.json["complete"] is True
        assert sum(bucket["count"] for bucket in counts) == len(wanted), query
        for level in LEVELS:
            counted = sum(bucket["levels"].get(level, 0) for bucket in counts)
            assert counted == sum(x["level"] == level for x in wanted), (query, level)


def test_an_export_equals_all_pages(filled):
    for _ in range(10):
        query, wants = random_question(filled.rng, filled.names)
        body = filled.client.get("/api/logs/export?" + urlencode(query)).body
        exported = [json.loads(line) for line in body.splitlines()]
        assert exported == [x for x in filled.lines() if wants(x)], query


def test_old_lines_go_and_the_rest_keep_their_ids(fresh):
    stack = fresh(MAX_ENTRIES=1500, INDEXER="cron")
    client, rng = stack.client("logs"), random.Random(SEED)
    made = [Container(stack.home / "containers", f"c{i}") for i in range(CONTAINERS)]
    lines = random_lines(rng, 4000)
    write(made, lines[:2000])
    time.sleep(1.1)  # the last line of a file is closed by silence
    assert stack.control("index", "ingest").returncode == 0
    before = {line["id"]: line for line in fetch_all(client, [])}
    assert len(before) == 2000
    write(made, lines[2000:])
    time.sleep(1.1)
    for job in ("ingest", "merge", "retention"):
        assert stack.control("index", job).returncode == 0
    after = fetch_all(client, [])
    assert len(after) == 1500
    assert client.get("/api/logs?limit=1&stream=stdout&stream=stderr").json["total"] == 1500
    assert client.get("/health").json["logs_indexed"] == 1500
    stats = client.get("/api/stats").json
    assert stats["total_logs"] == sum(stats["by_level"].values()) == 1500
    assert sum(stats["by_container"].values()) == 1500
    counted = client.get("/api/logs/containers").json["containers"]
    assert sum(container["log_count"] for container in counted) == 1500
    for buckets in (1, 60):
        histogram = client.get(f"/api/logs/histogram?buckets={buckets}").json
        assert sum(bucket["count"] for bucket in histogram["buckets"]) == 1500
    for level, count in stats["by_level"].items():
        assert client.get(f"/api/logs?limit=1&level={level}").json["total"] == count
    kept = {line["id"]: line for line in after}
    newest = max(kept)
    assert set(kept) == set(range(newest - 1499, newest + 1))
    for number in set(before) & set(kept):
        assert before[number] == kept[number]
    assert client.get(f"/api/logs/{newest - 1500}").status == 404
    assert client.get(f"/api/logs/{newest - 1499}").status == 200
