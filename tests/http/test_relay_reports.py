# SPDX-License-Identifier: MIT
"""What pages send to the relay, and what becomes of it at tracker and collector."""

import json
import re

import pytest
from pages import ORIGIN, Page, allowed, browser_report, metric
from tracker import listed

from stack import eventually

# ---- errors ------------------------------------------------------------------


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


def test_a_report_keeps_what_the_page_said(page, latest, errors):
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
    found = listed(errors, project=error["project"], search="event_id:event-1")["errors"]
    assert [row["id"] for row in found] == [error["id"]]


def test_members_of_the_wrong_type_are_left_out(page, latest):
    answer = page.error(
        url=1, user_agent=[], session_id={}, release=5, timestamp=0, context="x", environment=1,
        event_id=7, count="9", user="u", tags=[], breadcrumbs={}, contexts=1, causes="c",
        debug_ids=[], level="loud",
    )  # fmt: skip
    assert answer.status == 201
    assert latest()["occurrences"][0]["extra"] == {}


def test_items_of_the_wrong_type_are_left_out_and_not_the_report(page, latest):
    answer = page.error(
        tags={"kept": "yes", "n": 1, "none": None, "deep": {"a": 1}, "list": [1]},
        breadcrumbs=[{"message": "click"}, "text", None, 7],
        debug_ids={"https://shop.example/a.js": 5},
    )
    assert answer.status == 201
    one = latest()["occurrences"][0]
    assert one["breadcrumbs"] == [{"message": "click"}]
    assert one["tags"].keys() >= {"kept", "n"} and not one["tags"].keys() & {"deep", "list"}


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


@pytest.mark.parametrize("depth, status", [(61, 201), (62, 201), (256, 400), (20000, 400)])
def test_fault_3_a_deep_context_is_an_answer_and_no_crash(page, latest, depth, status):
    deep = "[" * depth + "]" * depth
    body = json.dumps(browser_report(context={"x": 1})).replace('"x": 1', f'"x": {deep}')
    assert page.send("errors", body=body.encode()).status == status
    if status == 201:
        kept = {"x": json.loads(deep)} if depth < 62 else "left out: nested too deeply"
        assert latest()["occurrences"][0]["extra"] == {"context": kept}


def test_causes_are_handed_on_as_the_tracker_calls_them(page, latest):
    page.error(causes=[{"type": "RangeError", "message": "m", "stack": "at f (a.js:1:2)"}])
    (cause,) = latest()["occurrences"][0]["causes"]
    assert cause["exception_type"] == "RangeError" and cause["traceback"] == "at f (a.js:1:2)"
    assert cause["frames"][0]["file"] == "a.js"


# ---- metrics -----------------------------------------------------------------


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


def test_a_long_label_is_shortened_and_its_batch_not_refused(page, metrics, project):
    long = "p" * 3000
    answer = page.metrics(metric(labels={"title": long}), url=f"https://shop.example/{long}")
    assert (answer.status, answer.json["count"]) == (202, 1)
    assert page.metrics(metric(labels={"page": f"/{long}"})).status == 202
    series = metrics.get(f"/api/metrics?name=clicks&project={project}&group_by=page").json
    assert "/" + "p" * 1023 in str(series)


def test_a_strangers_labels_take_two_kilobytes_of_a_series(page, metrics, project):
    """A series is kept for a year, and a key that pages show makes thousands of them."""
    labels = {f"label-{n}": "v" * 900 for n in range(50)}
    assert page.metrics(metric(labels={**labels, "short": "kept", "n": 1})).status == 202
    (series,) = metrics.get(f"/api/metrics/series?name=clicks&project={project}").json["series"]
    kept = {"source": "browser", "label-0": "v" * 900, "label-1": "v" * 900}
    assert series["labels"] == {**kept, "short": "kept", "n": "1"}


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


# What a header cannot hold, or holds as more than itself.
ODD_IDS = [
    "a\r\nContent-Length: 0",
    "a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    "a\nX-API-Key: b",
    "\u0007",
    " ",
    "\u00e9",
    "i" * 300,
]


def test_an_id_of_a_strangers_is_no_part_of_a_request_behind_the_relay(page, latest):
    for n, event in enumerate(ODD_IDS):
        for _ in range(2):  # known the second time
            answer = page.error(event_id=event)
            assert answer.status in (200, 201), (event, answer)
        assert page.error().json["count"] == 2 * n + 2, event  # over the same connection
    assert latest()["count"] == 2 * len(ODD_IDS)


def test_the_word_of_a_strangers_for_a_batch_is_one_header(fresh, collector):
    stack = fresh(METRICS_COLLECTOR_URL=collector.url, DSN_KEYS="shop:the-key")
    page = Page(stack.client("relay"), "the-key")
    for event in ODD_IDS:
        for _ in range(2):
            answer = page.metrics(metric(), event_id=event)
            assert (answer.status, answer.json["status"]) == (202, "accepted"), event
    keys = [headers["Idempotency-Key"] for headers, _ in collector.seen]
    assert keys[::2] == keys[1::2] and len(set(keys)) == len(ODD_IDS)
    assert all(re.fullmatch("dsn1-[0-9a-f]{32}", key) for key in keys), keys


# ---- when nobody is behind it ------------------------------------------------


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
