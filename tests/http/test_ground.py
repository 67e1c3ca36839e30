# SPDX-License-Identifier: MIT
"""What all four services share: health, metrics, keys, limits, sign-in, headers."""

import gzip
import json
import os
import re
import subprocess
import time
from http.cookies import SimpleCookie

import pytest

from stack import INGEST_KEY, RELAY_KEY, SERVICES, UI_PASSWORD, Client, binaries, free_ports, report

ALL = sorted(SERVICES)
LARGEST_BODY = {"errors": 1048576, "logs": 65536, "metrics": 524288, "relay": 65536}


@pytest.fixture(params=ALL)
def service(request):
    return request.param


@pytest.fixture
def client(stack, service, address):
    return stack.client(service, address)


def a_read(service):
    """A path of the service that a key opens for reading."""
    return "/api/errors" if service == "errors" else "/metrics"


# ---- health and metrics ------------------------------------------------------


def test_health_needs_no_key(client):
    answer = client.anonymous().get("/health")
    assert answer.status == 200
    assert answer.json["status"] == "ok"


def test_health_takes_a_query_and_a_wrong_key(client):
    assert client.with_key("wrong").get("/health?x=1").status == 200


LABEL = r'[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?'
SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{{(?:{LABEL})*\}})? (\S+)(?: -?\d+)?")


def parse_metrics(text):
    """Reads the Prometheus text format 0.0.4 strictly: {name: {labels: value}}, {name: type}."""
    samples, types, helped = {}, {}, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"two TYPE lines for {name}"
            assert not any(n == name for n in samples), f"TYPE after samples of {name}"
            assert kind in ("counter", "gauge", "histogram", "summary", "untyped")
            types[name] = kind
        elif line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped, f"two HELP lines for {name}"
            helped.add(name)
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"not a sample: {line!r}"
            name, labels, value = match.groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in types or types.get(family) == "histogram", f"no TYPE for {name}"
            series = samples.setdefault(name, {})
            assert labels not in series, f"twice: {line}"
            series[labels] = float(value)
    assert set(types) == helped
    return samples, types


def test_metrics_are_valid_prometheus_text(client):
    client.get("/api/session")
    answer = client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples, types = parse_metrics(answer.body.decode())
    assert all(name.startswith("monlight_") for name in types), types
    for name in (name for name, kind in types.items() if kind == "counter"):
        assert name.endswith("_total"), name


def test_metrics_histograms_are_cumulative(errors):
    errors.get("/api/errors")
    samples, types = parse_metrics(errors.get("/metrics").body.decode())
    histograms = [name for name, kind in types.items() if kind == "histogram"]
    assert histograms
    for name in histograms:
        series = {}
        for labels, value in samples[f"{name}_bucket"].items():
            bound = re.search(r'le="([^"]+)"', labels).group(1)
            rest = re.sub(r',?le="[^"]+"', "", labels).strip("{},")
            series.setdefault(rest, []).append((float(bound), value))
        counts = {(key or "").strip("{}"): value for key, value in samples[f"{name}_count"].items()}
        for rest, buckets in series.items():
            buckets.sort()
            values = [value for _, value in buckets]
            assert values == sorted(values), (name, rest)
            assert buckets[-1] == (float("inf"), counts[rest])


def test_metrics_count_requests_of_the_whole_pool(errors):
    def requests():
        samples, _ = parse_metrics(errors.get("/metrics").body.decode())
        return sum(
            value
            for name, series in samples.items()
            if name.endswith("requests_total")
            for labels, value in series.items()
            if "/api/projects" in (labels or "")
        )

    before = requests()
    for _ in range(20):
        errors.get("/api/projects")
    assert requests() == before + 20


def test_metrics_need_the_key(client):
    answer = client.anonymous().get("/metrics")
    assert answer.status == 401
    assert answer.detail == "Invalid API key"


