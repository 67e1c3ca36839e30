# SPDX-License-Identifier: MIT
"""Reporting what nobody caught, and what was logged."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from types import TracebackType
from typing import Any

from . import scope
from ._worker import never_raise
from .errors import ErrorClient, report_once

SILENT_LOGGERS = ("monlight", "httpx", "httpcore", "urllib3", "hpack")
"""Loggers whose records are left alone: what reporting itself logs must not be reported."""


def install_excepthook(client: ErrorClient) -> None:
    """Reports exceptions that end the program or a thread; what was installed before still runs.

    :param client: through which to report

    Example: ``install_excepthook(ErrorClient(url, key, project="worker"))``
    """
    before = sys.excepthook
    thread_before = threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
        if not issubclass(kind, (KeyboardInterrupt, SystemExit)):
            report_once(client, error, {"extra": {"mechanism": "sys.excepthook"}})
        before(kind, error, tb)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread is not None else None
            extra = {"mechanism": "threading.excepthook", "thread": name}
            report_once(client, args.exc_value, {"extra": extra})
        thread_before(args)

    sys.excepthook = hook
    threading.excepthook = thread_hook


def install_asyncio_handler(
    client: ErrorClient, loop: asyncio.AbstractEventLoop | None = None
) -> None:
    """Reports exceptions of tasks that nobody awaited.

    :param client: through which to report
    :param loop: the running one if not given
    """
    loop = loop or asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            extra = {"mechanism": "asyncio", "message": context.get("message")}
            report_once(client, error, {"extra": extra})
        if before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handler)


class MonlightHandler(logging.Handler):
    """Turns log records into breadcrumbs, and those of errors into reports.

    Messages that differ in their arguments alone, ``logger.error("%s failed", name)``, are
    one error.

    :param client: through which to report
    :param level: from this level on, records are looked at at all
    :param report_level: from this level on, a record is reported; below, it is a breadcrumb

    Example: ``logging.getLogger().addHandler(MonlightHandler(client))``
    """

    def __init__(
        self, client: ErrorClient, level: int = logging.INFO, report_level: int = logging.ERROR
    ) -> None:
        super().__init__(level)
        self._client = client
        self._report_level = report_level

    def emit(self, record: logging.LogRecord) -> None:
        with never_raise():
            if record.name.split(".", 1)[0] in SILENT_LOGGERS:
                return
            error = record.exc_info[1] if record.exc_info else None
            if record.levelno < self._report_level:
                scope.add_breadcrumb(
                    record.getMessage(), category=record.name, level=record.levelname.lower()
                )
            elif error is not None:
                extra = {"logger": record.name, "log_message": record.getMessage()}
                report_once(self._client, error, {"extra": extra})
            else:
                level = "fatal" if record.levelno >= logging.CRITICAL else "error"
                text = record.getMessage()
                # Whatever values are filled in, it is one error; but for what is nothing else.
                kind = record.msg if record.args and record.msg not in ("%s", "%r") else text
                self._client._report_message(text, kind, level, {"logger": record.name})
