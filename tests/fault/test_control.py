# SPDX-License-Identifier: MIT
"""The control script, from outside: what it makes, starts, stops, survives and leaves behind.

Every test has a home of its own and ports nobody chose.  MONLIGHT_BIN says which programs run.
"""

import http.client
import os
import re
import shutil
import signal
import socket
import stat
import threading
import time

import pytest
from homes import POOLS, PORTS, STOP_SECONDS, ordinary_user

from stack import eventually

# ---- the first run -----------------------------------------------------------


def test_the_first_run_makes_a_private_home_with_random_keys(home):
    home.spawn()
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.path / "monlight.env").stat().st_mode) == 0o600
    assert {p.name for p in home.path.iterdir()} >= {"data", "run", "log", "monlight.env"}
    names = (
        "ERROR_TRACKER_API_KEY",
        "LOG_VIEWER_API_KEY",
        "METRICS_COLLECTOR_API_KEY",
        "BROWSER_RELAY_ADMIN_API_KEY",
        "UI_PASSWORD",
        "SESSION_SECRET",
        "RELAY_INTERNAL_KEY",
    )
    values = {home.key(name) for name in names}
    assert len(values) == len(names)
    assert all(len(value) >= 20 for value in values)


def test_run_announces_four_addresses_that_answer(home):
    home.spawn()
    for port in PORTS:
        assert f"http://127.0.0.1:{home.ports[port]}/" in home.messages()
        assert home.get(port=port)[0] == 200
    assert str(home.path / "monlight.env") in home.messages()
    assert eventually(home.whole)


def test_all_runs_in_sessions_apart_from_the_terminal(home):
    home.spawn()
    here = os.getsid(home.run.pid)
    sessions = {pid: os.getsid(pid) for pid in home.lasting() if pid != home.run.pid}
    assert here not in sessions.values()


def test_a_second_run_in_the_same_home_is_refused(home):
    home.spawn()
    second = home.control("run")
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert home.get()[0] == 200


@pytest.mark.parametrize("command", ["run", "start"])
def test_a_port_that_somebody_has_is_named_before_anything_runs(home, command):
    """Nothing of ours is said to be at an address where somebody else answers."""
    name = PORTS[2]
    with socket.create_server(("127.0.0.1", home.ports[name])):
        refused = home.control(command)
    assert refused.returncode == 1
    assert f"port {home.ports[name]} is in use" in refused.stderr and name in refused.stderr
    assert "http://" not in refused.stderr and "server started" not in refused.stderr
    home.spawn()


@pytest.mark.parametrize("place", ["home", "another disk"])
def test_it_runs_as_the_owner_of_the_home(home, place):
    owner = ordinary_user()
    home.path.parent.chmod(0o755)
    if place != "home":
        home.path.symlink_to(home.path.parent / place)
    (home.path.parent / place).mkdir(mode=0o700)
    os.chown(home.path, owner, -1)
    home.spawn()
    assert {os.stat(f"/proc/{pid}").st_uid for pid in home.lasting()} == {owner}
    assert (home.path / "monlight.env").stat().st_uid == owner
    assert ("belongs to root" in home.messages()) == (owner == 0)


# ---- the end -----------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_with_status_0(home, how):
    home.spawn()
    code, seconds = home.end(how)
    assert code == 0
    assert seconds < STOP_SECONDS
    assert home.nothing_left()


def test_a_request_in_hand_is_answered_before_the_stop(home):
    home.spawn()
    client = home.begin_upload()
    home.run.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    client.sendall(b"ll")
    assert client.recv(100).startswith(b"HTTP/1.1 4"), "null is not a report, but it is answered"
    client.close()
    assert home.run.wait(timeout=10) == 0
    assert home.nothing_left()


@pytest.mark.alone
def test_a_client_that_never_closes_does_not_hold_up_the_stop(home):
    home.spawn()
    clients = [home.begin_upload(), home.connect()]
    code, seconds = home.end()
    assert code == 0
    assert seconds < STOP_SECONDS + 1
    assert home.nothing_left()
    for client in clients:
        client.close()


