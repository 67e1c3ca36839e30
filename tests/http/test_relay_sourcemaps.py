# SPDX-License-Identifier: MIT
"""Source maps: what is one, which belongs to a frame, and what it makes of it."""

import gzip
import http.client
import json
import time
from pathlib import Path

import pytest
from pages import MAP, ORIGIN, THROW, Page, new_key


def upload(relay, project, release="1.0", file_url="/static/app.js", source_map=MAP):
    return relay.post(
        "/api/source-maps",
        {
            "project": project,
            "release": release,
            "file_url": file_url,
            "map_content": json.dumps(source_map),
        },
    )


def frames(page, latest, **members):
    assert page.error(**members).status in (200, 201)
    return latest()["occurrences"][0]["frames"]


def thrown(file="https://shop.example/static/app.js", place=THROW):
    return f"Error: x\n    at p ({file}:{place})\n    at {file}:1:1"


def test_a_map_is_uploaded_listed_replaced_and_deleted(relay, project):
    answer = upload(relay, project)
    assert answer.status == 201
    assert answer.json["status"] == "uploaded" and answer.json["file_url"] == "/static/app.js"
    again = upload(relay, project)
    assert again.json["id"] > answer.json["id"]
    listed = relay.get(f"/api/source-maps?project={project}").json
    assert listed["total"] == 1 and listed["source_maps"][0]["release"] == "1.0"
    assert listed["source_maps"][0]["uploaded_at"].endswith("Z")
    assert relay.request("DELETE", f"/api/source-maps/{again.json['id']}").json == {
        "status": "deleted"
    }
    assert relay.get(f"/api/source-maps?project={project}").json["total"] == 0


@pytest.mark.parametrize(
    "change, detail",
    [
        ({"project": None}, "Missing required field: project"),
        ({"project": "x" * 101}, "Field 'project' must be 1-100 characters"),
        ({"release": 1}, "Missing required field: release"),
        ({"release": ""}, "Field 'release' must be 1-100 characters"),
        ({"file_url": "x" * 501}, "Field 'file_url' must be 1-500 characters"),
        ({"map_content": {}}, "Missing required field: map_content"),
        ({"map_content": "{"}, "Invalid source map format"),
        ({"map_content": "[]"}, "Invalid source map format"),
        ({"map_content": '{"version":3}'}, "Invalid source map format"),
        ({"map_content": '{"version":3,"sources":[],"mappings":5}'}, "Invalid source map format"),
    ],
)
def test_what_is_no_map_is_refused_in_the_contracts_words(relay, change, detail):
    body = {"project": "p", "release": "r", "file_url": "/f", "map_content": json.dumps(MAP)}
    answer = relay.post("/api/source-maps", {**body, **change})
    assert (answer.status, answer.detail) == (400, detail)
    if detail.startswith("Invalid source map"):
        assert answer.json["reason"]


def test_a_map_comes_as_a_raw_body_and_compressed_too(relay, page, project, latest):
    where = f"/api/source-maps?project={project}&release=1.0&file_url=%2Fstatic%2Fapp.js"
    body = json.dumps(MAP).encode()
    assert relay.request("POST", where, body=body).status == 201
    packed = relay.request(
        "POST", where, body=gzip.compress(body), headers={"Content-Encoding": "gzip"}
    )
    assert packed.status == 201
    assert relay.request("POST", where, body=b"{").detail == "Invalid source map format"
    assert relay.request("POST", where.replace("release", "x"), body=body).status == 400
    assert frames(page, latest, stack=thrown(), release="1.0")[0]["file"] == "src/pay.ts"


def test_a_frame_comes_back_to_its_source(relay, page, project, latest):
    upload(relay, project)
    page.error(stack=thrown(), release="1.0")
    error = latest()
    assert error["traceback"] == ("Error: x\n    at pay (src/pay.ts:2:3)\n    at src/pay.ts:1:1")
    first, second = error["occurrences"][0]["frames"]
    assert first == {
        "function": "pay",
        "file": "src/pay.ts",
        "line": 2,
        "column": 3,
        "in_app": True,
        "context": {"start": 1, "lines": ["function pay(cart) {", "  throw cart;", "}", ""]},
    }
    assert second["function"] == "" and "reason" not in second


