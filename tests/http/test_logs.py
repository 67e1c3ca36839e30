# SPDX-License-Identifier: MIT
"""The log viewer's API: the wire contract's part 3, a line and those around it, lines over time."""

import json
import re

import pytest
from viewer import KEYS, LEVELS, NOON, Logs, messages

from containers import Container, parse_ns
from stack import UI_PASSWORD

# ---- the contract ------------------------------------------------------------


def test_a_line_has_the_members_of_the_contract(lines):
    lines.add(("[WARN] slow", NOON + 5, "stderr"))
    answer = lines.get()
    assert set(answer.json) == {"logs", "total", "limit", "offset", "next_cursor"}
    (line,) = answer.json["logs"]
    assert set(line) == KEYS
    assert line["timestamp"] == "2023-11-14T22:13:20.000000005Z"
    assert (line["stream"], line["level"], line["message"]) == ("stderr", "WARNING", "[WARN] slow")
    assert (answer.json["total"], answer.json["limit"], answer.json["offset"]) == (1, 100, 0)
    assert answer.json["next_cursor"] is None


def test_a_time_of_whole_seconds_has_no_fraction(lines):
    lines.add(("plain", NOON, "stdout"))
    assert lines.get().json["logs"][0]["timestamp"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    "query, limit, offset",
    [
        ("", 100, 0),
        ("limit=0", 100, 0),
        ("limit=501", 500, 0),
        ("limit=500", 500, 0),
        ("limit=abc", 100, 0),
        ("limit=-3", 100, 0),
        ("limit=7&offset=3", 7, 3),
        ("offset=-1", 100, 0),
        ("offset=x", 100, 0),
        ("offset=99999999999999999999", 100, 0),
    ],
)
def test_limit_and_offset_are_lenient(logs, query, limit, offset):
    answer = logs.get(f"/api/logs?{query}")
    assert answer.status == 200
    assert (answer.json["limit"], answer.json["offset"]) == (limit, offset)


def test_newest_lines_come_first(lines):
    lines.add(*[(f"line {i}", NOON + i * 10**9, "stdout") for i in range(5)])
    assert messages(lines.get()) == [f"line {i}" for i in (4, 3, 2, 1, 0)]
    assert messages(lines.get("order=asc")) == [f"line {i}" for i in range(5)]
    assert messages(lines.get("limit=2&offset=1")) == ["line 3", "line 2"]
    assert messages(lines.get("limit=2&offset=4")) == ["line 0"]
    assert lines.get("limit=2&offset=9").json["total"] == 5


def test_filters_are_anded(lines):
    lines.add(
        ("[ERROR] a", NOON, "stdout"),
        ("[ERROR] b", NOON + 1, "stderr"),
        ("[INFO] a", NOON + 2, "stderr"),
    )
    assert messages(lines.get("level=ERROR&stream=stderr")) == ["[ERROR] b"]
    assert messages(lines.get("level=ERROR&search=a")) == ["[ERROR] a"]
    assert messages(lines.get("q=a&order=asc")) == ["[ERROR] a", "[INFO] a"]


LEVEL_CASES = [
    ("level=ERROR", {"ERROR"}),
    ("level=%3E%3DWARNING", {"WARNING", "ERROR", "CRITICAL"}),
    ("level=>=WARNING", {"WARNING", "ERROR", "CRITICAL"}),
    ("level=%3E%3Dwarn", {"WARNING", "ERROR", "CRITICAL"}),
    ("level=%3E%3Derr", {"ERROR", "CRITICAL"}),
    ("level=%3E%3DFatal", {"CRITICAL"}),
    ("level=warning", {"WARNING"}),
    ("level=DEBUG&level=CRITICAL", {"DEBUG", "CRITICAL"}),
    ("level=%3E%3DDEBUG", set(LEVELS)),
    ("level=%3E%3DERROR&unknown=1", {"ERROR", "CRITICAL", "UNKNOWN"}),
    ("level=UNKNOWN", {"UNKNOWN"}),
    ("level=%3E%3DTRACE", {*LEVELS, "TRACE"}),
    ("level=loud", set()),
    ("level=%3E%3D", set()),
    ("level=%3E%3Dloud", set()),
    ("level=" + "x" * 300, set()),
    ("", {*LEVELS, "TRACE", "UNKNOWN"}),
]


def test_levels_are_filtered_as_the_contract_says(lines):
    lines.add(*[f"[{level}] x" for level in LEVELS], "[TRACE] x", "says nothing")
    for query, wanted in LEVEL_CASES:
        found = {line["level"] for line in lines.get(query).json["logs"]}
        assert found == wanted, query
        assert lines.get(query).json["total"] == len(wanted), query


