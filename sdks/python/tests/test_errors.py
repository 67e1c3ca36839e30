# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

from monlight import ErrorClient, add_breadcrumb, isolated, set_tag, set_user
from monlight.transport import MemoryTransport


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def report(client: ErrorClient, transport: MemoryTransport, *args: Any) -> dict[str, Any]:
    client.report_error_sync(*args)
    assert client.flush()
    return transport.payloads[-1]


def test_the_addresses_slash_is_stripped_and_the_arguments_are_kept() -> None:
    client = ErrorClient("http://host/x/", "k", "p", 3.0, ["X-Mine"], transport=MemoryTransport())
    assert (client.base_url, client.api_key, client.project) == ("http://host/x", "k", "p")
    assert client.timeout == 3.0
    assert ErrorClient("http://h", "k", transport=MemoryTransport()).project == "default"


def test_a_report_has_the_contracts_members(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    event = report(errors, transport, raised(ValueError("bad value")))
    assert transport.requests[0].path == "/api/errors"
    assert event["project"] == "shop"
    assert event["exception_type"] == "ValueError"
    assert event["message"] == "bad value"
    assert event["traceback"].startswith("Traceback (most recent call last)")
    assert "test_errors.py" in event["traceback"]
    assert "request_url" not in event and "extra" not in event


def test_the_type_is_the_qualified_name(errors: ErrorClient, transport: MemoryTransport) -> None:
    class Inner(Exception):
        pass

    event = report(errors, transport, raised(Inner()))
    assert event["exception_type"].endswith("<locals>.Inner")


def test_the_awaitable_form_reports_too(errors: ErrorClient, transport: MemoryTransport) -> None:
    asyncio.run(errors.report_error(raised(KeyError("k")), {"user_id": 7}))
    errors.flush()
    assert transport.payloads[0]["user_id"] == "7"


def test_the_context_is_sent_without_secrets(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    event = report(
        errors,
        transport,
        raised(ValueError()),
        {
            "request_url": "http://h/p?token=abc&page=2",
            "request_method": "POST",
            "request_headers": {
                "Authorization": "x",
                "COOKIE": "y",
                "X-Api-Key": "z",
                "X-Auth-Token": "t",
                "Referer": "http://h/reset?token=abc",
                "Accept": "a",
            },
            "user_id": 42,
            "extra": {"password": "p", "n": [1, {"api_key": "q"}], "fine": "yes"},
        },
    )
    assert event["request_url"] == "http://h/p?token=[filtered]&page=2"
    assert event["request_method"] == "POST"
    assert event["request_headers"] == {
        "Referer": "http://h/reset?token=[filtered]",
        "Accept": "a",
    }
    assert event["user_id"] == "42"
    assert event["extra"]["password"] == event["extra"]["n"][1]["api_key"] == "[filtered]"
    assert event["extra"]["fine"] == "yes"


def test_configured_headers_are_left_out_as_well(transport: MemoryTransport) -> None:
    client = ErrorClient("http://h", "k", excluded_headers=["X-Mine"], transport=transport)
    event = report(client, transport, raised(ValueError()), {"request_headers": {"x-mine": "1"}})
    assert event["request_headers"] == {}


def test_headers_that_are_no_mapping_do_no_harm(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    assert (
        report(errors, transport, raised(ValueError()), {"request_headers": 5})["request_headers"]
        == {}
    )


def test_a_broken_str_does_not_reach_the_host(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

        __repr__ = __str__

    event = report(errors, transport, raised(Broken()))
    assert "cannot be shown" in event["message"]
    assert "Broken" in event["traceback"]


def test_chains_are_sent_as_causes(errors: ErrorClient, transport: MemoryTransport) -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        event = report(errors, transport, error)
    assert [(c["type"], c["relation"]) for c in event["causes"]] == [("KeyError", "cause")]


def test_a_context_that_was_suppressed_is_not_sent(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError:
            raise ValueError("outer") from None
    except ValueError as error:
        assert "causes" not in report(errors, transport, error)


if sys.version_info >= (3, 11):

    def test_the_members_of_a_group_are_causes(
        errors: ErrorClient, transport: MemoryTransport
    ) -> None:
        group = ExceptionGroup("many", [raised(ValueError("a")), raised(TypeError("b"))])  # noqa: F821
        event = report(errors, transport, raised(group))
        assert [c["type"] for c in event["causes"]] == ["ValueError", "TypeError"]


def test_a_chain_that_bites_its_tail_ends(errors: ErrorClient, transport: MemoryTransport) -> None:
    one, two = raised(ValueError("one")), raised(ValueError("two"))
    one.__cause__, two.__cause__ = two, one
    assert len(report(errors, transport, one)["causes"]) == 1


def test_frames_are_innermost_first_with_source(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    def inner() -> None:
        raise ValueError("here")

    try:
        inner()
    except ValueError as error:
        frames = report(errors, transport, error)["frames"]
    assert frames[0]["function"].endswith("inner")
    assert frames[0]["in_app"] is True
    assert any("raise ValueError" in line for line in frames[0]["context"])
    assert frames[1]["function"].startswith("test_frames")


def test_library_frames_are_marked(errors: ErrorClient, transport: MemoryTransport) -> None:
    import json

    try:
        json.loads("{")
    except ValueError as error:
        frames = report(errors, transport, error)["frames"]
    assert frames[0]["in_app"] is False and frames[-1]["in_app"] is True


def test_environment_release_and_scope_go_with_it(transport: MemoryTransport) -> None:
    client = ErrorClient("http://h", "k", environment="prod", release="1.2", transport=transport)
    with isolated():
        set_tag("shop", "de")
        set_user("7", email="a@b")
        add_breadcrumb("clicked", category="ui", button="pay")
        event = report(client, transport, raised(ValueError()))
    assert (event["environment"], event["release"]) == ("prod", "1.2")
    assert event["tags"] == {"shop": "de"}
    assert event["user"] == {"id": "7", "email": "a@b"}
    assert event["breadcrumbs"][0]["message"] == "clicked"
    after = report(client, transport, raised(TypeError()))
    assert "tags" not in after and "breadcrumbs" not in after


def test_thirty_breadcrumbs_are_kept(errors: ErrorClient, transport: MemoryTransport) -> None:
    for n in range(40):
        add_breadcrumb(str(n))
    crumbs = report(errors, transport, raised(ValueError()))["breadcrumbs"]
    assert [crumbs[0]["message"], crumbs[-1]["message"], len(crumbs)] == ["10", "39", 30]


def test_before_send_changes_and_drops(transport: MemoryTransport) -> None:
    def hook(event: dict[str, Any], error: BaseException) -> dict[str, Any] | None:
        return None if isinstance(error, KeyError) else {**event, "tags": {"seen": "yes"}}

    client = ErrorClient("http://h", "k", before_send=hook, transport=transport)
    client.report_error_sync(raised(KeyError()))
    assert report(client, transport, raised(ValueError()))["tags"] == {"seen": "yes"}
    assert len(transport.requests) == 1


def test_a_hook_that_raises_costs_the_report_and_nothing_else(transport: MemoryTransport) -> None:
    def hook(event: dict[str, Any], error: BaseException) -> dict[str, Any]:
        raise RuntimeError

    client = ErrorClient("http://h", "k", before_send=hook, transport=transport)
    client.report_error_sync(raised(ValueError()))
    assert client.flush() and not transport.requests


def test_ignored_errors_are_not_sent(transport: MemoryTransport) -> None:
    client = ErrorClient(
        "http://h", "k", ignore=[KeyError, "^ValueError: bor"], transport=transport
    )
    for error in (KeyError("k"), ValueError("boring"), ValueError("new")):
        client.report_error_sync(raised(error))
    client.flush()
    assert [p["message"] for p in transport.payloads] == ["new"]


def test_a_sample_rate_of_nothing_sends_nothing(transport: MemoryTransport) -> None:
    client = ErrorClient("http://h", "k", sample_rate=0.0, transport=transport)
    client.report_error_sync(raised(ValueError()))
    assert client.flush() and not transport.requests


def test_repeats_of_a_place_are_counted_not_sent(transport: MemoryTransport) -> None:
    client = ErrorClient("http://h", "k", max_per_minute=2, transport=transport)
    for _ in range(50):
        client.report_error_sync(raised(ValueError("same")))
    client.flush()
    assert sum(p.get("count", 1) for p in transport.payloads) == 50
    assert len(transport.payloads) == 3
    assert len({p["event_id"] for p in transport.payloads}) == 3


def test_very_many_repeats_are_counted_to_the_last(transport: MemoryTransport) -> None:
    client = ErrorClient("http://h", "k", max_per_minute=1, transport=transport)
    error = raised(ValueError("same"))
    for _ in range(20_050):
        client.report_error_sync(error)
    client.flush()
    counts = [p.get("count", 1) for p in transport.payloads]
    assert sum(counts) == 20_050
    assert max(counts) == 10_000, "the tracker takes no higher count"
    assert len({p["event_id"] for p in transport.payloads}) == len(counts)


def test_what_cannot_even_be_counted_is_counted_as_dropped(transport: MemoryTransport) -> None:
    client = ErrorClient("http://h", "k", max_per_minute=0, transport=transport)
    for place in range(110):
        client.report_message(f"place {place}")
    client.flush()
    assert len(transport.payloads) + client.dropped == 110
    assert client.dropped > 0


def test_a_huge_event_is_cut_to_what_the_tracker_takes(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    report(errors, transport, raised(ValueError("x" * 3_000_000)))
    assert len(transport.requests[0].body) < 1_000_000


def test_a_message_is_reported_without_an_exception(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    errors.report_message("disk nearly full", "warning", path="/")
    errors.flush()
    event = transport.payloads[0]
    assert (event["exception_type"], event["level"]) == ("Message", "warning")
    assert event["extra"] == {"path": "/"}


def test_messages_obey_what_was_configured(transport: MemoryTransport) -> None:
    client = ErrorClient(
        "http://h",
        "k",
        ignore=["^Message: boring"],
        before_send=lambda event, error: {**event, "tags": {"error": str(error)}},
        max_per_minute=2,
        transport=transport,
    )
    client.report_message("boring")
    for _ in range(50):
        client.report_message("disk full", "error")
    client.flush()
    assert [p.get("count", 1) for p in transport.payloads] == [1, 1, 48]
    assert {p["tags"]["error"] for p in transport.payloads} == {"None"}
    silent = ErrorClient("http://h", "k", sample_rate=0.0, transport=MemoryTransport())
    silent.report_message("never")
    assert silent.flush() and silent._lane.waiting == 0


def test_of_a_deep_recursion_the_innermost_frames_are_sent(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    def deeper(n: int) -> None:
        deeper(n + 1)

    try:
        deeper(0)
    except RecursionError as error:
        frames = report(errors, transport, error)["frames"]
    assert len(frames) == 100
    assert all(frame["function"].endswith("deeper") for frame in frames)


def test_a_thread_begins_with_what_the_main_thread_had_set(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    set_tag("queue", "mail")

    def work() -> None:
        set_tag("job", "7")
        errors.report_error_sync(raised(ValueError()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    errors.flush()
    assert transport.payloads[0]["tags"] == {"queue": "mail", "job": "7"}
    assert report(errors, transport, raised(TypeError()))["tags"] == {"queue": "mail"}


def test_after_close_nothing_is_taken(errors: ErrorClient, transport: MemoryTransport) -> None:
    assert errors.close()
    errors.report_error_sync(raised(ValueError()))
    errors.report_message("late")
    assert errors.flush() and not transport.requests
