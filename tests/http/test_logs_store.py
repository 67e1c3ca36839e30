# SPDX-License-Identifier: MIT
"""From log files to answers: real programs' output in each format, and what a viewer does
when segment files go, by rights or not."""

import os
import time
from pathlib import Path

import pytest

from containers import Container, write_cri
from sse import Stream
from stack import eventually

DATA = Path(__file__).resolve().parent.parent / "data" / "logs"

# What a program prints: level, first line of its trace, a word to find it by.
PROGRAMS = {
    "python_chain": ("ERROR", "Traceback", "Empty"),
    "node_crash": ("ERROR", "/app/crash.js:1", "crash.js"),
    "go_nilp": ("CRITICAL", "panic: runtime error", "dereference"),
    "java_boom": ("ERROR", "Exception in thread", "Exception"),
    "nginx": (
        "INFO",
        '10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /fault HTTP/1.1" 200 5',
        "fault",
    ),
    "postgres": (
        "ERROR",
        '2026-11-22 10:00:00.000 UTC [7] ERROR:  relation "x" does not exist at character 15\n'
        "2026-11-22 10:00:00.000 UTC [7] STATEMENT:  SELECT *\n\tFROM x",
        "relation",
    ),
}


def printed(program):
    """The lines of the entry that a program's output should become."""
    _, head, _ = PROGRAMS[program]
    if not (DATA / f"{program}.txt").exists():
        return head.split("\n")
    lines = (DATA / f"{program}.txt").read_text().rstrip("\n").split("\n")
    return lines[next(i for i, line in enumerate(lines) if line.startswith(head)) :]


@pytest.fixture
def following(fresh):
    """A stack that also reads CRI files, and the ways to write to it."""
    stack = fresh.make()
    stack.variables["LOG_FILES"] = f"cri={stack.home}/cri-*.log"
    stack.start()
    sources = stack.home / "containers"
    ways = {
        "json": lambda name, lines: Container(sources, name).write_all(lines),
        "local": lambda name, lines: Container(sources, name).write_local(lines),
        "cri": lambda name, lines: write_cri(stack.home / f"cri-{name}.log", lines),
    }
    return stack, ways


def test_what_real_programs_print_is_an_entry_in_search_and_tail(following):
    stack, ways = following
    client = stack.client("logs")
    with Stream(client, "/api/logs/tail?stream=stderr") as stream:
        for way, write in ways.items():
            for program in PROGRAMS:
                lines = []
                for i, line in enumerate(printed(program)):
                    ns = time.time_ns() + i * 1000
                    lines += [(line, ns, "stderr"), (f"INFO other {i}", ns, "stdout")]
                write(f"{way}-{program}", lines)
        wanted = {"\n".join(printed(program)): program for program in PROGRAMS}
        events = stream.take(len(wanted) * len(ways), seconds=20)
    assert sorted(event["message"] for event in events) == sorted(list(wanted) * len(ways))
    for event in events:
        level, _, word = PROGRAMS[wanted[event["message"]]]
        assert event["level"] == level
        found = client.get(f"/api/logs?search={word}&level={level}&stream=stderr").json["logs"]
        assert event in found
        assert all(word.lower() in line["message"].lower() for line in found)


def noise(n):
    """Lines that do not compress."""
    return [(f"{i} {os.urandom(60).hex()}", time.time_ns(), "stdout") for i in range(n)]


def index(stack, *jobs):
    for job in jobs:
        assert stack.control("index", job, timeout=60).returncode == 0


def test_a_segment_file_that_is_missing_is_said_and_the_rest_is_shown(fresh):
    stack = fresh(INDEXER="cron")
    client = stack.client("logs")
    container = Container(stack.home / "containers", "torn")
    container.write_all(noise(3000))
    index(stack, "ingest", "merge")
    (stack.home / "data" / "logs-000001.db").unlink()
    container.write("what came later")
    time.sleep(0.1)
    index(stack, "ingest")
    found = client.get("/api/logs?limit=500").json["logs"]
    assert found[0]["message"] == "what came later"
    assert client.get("/api/logs?search=later").json["total"] == 1
    assert "logs-000001.db: its lines cannot be shown" in stack.output()


def deleted_files(pids):
    """Files that are unlinked and whose space is still taken."""
    found = []
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(entry)
            except FileNotFoundError:
                continue
            if "/logs-" in target and target.endswith("(deleted)"):
                found.append(target)
    return found


def test_the_space_of_a_segment_is_given_back_though_nobody_asks(fresh):
    stack = fresh(INDEXER="cron", MAX_LOG_BYTES="1M")
    client = stack.client("logs")
    container = Container(stack.home / "containers", "flood")
    container.write_all(noise(5000))
    index(stack, "ingest", "merge")
    pids = stack.running("monlight-logs")

    def holders():
        opened = [os.readlink(fd) for pid in pids for fd in Path(f"/proc/{pid}/fd").iterdir()]
        return sum(1 for path in opened if path.endswith("logs-000001.db"))

    assert client.get("/api/logs?order=asc").status == 200
    assert holders() > 0
    for _ in range(3):
        container.write_all(noise(10_000))
        index(stack, "ingest", "merge", "retention", "retention")
    assert not (stack.home / "data" / "logs-000001.db").exists()
    assert eventually(lambda: not deleted_files(pids), 70), "a minute, in a release build"
