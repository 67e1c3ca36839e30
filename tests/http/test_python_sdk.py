# SPDX-License-Identifier: MIT
"""The Python SDK against the real stack: what it says it sent is what is stored."""

import re
import subprocess

import pytest

from pyhosts import PYTHONS, SDK, VENV, Host, environment, total
from stack import ROOT, eventually

# (whose frameworks, framework, server, its processes, how it writes the route)
HOSTS = [
    ("newest", "fastapi", "gunicorn-uvicorn", 4, "/items/{item}"),
    ("newest", "fastapi", "uvicorn", 2, "/items/{item}"),
    ("newest", "flask", "gunicorn", 4, "/items/<int:item>"),
    ("newest", "django", "gunicorn", 4, "/items/<int:item>"),
    ("Debian", "fastapi", "uvicorn", 2, "/items/{item}"),
    ("Debian", "flask", "gunicorn", 4, "/items/<int:item>"),
    ("Debian", "django", "gunicorn", 4, "/items/<int:item>"),
]


@pytest.mark.parametrize(
    ("whose", "framework", "server", "workers", "route"), HOSTS, ids=lambda value: str(value)
)
def test_what_a_load_generator_sent_is_what_is_stored(
    stack, project, whose, framework, server, workers, route
):
    with Host(stack, framework, server, workers, project, whose) as host:
        paths = [f"/items/{n}" for n in range(150)] + ["/crash"] * 3 + ["/nowhere"] * 5
        host.load(paths)
        secrets = {"Authorization": "secret", "Cookie": "session=secret"}
        host.ask("/crash?cart=7&token=secret", **{"X-Cart": "seven", **secrets})
    assert host.answered("/items/", 200) == 151 and host.answered("/crash", 500) == 4

    requests, seconds = "http_requests_total", "http_request_duration_seconds"
    for name in (requests, seconds):
        assert total(stack, name, project) == host.answered()
        assert total(stack, name, project, endpoint=route, status=200) == 151
        assert total(stack, name, project, endpoint="/crash", status=500) == 4
        assert total(stack, name, project, endpoint="<unmatched>", status=404) == 5

    (error,) = stack.client("errors").get(f"/api/errors?project={project}").json["errors"]
    assert (error["exception_type"], error["message"]) == ("ValueError", "the route failed")
    assert error["count"] == 4
    detail = stack.client("errors").get(f"/api/errors/{error['id']}").json
    assert [release["name"] for release in detail["releases"]] == ["shop@1.2"]
    (occurrence,) = [o for o in detail["occurrences"] if "cart=7" in o["request_url"]]
    assert occurrence["request_url"].startswith(f"http://127.0.0.1:{host.port}/crash?cart=7")
    assert occurrence["request_method"] == "GET"
    headers = {name.lower(): value for name, value in occurrence["request_headers"].items()}
    assert headers["x-cart"] == "seven"
    assert "secret" not in str(occurrence)
    frame = occurrence["frames"][0]
    assert frame["file"].endswith(f"shop_{framework}.py") and frame["in_app"]
    assert any('raise ValueError("the route failed")' in line for line in frame["context"])


def test_celerys_prefork_workers_lose_nothing_at_a_graceful_stop(stack, project, tmp_path):
    (tmp_path / "queue").mkdir()
    env = {**environment(stack, project), "FOLDER": str(tmp_path)}
    celery = [PYTHONS["newest"], "-m", "celery", "-A", "shop_celery"]
    worker = subprocess.Popen(
        [*celery, "worker", "--pool", "prefork", "-c", "2", "-l", "critical"],
        env=env,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        send = "import shop_celery\nfor n in range(40): shop_celery.send_mail.delay(n)"
        subprocess.run([PYTHONS["newest"], "-c", send], env=env, check=True, timeout=60)
        done = tmp_path / "done"
        assert eventually(lambda: done.exists() and len(done.read_text().split()) == 40, 60, 0.1)
    finally:
        worker.terminate()
        worker.wait(60)
    assert len(set(done.read_text().split())) == 2, "one process did all the work"
    assert total(stack, "celery_tasks_total", project, state="SUCCESS") == 36
    assert total(stack, "celery_tasks_total", project, state="FAILURE") == 4
    assert total(stack, "celery_task_duration_seconds", project) == 40
    (error,) = stack.client("errors").get(f"/api/errors?project={project}").json["errors"]
    assert (error["message"], error["count"]) == ("the mail failed", 4)


# ---- as a user installs it ------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The Python of a fresh virtual environment with the built wheel in it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [VENV / "bin" / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=SDK,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (wheel,) = folder.glob("monlight-*.whl")
    subprocess.run(
        ["/usr/bin/python3", "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=60
    )
    python = folder / "venv" / "bin" / "python"
    pip = [VENV / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--python", python, "install", wheel], check=True, timeout=120)
    return python


def without_checkout(stack, project):
    return {k: v for k, v in environment(stack, project).items() if k != "PYTHONPATH"}


def test_no_document_installs_the_originals_package():
    """The indexes have packages of these names, and they are not these."""
    documents = [
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "sdks").glob("*/README.md"),
    ]
    for document in documents:
        assert not re.search(
            r"pip install \S?monlight|npm install @monlight", document.read_text()
        ), document


def test_the_readmes_example_does_what_it_says(stack, installed):
    blocks = re.findall(r"```python\n(.*?)```", (SDK / "README.md").read_text(), re.S)
    (example,) = [block for block in blocks if "ErrorClient(" in block]
    env = without_checkout(stack, "worker")
    for url, key in (("5010", "ERRORS"), ("5012", "METRICS")):
        example = example.replace(f"http://127.0.0.1:{url}", env[key])
    example = example.replace("the tracker's key", env["ERRORS_KEY"])
    example = example.replace("the collector's key", env["METRICS_KEY"])
    example += "\nimport monlight; print(monlight.__file__)"
    done = subprocess.run(
        [installed, "-c", example], env=env, check=True, timeout=60, capture_output=True, text=True
    )
    assert str(ROOT) not in done.stdout and not done.stderr
    (error,) = stack.client("errors").get("/api/errors?project=worker").json["errors"]
    assert error["exception_type"] == "ZeroDivisionError"
    detail = stack.client("errors").get(f"/api/errors/{error['id']}").json
    assert detail["occurrences"][0]["tags"] == {"queue": "mail"}
    assert total(stack, "jobs_total", "worker") == 1
    assert total(stack, "job_seconds", "worker") == 1


def test_the_command_sends_one_error_and_one_metric(stack, installed, project):
    env = without_checkout(stack, project)
    done = subprocess.run(
        [
            *(installed, "-m", "monlight", "test", "--project", project),
            *("--url", env["ERRORS"], "--key", env["ERRORS_KEY"]),
            *("--metrics-url", env["METRICS"], "--metrics-key", env["METRICS_KEY"]),
        ],
        env=env,
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    error, metric = done.stdout.splitlines()
    assert error.startswith('error: 201 {"status":"created"') and metric.startswith("metric: 202 {")
    assert total(stack, "monlight_test_total", project) == 1


def test_the_wheel_brings_its_types(installed):
    code = "import monlight, pathlib; print(pathlib.Path(monlight.__file__).with_name('py.typed'))"
    done = subprocess.run([installed, "-c", code], check=True, capture_output=True, text=True)
    assert (ROOT / done.stdout.strip()).is_file()
