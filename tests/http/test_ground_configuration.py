# SPDX-License-Identifier: MIT
"""Variables as all four services read them, and the control script."""

import os
import re
import subprocess

import pytest

from stack import SERVICES, Client, binaries, free_ports

# ---- configuration -----------------------------------------------------------


def run_check(service, home, **variables):
    """A responder's -n with nothing but these variables."""
    own = {name: os.environ[name] for name in ("ASAN_OPTIONS", "PATH") if name in os.environ}
    return subprocess.run(
        [binaries() / f"monlight-{service}", "-n"],
        env={**own, "MONLIGHT_HOME": str(home), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )


KEYS = {
    "errors": {"API_KEY": "the-secret-key-1"},
    "logs": {"API_KEY": "the-secret-key-1"},
    "metrics": {"API_KEY": "the-secret-key-1"},
    "relay": {
        "ADMIN_API_KEY": "the-secret-key-1",
        "ERROR_TRACKER_URL": "http://127.0.0.1:5010",
        "ERROR_TRACKER_API_KEY": "the-secret-key-2",
        "METRICS_COLLECTOR_URL": "http://127.0.0.1:5012",
        "METRICS_COLLECTOR_API_KEY": "the-secret-key-3",
    },
}


def test_n_prints_the_configuration_and_hides_secrets(service, tmp_path):
    done = run_check(
        service, tmp_path, **KEYS[service], UI_PASSWORD="the-secret-pass", RATE_LIMIT="7"
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^RATE_LIMIT=7$", done.stdout, re.M)
    assert "the-secret" not in done.stdout + done.stderr
    assert re.search(r"^UI_PASSWORD=\(set\)$", done.stdout, re.M)
    assert re.search(r"^INGEST_API_KEY=\(not set\)$", done.stdout, re.M)


def test_n_reports_every_bad_variable(service, tmp_path):
    done = run_check(
        service,
        tmp_path,
        RATE_LIMIT="lots",
        MAX_BODY_SIZE="-1",
        LOG_LEVEL="loud",
        DURABILITY="none",
    )
    assert done.returncode == 1
    required = "ADMIN_API_KEY" if service == "relay" else "API_KEY"
    for name in (required, "RATE_LIMIT", "MAX_BODY_SIZE", "LOG_LEVEL", "DURABILITY"):
        assert len(re.findall(rf"\b{name}\b", done.stderr)) >= 1, done.stderr


@pytest.mark.parametrize("key", ["", "<generate-a-key>", "changeme", "your-api-key"])
def test_an_empty_or_placeholder_key_is_refused(service, tmp_path, key):
    name = "ADMIN_API_KEY" if service == "relay" else "API_KEY"
    done = run_check(service, tmp_path, **{**KEYS[service], name: key})
    assert done.returncode == 1
    assert name in done.stderr


def test_the_prefixed_variable_beats_the_plain_one(service, tmp_path):
    variables = {"RATE_LIMIT": "7", f"{SERVICES[service]}_RATE_LIMIT": "9"}
    done = run_check(service, tmp_path, **KEYS[service], **variables)
    assert re.search(r"^RATE_LIMIT=9$", done.stdout, re.M), done.stdout + done.stderr


def test_an_empty_variable_counts_as_unset(service, tmp_path):
    done = run_check(service, tmp_path, **KEYS[service], RATE_LIMIT="", LOG_LEVEL="")
    assert done.returncode == 0, done.stderr


SIZES = {
    "1024": 1024,
    "1k": 1024,
    "32M": 33554432,
    "1023": None,
    "0M": None,
    "33M": None,
    "-1k": None,
    "1.5M": None,
    "1kM": None,
    "k": None,
    "9223372036854775807G": None,
}


@pytest.mark.parametrize("size", SIZES)
def test_a_size_is_within_its_range_with_and_without_a_unit(tmp_path, size):
    done = run_check("errors", tmp_path, **KEYS["errors"], MAX_BODY_SIZE=size)
    if SIZES[size] is None:
        assert done.returncode == 1
        assert f"MAX_BODY_SIZE={size} is not valid" in done.stderr
    else:
        assert f"MAX_BODY_SIZE={SIZES[size]}\n" in done.stdout, done.stderr


def test_the_stack_does_not_start_with_a_bad_variable(fresh):
    stack = fresh.make(ERROR_TRACKER_API_KEY="", RATE_LIMIT="lots")
    with pytest.raises(AssertionError, match="ended at start"):
        stack.start()
    assert stack.process.returncode == 1
    said = stack.output()
    assert "API_KEY" in said and "RATE_LIMIT" in said
    assert not stack.members()


# ---- the control script ------------------------------------------------------


def test_status_and_check_tell_how_it_stands(fresh):
    stack = fresh()
    status = stack.control("status")
    assert status.returncode == 0, status.stdout + status.stderr
    for port in stack.ports.values():
        assert str(port) in status.stdout
    check = stack.control("check")
    assert check.returncode == 0, check.stdout + check.stderr
    assert stack.stop() == 0
    assert stack.control("status").returncode != 0


def test_the_first_run_makes_random_keys_that_only_the_owner_reads(fresh):
    stack = fresh.make()
    stack.variables = {}
    stack.write_environment = lambda: None
    ports = dict(zip(SERVICES, free_ports(4)))
    stack.ports = ports
    plain = stack.environment()
    given = {f"{SERVICES[name]}_PORT": str(port) for name, port in ports.items()}
    stack.environment = lambda: {**plain, **given}
    stack.start()
    made = stack.home / "monlight.env"
    assert made.stat().st_mode & 0o777 == 0o600
    values = dict(
        line.split("=", 1)
        for line in made.read_text().splitlines()
        if "=" in line and line[0] != "#"
    )
    keys = [value for name, value in values.items() if name.endswith("API_KEY") and value]
    assert len(keys) == len(set(keys)) >= 4
    assert all(len(key) >= 32 for key in keys)
    assert Client(ports["errors"], values["ERROR_TRACKER_API_KEY"]).get("/api/errors").status == 200
    for key in keys:
        assert key not in (stack.home / "console").read_text()
    stack.environment = lambda: plain
    for name, port in ports.items():
        # Without the variables of the first run its stack is found.
        assert f"http://127.0.0.1:{port}/ answers" in stack.control("status").stdout, name


def test_a_second_run_in_the_same_home_is_refused(fresh):
    stack = fresh()
    second = stack.control("run", timeout=20)
    assert second.returncode != 0
    assert second.stderr.strip()
    assert stack.healthy("errors")


def test_the_job_index_runs_once_and_ends(fresh):
    stack = fresh(INDEXER="cron")
    done = stack.control("index", "retention")
    assert done.returncode == 0, done.stderr
    assert not stack.running("monlight-indexer")
