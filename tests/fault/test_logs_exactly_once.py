# SPDX-License-Identifier: MIT
"""Each line exactly once, whatever is killed when.

Writers rotate their files every moment as Docker does while the indexer, following
or in single passes, is killed with -9 again and again.  KILLS says how often (12; 60
is what the project promises).  What was written and what is stored must be equal as
multisets; where a file is cut or unlinked with lines that nobody has read, a line of
the kind "gap" must stand in their place.
"""

import gzip
import os
import random
import re
import shutil
import signal
import threading
import time
from collections import Counter

import pytest

from containers import Container
from logstore import Indexer
from stack import eventually, sanitized

KILLS = int(os.environ.get("KILLS", "12"))
SLOW = 4 if sanitized() else 1  # a program that is slow to start is given the time to


class Writer(threading.Thread):
    """A container's log driver: numbered lines, rotated as `rotate` says, if it says anything.

    With a store it rotates no file out of existence before its lines are stored: on a machine
    too busy to let the indexer come to each file in its turn they would truly be lost.
    """

    def __init__(self, sources, name, rotate, seed, pause=0.002, store=None):
        super().__init__(daemon=True)
        self.container = Container(sources, name)
        self.rotate, self.random, self.pause = rotate, random.Random(seed), pause
        self.name_of, self.written, self.stopping = name, [], False
        self.store, self.rotations = store, []  # how many lines were written before each

    def may_rotate(self):
        """Of three files the oldest goes, when half of the one after it is stored, too: then
        no entry of the oldest is open any more."""
        if self.store is None or len(self.rotations) < 2:
            return True
        oldest, next_one = self.rotations[-2:]
        return self.store.count(self.name_of) > (oldest + next_one) / 2

    def text(self, number):
        """Mostly a line; sometimes one of two streams, a trace, a very long line."""
        kind = self.random.random()
        head = f"2026-11-22 10:00:00 INFO {self.name_of} line {number}"
        if kind < 0.02:
            return head + " " + "x" * self.random.choice([16384 - len(head), 40000])
        return head

    def records(self, text, stream):
        """As json-file writes them: cut at 16 KiB, all fragments with one time."""
        ns = time.time_ns()
        data = text + "\n"
        for at in range(0, len(data), 16384):
            record = self.container.record("", ns, stream)
            yield record.replace(
                b'"\\n"', b'"' + data[at : at + 16384].replace("\n", "\\n").encode() + b'"', 1
            )

    def run(self):
        number, rotate_at = 0, time.monotonic() + 0.5
        while not self.stopping:
            for _ in range(self.random.randrange(1, 20)):
                text = self.text(number)
                stream = "stderr" if self.random.random() < 0.1 else "stdout"
                for record in self.records(text, stream):
                    os.write(self.container.log, record)
                self.written.append(text)
                number += 1
            if self.rotate and time.monotonic() > rotate_at:
                if self.may_rotate():
                    self.rotations.append(number)
                    self.rotate(self.container)
                rotate_at = time.monotonic() + SLOW * self.random.uniform(0.8, 1.2)
            time.sleep(self.pause * self.random.randrange(1, 10))

    def finish(self):
        self.stopping = True
        self.join()


def reopen(container):
    os.close(container.log)
    container.log = os.open(container.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)


def by_rename(container, compress=False, keep=3):
    """max-file=3: shift, rename the live file to .1, begin a new one; then compress .1."""
    path, suffix = container.path, ".gz" if compress else ""
    for thread in getattr(container, "compressing", []):
        thread.join()
    for number in range(keep - 1, 1, -1):
        if os.path.exists(f"{path}.{number - 1}{suffix}"):
            os.rename(f"{path}.{number - 1}{suffix}", f"{path}.{number}{suffix}")
    os.rename(path, f"{path}.1")
    reopen(container)
    if compress:
        container.compressing = [threading.Thread(target=pack, args=(f"{path}.1",))]
        container.compressing[0].start()


def pack(path):
    with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    os.unlink(path)


def by_rename_and_compress(container):
    by_rename(container, compress=True)


def by_unlink(container):
    """max-file=1 since Docker 23."""
    os.unlink(container.path)
    reopen(container)


def by_truncation(container):
    """max-file=1 before, and what admins do by hand."""
    os.truncate(container.path, 0)


def by_copytruncate(container):
    shutil.copyfile(container.path, f"{container.path}.1")
    os.truncate(container.path, 0)


