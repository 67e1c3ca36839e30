# SPDX-License-Identifier: MIT
"""What the control script makes of monlight.env and of the environment."""

import http.client
import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from stack import CONTROL, eventually


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


def test_the_last_of_two_lines_counts_and_one_may_end_as_windows_ends_it(home):
    home.path.mkdir()
    lines = "UI_PASSWORD=first\r\nINGEST_API_KEY=\r\nUI_PASSWORD=last\r\nUI_PASSWORD=\r\n"
    (home.path / "monlight.env").write_bytes(lines.encode())
    assert home.control("keys").stdout == "UI_PASSWORD=last\n"
    assert home.control("keys", UI_PASSWORD="outside").stdout == "UI_PASSWORD=outside\n"


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


def test_check_refuses_what_would_fail_later(home):
    assert home.control("index").returncode == 0  # makes the home
    for name, value, said in [
        ("TRUSTED_PROXIES", "127.0.0.1, proxy.example.com", "not proxy.example.com"),
        ("TRUSTED_PROXIES", "1:2:3,10.0.0.0/33,256.1.1.1", "not 1:2:3 10.0.0.0/33 256.1.1.1"),
        ("ACCESS_LOG", "/nowhere/at/all.log", "/nowhere/at/all.log"),
        ("ACCESS_LOG", "/", "cannot write /"),
        ("DATABASE_PATH", "/tmp/one.db", "ERROR_TRACKER_DATABASE_PATH"),
    ]:
        answer = home.control("check", **{name: value})
        assert answer.returncode == 1, (name, value)
        assert name in answer.stderr and said in answer.stderr
    answer = home.control(
        "check", LOG_VIEWER_DATABASE_PATH="/tmp/one.db", BROWSER_RELAY_DATABASE_PATH="/tmp/one.db"
    )
    assert answer.returncode == 1 and "/tmp/one.db would be one file for two" in answer.stderr
    port = str(home.ports["ERROR_TRACKER_PORT"])
    hosts = ("ERROR_TRACKER_HOST", "LOG_VIEWER_HOST", "METRICS_COLLECTOR_HOST")
    vhosts = {"VHOST_PORT": port, **{name: f"{name[0]}.example" for name in hosts}}
    for variables in ({"LOG_VIEWER_PORT": port}, {"BROWSER_RELAY_PORT": port}, vhosts):
        answer = home.control("check", **variables)
        assert answer.returncode == 1 and f"port {port} is given out twice" in answer.stderr
    assert home.control("check", VHOST_ADDRESS="127.0.0.2", **vhosts).returncode == 0
    sound = "all ::1 fd00::/8,::ffff:127.0.0.1 1:2:3:4:5:6:7:8, 10.0.0.0/8"
    answer = home.control("check", TRUSTED_PROXIES=sound, ACCESS_LOG=str(home.path / "access.log"))
    assert answer.returncode == 0, answer.stderr


