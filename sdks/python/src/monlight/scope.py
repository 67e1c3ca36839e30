# SPDX-License-Identifier: MIT
"""What is known around a report: tags, a user, and what happened before.

Each request of a web framework, each task of Celery and each block of :func:`isolated` has
a scope of its own, which the asyncio tasks it starts and the threads it awaits share.
Outside of those the main thread has one; that of another thread begins as a copy of it.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_BREADCRUMBS = 30


@dataclass
class Scope:
    """Changed by the functions below; read by :class:`monlight.ErrorClient`."""

    tags: dict[str, str] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    request: Callable[[], dict[str, Any]] = dict
    """Describes the request this context works for; asked when something is reported."""
    breadcrumbs: deque[dict[str, Any]] = field(
        default_factory=lambda: deque(maxlen=MAX_BREADCRUMBS)
    )

    def copy(self) -> Scope:
        """One that can be changed without changing this one."""
        return Scope(
            dict(self.tags),
            dict(self.user),
            self.request,
            deque(self.breadcrumbs, maxlen=MAX_BREADCRUMBS),
        )


_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("monlight", default=None)
_outside = Scope()
"""The main thread's, outside of all others."""


def current() -> Scope:
    """The scope of this context."""
    scope = _current.get()
    if scope is None:
        is_main = threading.current_thread() is threading.main_thread()
        scope = _outside if is_main else _outside.copy()
        _current.set(scope)
    return scope


@contextlib.contextmanager
def isolated() -> Iterator[Scope]:
    """A copy of the scope for the duration of a block.

    Example::

        with isolated():
            set_tag("job", "nightly")
            run()
    """
    token = _current.set(current().copy())
    try:
        yield current()
    finally:
        # A generator may be finished in another context; there is nothing to restore then.
        with contextlib.suppress(ValueError):
            _current.reset(token)


def set_tag(name: str, value: str) -> None:
    """Sets a tag that every report of this scope carries, e.g. ``set_tag("shop", "de")``."""
    current().tags[name] = value


def set_user(user_id: str | None = None, **details: Any) -> None:
    """Says whom this scope works for; no arguments forget it.

    Example: ``set_user("42", email="ann@example.com")``
    """
    known = {"id": user_id, **details}
    current().user = {name: value for name, value in known.items() if value is not None}


def add_breadcrumb(
    message: str, category: str = "default", level: str = "info", **data: Any
) -> None:
    """Notes what happened; the last 30 go with a report.

    Example: ``add_breadcrumb("cache miss", category="cache", key="user:42")``
    """
    crumb: dict[str, Any] = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "category": category,
        "level": level,
        "message": message,
    }
    if data:
        crumb["data"] = data
    current().breadcrumbs.append(crumb)