@pytest.mark.parametrize(
    "file",
    [
        "https://shop.example/static/app.js?v=12#x",
        "http://other.example:8080/static/app.js",
        "/static/app.js",
        "static/app.js",
    ],
)
def test_fault_42_a_map_is_found_by_path_alone(relay, page, project, latest, file):
    upload(relay, project, file_url="https://cdn.shop.example/static/app.js?x")
    assert frames(page, latest, stack=thrown(file), release="1.0")[0]["file"] == "src/pay.ts"


def test_a_map_is_found_by_release_then_the_newest(relay, page, project, latest):
    for release in ("1.0", "2.0"):
        upload(relay, project, release, source_map={**MAP, "sources": [f"src/{release}.ts"]})
    seen = lambda **members: frames(page, latest, stack=thrown(), **members)[0]["file"]  # noqa: E731
    assert seen(release="1.0") == "src/1.0.ts"
    assert seen(release="3.0") == "src/2.0.ts"
    assert seen() == "src/2.0.ts"


def test_a_map_is_found_by_its_debug_id(relay, page, project, latest):
    upload(relay, project, file_url="/never/asked", source_map={**MAP, "debugId": "ABC-1"})
    file = "https://shop.example/static/app.js"
    found = frames(page, latest, stack=thrown(file), debug_ids={file: "abc-1"})
    assert found[0]["file"] == "src/pay.ts"


def test_a_map_of_another_project_is_not_used(relay, page, project, latest):
    upload(relay, project + "-other")
    found = frames(page, latest, stack=thrown(), release="1.0")[0]
    assert found["reason"] == "no source map was uploaded for /static/app.js"
    assert found["file"] == "https://shop.example/static/app.js" and found["line"] == 1


def test_every_frame_that_was_not_mapped_says_why(relay, page, project, latest):
    upload(relay, project)
    text = (
        "Error\n    at f (https://x/static/app.js:9:9)\n    at Array.map (<anonymous>)\n"
        "    at g (https://x/other.js:1:1)"
    )
    found = frames(page, latest, stack=text, release="1.0")
    assert [frame["reason"] for frame in found] == [
        "the source map has nothing for this place",
        "the engine's own code",
        "no source map was uploaded for /other.js",
    ]
    assert [frame["in_app"] for frame in found] == [True, False, True]


def test_sections_source_root_and_ignore_lists(relay, page, project, latest):
    inner = {**MAP, "sourceRoot": "webpack://shop/./", "sources": ["src/pay.ts"]}
    second = {**inner, "sources": ["node_modules/lib/a.js"], "ignoreList": [0]}
    index = {
        "version": 3,
        "sections": [
            {"offset": {"line": 0, "column": 0}, "map": inner},
            {"offset": {"line": 5, "column": 0}, "map": second},
        ],
    }
    upload(relay, project, source_map=index)
    one = frames(page, latest, stack=thrown(), release="1.0")[0]
    assert (one["file"], one["in_app"]) == ("src/pay.ts", True)
    two = frames(page, latest, stack=thrown(place="6:17"), release="1.0")[0]
    assert (two["file"], two["in_app"]) == ("node_modules/lib/a.js", False)


def test_fault_42_the_function_is_the_enclosing_one(relay, page, project, latest):
    """Without the source, a function is named by the token of the frame that calls it."""
    bare = {name: value for name, value in MAP.items() if name != "sourcesContent"}
    upload(relay, project, source_map=bare)
    text = "Error\n    at a (/static/app.js:1:17)\n    at b (/static/app.js:1:10)"
    found = frames(page, latest, stack=text, release="1.0")
    assert [frame["function"] for frame in found] == ["pay", "b"]


@pytest.mark.parametrize("mappings", ["D", "AADA", "ggggggggggggA", "+/////DAAA,+/////DAAA", "A!"])
def test_fault_3_a_hostile_map_is_refused(relay, project, mappings):
    answer = upload(relay, project, source_map={**MAP, "mappings": mappings})
    assert (answer.status, answer.detail) == (400, "Invalid source map format")


