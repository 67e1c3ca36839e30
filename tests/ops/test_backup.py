# SPDX-License-Identifier: MIT
"""Backup and restore: what was acknowledged before a backup began is in it, and is served."""

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from containers import Container
from load import Load
from stack import CONTROL, Stack, binaries, eventually, report

LINES = 3000  # of the log before the backup: more than a chunk, so that a segment is sealed
MAP = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA"}


def ok(process):
    assert process.returncode == 0, process.stderr + process.stdout
    return process.stdout


def made(process):
    """The directory that a backup was put in."""
    return Path(ok(process).split(":")[0])


def points(client, name="backed_up"):
    """Sum of a counter over all time."""
    rows = client.get(f"/api/metrics?name={name}&from={int(time.time()) - 86400}&step=3d").json
    return sum(row["sum"] for row in rows["data"])


def lines(client, container="web"):
    return client.get(f"/api/logs?container={container}&limit=1").json["total"]


class Writing(threading.Thread):
    """Logs and metrics without pause beside the Load of reports."""

    def __init__(self, container, metrics):
        super().__init__(daemon=True)
        self.container, self.metrics = container, metrics
        self.acknowledged, self.ended = 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            point = {"name": "backed_up", "type": "counter", "value": 1}
            if self.metrics.post("/api/metrics", [point] * 10).status == 202:
                self.acknowledged += 10
            self.container.write("a line among many", "and another one")


@contextmanager
def writing(container, metrics):
    thread = Writing(container, metrics)
    thread.start()
    try:
        yield thread
    finally:
        thread.ended.set()
        thread.join()


def sealed(stack):
    ok(stack.control("index", "merge"))
    return list(stack.home.glob("data/logs-0*.db"))


def fill(stack):
    """Something in every database, a sealed segment among it; the container that writes on."""
    container = Container(stack.home / "containers", "web")
    text = "the quick brown fox jumps over the lazy dog"
    container.write_all([(f"{text} {i}", None, "stdout") for i in range(LINES)])
    relay = stack.client("relay")
    assert relay.post("/api/dsn-keys", {"project": "shop"}).status == 201
    upload = {"project": "shop", "release": "1", "file_url": "/a.js"}
    answer = relay.post("/api/source-maps", {**upload, "map_content": json.dumps(MAP)})
    assert answer.status == 201, answer
    logs = stack.client("logs")
    assert eventually(lambda: lines(logs) >= LINES, 30)
    # While the follower is at a merge a named one passes by.
    assert eventually(lambda: sealed(stack), 20)
    return container


def restored(fresh, backup, stack):
    """A new home that starts from the backup, with the keys that are in it."""
    other = fresh.make()
    other.keys, other.ports = stack.keys, {}
    (other.home / "monlight.env").unlink(missing_ok=True)
    ok(other.control("restore", str(backup)))
    assert (other.home / "monlight.env").read_text() == (backup / "monlight.env").read_text()
    return other.start()


def test_what_was_acknowledged_before_a_backup_under_load_is_in_it(fresh, tmp_path):
    stack = fresh()
    container = fill(stack)
    metrics, logs = stack.client("metrics"), stack.client("logs")
    with Load(stack.client("errors"), "shop", clients=2) as load, writing(container, metrics) as w:
        assert eventually(lambda: load.acknowledged > 20 and w.acknowledged > 100, 20)
        known = [event for event, status in list(load.sent.items()) if status is not None]
        counted, stored = w.acknowledged, lines(logs)
        backup = made(stack.control("backup", str(tmp_path / "backups"), timeout=60))
        after = load.acknowledged
        assert eventually(lambda: load.acknowledged > after, 10), "reports go on"
    assert not load.failures, load.failures[:3]
    stack.stop()

    other = restored(fresh, backup, stack)
    errors = other.client("errors")
    again = Load(errors, "shop")
    count = again.count()
    assert len(known) <= count <= len(load.sent)
    for event in known:
        assert errors.post("/api/errors", report("shop", event_id=event)).status in (200, 201)
    assert again.count() == count, "every one of them is known"
    assert counted <= points(other.client("metrics")) <= w.acknowledged
    assert lines(other.client("logs")) >= stored
    found = other.client("logs").get("/api/logs?search=%22quick%20brown%22&limit=1").json
    assert found["total"] == LINES, "from the segment's index"
    relay = other.client("relay")
    assert [key["project"] for key in relay.get("/api/dsn-keys").json["keys"]] == ["shop"]
    assert relay.get("/api/source-maps").json["total"] == 1
    # It is written to as before.
    Container(other.home / "containers", "web").write("a line after the restore")
    search = "/api/logs?search=%22after%20the%20restore%22"
    assert eventually(lambda: other.client("logs").get(search).json["total"] == 1, 20)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A stack that has stopped, and a backup of it."""
    stack = Stack().start()
    try:
        stack.client("errors").post("/api/errors", report("shop"))
        stack.stop()
        yield stack, made(stack.control("backup", str(tmp_path_factory.mktemp("backups"))))
    finally:
        stack.destroy()


def rows(home, table="error"):
    database = sqlite3.connect(home / "data" / "errors.db")
    try:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        database.close()


def left_wal(file):
    """What a process that was killed leaves beside the database: a row that is in the WAL alone."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA wal_autocheckpoint=0")
    database.execute("INSERT INTO history (error_id, at, action, who) VALUES (1, 1, 'a', 'b')")
    database.commit()
    wal = Path(f"{file}-wal").read_bytes()
    database.close()
    assert wal
    return wal


