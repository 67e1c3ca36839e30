# SPDX-License-Identifier: MIT
"""Pages that report through the relay, and a source map of theirs."""

ORIGIN = "https://shop.example"
STACK = "TypeError: x is undefined\n    at f (https://shop.example/static/app.js:1:2)"

# Of "function pay(t){throw t}", which was three lines of source.
MAP = {
    "version": 3,
    "sources": ["../src/pay.ts"],
    "sourcesContent": ["function pay(cart) {\n  throw cart;\n}\n"],
    "names": ["pay", "cart"],
    "mappings": "AAAA,SAASA,IAAIC,GACX,MAAMA",
}
# Where the word throw stands in it, counted from 1.
THROW = "1:17"
CORS = "Access-Control-"


def browser_report(**members):
    body = {"type": "TypeError", "message": "x is undefined", "stack": STACK}
    return {**body, **members}


class Page:
    """A page of some origin, with a DSN key."""

    def __init__(self, relay, key, origin=ORIGIN):
        self.relay, self.key, self.origin = relay.anonymous(), key, origin

    def send(self, path, json_body=None, body=None, method="POST", query="", **headers):
        given = {"X-Monlight-Key": self.key, "Origin": self.origin}
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        given = {name: value for name, value in given.items() if value is not None}
        return self.relay.request(
            method, f"/api/browser/{path}{query}", body=body, headers=given, json_body=json_body
        )

    def error(self, **members):
        return self.send("errors", browser_report(**members))

    def metrics(self, *items, **members):
        return self.send("metrics", {"metrics": list(items), **members})


def new_key(relay, project, *origins):
    body = {"project": project}
    if origins:
        body["origins"] = list(origins)
    answer = relay.post("/api/dsn-keys", body)
    assert answer.status == 201, answer
    return answer.json


def newest_error(errors, project):
    """The newest error of a project, in full."""
    rows = errors.get(f"/api/errors?project={project}").json["errors"]
    return errors.get(f"/api/errors/{rows[0]['id']}").json


def metric(**members):
    return {"name": "clicks", "type": "counter", "value": 1, **members}


def allowed(answer):
    return answer.headers[CORS + "Allow-Origin"], answer.headers[CORS + "Allow-Credentials"]
