# SPDX-License-Identifier: MIT
"""Lines as a download, chosen by their fields."""

import json
import time
from urllib.parse import quote

import pytest
from viewer import KEYS, NOON, Logs, messages


def test_lines_are_chosen_and_left_out_by_their_fields(lines):
    made = [json.dumps({"user": f"u{i % 3}", "n": i, "at": {"x": "y"}}) for i in range(30)]
    lines.add(*made, "level=info user=u1 path=/a", "user is u1")
    field = quote("user=u1")
    assert messages(lines.get(f"field={field}&order=asc")) == [
        *made[1::3],
        "level=info user=u1 path=/a",
    ]
    assert lines.get(f"not_field={field}&limit=1").json["total"] == 32 - 11
    assert lines.get(f"field={field}&field={quote('n=4')}").json["total"] == 1
    assert lines.get(f"field={quote('at.x=y')}&not_field={field}").json["total"] == 20
    counted = lines.get(f"field={field}&buckets=1", "/api/logs/histogram").json
    assert sum(bucket["count"] for bucket in counted["buckets"]) == 11
    for value in ("user", "=x"):
        answer = lines.get(f"field={quote(value)}")
        assert answer.status == 400 and "NAME=VALUE" in answer.detail


def test_containers_and_levels_are_left_out(stack, logs, project):
    one, two = Logs(stack, logs, f"{project}-1"), Logs(stack, logs, f"{project}-2")
    one.add("[INFO] a", "[ERROR] b", "c")
    two.add("[INFO] d")
    both = f"/api/logs?order=asc&container={one.name}&container={two.name}&"
    assert messages(logs.get(both + f"not_container={one.name}")) == ["[INFO] d"]
    assert messages(logs.get(both + f"not_service=s-{two.name}&not_level=error")) == [
        "[INFO] a",
        "c",
    ]


def test_the_export_holds_every_line(lines):
    texts = [f"line {i} {'x' * 200}" for i in range(3000)]
    lines.add(*[(text, NOON + i * 10**6, "stdout") for i, text in enumerate(texts)])
    answer = lines.get("", "/api/logs/export")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert "attachment" in answer.headers["Content-Disposition"]
    exported = [json.loads(line) for line in answer.body.splitlines()]
    assert [line["message"] for line in exported] == texts
    assert all(set(line) == KEYS for line in exported)
    newest = lines.get("order=desc&search=line", "/api/logs/export").body.splitlines()
    assert json.loads(newest[0])["message"] == texts[-1]
    some = lines.get("search=%22line+7%22", "/api/logs/export").body.splitlines()
    assert [json.loads(line)["message"] for line in some] == [texts[7]]


def test_lines_with_times_ahead_are_exported_too(lines):
    """Those of a program that writes local time, for one."""
    ahead = time.time_ns() + 7200 * 10**9
    lines.add(("now", time.time_ns(), "stdout"), ("ahead", ahead, "stdout"))
    exported = lines.get("", "/api/logs/export").body.splitlines()
    assert [json.loads(line)["message"] for line in exported] == ["now", "ahead"]


def test_head_of_an_export_sends_nothing_of_it(lines):
    lines.add("line")
    path = f"/api/logs/export?container={lines.name}&format=text"
    answer = lines.client.request("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "logs.txt" in answer.headers["Content-Disposition"]


def test_the_export_as_text(lines):
    lines.add(("[ERROR] x", NOON + 1, "stderr"))
    answer = lines.get("format=text", "/api/logs/export")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.body.decode() == (
        f"2023-11-14T22:13:20.000000001Z {lines.name} stderr ERROR [ERROR] x\n"
    )


def test_an_empty_export_is_empty(lines):
    answer = lines.get("search=absent", "/api/logs/export")
    assert (answer.status, answer.body) == (200, b"")


def test_a_long_download_leaves_the_search_alone(lines, logs):
    lines.add(*[f"line {i} {'x' * 4000}" for i in range(2500)])
    connection = logs.connect()
    path = f"/api/logs/export?container={lines.name}"
    connection.request("GET", path, headers={"X-API-Key": logs.key})
    reply = connection.getresponse()  # and nothing is read of 10 MB
    assert reply.status == 200
    for _ in range(5):
        assert lines.get("limit=1").json["total"] == 2500
    assert len(reply.read().splitlines()) == 2500
    connection.close()


@pytest.mark.parametrize("query", ["format=xml", "order=up", "regex=%28", "since=x"])
def test_an_export_of_nonsense_is_400(logs, query):
    answer = logs.get(f"/api/logs/export?{query}")
    assert answer.status == 400
    assert answer.detail
