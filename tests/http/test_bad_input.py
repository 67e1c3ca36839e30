# SPDX-License-Identifier: MIT
"""Bad input of every kind: a clear refusal each time, and the service lives on."""

import gzip
import json
import socket
import time
import zlib

import pytest

from stack import SERVICES, eventually, report

LIMIT = 1048576


def post(client, body, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request("POST", "/api/errors", body, headers)


def assert_refused(answer, status=400):
    assert answer.status == status, answer
    sentence = answer.detail
    assert "\n" not in sentence and len(sentence) < 500
    return sentence


def stored(client, project, body):
    """Posts bytes that have to be taken; returns the error's detail."""
    answer = post(client, body)
    assert answer.status == 201, answer
    found = client.get(f"/api/errors/{answer.json['id']}")
    found.body.decode("utf-8")  # whatever went in, what comes out is valid
    return found.json


def with_message(project, spelled):
    """A report whose message is spelled by these bytes, quotes not included."""
    body = json.dumps(report(project, message="MESSAGE"))
    return body.encode().replace(b"MESSAGE", spelled)


# ---- JSON that is none -------------------------------------------------------


WHOLE = json.dumps(report("p", extra={"a": [1, 2.5e3, None, True, "\\u00e9"]})).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\n",
        b"nonsense",
        b"{",
        b"}",
        b"[",
        b'"',
        b"nul",
        b"{}x",
        b"{}{}",
        b"{} 1",
        b"{,}",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b"[1,]",
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":1.}',
        b'{"a":0x10}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-}',
        b'{"a":1e}',
        b'{"a":"\\x"}',
        b'{"a":"\\u12"}',
        b'{"a":"\t"}',
        b'{"a":"\n"}',
        b"/* x */ {}",
        b"{}\x00",
        b"\x00",
        b"\xff\xfe{\x00}\x00",
    ],
)
def test_what_is_no_json_is_400(errors, body):
    assert assert_refused(post(errors, body)).startswith("Invalid JSON")


def test_a_report_cut_short_anywhere_is_400(errors):
    for end in range(0, len(WHOLE), 7):
        assert_refused(post(errors, WHOLE[:end]))


