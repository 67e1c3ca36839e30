# SPDX-License-Identifier: MIT
"""Counters, histograms and gauges for the metrics collector."""

from __future__ import annotations

import asyncio
import functools
import json
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar, cast

from ._worker import Collector, Lane, never_raise, safe_str, worker
from .transport import HTTPTransport, Request, Transport

Labels = Mapping[str, object]
Key = tuple[str, tuple[tuple[str, str], ...]]
Function = TypeVar("Function", bound=Callable[..., Any])

MAX_POINTS = 1000
"""Points of a batch: the collector takes no more."""
MAX_BATCH_BYTES = 500_000
MAX_LABELS = 64
MAX_LABEL_NAME = 200
MAX_LABEL = 1000
"""What the collector takes: labels of a point, bytes of a label's name and value."""
MAX_SERIES = 10_000
MAX_HISTOGRAM_POINTS = 50_000
"""What is held between two flushes; more is counted and dropped."""


class MetricsClient(Collector):
    """Gathers numbers and sends them every few seconds, from one background thread.

    Counters are summed and gauges keep their last value between two flushes; each
    value of a histogram is sent, so that percentiles are exact.  Nothing raises or
    blocks; memory is bounded, what is over is counted in :attr:`dropped`.

    :param base_url: the collector's address, e.g. ``http://127.0.0.1:5012``
    :param api_key: its key
    :param flush_interval: seconds between two batches
    :param timeout: seconds for a request
    :param project: whose metrics these are
    :param transport: how requests leave the process; for tests

    Example::

        metrics = MetricsClient("http://127.0.0.1:5012", key, project="shop")
        metrics.start()
        metrics.counter("orders_total", {"country": "de"})
        with metrics.timer("checkout_seconds"):
            checkout()
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        flush_interval: float = 10.0,
        timeout: float = 5.0,
        project: str | None = None,
        *,
        transport: Transport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.api_key = api_key
        self.flush_interval = flush_interval
        self.timeout = timeout
        self.project = project
        self._transport = transport or HTTPTransport(self.base_url, api_key, timeout)
        self._lane = Lane(self._transport, "the metrics collector")
        self.due_at = float("inf")
        self._forked = False
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._counters: dict[Key, float] = {}
        self._gauges: dict[Key, float] = {}
        self._points: list[tuple[Key, float, float]] = []
        self.dropped = 0
        """Values that found no room since the start."""

    def start(self) -> None:
        """Begins to send every ``flush_interval`` seconds; a second call changes nothing."""
        if self.due_at == float("inf"):
            self.due_at = time.monotonic() + self.flush_interval
            worker.add(self)

    def counter(self, name: str, labels: Labels | None = None, value: float = 1) -> None:
        """Adds to a counter.

        :param name: 1 to 200 bytes, e.g. ``orders_total``
        :param labels: few different values each, e.g. ``{"method": "GET"}``
        :param value: how much to add
        """
        with never_raise():
            number, key = _number(value), _key(name, labels)
            if self._forked:
                self._forked = False
                worker.add(self)
            with self._lock:
                if key in self._counters or self._has_room():
                    self._counters[key] = self._counters.get(key, 0) + number

    def gauge(self, name: str, value: float, labels: Labels | None = None) -> None:
        """Sets a gauge, e.g. ``gauge("queue_length", len(queue))``; the last value is sent."""
        with never_raise():
            number, key = _number(value), _key(name, labels)
            if self._forked:
                self._forked = False
                worker.add(self)
            with self._lock:
                if key in self._gauges or self._has_room():
                    self._gauges[key] = number

    def histogram(self, name: str, value: float, labels: Labels | None = None) -> None:
        """Records one value of many, e.g. ``histogram("checkout_seconds", 0.182)``."""
        with never_raise():
            number, key = _number(value), _key(name, labels)
            if self._forked:
                self._forked = False
                worker.add(self)
            with self._lock:
                if len(self._points) < MAX_HISTOGRAM_POINTS:
                    self._points.append((key, number, time.time()))
                else:
                    self.dropped += 1

    def timer(self, name: str, labels: Labels | None = None) -> Timer:
        """Measures seconds into a histogram: a context manager, or a decorator.

        Example::

            with metrics.timer("checkout_seconds"):
                checkout()

            @metrics.timer("checkout_seconds")
            async def checkout(): ...
        """
        return Timer(self, name, labels)

    def flush(self, timeout: float = 5.0) -> bool:
        """Sends what was gathered; True if all of it was taken within timeout seconds."""
        worker.add(self)
        return worker.flush(timeout)

    def shutdown(self, timeout: float = 2.0) -> bool:
        """Stops sending every few seconds, and flushes."""
        done = self.flush(timeout)
        self.due_at = float("inf")
        worker.remove(self)
        return done

    def close(self, timeout: float = 2.0) -> bool:
        """Flushes and gives the connections back."""
        done = self.shutdown(timeout)
        self._transport.close()
        return done

    def collect(self) -> None:
        """Queues what was gathered, in batches; called by the worker."""
        if self.due_at != float("inf"):
            self.due_at = time.monotonic() + self.flush_interval
        with self._lock:
            counters, self._counters = self._counters, {}
            gauges, self._gauges = self._gauges, {}
            points, self._points = self._points, []
        items = self._written(counters, gauges, points)
        for batch, points_in_it in _batches(items):
            # The collector takes a batch with this header once, however often it is sent.
            request = Request("/api/metrics", batch, {"Idempotency-Key": uuid.uuid4().hex})
            if not worker.submit(self._lane, request):
                self.dropped += points_in_it

    def after_fork(self) -> None:
        """What the parent has gathered is the parent's to send; called by the worker."""
        running = self.due_at != float("inf")
        self._reset()
        self._lane = Lane(self._transport, self._lane.name)
        self.due_at = time.monotonic() + self.flush_interval if running else float("inf")
        # A child that only goes on to exec() wants no thread: the first value starts it.
        self._forked = running

    def _has_room(self) -> bool:
        if len(self._counters) + len(self._gauges) < MAX_SERIES:
            return True
        self.dropped += 1
        return False

    def _written(
        self,
        counters: dict[Key, float],
        gauges: dict[Key, float],
        points: list[tuple[Key, float, float]],
    ) -> Iterator[str]:
        """Each item as JSON."""
        now = _stamp(int(time.time()))
        for kind, values in (("counter", counters), ("gauge", gauges)):
            for key, value in values.items():
                before, after = self._around(kind, key)
                yield f'{before}{value!r},"timestamp":"{now}"{after}'
        # There may be very many points, of few series.
        around: dict[Key, tuple[str, str]] = {}
        for key, value, at in points:
            before, after = around.get(key) or around.setdefault(
                key, self._around("histogram", key)
            )
            yield f'{before}{value!r},"timestamp":"{_stamp(int(at))}"{after}'

    def _around(self, kind: str, key: Key) -> tuple[str, str]:
        """What stands before the value of a series' items, and what after their time."""
        name, labels = key
        after = f',"labels":{json.dumps(dict(labels))}' if labels else ""
        if self.project:
            after += f',"project":{json.dumps(self.project)}'
        return f'{{"name":{json.dumps(name)},"type":"{kind}","value":', after + "}"


