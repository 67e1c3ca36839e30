# SPDX-License-Identifier: MIT
"""What all web integrations measure, under the names the collector's dashboard knows."""

from __future__ import annotations

from typing import Any

from .._worker import never_raise
from ..metrics import MetricsClient

UNMATCHED = "<unmatched>"
"""The endpoint of requests that no route takes: one series, not one for each address."""

METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)


def count_request(
    metrics: MetricsClient | None, method: str, endpoint: str | None, status: int, seconds: float
) -> None:
    """Counts a request and its duration.

    :param metrics: through which; None: not at all
    :param method: as sent; an invented one counts as ``OTHER``
    :param endpoint: the route's template, or None if no route took it
    :param status: of the answer
    :param seconds: until its last byte was handed to the server
    """
    if metrics is None:
        return
    with never_raise():
        labels: dict[str, Any] = {
            "method": method if method in METHODS else "OTHER",
            "endpoint": endpoint or UNMATCHED,
            "status": str(status),
        }
        metrics.counter("http_requests_total", labels)
        metrics.histogram("http_request_duration_seconds", seconds, labels)
