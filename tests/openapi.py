# SPDX-License-Identifier: MIT
"""The documents of docs/openapi, and whether an answer is one they describe.

Every answer that a Client of a stack gets goes through check(), so that the
documents cannot say less or other than the services do.  A schema is compiled
when it is first wanted.  JSON Schema is used as draft 7 and OpenAPI 3.1 read it
alike: no prefixItems, nothing unevaluated.
"""

import copy
import functools
import gzip
import json
import re
from pathlib import Path

import fastjsonschema
import yaml

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "openapi"
METHODS = ("get", "post", "put", "patch", "delete", "options")

# What a gate or lighttpd may answer anybody, which each operation has as "default".
GATES = {401, 403, 405, 408, 411, 413, 414, 415, 417, 429, 431, 503, 504}


def read(name):
    with open(FOLDER / f"{name}.yaml", encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def local(node):
    """A copy in which what common.yaml has is referred to as if it were here."""
    if isinstance(node, dict):
        return {key: local(value) for key, value in node.items()}
    if isinstance(node, list):
        return [local(value) for value in node]
    return node.replace("common.yaml#", "#") if isinstance(node, str) else node


def follow(document, node):
    while "$ref" in node:
        place = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            place = place[step.replace("~1", "/").replace("~0", "~")]
        node = place
    return node


class Document:
    def __init__(self, service):
        self.service = service
        self.whole = local(read(service))
        parts = self.whole["components"]
        for kind, shared in copy.deepcopy(read("common"))["components"].items():
            own = parts.setdefault(kind, {})
            same = [name for name in own if name in shared and kind != "securitySchemes"]
            assert not same, f"{service}.yaml and common.yaml both have {kind} {same}"
            parts[kind] = {**shared, **own}
        self.operations = {}  # (method, path) -> operation
        self.patterns = []  # (pattern, path)
        for path, item in self.whole["paths"].items():
            for method, operation in follow(self.whole, item).items():
                if method in METHODS:
                    self.operations[method.upper(), path] = operation
            expression = re.sub(r"\\{[^/]*\\}", "[^/]+", re.escape(path))
            self.patterns.append((re.compile(expression), path))
        # A path without a place for anything is meant before one with.
        self.patterns.sort(key=lambda entry: entry[1].count("{"))
        self.validators = {}

    def find(self, method, target):
        """The path as the document spells it and the operation; None where there is none."""
        path = target.split("?", 1)[0]
        for pattern, name in self.patterns:
            if pattern.fullmatch(path) and (method, name) in self.operations:
                return name, self.operations[method, name]
        return None, None

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {
                "allOf": [schema],
                "components": {"schemas": self.whole["components"]["schemas"]},
            }
            self.validators[key] = fastjsonschema.compile(whole)
        return self.validators[key]

    def breach(self, method, target, status, headers, body):
        """What is wrong with the answer, or None."""
        path, operation = self.find("GET" if method == "HEAD" else method, target)
        if operation is None:
            if status < 400:
                return "the path or the method is not in the document"
            response = self.whole["components"]["responses"]["Refusal"]
        elif str(status) in operation["responses"]:
            response = operation["responses"][str(status)]
        elif status in GATES:
            response = operation["responses"]["default"]
        else:
            return f"status {status} is not among {', '.join(operation['responses'])}"
        if method == "HEAD":
            return None
        content = follow(self.whole, response).get("content")
        if not content:
            return "a body, which the document has none of" if body else None
        kind = (headers["Content-Type"] or "").split(";")[0]
        if kind not in content:
            return f"Content-Type {kind}, which is not among {', '.join(content)}"
        if "schema" not in content[kind]:
            return None
        if headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        try:
            self.validator(content[kind]["schema"])(json.loads(body))
        except (fastjsonschema.JsonSchemaException, ValueError) as why:
            return str(why)
        return None


@functools.cache
def document(service):
    return Document(service)


def check(service, method, target, answer):
    """Fails the test whose answer is not as docs/openapi has it."""
    if not target.split("?")[0].startswith(("/api/", "/health", "/metrics")):
        return
    # What lighttpd says for a service that is not there, or has just died, is no answer of it.
    own = FOLDER.parent.parent / "lighttpd" / "errors" / f"{answer.status}.html"
    if own.exists() and answer.body == own.read_bytes():
        return
    wrong = document(service).breach(method, target, answer.status, answer.headers, answer.body)
    assert wrong is None, (
        f"docs/openapi/{service}.yaml: {method} {target[:200]} -> {answer.status}: {wrong}\n"
        f"{answer.body[:2000]!r}"
    )
