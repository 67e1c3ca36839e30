# SPDX-License-Identifier: MIT
"""What the indexer makes of log files: formats, names, real programs' output, settings,
retention, and everything that can be wrong with a file or a disk."""

import ctypes
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from log_passes import NOON, days_later, ingest, noise, texts, texts_of

from containers import Container, write_cri
from stack import DEBUG_BUILD, binaries, eventually, sanitized

LINE_MIB = int(os.environ.get("LINE_MIB", "64"))  # of a line without end; by hand 1024


# ---- settings ----------------------------------------------------------------


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


def test_a_line_without_a_time_has_that_of_the_one_before_only_if_it_comes_soon(indexer):
    """A program that names the time at its start, and never again, was stuck there for ever."""
    indexer.binaries = DEBUG_BUILD
    clock, path = indexer.home / "clock", indexer.home / "app.log"
    clock.write_bytes(bytes(8))
    indexer.variables |= {"MONLIGHT_CLOCK": str(clock), "LOG_FILES": f"app={path}"}
    path.write_text("2026-09-21 14:13:20,500 INFO starts\nsettings read\n")
    process = indexer.start("-f", "ingest")
    assert eventually(lambda: len(texts(indexer)) == 2, 30), indexer.words()
    with clock.open("r+b") as file:
        file.write((60 * 10**9).to_bytes(8, "little"))
    with path.open("a") as file:
        file.write("a request\n")
    assert eventually(lambda: len(texts(indexer)) == 3, 30), indexer.words()
    process.terminate()
    assert process.wait(10) == 0
    first, second, third = indexer.store.lines()
    assert (first.ns, second.ns) == (NOON + 500_000_000,) * 2
    assert abs(third.ns / 1e9 - time.time() - 60) < 50


# ---- faults ------------------------------------------------------------------


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


def test_a_program_that_writes_local_time_is_read_to_its_last_line(indexer):
    """Silence ended its entries only when the clock had come to their times, hours later."""
    path = indexer.home / "app.log"
    indexer.variables["LOG_FILES"] = f"app={path}"
    path.touch()
    process = indexer.start("-f", "ingest")
    assert eventually(indexer.store.ready)
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 7200))
    path.write_text(f"{local} ERROR no\n  because\n")
    assert eventually(lambda: texts(indexer), 30), indexer.words()
    process.terminate()
    assert process.wait(10) == 0
    assert texts(indexer) == [f"{local} ERROR no\n  because"]


def test_a_clock_that_is_set_back_holds_no_line(indexer):
    indexer.binaries = DEBUG_BUILD
    clock = indexer.home / "clock"
    clock.write_bytes((86400 * 10**9).to_bytes(8, "little"))
    indexer.variables["MONLIGHT_CLOCK"] = str(clock)
    container = Container(indexer.sources, "fragment")
    process = indexer.start("-f", "ingest")
    assert eventually(indexer.store.ready)
    ahead = time.time_ns() + 86400 * 10**9
    container.write("whole", ns=ahead)
    os.write(container.log, container.record("x" * 16384, ahead).replace(b"\\n", b""))
    assert eventually(lambda: texts(indexer)[:1] == ["whole"], 30, 0.05), indexer.words()
    with clock.open("r+b") as file:
        file.write(bytes(8))
    assert eventually(lambda: len(texts(indexer)) == 2, 30), indexer.words()
    assert eventually(lambda: indexer.store.number("last_pass") < time.time() + 3600, 30)
    process.terminate()
    assert process.wait(10) == 0


def test_a_clock_that_was_ahead_lets_no_cursor_of_a_file_that_is_there_go(indexer):
    """Without it the file would be stored from its beginning again."""
    days_later(indexer, 300)
    ingest(indexer)
    days_later(indexer, 0)
    Container(indexer.sources, "silent since").write("once")
    ingest(indexer)
    days_later(indexer, 61)
    for _ in range(2):
        assert texts_of(ingest(indexer, "retention")) == ["once"]


def test_a_pass_is_noted_when_all_there_is_was_read_and_not_before(indexer):
    """/health and /metrics tell by it whether the logs are behind."""
    Container(indexer.sources, "backlog").write_all(noise(40_000))
    number = "(SELECT value FROM number WHERE name = '{}')".format
    ask = f"SELECT {number('last_pass')}, {number('next_id')}"
    process = indexer.start("-f", "ingest")
    assert eventually(indexer.store.ready)

    def noted():
        ((last_pass, next_id),) = indexer.store.query(ask)
        assert last_pass == 0 or next_id == 40_001
        return last_pass

    assert eventually(noted, 60, 0.01), indexer.words()
    process.terminate()
    assert process.wait(10) == 0


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


def shut(container):
    """As Docker leaves a container's directory for a user who may only pass through it."""
    Path(container.directory, "config.v2.json").chmod(0)
    Path(container.directory).chmod(0o111)


def test_a_container_of_which_only_the_log_may_be_read_is_followed_under_the_name_it_had(indexer):
    # Root without what lets it in everywhere.
    bounded = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    before = bounded if os.getuid() == 0 else []
    indexer.variables["POLL_INTERVAL"] = "1"
    known = Container(indexer.sources, "known", project="shop")
    known.write("one")
    ingest(indexer)
    sources = "SELECT name, project FROM source ORDER BY id"
    new = Container(indexer.sources, "new")
    new.write("of it too")
    for container in (known, new):
        shut(container)
    process = indexer.start("-f", "ingest", before=before)
    assert eventually(lambda: len(texts(indexer)) == 2), indexer.words()
    known.write("two")
    new.write("and more")
    assert eventually(lambda: len(texts(indexer)) == 4), indexer.words()
    process.terminate()
    assert process.wait(10) == 0
    assert indexer.store.query(sources) == [("known", "shop"), (new.id[:12], None)]
    for container in (known, new):
        Path(container.directory).chmod(0o755)


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


# ---- the sandbox -------------------------------------------------------------


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


# ---- faults of the original, by their numbers --------------------------------


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


def test_a_database_that_cannot_be_opened_at_first_is_opened_later(indexer):
    """As where the disk was full at the start; who stays has nobody who starts it again."""
    indexer.variables["POLL_INTERVAL"] = "3600"
    database = Path(indexer.store.path)
    database.write_text("somebody else's")
    process = indexer.start("-f", "ingest")
    assert eventually(lambda: "not a database" in indexer.words(), 30)
    database.unlink()
    assert eventually(indexer.store.ready, 30), indexer.words()
    container = Container(indexer.sources, "new")
    container.write("read when it stirs")
    assert eventually(lambda: texts(indexer) == ["read when it stirs"], 30), indexer.words()
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