def test_a_misspelt_variable_is_a_warning_that_names_the_nearest(home):
    assert home.control("index").returncode == 0
    documented = re.findall(
        r"^\| `([A-Z_0-9]+)` ", (CONTROL.parents[1] / "docs/configuration.md").read_text(), re.M
    )
    services = ("ERROR_TRACKER", "LOG_VIEWER", "METRICS_COLLECTOR", "BROWSER_RELAY")
    assert sum(name.startswith(services) for name in documented) > 20
    with open(home.path / "monlight.env", "a") as file:
        file.writelines(f"{name}=\n" for name in (*documented, "LOG_VIEWER_RATE_LIMIT"))
        file.write("METRICS_COLLECTOR_METRIC_ALERT_7=\nOTHER_PROT=1\n")
        file.write("ERROR_TRACKER_PROT=1\nLOG_VIEWER_MAX_LOG_BYTE=1G\n")
    answer = home.control("check")
    assert answer.returncode == 0
    warnings = [line for line in answer.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 2, answer.stderr
    assert "ERROR_TRACKER_PROT" in warnings[0] and "ERROR_TRACKER_PORT" in warnings[0]
    assert "LOG_VIEWER_MAX_LOG_BYTE " in warnings[1] and "LOG_VIEWER_MAX_LOG_BYTES" in warnings[1]


@pytest.mark.parametrize(("command", "made"), [("start", True), ("run", False)])
def test_a_full_disk_is_said_in_a_sentence(home, command, made):
    script = """mount -t tmpfs -o size=1m,mode=700 none "$0" || exit
        [ -z "$made" ] || "$control" index >"$0/out" 2>&1
        cat /dev/zero >"$0/filler" 2>"$0/out"
        exec "$control" "$1"
    """
    home.path.mkdir()
    unshare = ["unshare", "--mount"] + (["--user", "--map-root-user"] if os.getuid() else [])
    answer = subprocess.run(
        [*unshare, "sh", "-c", script, home.path, command],
        env={**home.env, "control": CONTROL, "made": "yes" if made else ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 1
    said = answer.stderr.splitlines()[-1]
    assert said == f"monlight: cannot write in {home.path}: No space left on device"
    assert "I/O error" not in answer.stderr


def test_a_value_is_never_taken_for_a_command(home):
    run = home.path.parent / "was-run"
    home.control("start", BIND_ADDRESS=f"$(touch {run})")
    refused = home.control("check", BIND_ADDRESS=f'127.0.0.1"$(touch {run})')
    assert refused.returncode == 1 and "Syntax error" not in refused.stderr
    assert not run.exists()


def test_check_is_content_with_a_fresh_home(home):
    home.env["LOG_SOURCES"] = str(home.path.parent)
    home.spawn()
    answer = home.control("check")
    assert (answer.returncode, answer.stderr) == (0, "monlight: all is well\n")


def test_check_says_in_a_line_of_its_own_what_keeps_log_lines_away(home):
    home.env["LOG_SOURCES"] = str(home.path / "not-there")
    home.spawn()
    wanted = r"monlight: all is well\nmonlight: LOG_SOURCES is not there: .*\n"
    assert eventually(lambda: re.fullmatch(wanted, home.control("check").stderr), 30)


def test_what_a_killed_restore_has_left_goes_at_the_next_start(home):
    (home.path / "data").mkdir(parents=True)
    (home.path / "data/logs-000009.db.restored").write_bytes(b"half")
    home.spawn()
    assert not list(home.path.glob("data/*.restored*"))


@pytest.mark.parametrize("name", ["x" * 120, "a name with blanks"])
def test_any_path_will_do_for_a_home(home, name):
    home.path = home.path.parent / name / "home"
    home.path.parent.mkdir()
    home.env["MONLIGHT_HOME"] = str(home.path)
    home.spawn()
    environment = Path(f"/proc/{home.lighttpd()}/environ").read_text().split("\0")
    (run_dir,) = [line for line in environment if line.startswith("RUN_DIR=")]
    private = Path(run_dir.removeprefix("RUN_DIR="))
    assert private.parent == Path("/tmp")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert home.get()[0] == 200
    assert home.control("reload").returncode == 0
    assert eventually(lambda: home.control("status").returncode == 0)
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


def test_paths_of_lighttpds_are_within_the_home_too(home):
    home.spawn(ACCESS_LOG="log/access.log")
    assert home.get("/health?me")[0] == 200
    assert home.end()[0] == 0
    assert "/health?me" in (home.path / "log/access.log").read_text()
    (home.path / "own.pem").touch()
    refused = home.control("check", TLS_CERTIFICATE="own.pem", TLS_KEY="other.pem")
    assert f"TLS_KEY: cannot read {home.path}/other.pem" in refused.stderr


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


@pytest.mark.parametrize("command", ["run", "start", "stop", "status", "reload", "check"])
def test_more_than_a_command_takes_is_explained(home, command):
    refused = home.control(command, "more")
    assert refused.returncode == 2 and "usage: monlight" in refused.stderr
    assert not home.path.exists()


@pytest.mark.parametrize("command", ["status", "stop", "keys", "start"])
@pytest.mark.parametrize("closed", [".", "run"])
def test_who_may_not_look_into_a_home_is_told_so(home, command, closed):
    (home.path / "run").mkdir(parents=True)
    place = (home.path / closed).resolve()
    place.chmod(0)
    # Root without what lets it in everywhere.
    bounded = (
        ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if not os.getuid() else []
    )
    done = subprocess.run(
        [*bounded, str(CONTROL), command],
        env={**os.environ, "MONLIGHT_HOME": str(home.path)},
        capture_output=True,
        text=True,
    )
    place.chmod(0o700)
    assert done.returncode == 1 and f"{place} is for " in done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr


def test_an_unknown_job_is_answered_with_the_jobs_there_are_each_once(home):
    home.spawn()
    unknown = home.control("index", "explode")
    assert unknown.returncode == 2
    jobs = unknown.stderr.split("jobs: ")[1].splitlines()[0].split()
    assert "ingest" in jobs and len(jobs) == len(set(jobs))


def test_health_is_json(home):
    home.spawn()
    assert json.loads(home.get()[1])["status"] == "ok"