# ---- keys --------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"X-API-Key": "{key}"}, 200),
        ({"x-api-key": "{key}"}, 200),
        ({"Authorization": "Bearer {key}"}, 200),
        ({"Authorization": "bearer {key}"}, 200),
        ({}, 401),
        ({"X-API-Key": ""}, 401),
        ({"X-API-Key": "{key}x"}, 401),
        ({"X-API-Key": "{short}"}, 401),
        ({"X-API-Key": "{KEY}"}, 401),
        ({"Authorization": "{key}"}, 401),
        ({"Authorization": "Basic {key}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"X-API-Key": "wrong", "Authorization": "Bearer {key}"}, 401),
    ],
)
def test_only_the_key_opens(client, service, headers, status):
    key = client.key
    filled = {
        name: value.format(key=key, KEY=key.upper(), short=key[:-1])
        for name, value in headers.items()
    }
    answer = client.anonymous().request("GET", a_read(service), headers=filled)
    assert answer.status == status
    if status == 401:
        assert answer.detail == "Invalid API key"


def test_a_key_in_the_query_opens_nothing(client, service):
    assert client.anonymous().get(f"{a_read(service)}?api_key={client.key}").status == 401


def test_the_key_of_one_service_does_not_open_another(stack, client, service):
    for other in set(ALL) - {service}:
        assert client.with_key(stack.keys[other]).get(a_read(service)).status == 401


def test_the_ingest_key_may_only_post(errors, project):
    ingest = errors.with_key(INGEST_KEY)
    created = ingest.post("/api/errors", report(project))
    assert created.status == 201
    for refused in (
        ingest.get("/api/errors"),
        ingest.get("/metrics"),
        ingest.post(f"/api/errors/{created.json['id']}/resolve"),
    ):
        assert refused.status in (401, 403)
        assert refused.detail


def test_the_relay_key_may_report(errors, project):
    assert errors.with_key(RELAY_KEY).post("/api/errors", report(project)).status == 201


def test_wrong_keys_are_throttled_by_address(fresh, service):
    stack = fresh(RATE_LIMIT="1000")
    guesser = stack.client(service, "127.1.1.1").with_key("guess")
    answers = [guesser.get(a_read(service)) for _ in range(200)]
    statuses = [answer.status for answer in answers]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert statuses == sorted(statuses), "once throttled it has to stay so"
    assert int(answers[-1].headers["Retry-After"]) > 0
    other = stack.client(service, "127.1.1.2")
    assert other.get(a_read(service)).status == 200
    assert other.with_key("guess").get(a_read(service)).status == 401


def test_wrong_passwords_are_throttled_by_address(fresh):
    stack = fresh(RATE_LIMIT="1000")
    guesser = stack.client("errors", "127.1.1.3").anonymous()
    statuses = [guesser.post("/api/login", {"password": "guess"}).status for _ in range(200)]
    assert statuses[0] == 401 and statuses[-1] == 429
    other = stack.client("errors", "127.1.1.4").anonymous()
    assert other.post("/api/login", {"password": UI_PASSWORD}).status == 200


# ---- the order of the gates --------------------------------------------------


def test_without_a_key_an_unknown_path_is_401_but_404_on_the_relay(client, service):
    answer = client.anonymous().get("/api/no-such-thing")
    assert answer.status == (404 if service == "relay" else 401)
    assert answer.detail


def test_with_the_key_an_unknown_path_is_404(client):
    answer = client.get("/api/no-such-thing")
    assert answer.status == 404
    assert answer.detail


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_a_wrong_method_is_405_with_allow(client, method):
    answer = client.request(method, "/api/session")
    assert answer.status == 405
    assert answer.detail
    assert "GET" in answer.headers["Allow"]


def test_allow_names_the_methods_of_the_very_path(errors):
    answer = errors.request("PUT", "/api/errors/bulk", json_body={})
    assert answer.status == 405 and answer.headers["Allow"] == "POST"


def test_a_key_comes_before_the_size(errors):
    body = b"x" * (LARGEST_BODY["errors"] + 1)
    assert errors.anonymous().request("POST", "/api/errors", body).status == 401


def test_a_route_comes_before_the_size(errors):
    body = b"x" * (LARGEST_BODY["errors"] + 1)
    assert errors.request("POST", "/api/no-such-thing", body).status == 404
    assert errors.request("PUT", "/api/errors", body).status == 405


def test_the_limit_comes_before_the_route(fresh):
    stack = fresh(RATE_LIMIT="3")
    client = stack.client("errors")
    statuses = [client.get("/api/no-such-thing").status for _ in range(4)]
    assert statuses == [404, 404, 404, 429]
    assert client.anonymous().get("/api/no-such-thing").status == 401