def test_a_restore_wants_force_where_something_is(small):
    stack, backup = small
    refused = stack.control("restore", str(backup))
    assert refused.returncode == 1 and "--force" in refused.stderr
    file = stack.home / "data" / "errors.db"
    wal = left_wal(file)
    file.write_bytes(b"broken")
    Path(f"{file}-wal").write_bytes(wal)
    (stack.home / "data" / "logs-000007.db").write_bytes(b"nobody lists it any more")
    ok(stack.control("restore", "--force", str(backup.parent)))  # the newest in it
    assert not Path(f"{file}-wal").exists(), "it would be taken for the new one's"
    assert rows(stack.home) == 1 and rows(stack.home, "history") == 0
    assert not (stack.home / "data" / "logs-000007.db").exists()
    assert not list(stack.home.glob("data/*.restored"))


def test_a_backup_without_logs_leaves_those_that_are_there(small, tmp_path):
    stack, _ = small
    data = stack.home / "data"
    (data / "logs.db").rename(tmp_path / "kept")
    backup = made(stack.control("backup", str(tmp_path)))
    (tmp_path / "kept").rename(data / "logs.db")
    (data / "logs-000007.db").write_bytes(b"its logs.db lists it")
    ok(stack.control("restore", "--force", str(backup)))
    assert (data / "logs.db").exists()
    (data / "logs-000007.db").unlink()


def test_a_directory_without_a_backup_is_named_as_it_was_given(small, tmp_path):
    refused = small[0].control("restore", str(tmp_path))
    assert refused.returncode == 1 and f"{tmp_path}/manifest.json" in refused.stderr


def test_a_restore_is_refused_while_anything_has_a_database_open(small):
    stack, backup = small
    database = sqlite3.connect(stack.home / "data" / "errors.db")
    database.execute("PRAGMA journal_mode=WAL")  # as every process of ours
    database.execute("SELECT count(*) FROM error").fetchone()
    try:
        refused = stack.control("restore", "--force", str(backup))
        assert refused.returncode == 1 and "is in use" in refused.stderr
    finally:
        database.close()


def test_a_restore_is_refused_while_the_stack_runs(stack, small):
    refused = stack.control("restore", "--force", str(small[1]))
    assert refused.returncode == 1 and "monlight stop first" in refused.stderr


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],  # cut short
        lambda data: data[: len(data) // 2] + b"x" + data[len(data) // 2 + 1 :],
        lambda data: b"",
    ],
    ids=["cut", "changed", "empty"],
)
def test_a_damaged_backup_replaces_nothing(small, tmp_path, damage):
    stack, backup = small
    broken = tmp_path / "broken"
    shutil.copytree(backup, broken)
    file = broken / "metrics.db.zst"
    file.write_bytes(damage(file.read_bytes()))
    before = (stack.home / "data" / "errors.db").stat().st_ino
    refused = stack.control("restore", "--force", str(broken))
    assert refused.returncode == 1 and "metrics.db.zst" in refused.stderr
    assert (stack.home / "data" / "errors.db").stat().st_ino == before
    assert not list(stack.home.glob("data/*.restored"))


