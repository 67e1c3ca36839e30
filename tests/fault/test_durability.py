# SPDX-License-Identifier: MIT
"""What is acknowledged is on the disk: seen in the system calls of a responder."""

import re
import signal
import subprocess
from contextlib import contextmanager

import pytest

from stack import eventually, report

CALLS = "accept,accept4,read,write,writev,sendto,sendmsg,fsync,fdatasync,pwrite64,shutdown"
REPORTS = 20


@contextmanager
def traced(pid, output):
    """strace, attached to a process; its lines are in the file afterwards."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-s", "64", "-e", f"trace={CALLS}", "-o", output, "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "attached" in tracer.stderr.readline()
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
        tracer.stderr.close()


def trace_of_reports(stack, project, output):
    """Reports to a pool of one; returns a line of events for each request: R, W, S, A.

    R is the request read, W the log of the database written, S that log synced,
    A the answer written.
    """
    errors = stack.client("errors")
    assert errors.post("/api/errors", report(project)).status == 201
    (pid,) = stack.running("monlight-errors")
    with traced(pid, output):
        for i in range(REPORTS):
            status = errors.post("/api/errors", report(project, extra={"i": i})).status
            assert status == 200
        eventually(lambda: output.read_text().count("accept") > REPORTS, 5)
    events = ""
    for line in output.read_text().splitlines():
        if re.search(r"\baccept4?\(.*= \d", line):
            events += "\n"
        elif re.search(r"\bread\(\d+<(socket|UNIX)", line) and not re.search(r"= (0|-1)", line):
            events += "R"
        elif re.search(r"\bpwrite64\(\d+<[^>]*errors\.db-wal>", line):
            events += "W"
        elif re.search(r"\bf(data)?sync\(\d+<[^>]*errors\.db-wal>", line):
            events += "S"
        elif re.search(r"\b(write|writev|sendto|sendmsg)\(\d+<(socket|UNIX)", line):
            events += "A"
    return [re.sub(r"(.)\1+", r"\1", request) for request in events.split() if "W" in request]


@pytest.mark.parametrize("durability, syncs", [("", True), ("process", False)])
def test_the_log_is_synced_between_the_request_and_the_answer(
    fresh, project, tmp_path, durability, syncs
):
    stack = fresh(ERROR_TRACKER_PROCESSES="1", DURABILITY=durability)
    requests = trace_of_reports(stack, project, tmp_path / "trace")
    assert len(requests) >= REPORTS
    expected = "RWSA" if syncs else "RWA"
    assert set(requests) == {expected}
