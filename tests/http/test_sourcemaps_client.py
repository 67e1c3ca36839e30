# SPDX-License-Identifier: MIT
"""monlight-sourcemaps: what a build's last step does, against a running relay."""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest
from pages import MAP, Page, new_key, newest_error

from stack import ROOT

CLIENT = ROOT / "sdks" / "browser" / "bin" / "monlight-sourcemaps"
CODE = "function pay(t){throw t}"


@pytest.fixture
def build(tmp_path):
    """A folder with a script that names its map, one that carries it, and one that has none."""
    inline = base64.b64encode(json.dumps(MAP).encode()).decode()
    files = {
        "assets/app-1a2b.js": f"{CODE}\n//# sourceMappingURL=app-1a2b.js.map\n",
        "assets/app-1a2b.js.map": json.dumps(MAP),
        "inline.js": f"{CODE}\n//# sourceMappingURL=data:application/json;base64,{inline}\n",
        "plain.js": "1;\n",
        "node_modules/x/x.js": f"{CODE}\n//# sourceMappingURL=missing.map\n",
        "style.css": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def run(stack, relay, project):
    def run(*arguments, key=relay.key, url=f"http://127.0.0.1:{relay.port}/"):
        environment = {"PATH": os.environ["PATH"], "MONLIGHT_ADMIN_API_KEY": key}
        return subprocess.run(
            [CLIENT, "--url", url, "--project", project, "--release", "1.0", *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def page(relay, project):
    return Page(relay, new_key(relay, project)["public_key"], None)


@pytest.fixture
def latest(errors, project):
    return lambda: newest_error(errors, project)


def uploaded(relay, project):
    maps = relay.get(f"/api/source-maps?project={project}").json["source_maps"]
    return {row["file_url"]: row for row in maps}


def test_all_maps_of_a_folder_are_uploaded(run, build, relay, project):
    done = run("--prefix", "/static", build)
    assert done.returncode == 0, done.stderr
    assert set(uploaded(relay, project)) == {"/static/assets/app-1a2b.js", "/static/inline.js"}
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and "no map       /static/plain.js" in lines
    assert lines[-1].startswith("2 uploaded, 1 without a map, 0 failed")


def test_a_debug_id_is_injected_once_and_the_map_still_fits(
    run,
    build,
    relay,
    page,
    project,
    latest,
):
    done = run("--inject", build)
    assert done.returncode == 0, done.stderr
    script = build / "assets" / "app-1a2b.js"
    code, source_map = script.read_text(), json.loads(Path(f"{script}.map").read_text())
    debug_id = source_map["debugId"]
    assert f"//# debugId={debug_id}" in code and code.count(debug_id) == 2
    assert uploaded(relay, project)["/assets/app-1a2b.js"]["debug_id"] == debug_id
    assert run("--inject", build).returncode == 0
    assert script.read_text() == code
    file = "https://cdn.example/renamed.js"
    assert code.splitlines()[1] == CODE
    page.error(stack=f"Error\n    at p ({file}:2:17)", debug_ids={file: debug_id.upper()})
    assert latest()["occurrences"][0]["frames"][0]["file"] == "src/pay.ts"


def test_what_an_engine_registers_is_what_was_injected(run, build):
    assert run("--inject", build).returncode == 0
    script = build / "assets" / "app-1a2b.js"
    (build / "strict.js").write_text('"use strict";undeclared=1\n//# sourceMappingURL=a.map\n')
    (build / "a.map").write_text(json.dumps(MAP))
    assert run("--inject", build).returncode == 0
    ask = "require(process.argv[1]); console.log(JSON.stringify(globalThis._monlightDebugIds))"
    done = subprocess.run(
        ["node", "-e", f"globalThis.self = globalThis; {ask}", script],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    ((stack, debug_id),) = json.loads(done.stdout).items()
    assert str(script) in stack.splitlines()[1] and debug_id in script.read_text()
    strict = subprocess.run(["node", build / "strict.js"], capture_output=True, text=True)
    assert "undeclared is not defined" in strict.stderr


def test_sources_that_a_map_only_names_are_read_from_the_disk(
    run,
    build,
    relay,
    page,
    latest,
):
    (build / "src").mkdir()
    (build / "src" / "pay.ts").write_text(MAP["sourcesContent"][0])
    bare = {name: value for name, value in MAP.items() if name != "sourcesContent"}
    (build / "assets" / "app-1a2b.js.map").write_text(json.dumps(bare))
    assert run(build).returncode == 0
    page.error(stack="Error\n    at p (/assets/app-1a2b.js:1:17)", release="1.0")
    assert latest()["occurrences"][0]["frames"][0]["context"]["lines"][1] == "  throw cart;"


def test_a_dry_run_changes_nothing(run, build, relay, project):
    before = (build / "assets" / "app-1a2b.js").read_text()
    done = run("--dry-run", "--inject", build)
    assert done.returncode == 0 and "2 to upload" in done.stdout
    assert (build / "assets" / "app-1a2b.js").read_text() == before
    assert uploaded(relay, project) == {}


def test_a_failure_is_a_line_and_an_exit_status(run, build):
    (build / "assets" / "app-1a2b.js.map").unlink()
    (build / "broken.js").write_text("1\n//# sourceMappingURL=broken.map\n")
    (build / "broken.map").write_text('{"version":3}')
    done = run(build)
    assert done.returncode == 1
    assert "failed       /assets/app-1a2b.js" in done.stdout
    assert "failed       /broken.js  400 Invalid source map format: " in done.stdout
    assert "1 uploaded, 1 without a map, 2 failed" in done.stdout
    wrong = run(build, key="wrong")
    assert wrong.returncode == 1 and "401 Invalid API key" in wrong.stdout


def test_a_folder_without_maps_fails_a_build(run, tmp_path):
    assert run(tmp_path).returncode == 1
    assert run(tmp_path / "missing").returncode == 1


@pytest.mark.parametrize("arguments", [[], ["--unknown"], ["--url", ""]])
def test_wrong_usage_is_2(arguments):
    done = subprocess.run([CLIENT, *arguments], capture_output=True, text=True)
    assert done.returncode == 2 and "usage:" in done.stderr