# ---- sizes -------------------------------------------------------------------


def test_a_report_of_the_largest_size_is_taken_and_one_byte_more_is_413(errors, project):
    largest = LARGEST_BODY["errors"]
    body = json.dumps(report(project, message="")).encode()
    body = body.replace(b'"message": ""', b'"message": "' + b"m" * (largest - len(body)) + b'"')
    assert len(body) == largest
    assert errors.request("POST", "/api/errors", body).status == 201
    answer = errors.request("POST", "/api/errors", body + b" ")
    assert answer.status == 413
    assert str(largest) in answer.detail or "size" in answer.detail


def test_max_body_size_is_honoured(fresh, project):
    stack = fresh(ERROR_TRACKER_MAX_BODY_SIZE="2000")
    errors = stack.client("errors")
    assert errors.post("/api/errors", report(project)).status == 201
    assert errors.post("/api/errors", report(project, message="m" * 2000)).status == 413


def test_what_lighttpd_itself_refuses_is_json_too(errors):
    head = b"POST /api/errors HTTP/1.1\r\nHost: x\r\nX-API-Key: " + errors.key.encode()
    too_large = errors.raw(head + b"\r\nContent-Length: 1000000000\r\n\r\n")
    assert too_large.startswith(b"HTTP/1.1 413 ")
    no_length = errors.raw(head + b"\r\nConnection: close\r\n\r\n")
    assert no_length.startswith(b"HTTP/1.1 411 ")
    for answer in (too_large, no_length):
        header, _, body = answer.partition(b"\r\n\r\n")
        assert b"application/json" in header
        assert json.loads(body)["detail"]
    assert b"Content-Length: 0" in no_length.partition(b"\r\n\r\n")[2]


# ---- limits ------------------------------------------------------------------


