# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time

import pytest

import monlight
from monlight import ErrorClient, MonlightHandler, install_asyncio_handler, install_excepthook
from monlight.transport import MemoryTransport


def test_nothing_but_the_public_names_is_exported() -> None:
    assert sorted(monlight.__all__) == [
        "ErrorClient",
        "MetricsClient",
        "MonlightHandler",
        "__version__",
        "add_breadcrumb",
        "install_asyncio_handler",
        "install_excepthook",
        "isolated",
        "set_tag",
        "set_user",
    ]
    assert monlight.__version__


def test_what_ends_a_thread_is_reported_and_still_shown(
    errors: ErrorClient, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setattr(threading, "excepthook", shown.append)
    monkeypatch.setattr(sys, "excepthook", lambda *args: shown.append(args))
    install_excepthook(errors)

    def fail() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    error = ValueError("at the top")
    sys.excepthook(ValueError, error, None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    errors.flush()
    assert {p["message"] for p in transport.payloads} == {"in a thread", "at the top"}
    assert len(shown) == 3


def test_what_a_task_nobody_awaits_raises_is_reported(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: None)
        install_asyncio_handler(errors)
        loop.call_exception_handler({"message": "lost", "exception": ValueError("task")})

    asyncio.run(main())
    errors.flush()
    assert transport.payloads[0]["message"] == "task"


def test_what_is_logged_on_its_way_to_the_top_is_reported_once(
    errors: ErrorClient, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *args: None)
    install_excepthook(errors)
    logger = logging.Logger("shop")
    logger.addHandler(MonlightHandler(errors))
    try:
        raise ValueError("logged, then raised")
    except ValueError as error:
        logger.exception("it failed")
        logger.exception("and nobody helped")
        sys.excepthook(ValueError, error, error.__traceback__)
    errors.flush()
    (event,) = transport.payloads
    assert event["extra"]["log_message"] == "it failed"


def test_an_exception_kept_and_raised_again_later_is_a_new_failure(
    errors: ErrorClient, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.Logger("shop")
    logger.addHandler(MonlightHandler(errors))
    kept = ValueError("of a task that failed once, awaited by each request")
    logger.error("first", exc_info=kept)
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 61.0)
    logger.error("later", exc_info=kept)
    logger.error("on its way up", exc_info=kept)
    errors.flush()
    told = [event["extra"]["log_message"] for event in transport.payloads]
    assert told == ["first", "later"]


class Odd(Exception):
    """Answers for its response, which has no such member, and lets nobody write."""

    def __getattr__(self, name: str) -> object:
        raise KeyError(name)

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError(name)


def test_an_exception_with_attributes_of_its_own_is_reported_once(
    errors: ErrorClient, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: shown.append(args))
    install_excepthook(errors)
    odd = Odd("no")
    for _ in range(2):
        sys.excepthook(Odd, odd, None)
    errors.flush()
    assert len(shown) == 2
    assert len(transport.payloads) == 1


def test_messages_that_differ_in_their_values_are_one_error(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    logger = logging.Logger("shop")
    logger.addHandler(MonlightHandler(errors))
    for order in (1, 2):
        logger.error("Order %d failed", order)
        logger.error("%s", f"Mail {order} failed")
    errors.flush()
    assert [(event["message"], event["fingerprint"]) for event in transport.payloads] == [
        ("Order 1 failed", ["message", "Order %d failed"]),
        ("Mail 1 failed", ["message", "Mail 1 failed"]),
        ("Order 2 failed", ["message", "Order %d failed"]),
        ("Mail 2 failed", ["message", "Mail 2 failed"]),
    ]


def test_what_is_logged_and_compares_to_no_text_is_reported(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    class Table:
        def __eq__(self, other: object) -> bool:
            raise ValueError("ambiguous")

        def __str__(self) -> str:
            return "a table"

    logger = logging.Logger("shop")
    logger.addHandler(MonlightHandler(errors))
    logger.error(Table())
    errors.flush()
    assert [event["message"] for event in transport.payloads] == ["a table"]


def test_log_records_become_breadcrumbs_and_reports(
    errors: ErrorClient, transport: MemoryTransport
) -> None:
    logger = logging.getLogger("shop.test")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    handler = MonlightHandler(errors)
    logger.addHandler(handler)
    logging.getLogger("httpx").addHandler(handler)
    try:
        logger.debug("too fine")
        logger.info("began %s", "well")
        try:
            raise KeyError("x")
        except KeyError:
            logger.exception("it failed")
        logger.error("no exception here")
        logging.getLogger("httpx").error("not ours")
    finally:
        logger.removeHandler(handler)
        logging.getLogger("httpx").removeHandler(handler)
    errors.flush()
    first, second = transport.payloads
    assert first["exception_type"] == "KeyError"
    assert first["extra"] == {"logger": "shop.test", "log_message": "it failed"}
    assert [crumb["message"] for crumb in first["breadcrumbs"]] == ["began well"]
    assert (second["exception_type"], second["level"]) == ("Message", "error")