def kill_at_random(indexer, follow, times, rng):
    for _ in range(times):
        jobs = ["-f", "ingest", "merge"] if follow else ["ingest", "merge"]
        process = indexer.start(*jobs)
        time.sleep(rng.uniform(0.02, SLOW * (0.9 if follow else 0.4)))
        process.send_signal(signal.SIGKILL)
        process.wait()


def number_of(text):
    return int(re.match(r".* line (\d+)", text).group(1))


def counted_right(store, lines):
    assert store.counted() == (len(lines), len(lines))
    assert [line.id for line in lines] == list(range(1, len(lines) + 1)), "ids have holes"


@pytest.mark.parametrize("follow", [True, False], ids=["following", "in-passes"])
@pytest.mark.parametrize("rotate", [by_rename, by_rename_and_compress])
def test_nothing_is_lost_or_repeated_when_files_rotate_and_processes_are_killed(
    tmp_path, rotate, follow
):
    indexer = Indexer(tmp_path / "home")
    rng = random.Random(rotate.__name__ + str(follow))
    indexer.run("ingest")
    writers = [Writer(indexer.sources, f"w{i}", rotate, i, store=indexer.store) for i in range(3)]
    for writer in writers:
        writer.start()
    kill_at_random(indexer, follow, KILLS, rng)
    for writer in writers:
        writer.finish()
        for thread in getattr(writer.container, "compressing", []):
            thread.join()
    indexer.run("ingest", "merge", "ingest")
    lines = indexer.store.lines()
    assert not [line for line in lines if line.kind == "gap"], indexer.words()
    for writer in writers:
        got = Counter(line.text for line in lines if line.source == writer.name_of)
        assert got == Counter(writer.written), indexer.words()
    counted_right(indexer.store, lines)


@pytest.mark.parametrize("rotate", [by_unlink, by_truncation, by_copytruncate])
def test_where_lines_are_lost_a_gap_line_stands(tmp_path, rotate):
    indexer = Indexer(tmp_path / "home")
    rng = random.Random(rotate.__name__)
    writer = Writer(indexer.sources, "w", None, 7)
    writer.start()
    assert eventually(lambda: writer.written)
    indexer.run("ingest")  # of a file that it has never seen it can miss nothing
    writer.rotate = rotate
    kill_at_random(indexer, True, max(KILLS // 2, 6), rng)
    writer.finish()
    indexer.run("ingest", "merge")
    lines = [x for x in indexer.store.lines() if x.source == "w"]
    kinds = Counter(x.kind for x in lines)
    stored = Counter(x.text for x in lines if x.kind == "line")
    assert not stored - Counter(writer.written), "a line that was never written, or one twice"
    # Each stream keeps its order, so within one a hole is a loss; a gap line lies in it.
    missing = sorted(number_of(text) for text in Counter(writer.written) - stored)
    order = [("gap", None) if x.kind == "gap" else ("line", number_of(x.text)) for x in lines]
    seen, gaps = -1, []
    for kind, number in order:
        if kind == "gap":
            gaps.append(seen)
        elif number > seen:
            seen = number
    for number in missing:
        assert any(gap < number + 200 for gap in gaps), (number, gaps)
    runs = sum(1 for i, n in enumerate(missing) if i == 0 or n != missing[i - 1] + 1)
    assert kinds["gap"] >= min(runs, 1), (runs, kinds)
    counted_right(indexer.store, indexer.store.lines())


def test_a_file_that_is_followed_when_it_is_unlinked_is_read_to_its_end(tmp_path):
    indexer = Indexer(tmp_path / "home")
    container = Container(indexer.sources, "short")
    process = indexer.start("-f", "ingest")
    container.write("first")
    assert eventually(lambda: indexer.store.ready() and len(indexer.store.lines()) == 1)
    for i in range(20):
        container.write(f"before {i}")
        by_unlink(container)
        container.write(f"after {i}")
        # From then on it is followed, whatever the machine is busy with.
        assert eventually(lambda i=i: len(indexer.store.lines()) == 2 * i + 3), indexer.words()
    assert eventually(lambda: len(indexer.store.lines()) >= 41), indexer.words()
    process.terminate()
    assert process.wait(10) == 0
    assert [x.text for x in indexer.store.lines()] == ["first"] + [
        f"{word} {i}" for i in range(20) for word in ("before", "after")
    ]


def test_half_a_record_waits_for_the_rest(tmp_path):
    indexer = Indexer(tmp_path / "home")
    container = Container(indexer.sources, "half")
    record = container.record("whole")
    os.write(container.log, record[:20])
    indexer.run("ingest")
    assert indexer.store.lines() == []
    os.write(container.log, record[20:])
    indexer.run("ingest")
    assert [x.text for x in indexer.store.lines()] == ["whole"]