def test_stderr_alone_is_no_error(lines):
    lines.add(("Just a plain message", NOON, "stderr"))
    assert lines.get().json["logs"][0]["level"] == "UNKNOWN"


def test_several_containers_projects_and_services(stack, logs, project):
    one, two = Logs(stack, logs, f"{project}-1"), Logs(stack, logs, f"{project}-2")
    one.add("first")
    two.add("second")
    both = f"/api/logs?container={one.name}&container={two.name}"
    assert sorted(messages(logs.get(both))) == ["first", "second"]
    assert messages(logs.get(f"/api/logs?project=p-{one.name}")) == ["first"]
    assert messages(logs.get(f"/api/logs?service=s-{two.name}")) == ["second"]
    assert messages(logs.get(f"{both}&service=s-{two.name}")) == ["second"]
    assert messages(logs.get("/api/logs?container=no-such-container")) == []
    assert logs.get("/api/logs?container=no-such-container").json["total"] == 0


def test_health_tells_lines_and_the_newest(lines, logs):
    lines.add("hello")
    answer = logs.anonymous().get("/health").json
    assert answer["status"] == "ok"
    assert answer["logs_indexed"] >= 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["last_ingest"])
    assert "warning" not in answer


@pytest.mark.parametrize("path", ["/api/containers", "/api/logs/containers"])
def test_containers_are_listed_by_name_with_their_lines(stack, logs, project, path):
    made = [Logs(stack, logs, f"{project}-{i}") for i in (2, 1)]
    made[0].add("a", "b", "c")
    made[1].add("d")
    Container(stack.home / "containers", f"{project}-silent")
    listed = logs.get(path).json["containers"]
    assert [c["name"] for c in listed] == sorted(c["name"] for c in listed)
    mine = [c for c in listed if c["name"].startswith(project)]
    assert mine == [
        {"name": f"{project}-{i}", "log_count": n}
        | {"project": f"p-{project}-{i}", "service": f"s-{project}-{i}"}
        for i, n in ((1, 1), (2, 3))
    ]


@pytest.mark.parametrize("path", ["/api/stats", "/api/logs/stats"])
def test_stats_add_up(lines, logs, path):
    lines.add("[ERROR] x", "[ERROR] y", "z")
    stats = logs.get(path).json
    assert stats["by_container"][lines.name] == 3
    assert stats["total_logs"] == sum(stats["by_container"].values())
    assert stats["total_logs"] == sum(stats["by_level"].values())
    assert parse_ns(stats["oldest_log"]) <= parse_ns(stats["newest_log"])
    assert stats["total_logs"] == logs.get("/api/logs?limit=1").json["total"]


def test_gates(logs):
    for path in ("/api/logs", "/api/containers", "/api/stats", "/api/logs/1", "/api/nothing"):
        refused = logs.anonymous().get(path)
        assert (refused.status, refused.json) == (401, {"detail": "Invalid API key"})
    assert logs.get("/api/nothing").status == 404
    for path in ("/api/logs", "/api/logs/histogram", "/api/logs/export", "/api/stats"):
        refused = logs.post(path, {})
        assert refused.status == 405
        assert "GET" in refused.headers["Allow"]


def test_a_signed_in_page_may_read(logs):
    cookie = (
        logs.anonymous()
        .post("/api/login", {"password": UI_PASSWORD})
        .headers["Set-Cookie"]
        .split(";")[0]
    )
    for path in ("/api/logs", "/api/logs/histogram", "/api/logs/fields", "/api/logs/export"):
        assert logs.anonymous().get(path, Cookie=cookie).status == 200


# ---- one line, and those around it -------------------------------------------


def test_a_line_by_its_id(lines, logs):
    lines.add("one", "two")
    for line in lines.get().json["logs"]:
        assert logs.get(f"/api/logs/{line['id']}").json == line


@pytest.mark.parametrize("number", ["0", "-1", "x", "999999999999", "1.5", "99999999999999999999"])
def test_a_line_that_is_not_there_is_404(logs, number):
    assert logs.get(f"/api/logs/{number}").status == 404
    assert logs.get(f"/api/logs/{number}/context").status == 404


