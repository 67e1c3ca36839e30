# SPDX-License-Identifier: MIT
"""Ends and restarts, gentle and not: nothing hangs, nothing is left behind, nothing is cut."""

import os
import signal
import socket
import subprocess
import time

import pytest

from load import Load
from stack import CONTROL, SERVICES, eventually, processes, report

TRIALS = int(os.environ.get("MONLIGHT_TERM_TRIALS", "300"))
GRACE = 5  # seconds a responder may take to end


def test_sigterm_to_a_responder_under_load_ends_it_each_time(fresh, project):
    """lighttpd waits a second before it restarts a slot twice, hence the many processes."""
    stack = fresh(ERROR_TRACKER_PROCESSES="8")
    told = {}  # id -> when
    slowest = 0
    with Load(stack.client("errors"), project) as load:
        while len(told) < TRIALS:
            for pid in [p for p in stack.running("monlight-errors") if p not in told]:
                os.kill(pid, signal.SIGTERM)
                told[pid] = time.monotonic()
                assert eventually(lambda p=pid: not stack.alive({p}), GRACE, 0.002), "it hangs"
                slowest = max(slowest, time.monotonic() - told[pid])
            time.sleep(0.01)
    print(f"\n{len(told)} times SIGTERM: slowest end {slowest * 1000:.0f} ms")
    assert not stack.alive(told)
    load.assert_stored_once()


def sizes(stack):
    return {name: len(pids) for name, pids in stack.pools().items()}


def test_lighttpd_killed_leaves_nothing_and_the_next_start_is_clean(fresh, project):
    stack = fresh()
    errors = stack.client("errors")
    with Load(errors, project, clients=4) as load:
        time.sleep(1)
        before = sizes(stack)
        pools = {pid for pids in stack.pools().values() for pid in pids}
        lighttpd = stack.lighttpd()
        everything = stack.members()
        os.kill(lighttpd, signal.SIGKILL)
        gone = eventually(lambda: not stack.alive(pools), GRACE)
        load.ended.set()
    assert gone, stack.describe(stack.alive(pools))
    if stack.process.poll() is None:
        stack.stop()
    assert eventually(lambda: not stack.alive(everything), GRACE)
    stack.start()
    load.assert_stored_once()
    assert sizes(stack) == before


def test_the_control_script_killed_leaves_nothing(fresh):
    stack = fresh()
    everything = stack.members()
    assert len(everything) > 9
    stack.process.kill()
    stack.process.wait()
    gone = eventually(lambda: not stack.alive(everything), 2 * GRACE)
    assert gone, stack.describe(stack.alive(everything))
    stack.start()
    assert stack.healthy("errors")


def test_reload_under_load_fails_no_request(fresh, project):
    stack = fresh()
    lighttpd = stack.lighttpd()
    with Load(stack.client("errors"), project) as load:
        for _ in range(5):
            time.sleep(0.5)
            before = stack.running("monlight-errors")
            done = stack.control("reload")
            assert done.returncode == 0, done.stderr
            assert not set(before) & set(stack.running("monlight-errors"))
        time.sleep(0.5)
    assert not load.failures, load.failures[:3]
    assert stack.lighttpd() == lighttpd
    load.assert_stored_once()


def test_reload_takes_up_a_changed_key(fresh):
    stack = fresh()
    stack.variables["ERROR_TRACKER_API_KEY"] = "a-new-key-0123456789abcdef"
    stack.write_environment()
    assert stack.control("reload").returncode == 0
    errors = stack.client("errors")
    assert errors.get("/api/errors").status == 401
    assert errors.with_key("a-new-key-0123456789abcdef").get("/api/errors").status == 200


def test_reload_with_a_bad_variable_changes_nothing(fresh):
    stack = fresh()
    before = stack.pools()
    stack.variables["RATE_LIMIT"] = "lots"
    stack.write_environment()
    done = stack.control("reload")
    assert done.returncode != 0
    assert "RATE_LIMIT" in done.stdout + done.stderr
    assert stack.pools() == before
    assert stack.client("errors").get("/api/errors").status == 200
    stack.variables["RATE_LIMIT"] = "0"
    stack.write_environment()


