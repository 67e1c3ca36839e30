# SPDX-License-Identifier: MIT
"""The Python SDK when a worker or the whole stack goes away under it."""

import os
import signal
import statistics
import time

import pytest

from pyhosts import Host, total
from stack import eventually

pytestmark = pytest.mark.alone

# make test is content with less; alone the stack is away for a minute.
OUTAGE = int(os.environ.get("MONLIGHT_OUTAGE_SECONDS", "60"))
REQUESTS = "http_requests_total"
SECONDS = "http_request_duration_seconds"


def test_a_worker_that_is_killed_loses_at_most_one_interval(fresh, project):
    """What is older than one interval was stored, what is younger is lost with its worker alone."""
    stack = fresh()
    with Host(stack, "flask", "gunicorn", 4, project, FLUSH_INTERVAL="1") as host:
        host.load([f"/items/{n}" for n in range(200)])
        begun = time.monotonic()
        assert eventually(lambda: total(stack, REQUESTS, project) == host.answered(), 10, 0.1)
        flushed = time.monotonic() - begun
        before = dict(host.answers)
        host.load([f"/items/{n}" for n in range(200)])
        victim = next(pid for (path, _, pid) in host.answers if path == "/items/199")
        os.kill(victim, signal.SIGKILL)
        young = sum(n - before.get(k, 0) for k, n in host.answers.items() if k[2] == victim)
        host.load([f"/items/{n}" for n in range(100)])
    stored = total(stack, REQUESTS, project)
    print(
        f"\n{host.answered()} answered, {stored} stored; all were stored "
        f"{flushed:.1f} s after they were sent; the killed worker had {young} younger ones"
    )
    assert 0 < young and host.answered() - young <= stored <= host.answered()
    assert total(stack, SECONDS, project) == stored


@pytest.mark.alone
def test_an_outage_of_the_stack_costs_the_host_nothing_and_the_counts_little(fresh, project):
    stack = fresh()
    with Host(stack, "fastapi", "uvicorn", 1, project, FLUSH_INTERVAL="1") as host:

        def latency(seconds):
            """Median and p99 in ms of up to 200 requests a second: a minute of them fits the queue."""
            took, end = [], time.monotonic() + seconds
            while time.monotonic() < end:
                begun = time.perf_counter()
                assert host.ask("/items/1")[0] == 200
                took.append((time.perf_counter() - begun) * 1000)
                time.sleep(0.005)
            return statistics.median(took), sorted(took)[len(took) * 99 // 100]

        def state():
            return host.ask("/state")[1]

        latency(1)
        quiet = latency(max(OUTAGE / 4, 2))
        resident = state()["resident"]

        # First nobody answers, then nobody is there.
        lighttpd = stack.lighttpd()
        os.kill(lighttpd, signal.SIGSTOP)
        hanging = latency(OUTAGE / 2)
        os.kill(lighttpd, signal.SIGCONT)
        stack.stop()
        gone = latency(OUTAGE / 2)
        flood = 3000
        host.ask(f"/flood/{flood}")
        during = state()
        assert during["dropped"]["error_client"] > 0
        assert during["dropped"]["metrics_client"] == 0

        stack.start()
        assert eventually(lambda: state()["queued"] == 0, OUTAGE + 90, 0.1)
        after = state()
    grown = (max(during["resident"], after["resident"]) - resident) / 1e6
    print(
        f"\nlatency of the host, median and p99 in ms: quiet {quiet[0]:.2f}, {quiet[1]:.2f}; the "
        f"stack hangs {hanging[0]:.2f}, {hanging[1]:.2f}; is gone {gone[0]:.2f}, {gone[1]:.2f}; "
        f"{grown:.1f} MB more memory; {after['dropped']['error_client']} of {flood} reports dropped"
    )
    # What is dropped is what found the queue full; nothing else is missing.
    assert total(stack, REQUESTS, project) == host.answered()
    assert total(stack, SECONDS, project) == host.answered()
    (error,) = stack.client("errors").get(f"/api/errors?project={project}").json["errors"]
    assert error["count"] == flood - after["dropped"]["error_client"]
    # The queue's bound is 8 MB; the allocator and the frameworks have some of their own.
    assert grown < 16
    # A call that waited for the stack would take its time-out of five seconds, or a retry's.
    assert max(hanging[0], gone[0]) < 2 * quiet[0] + 1
    assert max(hanging[1], gone[1]) < 5 * quiet[1] + 100
