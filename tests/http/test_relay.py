# SPDX-License-Identifier: MIT
"""The browser relay: keys, who is let in from where, and how often."""

import fcntl
import gzip
import json
import re
import subprocess

import pytest
from pages import CORS, MAP, ORIGIN, Page, allowed, browser_report, metric, new_key

from stack import CONTROL, Client


def listed_key(relay, key):
    return next(k for k in relay.get("/api/dsn-keys").json["keys"] if k["public_key"] == key)


# ---- keys --------------------------------------------------------------------


def test_a_key_is_made_used_switched_off_and_on_again(relay, project):
    made = new_key(relay, project)
    assert re.fullmatch("[0-9a-f]{32}", made["public_key"])
    assert made["project"] == project
    page = Page(relay, made["public_key"])
    assert page.error().status == 201
    assert relay.request("DELETE", f"/api/dsn-keys/{made['id']}").json == {"status": "deactivated"}
    assert relay.request("DELETE", f"/api/dsn-keys/{made['id']}").status == 200
    refused = page.error()
    assert (refused.status, refused.detail) == (401, "Invalid DSN key")
    assert relay.post(f"/api/dsn-keys/{made['id']}/activate").json == {"status": "activated"}
    assert page.error().status == 200


def test_the_list_says_who_was_used_when_and_how_often(relay, project):
    key = new_key(relay, project, ORIGIN, "https://*.shop.example")["public_key"]
    unused = listed_key(relay, key)
    assert (unused["errors"], unused["metrics"], unused["last_used_at"]) == (0, 0, None)
    assert unused["origins"] == [ORIGIN, "https://*.shop.example"] and unused["active"] is True
    page = Page(relay, key)
    page.error()
    page.error()
    page.metrics(metric(), metric(), metric())
    used = listed_key(relay, key)
    assert (used["errors"], used["metrics"]) == (2, 3)
    assert used["last_used_at"] >= used["created_at"]