def test_a_burst_of_the_limit_then_429(fresh, service):
    stack = fresh(**{f"{SERVICES[service]}_RATE_LIMIT": "5"})
    client = stack.client(service)
    answers = [client.get("/metrics") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    refused = answers[-1]
    assert refused.detail
    assert 1 <= refused.json["retry_after"] <= 60
    assert refused.headers["Retry-After"] == str(refused.json["retry_after"])


def test_the_documented_default_is_a_hundred_a_minute(fresh):
    stack = fresh(RATE_LIMIT="")
    errors = stack.client("errors")
    begun, granted = time.monotonic(), 0
    while errors.get("/api/projects").status == 200:
        granted += 1
    come_back = (time.monotonic() - begun) * 100 / 60
    assert 100 <= granted <= 101 + come_back


def test_a_limit_does_not_touch_health_ingestion_or_other_credentials(fresh, project):
    stack = fresh(ERROR_TRACKER_RATE_LIMIT="3")
    errors = stack.client("errors")
    while errors.get("/api/errors").status == 200:
        pass
    assert errors.get("/health").status == 200
    assert errors.post("/api/errors", report(project)).status == 201
    cookie = sign_in(errors, {"password": UI_PASSWORD})
    assert errors.anonymous().get("/api/errors", Cookie=cookie).status == 200


def test_ingestion_has_a_limit_of_its_own(fresh, project):
    stack = fresh(ERROR_TRACKER_RATE_LIMIT="100", INGEST_RATE_LIMIT="4")
    errors = stack.client("errors")
    answers = [errors.post("/api/errors", report(project)) for _ in range(5)]
    assert [answer.status for answer in answers] == [201, 200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) == answers[-1].json["retry_after"]
    assert errors.get("/api/errors").status == 200
    relay = errors.with_key(RELAY_KEY)
    assert {relay.post("/api/errors", report(project)).status for _ in range(20)} == {200}


def test_tokens_come_back(fresh):
    stack = fresh(ERROR_TRACKER_RATE_LIMIT="60")
    errors = stack.client("errors")
    while (refused := errors.get("/api/projects")).status == 200:
        pass
    time.sleep(refused.json["retry_after"])
    assert errors.get("/api/projects").status == 200


# ---- sign-in -----------------------------------------------------------------


def sign_in(client, credentials):
    answer = client.anonymous().post("/api/login", credentials)
    assert answer.status == 200, answer
    return answer.headers["Set-Cookie"].split(";")[0]


def test_sign_in_by_key_and_by_password(client, service):
    for credentials, name, scope in (
        ({"key": client.key}, f"monlight_{service}", service),
        ({"password": UI_PASSWORD}, "monlight", "all"),
    ):
        answer = client.anonymous().post("/api/login", credentials)
        assert answer.status == 200
        assert answer.json["scope"] == scope
        assert answer.json["expires"]
        cookie = SimpleCookie(answer.headers["Set-Cookie"])[name]
        assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/"
        assert int(cookie["max-age"]) == 12 * 3600
        assert not cookie["secure"] and not cookie["domain"]
        assert client.key not in cookie.value and UI_PASSWORD not in cookie.value
        signed = client.anonymous().get(a_read(service), Cookie=f"{name}={cookie.value}")
        assert signed.status == 200


def test_the_session_says_who_is_signed_in_and_where_the_others_are(stack, client, service):
    nobody = client.anonymous().get("/api/session")
    assert nobody.status == 200
    assert nobody.json["signed_in"] is False
    cookie = sign_in(client, {"key": client.key})
    somebody = client.anonymous().get("/api/session", Cookie=cookie).json
    assert somebody["signed_in"] is True
    assert somebody["scope"] == service and somebody["service"] == service
    assert somebody["expires"] and somebody["version"]
    assert set(somebody["services"]) == set(ALL)


@pytest.mark.parametrize(
    "credentials",
    [{"key": "wrong"}, {"password": "wrong"}, {"key": ""}, {"password": ""}],
)
def test_a_wrong_credential_signs_nobody_in(client, credentials):
    answer = client.anonymous().post("/api/login", credentials)
    assert answer.status == 401
    assert answer.detail
    assert answer.headers["Set-Cookie"] is None


@pytest.mark.parametrize("credentials", [{}, [], {"key": 5}, {"password": None}, "x"])
def test_a_login_that_is_none_is_400(client, credentials):
    answer = client.anonymous().post("/api/login", credentials)
    assert answer.status == 400
    assert answer.detail


def test_without_a_password_set_none_is_right(fresh):
    stack = fresh(UI_PASSWORD="")
    errors = stack.client("errors").anonymous()
    for password in ("", UI_PASSWORD):
        assert errors.post("/api/login", {"password": password}).status in (400, 401)


def test_signing_out_takes_the_cookie_away(errors):
    cookie = sign_in(errors, {"key": errors.key})
    origin = f"http://127.0.0.1:{errors.port}"
    answer = errors.anonymous().post("/api/logout", {}, Cookie=cookie, Origin=origin)
    assert answer.status == 200
    gone = SimpleCookie()
    for header in answer.headers.get_all("Set-Cookie"):
        gone.load(header)
    assert gone["monlight_errors"].value == "" and int(gone["monlight_errors"]["max-age"]) == 0


def test_a_password_signs_in_everywhere_and_a_key_only_where_it_belongs(stack, errors, logs):
    everywhere = sign_in(errors, {"password": UI_PASSWORD})
    here = sign_in(errors, {"key": errors.key})
    assert logs.anonymous().get("/metrics", Cookie=everywhere).status == 200
    assert logs.anonymous().get("/metrics", Cookie=here).status == 401
    renamed = here.replace("monlight_errors", "monlight_logs")
    assert logs.anonymous().get("/metrics", Cookie=renamed).status == 401
    widened = here.replace("monlight_errors", "monlight")
    assert logs.anonymous().get("/metrics", Cookie=widened).status == 401


def test_a_tampered_cookie_is_refused(errors):
    name, _, value = sign_in(errors, {"key": errors.key}).partition("=")
    expiry, scope, mac = value.split(".")
    last = "0" if mac[-1] != "0" else "1"
    for forged in (
        f"{int(expiry) + 1}.{scope}.{mac}",
        f"{expiry}.all.{mac}",
        f"{expiry}.{scope}.{mac[:-1]}{last}",
        f"{expiry}.{scope}.",
        f"{expiry}.{scope}",
        f"{expiry}.{scope}.{mac}.",
        f"{expiry}.{scope}.{mac}0",
        f"+{expiry}.{scope}.{mac}",
        f"99999999999999999999.{scope}.{mac}",
        "",
        ".",
        "...",
        "x" * 4000,
    ):
        answer = errors.anonymous().get("/api/errors", Cookie=f"{name}={forged}")
        assert answer.status == 401, forged
        session = errors.anonymous().get("/api/session", Cookie=f"{name}={forged}")
        assert session.json["signed_in"] is False, forged


def test_the_sessions_end_is_signed_and_twelve_hours_away(errors):
    answer = errors.anonymous().post("/api/login", {"key": errors.key})
    value = answer.headers["Set-Cookie"].split(";")[0].partition("=")[2]
    expiry = int(value.split(".")[0])
    assert abs(expiry - time.time() - 12 * 3600) < 60


WRITES = [
    ({"Origin": "own"}, 200),
    ({}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "own", "Content-Type": "text/plain"}, 403),
    ({"Origin": "own", "Content-Type": "application/x-www-form-urlencoded"}, 403),
]


