# SPDX-License-Identifier: MIT
"""HTTP as all four services speak it: headers, methods, bodies in gzip."""

import gzip
import json

import pytest
from ground import LARGEST_BODY, a_read

from stack import report

# ---- headers, caching, compression -------------------------------------------


@pytest.mark.parametrize(
    "path, status",
    [
        ("/health", 200),
        ("/api/session", 200),
        ("/metrics", 200),
        ("/api/no-such-thing", 404),
        ("/no-such-file", 404),
    ],
)
def test_everything_carries_the_security_headers(client, path, status):
    answer = client.get(path)
    assert answer.status == status
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["Server"] is None
    for name in set(headers):
        assert len(headers.get_all(name)) == 1, f"{name} twice"


def test_json_is_of_type_application_json_exactly(client):
    for path in ("/health", "/api/session", "/api/no-such-thing"):
        assert client.get(path).headers["Content-Type"] == "application/json"


def test_answers_of_the_api_are_not_stored(client, service):
    for path in ("/health", "/api/session", a_read(service)):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_page_is_revalidated_by_its_etag(errors):
    page = errors.anonymous().get("/")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert "no-cache" in page.headers["Cache-Control"]
    etag = page.headers["ETag"]
    assert etag
    again = errors.anonymous().get("/", If_None_Match=etag)
    assert again.status == 304
    assert again.body == b""
    assert errors.anonymous().get("/", If_None_Match='"other"').status == 200


def test_an_error_has_a_page_of_its_own(errors):
    for path in ("/errors/42", "/errors/42?tab=tags"):
        page = errors.anonymous().get(path)
        assert page.status == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["ETag"]
    assert errors.anonymous().get("/errors/x").status == 404


PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"  # as a browser asks


def test_who_mistypes_the_address_of_a_page_gets_a_page(client):
    for path in ("/no-such-page", "/errors/x/y.html"):
        page = client.get(path, Accept=PAGE)
        assert page.status == 404
        assert page.headers["Content-Type"].startswith("text/html")
        assert b'href="/"' in page.body
        assert client.get(path).json["detail"]  # of type JSON, though the name ends in .html
    refused = client.get("/api/no-such-thing", Accept=PAGE)
    assert refused.headers["Content-Type"] == "application/json"


def test_an_sdk_that_is_not_here_yet_is_asked_for_again(stack):
    answer = stack.client("relay").get("/sdk/monlight-99.0.0.min.js")
    assert answer.status == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_pages_and_json_are_compressed_for_who_wants_it(errors, project):
    plain = errors.anonymous().get("/")
    packed = errors.anonymous().get("/", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    again = errors.anonymous().get(
        "/", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]
    )
    assert again.status == 304
    for number in range(20):
        errors.post("/api/errors", report(project, exception_type=f"Type{number}"))
    path = f"/api/errors?project={project}"
    packed = errors.get(path, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert json.loads(gzip.decompress(packed.body)) == errors.get(path).json


def test_nothing_of_the_house_is_served_as_a_file(client):
    for path in (
        "/monlight.env",
        "/../monlight.env",
        "/..%2fmonlight.env",
        "/data/errors.db",
        "/.git/config",
        "/services.conf",
        "/%2e%2e/%2e%2e/etc/passwd",
    ):
        assert client.anonymous().get(path).status in (400, 403, 404), path


# ---- methods -----------------------------------------------------------------


@pytest.mark.parametrize("path", ["/health", "/api/session", "/metrics", "/api/no-such-thing"])
def test_head_answers_like_get_without_the_body(client, path):
    head, get = client.request("HEAD", path), client.get(path)
    assert head.status == get.status
    assert head.body == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/health", "/api/session", "/api/login", "/metrics"])
def test_options_names_the_methods(client, path):
    answer = client.request("OPTIONS", path)
    assert answer.status in (204, 405)
    assert answer.headers["Allow"]
    assert answer.headers["Access-Control-Allow-Origin"] is None


# ---- bodies in gzip ----------------------------------------------------------


def post_gzip(client, body, encoding="gzip"):
    return client.request("POST", "/api/errors", body, {"Content-Encoding": encoding})


def test_a_body_in_gzip_is_taken(errors, project):
    body = json.dumps(report(project)).encode()
    assert post_gzip(errors, gzip.compress(body)).status == 201
    assert post_gzip(errors, gzip.compress(body), "GZIP").status == 200
    assert post_gzip(errors, gzip.compress(body), "x-gzip").status in (200, 415)
    assert post_gzip(errors, body, "identity").status == 200


def test_a_body_in_gzip_may_be_of_several_members(errors, project):
    body = json.dumps(report(project)).encode()
    halves = gzip.compress(body[:50]) + gzip.compress(body[50:])
    assert post_gzip(errors, halves).status in (201, 400)


@pytest.mark.parametrize(
    "damage", [lambda z: z[:-9], lambda z: z[:20], lambda z: b"x" + z, lambda z: z[:-4] + b"abcd"]
)
def test_a_damaged_body_in_gzip_is_400(errors, project, damage):
    body = gzip.compress(json.dumps(report(project)).encode())
    answer = post_gzip(errors, damage(body))
    assert answer.status == 400
    assert answer.detail


def test_an_empty_body_in_gzip_is_400(errors):
    assert post_gzip(errors, b"").status == 400
    assert post_gzip(errors, gzip.compress(b"")).status == 400


def test_the_limit_holds_while_inflating(errors, project):
    largest = LARGEST_BODY["errors"]
    body = json.dumps(report(project, message="")).encode()
    body = body.replace(b'"message": ""', b'"message": "' + b"m" * (largest - len(body)) + b'"')
    assert post_gzip(errors, gzip.compress(body)).status == 201
    assert post_gzip(errors, gzip.compress(body + b" ")).status == 413


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "nonsense"])
def test_an_unknown_encoding_is_415_and_says_what_is_accepted(errors, project, encoding):
    answer = post_gzip(errors, gzip.compress(b"{}"), encoding)
    assert answer.status == 415
    assert "gzip" in answer.detail