def test_counting_what_a_key_takes_waits_for_no_lock(fresh):
    """Who writes for long, an upload or a clean-up, holds up no page.

    It is counted with the next report, or when the process ends.
    """
    stack = fresh(BROWSER_RELAY_PROCESSES=1, INDEXER="cron")
    relay = stack.client("relay")
    key = new_key(relay, "shop", ORIGIN)["public_key"]
    page = Page(relay, key)
    with open(f"{stack.database('relay')}-lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert page.error().status == 201
        assert page.metrics(metric(), metric()).status == 202
        assert listed_key(relay, key)["last_used_at"] is None
    assert page.error().status == 200
    used = listed_key(relay, key)
    assert (used["errors"], used["metrics"]) == (2, 2)
    with open(f"{stack.database('relay')}-lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert page.error().status == 200
    assert stack.control("reload").returncode == 0
    assert listed_key(relay, key)["errors"] == 3


def test_origins_of_a_key_can_be_replaced(relay, project):
    made = new_key(relay, project)
    path = f"/api/dsn-keys/{made['id']}/origins"
    assert relay.post(path, {"origins": ["*"]}).status == 200
    assert listed_key(relay, made["public_key"])["origins"] == ["*"]
    assert relay.post(path, {"origins": []}).status == 200
    assert listed_key(relay, made["public_key"])["origins"] == []
    assert relay.post("/api/dsn-keys/999999/origins", {"origins": []}).status == 404


@pytest.mark.parametrize(
    "body, detail",
    [
        (b"", "Empty request body"),
        (b"{", "Invalid JSON"),
        (b"[]", "Request body must be a JSON object"),
        (b"{}", "Missing required field: project"),
        (b'{"project": 5}', "Missing required field: project"),
        (b'{"project": ""}', "Field 'project' must be 1-100 characters"),
        (b'{"project": "%s"}' % (b"x" * 101), "Field 'project' must be 1-100 characters"),
        (b'{"project": "a", "origins": "x"}', "Field 'origins' must be an array of strings"),
    ],
)
def test_what_is_no_key_is_refused_in_the_contracts_words(relay, body, detail):
    answer = relay.request("POST", "/api/dsn-keys", body=body)
    assert (answer.status, answer.detail) == (400, detail)


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://a/b", "https://a,b", "https://A", "https://a:443", "", 5]
)
def test_an_origin_that_is_none_is_refused(relay, origin):
    answer = relay.post("/api/dsn-keys", {"project": "p", "origins": [origin]})
    assert answer.status == 400 and "https://" in answer.detail


@pytest.mark.parametrize("table, thing", [("dsn-keys", "DSN key"), ("source-maps", "Source map")])
def test_ids_that_are_none_are_400_and_unknown_ones_404(relay, table, thing):
    assert relay.request("DELETE", f"/api/{table}/x").detail == "Invalid ID"
    answer = relay.request("DELETE", f"/api/{table}/99999999")
    assert (answer.status, answer.detail) == (404, f"{thing} not found")


@pytest.mark.parametrize(
    "method, path",
    [("GET", "/api/dsn-keys"), ("POST", "/api/dsn-keys"), ("DELETE", "/api/dsn-keys/1"),
     ("GET", "/api/source-maps"), ("POST", "/api/source-maps"), ("GET", "/api/outbox")],
)  # fmt: skip
def test_the_admins_part_wants_the_admins_key(relay, method, path):
    answer = relay.anonymous().request(method, path)
    assert (answer.status, answer.detail) == (401, "Invalid API key")
    assert not [name for name in answer.headers if name.startswith(CORS)]


def test_fault_41_a_project_with_quotes_stays_json(relay):
    name = 'a "quoted" \\ project\n'
    key = new_key(relay, name)["public_key"]
    assert listed_key(relay, key)["project"] == name
    answer = relay.post(
        "/api/source-maps",
        {"project": name, "release": '"', "file_url": '/"', "map_content": json.dumps(MAP)},
    )
    assert answer.json["project"] == name and answer.json["release"] == '"'


def test_fault_41_a_long_list_of_keys_is_whole(fresh):
    relay = fresh(DSN_KEYS=",".join(f"project-{i}:{i:032x}" for i in range(1000))).client("relay")
    assert len(relay.get("/api/dsn-keys").json["keys"]) == 1000


def test_keys_of_the_environment_are_there_and_bad_items_are_passed_over(fresh):
    stack = fresh(DSN_KEYS=" shop : seeded-key ,broken,:x,y:,shop:other:with:colons")
    relay = stack.client("relay")
    keys = {k["public_key"]: k["project"] for k in relay.get("/api/dsn-keys").json["keys"]}
    assert keys == {"seeded-key": "shop", "other:with:colons": "shop"}
    assert Page(relay, "seeded-key").error().status == 201


def test_monlight_keys_add_prints_a_key_and_what_to_put_into_a_page(stack, relay, project):
    done = stack.control("keys", "add", project, ORIGIN)
    assert done.returncode == 0, done.stderr
    key = done.stdout.split()[0]
    assert f'dsn: "{key}"' in done.stdout and "<script src=" in done.stdout
    assert Page(relay, key).error().status == 201
    assert stack.control("keys", "add", project, "no-origin").returncode == 2
    assert stack.control("keys", "remove").returncode == 2


def test_the_snippet_of_a_new_key_tells_the_hash_of_the_script(stack, project, tmp_path):
    command = [CONTROL, "keys", "add", project, ORIGIN]
    environment = {**stack.environment(), "MONLIGHT_SDK": str(tmp_path)}
    run = lambda: subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: E731
    without = run()
    assert "integrity" not in without.stdout and "SDK is not built" in without.stderr
    hashes = {"monlight-1.0.0.min.js": "sha384-abc", "monlight-1.0.0.full.min.js": "sha384-other"}
    (tmp_path / "monlight-1.0.0.integrity.json").write_text(json.dumps(hashes))
    said = run()
    assert 'min.js" integrity="sha384-abc" crossorigin="anonymous"></script>' in said.stdout
    assert said.stderr == ""


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"BIND_ADDRESS": "::1"}, "http://[::1]:{port}"),
        ({"BIND_ADDRESS": "0.0.0.0"}, "http://localhost:{port}"),
        ({"BIND_ADDRESS": "[::]"}, "http://localhost:{port}"),
        ({"BROWSER_RELAY_PUBLIC_URL": "https://relay.example/"}, "https://relay.example"),
    ],
)
def test_the_snippet_of_a_new_key_leads_to_the_relay(stack, project, variables, url):
    done = subprocess.run(
        [CONTROL, "keys", "add", project, ORIGIN],
        env={**stack.environment(), **variables},
        capture_output=True,
        text=True,
    )
    url = url.format(port=stack.ports["relay"])
    assert f'src="{url}/sdk/' in done.stdout and f'endpoint: "{url}"' in done.stdout


