# SPDX-License-Identifier: MIT
"""Containers as Docker leaves them on disk, for the log viewer to find."""

import hashlib
import json
import os
import struct
import time
from datetime import UTC, datetime


def rfc3339(ns):
    """Nanoseconds as Docker writes them: UTC, trailing zeros of the fraction cut off."""
    whole = datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{ns % 10**9:09d}".rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def parse_ns(text):
    """The same way back, to the nanosecond."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return int(seconds) * 10**9 + int(f"{fraction:0<9}" if fraction else 0)


def varint(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def local_record(text, ns, stream):
    """As the local driver writes it: protobuf between two lengths."""
    line = text.encode()
    body = b"\x0a" + varint(len(stream)) + stream.encode() + b"\x10" + varint(ns)
    body += b"\x1a" + varint(len(line)) + line
    return struct.pack(">I", len(body)) + body + struct.pack(">I", len(body))


def write_cri(path, lines):
    """As Kubernetes has a container's log: (text, ns, stream)."""
    with open(path, "a") as file:
        file.writelines(f"{rfc3339(ns)} {stream} F {text}\n" for text, ns, stream in lines)


class Container:
    """One container's directory with a log of the json-file driver."""

    def __init__(self, sources, name, project=None, service=None):
        self.id = hashlib.sha256(f"{sources}/{name}/{time.monotonic_ns()}".encode()).hexdigest()
        self.name = name
        self.directory = os.path.join(sources, self.id)
        labels = {}
        if project:
            labels["com.docker.compose.project"] = project
        if service:
            labels["com.docker.compose.service"] = service
        os.mkdir(self.directory)
        self.put("hostconfig.json", {"LogConfig": {"Type": "json-file", "Config": {}}})
        self.put(
            "config.v2.json",
            {
                "ID": self.id,
                "Name": f"/{name}",
                "Created": rfc3339(time.time_ns()),
                "Config": {"Image": "example:latest", "Labels": labels},
                "State": {"Running": True, "OOMKilled": False, "ExitCode": 0},
                "RestartCount": 0,
                "LogPath": self.path,
            },
        )
        self.log = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)

    @property
    def path(self):
        return os.path.join(self.directory, f"{self.id}-json.log")

    def put(self, file, content):
        """Replaced as a whole, as Docker does it."""
        temporary = os.path.join(self.directory, f".tmp-{file}")
        with open(temporary, "w") as out:
            json.dump(content, out)
        os.rename(temporary, os.path.join(self.directory, file))

    def record(self, text, ns=None, stream="stdout"):
        ns = time.time_ns() if ns is None else ns
        return (
            json.dumps({"log": text + "\n", "stream": stream, "time": rfc3339(ns)}) + "\n"
        ).encode()

    def write(self, *texts, ns=None, stream="stdout"):
        """Lines, one write each as Docker does it; all of one time if it is given."""
        for text in texts:
            os.write(self.log, self.record(text, ns, stream))

    def write_all(self, lines):
        """Many at once: (text, ns, stream)."""
        rest = b"".join(self.record(*line) for line in lines)
        while rest:
            rest = rest[os.write(self.log, rest) :]

    def write_local(self, lines, file="local-logs/container.log"):
        """With the local driver, or as the cache beside a driver that sends logs away."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        path = os.path.join(self.directory, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "ab") as out:
            out.writelines(local_record(*line) for line in lines)

    def __del__(self):
        os.close(self.log)