def test_a_map_of_many_sections_within_sections_is_refused(relay, project):
    deep = MAP
    for _ in range(20):
        deep = {"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "map": deep}]}
    assert upload(relay, project, source_map=deep).status == 400


def test_a_bomb_is_refused(relay, project):
    where = f"/api/source-maps?project={project}&release=1&file_url=/a"
    bomb = gzip.compress(b" " * (64 << 20))
    answer = relay.request("POST", where, body=bomb, headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.detail) == (413, "Request body exceeds maximum size")


def big_map(megabytes):
    return {**MAP, "sources": MAP["sources"] * 2,
            "sourcesContent": MAP["sourcesContent"] + ["x" * (megabytes << 20)]}  # fmt: skip


def test_fault_11_a_map_of_three_megabytes_and_one_of_thirty(relay, page, project, latest):
    assert upload(relay, project, source_map=big_map(3)).status == 201
    where = f"/api/source-maps?project={project}&release=2&file_url=/static/app.js"
    body = json.dumps(big_map(30)).encode()
    assert relay.request("POST", where, body=body).status == 201
    assert frames(page, latest, stack=thrown(), release="2")[0]["file"] == "src/pay.ts"
    answer = relay.request("POST", where, body=json.dumps(big_map(33)).encode())
    assert (answer.status, answer.detail) == (413, "Request body exceeds maximum size")


def test_a_large_body_of_a_stranger_is_refused_before_it_is_taken(relay):
    stranger = relay.anonymous()
    try:
        answer = stranger.request("POST", "/api/source-maps", body=b"x" * (8 << 20))
        assert answer.status in (401, 413)
    except (BrokenPipeError, ConnectionResetError, http.client.HTTPException):
        pass  # closed before all of it was sent


def test_a_stack_of_ten_thousand_lines_is_read_in_time(relay, page, project):
    upload(relay, project)
    line = "    at p (/static/app.js:1:17)\n"
    start = time.monotonic()
    assert page.error(stack="Error\n" + line * 1800, release="1.0").status == 201
    assert page.error(stack="Error\n" + "(" * 60000, release="1.0").status == 201
    assert page.error(stack="    at " + "eval at (" * 6000, release="1.0").status == 201
    assert time.monotonic() - start < 20  # milliseconds, but a sanitizer may be at work


def test_old_maps_go_by_the_retention_job(stack, relay, project):
    upload(relay, project)
    done = stack.control("index", "retention")
    assert done.returncode == 0, done.stderr
    assert relay.get(f"/api/source-maps?project={project}").json["total"] == 1


def test_causes_share_the_sources_that_were_loaded(fresh):
    """Who sends a report chooses its frames: each of nine stacks asks for every source."""
    stack = fresh(BROWSER_RELAY_PROCESSES=1)
    relay = stack.client("relay")
    page = Page(relay, new_key(relay, "shop", ORIGIN)["public_key"])
    names = [f"src/{n}.ts" for n in range(8)]
    text = "function f() {\n  throw 1;\n}\n" + "// a line of it\n" * 65536
    # Source n is that of line n.
    content = {"sources": names, "sourcesContent": [text] * 8, "mappings": "AACA" + ";ACAA" * 7}
    assert upload(relay, "shop", source_map={**MAP, **content}).status == 201
    # Begin anew, without what the upload took.
    assert stack.stop() == 0
    stack.start()
    stack.wait_ready()
    (pid,) = stack.running("monlight-relay")

    def peak():
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0])

    before = peak()
    where = "".join(f"\n    at f (https://shop.example/static/app.js:{n + 1}:1)" for n in range(8))
    causes = [{"type": "Error", "message": "x", "stack": f"Error: x{where}"}] * 8
    assert page.error(stack=f"Error: x{where}", causes=causes).status == 201
    errors = stack.client("errors")
    error = errors.get(f"/api/errors/{errors.get('/api/errors').json['errors'][0]['id']}").json
    told = error["occurrences"][0]
    for frames in (told["frames"], told["causes"][7]["frames"]):
        assert [frame["file"] for frame in frames] == names
        assert frames[0]["context"]["lines"][1] == "  throw 1;"
    assert peak() - before < 40_000
