# SPDX-License-Identifier: MIT
"""What the indexer reads out of the files of each runtime, and what containers are called."""

import gzip
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from log_passes import DATA, NOON, ingest, texts, texts_of

from containers import Container, rfc3339, write_cri

# ---- formats -----------------------------------------------------------------


def as_json_file(indexer, name, lines):
    Container(indexer.sources, name).write_all(lines)


def as_local(indexer, name, lines):
    Container(indexer.sources, name).write_local(lines)


def as_cached(indexer, name, lines):
    Container(indexer.sources, name).write_local(lines, "container-cached.log")


def as_cri(indexer, name, lines):
    path = indexer.home / f"{name}.log"
    write_cri(path, lines)
    indexer.variables["LOG_FILES"] = f"{name}={path}"


FORMATS = [as_json_file, as_local, as_cached, as_cri]

PROGRAMS = {
    "python_chain": ("ERROR", "Traceback", "Empty"),
    "python_group": ("ERROR", "  + Exception Group", "------"),
    "node_crash": ("ERROR", "/app/crash.js:1", "Node.js v20"),
    "go_nilp": ("CRITICAL", "panic: runtime error", "exit status 2"),
    "java_boom": ("ERROR", "Exception in thread", "... 9 more"),
}
NGINX = '10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /error HTTP/1.1" 200 5 "-" "curl"'
POSTGRES = [
    '2026-11-22 10:00:00.000 UTC [7] ERROR:  relation "x" does not exist at character 15',
    "2026-11-22 10:00:00.000 UTC [7] STATEMENT:  SELECT *\n\tFROM x",
]


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_real_trace_is_one_entry_though_the_other_stream_runs_between(indexer, program, write):
    level, head, tail = PROGRAMS[program]
    printed = (DATA / f"{program}.txt").read_text().split("\n")
    trace = printed[next(i for i, line in enumerate(printed) if line.startswith(head)) :]
    while trace[-1] == "":
        trace.pop()
    lines = []
    for i, line in enumerate(trace):
        ns = NOON + i * 100_000
        lines += [(line, ns, "stderr"), (f"INFO request {i}", ns + 1000, "stdout")]
    write(indexer, "app", lines)
    stored = ingest(indexer)
    (entry,) = [x for x in stored if x.stream == "stderr"]
    assert (entry.text, entry.level, entry.ns) == ("\n".join(trace), level, NOON)
    assert tail in entry.text
    others = [x for x in stored if x.stream == "stdout"]
    assert [x.text for x in others] == [f"INFO request {i}" for i in range(len(trace))]
    assert {x.level for x in others} == {"INFO"}


@pytest.mark.parametrize("write", FORMATS)
def test_nginx_and_postgres(indexer, write):
    lines = [line for part in [NGINX, *POSTGRES] for line in part.split("\n")]
    write(indexer, "web", [(x, NOON + i * 1000, "stdout") for i, x in enumerate(lines)])
    stored = ingest(indexer)
    assert [(x.level, x.text) for x in stored] == [("INFO", NGINX), ("ERROR", "\n".join(POSTGRES))]


def test_messages_are_stored_decoded(indexer):
    """Fault 14 of the original: it stores the escapes and finds no level in JSON lines."""
    container = Container(indexer.sources, "json")
    record = (
        r'{"log":"{\"level\":\"error\",\"m\":\"a\\tb\"}\n","stream":"stdout","time":"%s"}' + "\n"
    )
    os.write(container.log, (record % rfc3339(NOON)).encode())
    (line,) = ingest(indexer)
    assert (line.text, line.level) == (r'{"level":"error","m":"a\tb"}', "ERROR")


def test_times_keep_their_nanoseconds(indexer):
    container = Container(indexer.sources, "times")
    container.write_all([("a", NOON + 123456789, "stdout"), ("b", NOON + 1, "stdout")])
    assert [x.ns for x in ingest(indexer)] == [NOON + 123456789, NOON + 1]


