# SPDX-License-Identifier: MIT
"""Reporting exceptions to the error tracker."""

from __future__ import annotations

import json
import os
import random
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from . import _event, _scrub, scope
from ._worker import Collector, Lane, never_raise, safe_str, worker
from .transport import HTTPTransport, Request, Transport

Event = dict[str, Any]
BeforeSend = Callable[[Event, "BaseException | None"], "Event | None"]

MAX_EVENT_BYTES = 900_000
"""The tracker takes 1 MiB; what is larger loses its richest members first."""

MAX_COUNT = 10_000
"""Of a report: the tracker takes no higher one."""

REPORTED_FOR = 60.0
"""Seconds for which an exception that was reported is the same failure."""

PLACES_HELD = 100
PLACES_KNOWN = 10_000


class ErrorClient(Collector):
    """Sends exceptions to the error tracker, from one background thread.

    Reporting never raises, never blocks and holds a bounded amount of memory: when the
    tracker is away, reports wait in a queue; when that is full, they are counted and
    dropped.

    :param base_url: the tracker's address, e.g. ``http://127.0.0.1:5010``
    :param api_key: its key
    :param project: what the reports are filed under
    :param timeout: seconds for a request
    :param excluded_headers: request headers never to send, beside those that carry secrets
    :param environment: e.g. ``production``
    :param release: e.g. a version or a commit
    :param before_send: called with the event and the exception, None for a message;
        returns the event, changed or not, or None to drop it, and so does raising
    :param ignore: exceptions not to report: classes, or patterns searched in
        ``"Type: message"``
    :param sample_rate: share of reports that are sent, 0 to 1
    :param max_per_minute: reports of the same place in the code, and messages of one kind,
        that are sent a minute; what is over is counted and sent when the minute is over
    :param transport: how requests leave the process; for tests

    Example::

        client = ErrorClient("http://127.0.0.1:5010", key, project="shop")
        try:
            checkout()
        except Exception as error:
            client.report_error_sync(error)
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        project: str = "default",
        timeout: float = 5.0,
        excluded_headers: Iterable[str] | None = None,
        *,
        environment: str | None = None,
        release: str | None = None,
        before_send: BeforeSend | None = None,
        ignore: Iterable[type[BaseException] | str] = (),
        sample_rate: float = 1.0,
        max_per_minute: int = 10,
        transport: Transport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.api_key = api_key
        self.project = project
        self.timeout = timeout
        self.excluded_headers = frozenset(name.lower() for name in excluded_headers or ())
        self.environment = environment
        self.release = release
        self.before_send = before_send
        self.sample_rate = sample_rate
        self._ignored_types = tuple(item for item in ignore if isinstance(item, type))
        self._ignored_texts = tuple(re.compile(item) for item in ignore if isinstance(item, str))
        self._repeats = _Repeats(max_per_minute)
        self.due_at = float("inf")
        self._transport = transport or HTTPTransport(self.base_url, api_key, timeout)
        self._lane = Lane(self._transport, "the error tracker")
        self._closed = False
        worker.add(self)

    @property
    def dropped(self) -> int:
        """Reports that found no room since the start."""
        return self._lane.dropped

    async def report_error(
        self, exception: BaseException, request_context: Mapping[str, Any] | None = None
    ) -> None:
        """Queues a report; returns at once.

        :param exception: with its traceback and causes
        :param request_context: any of ``request_url``, ``request_method``,
            ``request_headers`` (a mapping), ``user_id``, ``extra`` (a mapping)
        """
        self.report_error_sync(exception, request_context)

    def report_error_sync(
        self, exception: BaseException, request_context: Mapping[str, Any] | None = None
    ) -> None:
        """The same for code that is not asynchronous."""
        with never_raise():
            vars(exception)["_monlight_reported_at"] = time.monotonic()
            if not self._is_ignored(exception):
                place = _place(exception)
                self._report(place, exception, lambda: self._build(exception, request_context))

    def report_message(self, message: str, level: str = "info", **extra: Any) -> None:
        """Reports something that is no exception.

        :param message: what is to be told; equal messages are one error
        :param level: debug, info, warning, error or fatal
        :param extra: anything that helps
        """
        self._report_message(message, message, level, extra)

    def _report_message(
        self, message: str, kind: object, level: str, extra: Mapping[str, Any]
    ) -> None:
        """Reports a message; those of one kind are one error."""
        with never_raise():
            text, same = safe_str(message), safe_str(kind, 500)
            if not self._has_ignored_text(f"Message: {text}"):
                self._report(
                    f"Message@{same}", None, lambda: self._build_message(text, same, level, extra)
                )

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits until all that is queued was taken; False if seconds ran out before."""
        return worker.flush(timeout)

    def close(self, timeout: float = 2.0) -> bool:
        """Flushes, then takes no more reports."""
        done = worker.flush(timeout)
        self._closed = True
        worker.remove(self)
        self._transport.close()
        return done

    def collect(self) -> None:
        """Sends what was counted instead of sent; called by the worker."""
        self.due_at = float("inf")
        for event in self._repeats.take():
            self._enqueue(event)

    def after_fork(self) -> None:
        """What the parent has counted is the parent's to send; called by the worker."""
        self._repeats = _Repeats(self._repeats.per_minute)
        self._lane = Lane(self._transport, self._lane.name)
        self.due_at = float("inf")

    def _is_ignored(self, exception: BaseException) -> bool:
        if isinstance(exception, self._ignored_types):
            return True
        if not self._ignored_texts:
            return False
        return self._has_ignored_text(f"{type(exception).__qualname__}: {safe_str(exception)}")

    def _has_ignored_text(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._ignored_texts)

    def _report(
        self, place: str, exception: BaseException | None, build: Callable[[], Event]
    ) -> None:
        """Sends what build() makes, unless it is one of too many of its place."""
        if self._closed or (self.sample_rate < 1.0 and random.random() >= self.sample_rate):
            return
        if self._repeats.is_held(place):
            return
        event = build()
        if self.before_send is not None:
            changed = self.before_send(event, exception)
            if changed is None:
                return
            event = changed
        if self._repeats.may_send(place):
            self._enqueue(event)
        elif self._repeats.hold(place, event):
            self.due_at = min(self.due_at, time.monotonic() + 60.0)
            worker.add(self)
        else:
            worker.drop(self._lane, "too many places fail too often")

    def _base(self) -> Event:
        event: Event = {
            "project": self.project,
            "event_id": uuid.uuid4().hex,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "server_name": _hostname(),
            "contexts": _event.runtime(),
        }
        if self.environment is not None:
            event["environment"] = self.environment
        if self.release is not None:
            event["release"] = self.release
        here = scope.current()
        if here.tags:
            event["tags"] = {safe_str(k, 100): safe_str(v, 200) for k, v in here.tags.items()}
        if here.user:
            event["user"] = _scrub.value(here.user)
        if here.breadcrumbs:
            event["breadcrumbs"] = _scrub.value(list(here.breadcrumbs))
        return event

    def _build_message(self, text: str, kind: str, level: str, extra: Mapping[str, Any]) -> Event:
        event = self._base() | {
            "exception_type": "Message",
            "message": text,
            "traceback": "",
            "level": level,
            "fingerprint": ["message", kind],
        }
        if extra:
            event["extra"] = _scrub.value(extra)
        return event

    def _build(self, exception: BaseException, context: Mapping[str, Any] | None) -> Event:
        event = self._base() | _event.of_exception(exception)
        known = dict(context or {})
        with never_raise():
            known = {**scope.current().request(), **known}
        if known.get("request_url") is not None:
            event["request_url"] = _scrub.url(safe_str(known["request_url"]))
        if known.get("request_method") is not None:
            event["request_method"] = safe_str(known["request_method"], 20)
        if known.get("request_headers") is not None:
            event["request_headers"] = _scrub.headers(
                known["request_headers"], self.excluded_headers
            )
        if known.get("user_id") is not None:
            event["user_id"] = safe_str(known["user_id"], 200)
        if known.get("extra") is not None:
            event["extra"] = _scrub.value(known["extra"])
        return event

    def _enqueue(self, event: Event) -> None:
        worker.submit(self._lane, Request("/api/errors", _encode(event)))


