# SPDX-License-Identifier: MIT
"""Django, under WSGI and ASGI alike.

In the settings::

    MIDDLEWARE = ["monlight.integrations.django.MonlightMiddleware", ...]
    MONLIGHT = {"error_client": ErrorClient(url, key), "metrics_client": metrics}
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

try:
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction
    from django.conf import settings
    from django.core.signals import got_request_exception
except ImportError as error:  # pragma: no cover
    raise ImportError("monlight.integrations.django needs: pip install monlight[django]") from error

from .. import scope as scopes
from ..errors import ErrorClient, report_once
from ..metrics import MetricsClient
from ._http import count_request


class MonlightMiddleware:
    """Counts requests by route and reports what a view or a middleware raises."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        configured: dict[str, Any] = getattr(settings, "MONLIGHT", {})
        self.errors: ErrorClient | None = configured.get("error_client")
        self.metrics: MetricsClient | None = configured.get("metrics_client")
        self._asynchronous = iscoroutinefunction(get_response)
        if self._asynchronous:
            # How Django tells the two kinds of middleware apart.
            markcoroutinefunction(self)
        got_request_exception.connect(self._report)
        if self.metrics is not None:
            self.metrics.start()

    def __call__(self, request: Any) -> Any:
        if self._asynchronous:
            return self._acall(request)
        begun = time.perf_counter()
        with scopes.isolated() as here:
            here.request = lambda: _request_of(request)
            response = self.get_response(request)
        self._count(request, response, begun)
        return response

    async def _acall(self, request: Any) -> Any:
        begun = time.perf_counter()
        with scopes.isolated() as here:
            here.request = lambda: _request_of(request)
            response = await self.get_response(request)
        self._count(request, response, begun)
        return response

    def _report(self, **_signal: Any) -> None:
        """Called by Django for what it answers with 500: Http404 and its like are answers."""
        error = sys.exc_info()[1]
        if error is not None:
            report_once(self.errors, error)

    def _count(self, request: Any, response: Any, begun: float) -> None:
        match = getattr(request, "resolver_match", None)
        route = getattr(match, "route", None)
        endpoint = None if route is None else "/" + str(route).lstrip("^/")
        seconds = time.perf_counter() - begun
        count_request(self.metrics, request.method or "", endpoint, response.status_code, seconds)


def _request_of(request: Any) -> dict[str, Any]:
    context: dict[str, Any] = {
        "request_url": request.build_absolute_uri(),
        "request_method": request.method,
        "request_headers": dict(request.headers),
    }
    user = getattr(request, "_cached_user", None)
    if user is not None and getattr(user, "pk", None) is not None:
        context["user_id"] = str(user.pk)
    return context
