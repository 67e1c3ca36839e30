# SPDX-License-Identifier: MIT
"""Celery: failed tasks are reported, finished ones counted; each has a scope of its own."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

try:
    from celery import signals
except ImportError as error:  # pragma: no cover
    raise ImportError("monlight.integrations.celery needs: pip install monlight[celery]") from error

from .. import scope as scopes
from .._worker import never_raise
from ..errors import ErrorClient, report_once
from ..metrics import MetricsClient


def setup_monlight(
    *, error_client: ErrorClient | None = None, metrics_client: MetricsClient | None = None
) -> None:
    """Connects to Celery's signals; call it where the Celery application is made.

    :param error_client: None: failures are not reported
    :param metrics_client: None: tasks are not counted; else ``celery_tasks_total`` and
        ``celery_task_duration_seconds`` by task and state

    Example: ``setup_monlight(error_client=ErrorClient(url, key))``
    """
    begun: dict[str, tuple[float, AbstractContextManager[Any]]] = {}

    def started(task_id: str | None = None, **_extra: Any) -> None:
        with never_raise():
            if task_id is not None:
                own_scope = scopes.isolated()
                own_scope.__enter__()
                begun[task_id] = time.perf_counter(), own_scope

    def finished(
        task_id: str | None = None, task: Any = None, state: str | None = None, **_extra: Any
    ) -> None:
        with never_raise():
            since, own_scope = begun.pop(task_id or "", (None, nullcontext()))
            own_scope.__exit__(None, None, None)
            if metrics_client is None:
                return
            labels = {"task": getattr(task, "name", "?"), "state": state or "?"}
            metrics_client.counter("celery_tasks_total", labels)
            if since is not None:
                metrics_client.histogram(
                    "celery_task_duration_seconds", time.perf_counter() - since, labels
                )

    def failed(
        task_id: str | None = None,
        exception: BaseException | None = None,
        sender: Any = None,
        args: Any = None,
        kwargs: Any = None,
        **_extra: Any,
    ) -> None:
        if exception is not None:
            extra = {"task": getattr(sender, "name", None), "task_id": task_id, "kwargs": kwargs}
            report_once(error_client, exception, {"extra": extra})

    def ended(**_extra: Any) -> None:
        with never_raise():
            if metrics_client is not None:
                metrics_client.shutdown()
            if error_client is not None:
                error_client.flush(2.0)

    if metrics_client is not None:
        metrics_client.start()
    signals.task_prerun.connect(started, weak=False)
    signals.task_postrun.connect(finished, weak=False)
    signals.task_failure.connect(failed, weak=False)
    # A prefork child ends without running atexit's functions.
    signals.worker_process_shutdown.connect(ended, weak=False)