def test_a_long_line_comes_whole(indexer):
    container = Container(indexer.sources, "long")
    text = "é" * 30_000
    data, ns = (text + "\n").encode(), time.time_ns()
    for at in range(0, len(data), 16384):
        part = data[at : at + 16384].decode()
        record = {"log": part, "stream": "stdout", "time": rfc3339(ns)}
        os.write(container.log, (json.dumps(record, ensure_ascii=False) + "\n").encode())
    (line,) = ingest(indexer)
    assert (line.text, line.cut) == (text, False)


def test_archives_are_read_oldest_first(indexer):
    container = Container(indexer.sources, "old")
    for number, suffix in ((3, ".gz"), (2, ".gz"), (1, "")):
        data = container.record(f"from .{number}", NOON - number)
        if suffix:
            data = gzip.compress(data)
        Path(f"{container.path}.{number}{suffix}").write_bytes(data)
    container.write("live", ns=NOON)
    assert [x.text for x in ingest(indexer)] == ["from .3", "from .2", "from .1", "live"]


# ---- names -------------------------------------------------------------------


def test_a_rebuilt_container_keeps_its_history(indexer):
    first = Container(indexer.sources, "shop-web-1", "shop", "web")
    first.write("before")
    indexer.run("ingest")
    shutil.rmtree(first.directory)
    Container(indexer.sources, "shop-web-1", "shop", "web").write("after")
    assert texts(indexer) == ["before"]
    indexer.run("ingest")
    assert texts(indexer, "shop-web-1") == ["before", "after"]
    rows = indexer.store.query("SELECT name, project, service, image FROM source")
    assert rows == [("shop-web-1", "shop", "web", "example:latest")]


def test_the_name_that_compose_gives_while_it_recreates_is_not_a_new_one(indexer):
    Container(indexer.sources, "0123456789ab_shop-web-1", "shop", "web").write("x")
    assert [x.source for x in ingest(indexer)] == ["shop-web-1"]


@pytest.mark.parametrize(
    "wanted, sources",
    [
        ("", ["api-1", "api-2", "db", "web"]),
        ("web", ["web"]),
        ("web, db", ["db", "web"]),
        ("api-*", ["api-1", "api-2"]),
        ("*b", ["db", "web"]),
        ("nobody", []),
    ],
)
def test_containers_are_chosen_by_name_and_glob(indexer, wanted, sources):
    indexer.variables["CONTAINERS"] = wanted
    for name in ("web", "db", "api-1", "api-2"):
        Container(indexer.sources, name).write(f"{name} speaks")
    assert sorted(x.source for x in ingest(indexer)) == sources


def test_a_label_says_how_entries_begin(indexer):
    container = Container(indexer.sources, "own")
    config = json.loads((Path(container.directory) / "config.v2.json").read_text())
    config["Config"]["Labels"]["monlight.multiline"] = "^BEGIN"
    container.put("config.v2.json", config)
    container.write("BEGIN a", "b", "2026-11-22 10:00:00 c", "BEGIN d", ns=NOON)
    assert texts_of(ingest(indexer)) == ["BEGIN a\nb\n2026-11-22 10:00:00 c", "BEGIN d"]


def test_what_became_of_a_container_is_said_between_its_lines(indexer):
    container = Container(indexer.sources, "brief")
    state = {"Running": True, "StartedAt": rfc3339(NOON), "FinishedAt": "0001-01-01T00:00:00Z"}
    config = json.loads((Path(container.directory) / "config.v2.json").read_text())
    container.put("config.v2.json", {**config, "State": state})
    container.write("hello", ns=NOON + 1)
    ingest(indexer)
    state |= {"Running": False, "OOMKilled": True, "ExitCode": 137}
    state |= {"FinishedAt": rfc3339(NOON + 5)}
    container.put("config.v2.json", {**config, "State": state})
    ingest(indexer)
    assert [(x.kind, x.level, x.ns - NOON, x.text) for x in ingest(indexer)] == [
        ("lifecycle", "INFO", 0, "container started"),
        ("line", "UNKNOWN", 1, "hello"),
        ("lifecycle", "CRITICAL", 5, "container exited with code 137, killed for want of memory"),
    ]