def test_kill_9_of_the_script_leaves_nothing_and_the_next_start_is_clean(home):
    home.spawn()
    home.run.kill()
    home.run.wait()
    assert home.nothing_left()
    home.spawn()
    assert home.end()[0] == 0


def test_kill_9_of_the_script_leaves_not_even_what_it_had_just_begun(home):
    """Who asks to end with it only when it is gone already would be left for ever."""
    base = home.path.parent
    hold = base / "hold"
    hold.touch()
    slow = base / "bin" / "setpriv"
    slow.parent.mkdir()
    waits = f'case "$*" in *keep*) while [ -e {hold} ]; do sleep 0.1; done ;; esac'
    slow.write_text(f'#!/bin/sh\n{waits}\nexec {shutil.which("setpriv")} "$@"\n')
    slow.chmod(0o755)
    home.spawn(PATH=f"{slow.parent}:{os.environ['PATH']}")
    home.run.kill()
    home.run.wait()
    hold.unlink()
    assert home.nothing_left()


def test_kill_9_of_lighttpd_ends_everything_and_the_next_start_is_clean(home):
    home.spawn()
    os.kill(home.lighttpd(), signal.SIGKILL)
    assert home.run.wait(timeout=10) == 1
    assert "lighttpd has ended by itself" in home.messages()
    assert home.nothing_left()
    home.spawn()
    assert home.end()[0] == 0


# ---- supervision -------------------------------------------------------------


def test_a_process_of_a_pool_that_dies_is_replaced(home):
    home.spawn()
    victim = home.pool("monlight-errors")[0]
    os.kill(victim, signal.SIGKILL)
    assert eventually(
        lambda: (
            victim not in home.pool("monlight-errors") and len(home.pool("monlight-errors")) == 2
        )
    )
    assert all(home.get()[0] == 200 for _ in range(10))


def test_a_pool_is_as_large_as_its_variable_says(home):
    home.spawn(ERROR_TRACKER_PROCESSES="6", BROWSER_RELAY_PROCESSES="1")
    assert eventually(lambda: len(home.pool("monlight-errors")) == 6)
    assert eventually(lambda: len(home.pool("monlight-relay")) == 1)


def test_a_helper_that_dies_is_started_again(home):
    home.spawn()
    (victim,) = eventually(lambda: home.pool("monlight-indexer"))
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: home.pool("monlight-indexer") not in ([], [victim]))
    assert "monlight-indexer ended with status 137" in home.messages()


def test_a_keeper_that_dies_is_started_again(home):
    def keepers():
        return {
            name: int(pid) for pid, name in map(str.split, home.file("keepers.pid").splitlines())
        }

    home.spawn()
    first = keepers()
    assert set(first) == {"deliver", "indexer"}
    os.kill(first["indexer"], signal.SIGKILL)
    assert eventually(lambda: keepers()["indexer"] != first["indexer"])
    assert keepers()["deliver"] == first["deliver"]
    assert eventually(lambda: home.control("status").returncode == 0)
    assert "the keeper of monlight-indexer is gone and is started again" in home.messages()


def test_cron_may_have_the_helpers(home):
    home.spawn(INDEXER="cron")
    assert home.pool("monlight-indexer") == []
    assert eventually(lambda: home.control("status", INDEXER="cron").returncode == 0)


# ---- reload ------------------------------------------------------------------


class Load:
    """Clients that ask without pause, a connection for each request."""

    def __init__(self, home, clients=6):
        self.failed, self.answered, self.over = [], 0, False
        self.threads = [threading.Thread(target=self.ask, args=(home,)) for _ in range(clients)]

    def ask(self, home):
        while not self.over:
            try:
                status = home.get()[0]
                self.answered += 1
                if status != 200:
                    self.failed.append(status)
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()