def report_once(
    client: ErrorClient | None, error: BaseException, context: Mapping[str, Any] | None = None
) -> None:
    """Reports an exception, unless that was done: by hand, by a hook, by another layer.

    One that is kept, as by a task that failed, and raised again after a minute is a new failure.

    :param client: through which; None: not at all
    :param error: on its way up, many see it: a log, each layer of a framework, the last hook
    :param context: as for :meth:`ErrorClient.report_error_sync`
    """
    with never_raise():
        reported_at = vars(error).get("_monlight_reported_at", float("-inf"))
        if client is not None and time.monotonic() - reported_at >= REPORTED_FOR:
            client.report_error_sync(error, context)


class _Repeats:
    """How often each place in the code has failed this minute, and what is held back of it."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._lock = threading.RLock()
        self._minute = -1
        self._sent: dict[str, int] = {}
        self._held: dict[str, Event] = {}

    def is_held(self, place: str) -> bool:
        """Counts the failure if one of its place is held back already: the cheap way out."""
        with self._lock:
            event = self._held.get(place)
            if event is not None:
                event["count"] += 1
            return event is not None

    def may_send(self, place: str) -> bool:
        """Whether an event of this place may go now."""
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute or len(self._sent) >= PLACES_KNOWN:
                self._minute = minute
                self._sent.clear()
            sent = self._sent.get(place, 0)
            if sent < self.per_minute:
                self._sent[place] = sent + 1
                return True
            return False

    def hold(self, place: str, event: Event) -> bool:
        """Holds the event back with a count of 1; False if there is no room."""
        with self._lock:
            if not self.is_held(place):
                if len(self._held) >= PLACES_HELD:
                    return False
                self._held[place] = {**event, "count": 1}
            return True

    def take(self) -> Iterator[Event]:
        """What is held back, which it then is no longer; as often as the tracker's bound wants."""
        with self._lock:
            held, self._held = self._held, {}
        for event in held.values():
            for before in range(0, event["count"], MAX_COUNT):
                count = min(event["count"] - before, MAX_COUNT)
                yield {**event, "count": count, "event_id": uuid.uuid4().hex}


def _place(exception: BaseException) -> str:
    tb = exception.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    where = f"{tb.tb_frame.f_code.co_filename}:{tb.tb_lineno}" if tb is not None else ""
    return f"{type(exception).__qualname__}@{where}"


def _encode(event: Event) -> bytes:
    """The event as JSON of at most MAX_EVENT_BYTES, its richest members left out first."""
    body = json.dumps(event, default=safe_str, separators=(",", ":")).encode()
    for member in ("breadcrumbs", "frames", "causes", "extra", "contexts"):
        if len(body) <= MAX_EVENT_BYTES:
            break
        event = {name: value for name, value in event.items() if name != member}
        body = json.dumps(event, default=safe_str, separators=(",", ":")).encode()
    if len(body) > MAX_EVENT_BYTES:
        event = {**event, "message": safe_str(event.get("message"), 10_000)}
        event["traceback"] = safe_str(event.get("traceback"), 100_000)
        body = json.dumps(event, default=safe_str, separators=(",", ":")).encode()
    return body


def _hostname() -> str:
    return os.environ.get("HOSTNAME") or socket.gethostname()
