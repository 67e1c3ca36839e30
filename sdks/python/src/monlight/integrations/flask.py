# SPDX-License-Identifier: MIT
"""Flask."""

from __future__ import annotations

from typing import Any

try:
    from flask import Flask, got_request_exception, request
except ImportError as error:  # pragma: no cover
    raise ImportError("monlight.integrations.flask needs: pip install monlight[flask]") from error

from .._worker import never_raise
from ..errors import ErrorClient, report_once
from ..metrics import MetricsClient
from .wsgi import MonlightWSGI


def setup_monlight(
    app: Flask,
    *,
    error_client: ErrorClient | None = None,
    metrics_client: MetricsClient | None = None,
) -> None:
    """Reports a Flask program's exceptions and counts its requests by route.

    :param app: the Flask application
    :param error_client: None: exceptions are not reported
    :param metrics_client: None: requests are not counted

    Example::

        setup_monlight(app, error_client=ErrorClient(url, key), metrics_client=metrics)
    """

    def remember_route() -> None:
        with never_raise():
            if request.url_rule is not None:
                request.environ["monlight.endpoint"] = request.url_rule.rule

    def report(_sender: Any, exception: Exception, **_extra: Any) -> None:
        report_once(error_client, exception)

    app.before_request(remember_route)
    # Flask answers 500 by itself, so the middleware never sees the exception.
    got_request_exception.connect(report, app, weak=False)
    if metrics_client is not None:
        metrics_client.start()
    app.wsgi_app = MonlightWSGI(  # type: ignore[method-assign]
        app.wsgi_app, metrics_client, error_client
    )