@pytest.mark.parametrize("headers, status", WRITES)
def test_a_write_by_cookie_needs_our_own_origin_and_json(errors, project, headers, status):
    number = errors.post("/api/errors", report(project)).json["id"]
    cookie = sign_in(errors, {"password": UI_PASSWORD})
    own = f"http://127.0.0.1:{errors.port}"
    headers = {name: own if value == "own" else value for name, value in headers.items()}
    answer = errors.anonymous().request(
        "POST",
        f"/api/errors/{number}/resolve",
        json_body={},
        headers={"Cookie": cookie, **headers},
    )
    assert answer.status in ((status,) if status == 200 else (403, 415)), answer
    if status != 200:
        assert answer.detail


def test_a_write_by_key_needs_no_origin(errors, project):
    number = errors.post("/api/errors", report(project)).json["id"]
    path = f"/api/errors/{number}/resolve"
    assert errors.post(path).status == 200
    assert errors.post(path, Origin="http://evil.example").status == 200


def test_changing_the_key_ends_the_sessions_it_began(fresh):
    stack = fresh()
    errors = stack.client("errors")
    by_key = sign_in(errors, {"key": errors.key})
    by_password = sign_in(errors, {"password": UI_PASSWORD})
    assert stack.stop() == 0
    stack.variables["ERROR_TRACKER_API_KEY"] = "another-key-0123456789abcdef"
    stack.start()
    errors = stack.client("errors").anonymous()
    assert errors.get("/api/errors", Cookie=by_key).status == 401
    assert errors.get("/api/errors", Cookie=by_password).status == 200
    assert stack.stop() == 0
    stack.variables["UI_PASSWORD"] = "another password"
    stack.start()
    errors = stack.client("errors").anonymous()
    assert errors.get("/api/errors", Cookie=by_password).status == 401


def test_a_session_outlives_a_restart(fresh):
    stack = fresh()
    cookie = sign_in(stack.client("errors"), {"password": UI_PASSWORD})
    assert stack.stop() == 0
    stack.start()
    assert stack.client("errors").anonymous().get("/api/errors", Cookie=cookie).status == 200


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


# ---- configuration -----------------------------------------------------------


