# SPDX-License-Identifier: MIT
"""Bad requests of every kind, by size, head, address or method: each is refused, the service lives on."""

import gzip
import json
import socket
import time
import zlib

import pytest

from stack import SERVICES, eventually, report

LIMIT = 1048576
GZIP = {"Content-Encoding": "gzip"}


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
    answer = errors.request("POST", "/api/errors", bomb, GZIP)
    assert answer.status == 413 and "\n" not in answer.detail and len(answer.detail) < 500
    assert time.monotonic() - start < 5
    nested = gzip.compress(bomb)
    assert errors.request("POST", "/api/errors", nested, GZIP).status == 400


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