class Stalled:
    """Clients that never close: one before its request, one in it, one after its answer."""

    def __init__(self, stack):
        port, key = stack.ports["errors"], stack.keys["errors"]
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        self.sockets[1].sendall(
            b"POST /api/errors HTTP/1.1\r\nHost: x\r\nX-API-Key: "
            + key.encode()
            + b"\r\nContent-Length: 1000\r\n\r\n{"
        )
        self.sockets[2].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert self.sockets[2].recv(65536)

    def close(self):
        for sock in self.sockets:
            sock.close()


@pytest.mark.alone
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stop_takes_five_seconds_at_most_even_with_clients_that_never_close(fresh, how):
    stack = fresh()
    stalled = Stalled(stack)
    try:
        start = time.monotonic()
        assert stack.stop(how) == 0
        assert time.monotonic() - start < 5.5
    finally:
        stalled.close()


@pytest.mark.alone
def test_reload_is_not_held_up_by_clients_that_never_close(fresh):
    stack = fresh()
    stalled = Stalled(stack)
    try:
        start = time.monotonic()
        assert stack.control("reload").returncode == 0
        assert stack.healthy("errors")
        assert time.monotonic() - start < 8
    finally:
        stalled.close()


def test_stop_lets_the_requests_in_hand_end(fresh, project):
    stack = fresh()
    errors = stack.client("errors")
    with Load(errors, project, clients=4) as load:
        time.sleep(1)
        load.ended.set()
        assert stack.stop(signal.SIGINT) == 0
    told = [text for text in load.failures if "refused" not in text.lower()]
    assert not told, told[:3]
    stack.start()
    load.assert_stored_once()


def test_a_responder_that_is_killed_comes_back_and_answers(fresh):
    stack = fresh()
    before = stack.running("monlight-errors")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    # One that was killed is there for another moment.
    others = lambda: set(stack.running("monlight-errors")) - set(before)  # noqa: E731
    assert eventually(lambda: len(others()) == 2, 10)
    assert eventually(lambda: stack.client("errors").get("/api/errors").status == 200, 10)


def test_a_helper_that_is_killed_comes_back(fresh):
    stack = fresh()
    assert eventually(lambda: stack.running("monlight-indexer"), 10)
    (before,) = stack.running("monlight-indexer")
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: set(stack.running("monlight-indexer")) - {before}, 15)


def test_start_and_stop_in_the_background(fresh):
    stack = fresh()
    assert stack.stop() == 0
    started = stack.control("start", timeout=60)
    assert started.returncode == 0, started.stderr
    try:
        assert all(stack.healthy(name) for name in SERVICES)
        mine = [
            pid
            for pid, (_, _, _, words) in processes().items()
            if "lighttpd" in words[:1] and str(stack.home) in environment_of(pid)
        ]
        assert len(mine) == 2
    finally:
        stopped = stack.control("stop", timeout=30)
    assert stopped.returncode == 0, stopped.stderr
    assert not any(stack.healthy(name) for name in SERVICES)
    assert not os.path.exists(f"/proc/{mine[0]}")


def environment_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def test_ctrl_c_at_a_terminal_ends_all_with_exit_0(fresh):
    """A terminal sends SIGINT to the whole foreground group, not to one process."""
    stack = fresh()
    members = stack.members()
    os.killpg(stack.process.pid, signal.SIGINT)
    assert stack.process.wait(10) == 0
    assert eventually(lambda: not stack.alive(members), GRACE)


def test_stop_of_what_does_not_run_says_so(fresh):
    stack = fresh()
    assert stack.stop() == 0
    done = subprocess.run(
        [CONTROL, "stop"], env=stack.environment(), capture_output=True, text=True, timeout=20
    )
    assert "Traceback" not in done.stderr and done.stderr.strip()


def test_a_report_in_hand_is_answered_before_the_responder_ends(fresh, project):
    """SIGTERM reaches every responder while sixteen clients have one request each in hand."""
    stack = fresh()
    errors = stack.client("errors")
    for _ in range(5):
        with Load(errors, project) as load:
            time.sleep(0.2)
            for pid in stack.running("monlight-errors"):
                os.kill(pid, signal.SIGTERM)
            time.sleep(1.2)
        again = lambda: errors.post("/api/errors", report(project)).status in (200, 201)  # noqa: E731
        assert eventually(again, GRACE)
        assert load.acknowledged
