# SPDX-License-Identifier: MIT
"""Each fault of the original Monlight, by its number, that ours must not have.

Only those that concern the tracker or what all services share; the others have
their tests beside the service they are about.
"""

import json
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stack import INGEST_KEY, SERVICES, UI_PASSWORD, eventually, report


def status_of(raw):
    assert raw.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), raw[:200]
    return int(raw.split(b" ", 2)[1])


def test_fault_1_idle_sockets_do_not_freeze_a_service(stack, errors):
    idle = [socket.create_connection(("127.0.0.1", errors.port)) for _ in range(50)]
    try:
        for sock in idle[::2]:
            sock.sendall(b"POST /api/errors HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
        slowest = 0
        for _ in range(20):
            start = time.monotonic()
            assert errors.get("/health").status == 200
            assert errors.get("/api/projects").status == 200
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 2
    finally:
        for sock in idle:
            sock.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("key", [True, False])
def test_fault_2_a_write_without_a_length_kills_nothing(stack, address, method, key):
    for service in SERVICES:
        client = stack.client(service, address)
        for path in ("/api/errors/1/resolve", "/api/test-alert", "/api/errors", "/health", "/x"):
            line = f"X-API-Key: {client.key}\r\n" if key else ""
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{line}Connection: close\r\n\r\n"
            assert 400 <= status_of(client.raw(head.encode())) < 500
        assert client.get("/health").status == 200


@pytest.mark.parametrize("member", ["extra", "request_headers", "contexts", "tags", "user"])
def test_fault_3a_deep_json_is_400(errors, project, member):
    body = json.dumps(report(project, **{member: "DEEP"}))
    deep = '{"a":' * 300 + "1" + "}" * 300
    answer = errors.request("POST", "/api/errors", body.replace('"DEEP"', deep).encode())
    assert answer.status == 400
    assert answer.detail


def test_fault_3b_expect_continue_kills_nothing(errors, project):
    body = json.dumps(report(project)).encode()
    answer = errors.request("POST", "/api/errors", body, {"Expect": "100-continue"})
    assert answer.status == 201


@pytest.mark.parametrize("name", ["a'b", "' UNION SELECT 1 --", 'a";--', "a\\'b"])
def test_fault_8_a_quote_in_a_project_is_only_a_quote(errors, project, name):
    from urllib.parse import quote

    name = f"{name} {project}"[:90]
    assert errors.post("/api/errors", report(name)).status == 201
    for parameter in ("project", "search", "environment", "release", "session_id"):
        answer = errors.get(f"/api/errors?{parameter}={quote(name)}")
        assert answer.status == 200
        assert answer.json["total"] == (1 if parameter == "project" else 0)


def test_fault_9_an_empty_key_neither_starts_nor_opens(fresh, errors):
    assert errors.with_key("").get("/api/errors").status == 401
    stack = fresh.make(ERROR_TRACKER_API_KEY="")
    with pytest.raises(AssertionError, match="ended at start"):
        stack.start()


def test_fault_9_an_empty_optional_value_counts_as_unset(fresh):
    errors = fresh(INGEST_API_KEY="", RELAY_INTERNAL_KEY="", UI_PASSWORD="").client("errors")
    assert errors.with_key("").post("/api/errors", report("p")).status == 401
    answer = errors.anonymous().post("/api/login", {"password": ""})
    assert answer.status in (400, 401)


def test_fault_10_a_key_in_the_address_opens_nothing(stack, address):
    for service in SERVICES:
        client = stack.client(service, address).anonymous()
        for name in ("api_key", "key", "X-API-Key"):
            assert client.get(f"/metrics?{name}={stack.keys[service]}").status == 401


def test_fault_10_keys_are_in_no_log(stack, errors):
    errors.get("/api/errors")
    errors.get(f"/api/errors?api_key={errors.key}")
    errors.anonymous().post("/api/login", {"password": UI_PASSWORD})
    said = stack.output(100_000)
    for secret in (*stack.keys.values(), UI_PASSWORD, INGEST_KEY):
        assert secret not in said


def test_fault_13_a_storm_of_reports_is_taken_whole(fresh, project):
    """The original drops all above a hundred a minute, which an error storm is."""
    errors = fresh(RATE_LIMIT="").client("errors")
    statuses = [errors.post("/api/errors", report(project)).status for _ in range(400)]
    assert statuses == [201] + [200] * 399


def test_fault_13_strangers_do_not_eat_the_quota(fresh):
    errors = fresh(RATE_LIMIT="").client("errors", "127.2.2.2")
    for _ in range(150):
        errors.anonymous().at("127.2.2.3").get("/api/errors")
    assert errors.get("/api/errors").status == 200


@pytest.mark.parametrize("term", ["10.0.0.1", "foo-bar", "a:b", "/api/x", '"', "it's"])
def test_fault_20_a_search_with_signs_finds(errors, project, term):
    assert errors.post("/api/errors", report(project, message=f"x {term} y")).status == 201
    from urllib.parse import urlencode

    answer = errors.get(f"/api/errors?{urlencode({'project': project, 'search': term})}")
    assert answer.status == 200
    if any(sign.isalnum() for sign in term):
        assert answer.json["total"] == 1


def test_fault_20_a_locked_database_is_503_and_not_an_empty_list(fresh, project):
    stack = fresh()
    errors = stack.client("errors")
    assert errors.post("/api/errors", report(project)).status == 201
    other = sqlite3.connect(stack.database("errors"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        answer = errors.post("/api/errors", report(project))
        assert answer.status == 503
        assert answer.detail and int(answer.headers["Retry-After"]) > 0
        assert answer.json["retry_after"] == int(answer.headers["Retry-After"])
        assert errors.get(f"/api/errors?project={project}").json["total"] == 1, "readers go on"
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert errors.post("/api/errors", report(project)).json["count"] == 2


def test_fault_26_many_short_lines_cost_no_more_than_many_bytes(errors, project):
    for traceback in (
        "\n" * 128_000,
        "x\n" * 250_000,
        "at \n" * 150_000,
        'File "\n' * 90_000,
        "(:1" * 200_000,
        "@" * 500_000,
        "at (" * 200_000,
        ":1" * 300_000,
    ):
        start = time.monotonic()
        answer = errors.post("/api/errors", report(project, traceback=traceback))
        assert answer.status == 201, answer
        assert time.monotonic() - start < 5, traceback[:10]


def test_fault_27_a_group_stays_what_it_was_after_many_reports(errors, project):
    """The original looks at the five kept occurrences only."""
    first = report(project, request_method="BROWSER", session_id="s1", environment="live")
    assert errors.post("/api/errors", first).status == 201
    for _ in range(20):
        errors.post("/api/errors", report(project))
    for query in ("source=browser", "session_id=s1", "environment=live"):
        answer = errors.get(f"/api/errors?project={project}&{query}")
        assert answer.json["total"] == 1, query
        assert answer.json["errors"][0]["source"] == "browser"


def test_fault_27_there_is_a_time_series_and_a_count_of_users(errors, project):
    for user in "abc":
        number = errors.post("/api/errors", report(project, user={"id": user})).json["id"]
    found = errors.get(f"/api/errors/{number}").json
    assert found["users"] == 3
    assert sum(hour["count"] for hour in found["hours"]) == 3


def test_fault_29_two_clients_at_once_make_one_group(errors, project):
    for i in range(20):
        body = report(project, exception_type=f"Race{i}")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, b=body: errors.post("/api/errors", b), range(8)))
        assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
        assert len({answer.json["id"] for answer in answers}) == 1
        assert sorted(a.json["count"] for a in answers if a.status == 200) == list(range(2, 9))


def test_fault_30_retention_runs_at_start_and_gives_space_back(fresh, project):
    stack = fresh(INDEXER="cron", ERROR_TRACKER_RETENTION_DAYS="1")
    errors = stack.client("errors")
    noise = [f"{i:x}" for i in range(20_000)]
    for i in range(40):
        import random

        extra = [random.choice(noise) * 3 for _ in range(20_000)]
        body = report(project, exception_type=f"E{i}", extra=extra)
        number = errors.post("/api/errors", body).json["id"]
        errors.post(f"/api/errors/{number}/resolve")
    assert stack.stop() == 0
    file = stack.database("errors")
    before = file.stat().st_size
    with sqlite3.connect(file) as database:
        database.execute("UPDATE error SET resolved_at = resolved_at - 10 * 86400")
    database.close()
    stack.variables["INDEXER"] = "follow"
    stack.start()
    errors = stack.client("errors")
    gone = eventually(lambda: errors.get("/api/errors?status=all").json["total"] == 0, 20)
    assert gone
    assert eventually(lambda: file.stat().st_size < before / 4, 20), file.stat().st_size


@pytest.mark.parametrize("spelled", [rb"\ud83d", rb"cut \ud83d", rb"\udc00 x"])
def test_fault_32_a_cut_emoji_does_not_lose_the_report(errors, project, spelled):
    body = json.dumps(report(project, message="MESSAGE")).encode()
    answer = errors.request("POST", "/api/errors", body.replace(b"MESSAGE", spelled))
    assert answer.status == 201
    assert "\ufffd" in errors.get(f"/api/errors/{answer.json['id']}").json["message"]


def test_fault_37_sigterm_ends_it_in_time_and_leaves_no_log_to_recover(fresh, project):
    stack = fresh()
    assert stack.client("errors").post("/api/errors", report(project)).status == 201
    start = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - start < 5
    assert not list((stack.home / "data").glob("*.db-wal"))
    assert not list((stack.home / "data").glob("*.db-shm"))


def test_fault_39_garbage_for_an_id_is_404_and_not_the_list(errors):
    for garbage in ("abc", "0", "-1", "42/", "9" * 40, "1x"):
        answer = errors.get(f"/api/errors/{garbage}")
        assert answer.status == 404, garbage
        assert "errors" not in answer.json


def test_fault_39_a_query_does_not_hide_a_route(errors, project):
    assert errors.post("/api/errors?x", report(project)).status == 201
    assert errors.get("/health?x").status == 200


def test_fault_39_a_wrong_method_is_405_with_allow(errors):
    for method, path, allowed in (
        ("DELETE", "/api/errors", {"GET", "HEAD", "POST"}),
        ("GET", "/api/errors/1/resolve", {"POST"}),
        ("POST", "/api/projects", {"GET", "HEAD"}),
    ):
        answer = errors.request(method, path)
        assert answer.status == 405
        assert answer.detail
        assert {word.strip() for word in answer.headers["Allow"].split(",")} - {
            "OPTIONS"
        } == allowed


def test_fault_40_errors_can_be_reopened_searched_sorted_and_seen_in_all_states(errors, project):
    numbers = [
        errors.post("/api/errors", report(project, exception_type=name, count=count)).json["id"]
        for name, count in (("Few", 1), ("Many", 9), ("Some", 4))
    ]
    errors.post(f"/api/errors/{numbers[0]}/resolve")
    path = f"/api/errors?project={project}"
    found = errors.get(f"{path}&status=all&sort=count").json["errors"]
    assert [row["exception_type"] for row in found] == ["Many", "Some", "Few"]
    assert errors.get(f"{path}&status=all&search=Few").json["total"] == 1
    assert errors.post(f"/api/errors/{numbers[0]}/reopen").status == 200
    assert errors.get(path).json["total"] == 3
