# SPDX-License-Identifier: MIT
"""A model of the tracker: what errors of any keys and reports must show.

It keeps every report with its grouping key and adds up from scratch what an error of
such keys must show; the service moves keys and sums up what it has counted.
"""

import hashlib
import time
from collections import Counter, defaultdict

KEPT = 5  # MAX_OCCURRENCES, of the first and of the last reports of a key
DAY = 86400
LEVELS = ("debug", "info", "warning", "error", "fatal")
WORDS = "alpha bravo charlie delta echo foxtrot golf hotel".split()
ENVIRONMENTS = (None, "production", "staging", "test")
RELEASES = (None, "1.1.0", "1.2.0", "1.3.0")
STATES = ("unresolved", "resolved", "ignored")


def clock(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Key:
    def __init__(self, number, project, name):
        self.number, self.name = number, name
        text = f"{project}\n{name}"
        self.hex = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        self.reports = []  # as they arrived
        self.recent = 0  # counted since its error is ignored until more come


class Error:
    def __init__(self, id, project, keys, like=None):
        self.id, self.project, self.keys = id, project, keys
        self.status = like.status if like else "unresolved"
        self.release = like.release if like else None  # that it is resolved in
        self.terms = like.terms if like else None  # how many more bring it back
        self.history = []

    def note(self, action, detail, who="key"):
        self.history.insert(0, (action, who, detail))

    @property
    def reports(self):
        return sorted((r for key in self.keys for r in key.reports), key=lambda r: r["n"])

    @property
    def oldest(self):
        return min(self.keys, key=lambda key: key.number)

    @property
    def face(self):
        return self.oldest.reports[0]

    def set_status(self, status, release=None, terms=None, detail=None):
        if status == self.status != "ignored":
            return
        self.status, self.release, self.terms = status, release, terms
        for key in self.keys:
            key.recent = 0
        action = {"unresolved": "reopen", "resolved": "resolve", "ignored": "ignore"}[status]
        self.note(action, detail)


class Model:
    def __init__(self, projects):
        self.projects = projects
        self.errors = {}
        self.known = {}  # (project, name) -> (error, key)
        self.merged = {}  # id that was merged away -> the key that stands for it, in that order
        self.keys = 0
        self.arrived = 0

    def report(self, body, now, answer):
        """Counts it; the id of a new error is taken from the answer."""
        known = (body["project"], body["fingerprint"][0])
        body = {**body, "n": self.arrived}
        self.arrived += 1
        if known not in self.known:
            self.keys += 1
            error = Error(answer["id"], body["project"], [Key(self.keys, *known)])
            assert answer["id"] not in self.errors
            self.errors[error.id] = error
            self.known[known] = error, error.keys[0]
            expected = "created"
        else:
            error, key = self.known[known]
            expected = "reopened" if self.reopens(error, key, body, now) else "incremented"
            if expected == "reopened":
                error.status = "unresolved"
                error.note("reopen", body.get("release"), "report")
        error, key = self.known[known]
        key.reports.append(body)
        wanted = {"status": expected, "id": error.id}
        if expected == "created":
            wanted["fingerprint"] = key.hex
        else:
            wanted["count"] = sum(r["count"] for r in error.reports)
        assert answer == wanted

    def reopens(self, error, key, body, now):
        is_now = body["timestamp"] >= now - 60
        if error.status == "ignored" and error.terms:
            key.recent += body["count"] if is_now else 0
            return sum(key.recent for key in error.keys) >= error.terms
        if error.status == "resolved":
            release = body.get("release")
            return is_now and (None in (release, error.release) or release > error.release)
        return False

    def move(self, keys, to):
        for key in keys:
            to.keys.append(key)
            self.known[to.project, key.name] = to, key
            if to.status == "ignored":
                key.recent = 0

    def merge(self, into, others):
        for other in others:
            keys = sorted(other.keys, key=lambda key: key.number)
            taken = list(self.merged.values())
            self.merged[other.id] = next((key for key in keys if key not in taken), keys[0])
            self.move(other.keys, into)
            del self.errors[other.id]
        into.note("merge", ", ".join(f"#{other.id}" for other in others))

    def where(self, id):
        """Where an old link leads."""
        key = self.merged[id]
        return next(error for error in self.errors.values() if key in error.keys)

    def former(self, keys):
        """The id that the keys get back when they are taken out; none if it is a new one."""
        ids = [id for id, stands in self.merged.items() if stands in keys]
        return ids[-1] if ids else None

    def unmerge(self, error, keys, id):
        self.merged.pop(id, None)
        new = self.errors[id] = Error(id, error.project, [], error)
        error.keys = [key for key in error.keys if key not in keys]
        self.move(keys, new)
        error.note("unmerge", f"into #{id}")
        new.note("unmerge", f"from #{error.id}")

    def delete(self, error):
        for key in error.keys:
            del self.known[error.project, key.name]
        self.merged = {id: key for id, key in self.merged.items() if key not in error.keys}
        del self.errors[error.id]


def span(reports):
    return {
        "count": sum(r["count"] for r in reports),
        "first_seen": clock(min(r["timestamp"] for r in reports)),
        "last_seen": clock(max(r["timestamp"] for r in reports)),
    }


def named(reports, member):
    """What each environment or release counts, and when."""
    groups = defaultdict(list)
    for r in reports:
        if r.get(member):
            groups[r[member]].append(r)
    return [{"name": name, **span(group)} for name, group in sorted(groups.items())]


def tags(reports):
    counts = defaultdict(Counter)
    for r in reports:
        for name, value in r["tags"].items():
            counts[name][value] += r["count"]
    return [
        {
            "name": name,
            "count": values.total(),
            "values": [
                {"value": value, "count": count}
                for value, count in sorted(values.items(), key=lambda item: (-item[1], item[0]))
            ],
        }
        for name, values in sorted(counts.items())
    ]


def hours(reports, now, days):
    counts = Counter()
    for r in reports:
        if r["timestamp"] // DAY > now // DAY - days:
            counts[r["timestamp"] // 3600 * 3600] += r["count"]
    return [{"hour": clock(hour), "count": counts[hour]} for hour in sorted(counts)]


def kept(error):
    """Numbers of the reports that are kept as they came: by time, the newest first."""
    reports = []
    for key in error.keys:
        reports += key.reports[:KEPT] + key.reports[KEPT:][-KEPT:]
    return [r["n"] for r in sorted(reports, key=lambda r: (-r["timestamp"], -r["n"]))]


def name(error):
    """What a list and a detail say alike of which error it is."""
    return {
        "id": error.id,
        "fingerprint": error.oldest.hex,
        "project": error.project,
        "exception_type": error.face["exception_type"],
        "message": error.face["message"],
    }


def detail(error, now):
    reports = error.reports
    return {
        **name(error),
        "traceback": error.face["traceback"],
        **span(reports),
        "resolved": error.status == "resolved",
        "status": error.status,
        "source": source(error),
        "level": reports[-1]["level"],
        "environments": named(reports, "environment"),
        "releases": named(reports, "release"),
        "tags": tags(reports),
        "users": len({r["user_id"] for r in reports}),
        "hours": hours(reports, now, 14),
        "grouping": {
            "keys": [
                {"mechanism": "given", "key": key.hex, **span(key.reports)}
                for key in sorted(error.keys, key=lambda key: key.number)
            ]
        },
        "history": error.history[:100],
        "occurrences": kept(error)[:KEPT],
        "first_occurrence": min(kept(error)),
    }


def source(error):
    is_browser = any(r["request_method"] == "BROWSER" for r in error.reports)
    return "browser" if is_browser else "server"


def shown(answer):
    """A detail as it was served, in the shape of the model's."""
    d = dict(answer)
    assert (d.pop("resolved_at") is not None) == d["resolved"]
    for name in ("environments", "releases"):
        orders = {
            "environments": lambda row: (-row["count"], row["name"]),
            "releases": lambda row: (row["first_seen"], row["last_seen"]),
        }
        assert d[name] == sorted(d[name], key=orders[name], reverse=name == "releases")
        d[name] = sorted(d[name], key=lambda row: row["name"])
    d["history"] = [(row["action"], row["who"], row["detail"]) for row in d["history"]]
    d["occurrences"] = [row["extra"]["n"] for row in d["occurrences"]]
    d["first_occurrence"] = d["first_occurrence"]["extra"]["n"]
    return d


def matches(error, p):
    """The reports that a list with these parameters counts, or none if it leaves it out."""
    reports = error.reports
    in_scope = [
        r
        for r in reports
        if all(r.get(name) == p[name] for name in ("environment", "release") if name in p)
    ]
    firsts = [key.reports[0] for key in error.keys]
    words = " ".join(f"{r['exception_type']} {r['message']}" for r in firsts).lower().split()
    fits = (
        p.get("project") in (None, error.project)
        and p["status"] in ("all", error.status)
        and p.get("source") in (None, source(error))
        and p.get("level") in (None, reports[-1]["level"])
        and ("search" not in p or p["search"] in words)
        and ("session_id" not in p or any(r.get("session_id") == p["session_id"] for r in reports))
    )
    return in_scope if fits else []


def row(error, reports, now):
    start = now // 3600 - 23
    counts = Counter()
    for r in error.reports:
        counts[r["timestamp"] // 3600 - start] += r["count"]
    return {
        **name(error),
        **span(reports),
        "users": len({r["user_id"] for r in error.reports}),
        "resolved": error.status == "resolved",
        "source": source(error),
        "status": error.status,
        "level": error.reports[-1]["level"],
        "environments": [row["name"] for row in named(error.reports, "environment")],
        "hours": [counts[i] for i in range(24)],
    }


def by_value(rows, sort):
    """The rows, which must be in order; equal ones by id, of which a scope knows only the keys'."""
    values = [row[sort] for row in rows]
    assert values == sorted(values, reverse=True)
    return sorted(rows, key=lambda row: (row[sort], row["id"]), reverse=True)
