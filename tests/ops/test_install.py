# SPDX-License-Identifier: MIT
"""`make install` into a DESTDIR, and a stack that serves from there."""

import os
import re
import stat
import subprocess

import pytest

import stack as stacks
from stack import ROOT, Stack, binaries, report, sanitized

UNITS = ROOT / "packaging" / "systemd"


def make(*arguments):
    variant = "asan" if sanitized() else "release"
    command = ["make", "-s", f"VARIANT={variant}", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    destination = tmp_path_factory.mktemp("destination")
    make("install", f"DESTDIR={destination}")
    return destination


def test_a_stack_serves_from_where_it_was_installed(installed, monkeypatch, fresh):
    monkeypatch.setattr(stacks, "CONTROL", installed / "usr/bin/monlight")
    monkeypatch.setattr(Stack, "environment", from_itself(Stack.environment))
    stack = fresh()
    for name in stacks.SERVICES:
        assert stack.client(name).anonymous().get("/").status == 200
        assert stack.client(name).anonymous().get("/common/api.js").status == 200
    assert stack.client("errors").post("/api/errors", report("installed")).status == 201
    programs = {os.readlink(f"/proc/{pid}/exe") for pid in stack.running("monlight-errors")}
    assert programs == {str(installed / "usr/libexec/monlight/monlight-errors")}
    if (ROOT / "build/sdk").is_dir():
        sdk = next((installed / "usr/share/monlight/sdk").glob("*.min.js"))
        assert stack.client("relay").anonymous().get(f"/sdk/{sdk.name}").status == 200


def from_itself(environment):
    """The environment without MONLIGHT_BIN: an installed script knows where its programs are."""

    def without(self):
        return {k: v for k, v in environment(self).items() if k != "MONLIGHT_BIN"}

    return without


def test_what_is_installed_can_be_read_by_all_and_written_by_its_owner(installed):
    for path in installed.rglob("*"):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            assert mode & 0o022 == 0 and mode & 0o044 == 0o044, path
    assert not list(installed.rglob("*.md")) and not list(installed.rglob("*.test.js"))


def test_the_directories_are_where_make_was_told(tmp_path):
    where = {"PREFIX": "/opt/mon", "SYSCONFDIR": "/opt/mon/etc", "LOCALSTATEDIR": "/srv"}
    names = [f"{name}={value}" for name, value in where.items()]
    make("install", f"DESTDIR={tmp_path}", *names)
    assert {path.name for path in tmp_path.iterdir()} == {"opt"}
    assert (tmp_path / "opt/mon/etc/cron.d/monlight").exists()
    units = [*tmp_path.rglob("*.service"), *tmp_path.rglob("*.conf")]
    text = "".join(path.read_text() for path in units)
    assert "/opt/mon/bin/monlight run" in text and "/srv/lib/monlight" in text
    assert not re.search(r"@[A-Z]+@|/usr/bin/monlight|/var/lib/monlight", text)
    said = subprocess.run(
        [tmp_path / "opt/mon/bin/monlight", "stop"], capture_output=True, text=True, env={}
    )
    assert "it does not run" in said.stderr
    make("uninstall", f"DESTDIR={tmp_path}", *names)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_the_crontab_is_silent_where_the_programs_are_gone(tmp_path):
    names = [f"PREFIX={tmp_path}/usr", f"SYSCONFDIR={tmp_path}/etc", f"LOCALSTATEDIR={tmp_path}"]
    make("install", *names, f"SYSTEMD={tmp_path}/systemd")
    (tmp_path / "lib/monlight").mkdir(parents=True)
    (tmp_path / "lib/monlight/monlight.env").touch()
    (tmp_path / "usr/bin/monlight").unlink()
    entries = re.findall(
        r"^\* .* monlight  (.*)", (tmp_path / "etc/cron.d/monlight").read_text(), re.M
    )
    assert len(entries) == 2
    for entry in entries:
        # On a machine with systemd its timers do it.
        entry = entry.replace("/run/systemd/system", "/nonexistent")
        done = subprocess.run(["sh", "-c", entry], capture_output=True, text=True, env={})
        assert done.returncode == 0 and done.stdout + done.stderr == ""


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_a_unit_is_hardened(installed, unit):
    path = installed / "usr/lib/systemd/system" / unit
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager"]
    done = subprocess.run([*command, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout.splitlines()[-1]
    assert done.stderr == "", "systemd understands every line"


def test_only_who_reads_the_containers_has_a_capability_and_it_has_no_network(installed):
    units = installed / "usr/lib/systemd/system"
    for path in units.glob("*.service"):
        lines = path.read_text().splitlines()
        has = [line for line in lines if line.startswith("CapabilityBoundingSet=")]
        ingest = path.name == "monlight-ingest.service"
        assert has == ["CapabilityBoundingSet=" + "CAP_DAC_READ_SEARCH" * ingest]
        if "-f ingest" in path.read_text() or "backup" in path.name or "jobs" in path.name:
            assert "PrivateNetwork=yes" in lines and "RestrictAddressFamilies=none" in lines


def test_a_job_that_somebody_else_does_is_left_out(fresh):
    stack = fresh(INDEXER="cron", LOG_SOURCES="/nowhere")
    done = stack.control("index", "-x", "ingest")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert (stack.home / "data/logs.db-merge").exists()
    assert not (stack.home / "data/logs.db-ingest").exists()


def test_programs_are_those_under_test(installed):
    for path in (installed / "usr/libexec/monlight").iterdir():
        assert path.read_bytes() == (binaries() / path.name).read_bytes()
