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

_KEY = re.compile(
    r"passw|pwd|secret|token|jwt|\bauth\b|authorization|credential|cookie|csrf|"
    r"(api|session|private|monlight)[-_]?key|card[-_]?number|\bcvv\b|\bssn\b",
    re.IGNORECASE,
)
"""What the name of a secret is like: of a header, a query's parameter, a member of ``extra``."""


def headers(given: object, excluded: Iterable[str] = ()) -> dict[str, str]:
    """The headers without those that carry secrets; spelling is kept.

    :param excluded: further ones to leave out, in any case
    """
    banned = {name.lower() for name in excluded}
    if not isinstance(given, Mapping):
        return {}
    written = {safe_str(name): safe_str(content) for name, content in given.items()}
    return {
        name: url(content)  # that of the page before, in Referer
        for name, content in written.items()
        if name.lower() not in banned and not _KEY.search(name)
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
