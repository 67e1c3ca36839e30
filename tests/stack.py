# SPDX-License-Identifier: MIT
"""A whole Monlight under test, and the clients that talk to it.

A Stack is what a user gets from `monlight run`: the shipped services.conf, all
four services and the helpers, in a home directory of its own on ports nobody
chose.  Nothing is mocked and nothing waits for a fixed time: what is awaited
is asked for until a deadline.
"""

import fnmatch
import functools
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import openapi

ROOT = Path(__file__).resolve().parent.parent
CONTROL = ROOT / "lighttpd" / "monlight"
DEBUG_BUILD = ROOT / "build" / "asan" / "bin"  # counts its work, and follows a clock in a file
EXPECTED = Path(__file__).parent / "http" / "expected_stderr.txt"

# Each service and the prefix of its variables.
SERVICES = {
    "errors": "ERROR_TRACKER",
    "logs": "LOG_VIEWER",
    "metrics": "METRICS_COLLECTOR",
    "relay": "BROWSER_RELAY",
}
UI_PASSWORD = "correct-horse-battery-staple"
INGEST_KEY = "ingest-key-0123456789abcdef"
RELAY_KEY = "relay-internal-key-0123456789"
START_DEADLINE = 60  # seconds; a sanitizer build on a busy machine needs its time

TRACEBACK = """Traceback (most recent call last):
  File "/app/test.py", line 42, in handler
    raise TestError("boom")
TestError: boom"""


def binaries():
    return Path(os.environ.get("MONLIGHT_BIN", ROOT / "build" / "bin")).resolve()


def sanitized():
    """Whether the programs were built with sanitizers, which slow them and take memory."""
    return "asan" in binaries().parts


def report(project, **members):
    """A valid error report."""
    body = {
        "project": project,
        "exception_type": "TestError",
        "message": "boom",
        "traceback": TRACEBACK,
    }
    return {**body, **members}


def eventually(question, seconds=10, pause=0.02):
    """Asks until the answer is true, and returns it; the last answer at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(pause)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        assert self.headers["Content-Type"] == "application/json", self
        return json.loads(self.body)

    @property
    def detail(self):
        """The sentence of a refusal, which has to be there and to be one."""
        detail = self.json["detail"]
        assert isinstance(detail, str) and detail, self
        return detail


class Client:
    """Speaks to one service, by default with its key.  A connection per request.

    Of a client that knows its service every answer is held against docs/openapi.
    """

    def __init__(self, port, key=None, source=None, timeout=30, service=None):
        self.port, self.key, self.source, self.timeout = port, key, source, timeout
        self.service = service

    def anonymous(self):
        return self.with_key(None)

    def with_key(self, key):
        return Client(self.port, key, self.source, self.timeout, self.service)

    def at(self, source):
        """The same from another address; all of 127.0.0.0/8 is this machine."""
        return Client(self.port, self.key, source, self.timeout, self.service)

    def connect(self):
        source = (self.source, 0) if self.source else None
        return http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=self.timeout, source_address=source
        )

    def request(self, method, path, body=None, headers=None, json_body=None):
        headers = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.key is not None:
            headers.setdefault("X-API-Key", self.key)
        if method in ("POST", "PUT", "PATCH") and body is None:
            headers.setdefault("Content-Length", "0")
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers)
            reply = connection.getresponse()
            answer = Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()
        if self.service is not None:
            openapi.check(self.service, method, path, answer)
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers=_spelled(headers))

    def post(self, path, json_body=None, **headers):
        return self.request("POST", path, json_body=json_body, headers=_spelled(headers))

    def raw(self, data, shut=False, until=None):
        """Sends bytes as they are; returns what comes back until it closes, or until that."""
        with socket.create_connection(
            ("127.0.0.1", self.port), timeout=self.timeout, source_address=(self.source or "", 0)
        ) as sock:
            try:
                sock.sendall(data)
                if shut:
                    sock.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may have answered and closed before reading all
            answer = b""
            try:
                while chunk := sock.recv(65536):
                    answer += chunk
                    if until is not None and until in answer:
                        break
            except ConnectionResetError:
                pass
            return answer


def _spelled(headers):
    """Keyword arguments as header names: content_type is Content-Type."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


