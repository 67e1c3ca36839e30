# SPDX-License-Identifier: MIT
"""The live tail: events, resuming, filters, how many at a time and what slow clients get."""

import json
import os
import re
import signal
import time

import pytest

from containers import Container
from sse import Stream
from stack import UI_PASSWORD, eventually

TAIL = "/api/logs/tail"
CLIENTS = 32


@pytest.fixture
def container(stack, project):
    return Container(stack.home / "containers", project, "shop", "web")


@pytest.fixture
def tail(logs):
    """Opens streams that are closed at the end of the test."""
    streams = []

    def start(path=TAIL, client=logs, **headers):
        streams.append(Stream(client, path, **headers))
        return streams[-1]

    yield start
    for stream in streams:
        stream.close()


def messages(lines):
    return [line["message"] for line in lines]


def test_the_head_is_that_of_an_event_stream(tail):
    stream = tail()
    assert stream.status == 200
    assert stream.headers["Content-Type"] == "text/event-stream"
    assert stream.headers["Cache-Control"] == "no-cache"
    assert stream.headers["X-Accel-Buffering"] == "no"
    assert stream.headers["Access-Control-Allow-Origin"] is None
    assert stream.headers["Content-Length"] is None
    assert stream.headers["Content-Encoding"] is None


def test_head_asks_without_opening_a_stream(logs):
    answer = logs.request("HEAD", TAIL)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"


def test_a_line_arrives_with_its_id_and_the_six_members(tail, container):
    stream = tail(f"{TAIL}?container={container.name}")
    container.write("[ERROR] it broke", ns=1_700_000_000_123_456_789, stream="stderr")
    event = stream.next()
    assert event.name == "log"
    assert event.id == str(event.data["id"])
    assert {key: value for key, value in event.data.items() if key != "id"} == {
        "timestamp": "2023-11-14T22:13:20.123456789Z",
        "container": container.name,
        "stream": "stderr",
        "level": "ERROR",
        "message": "[ERROR] it broke",
    }
    assert stream.retry and stream.retry > 0


def test_nothing_of_the_past_is_shown(tail, container, logs):
    container.write("before")
    path = f"/api/logs?container={container.name}"
    assert eventually(lambda: logs.get(path).json["total"] == 1)
    stream = tail(f"{TAIL}?container={container.name}")
    container.write("after")
    assert messages(stream.take(1)) == ["after"]


def test_an_event_is_the_line_that_a_search_finds(tail, container, logs):
    stream = tail(f"{TAIL}?container={container.name}")
    container.write("one line")
    (line,) = stream.take(1)
    assert logs.get(f"/api/logs/{line['id']}").json == line
    assert logs.get(f"/api/logs?container={container.name}").json["logs"] == [line]


def test_lines_come_in_the_order_of_their_ids_from_all_containers(tail, stack, project):
    containers = [Container(stack.home / "containers", f"{project}-{i}") for i in range(3)]
    wanted = "&".join(f"container={c.name}" for c in containers)
    stream = tail(f"{TAIL}?{wanted}")
    for i in range(60):
        containers[i % 3].write(f"line {i}")
    lines = stream.take(60)
    assert sorted(messages(lines)) == sorted(f"line {i}" for i in range(60))
    ids = [line["id"] for line in lines]
    assert ids == sorted(set(ids))


FILTERS = [
    ("level=ERROR", ["[ERROR] disk full"]),
    ("level=%3E%3DWARNING", ["[WARN] disk fills", "[ERROR] disk full"]),
    ("search=disk+NOT+full", ["[WARN] disk fills"]),
    ("search=%22disk+full%22", ["[ERROR] disk full"]),
    ("q=nothing", ["say nothing"]),
    ("regex=fu..%24", ["[ERROR] disk full"]),
    ("stream=stderr", ["[ERROR] disk full"]),
    ("service=web&project=shop", ["[WARN] disk fills", "[ERROR] disk full", "say nothing"]),
    ("service=db", []),
    (
        "since=2100-01-01&until=1970-01-01",
        ["[WARN] disk fills", "[ERROR] disk full", "say nothing"],
    ),
]


def test_filters_hold_for_the_tail(tail, container):
    streams = [(tail(f"{TAIL}?container={container.name}&{f}"), wanted) for f, wanted in FILTERS]
    container.write("[WARN] disk fills")
    container.write("[ERROR] disk full", stream="stderr")
    container.write("say nothing")
    done = tail(f"{TAIL}?container={container.name}&search=done")
    container.write("all done")
    assert done.take(1)
    for (stream, wanted), (query, _) in zip(streams, FILTERS, strict=True):
        found = messages(stream.take(len(wanted)) + stream.take(9, seconds=0.2))
        # The two streams of a container are no order between themselves.
        assert sorted(m for m in found if m != "all done") == sorted(wanted), query


def test_a_filter_that_is_none_is_refused_before_the_stream_begins(tail):
    stream = tail(f"{TAIL}?regex=%28")
    assert stream.status == 400
    assert "regex" in stream.body()["detail"]
    assert tail(f"{TAIL}?stream=both").status == 400


