# SPDX-License-Identifier: MIT
"""The browser relay: keys, origins, what is handed on, source maps, and what strangers send."""

import gzip
import http.client
import json
import re
import subprocess
import time

import pytest
from pages import MAP, ORIGIN, THROW, Page, browser_report, new_key, newest_error

from stack import CONTROL, Client, eventually

CORS = "Access-Control-"


def metric(**members):
    return {"name": "clicks", "type": "counter", "value": 1, **members}


@pytest.fixture
def page(relay, project):
    return Page(relay, new_key(relay, project, ORIGIN)["public_key"])


@pytest.fixture
def latest(errors, project):
    """The newest error of this test's project, in full."""

    return lambda: newest_error(errors, project)


def listed_key(relay, key):
    return next(k for k in relay.get("/api/dsn-keys").json["keys"] if k["public_key"] == key)


# ---- keys ---------------------------------------------------------------------


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


@pytest.mark.parametrize("origin", ["shop.example", "https://a/b", "https://a,b", "", 5])
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
    assert "integrity" not in run().stdout, "there is no SDK"
    hashes = {"monlight-1.0.0.min.js": "sha384-abc", "monlight-1.0.0.full.min.js": "sha384-other"}
    (tmp_path / "monlight-1.0.0.integrity.json").write_text(json.dumps(hashes))
    said = run()
    assert 'min.js" integrity="sha384-abc" crossorigin="anonymous"></script>' in said.stdout
    assert said.stderr == ""


# ---- who is let in ----------------------------------------------------------------


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


# ---- origins ------------------------------------------------------------------------


def allowed(answer):
    return answer.headers[CORS + "Allow-Origin"], answer.headers[CORS + "Allow-Credentials"]


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


# ---- how often ------------------------------------------------------------------------


def test_fault_13_one_visitor_cannot_silence_a_project_nor_a_stranger_anybody(fresh):
    stack = fresh(RATE_LIMIT=20, DSN_KEYS="shop:the-key,other:another-key", CORS_ORIGINS=ORIGIN)
    relay = stack.client("relay")
    for _ in range(60):  # nobody with a key is touched by those without one
        Page(relay.at("127.0.0.9"), "unknown").error()
    visitor = Page(relay.at("127.0.0.2"), "the-key")
    answers = [visitor.error() for _ in range(15)]
    assert [a.status for a in answers[:10]] == [201] + [200] * 9
    refused = answers[-1]
    assert refused.status == 429 and refused.detail == "Rate limit exceeded"
    assert int(refused.headers["Retry-After"]) == refused.json["retry_after"] >= 1
    assert refused.headers[CORS + "Expose-Headers"] == "Retry-After"
    assert allowed(refused) == (ORIGIN, "true")
    others = [Page(relay.at(f"127.0.0.{n}"), "the-key").error().status for n in range(3, 14)]
    assert 200 in others and 429 in others  # the key's own limit
    assert Page(relay.at("127.0.0.2"), "another-key").error().status == 201


# ---- errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, detail",
    [
        (b"", "Empty request body"),
        (b"{", "Invalid JSON"),
        (b"[]", "Request body must be a JSON object"),
        (b"{}", "Missing required field: type"),
        (b'{"type": "T"}', "Missing required field: message"),
        (b'{"type": "T", "message": 5}', "Missing required field: message"),
        (b'{"type": "T", "message": "m"}', "Missing required field: stack"),
    ],
)
def test_what_is_no_report_is_refused_in_the_contracts_words(page, body, detail):
    answer = page.send("errors", body=body)
    assert (answer.status, answer.detail) == (400, detail)
    assert allowed(answer) == (ORIGIN, "true")


def test_case_13_the_trackers_answer_passes_through(page, latest):
    answer = page.error()
    assert answer.status == 201 and answer.json["status"] == "created"
    assert allowed(answer) == (ORIGIN, "true")
    again = page.error()
    assert again.status == 200
    assert again.json == {"status": "incremented", "id": answer.json["id"], "count": 2}
    assert latest()["source"] == "browser"


