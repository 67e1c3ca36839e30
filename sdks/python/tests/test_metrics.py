# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import re
import threading
import time
from typing import Any

import pytest

from monlight import MetricsClient, _worker
from monlight.metrics import MAX_HISTOGRAM_POINTS, MAX_SERIES
from monlight.transport import MemoryTransport


def sent(client: MetricsClient, transport: MemoryTransport) -> list[dict[str, Any]]:
    assert client.flush()
    return [item for batch in transport.payloads for item in batch]


def test_defaults_are_those_of_before() -> None:
    client = MetricsClient("http://h/", "k", transport=MemoryTransport())
    assert (client.base_url, client.flush_interval, client.timeout) == ("http://h", 10.0, 5.0)
    assert client.project is None


def test_an_item_has_the_contracts_members(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    metrics.counter("c")
    (item,) = sent(metrics, transport)
    assert list(item) == ["name", "type", "value", "timestamp"]
    assert (item["name"], item["type"], item["value"]) == ("c", "counter", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", item["timestamp"])
    assert transport.requests[0].path == "/api/metrics"


def test_labels_and_project_are_there_when_given(transport: MemoryTransport) -> None:
    client = MetricsClient("http://h", "k", project="shop", transport=transport)
    client.counter("c", {"b": 1, "a": True})
    (item,) = sent(client, transport)
    assert item["labels"] == {"a": "True", "b": "1"} and item["project"] == "shop"


def test_counters_are_summed_by_their_labels(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    for _ in range(100):
        metrics.counter("c", {"m": "GET"})
    metrics.counter("c", {"m": "POST"}, 2.5)
    assert {i["labels"]["m"]: i["value"] for i in sent(metrics, transport)} == {
        "GET": 100,
        "POST": 2.5,
    }


def test_a_gauge_keeps_its_last_value(metrics: MetricsClient, transport: MemoryTransport) -> None:
    for value in (1, 5, 3):
        metrics.gauge("g", value)
    assert [i["value"] for i in sent(metrics, transport)] == [3]


def test_every_value_of_a_histogram_is_sent(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    for value in (0.3, 0.1, 0.2):
        metrics.histogram("h", value)
    assert [i["value"] for i in sent(metrics, transport)] == [0.3, 0.1, 0.2]


def test_an_empty_buffer_makes_no_request(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    assert metrics.flush() and not transport.requests
    metrics.counter("c")
    metrics.flush()
    metrics.flush()
    assert len(transport.requests) == 1


def test_batches_hold_a_thousand_points_and_half_a_megabyte(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    for n in range(2500):
        metrics.histogram("h", n)
    for n in range(100):
        metrics.gauge("g" * 190, n, {"l": f"{n}" + "x" * 400, "m": "y" * 400})
    items = sent(metrics, transport)
    assert len(items) == 2600
    assert all(len(batch) <= 1000 for batch in transport.payloads)
    assert all(len(request.body) <= 512 * 1024 for request in transport.requests)
    keys = [request.headers["Idempotency-Key"] for request in transport.requests]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "x", None])
def test_what_is_no_number_is_left_out(
    metrics: MetricsClient, transport: MemoryTransport, value: Any
) -> None:
    metrics.counter("c", value=value)
    metrics.histogram("h", value)
    metrics.gauge("g", value)
    metrics.counter("", value=1)
    metrics.counter("n" * 201)
    assert sent(metrics, transport) == []


def test_memory_is_bounded_and_drops_are_counted(metrics: MetricsClient) -> None:
    for n in range(MAX_SERIES + 10):
        metrics.counter("c", {"n": n})
    for n in range(MAX_HISTOGRAM_POINTS + 5):
        metrics.histogram("h", n)
    assert metrics.dropped == 15


def test_threads_lose_nothing(metrics: MetricsClient, transport: MemoryTransport) -> None:
    def work() -> None:
        for _ in range(1000):
            metrics.counter("c")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [i["value"] for i in sent(metrics, transport)] == [8000]


def test_a_forgotten_client_hands_over_what_it_gathered(transport: MemoryTransport) -> None:
    def main() -> None:
        MetricsClient("http://h", "k", transport=transport).counter("jobs_total")

    main()
    assert _worker.worker.flush(5.0)
    assert [item["name"] for item in transport.payloads[0]] == ["jobs_total"]


def test_it_flushes_by_itself_once_started(transport: MemoryTransport) -> None:
    early = MetricsClient("http://h", "k", transport=MemoryTransport())
    early.counter("c")
    assert early.flush()  # the thread is there, and has nothing to wake up for
    client = MetricsClient("http://h", "k", flush_interval=0.05, transport=transport)
    client.start()
    client.start()
    client.counter("c")
    until = time.monotonic() + 5
    while not transport.requests and time.monotonic() < until:
        time.sleep(0.01)
    assert transport.requests
    client.counter("c")
    assert client.shutdown()
    assert client.shutdown()
    assert sum(item["value"] for batch in transport.payloads for item in batch) == 2


def test_a_timer_measures_blocks_functions_and_coroutines(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    with metrics.timer("t"):
        time.sleep(0.01)

    @metrics.timer("t", {"of": "call"})
    def called(n: int) -> int:
        return n + 1

    @metrics.timer("t")
    async def awaited() -> str:
        await asyncio.sleep(0)
        return "done"

    assert called(1) == 2
    assert asyncio.run(awaited()) == "done"
    with pytest.raises(KeyError), metrics.timer("t"):
        raise KeyError
    values = [i["value"] for i in sent(metrics, transport)]
    assert len(values) == 4 and max(values) >= 0.01


def test_labels_the_collector_would_refuse_are_cut(
    metrics: MetricsClient, transport: MemoryTransport
) -> None:
    metrics.counter("a_total", {"": "no name", "é" * 300: "😀" * 500})
    metrics.counter("b_total", {f"label{n:03}": "x" for n in range(70)})
    metrics.flush()
    first, second = transport.payloads[0]
    ((name, value),) = first["labels"].items()
    assert (name, value) == ("é" * 100, "😀" * 250)
    assert len(second["labels"]) == 64
