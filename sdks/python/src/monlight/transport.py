# SPDX-License-Identifier: MIT
"""How a request leaves the process: one method, and everything above it is testable.

:class:`HTTPTransport` is what the clients use by themselves; :class:`MemoryTransport`
keeps requests in a list, for the tests of programs that use this package.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from ._version import __version__

GZIP_ABOVE = 2048
"""Bodies larger than this many bytes are compressed."""


class TransportError(Exception):
    """The request may not have arrived: no connection, no answer in time."""


@dataclass(frozen=True)
class Request:
    """One POST: the path below the service's address, and a JSON body."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """What the service answered.

    :param status: the HTTP status
    :param text: the first 500 characters of the body
    :param retry_after: seconds the service asks to wait, or None
    """

    status: int
    text: str = ""
    retry_after: float | None = None


class Transport(Protocol):
    """Sends a request and returns the answer; raises :class:`TransportError` if none came."""

    def send(self, request: Request) -> Response: ...

    def close(self) -> None: ...


class HTTPTransport:
    """Sends over kept connections, compressing what is large.

    :param base_url: of the service, a path prefix allowed
    :param api_key: sent as ``X-API-Key``
    :param timeout: seconds for each of connecting, sending and receiving
    """

    _client: httpx.Client | None = None

    def __init__(self, base_url: str, api_key: str, timeout: float = 5.0) -> None:
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        headers = {
            "Content-Type": "application/json",
            "X-API-Key": self._api_key,
            "User-Agent": f"monlight-python/{__version__}",
            **request.headers,
        }
        body = request.body
        if len(body) > GZIP_ABOVE:
            body = gzip.compress(body, 5)
            headers["Content-Encoding"] = "gzip"
        try:
            answer = self._connected().post(
                self._base_url + request.path, content=body, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise TransportError(f"{type(error).__name__}: {error}") from error
        return Response(answer.status_code, answer.text[:500], _retry_after(answer.headers))

    def close(self) -> None:
        self._leave_parent()
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def __del__(self) -> None:
        # Of a client that was forgotten.
        if self._client is not None:
            with contextlib.suppress(Exception):
                self.close()

    def _connected(self) -> httpx.Client:
        self._leave_parent()
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(timeout=self._timeout)
            return self._client

    def _leave_parent(self) -> None:
        """After a fork: neither the parent's connections nor a lock that a thread of its holds."""
        if self._pid != os.getpid():
            self._pid, self._lock, self._client = os.getpid(), threading.Lock(), None


class MemoryTransport:
    """Keeps what is sent instead of sending it.

    Example::

        transport = MemoryTransport()
        client = ErrorClient("http://monlight", "key", transport=transport)
        client.report_error_sync(ValueError("no"))
        client.flush()
        assert transport.payloads[0]["exception_type"] == "ValueError"
    """

    def __init__(self, *answers: Response | Exception) -> None:
        """:param answers: given in turn, the last one for ever; an exception is raised."""
        self.requests: list[Request] = []
        self._answers: list[Response | Exception] = list(answers) or [Response(202)]

    @property
    def payloads(self) -> list[Any]:
        """The decoded bodies of all requests, oldest first."""
        return [request.json for request in self.requests]

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        pass


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return min(max(0.0, seconds), 3600.0)  # in this order, nan is 0