# ---- who is let in -----------------------------------------------------------


@pytest.mark.parametrize("path", ["errors", "metrics"])
def test_a_key_goes_by_header_or_by_address(page, path):
    body = browser_report() if path == "errors" else {"metrics": [metric()]}
    assert page.send(path, body).status in (201, 202)
    key, page.key = page.key, None
    assert page.send(path, body, query=f"?key={key}").status in (200, 202)
    assert page.send(path, body, query="?key=").status == 401
    assert page.send(path, body).status == 401


def test_any_content_type_is_taken(page):
    body = json.dumps(browser_report()).encode()
    for kind in ("text/plain;charset=UTF-8", "application/octet-stream", None):
        assert page.send("errors", body=body, Content_Type=kind).status in (200, 201)


def test_gzip_is_taken_and_held_to_the_same_size(page):
    body = gzip.compress(json.dumps(browser_report()).encode())
    assert page.send("errors", body=body, Content_Encoding="gzip").status == 201
    bomb = gzip.compress(json.dumps(browser_report(message="x" * 65536)).encode())
    assert page.send("errors", body=bomb, Content_Encoding="gzip").status == 413


def test_a_body_of_one_byte_too_many_is_413_and_the_page_can_read_it(page):
    answer = page.send("errors", body=b"x" * 65537)
    assert (answer.status, answer.detail) == (413, "Request body exceeds maximum size")
    assert answer.headers[CORS + "Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("path", ["errors", "metrics"])
def test_other_methods_are_405_and_other_paths_404(page, path):
    answer = page.send(path, method="GET")
    assert (answer.status, answer.detail) == (405, "Method not allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    answer = page.send("other", {})
    assert answer.status == 404 and answer.headers[CORS + "Allow-Origin"] == ORIGIN
    assert page.relay.get("/nothing").status == 404


def test_fault_3_expect_100_continue_is_answered(page, stack):
    body = json.dumps(browser_report()).encode()
    head = (
        f"POST /api/browser/errors HTTP/1.1\r\nHost: x\r\nX-Monlight-Key: {page.key}\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    assert b" 201 Created\r\n" in page.relay.raw(head.encode() + body)


def test_fault_4_a_post_without_a_length_does_not_hang(page):
    head = f"POST /api/browser/errors HTTP/1.1\r\nHost: x\r\nX-Monlight-Key: {page.key}\r\n\r\n"
    assert b" 411 " in page.relay.raw(head.encode(), shut=True)


# ---- origins -----------------------------------------------------------------


def preflight(page, path="errors", origin=ORIGIN, headers="content-type,x-monlight-key"):
    page = Page(page.relay, None, origin)
    return page.send(
        path,
        method="OPTIONS",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers=headers,
    )


@pytest.mark.parametrize("path", ["errors", "metrics"])
def test_a_preflight_passes_if_any_key_allows_the_origin(page, path):
    answer = preflight(page, path)
    assert answer.status == 204 and answer.body == b""
    assert allowed(answer) == (ORIGIN, "true")
    assert answer.headers[CORS + "Allow-Methods"] == "POST, OPTIONS"
    assert answer.headers[CORS + "Max-Age"] == "86400"
    taken = {name.strip().lower() for name in answer.headers[CORS + "Allow-Headers"].split(",")}
    assert {"x-monlight-key", "content-type", "content-encoding"} <= taken
    assert answer.headers["Vary"] == "Origin"


def test_a_preflight_of_an_unknown_origin_or_none_is_refused(page):
    answer = preflight(page, origin="https://evil.example")
    assert (answer.status, answer.detail) == (401, "Invalid DSN key")
    assert allowed(answer) == (None, None) and answer.headers["Vary"] == "Origin"
    assert preflight(page, origin=None).status == 401


def test_a_page_can_read_every_refusal(page):
    assert allowed(page.send("errors", body=b"{")) == (ORIGIN, "true")
    page.key = "unknown"
    answer = page.error()
    assert answer.status == 401 and allowed(answer) == (ORIGIN, "true")


def test_a_key_with_origins_of_its_own_refuses_others(page, relay, project):
    page.origin = "https://evil.example"
    answer = page.error()
    assert answer.status == 403 and allowed(answer) == (None, None)
    page.origin = None  # not a browser, or a page of the relay's own origin
    assert page.error().status == 201
    other = Page(relay, new_key(relay, project)["public_key"], ORIGIN)
    answer = other.error()  # named by another key: taken, but this key does not say so
    assert answer.status == 200 and allowed(answer) == (None, None)


def test_case_12_origins_of_the_configuration(fresh):
    stack = fresh(
        CORS_ORIGINS="https://app.example, https://*.example.com", DSN_KEYS="shop:the-key"
    )
    for origin, granted in [
        ("https://app.example", True),
        ("https://a.b.example.com", True),
        ("https://.example.com", False),
        ("https://APP.example", False),
        ("https://app.example:444", False),
    ]:
        page = Page(stack.client("relay"), "the-key", origin)
        answer = page.error()
        assert answer.status in (200, 201)
        assert allowed(answer) == ((origin, "true") if granted else (None, None))
        assert preflight(page, origin=origin).status == (204 if granted else 401)


def test_fault_43_a_star_allows_everyone_but_no_credentials(fresh):
    page = Page(fresh(CORS_ORIGINS="*", DSN_KEYS="shop:the-key").client("relay"), "the-key")
    answer = page.error()
    assert allowed(answer) == ("*", None) and answer.headers["Vary"] == "Origin"
    assert preflight(page).status == 204
    assert allowed(preflight(page)) == ("*", None)


# ---- how often ---------------------------------------------------------------


def test_fault_13_one_visitor_cannot_silence_a_project_nor_a_stranger_anybody(fresh):
    stack = fresh(RATE_LIMIT=20, DSN_KEYS="shop:the-key,other:another-key", CORS_ORIGINS=ORIGIN)
    relay = stack.client("relay")
    for _ in range(60):  # nobody with a key is touched by those without one
        Page(relay.at("127.0.0.9"), "unknown").error()
    visitor = Page(relay.at("127.0.0.2"), "the-key")
    answers = [visitor.error() for _ in range(15)]
    assert [a.status for a in answers[:10]] == [201] + [200] * 9
    refused = next(a for a in answers if a.status == 429)
    assert refused.detail == "Rate limit exceeded"
    assert int(refused.headers["Retry-After"]) == refused.json["retry_after"] >= 1
    assert refused.headers[CORS + "Expose-Headers"] == "Retry-After"
    assert allowed(refused) == (ORIGIN, "true")
    others = []
    while 429 not in others:  # the key's own limit, of which a token comes back each 3 s
        assert len(others) < 100
        others.append(Page(relay.at(f"127.0.1.{len(others)}"), "the-key").error().status)
    assert 200 in others
    assert Page(relay.at("127.0.0.2"), "another-key").error().status == 201


# ---- about the relay itself --------------------------------------------------


def test_health_and_metrics_of_the_relay(relay, page):
    assert relay.anonymous().get("/health").json["status"] == "ok"
    page.error()
    text = relay.get("/metrics").body.decode()
    assert re.search(r"^monlight_relay_forwarded_total [1-9]", text, re.M)
    assert "monlight_relay_outbox_items 0" in text
    assert isinstance(Client(relay.port).get("/metrics").detail, str)
