# SPDX-License-Identifier: MIT
"""Takes secrets out before anything leaves the process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ._worker import safe_str

FILTERED = "[filtered]"
MAX_DEPTH = 8
MAX_ITEMS = 100

HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "proxy-authorization",
        "x-csrftoken",
        "x-csrf-token",
        "x-monlight-key",
    }
)
"""Headers that are never sent, in lower case."""

_KEY = re.compile(
    r"passw|secret|token|api[-_]?key|apikey|authorization|credential|cookie|session[-_]?key|"
    r"private[-_]?key|csrf|card[-_]?number|\bcvv\b|\bssn\b",
    re.IGNORECASE,
)


def headers(given: object, excluded: Iterable[str] = ()) -> dict[str, str]:
    """The headers without those that carry secrets; spelling is kept."""
    banned = HEADERS | {name.lower() for name in excluded}
    if not isinstance(given, Mapping):
        return {}
    return {
        safe_str(name): safe_str(value)
        for name, value in given.items()
        if safe_str(name).lower() not in banned
    }


def value(given: object, depth: int = 0) -> Any:
    """A copy that JSON can carry, values under secret-sounding keys replaced."""
    if given is None or isinstance(given, (bool, int, str)):
        return given if not isinstance(given, str) else given[:10_000]
    if isinstance(given, float):
        return given if given == given and abs(given) != float("inf") else safe_str(given)
    if depth >= MAX_DEPTH:
        return "[too deep]"
    if isinstance(given, Mapping):
        return {
            safe_str(key, 200): FILTERED if _KEY.search(safe_str(key)) else value(item, depth + 1)
            for key, item in list(given.items())[:MAX_ITEMS]
        }
    if isinstance(given, (list, tuple, set, frozenset)):
        return [value(item, depth + 1) for item in list(given)[:MAX_ITEMS]]
    return safe_str(given, 1000)


def url(given: str) -> str:
    """The address with the values of secret-sounding query parameters replaced."""
    address, mark, query = given.partition("?")
    if not mark:
        return given
    parts = []
    for part in query.split("&"):
        name, equals, _ = part.partition("=")
        parts.append(f"{name}={FILTERED}" if equals and _KEY.search(name) else part)
    return address + mark + "&".join(parts)
