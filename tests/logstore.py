# SPDX-License-Identifier: MIT
"""The indexer by itself, and its log store read from the files as fcgi/logs/chunk.h
describes them: the tests' own second opinion on what was written."""

import ctypes
import ctypes.util
import os
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack import binaries

LEVELS = ["UNKNOWN", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
KINDS = ["line", "gap", "lifecycle"]
WORKING = 32 << 20  # more than any chunk unpacks to

zstd = ctypes.CDLL(ctypes.util.find_library("zstd"))
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong


@dataclass
class Line:
    id: int
    source: str
    ns: int
    level: str
    stream: str
    kind: str
    cut: bool
    text: str


def inflate(blob):
    size = zstd.ZSTD_getFrameContentSize(blob, ctypes.c_size_t(len(blob)))
    assert size < WORKING, "a chunk is no zstd frame, or too large a one"
    out = ctypes.create_string_buffer(size)
    n = zstd.ZSTD_decompress(out, ctypes.c_size_t(size), blob, ctypes.c_size_t(len(blob)))
    assert n == size, "a chunk is damaged"
    return out.raw


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def zigzag(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def take(self, n):
        self.at += n
        return self.data[self.at - n : self.at]


def unpack(blob, source):
    """The lines of one chunk."""
    r = Reader(inflate(blob))
    assert r.take(1) == b"\x01"
    ids, end = [], 0
    for _ in range(r.varint()):
        first = end + r.varint()
        end = first + r.varint()
        ids.extend(range(first, end))
    assert r.varint() == len(ids)
    times, ns = [], 0
    for _ in ids:
        ns += r.zigzag()
        times.append(ns)
    marks = r.take(len(ids))
    lengths = [r.varint() for _ in ids]
    return [
        Line(
            i,
            source,
            ns,
            LEVELS[mark & 7],
            "stderr" if mark & 8 else "stdout",
            KINDS[mark >> 4 & 3],
            bool(mark & 64),
            r.take(length).decode(),
        )
        for i, ns, mark, length in zip(ids, times, marks, lengths, strict=True)
    ]


class LogStore:
    """A logs.db and its segments."""

    def __init__(self, path):
        self.path = str(path)

    def segment(self, number):
        return f"{self.path.removesuffix('.db')}-{number:06d}.db"

    def query(self, sql, *arguments, path=None):
        db = sqlite3.connect(path or self.path)
        try:
            return db.execute(sql, arguments).fetchall()
        finally:
            db.close()

    def number(self, name):
        return self.query("SELECT value FROM number WHERE name = ?", name)[0][0]

    def count(self, source):
        """How many lines of a source there are."""
        sql = "SELECT ifnull(sum(lines), 0) FROM chunk c JOIN source s ON s.id = c.source"
        return self.query(f"{sql} WHERE s.name = ?", source)[0][0]

    def ready(self):
        """Whether the indexer has made it."""
        return Path(self.path).exists() and bool(
            self.query("SELECT 1 FROM sqlite_schema WHERE name = 'number'")
        )

    def lines(self):
        """Every line, in the order of ids; checks what the directory says about each chunk."""
        db = sqlite3.connect(self.path)
        segments, lines = {}, []
        rows = db.execute(
            "SELECT c.id, segment, s.name, first_id, last_id, min_ns, max_ns, levels, lines, bytes"
            " FROM chunk c JOIN source s ON s.id = c.source"
        ).fetchall()
        for chunk, segment, source, first, last, low, high, levels, count, size in rows:
            if segment == 0:
                sql, file = "SELECT data FROM mini WHERE chunk = ?", db
            else:
                sql = "SELECT data FROM sealed WHERE chunk = ?"
                if segment not in segments:
                    segments[segment] = sqlite3.connect(self.segment(segment))
                file = segments[segment]
            got = unpack(file.execute(sql, (chunk,)).fetchone()[0], source)
            assert (got[0].id, got[-1].id, len(got)) == (first, last, count)
            assert (min(x.ns for x in got), max(x.ns for x in got)) == (low, high)
            assert levels == sum({1 << LEVELS.index(x.level) for x in got})
            assert size == sum(len(x.text.encode()) for x in got)
            lines += got
        for file in segments.values():
            file.close()
        db.close()
        lines.sort(key=lambda x: x.id)
        return lines

    def counted(self):
        """Lines by the counts that are kept: over all time, and by the histogram."""
        columns = "+".join(LEVELS)
        return tuple(
            self.query(f"SELECT ifnull(sum({columns}), 0) FROM {table}")[0][0]
            for table in ("tally", "histogram")
        )


class Indexer:
    """The indexer on a home of its own, with what it says kept."""

    def __init__(self, home, **variables):
        self.home, self.binaries = Path(home), binaries()
        self.sources = self.home / "containers"
        for name in ("data", "containers"):
            (self.home / name).mkdir(parents=True)
        self.store = LogStore(self.home / "data" / "logs.db")
        self.said = open(self.home / "said", "a+b")
        self.variables = {
            "PATH": os.environ["PATH"],
            "MONLIGHT_HOME": str(home),
            "LOG_SOURCES": str(self.sources),
            **{name: str(value) for name, value in variables.items()},
        }

    def start(self, *arguments, before=()):
        return subprocess.Popen(
            [*before, self.binaries / "monlight-indexer", *arguments],
            env=self.variables,
            cwd=self.home,
            stderr=self.said,
        )

    def run(self, *jobs):
        """One pass of each job, to its end."""
        for job in jobs:
            assert self.start(job).wait(120) == 0, self.words()

    def words(self):
        self.said.seek(0)
        return self.said.read().decode(errors="replace")