def test_a_report_keeps_what_the_page_said(page, latest):
    page.error(
        url="https://shop.example/cart?x=1",
        user_agent="Mozilla",
        session_id="session-1",
        release="1.2.3",
        timestamp="2026-01-02T03:04:05.678Z",
        context={"user_id": "7", "deep": {"a": [1]}},
        environment="production",
        event_id="event-1",
        count=3,
        user={"id": "7"},
        tags={"browser": "Firefox"},
        breadcrumbs=[{"message": "click"}],
        contexts={"device": {"name": "phone"}},
        debug_ids={"https://shop.example/static/app.js": "x"},
    )
    error = latest()
    one = error["occurrences"][0]
    assert error["count"] == 3 and one["request_method"] == "BROWSER"
    assert one["request_url"] == "https://shop.example/cart?x=1"
    assert one["extra"] == {
        "user_agent": "Mozilla",
        "session_id": "session-1",
        "release": "1.2.3",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "context": {"user_id": "7", "deep": {"a": [1]}},
    }
    assert one["environment"] == "production" and one["release"] == "1.2.3"
    assert one["session_id"] == "session-1" and one["user"] == {"id": "7"}
    assert one["tags"] == {"browser": "Firefox"}
    assert one["breadcrumbs"] == [{"message": "click"}]
    assert one["contexts"] == {"device": {"name": "phone"}}
    assert page.error(event_id="event-1").status == 201  # known: the same answer
    assert latest()["count"] == 3


def test_members_of_the_wrong_type_are_left_out(page, latest):
    answer = page.error(
        url=1, user_agent=[], session_id={}, release=5, timestamp=0, context="x", environment=1,
        event_id=7, count="9", user="u", tags=[], breadcrumbs={}, contexts=1, causes="c",
        debug_ids=[], level="loud",
    )  # fmt: skip
    assert answer.status == 201
    assert latest()["occurrences"][0]["extra"] == {}


def test_fault_31_what_is_too_long_is_shortened_and_a_refusal_passes_through(page, latest):
    answer = page.error(
        type="T" * 300, release="r" * 300, environment="e" * 300, session_id="s" * 300,
        event_id="i" * 300, count=99999,
    )  # fmt: skip
    assert answer.status == 201
    error = latest()
    assert error["exception_type"] == "T" * 200 and error["count"] == 10000
    assert error["occurrences"][0]["release"] == "r" * 200


def test_fault_32_a_lone_surrogate_does_not_lose_the_report(page, latest):
    body = json.dumps(browser_report()).replace("x is undefined", "x \\ud83d y", 1).encode()
    assert page.send("errors", body=body).status == 201
    assert latest()["message"] == "x \ufffd y"


@pytest.mark.parametrize("depth, status", [(60, 201), (256, 400), (20000, 400)])
def test_fault_3_a_deep_context_is_an_answer_and_no_crash(page, depth, status):
    deep = "[" * depth + "]" * depth
    body = json.dumps(browser_report(context={"x": 1})).replace('"x": 1', f'"x": {deep}')
    assert page.send("errors", body=body.encode()).status == status


def test_causes_are_handed_on_as_the_tracker_calls_them(page, latest):
    page.error(causes=[{"type": "RangeError", "message": "m", "stack": "at f (a.js:1:2)"}])
    (cause,) = latest()["occurrences"][0]["causes"]
    assert cause["exception_type"] == "RangeError" and cause["traceback"] == "at f (a.js:1:2)"
    assert cause["frames"][0]["file"] == "a.js"


# ---- metrics ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, detail",
    [
        (b"", "Empty request body"),
        (b"[]", "Request body must be a JSON object"),
        (b"{}", "Missing required field: metrics"),
        (b'{"metrics": {}}', "Field 'metrics' must be an array"),
        (b'{"metrics": []}', "Metrics array must not be empty"),
        (b'{"metrics": [5]}', "Each metric must be a JSON object"),
        (b'{"metrics": [{}]}', "Missing required field: name"),
        (b'{"metrics": [{"name": ""}]}', "Field 'name' must be 1-200 characters"),
        (b'{"metrics": [{"name": "a"}]}', "Missing required field: type"),
        (
            b'{"metrics": [{"name": "a", "type": "summary"}]}',
            "Field 'type' must be 'counter', 'histogram', or 'gauge'",
        ),
        (b'{"metrics": [{"name": "a", "type": "gauge"}]}', "Missing required field: value"),
        (
            b'{"metrics": [{"name": "a", "type": "gauge", "value": "1"}]}',
            "Missing required field: value",
        ),
    ],
)
def test_what_is_no_batch_is_refused_in_the_contracts_words(page, body, detail):
    answer = page.send("metrics", body=body)
    assert (answer.status, answer.detail) == (400, detail)


