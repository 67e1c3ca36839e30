# SPDX-License-Identifier: MIT
"""Where a process may open few files, as on some container platforms, lighttpd takes few connections."""

import contextlib
import os
import re
import socket
from pathlib import Path

from homes import ordinary_user

from stack import eventually

FILES = 512


def warning(files):
    return f"warning: a process may open only {files} files here: each lighttpd takes {files // 4} "


def allow(home, files, hard):
    """Lets the processes of a home open so many, and root among them no more."""
    # As container platforms run it: root without what lets it raise the limit.
    bounded = ["setpriv", "--bounding-set=-sys_resource"] if os.getuid() == 0 else []
    home.wrapper = [*bounded, "prlimit", f"--nofile={files}:{hard}"]


def files_of_lighttpds(home):
    limits = [Path(f"/proc/{pid}/limits").read_text() for pid in home.file("lighttpd.pid").split()]
    return [int(re.search(r"^Max open files +(\d+)", text, re.M)[1]) for text in limits]


def test_few_files_are_few_connections_and_a_crowd_is_thrown_out_all_the_same(home):
    """As an ordinary user.  The crowd is never silent, and more than lighttpd takes."""
    home.path.parent.chmod(0o755)
    home.path.mkdir(mode=0o700)
    os.chown(home.path, ordinary_user(), -1)
    allow(home, FILES // 2, FILES)
    home.spawn()
    assert home.messages().count(warning(FILES)) == 1, home.messages()
    assert files_of_lighttpds(home) == [FILES, FILES]

    def thrown_out():
        for sock in crowd:
            with contextlib.suppress(OSError):
                sock.send(b"x")
        return "its connections are closed" in home.messages()

    def answers():
        with contextlib.suppress(OSError):
            return home.get(port="BROWSER_RELAY_PORT")[0] == 200

    with contextlib.ExitStack() as sockets:
        crowd = [sockets.enter_context(socket.socket()) for _ in range(FILES * 3 // 4)]
        for sock in crowd:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", home.ports["BROWSER_RELAY_PORT"]))
        assert eventually(thrown_out, 40, 0.5), home.messages()
    assert eventually(answers, 30), home.messages()


def test_too_few_files_are_refused_before_anything_runs(home):
    allow(home, 64, 255)
    refused = home.control("run")
    assert refused.returncode == 1
    assert "a process may open only 255 files here, 256 are the least" in refused.stderr
    assert "server started" not in refused.stderr and home.nothing_left()
    allow(home, 64, 256)
    warned = home.control("check")
    assert warned.returncode == 0 and warned.stderr.count(warning(256)) == 1, warned.stderr