def test_a_backup_with_other_rows_than_it_says_replaces_nothing(small, tmp_path):
    stack, backup = small
    broken = tmp_path / "broken"
    shutil.copytree(backup, broken)
    manifest = broken / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"error":1', '"error":2'))
    refused = stack.control("restore", "--force", str(broken))
    assert refused.returncode == 1 and "expected" in refused.stderr


def test_only_the_newest_backups_are_kept_and_only_whole_ones_appear(small, tmp_path):
    stack, _ = small
    old = [tmp_path / f"monlight-2025010{n}T000000Z" for n in range(1, 5)]
    other = tmp_path / "monlight-notes"
    for directory in (*old, other):
        directory.mkdir()
        (directory / "manifest.json").write_text("{}")
    newest = made(stack.control("backup", "--keep", "3", str(tmp_path)))
    assert sorted(tmp_path.iterdir()) == [*old[2:], newest, other]
    # By a clock that has been set back since the new one's name is the oldest.
    (tmp_path / "monlight-29990101T000000Z").mkdir()
    shutil.rmtree(newest)
    newest = made(stack.control("backup", "--keep", "1", str(tmp_path)))
    assert sorted(tmp_path.iterdir()) == [newest, other]

    (stack.home / "data" / "errors.db").rename(tmp_path / "kept")
    (stack.home / "data" / "errors.db").write_bytes(b"this is no database at all" * 100)
    failed = stack.control("backup", str(tmp_path / "failed"))
    (tmp_path / "kept").rename(stack.home / "data" / "errors.db")
    assert failed.returncode == 1
    assert not list((tmp_path / "failed").iterdir())


def test_a_backup_takes_the_next_second_that_no_other_has(small, tmp_path):
    stack, _ = small
    begun = int(time.time())
    names = [
        time.strftime("monlight-%Y%m%dT%H%M%SZ", time.gmtime(begun + second))
        for second in range(101)
    ]
    for name in names[:100]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    newest = made(stack.control("backup", "--keep", "200", str(tmp_path)))
    assert newest.name == names[100]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_an_environment_that_could_not_be_taken_whole_is_not_taken(small, tmp_path):
    _, backup = small
    home = tmp_path / "home"
    refused = subprocess.run(
        [CONTROL, "restore", backup],
        env={**os.environ, "MONLIGHT_HOME": str(home), "MONLIGHT_BIN": str(binaries())},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)),
        capture_output=True,
        text=True,
    )
    assert refused.returncode != 0 and "monlight.env" in refused.stderr
    assert not list(home.glob("monlight.env*"))


def test_what_a_killed_backup_left_behind_goes_after_a_day(small, tmp_path):
    stack, _ = small
    killed, living = tmp_path / ".partial-killed", tmp_path / ".partial-living"
    for directory in (killed, living):
        directory.mkdir()
        (directory / "errors.db").write_bytes(b"half")
    os.utime(killed, (time.time() - 25 * 3600,) * 2)
    newest = made(stack.control("backup", str(tmp_path)))
    assert sorted(tmp_path.iterdir()) == [living, newest]


def test_a_lock_that_cannot_be_made_is_said_once(small, tmp_path):
    stack, _ = small
    lock = stack.home / "data" / "logs.db-retention"
    lock.rename(tmp_path / "lock")
    lock.mkdir()  # as good as a read-only disk
    failed = stack.control("backup", str(tmp_path / "failed"), timeout=20)
    lock.rmdir()
    (tmp_path / "lock").rename(lock)
    assert failed.returncode == 1 and failed.stderr.count("Is a directory") == 1
    assert not list((tmp_path / "failed").iterdir())


def test_a_backup_can_be_read_by_its_owner_alone(small):
    _, backup = small
    assert backup.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}


@pytest.mark.parametrize("command", [["backup"], ["backup", "--keep", "0", "x"], ["restore"]])
def test_wrong_arguments_are_told_what_is_right(small, command):
    stack, _ = small
    refused = stack.control(*command)
    assert refused.returncode == 2 and refused.stderr.startswith(f"usage: monlight {command[0]}")


def test_the_usage_names_every_command():
    commands = re.findall(r"^\t([a-z]+)\) ", Path(CONTROL).read_text(), re.MULTILINE)
    said = Stack().control("--help").stdout
    assert "restore" in commands
    assert [name for name in commands if name not in ("exec", "keep") and name not in said] == []
