# SPDX-License-Identifier: MIT
"""WSGI middleware: for Flask, Django and every other WSGI framework."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import scope as scopes
from .._worker import never_raise
from ..errors import ErrorClient, report_once
from ..metrics import MetricsClient
from ._http import count_request

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class MonlightWSGI:
    """Counts requests, reports what is raised, gives each request a scope of its own.

    :param app: the WSGI application
    :param metrics_client: None: nothing is counted
    :param error_client: None: nothing is reported
    :param endpoint: finds the route's template for a request; the integrations of
        frameworks set ``environ["monlight.endpoint"]`` instead

    Example: ``app.wsgi_app = MonlightWSGI(app.wsgi_app, metrics_client=metrics)``
    """

    def __init__(
        self,
        app: WSGIApp,
        metrics_client: MetricsClient | None = None,
        error_client: ErrorClient | None = None,
        endpoint: Callable[[Environ], str | None] | None = None,
    ) -> None:
        self.app = app
        self.metrics_client = metrics_client
        self.error_client = error_client
        self._endpoint = endpoint

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status = 500
        begun = time.perf_counter()

        def starting(line: str, headers: Any, exc_info: Any = None) -> Any:
            nonlocal status
            with never_raise():
                status = int(line[:3])
            return start_response(line, headers, exc_info)

        counted = False

        def done() -> None:
            nonlocal counted
            if counted:
                return
            counted = True
            count_request(
                self.metrics_client,
                str(environ.get("REQUEST_METHOD", "")),
                self._template(environ),
                status,
                time.perf_counter() - begun,
            )

        def report(error: Exception) -> None:
            # A body is read when the request's scope has ended.
            report_once(self.error_client, error, request_of(environ))

        with scopes.isolated() as here:
            here.request = lambda: request_of(environ)
            try:
                answer = self.app(environ, starting)
            except Exception as error:
                report(error)
                done()
                raise
        return _Counted(answer, done, report)

    def _template(self, environ: Environ) -> str | None:
        with never_raise():
            if self._endpoint is not None:
                return self._endpoint(environ)
            found = environ.get("monlight.endpoint")
            return None if found is None else str(found)
        return None


class _Counted:
    """The answer's body; the request is over when it was read to its end, or closed."""

    def __init__(
        self, body: Iterable[bytes], done: Callable[[], None], report: Callable[[Exception], None]
    ) -> None:
        self._body = body
        self._done = done
        self._report = report

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception as error:
            self._report(error)
            raise
        finally:
            self._done()

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._done()


def request_of(environ: Environ) -> dict[str, Any]:
    """Address, method and headers of a request, as a report carries them."""
    headers = {
        name[5:].replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    url = f"{environ.get('wsgi.url_scheme', 'http')}://{host}{path}"
    return {
        "request_url": url + (f"?{query}" if query else ""),
        "request_method": environ.get("REQUEST_METHOD"),
        "request_headers": headers,
    }