@pytest.mark.parametrize("depth", [65, 257, 10_000, 200_000])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_deep_json_is_400(errors, project, depth, pair):
    if pair == "[]":
        deep = "[" * depth + "]" * depth
    else:
        deep = '{"a":' * depth + "1" + "}" * depth
    body = json.dumps(report(project, extra="EXTRA")).replace('"EXTRA"', deep)
    if len(body) < LIMIT:
        assert_refused(post(errors, body.encode()))
        assert_refused(post(errors, body.encode()[: len(body) // 2]))


def test_json_of_the_deepest_depth_comes_back(errors, project):
    deep = "[" * 62 + "]" * 62
    body = json.dumps(report(project, extra="EXTRA")).replace('"EXTRA"', deep)
    found = stored(errors, project, body.encode())
    assert found["occurrences"][0]["extra"] == json.loads(deep)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400])
def test_a_number_that_is_not_finite_is_400(errors, project, number):
    body = json.dumps(report(project, extra="EXTRA")).replace('"EXTRA"', number)
    assert_refused(post(errors, body.encode()))


def test_numbers_at_the_edge_come_back(errors, project):
    given = [1e308, -1e308, 5e-324, 0.1, 1e-400, 9007199254740992, -0.0, 1.5]
    found = stored(errors, project, json.dumps(report(project, extra=given)).encode())
    assert found["occurrences"][0]["extra"] == given


# ---- strings that are none ---------------------------------------------------


@pytest.mark.parametrize(
    "spelled, read",
    [
        (rb"\ud83d", "\ufffd"),
        (rb"a\ud83d", "a\ufffd"),
        (rb"\ude00b", "\ufffdb"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\ud83d\u0041", "\ufffdA"),
        (rb"\ud83d\ude00", "😀"),
        (rb"a\u0000b", "a\ufffdb"),
        (b"a\xffb", "a\ufffdb"),
        (b"a\xc3", "a\ufffd"),
        ("a\u0301".encode(), "a\u0301"),
        ("\U0010ffff".encode(), "\U0010ffff"),
    ],
)
def test_a_damaged_string_is_repaired(errors, project, spelled, read):
    assert stored(errors, project, with_message(project, spelled))["message"] == read


@pytest.mark.parametrize(
    "sequence",
    [
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"\xfe",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
    ],
)
def test_bytes_that_are_no_utf8_become_replacement_characters(errors, project, sequence):
    message = stored(errors, project, with_message(project, b"<" + sequence + b">"))["message"]
    assert message[0] == "<" and message[-1] == ">"
    assert set(message[1:-1]) == {"\ufffd"}


def test_a_damaged_name_of_a_member_is_repaired_too(errors, project):
    body = json.dumps(report(project, extra={"NAME": 1})).encode()
    found = stored(errors, project, body.replace(b"NAME", b"a\xff"))
    assert found["occurrences"][0]["extra"] == {"a\ufffd": 1}


def test_control_characters_come_back_escaped(errors, project):
    text = "".join(chr(i) for i in range(1, 32)) + "\x7f\u2028"
    body = json.dumps(report(project, message=text)).encode()
    assert stored(errors, project, body)["message"] == text


def test_of_duplicate_keys_the_last_counts(errors, project):
    body = json.dumps(report("another"))[:-1] + f', "project": {json.dumps(project)}}}'
    found = stored(errors, project, body.encode())
    assert found["project"] == project
    body = json.dumps(report(project))[:-1] + ', "message": 5}'
    assert assert_refused(post(errors, body.encode())).endswith("message")


def test_names_of_members_are_case_sensitive(errors, project):
    body = report(project)
    body["Message"] = body.pop("message")
    assert assert_refused(post(errors, json.dumps(body).encode())).endswith("message")


# ---- a wrong type in every member --------------------------------------------


VALUES = [None, True, 0, -1, 1.5, 1e300, "", "x", [], [None], [[]], {}, {"a": None}, {"": ""}]
MEMBERS = [
    "project",
    "exception_type",
    "message",
    "traceback",
    "request_url",
    "request_method",
    "request_headers",
    "user_id",
    "extra",
    "event_id",
    "count",
    "environment",
    "release",
    "level",
    "server_name",
    "timestamp",
    "session_id",
    "user",
    "tags",
    "breadcrumbs",
    "contexts",
    "fingerprint",
    "frames",
    "causes",
    "debug_ids",
]


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_bears_every_type(errors, project, member):
    for value in VALUES:
        answer = errors.post("/api/errors", {**report(project), member: value})
        assert answer.status in (200, 201, 400), (value, answer)
        if answer.status == 400:
            assert_refused(answer)
        else:
            found = errors.get(f"/api/errors/{answer.json['id']}")
            assert found.status == 200, (value, found)
            found.json["occurrences"]


def test_members_within_members_bear_every_type(errors, project):
    for value in VALUES:
        for members in (
            {"frames": [dict.fromkeys(("function", "file", "line", "column", "in_app"), value)]},
            {"frames": [{"context": value, "reason": value}]},
            {"causes": [{"exception_type": value, "message": value, "traceback": value}]},
            {"causes": [{"frames": value}]},
            {"breadcrumbs": [value]},
            {"user": {"id": value, "email": value}},
            {"tags": {"name": value}},
            {"contexts": {"os": value}},
            {"fingerprint": [value]},
            {"debug_ids": {"file": value}},
            {"extra": {"session_id": value}},
            {"request_headers": {"Cookie": value}},
        ):
            answer = errors.post("/api/errors", report(project, **members))
            assert answer.status in (200, 201, 400), (members, answer)
            if answer.status != 400:
                assert errors.get(f"/api/errors/{answer.json['id']}").status == 200


def test_very_many_members_and_elements(errors, project):
    wide = {f"key{i}": i for i in range(30_000)}
    found = stored(errors, project, json.dumps(report(project, extra=wide)).encode())
    assert found["occurrences"][0]["extra"] == wide
    for member, value in (
        ("tags", {f"tag{i}": str(i) for i in range(5_000)}),
        ("breadcrumbs", [{"message": str(i)} for i in range(5_000)]),
        ("frames", [{"function": f"f{i}", "line": i} for i in range(5_000)]),
        ("causes", [{"message": str(i)} for i in range(5_000)]),
        ("fingerprint", [str(i) for i in range(5_000)]),
    ):
        answer = errors.post("/api/errors", report(project, **{member: value}))
        assert answer.status in (200, 201, 400), (member, answer)


def test_a_body_full_of_the_smallest_elements_costs_no_more_than_it_weighs(errors, project):
    for member, value in (
        ("fingerprint", [""] * 300_000),
        ("tags", {str(i): "" for i in range(90_000)}),
        ("breadcrumbs", [{}] * 300_000),
        ("frames", [{}] * 300_000),
        ("causes", [{}] * 300_000),
        ("extra", [0] * 400_000),
    ):
        body = json.dumps(report(project, **{member: value}), separators=(",", ":")).encode()
        start = time.monotonic()
        answer = post(errors, body)
        assert answer.status in (200, 201, 400, 413), (member, answer)
        assert time.monotonic() - start < 10, member


# ---- sizes -------------------------------------------------------------------


def head(client, *lines):
    start = ["POST /api/errors HTTP/1.1", "Host: monlight", f"X-API-Key: {client.key}"]
    return "\r\n".join([*start, *lines, "", ""]).encode()


def status_of(raw):
    assert raw.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), raw[:200]
    return int(raw.split(b" ", 2)[1])


def chunked(body, size=10_000):
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_body_in_chunks_is_taken(errors, project):
    body = json.dumps(report(project)).encode()
    sent = head(errors, "Transfer-Encoding: chunked", "Connection: close") + chunked(body, 10)
    assert status_of(errors.raw(sent)) == 201


def test_a_huge_body_in_chunks_is_413(errors):
    sent = head(errors, "Transfer-Encoding: chunked") + chunked(b"x" * (LIMIT + 1))
    assert status_of(errors.raw(sent)) == 413
    for_ever = head(errors, "Transfer-Encoding: chunked") + chunked(b"x" * (40 * LIMIT), 1 << 20)
    assert status_of(errors.raw(for_ever)) == 413


@pytest.mark.parametrize("length", [LIMIT + 1, 1 << 31, 1 << 32, 1 << 62])
def test_a_huge_length_is_413(errors, length):
    sent = head(errors, f"Content-Length: {length}", "Connection: close")
    if length == LIMIT + 1:
        sent += b"x" * length
    assert status_of(errors.raw(sent)) == 413


@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "9" * 40, "0x10", "1, 2", ""])
def test_a_length_that_is_none_is_400(errors, length):
    assert status_of(errors.raw(head(errors, f"Content-Length: {length}"))) in (400, 411, 413)


