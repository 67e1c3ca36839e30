# SPDX-License-Identifier: MIT
"""Chunks and segments of logs: merging changes nothing that is seen, and limits are kept."""

import shutil
import signal
import sqlite3

from log_passes import NOON, days_later, noise, texts

from containers import Container
from stack import eventually


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


def test_what_merging_leaves_free_in_the_database_costs_no_lines(indexer):
    """Nor what a segment's WAL holds twice for a moment."""
    indexer.variables["MAX_LOG_BYTES"] = "12M"
    Container(indexer.sources, "burst").write_all(noise(60_000))
    indexer.run("ingest", "merge", "retention")
    assert len(texts(indexer)) == 60_000
    files = (indexer.home / "data").glob("logs*.db")
    assert sum(f.stat().st_size for f in files) < 12 << 20


def test_old_lines_go_with_their_segment(indexer):
    container = Container(indexer.sources, "old")
    container.write_all([(x, NOON - 400 * 86400 * 10**9, s) for x, _, s in noise(2000)])
    indexer.run("ingest", "merge", "retention")
    assert len(texts(indexer)) < 1000, "what was sealed is gone"
    assert (indexer.home / "data" / "logs-000001.db").exists(), "its file goes a pass later"
    indexer.run("retention")
    assert not (indexer.home / "data" / "logs-000001.db").exists()


def test_containers_that_are_gone_with_their_lines_are_forgotten(indexer):
    """Each name stayed for ever, and was read for each request."""
    gone, stays = Container(indexer.sources, "gone"), Container(indexer.sources, "stays")
    for container in (gone, stays):
        container.write("once")
    indexer.run("ingest", "retention")
    shutil.rmtree(gone.directory)
    days_later(indexer, 70)
    indexer.run("ingest", "merge", "retention")
    days_later(indexer, 72)
    indexer.run("ingest")
    assert indexer.store.query("SELECT name FROM source") == [("stays",)]
    assert len(indexer.store.query("SELECT DISTINCT source FROM tally")) == 1
    stays.write("again")
    indexer.run("ingest")
    assert texts(indexer) == ["again"]


def test_a_name_stays_while_something_is_followed_under_it(indexer):
    """Of a file and a container of one name the container may go, and each line the file writes
    then was refused by the database, with those of all others."""
    quiet, loud = indexer.home / "quiet.log", indexer.home / "loud.log"
    indexer.variables["LOG_FILES"] = f"quiet={quiet},loud={loud}"
    days_later(indexer, 0)
    quiet.touch()
    loud.write_text("one\n")
    process = indexer.start("-f", "ingest")
    assert eventually(lambda: texts(indexer) == ["one"], 30), indexer.words()
    seen = indexer.store.number("cursors_seen")
    with sqlite3.connect(indexer.store.path) as db:
        db.execute("UPDATE source SET container_id = 'gone'")
    db.close()
    with (indexer.home / "clock").open("r+b") as clock:
        clock.write((2 * 86400 * 10**9).to_bytes(8, "little"))
    with loud.open("a") as file:
        file.write("two\n")
    assert eventually(lambda: indexer.store.number("cursors_seen") > seen, 30), indexer.words()
    quiet.write_text("at last\n")
    assert eventually(lambda: "at last" in texts(indexer), 30), indexer.words()
    process.terminate()
    assert process.wait(10) == 0


def test_a_line_from_the_future_keeps_no_segment(indexer):
    container = Container(indexer.sources, "ahead")
    in_2100 = 4_102_444_800 * 10**9
    container.write_all([("a clock that is wrong", in_2100, "stdout"), *noise(2000)])
    indexer.run("ingest", "merge")
    days_later(indexer, 400)
    indexer.run("retention", "retention")
    assert not (indexer.home / "data" / "logs-000001.db").exists()


def test_a_segment_that_nothing_came_into_keeps_no_later_one(indexer):
    container = Container(indexer.sources, "busy")
    container.write_all(noise(2000))
    indexer.run("ingest")
    limits = ("prlimit", "--fsize=100000", "--core=0")
    assert indexer.start("merge", before=limits).wait(60) == -signal.SIGXFSZ
    assert indexer.store.query("SELECT id, max_ns FROM segment") == [(1, None)]
    days_later(indexer, 2)
    indexer.run("merge")
    assert (indexer.home / "data" / "logs-000002.db").exists()
    days_later(indexer, 400)
    indexer.run("retention", "retention")
    assert indexer.store.query("SELECT * FROM segment") == []


def test_a_clock_that_was_ahead_keeps_nothing_from_being_sealed_and_parted(indexer):
    container = Container(indexer.sources, "back")
    segments, unsealed = (
        "SELECT count(*) FROM segment",
        "SELECT count(*) FROM chunk WHERE segment = 0 AND written > unixepoch() + 3600",
    )
    days_later(indexer, 300)
    container.write_all(noise(2000))
    indexer.run("ingest", "merge")
    assert indexer.store.query(segments) == [(1,)]
    assert indexer.store.query(unsealed) != [(0,)]
    days_later(indexer, 0)
    for _ in range(2):
        container.write_all(noise(2000))
        indexer.run("ingest", "merge")
        assert indexer.store.query(unsealed) == [(0,)]
        assert indexer.store.query(segments) == [(2,)], "not one for each merge"


def test_a_segment_of_a_clock_that_was_ahead_keeps_no_later_one(indexer):
    container = Container(indexer.sources, "back")
    for days in (300, 0):
        days_later(indexer, days)
        ahead = days * 86400 * 10**9
        container.write_all([(text, ns + ahead, out) for text, ns, out in noise(2000)])
        indexer.run("ingest", "merge")
    days_later(indexer, 40)
    indexer.run("retention", "retention")
    assert indexer.store.query("SELECT * FROM segment") == []


def test_a_damaged_chunk_keeps_no_other_from_being_merged(indexer):
    container = Container(indexer.sources, "damaged")
    for part in (noise(100), noise(100), noise(1000)):
        container.write_all(part)
        indexer.run("ingest")
    lines = texts(indexer)
    ((lost,),) = indexer.store.query("SELECT lines FROM chunk ORDER BY id LIMIT 1")
    ruin = "UPDATE mini SET data = x'00' WHERE chunk = (SELECT min(chunk) FROM mini) RETURNING 1"
    with sqlite3.connect(indexer.store.path) as db:
        assert db.execute(ruin).fetchall() == [(1,)]
    db.close()
    indexer.run("merge", "merge")
    assert texts(indexer) == lines[lost:]
    assert indexer.store.query("SELECT count(*) > 0 FROM chunk WHERE segment > 0") == [(1,)]
    assert indexer.words().count("is damaged") == 1


def test_chunks_that_are_all_damaged_go(indexer):
    container = Container(indexer.sources, "damaged")
    container.write_all(noise(3000))
    indexer.run("ingest")
    with sqlite3.connect(indexer.store.path) as db:
        db.execute("UPDATE mini SET data = x'00'")
    db.close()
    indexer.run("merge")
    container.write_all(noise(3000, 3000))
    indexer.run("ingest", "merge")
    assert texts(indexer)[-1].startswith("5999 ")
    assert indexer.store.query("SELECT count(*) FROM segment WHERE max_ns < 0") == [(0,)]


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
