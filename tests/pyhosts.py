# SPDX-License-Identifier: MIT
"""Programs of users with the Python SDK in them, run by the servers that users run.

The programs are in hosts/.  Each runs with the newest frameworks of the package index
(build/venv) or with those that Debian ships, and reports to a Stack.
"""

import http.client
import json
import os
import signal
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stack import ROOT, eventually, free_ports

SDK = ROOT / "sdks" / "python"
VENV = ROOT / "build" / "venv"
PYTHONS = {"newest": VENV / "bin" / "python", "Debian": Path("/usr/bin/python3")}
CLIENTS = 8

# Number of processes -> what follows `python -m`, but for the address.
SERVERS = {
    "gunicorn": lambda n: ["gunicorn", "-w", n, "--log-level", "critical"],
    "gunicorn-uvicorn": lambda n: [
        *("gunicorn", "-w", n, "--log-level", "critical"),
        *("-k", "uvicorn.workers.UvicornWorker"),
    ],
    "uvicorn": lambda n: ["uvicorn", "--workers", n, "--log-level", "critical"],
}


def environment(stack, project):
    """What a program with the SDK is told of the stack and of where the SDK is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **kept,
        "PYTHONPATH": f"{SDK / 'src'}:{ROOT / 'tests' / 'hosts'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ERRORS": f"http://127.0.0.1:{stack.ports['errors']}",
        "METRICS": f"http://127.0.0.1:{stack.ports['metrics']}",
        "ERRORS_KEY": stack.keys["errors"],
        "METRICS_KEY": stack.keys["metrics"],
        "PROJECT": project,
    }


def total(stack, name, project, period="1h", **labels):
    """How much of a counter, or how many values of a histogram, the collector has."""
    query = f"/api/metrics?name={name}&period={period}&project={project}"
    if labels:
        query += "&labels=" + ",".join(f"{k}:{v}" for k, v in labels.items())
    rows = stack.client("metrics").get(query).json["data"]
    field = "sum" if name.endswith("_total") else "count"
    return sum(row[field] for row in rows)


class Host:
    """A shop that serves while it is entered: Host(stack, "flask", "gunicorn", 4, project).

    Of each answer it is noted which path, status and process it was: what a load generator
    knows, and what the collector has to agree with.
    """

    def __init__(self, stack, framework, server, workers, project, python="newest", **variables):
        (self.port,) = free_ports(1)
        where = ["-b", f"127.0.0.1:{self.port}"]
        if server == "uvicorn":
            where = ["--port", str(self.port)]
        module = [*SERVERS[server](str(workers)), *where, f"shop_{framework}:app"]
        self.command = [PYTHONS[python], "-m", *module]
        self.variables = {**environment(stack, project), **variables}
        self.answers = Counter()

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            assert eventually(lambda: self.ask("/items/0")[0] == 200, 60, 0.1), "it does not serve"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """Ends it as a service manager does, unless a test has."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def ask(self, path, **headers):
        """Status and JSON of one request; (None, None) if no answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return None, None
        finally:
            connection.close()
        is_json = answer.headers["Content-Type"] == "application/json" and answer.status == 200
        said = json.loads(body) if is_json else {}
        self.answers[path, answer.status, said.get("pid")] += 1
        return answer.status, said

    def load(self, paths):
        """Asks for all of them, CLIENTS at once."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(self.ask, paths))

    def answered(self, prefix="", status=None, pid=None):
        """How many answers there were, of all or of some paths, statuses or processes."""
        return sum(
            count
            for (path, code, process), count in self.answers.items()
            if path.startswith(prefix) and status in (None, code) and pid in (None, process)
        )
