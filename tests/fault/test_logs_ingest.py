# SPDX-License-Identifier: MIT
"""What the indexer makes of log files: formats, names, real programs' output, settings,
retention, and everything that can be wrong with a file or a disk."""

import ctypes
import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from containers import Container, rfc3339, write_cri
from logstore import Indexer
from stack import binaries, eventually, sanitized

DATA = Path(__file__).resolve().parent.parent / "data" / "logs"
NOON = 1_790_000_000 * 10**9
LINE_MIB = int(os.environ.get("LINE_MIB", "64"))  # of a line without end; by hand 1024


@pytest.fixture
def indexer(tmp_path):
    return Indexer(tmp_path / "home")


def texts(indexer, source=None):
    if not indexer.store.ready():
        return []
    return [x.text for x in indexer.store.lines() if source in (None, x.source)]


def ingest(indexer, *jobs):
    indexer.run("ingest", *jobs)
    return indexer.store.lines()


# ---- formats --------------------------------------------------------------------------------


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


# ---- names ------------------------------------------------------------------------------------------


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


def texts_of(lines):
    return [x.text for x in lines]


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


# ---- settings -----------------------------------------------------------------------------------------


def test_tail_buffer_begins_near_the_end_of_a_file_seen_first(indexer):
    indexer.variables["TAIL_BUFFER"] = "500"
    container = Container(indexer.sources, "big")
    container.write(*[f"line {i:04}" for i in range(1000)])
    first = texts_of(ingest(indexer))
    assert 3 <= len(first) <= 8 and first[-1] == "line 0999"
    container.write(*[f"more {i:04}" for i in range(100)])
    assert texts_of(ingest(indexer)) == first + [f"more {i:04}" for i in range(100)]


def test_level_stderr_brings_the_old_rule_back(indexer):
    indexer.variables["LEVEL_STDERR"] = "error"
    container = Container(indexer.sources, "old-rule")
    container.write("plain")
    container.write("plain", stream="stderr")
    container.write("WARN named", stream="stderr")
    assert sorted(x.level for x in ingest(indexer)) == ["ERROR", "INFO", "WARNING"]


def test_plain_files_are_followed_by_glob(indexer):
    indexer.variables["LOG_FILES"] = f"app={indexer.home}/*.log, cron={indexer.home}/cron"
    (indexer.home / "a.log").write_text("2026-09-21 14:13:20,500 ERROR no\n  because\n")
    (indexer.home / "cron").write_text("ran\n")
    lines = ingest(indexer)
    assert sorted((x.source, x.text) for x in lines) == [
        ("app", "2026-09-21 14:13:20,500 ERROR no\n  because"),
        ("cron", "ran"),
    ]
    assert [x.ns for x in lines if x.source == "app"] == [NOON + 500_000_000]


# ---- merge and retention -------------------------------------------------------------------------------


def noise(n, start=0):
    """Lines that do not compress."""
    return [
        (f"{i} {os.urandom(60).hex()}", time.time_ns(), "stdout") for i in range(start, start + n)
    ]


def test_merging_changes_where_lines_lie_and_nothing_else(indexer):
    containers = [Container(indexer.sources, f"c{i}") for i in range(3)]
    for round_ in range(4):
        for container in containers:
            container.write_all(noise(700, round_ * 700))
        indexer.run("ingest")
    before = indexer.store.lines()
    indexer.run("merge")
    assert indexer.store.lines() == before
    assert indexer.store.counted() == (len(before), len(before))
    ((sealed,),) = indexer.store.query("SELECT sum(lines) FROM chunk WHERE segment > 0")
    assert sealed > len(before) / 2
    words = "SELECT count(*) FROM words WHERE words MATCH ?"
    some = before[0].text.split()[1]
    (found,) = indexer.store.query(words, f'"{some[:64]}"', path=indexer.store.segment(1))
    assert found == (1,)


def test_many_small_passes_make_few_chunks(indexer):
    container = Container(indexer.sources, "slow")
    for i in range(24):
        container.write(f"line {i}")
        indexer.run("ingest", "merge")
    ((chunks,),) = indexer.store.query("SELECT count(*) FROM chunk")
    assert chunks <= 17
    assert texts(indexer) == [f"line {i}" for i in range(24)]


