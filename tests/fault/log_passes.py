# SPDX-License-Identifier: MIT
"""The indexer's passes over containers of a test, and what they stored."""

import os
import time
from pathlib import Path

from stack import DEBUG_BUILD

DATA = Path(__file__).resolve().parent.parent / "data" / "logs"
NOON = 1_790_000_000 * 10**9


def texts(indexer, source=None):
    if not indexer.store.ready():
        return []
    return [x.text for x in indexer.store.lines() if source in (None, x.source)]


def ingest(indexer, *jobs):
    indexer.run("ingest", *jobs)
    return indexer.store.lines()


def texts_of(lines):
    return [x.text for x in lines]


def noise(n, start=0):
    """Lines that do not compress."""
    return [
        (f"{i} {os.urandom(60).hex()}", time.time_ns(), "stdout") for i in range(start, start + n)
    ]


def days_later(indexer, days):
    """Sets the clock so far ahead of the true time."""
    indexer.binaries = DEBUG_BUILD
    clock = indexer.home / "clock"
    clock.write_bytes((days * 86400 * 10**9).to_bytes(8, "little", signed=True))
    indexer.variables["MONLIGHT_CLOCK"] = str(clock)
