# SPDX-License-Identifier: MIT
"""A full disk: refusals in clear text, nothing broken, and it goes on when there is space.

The data directory is a small tmpfs in a mount namespace of the stack's own, so
nothing stays mounted whatever happens, and nobody has to be root.
"""

import gzip
import os
import random
import subprocess
import time

from containers import Container
from stack import eventually, report

SIZE = 12  # MiB


def in_a_small_data_directory(fresh, **variables):
    stack = fresh.make(**variables)
    data = stack.home / "data"
    data.mkdir()
    unshare = ["unshare", "--mount"] + (["--user", "--map-root-user"] if os.getuid() else [])
    mount = f'mount -t tmpfs -o size={SIZE}m,mode=700 none "$0" && exec "$@"'
    stack.wrapper = [*unshare, "sh", "-c", mount, str(data)]
    stack.start()
    lighttpd = stack.lighttpd()
    return stack, f"/proc/{lighttpd}/root{data}"


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def large(project, i):
    noise = random.Random(i).randbytes(200_000).hex()
    return report(project, exception_type=f"E{i}", extra={"noise": noise})


def assert_sound(stack, held):
    """The database has no fault and so many errors.

    Asked where the stack is: SQLite takes links apart, and by the one in /proc comes to a file
    of the same name that nobody mounted anything over.
    """
    enter = ["nsenter", f"--target={stack.lighttpd()}", "--mount", "--root", "--wdns=/"]
    if os.getuid():
        enter += ["--user", "--preserve-credentials"]
    ask = "PRAGMA integrity_check; SELECT count(*) FROM error"
    done = subprocess.run(
        [*enter, "sqlite3", "-cmd", ".timeout 10000", stack.database("errors"), ask],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == (f"ok\n{held}\n", "")


def test_a_full_disk_refuses_and_recovers(fresh, project):
    stack, data = in_a_small_data_directory(fresh)
    errors = stack.client("errors")
    taken = [errors.post("/api/errors", large(project, i)).json["id"] for i in range(5)]
    fill(f"{data}/filler")
    refused = None
    for i in range(5, 200):
        answer = errors.post("/api/errors", large(project, i))
        if answer.status != 201:
            refused = answer
            break
        taken.append(answer.json["id"])
    assert refused is not None and refused.status == 503, refused
    assert "space" in refused.detail or "full" in refused.detail
    assert int(refused.headers["Retry-After"]) == refused.json["retry_after"] > 0
    for _ in range(10):
        assert errors.post("/api/errors", large(project, 500)).status == 503

    assert errors.get("/health").status in (200, 503)
    assert errors.get(f"/api/errors?project={project}").json["total"] == len(taken)
    assert_sound(stack, len(taken))

    os.unlink(f"{data}/filler")
    assert eventually(lambda: errors.post("/api/errors", report(project)).status in (200, 201), 20)
    for number in taken:
        assert errors.get(f"/api/errors/{number}").status == 200
    assert_sound(stack, len(taken) + 1)


def test_a_disk_that_is_full_at_the_start_is_said(fresh, project):
    stack, data = in_a_small_data_directory(fresh)
    errors = stack.client("errors")
    assert errors.post("/api/errors", report(project)).status == 201
    fill(f"{data}/filler")
    for pid in stack.running("monlight-errors"):
        os.kill(pid, 9)
    # A process that finds no space to open its file ends, and is started again each
    # second; a request it had been handed by then is answered by lighttpd with 500.
    answers = [errors.post("/api/errors", large(project, 1))]
    eventually(lambda: answers.append(errors.post("/api/errors", large(project, 1))), 3, 0.2)
    assert {answer.status for answer in answers} <= {500, 503}
    assert any(answer.status == 503 for answer in answers)
    assert all(answer.detail for answer in answers)
    os.unlink(f"{data}/filler")
    assert eventually(lambda: errors.post("/api/errors", report(project)).status == 200, 20)


def test_the_indexer_waits_for_space_without_a_word_for_each_line(fresh):
    stack, data = in_a_small_data_directory(fresh)
    container = Container(str(stack.home / "containers"), "busy")
    logs = stack.client("logs")

    def stored():
        return logs.get("/api/logs?search=before").json["total"]

    container.write("before")
    assert eventually(lambda: stored() == 1)
    fill(f"{data}/filler")
    begun = time.monotonic()
    while time.monotonic() - begun < 3:
        container.write("meanwhile")
        time.sleep(0.01)
    said = (stack.home / "stderr").read_text().count("monlight-indexer")
    assert 1 <= said <= 8, f"{said} lines in {time.monotonic() - begun:.0f} s"
    os.unlink(f"{data}/filler")
    container.write("before the end")
    assert eventually(lambda: stored() == 2)


def test_an_archive_without_space_to_unpack_it_is_read_when_there_is(fresh):
    """Of a container that has ended, too, which nothing stirs any more."""
    stack, data = in_a_small_data_directory(fresh)
    sources, workshop = stack.home / "containers", stack.home / "workshop"
    with open(f"{data}/filler", "wb") as file:
        file.write(bytes(8 << 20))
    workshop.mkdir()
    ended = Container(str(workshop), "ended")
    ended.put("config.v2.json", {"Name": "/ended", "State": {"Running": False}})
    with gzip.open(f"{ended.path}.1.gz", "wb", 1) as archive:
        archive.write(ended.record("x" * 1000, 0) * 6000)
    os.rename(ended.directory, sources / ended.id)
    assert eventually(lambda: "cannot unpack" in (stack.home / "stderr").read_text(), 60)
    os.unlink(f"{data}/filler")
    Container(str(sources), "stirs a scan")
    logs = stack.client("logs")
    assert eventually(lambda: logs.get("/api/stats").json["total_logs"] == 6000, 60)
