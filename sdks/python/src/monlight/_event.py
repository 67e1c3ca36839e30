# SPDX-License-Identifier: MIT
"""An exception as the members of a report."""

from __future__ import annotations

import functools
import linecache
import os
import site
import sys
import sysconfig
import traceback
from collections import deque
from types import TracebackType
from typing import Any

from ._worker import never_raise, safe_str

MAX_FRAMES = 100
MAX_CAUSES = 20
MAX_GROUPED = 10
CONTEXT_LINES = 2
MAX_TRACEBACK = 200_000


def _library_places() -> tuple[str, ...]:
    paths = set(sysconfig.get_paths().values())
    for find in ("getsitepackages", "getusersitepackages"):
        places: str | list[str] = getattr(site, find, list)()
        paths.update([places] if isinstance(places, str) else places)
    # The directory of scripts and data is no place of libraries.
    paths -= {sysconfig.get_paths().get("data", ""), sysconfig.get_paths().get("scripts", "")}
    return tuple(os.path.realpath(path) + os.sep for path in paths if path)


_LIBRARIES = _library_places()


@functools.lru_cache(maxsize=1000)
def is_in_app(filename: str) -> bool:
    """Whether a file is the program's own: no library's, not the interpreter's."""
    if filename.startswith("<") or "site-packages" in filename or "dist-packages" in filename:
        return False
    return not os.path.realpath(filename).startswith(_LIBRARIES)


def _context(filename: str, line: int, module: dict[str, Any]) -> list[str]:
    linecache.lazycache(filename, module)
    first = max(line - CONTEXT_LINES, 1)
    lines = [linecache.getline(filename, n) for n in range(first, line + CONTEXT_LINES + 1)]
    while lines and not lines[-1]:
        lines.pop()
    return [text.rstrip("\n")[:500] for text in lines]


def frames(tb: TracebackType | None) -> list[dict[str, Any]]:
    """The frames, innermost first; of very many the outermost are left out."""
    innermost: deque[TracebackType] = deque(maxlen=MAX_FRAMES)
    while tb is not None:
        innermost.append(tb)
        tb = tb.tb_next
    found: list[dict[str, Any]] = []
    for tb in reversed(innermost):
        code = tb.tb_frame.f_code
        frame: dict[str, Any] = {
            "function": getattr(code, "co_qualname", code.co_name),
            "file": code.co_filename,
            "line": tb.tb_lineno,
            "in_app": is_in_app(code.co_filename),
        }
        context = _context(code.co_filename, tb.tb_lineno, tb.tb_frame.f_globals)
        if context:
            frame["context"] = context
        found.append(frame)
    return found


def _described(exception: BaseException) -> dict[str, Any]:
    return {
        "type": type(exception).__qualname__,
        "message": safe_str(exception),
        "frames": frames(exception.__traceback__),
    }


def causes(exception: BaseException) -> list[dict[str, Any]]:
    """What led to it: causes and contexts outwards, members of groups inwards."""
    found: list[dict[str, Any]] = []
    seen = {id(exception)}
    queue: list[tuple[BaseException, str]] = _next(exception)
    while queue and len(found) < MAX_CAUSES:
        one, relation = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        found.append({**_described(one), "relation": relation})
        queue += _next(one)
    return found


def _next(exception: BaseException) -> list[tuple[BaseException, str]]:
    members: object = ()
    with never_raise():
        members = getattr(exception, "exceptions", ())
    group = members[:MAX_GROUPED] if isinstance(members, (tuple, list)) else ()
    found: list[tuple[BaseException, str]] = [
        (member, "grouped") for member in group if isinstance(member, BaseException)
    ]
    if exception.__cause__ is not None:
        found.append((exception.__cause__, "cause"))
    elif exception.__context__ is not None and not exception.__suppress_context__:
        found.append((exception.__context__, "context"))
    return found


def _text(exception: BaseException) -> str:
    try:
        text = "".join(
            traceback.format_exception(type(exception), exception, exception.__traceback__)
        )
    except Exception:
        # An exception whose own text cannot be had still has a place.
        text = "Traceback (most recent call last):\n" + "".join(
            traceback.format_tb(exception.__traceback__)
        )
        text += f"{type(exception).__qualname__}: {safe_str(exception)}\n"
    return text[-MAX_TRACEBACK:]


def of_exception(exception: BaseException) -> dict[str, Any]:
    """``exception_type``, ``message``, ``traceback``, ``frames`` and ``causes``."""
    event: dict[str, Any] = {
        "exception_type": type(exception).__qualname__[:200],
        "message": safe_str(exception),
        "traceback": _text(exception),
        "frames": frames(exception.__traceback__),
    }
    chained = causes(exception)
    if chained:
        event["causes"] = chained
    return event


def runtime() -> dict[str, Any]:
    """The interpreter and its machine, as a context."""
    return {"runtime": {"name": sys.implementation.name, "version": sys.version.split()[0]}}
