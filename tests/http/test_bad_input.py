# SPDX-License-Identifier: MIT
"""Bad reports of every kind: a clear refusal each time, and the service lives on."""

import json
import time

import pytest

from stack import report

LIMIT = 1048576


def post(client, body):
    return client.request("POST", "/api/errors", body)


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
