# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterator

import pytest

from monlight import _worker, scope
from monlight.errors import ErrorClient
from monlight.metrics import MetricsClient
from monlight.transport import MemoryTransport


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Each test has a worker and a scope of its own."""
    scope._outside = scope.Scope()
    scope._current.set(None)
    yield
    _worker.worker.flush(1.0)
    for collector in list(_worker.worker._collectors):
        _worker.worker.remove(collector)
    with _worker.worker._lock:
        _worker.worker._jobs.clear()


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def errors(transport: MemoryTransport) -> ErrorClient:
    return ErrorClient("http://monlight/", "key", "shop", transport=transport)


@pytest.fixture
def metrics(transport: MemoryTransport) -> MetricsClient:
    return MetricsClient("http://monlight/", "key", transport=transport)
