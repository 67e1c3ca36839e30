# SPDX-License-Identifier: MIT
"""Responders die without warning under load: nothing acknowledged is lost."""

import os
import random
import signal
import time

import pytest

from load import Load

pytestmark = pytest.mark.alone

# make test is content with less; alone it takes its minute.
SECONDS = int(os.environ.get("MONLIGHT_KILL_SECONDS", "60"))
PAUSE = 2
QUIET = 5


def test_a_responder_is_killed_every_two_seconds(fresh, project):
    stack = fresh()
    errors = stack.client("errors")
    rates = []

    def quiet(name):
        with Load(errors, f"{project}-{name}") as load:
            time.sleep(QUIET)
        assert not load.failures, load.failures[:3]
        rates.append(load.rate)

    quiet("before")
    kills = 0
    with Load(errors, project) as load:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(PAUSE)
            victims = stack.running("monlight-errors")
            if victims:
                os.kill(random.choice(victims), signal.SIGKILL)
                kills += 1
    quiet("after")

    share = load.rate / (sum(rates) / len(rates))
    print(
        f"\n{kills} kills in {load.seconds:.0f} s: {len(load.sent)} sent, "
        f"{load.acknowledged} acknowledged, {load.count()} stored, {len(load.failures)} refused, "
        f"{share:.0%} of the quiet rate"
    )
    assert kills >= SECONDS / PAUSE / 2
    load.assert_stored_once()
    assert share >= 0.7
