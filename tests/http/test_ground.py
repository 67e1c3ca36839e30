# SPDX-License-Identifier: MIT
"""What all four services have alike: keys, gates, sizes, limits, health and figures."""

import itertools
import json
import re
import time

import pytest
from ground import ALL, LARGEST_BODY, a_read, sign_in

from stack import INGEST_KEY, RELAY_KEY, SERVICES, UI_PASSWORD, eventually, report

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


def throttled(guess):
    """Guesses, of which 20 are told that they are wrong, and one more each 3 s; a refusal."""
    begun = time.monotonic()
    answers = [guess() for _ in range(60)]
    come_back = (time.monotonic() - begun) / 3
    statuses = [answer.status for answer in answers]
    assert statuses[:20] == [401] * 20
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 21 + come_back
    return answers[statuses.index(429)]


def test_wrong_keys_are_throttled_by_address(fresh, service):
    stack = fresh(RATE_LIMIT="1000")
    guesser = stack.client(service, "127.1.1.1").with_key("guess")
    refused = throttled(lambda: guesser.get(a_read(service)))
    assert int(refused.headers["Retry-After"]) > 0
    other = stack.client(service, "127.1.1.2")
    assert other.get(a_read(service)).status == 200
    assert other.with_key("guess").get(a_read(service)).status == 401


def test_a_network_of_ipv6_is_one_address(fresh):
    errors = fresh(RATE_LIMIT="1000", TRUSTED_PROXIES="127.0.0.1").client("errors", "127.0.0.1")
    hosts = itertools.count(1)

    def guess(network):
        source = f"2001:db8:0:{network}::{next(hosts):x}"
        return errors.with_key("guess").get("/api/errors", X_Forwarded_For=source)

    throttled(lambda: guess(1))
    assert guess(2).status == 401


def test_wrong_passwords_are_throttled_by_address(fresh):
    stack = fresh(RATE_LIMIT="1000")
    guesser = stack.client("errors", "127.1.1.3").anonymous()

    def guess(password="guess"):
        return guesser.post("/api/login", {"password": password})

    throttled(guess)
    # The right one opens nothing either, or a guesser would know it by that.
    assert eventually(lambda: guess().status == 429 and guess(UI_PASSWORD).status == 429)
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
    page = [errors.anonymous().get("/api/errors", Cookie=cookie) for _ in range(10)]
    assert {answer.status for answer in page} == {200}


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
