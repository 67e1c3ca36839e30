# SPDX-License-Identifier: MIT
"""A home of the control script, and the processes that run from it."""

import http.client
import os
import pwd
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

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
# What a lighttpd takes where a process may open as many files as it could use.
MAX_CONNECTIONS = int(re.search(r"^most_files=(\d+)", CONTROL.read_text(), re.M)[1]) // 4
# A request in hand has 3 s, a client that never closes 4 s; a loaded machine is allowed some more.
STOP_SECONDS = 5.0


def ordinary_user():
    """The id of this user, or if that is root of another who may run the programs, if there is."""
    if os.getuid() != 0:
        return os.getuid()
    nobody = pwd.getpwnam("nobody").pw_uid
    may = ["test", "-x", CONTROL, "-a", "-x", binaries()]
    as_nobody = ["setpriv", f"--reuid={nobody}", "--clear-groups", *may]
    return nobody if subprocess.run(as_nobody, check=False).returncode == 0 else 0


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
        self.wrapper = []  # a command that runs the control script
        self.env = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
        self.env.update({k: str(v) for k, v in self.ports.items()})
        self.env.update(MONLIGHT_HOME=str(self.path), MONLIGHT_BIN=str(binaries()))

    def control(self, *args, **env):
        return subprocess.run(
            [*self.wrapper, CONTROL, *args],
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
                [*self.wrapper, CONTROL, "run"],
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
        """Those that stay: not the pause of `run`, another every two seconds, as it comes or is."""
        before = self.processes()
        time.sleep(0.2)
        return {
            pid: command
            for pid, command in self.processes().items()
            if before.get(pid) == command and command != "sleep 2"
        }

    def pool(self, name):
        return sorted(p for p, c in self.processes().items() if c.split()[0].endswith("/" + name))

    def whole(self):
        """Whether the pools have all their processes: who answers may be the first of them."""
        return all(len(self.pool(name)) == size for name, size in POOLS.items())

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