def run_check(service, home, **variables):
    """A responder's -n with nothing but these variables."""
    own = {name: os.environ[name] for name in ("ASAN_OPTIONS", "PATH") if name in os.environ}
    return subprocess.run(
        [binaries() / f"monlight-{service}", "-n"],
        env={**own, "MONLIGHT_HOME": str(home), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )


KEYS = {
    "errors": {"API_KEY": "the-secret-key-1"},
    "logs": {"API_KEY": "the-secret-key-1"},
    "metrics": {"API_KEY": "the-secret-key-1"},
    "relay": {
        "ADMIN_API_KEY": "the-secret-key-1",
        "ERROR_TRACKER_URL": "http://127.0.0.1:5010",
        "ERROR_TRACKER_API_KEY": "the-secret-key-2",
        "METRICS_COLLECTOR_URL": "http://127.0.0.1:5012",
        "METRICS_COLLECTOR_API_KEY": "the-secret-key-3",
    },
}


def test_n_prints_the_configuration_and_hides_secrets(service, tmp_path):
    done = run_check(
        service, tmp_path, **KEYS[service], UI_PASSWORD="the-secret-pass", RATE_LIMIT="7"
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^RATE_LIMIT=7$", done.stdout, re.M)
    assert "the-secret" not in done.stdout + done.stderr
    assert re.search(r"^UI_PASSWORD=\(set\)$", done.stdout, re.M)
    assert re.search(r"^INGEST_API_KEY=\(not set\)$", done.stdout, re.M)


def test_n_reports_every_bad_variable(service, tmp_path):
    done = run_check(
        service,
        tmp_path,
        RATE_LIMIT="lots",
        MAX_BODY_SIZE="-1",
        LOG_LEVEL="loud",
        DURABILITY="none",
    )
    assert done.returncode == 1
    required = "ADMIN_API_KEY" if service == "relay" else "API_KEY"
    for name in (required, "RATE_LIMIT", "MAX_BODY_SIZE", "LOG_LEVEL", "DURABILITY"):
        assert len(re.findall(rf"\b{name}\b", done.stderr)) >= 1, done.stderr


@pytest.mark.parametrize("key", ["", "<generate-a-key>", "changeme", "your-api-key"])
def test_an_empty_or_placeholder_key_is_refused(service, tmp_path, key):
    name = "ADMIN_API_KEY" if service == "relay" else "API_KEY"
    done = run_check(service, tmp_path, **{**KEYS[service], name: key})
    assert done.returncode == 1
    assert name in done.stderr


def test_the_prefixed_variable_beats_the_plain_one(service, tmp_path):
    variables = {"RATE_LIMIT": "7", f"{SERVICES[service]}_RATE_LIMIT": "9"}
    done = run_check(service, tmp_path, **KEYS[service], **variables)
    assert re.search(r"^RATE_LIMIT=9$", done.stdout, re.M), done.stdout + done.stderr


def test_an_empty_variable_counts_as_unset(service, tmp_path):
    done = run_check(service, tmp_path, **KEYS[service], RATE_LIMIT="", LOG_LEVEL="")
    assert done.returncode == 0, done.stderr


def test_the_stack_does_not_start_with_a_bad_variable(fresh):
    stack = fresh.make(ERROR_TRACKER_API_KEY="", RATE_LIMIT="lots")
    with pytest.raises(AssertionError, match="ended at start"):
        stack.start()
    assert stack.process.returncode == 1
    said = stack.output()
    assert "API_KEY" in said and "RATE_LIMIT" in said
    assert not stack.members()


# ---- the control script ------------------------------------------------------


def test_status_and_check_tell_how_it_stands(fresh):
    stack = fresh()
    status = stack.control("status")
    assert status.returncode == 0, status.stdout + status.stderr
    for port in stack.ports.values():
        assert str(port) in status.stdout
    check = stack.control("check")
    assert check.returncode == 0, check.stdout + check.stderr
    assert stack.stop() == 0
    assert stack.control("status").returncode != 0


def test_the_first_run_makes_random_keys_that_only_the_owner_reads(fresh):
    stack = fresh.make()
    stack.variables = {}
    stack.write_environment = lambda: None
    ports = dict(zip(SERVICES, free_ports(4)))
    stack.ports = ports
    plain = stack.environment()
    given = {f"{SERVICES[name]}_PORT": str(port) for name, port in ports.items()}
    stack.environment = lambda: {**plain, **given}
    stack.start()
    made = stack.home / "monlight.env"
    assert made.stat().st_mode & 0o777 == 0o600
    values = dict(
        line.split("=", 1)
        for line in made.read_text().splitlines()
        if "=" in line and line[0] != "#"
    )
    keys = [value for name, value in values.items() if name.endswith("API_KEY") and value]
    assert len(keys) == len(set(keys)) >= 4
    assert all(len(key) >= 32 for key in keys)
    assert Client(ports["errors"], values["ERROR_TRACKER_API_KEY"]).get("/api/errors").status == 200
    for key in keys:
        assert key not in (stack.home / "console").read_text()


def test_a_second_run_in_the_same_home_is_refused(fresh):
    stack = fresh()
    second = stack.control("run", timeout=20)
    assert second.returncode != 0
    assert second.stderr.strip()
    assert stack.healthy("errors")


def test_the_job_index_runs_once_and_ends(fresh):
    stack = fresh(INDEXER="cron")
    done = stack.control("index", "retention")
    assert done.returncode == 0, done.stderr
    assert not stack.running("monlight-indexer")