def test_a_batch_of_a_thousand_is_taken_and_one_more_refused(page):
    small = {"name": "a", "type": "gauge", "value": 1}
    assert page.metrics(*[small] * 1000).json == {"status": "accepted", "count": 1000}
    answer = page.metrics(*[small] * 1001)
    assert (answer.status, answer.detail) == (400, "Metrics batch exceeds maximum of 1000 items")


class Collector:
    """Stands where the metrics collector would, and remembers what it is sent."""

    def __init__(self):
        import threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.append((dict(self.headers), json.loads(body)))
                answer = b'{"status":"accepted","count":1}'
                self.send_response(202)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def test_case_14_points_are_enriched_without_duplicate_labels(fresh, collector):
    stack = fresh(METRICS_COLLECTOR_URL=collector.url, DSN_KEYS="shop:the-key")
    page = Page(stack.client("relay"), "the-key")
    clash = {"project": "evil", "source": "evil", "session_id": "mine", "page": "/x", "k": "v"}
    mixed = {"n": 1.5, "b": True, "null": None, "list": [1], "page": "https://x/items/12?q"}
    answer = page.send(
        "metrics",
        {"metrics": [metric(labels=clash, id="i1", project="evil"), metric(timestamp="2026-01-02T03:04:05Z")],
         "session_id": "s1", "url": "https://example.com/dashboard?tab=1"},
        Idempotency_Key="batch-1",
    )  # fmt: skip
    assert answer.status == 202
    assert page.metrics(metric(labels=mixed)).status == 202
    (headers, (first, second)), (_, (third,)) = collector.seen
    assert headers["X-API-Key"] and headers["Idempotency-Key"].endswith("-batch-1")
    assert first["labels"] == {
        "project": "shop",
        "source": "browser",
        "page": "/dashboard",
        "k": "v",
    }
    assert first["session_id"] == "s1" and first["project"] == "shop" and first["id"] == "i1"
    assert second["timestamp"] == "2026-01-02T03:04:05Z" and first["timestamp"].endswith("Z")
    assert third["labels"] == {
        "project": "shop", "source": "browser", "page": "/items/{id}", "n": 1.5, "b": True,
    }  # fmt: skip
    assert "session_id" not in third and first["value"] == 1
    raw = b'{"metrics":[{"name":"a","type":"gauge","value":1,"labels":{"k":1,"k":2}}]}'
    assert page.send("metrics", body=raw).status == 202
    assert collector.seen[-1][1][0]["labels"]["k"] == 2


def test_web_vitals_are_told_apart_by_the_device_that_the_browser_names(fresh, collector):
    stack = fresh(METRICS_COLLECTOR_URL=collector.url, DSN_KEYS="shop:the-key")
    page = Page(stack.client("relay"), "the-key")

    def device(agent, **point):
        answer = page.send(
            "metrics",
            {"metrics": [{**metric(), "name": "web_vitals_lcp", **point}]},
            User_Agent=agent,
        )
        assert answer.status == 202
        return collector.seen[-1][1][0]["labels"].get("device")

    linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    phone = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36"
    assert device(linux) == "desktop"
    assert device(phone) == "phone"
    assert device("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 Safari") == "phone"
    assert device("Mozilla/5.0 (iPad; CPU OS 12_0) Mobile/15E148 Safari") == "tablet"
    assert device("Mozilla/5.0 (Linux; Android 15; SM-X910) Chrome/140.0 Safari") == "tablet"
    assert device("Mozilla/5.0 (Android 15; Tablet; rv:140.0) Firefox/140.0") == "tablet"
    assert device("") is None
    assert device(phone, labels={"device": "kiosk"}) == "kiosk"
    assert device(phone, name="page_load_time") is None