def test_a_body_without_a_length_is_411_with_a_hint(errors):
    answer = errors.raw(head(errors, "Connection: close"))
    assert status_of(answer) == 411
    assert "Content-Length" in json.loads(answer.partition(b"\r\n\r\n")[2])["detail"]


def test_a_body_shorter_than_its_length_reaches_nobody(errors, project):
    body = json.dumps(report(project)).encode()
    errors.raw(head(errors, f"Content-Length: {len(body) + 10}") + body)
    assert errors.get(f"/api/errors?project={project}").json["total"] == 0


def test_a_bomb_in_gzip_is_413_at_once(stack, errors):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(500)) + packer.flush()
    assert len(bomb) < LIMIT
    start = time.monotonic()
    assert_refused(post(errors, bomb, Content_Encoding="gzip"), 413)
    assert time.monotonic() - start < 5
    nested = gzip.compress(bomb)
    assert post(errors, nested, Content_Encoding="gzip").status == 400


def test_expect_continue_is_honoured(stack, errors, project):
    body = json.dumps(report(project)).encode()
    lines = ["Expect: 100-continue", f"Content-Length: {len(body)}", "Connection: close"]
    with socket.create_connection(("127.0.0.1", errors.port), 10) as sock:
        sock.sendall(head(errors, *lines))
        assert sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        sock.sendall(body)
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    assert status_of(answer) == 201


def test_expect_continue_on_every_service(stack, address):
    for service in SERVICES:
        client = stack.client(service, address)
        sent = (
            "POST /api/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\n{}"
        )
        answer = client.raw(sent.encode())
        assert status_of(answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")) == 400


# ---- heads and addresses -----------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "search=" + "a" * 5_000,
        "&" * 5_000,
        "=" * 5_000,
        "a=b&" * 1_500,
        "search=" + "%20" * 2_000,
        "search=" + "%" * 5_000,
        "search=%",
        "search=%f",
        "search=%zz",
        "search=%ff%fe",
        "search=%00",
        "project=%ed%a0%80",
        "status=all&status=all",
        "limit=%31%30",
        "cursor=",
        "%73earch=x",
        "?" * 100,
    ],
)
def test_any_query_string_is_borne(errors, query):
    answer = errors.get(f"/api/errors?{query}")
    assert answer.status in (200, 400), answer
    assert answer.json is not None


def test_a_search_may_hold_a_tab_and_the_end_of_a_line(errors, logs, project):
    told = report(project, message="first\tsecond\nthird")
    assert errors.post("/api/errors", told).status == 201
    found = errors.get(f"/api/errors?project={project}&search=first%09second%0D%0Athird").json
    assert found["total"] == 1
    assert logs.get("/api/logs?search=a%09b%0Ac%1B%7F").status == 200


