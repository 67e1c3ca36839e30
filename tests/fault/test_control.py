# SPDX-License-Identifier: MIT
"""The control script, from outside: what it makes, starts, stops, survives and leaves behind.

Every test has a home of its own and ports nobody chose.  MONLIGHT_BIN says which programs run.
"""

import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from stack import CONTROL, binaries, eventually, free_ports

PORTS = ("ERROR_TRACKER_PORT", "LOG_VIEWER_PORT", "METRICS_COLLECTOR_PORT", "BROWSER_RELAY_PORT")
# Processes of each program; one of the log viewer's is the export's.
POOLS = {
    "monlight-errors": 2,
    "monlight-logs": 3,
    "monlight-tail": 1,
    "monlight-metrics": 2,
    "monlight-relay": 2,
}
# A request in hand has 3 s, a client that never closes 4 s; a loaded machine is allowed some more.
STOP_SECONDS = 5.0


def cmdline(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return []


class Home:
    """A home, four ports, and the control script on them."""

    def __init__(self, path):
        self.path = Path(path)
        self.said = self.path.parent / "said"
        self.ports = dict(zip(PORTS, free_ports(4), strict=True))
        self.run = None
        self.env = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
        self.env.update({k: str(v) for k, v in self.ports.items()})
        self.env.update(MONLIGHT_HOME=str(self.path), MONLIGHT_BIN=str(binaries()))

    def control(self, *args, **env):
        return subprocess.run(
            [CONTROL, *args],
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def spawn(self, **env):
        """`monlight run` in the background of the test; returns once it has announced itself."""
        with open(self.said, "w") as said:
            self.run = subprocess.Popen(
                [CONTROL, "run"],
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        assert eventually(lambda: "keys and password" in self.messages(), 20), self.messages()
        return self

    def messages(self):
        return self.said.read_text()

    def file(self, name):
        return (self.path / "run" / name).read_text()

    def lighttpd(self):
        """The one with the private ports."""
        return int(self.file("lighttpd.pid").split()[0])

    def processes(self):
        """{pid: command} of everything that belongs to this home."""
        mark = b"MONLIGHT_HOME=" + os.fsencode(self.path)
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = b" ".join(cmdline(entry.name)).decode()
            except OSError:
                continue
        return {pid: command for pid, command in found.items() if command}

    def lasting(self):
        """The same without the pause of `run`, which is another every two seconds."""
        return {pid: command for pid, command in self.processes().items() if command != "sleep 2"}

    def pool(self, name):
        return sorted(p for p, c in self.processes().items() if c.split()[0].endswith("/" + name))

    def key(self, name="ERROR_TRACKER_API_KEY"):
        return re.search(rf"^{name}=(.*)$", (self.path / "monlight.env").read_text(), re.M)[1]

    def change(self, name, value):
        path = self.path / "monlight.env"
        text = re.sub(rf"^{name}=.*\n", "", path.read_text(), flags=re.M)
        path.write_text(f"{text}{name}={value}\n")

    def get(self, path="/health", port="ERROR_TRACKER_PORT", **headers):
        conn = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=10)
        try:
            conn.request("GET", path, headers=headers)
            answer = conn.getresponse()
            return answer.status, answer.read()
        finally:
            conn.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.ports["ERROR_TRACKER_PORT"]), timeout=10)

    def begin_upload(self):
        """A POST whose body is only half sent."""
        client = self.connect()
        head = f"POST /api/errors HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {self.key()}\r\n"
        client.sendall(
            (head + "Content-Type: application/json\r\nContent-Length: 4\r\n\r\nnu").encode()
        )
        time.sleep(0.2)
        return client

    def end(self, how=signal.SIGTERM):
        """Ends `run`; returns its exit status and how long that took."""
        begun = time.monotonic()
        self.run.send_signal(how)
        code = self.run.wait(timeout=20)
        return code, time.monotonic() - begun

    def nothing_left(self):
        assert eventually(lambda: not self.processes(), 3), self.processes()
        return True