def test_a_long_level_does_not_hurt(tail):
    assert tail(f"{TAIL}?level={'x' * 500}").status == 200


# ---- resuming ----------------------------------------------------------------


@pytest.mark.parametrize("how", ["header", "parameter"])
def test_a_stream_goes_on_where_it_was_left(tail, container, how):
    first = tail(f"{TAIL}?container={container.name}")
    container.write("one", "two", "three")
    lines = first.take(3)
    assert messages(lines) == ["one", "two", "three"]
    first.close()
    container.write("four", "five")
    path, last = f"{TAIL}?container={container.name}", first.last_id
    again = tail(path, Last_Event_ID=last) if how == "header" else tail(f"{path}&last={last}")
    container.write("six")
    assert messages(again.take(3)) == ["four", "five", "six"]


def test_a_stream_that_saw_nothing_knows_where_to_go_on(tail, container):
    first = tail(f"{TAIL}?container={container.name}")
    assert first.next(0.3) is None
    assert first.last_id
    first.close()
    container.write("meanwhile")
    again = tail(f"{TAIL}?container={container.name}", Last_Event_ID=first.last_id)
    assert messages(again.take(1)) == ["meanwhile"]


@pytest.mark.parametrize("last", ["nonsense", "-1", "999999999999999", "1e3", "%20"])
def test_an_id_that_is_none_means_from_now_on(tail, container, last):
    stream = tail(f"{TAIL}?container={container.name}&last={last}")
    assert stream.status == 200
    container.write("now")
    assert messages(stream.take(1)) == ["now"]


def test_who_comes_back_after_long_is_told_how_much_was_passed_over(tail, container, logs):
    start = tail(f"{TAIL}?container={container.name}")
    start.next(0.2)
    now = time.time_ns()
    container.write_all([(f"line {i}", now + i, "stdout") for i in range(25000)])
    path = f"/api/logs?container={container.name}&limit=1"
    assert eventually(lambda: logs.get(path).json["total"] == 25000, 60)
    stream = tail(f"{TAIL}?container={container.name}&last={start.last_id}")
    gap = stream.next()
    assert gap.name == "gap"
    assert gap.data["to"] - gap.data["from"] + 1 == gap.data["dropped"] > 0
    assert gap.data["from"] == int(start.last_id) + 1
    lines = stream.take(1)
    assert lines[0]["id"] > gap.data["to"]
    container.write("the last")
    while lines and lines[-1]["message"] != "the last":
        lines += stream.take(1)
    assert lines, "the stream did not catch up"


# ---- keys, limits and how many -----------------------------------------------


def test_the_tail_asks_for_a_key(tail, logs):
    refused = tail(client=logs.anonymous())
    assert refused.status == 401
    assert refused.body() == {"detail": "Invalid API key"}
    assert tail(client=logs.with_key("wrong")).status == 401


def test_the_tail_takes_the_key_in_the_query_and_nothing_else_does(tail, logs):
    anonymous = logs.anonymous()
    assert tail(f"{TAIL}?api_key={logs.key}", client=anonymous).status == 200
    assert tail(f"{TAIL}?api_key=wrong", client=anonymous).status == 401
    assert tail(f"{TAIL}?api_key={logs.key}", client=logs.with_key("wrong")).status == 401
    assert anonymous.get(f"/api/logs?api_key={logs.key}").status == 401


def test_a_signed_in_page_may_tail(tail, logs):
    answer = logs.anonymous().post("/api/login", {"password": UI_PASSWORD})
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert tail(client=logs.anonymous(), Cookie=cookie).status == 200
    assert tail(client=logs.anonymous(), Cookie="monlight=forged").status == 401


def test_other_methods_are_405(logs):
    answer = logs.post(TAIL, {})
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


def test_opening_streams_counts_for_the_rate_limit(fresh):
    stack = fresh(RATE_LIMIT=3)
    client = stack.client("logs")
    streams = [Stream(client, TAIL) for _ in range(4)]
    assert [stream.status for stream in streams] == [200, 200, 200, 429]
    assert streams[3].headers["Retry-After"]
    for stream in streams:
        stream.close()


def test_one_too_many_is_refused_at_once_and_a_closed_one_makes_room(tail):
    streams = [tail() for _ in range(CLIENTS)]
    assert {stream.status for stream in streams} == {200}
    refused = tail()
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.body()["detail"] == "Too many SSE connections"
    streams[7].close()
    assert eventually(lambda: tail().status == 200, 5), "the next heartbeat comes after 15 s"


def test_all_streams_see_every_line(tail, container):
    streams = [tail(f"{TAIL}?container={container.name}") for _ in range(CLIENTS)]
    container.write(*[f"line {i}" for i in range(20)])
    for stream in streams:
        assert messages(stream.take(20)) == [f"line {i}" for i in range(20)]