def test_max_log_bytes_is_kept_and_the_files_really_go(indexer):
    indexer.variables["MAX_LOG_BYTES"] = "2M"
    container = Container(indexer.sources, "flood")
    for i in range(6):
        container.write_all(noise(10_000, i * 10_000))
        indexer.run("ingest", "merge", "retention", "retention")
    lines = indexer.store.lines()
    files = list((indexer.home / "data").glob("logs-*.db"))
    assert lines[-1].text.startswith("59999 ")
    assert lines[0].id > 10_000
    assert [x.id for x in lines] == list(range(lines[0].id, 60_001)), "a hole"
    assert sum(f.stat().st_size for f in files) < 3 << 20
    assert len(files) == indexer.store.query("SELECT count(*) FROM segment")[0][0]
    assert indexer.store.counted() == (len(lines), len(lines))


def test_old_lines_go_with_their_segment(indexer):
    container = Container(indexer.sources, "old")
    container.write_all([(x, NOON - 400 * 86400 * 10**9, s) for x, _, s in noise(2000)])
    indexer.run("ingest", "merge", "retention")
    assert len(texts(indexer)) < 1000, "what was sealed is gone"
    assert (indexer.home / "data" / "logs-000001.db").exists(), "its file goes a pass later"
    indexer.run("retention")
    assert not (indexer.home / "data" / "logs-000001.db").exists()


def test_max_entries_hides_by_a_low_water_id(indexer):
    """What is hidden is counted no more, wherever it lies; what is left keeps its id."""
    indexer.variables["MAX_ENTRIES"] = "1000"
    containers = [Container(indexer.sources, f"many{i}") for i in range(3)]
    total = 0
    for n in (900, 2500, 30, 700, 2500):
        for container in containers:
            container.write_all(noise(n))
        total += 3 * n
        for job in ("ingest", "retention", "merge", "retention"):
            indexer.run(job)
            if job == "retention":
                low = total - 1000 + 1
                assert indexer.store.number("low_id") == low
                shown = [x for x in indexer.store.lines() if x.id >= low]
                assert [x.id for x in shown] == list(range(low, total + 1))
                assert indexer.store.counted() == (1000, 1000)
    ((straddling,),) = indexer.store.query("SELECT count(*) FROM chunk WHERE first_id < ?", low)
    assert straddling <= 3, "of a source one chunk at most is hidden in part"
    assert indexer.store.query("SELECT count(*) FROM chunk WHERE last_id < ?", low) == [(0,)]


# ---- faults ------------------------------------------------------------------------------------------------


def test_a_line_without_end_costs_neither_memory_nor_the_next_line(indexer):
    indexer.variables["LOG_FILES"] = f"endless={indexer.home}/endless"
    path = indexer.home / "endless"
    with path.open("wb") as file:
        for _ in range(LINE_MIB):
            file.write(b"x" * (1 << 20))
        file.write(b"\nnext\n")
    process = indexer.start("-f", "ingest")
    assert eventually(lambda: len(texts(indexer)) == 2, 120), indexer.words()
    status = Path(f"/proc/{process.pid}/status").read_text()
    process.terminate()
    assert process.wait(10) == 0
    if not sanitized():
        assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < 12_000
    first, second = indexer.store.lines()
    assert first.cut and first.text.startswith("xxx") and len(first.text) == 1 << 20
    assert (second.text, second.cut) == ("next", False)


def test_damaged_records_are_passed_over_and_said(indexer):
    container = Container(indexer.sources, "damaged")
    container.write("one")
    os.write(container.log, b'no json\n{"log":"half' + container.record("two"))
    os.write(container.log, b"\0" * 5000 + container.record("three"))
    os.write(container.log, container.record("four").replace(b"four", b"f\xffur\\u0000"))
    assert texts_of(ingest(indexer)) == ["one", "two", "three", "f\ufffdur\ufffd"]
    assert "1 records were damaged" in indexer.words()


def test_times_that_step_back_keep_the_order_of_arrival(indexer):
    container = Container(indexer.sources, "clock")
    future = time.time_ns() + 3600 * 10**9
    container.write("from the future", ns=future)
    container.write("now")
    assert texts_of(ingest(indexer)) == ["from the future", "now"]


def test_a_source_that_vanishes_in_between_harms_no_other(indexer):
    process = indexer.start("-f", "ingest")
    stays, goes = Container(indexer.sources, "stays"), Container(indexer.sources, "goes")
    stays.write("one")
    goes.write("last words")
    assert eventually(lambda: len(texts(indexer)) == 2)
    shutil.rmtree(goes.directory)
    stays.write("two")
    assert eventually(lambda: len(texts(indexer)) == 3)
    process.terminate()
    assert process.wait(10) == 0
    assert Counter(texts(indexer)) == Counter(["one", "two", "last words"])
    assert "warn" not in indexer.words()