@pytest.fixture
def home():
    base = Path(tempfile.mkdtemp(prefix="monlight-test-"))
    made = Home(base / "home")
    yield made
    if made.run is not None and made.run.poll() is None:
        made.run.terminate()
        made.run.wait(timeout=20)
    elif (made.path / "run" / "monlight.pid").exists():
        made.control("stop")
    left = made.processes()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(base)
    assert not left


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
    assert {pool: len(home.pool(pool)) for pool in POOLS} == POOLS


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


def test_it_runs_as_the_owner_of_the_home(home):
    owner = os.getuid()
    if owner == 0:
        nobody = pwd.getpwnam("nobody")
        as_nobody = ["setpriv", f"--reuid={nobody.pw_uid}", "--clear-groups"]
        if (
            subprocess.run(
                [*as_nobody, "test", "-x", CONTROL, "-a", "-x", binaries()], check=False
            ).returncode
            == 0
        ):
            owner = nobody.pw_uid
    home.path.parent.chmod(0o755)
    home.path.mkdir(mode=0o700)
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
    assert len(home.pool("monlight-errors")) == 6
    assert len(home.pool("monlight-relay")) == 1


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
    assert home.control("status", INDEXER="cron").returncode == 0


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
    home.spawn()
    lighttpd = home.lighttpd()
    with Load(home) as load:
        for _ in range(3):
            before = {pid for pool in POOLS for pid in home.pool(pool)}
            helper = set(eventually(lambda: home.pool("monlight-indexer")))
            answer = home.control("reload")
            assert answer.returncode == 0, answer.stderr
            after = {pid for pool in POOLS for pid in home.pool(pool)}
            assert len(after) == sum(POOLS.values())
            assert not before & after
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


def test_reload_with_a_bad_variable_changes_nothing(home):
    home.spawn()
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
    answer = home.control("reload")
    assert answer.returncode == 0, answer.stderr
    assert time.monotonic() - begun < STOP_SECONDS + 1
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
    status = home.control("status")
    assert status.returncode == 0, status.stdout
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


# ---- configuration -----------------------------------------------------------


def test_values_are_taken_as_they_stand_to_the_end_of_the_line(home):
    home.spawn()
    value = 'it\'s "a" $(touch /nowhere) `b` = # \\ key 0123456789'
    home.change("ERROR_TRACKER_API_KEY", value)
    assert home.control("reload").returncode == 0
    assert home.get("/metrics", **{"X-API-Key": value})[0] == 200
    assert f"ERROR_TRACKER_API_KEY={value}\n" in home.control("keys").stdout


def test_the_environment_beats_the_file_and_an_empty_value_counts_as_unset(home):
    home.spawn()
    assert "INGEST" not in home.control("keys").stdout
    home.change("INGEST_API_KEY", "from-the-file")
    assert "INGEST_API_KEY=from-the-file\n" in home.control("keys").stdout
    assert (
        "INGEST_API_KEY=from-outside\n"
        in home.control("keys", INGEST_API_KEY="from-outside").stdout
    )
    assert "INGEST_API_KEY=from-the-file\n" in home.control("keys", INGEST_API_KEY="").stdout
    home.change("INGEST_API_KEY", "")
    assert "INGEST" not in home.control("keys").stdout


@pytest.mark.parametrize(
    "line", ["no equals sign", "lower=1", "A B=1", "=1", "1A=1", "$(id)=1", "  A=1"]
)
def test_a_line_that_is_no_assignment_is_named(home, line):
    home.path.mkdir()
    (home.path / "monlight.env").write_text(f"# comment\n\n{line}\n")
    answer = home.control("check")
    assert answer.returncode == 1
    assert "monlight.env, line 3" in answer.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ERROR_TRACKER_PORT", "http"),
        ("LOG_VIEWER_PORT", "0"),
        ("METRICS_COLLECTOR_PORT", "65536"),
        ("BROWSER_RELAY_PROCESSES", "-1"),
        ("MAX_REQUEST_KIB", "99999999999999999999"),
        ("INDEXER", "sometimes"),
        ("TRUSTED_PROXIES", "nowhere/xyz"),
        ("BIND_ADDRESS", "not an address"),
        ("RATE_LIMIT", "many"),
    ],
)
def test_a_bad_variable_starts_nothing_and_is_named(home, name, value):
    answer = home.control("run", **{name: value})
    assert answer.returncode == 1
    assert name in answer.stderr or value in answer.stderr
    assert home.nothing_left()