def test_the_context_of_a_line_is_of_its_container_alone(stack, logs, project):
    mine, other = Logs(stack, logs, f"{project}-1"), Logs(stack, logs, f"{project}-2")
    for i in range(5):
        mine.add(
            (f"mine {2 * i}", NOON + 4 * i, "stdout"),
            (f"mine {2 * i + 1}", NOON + 4 * i + 1, "stderr"),
        )
        other.add((f"other {i}", NOON + 4 * i + 2, "stdout"))
    (line,) = logs.get(f"/api/logs?container={mine.name}&search=%22mine+5%22").json["logs"]
    around = logs.get(f"/api/logs/{line['id']}/context?before=3&after=2&search=nothing").json
    assert around["line"] == line
    assert [x["message"] for x in around["before"]] == ["mine 2", "mine 3", "mine 4"]
    assert [x["message"] for x in around["after"]] == ["mine 6", "mine 7"]
    wide = logs.get(f"/api/logs/{line['id']}/context").json
    assert len(wide["before"]) == 5 and len(wide["after"]) == 4
    none = logs.get(f"/api/logs/{line['id']}/context?before=0&after=0").json
    assert none["before"] == none["after"] == []
    assert logs.get(f"/api/logs/{line['id']}/context?before=501").status == 400
    assert logs.get(f"/api/logs/{line['id']}/context?after=x").status == 400


# ---- over time ---------------------------------------------------------------


def histogram(lines, query=""):
    answer = lines.get(query, "/api/logs/histogram")
    assert answer.status == 200, answer
    return answer.json


def test_the_histogram_counts_by_level_and_time(lines):
    minute = 60 * 10**9
    start = NOON - NOON % (10 * minute)
    written = []
    for i in range(30):
        level = LEVELS[i % 3]
        written.append((f"[{level}] line {i}", start + i * minute + i * 10**9, "stdout"))
    lines.add(*written)
    span = f"since={start // 10**9}&until={start // 10**9 + 1799}"
    answer = histogram(lines, f"{span}&buckets=30")
    assert answer["bucket_seconds"] == 60 and answer["complete"] is True
    assert [bucket["count"] for bucket in answer["buckets"]] == [1] * 30
    assert answer["buckets"][4]["levels"] == {"INFO": 1}
    wide = histogram(lines, f"{span}&buckets=3")
    assert [bucket["count"] for bucket in wide["buckets"]] == [10, 10, 10]
    assert wide["buckets"][0]["levels"] == {"DEBUG": 4, "INFO": 3, "WARNING": 3}
    assert histogram(lines, f"{span}&buckets=3&level=INFO")["buckets"][0]["count"] == 3
    assert sum(b["count"] for b in histogram(lines, f"{span}&search=line+7")["buckets"]) == 1
    cut = f"since={start // 10**9 + 61}&until={start // 10**9 + 121}"
    assert sum(b["count"] for b in histogram(lines, cut)["buckets"]) == 1
    fine = histogram(lines, f"{cut}&buckets=61")
    assert fine["bucket_seconds"] == 1
    assert sum(b["count"] for b in fine["buckets"]) == 1


@pytest.mark.parametrize(
    "query", ["buckets=0", "buckets=501", "buckets=x", "since=x", "since=2&until=1"]
)
def test_a_histogram_of_nonsense_is_400(logs, query):
    assert logs.get(f"/api/logs/histogram?{query}").status == 400


def test_an_endless_span_has_a_histogram_too(logs):
    answer = logs.get("/api/logs/histogram?since=1678-01-01&until=2262-01-01")
    assert answer.status == 200
    assert 1 <= len(answer.json["buckets"]) <= 60


# ---- fields ------------------------------------------------------------------


def test_fields_of_json_and_logfmt_are_counted(lines):
    lines.add(
        *[
            json.dumps({"level": "info", "path": f"/{i % 2}", "http": {"status": 200}})
            for i in range(6)
        ],
        "level=warn path=/0 user=ada",
        "plain text",
    )
    answer = lines.get("", "/api/logs/fields").json
    assert answer["lines"] == 8
    fields = {field["name"]: field for field in answer["fields"]}
    assert fields["path"]["count"] == 7
    assert fields["path"]["values"] == [{"value": "/0", "count": 4}, {"value": "/1", "count": 3}]
    assert fields["http.status"]["values"] == [{"value": "200", "count": 6}]
    assert fields["user"]["count"] == 1
    assert [field["count"] for field in answer["fields"]] == sorted(
        (field["count"] for field in answer["fields"]), reverse=True
    )
    assert lines.get("top=1", "/api/logs/fields").json["fields"][0]["values"][1:] == []
    assert lines.get("sample=0", "/api/logs/fields").status == 400
