# SPDX-License-Identifier: MIT
"""A client of server-sent events, as far as the live tail needs one."""

import json
import socket
import time
from dataclasses import dataclass
from email import message_from_string


@dataclass
class Event:
    name: str
    id: str
    data: object
    at: float  # time.monotonic() at which it was complete


class Stream:
    """An open stream.  status and headers at once; events as they come.

    It asks by HTTP/1.0, so that the answer is not cut into chunks.
    """

    def __init__(self, client, path, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if client.key is not None:
            headers.setdefault("X-API-Key", client.key)
        lines = [f"GET {path} HTTP/1.0", f"Host: 127.0.0.1:{client.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket = socket.create_connection(
            ("127.0.0.1", client.port), timeout=10, source_address=(client.source or "", 0)
        )
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.text = b""
        self.ended = False
        while b"\r\n\r\n" not in self.text and not self.ended:
            self.read_some(10)
        head, _, self.text = self.text.partition(b"\r\n\r\n")
        first, _, rest = head.decode().partition("\r\n")
        self.status = int(first.split()[1])
        self.headers = message_from_string(rest)
        self.last_id = None
        self.retry = None

    def body(self):
        while not self.ended:
            self.read_some(10)
        return json.loads(self.text)

    def read_some(self, seconds):
        self.socket.settimeout(max(seconds, 0.001))
        try:
            piece = self.socket.recv(65536)
        except TimeoutError:
            return
        except ConnectionResetError:
            piece = b""
        self.ended = not piece
        self.text += piece

    def next(self, seconds=10):
        """The next event, or None if there is none in time or the stream has ended."""
        deadline = time.monotonic() + seconds
        while True:
            while b"\n\n" in self.text:
                block, self.text = self.text.split(b"\n\n", 1)
                event = self.parse(block.decode())
                if event:
                    return event
            left = deadline - time.monotonic()
            if self.ended or left <= 0:
                return None
            self.read_some(left)

    def parse(self, block):
        name, data, seen = "message", [], False
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
                seen = True
            elif field == "id":
                self.last_id = value
            elif field == "retry":
                self.retry = int(value)
        if not seen:
            return None
        return Event(name, self.last_id, json.loads("\n".join(data)), time.monotonic())

    def take(self, n, name="log", seconds=10):
        """The data of the next n events of that name; fewer if they do not come in time."""
        found = []
        deadline = time.monotonic() + seconds
        while len(found) < n:
            event = self.next(deadline - time.monotonic())
            if event is None:
                break
            if event.name == name:
                found.append(event.data)
        return found

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