def test_a_client_that_does_not_read_holds_nobody_up(tail, container):
    slow = tail(f"{TAIL}?container={container.name}")
    fast = tail(f"{TAIL}?container={container.name}&search=quick")
    long = "x" * 8000
    for i in range(20):
        container.write(*[f"{long} {k}" for k in range(25)])
        container.write(f"quick {i}")
        assert messages(fast.take(1)) == [f"quick {i}"]
    found = slow.take(520, seconds=30)
    assert messages(found)[-1] == "quick 19"
    assert len(found) == 520


# They come in several windows; one that held them all took all the memory there was.
def test_long_lines_of_several_containers_are_all_seen(tail, container, stack, project, logs):
    other = Container(stack.home / "containers", f"{project}-other", "shop", "web")
    path = f"{TAIL}?container={container.name}&container={other.name}"
    start = tail(path)
    start.next(0.2)
    for one in (container, other):
        one.write(*[f"{i:02} " + "x" * 700000 for i in range(15)])
        found = f"/api/logs?container={one.name}&limit=1"
        assert eventually(lambda found=found: logs.get(found).json["total"] == 15, 60)
    lines = tail(f"{path}&last={start.last_id}").take(30, seconds=60)
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    for one in (container, other):
        assert [line["message"][:2] for line in lines if line["container"] == one.name] == [
            f"{i:02}" for i in range(15)
        ]


def test_there_is_no_cross_origin_access(tail):
    stream = tail(Origin="http://evil.example")
    assert not [name for name in stream.headers if name.lower().startswith("access-control")]


# ---- time --------------------------------------------------------------------


def test_heartbeats_come_whether_or_not_lines_do_and_the_stream_ends_after_its_time(fresh):
    stack = fresh(TAIL_HEARTBEAT=1, TAIL_DURATION=6)
    container = Container(stack.home / "containers", "web")
    stream = Stream(stack.client("logs"), TAIL)
    container.write("[INFO] hello")
    names, ids = [], []
    while event := stream.next(3):
        names.append(event.name)
        ids.append(event.id)
        if event.name == "heartbeat":
            assert event.data == {}
    assert 3 <= names.count("heartbeat") <= 6  # one each second, or less on a busy machine
    assert names.count("log") >= 1
    assert names[-1] == "close"
    assert event is None and stream.ended
    assert ids == sorted(ids, key=int)
    stream.close()


def test_the_event_close_gives_its_reason(fresh):
    stack = fresh(TAIL_DURATION=1)
    stream = Stream(stack.client("logs"), TAIL)
    event = stream.next(4)
    assert (event.name, event.data) == ("close", {"reason": "max_duration"})
    stream.close()


@pytest.mark.kills
def test_a_stop_tells_the_streams_and_is_not_held_up_by_them(fresh):
    stack = fresh()
    stream = Stream(stack.client("logs"), TAIL)
    start = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - start < 10
    while event := stream.next(1):
        assert event.name == "close"
    stream.close()


@pytest.mark.kills
def test_a_tail_that_died_is_there_again_and_nothing_is_missed(stack, tail, container):
    first = tail(f"{TAIL}?container={container.name}")
    container.write("one")
    assert messages(first.take(1)) == ["one"]
    (pid,) = stack.running("monlight-tail")
    os.kill(pid, signal.SIGTERM)
    assert first.next(5).name == "close"
    container.write("two")

    def resume():
        stream = tail(f"{TAIL}?container={container.name}&last={first.last_id}")
        return stream if stream.status == 200 else None

    assert messages(eventually(resume).take(1)) == ["two"]


# ---- the tail does not feed itself -------------------------------------------


def test_fault_36_the_tail_writes_nothing_about_the_lines_it_shows(stack, tail, container):
    said = [path.stat().st_size for path in stack.logs()]
    stream = tail(f"{TAIL}?container={container.name}")
    container.write(*[f"line {i}" for i in range(50)])
    assert len(stream.take(50)) == 50
    assert [path.stat().st_size for path in stack.logs()] == said


def test_the_metrics_count_streams_and_lines(tail, container, logs):
    def counter(name):
        found = re.search(rf"^{name} (\d+)$", logs.get("/metrics").body.decode(), re.M)
        return int(found.group(1)) if found else 0

    before = counter("monlight_logs_tail_events_total")
    opened = counter("monlight_logs_tail_streams_total")
    stream = tail(f"{TAIL}?container={container.name}")
    container.write("a", "b")
    assert len(stream.take(2)) == 2
    assert counter("monlight_logs_tail_events_total") >= before + 2
    assert counter("monlight_logs_tail_streams_total") == opened + 1


def test_the_data_is_one_line_whatever_the_message_holds(tail, container):
    stream = tail(f"{TAIL}?container={container.name}")
    text = 'quote " backslash \\ tab \t é \u2028 \x1b[31mred\x1b[0m data: x'
    container.write(text)
    assert messages(stream.take(1)) == [text]
    assert json.dumps(text)