def test_a_container_that_lives_a_second_is_read(indexer):
    process = indexer.start("-f", "ingest")
    assert eventually(indexer.store.ready)
    brief = Container(indexer.sources, "brief")
    brief.write("hello", "and bye")
    time.sleep(1)
    shutil.rmtree(brief.directory)
    assert eventually(lambda: len(texts(indexer)) == 2), indexer.words()
    process.terminate()
    assert process.wait(10) == 0


def test_an_unreadable_directory_is_said_once_and_noted(indexer):
    blocked = indexer.home / "blocked"
    blocked.write_text("no directory")
    indexer.variables["LOG_SOURCES"] = f"{blocked},{indexer.sources}"
    Container(indexer.sources, "fine").write("read all the same")
    assert texts_of(ingest(indexer)) == ["read all the same"]
    assert indexer.store.number("sources_readable") == 0
    assert indexer.words().count("blocked cannot be read") == 1


def test_a_directory_that_is_not_there_is_told_from_one_that_may_not_be_read(indexer):
    indexer.variables["LOG_SOURCES"] = str(indexer.home / "nowhere")
    ingest(indexer)
    assert indexer.store.number("sources_readable") == 2


def test_a_database_of_a_newer_version_is_left_alone(indexer):
    ingest(indexer)
    with sqlite3.connect(indexer.store.path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert indexer.start("ingest").wait(20) != 0
    assert "written by a newer Monlight" in indexer.words()


def test_a_missing_segment_stops_neither_ingest_nor_merge(indexer):
    container = Container(indexer.sources, "gone")
    container.write_all(noise(2000))
    indexer.run("ingest", "merge")
    for file in (indexer.home / "data").glob("logs-000001.db*"):
        file.unlink()
    container.write_all(noise(2000, 2000))
    indexer.run("ingest", "merge", "retention")
    ((newest,),) = indexer.store.query("SELECT max(last_id) FROM chunk")
    assert newest == 4000


SMALL_DISK = """
mount -t tmpfs -o size=1m none "$MONLIGHT_HOME/data" || exit 99
"$1" ingest; echo "first: $?" >> "$MONLIGHT_HOME/said"
mount -o remount,size=64m "$MONLIGHT_HOME/data"
"$1" ingest; echo "second: $?" >> "$MONLIGHT_HOME/said"
cp "$MONLIGHT_HOME"/data/* "$MONLIGHT_HOME/kept/"
"""


def test_a_full_disk_in_mid_pass_loses_and_repeats_nothing(indexer):
    container = Container(indexer.sources, "full")
    wanted = noise(25_000)
    container.write_all(wanted)
    (indexer.home / "kept").mkdir()
    unshare = ["unshare", "--mount"] + (["--user", "--map-root-user"] if os.getuid() else [])
    program = str(binaries() / "monlight-indexer")
    subprocess.run(
        [*unshare, "sh", "-c", SMALL_DISK, "sh", program],
        env=indexer.variables,
        stderr=indexer.said,
        check=True,
        timeout=120,
    )
    assert re.search(r"first: 1\n(.*\n)*second: 0", indexer.words()), indexer.words()
    indexer.store.path = str(indexer.home / "kept" / "logs.db")
    assert texts(indexer) == [text for text, _, _ in wanted]


# ---- the sandbox -------------------------------------------------------------------------------------------


def has_landlock():
    """The system call landlock_create_ruleset tells the kernel's version of it."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1) > 0


def test_a_link_leads_nowhere_that_the_indexer_was_not_told_of(indexer, tmp_path):
    """Who writes into a container's directory could have any file read, and shown."""
    secret = tmp_path / "secret"
    secret.write_bytes(Container(indexer.sources, "model").record("the secret"))
    trap = Container(indexer.sources, "trap")
    os.unlink(trap.path)
    os.symlink(secret, trap.path)
    Container(indexer.sources, "fine").write("read all the same")
    read = texts_of(ingest(indexer))
    assert ("the secret" not in read) == has_landlock()
    assert "read all the same" in read
    if has_landlock():
        assert f"{trap.path}: Permission denied" in indexer.words()


def test_what_the_indexer_was_told_of_it_may_read_wherever_it_lies(indexer, tmp_path):
    """Docker's directory behind a link; sources that come after the start; links to files."""
    real, late, pods = tmp_path / "real", tmp_path / "late" / "containers", tmp_path / "pods"
    for directory in (real, pods):
        directory.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    write_cri(pods / "0.log", [("of a pod", NOON, "stdout")])
    (indexer.home / "pod.log").symlink_to(pods / "0.log")
    indexer.variables |= {
        "LOG_SOURCES": f"{link}, {late}",
        "LOG_FILES": f"pods={indexer.home}/*.log",
        "POLL_INTERVAL": "1",
    }
    Container(link, "linked").write("behind a link")
    process = indexer.start("-f", "ingest")
    assert eventually(lambda: sorted(texts(indexer)) == ["behind a link", "of a pod"])
    process.terminate()
    assert process.wait(10) == 0
    late.mkdir(parents=True)
    Container(late, "late").write("came later")
    assert "came later" in texts_of(ingest(indexer))


# ---- faults of the original, by their numbers ----------------------------------------------------------------


def test_fault_15_a_container_of_the_same_name_has_an_offset_of_its_own(indexer):
    first = Container(indexer.sources, "web")
    first.write("short")
    indexer.run("ingest")
    shutil.rmtree(first.directory)
    Container(indexer.sources, "web").write("a longer one", "and another")
    assert texts_of(ingest(indexer)) == ["short", "a longer one", "and another"]


def test_fault_16_a_file_is_not_read_byte_by_byte(indexer):
    def reads():
        return int(re.search(r"syscr: (\d+)", Path(f"/proc/{process.pid}/io").read_text())[1])

    process = indexer.start("-f", "ingest")
    assert eventually(indexer.store.ready)
    before = reads()
    Container(indexer.sources, "big").write_all(noise(10_000))
    assert eventually(lambda: len(texts(indexer)) == 10_000, 60), indexer.words()
    assert reads() - before < 5000, "of 2 million bytes"
    process.terminate()
    assert process.wait(10) == 0


def test_fault_17_a_trace_may_come_in_two_halves(indexer):
    """Between them the indexer makes a pass: it stores what the other stream said."""
    trace = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "ValueError: no"]
    process = indexer.start("-f", "ingest")
    assert eventually(indexer.store.ready)
    for attempt in range(20):
        name = f"halves{attempt}"
        container = Container(indexer.sources, name)
        began = time.monotonic()
        container.write(trace[0], stream="stderr")
        container.write("between")
        assert eventually(lambda name=name: "between" in texts(indexer, name), 10, 0.02)
        container.write(*trace[1:], stream="stderr")
        if time.monotonic() - began < 0.8:  # a trace is held open for a second
            break
    assert eventually(lambda: "\n".join(trace) in texts(indexer, name))
    process.terminate()
    assert process.wait(10) == 0


