# SPDX-License-Identifier: MIT
"""FastAPI and Starlette.

``setup_monlight`` is all most programs need; its parts are here for the others.
"""

from __future__ import annotations

import logging
from typing import Any

try:
    from starlette.requests import Request
    from starlette.responses import JSONResponse
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "monlight.integrations.fastapi needs: pip install monlight[fastapi]"
    ) from error

from .._worker import never_raise
from ..errors import ErrorClient, report_once
from ..metrics import MetricsClient
from .asgi import MonlightASGI, request_of

logger = logging.getLogger("monlight.fastapi")


class MonlightMiddleware(MonlightASGI):
    """Counts requests: ``app.add_middleware(MonlightMiddleware, metrics_client=metrics)``."""


async def MonlightExceptionHandler(request: Request, exc: Exception) -> JSONResponse:
    """Reports an unhandled exception and answers 500.

    Register it for ``Exception``; it finds its client at
    ``app.state.monlight_error_client``.
    """
    with never_raise():
        client = getattr(request.app.state, "monlight_error_client", None)
        if isinstance(client, ErrorClient):
            report_once(client, exc, request_of(request.scope))
    logger.error("Unhandled exception in %s", request.url.path, exc_info=exc)
    return JSONResponse({"detail": "Internal server error"}, status_code=500)


def setup_monlight(
    app: Any,
    *,
    error_tracker_url: str | None = None,
    metrics_collector_url: str | None = None,
    api_key: str,
    project: str = "default",
    flush_interval: float = 10.0,
    environment: str | None = None,
    release: str | None = None,
    metrics_api_key: str | None = None,
) -> dict[str, Any]:
    """Reports a program's exceptions and counts its requests; flushes at its shutdown.

    :param app: the FastAPI or Starlette application
    :param error_tracker_url: None: exceptions are not reported
    :param metrics_collector_url: None: requests are not counted
    :param api_key: of the tracker, and of the collector unless metrics_api_key is given
    :param project: what all of it is filed under
    :param flush_interval: seconds between two batches of metrics
    :param environment: e.g. ``production``
    :param release: e.g. a version
    :param metrics_api_key: of the collector
    :returns: ``{"error_client": ..., "metrics_client": ...}``, each a client or None

    Example::

        app = FastAPI()
        setup_monlight(
            app,
            error_tracker_url="http://127.0.0.1:5010",
            metrics_collector_url="http://127.0.0.1:5012",
            api_key=os.environ["MONLIGHT_KEY"],
            project="shop",
        )
    """
    errors: ErrorClient | None = None
    metrics: MetricsClient | None = None
    if error_tracker_url:
        errors = ErrorClient(
            error_tracker_url, api_key, project, environment=environment, release=release
        )
        app.state.monlight_error_client = errors
        app.add_exception_handler(Exception, MonlightExceptionHandler)
    if metrics_collector_url:
        metrics = MetricsClient(
            metrics_collector_url, metrics_api_key or api_key, flush_interval, project=project
        )
        metrics.start()
    if errors is not None or metrics is not None:
        app.add_middleware(
            MonlightMiddleware, metrics_client=metrics, error_client=errors, close_at_shutdown=True
        )
    return {"error_client": errors, "metrics_client": metrics}
