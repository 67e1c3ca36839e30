# SPDX-License-Identifier: MIT
"""A container with lines, and questions to the log viewer about it."""

import time
from urllib.parse import quote

from containers import Container
from stack import eventually

KEYS = {"id", "timestamp", "container", "stream", "level", "message"}
LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
NOON = 1_700_000_000 * 10**9  # an instant long past, so that nobody else's lines are near


def messages(answer):
    return [line["message"] for line in answer.json["logs"]]


class Logs:
    """A container with lines, and questions about it alone."""

    def __init__(self, stack, client, name):
        self.client = client
        self.container = Container(stack.home / "containers", name, f"p-{name}", f"s-{name}")
        self.name = name
        self.written = 0

    def add(self, *lines):
        """Lines as (text, ns, stream), or texts of now; returns when they are to be found."""
        records = [(x, time.time_ns(), "stdout") if isinstance(x, str) else x for x in lines]
        self.container.write_all(records)
        self.written += len(records)
        assert eventually(lambda: self.total() == self.written, 20), self.total()

    def total(self):
        return self.get("limit=1").json["total"]

    def get(self, query="", path="/api/logs"):
        return self.client.get(f"{path}?container={self.name}&{query}")

    def find(self, search, **more):
        extra = "".join(f"&{name}={quote(str(value))}" for name, value in more.items())
        return messages(self.get(f"search={quote(search)}&order=asc{extra}"))
