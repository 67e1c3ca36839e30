# SPDX-License-Identifier: MIT
"""The Python SDK against the real stack: what it says it sent is what is stored."""

import http.client
import os
import re
import signal
import socket
import subprocess
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from stack import ROOT, eventually

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
SDK = ROOT / "sdks" / "python"

APP = """
import os
from fastapi import FastAPI
from monlight.integrations.fastapi import setup_monlight

app = FastAPI()
setup_monlight(
    app,
    error_tracker_url=os.environ["ERRORS"],
    metrics_collector_url=os.environ["METRICS"],
    api_key=os.environ["ERRORS_KEY"],
    metrics_api_key=os.environ["METRICS_KEY"],
    project=os.environ["PROJECT"],
    release="shop@1.2",
    flush_interval=60,
)

@app.get("/items/{item}")
async def item(item: int):
    return {"item": item}

@app.get("/crash")
async def crash():
    raise ValueError("the route failed")
"""


def environment(stack, project):
    return {
        **os.environ,
        "PYTHONPATH": str(SDK / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ERRORS": f"http://127.0.0.1:{stack.ports['errors']}",
        "METRICS": f"http://127.0.0.1:{stack.ports['metrics']}",
        "ERRORS_KEY": stack.keys["errors"],
        "METRICS_KEY": stack.keys["metrics"],
        "PROJECT": project,
    }


def total(stack, name, project, **labels):
    """How much of a counter, or how many values of a histogram, the collector has."""
    query = f"/api/metrics?name={name}&period=1h&project={project}"
    if labels:
        query += "&labels=" + ",".join(f"{k}:{v}" for k, v in labels.items())
    rows = stack.client("metrics").get(query).json["data"]
    field = "sum" if name.endswith("_total") else "count"
    return sum(row[field] for row in rows)


def test_the_readmes_example_does_what_it_says(stack):
    blocks = re.findall(r"```python\n(.*?)```", (SDK / "README.md").read_text(), re.S)
    (example,) = [block for block in blocks if "ErrorClient(" in block]
    env = environment(stack, "worker")
    for url, key in (("5010", "ERRORS"), ("5012", "METRICS")):
        example = example.replace(f"http://127.0.0.1:{url}", env[key])
    example = example.replace("the tracker's key", env["ERRORS_KEY"])
    example = example.replace("the collector's key", env["METRICS_KEY"])
    subprocess.run([PYTHON, "-c", example], env=env, check=True, timeout=60)
    (error,) = stack.client("errors").get("/api/errors?project=worker").json["errors"]
    assert error["exception_type"] == "ZeroDivisionError"
    detail = stack.client("errors").get(f"/api/errors/{error['id']}").json
    assert detail["occurrences"][0]["tags"] == {"queue": "mail"}
    assert total(stack, "jobs_total", "worker") == 1
    assert total(stack, "job_seconds", "worker") == 1


@pytest.mark.parametrize(
    "server",
    [
        ["gunicorn", "-w", "4", "-k", "uvicorn.workers.UvicornWorker", "--log-level", "error"],
        ["uvicorn", "--workers", "2", "--log-level", "critical"],
    ],
    ids=["gunicorn with 4 workers", "uvicorn with 2"],
)
def test_counts_are_exact_after_a_graceful_stop(stack, server, tmp_path):
    project = server[0]
    (tmp_path / "shop.py").write_text(textwrap.dedent(APP))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = ["-b", f"127.0.0.1:{port}"] if server[0] == "gunicorn" else ["--port", str(port)]
    process = subprocess.Popen(
        [PYTHON, "-m", *server, *where, "shop:app"],
        cwd=tmp_path,
        env=environment(stack, project),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    try:
        assert eventually(lambda: ask("/items/0") == 200, 60, 0.2)
        paths = [f"/items/{n}" for n in range(199)] + ["/crash"] * 3 + ["/nowhere"] * 5
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(ask, paths))
        assert statuses.count(200) == 199 and statuses.count(500) == 3
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    name, seconds = "http_requests_total", "http_request_duration_seconds"
    assert total(stack, name, project, endpoint="/items/{item}") == 200
    assert total(stack, name, project, status="500") == 3
    assert total(stack, name, project, endpoint="<unmatched>") == 5
    assert total(stack, seconds, project) == 208
    (error,) = stack.client("errors").get(f"/api/errors?project={project}").json["errors"]
    assert error["count"] == 3
    detail = stack.client("errors").get(f"/api/errors/{error['id']}").json
    occurrence = detail["occurrences"][0]
    assert detail["releases"][0]["name"] == "shop@1.2"
    assert occurrence["request_url"].endswith("/crash")
    assert any("the route failed" in line for line in occurrence["frames"][0]["context"])