def test_fault_37_an_indexer_told_to_end_does_so_and_goes_on_later(indexer):
    wanted = noise(20_000)
    Container(indexer.sources, "much").write_all(wanted)
    process = indexer.start("-f", "ingest", "merge")
    assert eventually(lambda: indexer.store.ready() and indexer.store.number("next_id") > 1, 30, 0)
    process.terminate()
    assert process.wait(10) == 0
    assert texts_of(ingest(indexer)) == [text for text, _, _ in wanted]


def test_fault_38_what_has_not_changed_is_not_read_again(indexer):
    container = Container(indexer.sources, "same")
    container.write("one")
    process = indexer.start("-f", "ingest")
    assert eventually(lambda: texts(indexer) == ["one"])
    opened = Watch(Path(container.directory) / "config.v2.json")
    for i in range(3):  # each new directory makes it look at all of them
        Container(indexer.sources, f"other{i}").write("x")
        assert eventually(lambda i=i: len(texts(indexer)) == i + 2)
    assert opened.times() == 0
    process.terminate()
    assert process.wait(10) == 0


@pytest.mark.parametrize("value", ["0", "-1"])
def test_fault_38_an_interval_of_nothing_is_refused(indexer, value):
    indexer.variables["POLL_INTERVAL"] = value
    assert indexer.start("-n").wait(10) == 1
    assert f"POLL_INTERVAL={value} is not valid" in indexer.words()


class Watch:
    """How often a file was opened since, by inotify."""

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self.descriptor, os.fsencode(path), 0x20) >= 0  # IN_OPEN

    def times(self):
        try:
            events = os.read(self.descriptor, 65536)
        except BlockingIOError:
            events = b""
        os.close(self.descriptor)
        return len(events) // 16