def test_check_is_content_with_a_fresh_home(home):
    home.spawn()
    answer = home.control("check")
    assert (answer.returncode, answer.stderr) == (0, "monlight: all is well\n")


@pytest.mark.parametrize("name", ["x" * 120, "a name with blanks"])
def test_any_path_will_do_for_a_home(home, name):
    before = set(Path("/tmp").glob("monlight.*"))
    home.path = home.path.parent / name / "home"
    home.path.parent.mkdir()
    home.env["MONLIGHT_HOME"] = str(home.path)
    home.spawn()
    (private,) = set(Path("/tmp").glob("monlight.*")) - before
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert home.get()[0] == 200
    assert home.control("reload").returncode == 0
    assert home.control("status").returncode == 0
    assert home.end()[0] == 0
    assert not private.exists()
    assert home.nothing_left()


def test_a_relative_home_is_taken_from_the_working_directory(home):
    home.path.parent.joinpath("there").mkdir()
    answer = subprocess.run(
        [CONTROL, "check"],
        cwd=home.path.parent / "there",
        env={**home.env, "MONLIGHT_HOME": "deep"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{home.path.parent}/there/deep/monlight.env" in answer.stderr


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [("10.0.0.0/8, 127.0.0.1", "192.0.2.7"), ("10.0.0.0/8", "127.0.0.1"), ("", "127.0.0.1")],
)
def test_a_trusted_proxy_and_nobody_else_says_who_the_client_is(home, trusted, seen):
    log = home.path / "log" / "access.log"
    home.spawn(TRUSTED_PROXIES=trusted, ACCESS_LOG=str(log))
    assert home.get("/health?me", **{"X-Forwarded-For": "192.0.2.7"})[0] == 200
    assert home.end()[0] == 0
    (line,) = [line for line in log.read_text().splitlines() if "/health?me" in line]
    assert f" {seen} " in line


def test_there_is_no_access_log_until_one_is_asked_for(home):
    home.spawn()
    assert home.get("/health?me")[0] == 200
    assert home.end()[0] == 0
    assert "/health?me" not in home.messages()
    assert list((home.path / "log").iterdir()) == []


def test_a_large_body_comes_in_only_as_a_source_map_with_the_key(home):
    home.spawn()

    def post(path, **headers):
        conn = http.client.HTTPConnection("127.0.0.1", home.ports["BROWSER_RELAY_PORT"], timeout=20)
        try:
            conn.putrequest("POST", path)
            for name, value in headers.items():
                conn.putheader(name.replace("_", "-"), value)
            conn.putheader("Content-Length", str(6 << 20))
            conn.putheader("Expect", "100-continue")
            conn.endheaders()
            return conn.sock.recv(12)
        finally:
            conn.close()

    key = home.key("BROWSER_RELAY_ADMIN_API_KEY")
    assert post("/api/source-maps", X_API_Key=key) == b"HTTP/1.1 100"
    assert post("/api/source-maps", Authorization=f"Bearer {key}") == b"HTTP/1.1 100"
    assert post("/api/source-maps", X_API_Key="wrong") == b"HTTP/1.1 413"
    assert post("/api/source-maps") == b"HTTP/1.1 413"
    assert post("/api/browser/errors", X_API_Key=key) == b"HTTP/1.1 413"


def test_keys_are_printed_and_an_unknown_command_is_explained(home):
    home.spawn()
    assert f"UI_PASSWORD={home.key('UI_PASSWORD')}\n" in home.control("keys").stdout
    unknown = home.control("explode")
    assert unknown.returncode == 2
    assert "usage: monlight" in unknown.stderr


def test_health_is_json(home):
    home.spawn()
    assert json.loads(home.get()[1])["status"] == "ok"
