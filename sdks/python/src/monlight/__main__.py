# SPDX-License-Identifier: MIT
"""``python -m monlight test``: sends one error and one metric and says what came back."""

from __future__ import annotations

import argparse
import json
import sys
from urllib.parse import urlsplit

from . import _event
from .errors import _encode
from .transport import HTTPTransport, Request, TransportError


def _try(name: str, url: str, key: str, request: Request) -> bool:
    transport = HTTPTransport(url.rstrip("/"), key)
    try:
        answer = transport.send(request)
    except TransportError as error:
        print(f"{name}: no answer from {url}: {error}")
        return False
    finally:
        transport.close()
    print(f"{name}: {answer.status} {answer.text}")
    return answer.status in (200, 201, 202)


def _beside(url: str) -> str:
    """The collector's usual address on the host of the tracker: nobody else is to see the key."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    name = host[: host.rindex("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return f"{parts.scheme}://{name}:5012"


def main(argv: list[str] | None = None) -> int:
    """Returns 0 if both were taken, else 1."""
    parser = argparse.ArgumentParser(prog="python -m monlight")
    commands = parser.add_subparsers(dest="command", required=True)
    test = commands.add_parser("test", help="send one error and one metric")
    test.add_argument("--url", default="http://127.0.0.1:5010", help="the error tracker")
    test.add_argument("--key", required=True, help="its API key")
    test.add_argument("--metrics-url", help="the collector; port 5012 of the tracker's host")
    test.add_argument("--metrics-key", help="its API key, if it is another")
    test.add_argument("--project", default="test")
    args = parser.parse_args(argv)
    metrics_url: str = args.metrics_url or _beside(args.url)

    try:
        raise RuntimeError("This is a test of python -m monlight")
    except RuntimeError as error:
        event = {"project": args.project} | _event.of_exception(error)
    point = [
        {"name": "monlight_test_total", "type": "counter", "value": 1, "project": args.project}
    ]
    errors = _try("error", args.url, args.key, Request("/api/errors", _encode(event)))
    metrics = _try(
        "metric",
        metrics_url,
        args.metrics_key or args.key,
        Request("/api/metrics", json.dumps(point).encode()),
    )
    return 0 if errors and metrics else 1


if __name__ == "__main__":
    sys.exit(main())
