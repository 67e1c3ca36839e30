# SPDX-License-Identifier: MIT
"""The documents of docs/openapi against the services.

That answers are as the documents have them, every test sees to (tests/openapi.py).
Here are the routes of each, and requests nobody thought of.
"""

import os
import re
import subprocess

import pytest

import openapi
from stack import ROOT, SERVICES, binaries, report

# Requests that are made up for each operation, the same ones each time; with more than a few
# new ones each time, and those at the bounds of its schemas, some thousand in all.
EXAMPLES = int(os.environ.get("MONLIGHT_OPENAPI_EXAMPLES", "3"))
THOROUGH = ["--phases", "coverage,fuzzing"]
QUICK = ["--phases", "fuzzing", "--seed", "1"]
SCHEMATHESIS = ROOT / "build" / "venv" / "bin" / "schemathesis"
HTTP = ROOT / "tests" / "http"


def routes(program):
    said = subprocess.run([binaries() / program, "-r"], capture_output=True, text=True, check=True)
    return {tuple(line.split(" ", 1)) for line in said.stdout.splitlines()}


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_names_the_routes_of_the_program_and_no_others(service):
    served = routes(f"monlight-{service}")
    described = {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for method, path in openapi.document(service).operations
    }
    assert described == served


def test_the_tail_serves_what_the_log_viewer_lists():
    assert routes("monlight-tail") <= routes("monlight-logs")


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_an_openapi_document(service):
    check = ROOT / "build" / "venv" / "bin" / "openapi-spec-validator"
    said = subprocess.run(
        [check, openapi.FOLDER / f"{service}.yaml"], capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_an_answer_that_is_not_as_described_is_found(errors):
    document = openapi.document("errors")
    answer = errors.get("/api/projects")
    told = {"status": answer.status, "headers": answer.headers}
    assert document.breach("GET", "/api/projects", body=answer.body, **told) is None
    assert document.breach("GET", "/api/projects", body=b'{"projects":[1]}', **told)
    assert document.breach("GET", "/api/projects", body=b'{"projects":[],"more":1}', **told)
    assert document.breach("GET", "/api/nothing", body=answer.body, **told)
    assert document.breach("GET", "/api/projects", 500, answer.headers, b'{"detail":"x"}')


def fill(stack):
    """Something of everything, so that lists are not all empty; the DSN key."""
    stack.client("errors").post(
        "/api/errors",
        report("shop", environment="live", release="1", user={"id": 7}, tags={"a": "b"}),
    )
    points = [
        {"name": "http_requests_total", "type": "counter", "value": 1, "labels": {"status": "200"}},
        {"name": "http_request_duration_seconds", "type": "histogram", "value": 0.1},
        {
            "name": "web_vitals_lcp",
            "type": "histogram",
            "value": 9,
            "labels": {"source": "browser"},
        },
    ]
    stack.client("metrics").post("/api/metrics", points)
    return stack.client("relay").post("/api/dsn-keys", {"project": "shop"}).json["public_key"]


def test_requests_nobody_thought_of_get_answers_the_documents_describe(fresh):
    stack = fresh()
    dsn = fill(stack)
    runs = {}
    for service in SERVICES:
        runs[service] = subprocess.Popen(
            [
                *(SCHEMATHESIS, "--config-file", HTTP / "schemathesis.toml", "run"),
                openapi.FOLDER / f"{service}.yaml",
                *("--url", f"http://127.0.0.1:{stack.ports[service]}"),
                *("--header", f"X-API-Key: {stack.keys[service]}"),
                *("--header", f"X-Monlight-Key: {dsn}"),
                *(THOROUGH if EXAMPLES > 10 else QUICK),
                *("--max-examples", str(EXAMPLES)),
                *("--warnings", "off", "--continue-on-failure", "--no-color"),
            ],
            env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HTTP)},
            cwd=stack.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    deadline = 300 + 30 * EXAMPLES
    said = {service: run.communicate(timeout=deadline)[0] for service, run in runs.items()}
    for service, run in runs.items():
        assert run.returncode == 0, said[service]
