# SPDX-License-Identifier: MIT
"""``python -m monlight test``: sends one error and one metric and says what came back."""

from __future__ import annotations

import argparse
import json
import sys

from . import _event
from .errors import _encode
from .transport import HTTPTransport, Request, TransportError


def _try(name: str, transport: HTTPTransport, request: Request) -> bool:
    try:
        answer = transport.send(request)
    except TransportError as error:
        print(f"{name}: no answer: {error}")
        return False
    finally:
        transport.close()
    print(f"{name}: {answer.status} {answer.text}")
    return answer.status in (200, 201, 202)


def main(argv: list[str] | None = None) -> int:
    """Returns 0 if both were taken, else 1."""
    parser = argparse.ArgumentParser(prog="python -m monlight")
    commands = parser.add_subparsers(dest="command", required=True)
    test = commands.add_parser("test", help="send one error and one metric")
    test.add_argument("--url", default="http://127.0.0.1:5010", help="the error tracker")
    test.add_argument("--key", required=True, help="its API key")
    test.add_argument("--metrics-url", default="http://127.0.0.1:5012", help="the collector")
    test.add_argument("--metrics-key", help="its API key, if it is another")
    test.add_argument("--project", default="test")
    args = parser.parse_args(argv)

    try:
        raise RuntimeError("This is a test of python -m monlight")
    except RuntimeError as error:
        event = {"project": args.project} | _event.of_exception(error)
    point = [
        {"name": "monlight_test_total", "type": "counter", "value": 1, "project": args.project}
    ]
    errors = _try(
        "error",
        HTTPTransport(args.url.rstrip("/"), args.key),
        Request("/api/errors", _encode(event)),
    )
    metrics = _try(
        "metric",
        HTTPTransport(args.metrics_url.rstrip("/"), args.metrics_key or args.key),
        Request("/api/metrics", json.dumps(point).encode()),
    )
    return 0 if errors and metrics else 1


if __name__ == "__main__":
    sys.exit(main())