def test_a_query_of_a_hundred_thousand_bytes_is_refused(errors):
    sent = (
        f"GET /api/errors?search={'a' * 100_000} HTTP/1.1\r\nHost: x\r\n"
        f"X-API-Key: {errors.key}\r\nConnection: close\r\n\r\n"
    )
    assert status_of(errors.raw(sent.encode())) in (400, 414, 431)


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/errors\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/errors HTTP/1.1\r\nHost: x\r\nX-API-Key\r\n\r\n",
        b"GET /api/errors HTTP/1.1\r\nHost: x\r\nX-API-Key: " + b"k" * 9000 + b"\r\n\r\n",
        b"GET /api/errors HTTP/1.1\r\nHost: x\r\nA: \xff\xfe\r\n\r\n",
        b"GET /api/errors HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(range(256)) * 8,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(256)),
    ],
)
def test_what_is_no_request_is_refused(stack, errors, sent):
    answer = errors.raw(sent)
    assert answer == b"" or not answer.startswith(b"HTTP/1.1 2"), answer[:100]
    assert stack.healthy("errors")


@pytest.mark.parametrize("key", ["\xff\xfe", "k" * 4000, "%s%n", "' OR 1=1 --", "\t"])
def test_any_key_is_only_wrong(errors, key):
    sent = b"GET /api/errors HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: "
    assert status_of(errors.raw(sent + key.encode("latin-1") + b"\r\n\r\n")) in (400, 401)


# ---- every method on every route ---------------------------------------------


METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "FOO",
]
COMMON = ["/health", "/metrics", "/api/login", "/api/logout", "/api/session", "/", "/api/", "/api"]
ROUTES = {
    "errors": [
        "/api/errors",
        "/api/errors/",
        "/api/errors/1",
        "/api/errors/1/",
        "/api/errors/1/resolve",
        "/api/errors/1/reopen",
        "/api/errors/1/occurrences",
        "/api/errors/1/nonsense",
        "/api/errors/a%2fb",
        "/api/errors//1",
        "/api/projects",
        "/api/scopes",
        "/api/test-alert",
        "/errors/1",
    ],
    "logs": ["/api/logs", "/api/containers", "/api/stats", "/api/logs/tail"],
    "metrics": ["/api/metrics", "/api/metrics/names", "/api/dashboard"],
    "relay": ["/api/browser/errors", "/api/browser/metrics", "/api/dsn-keys", "/api/source-maps"],
}


@pytest.mark.parametrize("service", sorted(SERVICES))
@pytest.mark.parametrize("signed", ["with the key", "without"])
def test_every_method_on_every_route(stack, address, service, signed):
    client = stack.client(service, address)
    key = f"X-API-Key: {client.key}\r\n" if signed == "with the key" else ""
    for path in COMMON + ROUTES[service]:
        for method in METHODS:
            sent = (
                f"{method} {path} HTTP/1.1\r\nHost: x\r\n{key}"
                "Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            # The tail, once let in, goes on for ever.
            answer = client.raw(sent.encode(), until=b"\r\n\r\n" if "tail" in path else None)
            status = status_of(answer)
            # The contract's own answer where no mail server is configured.
            unmailed = (path, status) == ("/api/test-alert", 503)
            assert status < 500 or status == 501 or unmailed, (method, path, answer)
            assert not (method in ("TRACE", "CONNECT", "FOO") and status == 200), (method, path)
            header, _, body = answer.partition(b"\r\n\r\n")
            if (
                status >= 400
                and method != "HEAD"
                and "tail" not in path
                and path.startswith(("/api/", "/health"))
            ):
                assert json.loads(body)["detail"], (method, path, answer)
            if status == 405 and path.startswith("/api/"):
                assert b"\r\nAllow: " in header, (method, path)


def test_a_post_without_a_body_or_a_length_is_json(stack, address):
    for service in SERVICES:
        client = stack.client(service, address)
        for path in COMMON + ROUTES[service]:
            if not path.startswith("/api/"):
                continue
            sent = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {client.key}\r\n\r\n"
            answer = client.raw(sent.encode())
            assert status_of(answer) in (400, 401, 404, 405, 411), path
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["detail"]


def test_after_all_that_the_tracker_still_counts(stack, errors, project):
    assert errors.post("/api/errors", report(project)).status == 201
    assert errors.post("/api/errors", report(project)).json["count"] == 2
    assert eventually(lambda: all(stack.healthy(name) for name in SERVICES))