class Timer:
    """What :meth:`MetricsClient.timer` returns."""

    def __init__(self, client: MetricsClient, name: str, labels: Labels | None) -> None:
        self._client = client
        self._name = name
        self._labels = labels
        self._begun = 0.0

    def __enter__(self) -> Timer:
        self._begun = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._client.histogram(self._name, time.perf_counter() - self._begun, self._labels)

    def __call__(self, function: Function) -> Function:
        # Each call gets a timer of its own: calls overlap.
        if asyncio.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with Timer(self._client, self._name, self._labels):
                    return await function(*args, **kwargs)

            return cast(Function, awaited)

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with Timer(self._client, self._name, self._labels):
                return function(*args, **kwargs)

        return cast(Function, called)


@functools.lru_cache(maxsize=128)
def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def _number(value: float) -> float:
    """An int or a float and no subclass of them, whose repr may be no JSON."""
    if type(value) is not int and type(value) is not float:
        value = float(value)
    if not math.isfinite(value):
        raise ValueError("a metric's value must be finite")
    return value


def _key(name: str, labels: Labels | None) -> Key:
    if not name or len(name.encode()) > 200:
        raise ValueError("a metric's name has 1 to 200 bytes")
    if not labels:
        return name, ()
    written = sorted((_cut(k, MAX_LABEL_NAME), _cut(v, MAX_LABEL)) for k, v in labels.items())
    return name, tuple(label for label in written if label[0])[:MAX_LABELS]


def _cut(value: object, limit: int) -> str:
    """The value as text of at most limit bytes of UTF-8: a longer one costs a whole batch."""
    text = safe_str(value, limit)
    if len(text) * 4 <= limit:
        return text
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def _batches(items: Iterable[str]) -> Iterator[tuple[bytes, int]]:
    """JSON arrays of at most MAX_POINTS items and about MAX_BATCH_BYTES, and how many each has."""
    parts: list[bytes] = []
    size = 2
    for item in items:
        part = item.encode()
        if parts and (len(parts) == MAX_POINTS or size + len(part) + 1 > MAX_BATCH_BYTES):
            yield b"[" + b",".join(parts) + b"]", len(parts)
            parts, size = [], 2
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield b"[" + b",".join(parts) + b"]", len(parts)