def test_fault_12_vitals_of_a_beacon_arrive_at_the_collector(page, metrics, project):
    key, page.key = page.key, None
    body = json.dumps({"metrics": [{"name": "web_vitals_lcp", "type": "histogram", "value": 1200,
                                    "labels": {"page": "/", "session_id": "s"}}]})  # fmt: skip
    answer = page.send(
        "metrics", body=body.encode(), query=f"?key={key}", Content_Type="text/plain"
    )
    assert answer.status == 202 and allowed(answer) == (ORIGIN, "true")
    names = metrics.get(f"/api/metrics/names?project={project}").body
    assert b"web_vitals_lcp" in names


# ---- when nobody is behind it ---------------------------------------------------------------


def test_what_cannot_be_handed_on_is_kept_and_delivered_later(fresh):
    stack = fresh(ERROR_TRACKER_URL="http://127.0.0.1:9", DSN_KEYS="shop:the-key")
    relay = stack.client("relay")
    page = Page(relay, "the-key", None)
    for event in ("a", "b", "a"):
        answer = page.error(event_id=event)
        assert (answer.status, answer.json) == (202, {"status": "queued"})
    waiting = relay.get("/api/outbox").json["destinations"][0]
    assert waiting["name"] == "errors" and waiting["waiting"] == 3 and waiting["oldest_at"]
    assert b"monlight_relay_outbox_items 3" in relay.get("/metrics").body
    del stack.variables["ERROR_TRACKER_URL"]
    stack.write_environment()
    assert stack.control("reload").returncode == 0
    errors = stack.client("errors")
    arrived = lambda: [e["count"] for e in errors.get("/api/errors").json["errors"]]  # noqa: E731
    assert eventually(lambda: arrived() == [2], 30), arrived()
    drained = lambda: relay.get("/api/outbox").json["destinations"][0]  # noqa: E731
    assert eventually(lambda: drained()["waiting"] == 0, 10)
    assert (drained()["delivered"], drained()["bytes"]) == (3, 0)


def test_a_full_outbox_asks_to_come_later_and_counts_it(fresh):
    stack = fresh(
        ERROR_TRACKER_URL="http://127.0.0.1:9", OUTBOX_MAX_BYTES="1k", DSN_KEYS="shop:the-key"
    )
    relay = stack.client("relay")
    page = Page(relay, "the-key", None)
    answers = [page.error(event_id=f"{i}") for i in range(20)]
    assert answers[0].status == 202 and answers[-1].status == 503
    assert int(answers[-1].headers["Retry-After"]) > 0
    counted = relay.get("/api/outbox").json["destinations"][0]
    refused = sum(answer.status == 503 for answer in answers)
    assert counted["turned_away"] == refused and counted["waiting"] == 20 - refused


def test_an_answer_that_is_a_refusal_is_dropped_from_the_outbox_and_counted(fresh):
    stack = fresh(METRICS_COLLECTOR_URL="http://127.0.0.1:9", DSN_KEYS="shop:the-key")
    relay = stack.client("relay")
    page = Page(relay, "the-key", None)
    # The relay does not look at times; the collector does.
    assert page.metrics(metric(labels={"k": "v" * 60000})).status == 202
    assert page.metrics(metric()).status == 202
    del stack.variables["METRICS_COLLECTOR_URL"]
    stack.write_environment()
    assert stack.control("reload").returncode == 0
    totals = lambda: relay.get("/api/outbox").json["destinations"][1]  # noqa: E731
    assert eventually(lambda: totals()["waiting"] == 0, 30)
    assert totals()["delivered"] + totals()["refused"] == 2


# ---- source maps -------------------------------------------------------------------------------


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


# ---- about the relay itself ------------------------------------------------------------------------


def test_health_and_metrics_of_the_relay(relay, page):
    assert relay.anonymous().get("/health").json["status"] == "ok"
    page.error()
    text = relay.get("/metrics").body.decode()
    assert re.search(r"^monlight_relay_forwarded_total [1-9]", text, re.M)
    assert "monlight_relay_outbox_items 0" in text
    assert isinstance(Client(relay.port).get("/metrics").detail, str)