@functools.cache
def own_ports():
    """A hundred ports, below those that the kernel gives to clients, in turn.

    What tests run beside this process takes others: each hundred has a name among the abstract
    sockets, and who has it keeps it for as long as it lives.
    """
    for first in random.SystemRandom().sample(range(15000, 32000, 100), 170):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0monlight-test-ports-{first}")
        except OSError:
            claim.close()
            continue
        return claim, itertools.cycle(range(first, first + 100))
    raise AssertionError("170 processes test Monlight here; there are ports for no more")


def free_ports(n):
    """Ports that nobody listens on, and that no other test will be given."""
    _, turn = own_ports()
    ports = []
    for port in itertools.islice(turn, 100):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == n:
            return ports
    raise AssertionError(f"of a hundred ports {100 - len(ports)} are taken")


def processes():
    """Every process: id -> (parent's id, session's id, state, name of its program)."""
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            stat = Path(entry.path, "stat").read_text()
            state, parent, _, session = stat[stat.rindex(")") + 2 :].split()[:4]
            program = Path(entry.path, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        names = [os.path.basename(word.decode(errors="replace")) for word in program]
        found[int(entry.name)] = (int(parent), int(session), state, names)
    return found


class Stack:
    """One `monlight run` in a fresh home.  Variables of the environment by keyword."""

    def __init__(self, wrapper=(), **variables):
        self.home = Path(tempfile.mkdtemp(prefix="monlight-"))
        self.wrapper = list(wrapper)
        self.binaries = binaries()
        self.process = None
        self.seen = {}  # log file -> how much of it was judged already
        self.sessions = set()
        self.ports = {}
        self.keys = {name: f"key-of-{name}-0123456789abcdef" for name in SERVICES}
        self.variables = {
            "RATE_LIMIT": "0",
            "LOG_LEVEL": "warning",
            "LOG_SOURCES": str(self.home / "containers"),
            "MAX_LOG_AGE": "36500",  # the lines of tests are of any year
            "UI_PASSWORD": UI_PASSWORD,
            "INGEST_API_KEY": INGEST_KEY,
            "RELAY_INTERNAL_KEY": RELAY_KEY,
            "SESSION_SECRET": "session-secret-0123456789abcdef",
            "ERROR_TRACKER_API_KEY": self.keys["errors"],
            "LOG_VIEWER_API_KEY": self.keys["logs"],
            "METRICS_COLLECTOR_API_KEY": self.keys["metrics"],
            "BROWSER_RELAY_ADMIN_API_KEY": self.keys["relay"],
            **{name: str(value) for name, value in variables.items()},
        }
        (self.home / "containers").mkdir()

    # ---- life -----------------------------------------------------------------

    def write_environment(self):
        lines = [f"{name}={value}\n" for name, value in self.variables.items()]
        path = self.home / "monlight.env"
        path.write_text("".join(lines))
        path.chmod(0o600)

    def start(self):
        if not self.ports:
            self.ports = dict(zip(SERVICES, free_ports(len(SERVICES))))
        for name, prefix in SERVICES.items():
            self.variables[f"{prefix}_PORT"] = str(self.ports[name])
        self.write_environment()
        with open(self.home / "console", "ab") as out, open(self.home / "stderr", "ab") as err:
            self.process = subprocess.Popen(
                [*self.wrapper, str(CONTROL), "run"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.sessions.add(self.process.pid)
        self.wait_ready()
        return self

    def environment(self):
        kept = ("PATH", "HOME", "LANG", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
        own = {name: os.environ[name] for name in kept if name in os.environ}
        return {**own, "MONLIGHT_HOME": str(self.home), "MONLIGHT_BIN": str(self.binaries)}

    def wait_ready(self, seconds=START_DEADLINE):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the stack ended at start:\n{self.output()}")
            return all(self.healthy(name) for name in SERVICES) and self.spawned()

        if not eventually(ready, seconds, 0.05):
            answers = {name: self.healthy(name) for name in SERVICES}
            raise AssertionError(f"not up within {seconds} s: {answers}\n{self.output()}")

    def spawned(self):
        """Whether all that lighttpd has forked is what it is to be: until then it has its name."""
        table = processes()
        names = {pid: table[pid][3][0] for pid in self.members() if pid in table}
        forked = [pid for pid, name in names.items() if name == names.get(table[pid][0])]
        return "lighttpd" not in (names[pid] for pid in forked)

    def healthy(self, service):
        try:
            return Client(self.ports[service], timeout=5).get("/health").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def control(self, *arguments, timeout=90):
        """Runs a command of the control script on this stack."""
        return subprocess.run(
            [str(CONTROL), *arguments],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def stop(self, how=signal.SIGTERM, seconds=30):
        """Ends it; returns the exit status once every process is gone."""
        members = self.members()
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(seconds)
        left = eventually(lambda: not self.alive(members), 10)
        assert left, f"survived the stop: {self.describe(self.alive(members))}"
        return status

    def destroy(self):
        """Leaves nothing behind, whatever state it is in."""
        for pid in self.members():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)

    # ---- what runs --------------------------------------------------------------

    def members(self):
        """Ids of all processes of this stack: the tree below run, and its sessions."""
        table = processes()
        mine = {self.process.pid} if self.process else set()
        while True:
            more = {
                pid
                for pid, (parent, session, _, _) in table.items()
                if pid not in mine and (parent in mine or session in self.sessions)
            }
            if not more:
                break
            mine |= more
        # A session that nobody is in any more is forgotten: its number will be another's.
        self.sessions = {table[pid][1] for pid in mine if pid in table} - {os.getsid(0)}
        return {pid for pid in mine if pid in table and table[pid][2] != "Z"}

    def alive(self, pids):
        table = processes()
        return {pid for pid in pids if pid in table and table[pid][2] != "Z"}

    def describe(self, pids):
        table = processes()
        return {pid: " ".join(table[pid][3]) for pid in pids if pid in table}

    def running(self, program):
        """Ids of the processes of one program: "lighttpd", "monlight-errors"."""
        table = processes()
        return sorted(
            pid for pid in self.members() if pid in table and program in table[pid][3][:1]
        )

    def lighttpd(self):
        """Id of the lighttpd with the private ports; the relay's is the other."""
        return int((self.home / "run" / "lighttpd.pid").read_text().split()[0])

    def pools(self):
        """The responders and lighttpd, by program."""
        names = ["lighttpd"] + [f"monlight-{name}" for name in (*SERVICES, "tail")]
        table = processes()
        mine = self.members()
        return {
            name: sorted(pid for pid in mine if pid in table and name in table[pid][3][:1])
            for name in names
        }

    def whole(self):
        """Whether the pools have all their processes: who answers may be the first of them."""
        sizes = {
            f"monlight-{name}": int(self.variables.get(f"{prefix}_PROCESSES", 2))
            for name, prefix in SERVICES.items()
        }
        sizes["monlight-logs"] += 1  # the export's
        sizes["monlight-tail"] = 1
        pools = self.pools()
        return all(len(pools[name]) >= size for name, size in sizes.items())

    def database(self, name):
        return self.home / "data" / f"{name}.db"

    # ---- whom to ask ------------------------------------------------------------

    def client(self, service, source=None):
        return Client(self.ports[service], self.keys[service], source, service=service)

    # ---- what was said ----------------------------------------------------------

    def logs(self):
        found = [self.home / "stderr"]
        if (self.home / "log").is_dir():
            found += sorted((self.home / "log").rglob("*"))
        return [path for path in found if path.is_file()]

    def output(self, lines=20):
        """The end of all that it has said."""
        said = ""
        for path in [self.home / "console", *self.logs()]:
            if path.exists():
                end = path.read_text(errors="replace").splitlines()[-lines:]
                said += "\n".join([f"--- {path.name}", *end, ""])
        return said

    def unexpected(self, test):
        """Lines written since the last call that this test has no leave to cause."""
        allowed = expected_lines(test)
        bad = []
        for path in self.logs():
            with open(path, "rb") as file:
                file.seek(self.seen.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]  # the rest is still being written
            self.seen[path] = self.seen.get(path, 0) + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                if line and not any(rule.search(line) for rule in allowed):
                    bad.append(f"{path.name}: {line}")
        return bad


def expected_lines(test):
    """The rules of expected_stderr.txt for a test."""
    rules, named = [], {}
    for line in EXPECTED.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        names, expression = line.split(None, 1)
        if expression.startswith("= "):
            named[names] = expression[2:]
        elif any(fnmatch.fnmatchcase(test, name) for name in names.split(",")):
            whole = named.get(expression.strip("{}")) if expression[0] == "{" else expression
            rules.append(re.compile(whole))
    return rules