def test_reload_under_load_fails_no_request_and_replaces_every_process(home):
    def everyone():
        return {pid for pool in POOLS for pid in home.pool(pool)}

    home.spawn()
    lighttpd = home.lighttpd()
    with Load(home) as load:
        for _ in range(3):
            before = everyone()
            helper = set(eventually(lambda: home.pool("monlight-indexer")))
            answer = home.control("reload")
            assert answer.returncode == 0, answer.stderr
            assert not before & everyone()
            assert eventually(home.whole)
            assert eventually(lambda old=helper: set(home.pool("monlight-indexer")) - old)
    assert load.failed == []
    assert load.answered > 50
    assert home.lighttpd() == lighttpd


def test_reload_takes_up_a_changed_key_and_says_what_needs_a_restart(home):
    home.spawn()
    old = home.key()
    assert home.get("/metrics", **{"X-API-Key": old})[0] == 200
    home.change("ERROR_TRACKER_API_KEY", "another-key-0123456789abcdef")
    home.change("ERROR_TRACKER_PROCESSES", "3")
    answer = home.control("reload")
    assert answer.returncode == 0
    assert "ERROR_TRACKER_PROCESSES has changed" in answer.stderr
    assert "LOG_VIEWER_PROCESSES" not in answer.stderr
    assert home.get("/metrics", **{"X-API-Key": old})[0] == 401
    assert home.get("/metrics", **{"X-API-Key": home.key()})[0] == 200


def test_reload_starts_the_helpers_anew_under_nohup_too(home):
    """A shell cannot trap what was ignored when it began."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        home.spawn()
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    before = eventually(lambda: home.pool("monlight-indexer"))
    assert home.control("reload").returncode == 0
    assert eventually(lambda: home.pool("monlight-indexer") not in ([], before))


def test_reload_with_a_bad_variable_changes_nothing(home):
    home.spawn()
    assert eventually(home.whole)
    before = home.lasting()
    home.change("ERROR_TRACKER_RATE_LIMIT", "many")
    answer = home.control("reload")
    assert answer.returncode == 1
    assert "RATE_LIMIT" in answer.stderr
    assert "nothing was changed" in answer.stderr
    assert home.lasting() == before
    assert home.get()[0] == 200


@pytest.mark.alone
def test_a_client_that_never_closes_does_not_hold_up_the_reload(home):
    home.spawn()
    clients = [home.begin_upload(), home.connect()]
    before = home.pool("monlight-errors")
    begun = time.monotonic()
    assert home.control("check").returncode == 0
    checked = time.monotonic()  # a reload does that first
    answer = home.control("reload")
    assert answer.returncode == 0, answer.stderr
    assert time.monotonic() - checked < STOP_SECONDS + 1 + (checked - begun)
    assert home.get()[0] == 200
    assert not set(before) & set(home.pool("monlight-errors"))
    for client in clients:
        client.close()


# ---- the background ----------------------------------------------------------


def test_start_status_stop(home):
    assert home.control("status").returncode == 3
    assert home.control("stop").returncode == 1
    assert home.control("reload").returncode == 1
    started = home.control("start")
    assert started.returncode == 0, started.stderr
    # A service answers with its first process; the others are there a moment later.
    assert eventually(lambda: home.control("status").returncode == 0)
    status = home.control("status")
    for (name, processes), port in zip(POOLS.items(), [0, 1, 1, 2, 3], strict=True):
        line = (
            f"{name.removeprefix('monlight-'):8} http://127.0.0.1:{home.ports[PORTS[port]]}/ answers, "
            f"{processes} of {processes} processes"
        )
        assert line in status.stdout.splitlines()
    assert re.search(r"^indexer +runs with pid \d+$", status.stdout, re.M)
    assert home.control("start").returncode == 1
    stopped = home.control("stop")
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert home.nothing_left()
    assert home.control("status").returncode == 3


def test_start_says_why_it_failed(home):
    with socket.create_server(("127.0.0.1", home.ports["LOG_VIEWER_PORT"])):
        answer = home.control("start")
    assert answer.returncode == 1
    assert "in use" in answer.stderr
    assert home.nothing_left()
