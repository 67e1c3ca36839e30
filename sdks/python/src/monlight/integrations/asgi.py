# SPDX-License-Identifier: MIT
"""Pure ASGI middleware: for FastAPI, Starlette and every other ASGI framework.

It passes messages on as they come, so streaming answers stream and background tasks
run as without it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .. import scope as scopes
from .._worker import never_raise
from ..errors import ErrorClient, report_once
from ..metrics import MetricsClient
from ._http import count_request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class MonlightASGI:
    """Counts requests, reports what is raised, gives each request a scope of its own.

    Of a websocket only what is raised is reported.

    :param app: the ASGI application
    :param metrics_client: None: nothing is counted
    :param error_client: None: nothing is reported
    :param close_at_shutdown: whether the end of the lifespan closes the clients

    Example: ``app = MonlightASGI(app, metrics_client=metrics, error_client=errors)``
    """

    def __init__(
        self,
        app: App,
        metrics_client: MetricsClient | None = None,
        error_client: ErrorClient | None = None,
        close_at_shutdown: bool = False,
    ) -> None:
        self.app = app
        self.metrics_client = metrics_client
        self.error_client = error_client
        self.close_at_shutdown = close_at_shutdown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and self.close_at_shutdown:
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._reporting(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                self.close()
            await send(message)

        await self.app(scope, receive, sending)

    def close(self) -> None:
        """Flushes both clients; bounded by their time-outs."""
        with never_raise():
            if self.metrics_client is not None:
                self.metrics_client.shutdown()
            if self.error_client is not None:
                self.error_client.flush(2.0)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500
        begun = time.perf_counter()
        ended: float | None = None

        async def sending(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = time.perf_counter()

        try:
            await self._reporting(scope, receive, sending)
        finally:
            # A background task runs after the answer and is no part of its duration.
            seconds = (ended or time.perf_counter()) - begun
            method = str(scope.get("method", ""))
            count_request(self.metrics_client, method, endpoint_of(scope), status, seconds)

    async def _reporting(self, scope: Scope, receive: Receive, send: Send) -> None:
        with scopes.isolated() as here:
            here.request = lambda: request_of(scope)
            try:
                await self.app(scope, receive, send)
            except Exception as error:
                report_once(self.error_client, error)
                raise


def endpoint_of(scope: Scope) -> str | None:
    """The template of the route that took the request, mounts included; None: no route did."""
    route = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    if path is None and scope.get("endpoint") is not None and "route" not in scope:
        # Starlette before it put the route into the scope: the template is not to be had.
        path = getattr(scope["endpoint"], "__qualname__", None)
    return None if path is None else str(path)


def request_of(scope: Scope) -> dict[str, Any]:
    """Address, method and headers of a request, as a report carries them."""
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())
    }
    server = scope.get("server") or ("", None)
    host = headers.get("host") or (f"{server[0]}:{server[1]}" if server[1] else str(server[0]))
    query = scope.get("query_string", b"").decode("latin-1")
    path = scope.get("root_path", "") + scope.get("path", "")
    if scope.get("root_path") and scope.get("path", "").startswith(scope["root_path"]):
        path = scope["path"]
    url = f"{scope.get('scheme', 'http')}://{host}{path}"
    return {
        "request_url": url + (f"?{query}" if query else ""),
        "request_method": scope.get("method"),
        "request_headers": headers,
    }
