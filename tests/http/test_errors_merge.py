# SPDX-License-Identifier: MIT
"""Merging errors and taking them apart: all that is served equals a model.

The model keeps every report with its grouping key and adds up from scratch what an
error of such keys must show; the service moves keys and sums up what it has counted.
MONLIGHT_MERGE_STEPS and MONLIGHT_MERGE_SEEDS ask for more; a failure names its seed.
"""

import hashlib
import os
import random
import time
from collections import Counter, defaultdict
from urllib.parse import urlencode

import pytest

from stack import report

STEPS = int(os.environ.get("MONLIGHT_MERGE_STEPS", "120"))
SEEDS = int(os.environ.get("MONLIGHT_MERGE_SEEDS", "2"))
KEPT = 5  # MAX_OCCURRENCES, of the first and of the last reports of a key
DAY = 86400
LEVELS = ("debug", "info", "warning", "error", "fatal")
WORDS = "alpha bravo charlie delta echo foxtrot golf hotel".split()
ENVIRONMENTS = (None, "production", "staging", "test")
RELEASES = (None, "1.1.0", "1.2.0", "1.3.0")
STATES = ("unresolved", "resolved", "ignored")


def clock(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# ---- the model -------------------------------------------------------------------


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


# ---- what an error must show --------------------------------------------------------


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


def detail(error, now):
    reports = error.reports
    return {
        "id": error.id,
        "fingerprint": error.oldest.hex,
        "project": error.project,
        "exception_type": error.face["exception_type"],
        "message": error.face["message"],
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
        "id": error.id,
        "fingerprint": error.oldest.hex,
        "project": error.project,
        "exception_type": error.face["exception_type"],
        "message": error.face["message"],
        **span(reports),
        "users": len({r["user_id"] for r in error.reports}),
        "resolved": error.status == "resolved",
        "source": source(error),
        "status": error.status,
        "level": error.reports[-1]["level"],
        "environments": [row["name"] for row in named(error.reports, "environment")],
        "hours": [counts[i] for i in range(24)],
    }


# ---- one run ---------------------------------------------------------------------------


class Run:
    def __init__(self, client, project, seed):
        self.client, self.dice = client, random.Random(seed)
        self.projects = [f"{project}-{seed}-{n}" for n in range(2)]
        self.model = Model(self.projects)
        self.given = set()  # every id that there ever was
        # A session remembers a hundred keys, those of deleted errors among them.
        self.sessions = [f"{project}-{seed}-session-{n}" for n in range(20)]

    def any_error(self):
        return self.dice.choice(list(self.model.errors.values()))

    def post(self, path, body=None, status=200):
        answer = self.client.post(f"/api/errors{path}", body)
        assert answer.status == status, (path, body, answer)
        return answer.json

    def step(self):
        actions = {
            self.report: 60,
            self.merge: 12,
            self.unmerge: 10,
            self.set_status: 15,
            self.delete: 3,
        }
        self.dice.choices(list(actions), list(actions.values()))[0]()

    def report(self):
        dice, now = self.dice, int(time.time())
        body = {
            "project": dice.choice(self.projects),
            "exception_type": f"{dice.choice(WORDS).title()}",
            "message": f"{dice.choice(WORDS)} {dice.choice(WORDS)}",
            "traceback": f"trace {self.model.arrived}",
            "fingerprint": [f"key-{min(int(dice.expovariate(0.25)), 11)}"],
            "timestamp": now if dice.random() < 0.5 else now - dice.randrange(DAY, 10 * DAY),
            "count": dice.choice((1, 1, 1, 2, 7, 300)),
            "request_method": "BROWSER" if dice.random() < 0.1 else "GET",
            "environment": dice.choice(ENVIRONMENTS),
            "release": dice.choice(RELEASES),
            "level": dice.choice(LEVELS),
            "session_id": dice.choice(self.sessions),
            "user_id": f"user-{dice.randrange(6)}",
            "tags": {f"tag-{dice.randrange(3)}": dice.choice("xyz") for _ in range(2)},
            "extra": {"n": self.model.arrived},
        }
        answer = self.client.post("/api/errors", body)
        assert answer.status in (200, 201), answer
        self.model.report(body, now, answer.json)
        self.given.add(answer.json["id"])

    def merge(self):
        if not self.model.errors:
            return
        into = self.any_error()
        ids = list(self.model.errors)
        others = [
            self.model.errors[id] for id in self.dice.sample(ids, min(len(ids), 2)) if id != into.id
        ]
        if not others:
            return
        body = {"into": into.id, "ids": [other.id for other in others]}
        if any(other.project != into.project for other in others):
            self.post("/merge", body, 409)
            return
        answer = self.post("/merge", body)
        parts = [
            {
                "id": other.id,
                "keys": [key.hex for key in sorted(other.keys, key=lambda k: k.number)],
            }
            for other in others
        ]
        assert answer == {
            "status": "merged",
            "id": into.id,
            "merged": len(others),
            "parts": parts,
        }
        self.model.merge(into, others)

    def unmerge(self):
        merged = [error for error in self.model.errors.values() if len(error.keys) > 1]
        if not merged:
            return
        error = self.dice.choice(merged)
        keys = self.dice.sample(error.keys, self.dice.randrange(1, len(error.keys) + 1))
        body = {"id": error.id, "keys": [key.hex for key in keys]}
        if len(keys) == len(error.keys):
            self.post("/unmerge", body, 409)
            return
        answer = self.post("/unmerge", body)
        assert answer == {"status": "unmerged", "id": answer["id"], "from": error.id}
        former = self.model.former(keys)
        assert former in (None, answer["id"])
        assert former or answer["id"] not in self.given
        self.given.add(answer["id"])
        self.model.unmerge(error, keys, answer["id"])

    def set_status(self):
        if not self.model.errors:
            return
        error = self.any_error()
        body, changes, detail = self.dice.choice(
            (
                ({"action": "resolve"}, {"status": "resolved"}, None),
                (
                    {"action": "resolve", "release": "1.2.0"},
                    {"status": "resolved", "release": "1.2.0"},
                    "in release 1.2.0",
                ),
                ({"action": "reopen"}, {"status": "unresolved"}, None),
                ({"action": "ignore"}, {"status": "ignored"}, None),
                (
                    {"action": "ignore", "count": 9, "minutes": 120},
                    {"status": "ignored", "terms": 9},
                    "until 9 more in 120 minutes",
                ),
            )
        )
        self.post("/bulk", {**body, "ids": [error.id]})
        error.set_status(**changes, detail=detail)

    def delete(self):
        if self.model.errors:
            error = self.any_error()
            assert self.client.request("DELETE", f"/api/errors/{error.id}").status == 200
            self.model.delete(error)

    # ---- checking

    def within_an_hour(self, check):
        """Hours are counted from now: a check that saw the hour change is made again."""
        while True:
            now = int(time.time())
            result = check(now)
            if int(time.time()) // 3600 == now // 3600:
                return result

    def check_details(self):
        for error in self.model.errors.values():
            path = f"/api/errors/{error.id}"
            served, expected = self.within_an_hour(
                lambda now, path=path, error=error: (
                    shown(self.client.get(path).json),
                    detail(error, now),
                )
            )
            assert served == expected
            occurrences = self.client.get(f"{path}/occurrences").json["occurrences"]
            assert [o["extra"]["n"] for o in occurrences] == kept(error)

    def check_old_links(self):
        for id in self.given - set(self.model.errors):
            answer = self.client.get(f"/api/errors/{id}")
            if id in self.model.merged:
                assert answer.json["id"] == self.model.where(id).id
            else:
                assert (answer.status, answer.json) == (404, {"detail": "Error not found"})

    def check_lists(self):
        for p in self.lists():
            served, expected = self.within_an_hour(
                lambda now, p=p: (self.ask(p), self.wanted(p, now))
            )
            assert [r["id"] for r in served] == [r["id"] for r in expected], p
            assert served == expected, p

    def check_scopes(self):
        for project in self.projects:
            for status in STATES:
                answer = self.client.get(
                    f"/api/scopes?{urlencode({'project': project, 'status': status})}"
                )
                served = {row["name"]: row["errors"] for row in answer.json["environments"]}
                counts = Counter(
                    row["name"]
                    for error in self.model.errors.values()
                    if (error.project, error.status) == (project, status)
                    for row in named(error.reports, "environment")
                )
                assert {name: n for name, n in served.items() if n > 0} == counts

    def lists(self):
        dice = self.dice
        for project in self.projects:
            for sort in ("last_seen", "first_seen", "count"):
                for status in (*STATES, "all"):
                    yield {"project": project, "status": status, "sort": sort}
                for release in RELEASES[1:]:
                    yield {"project": project, "status": "all", "sort": sort, "release": release}
                for environment in ENVIRONMENTS[1:]:
                    p = {"project": project, "sort": sort, "environment": environment}
                    yield {**p, "status": "all"}
                    yield {**p, "status": dice.choice(STATES), "release": "1.2.0"}
                    yield {**p, "status": "all", "search": dice.choice(WORDS)}
                yield {
                    "project": project,
                    "status": "all",
                    "sort": sort,
                    "session_id": dice.choice(self.sessions),
                }
                yield {"project": project, "status": "all", "sort": sort, "source": "browser"}
            for level in LEVELS:
                yield {"project": project, "status": "all", "sort": "last_seen", "level": level}
            for word in WORDS:
                yield {"project": project, "status": "all", "sort": "last_seen", "search": word}

    def ask(self, p):
        answer = self.client.get(f"/api/errors?{urlencode({**p, 'limit': 200})}").json
        assert answer["next_cursor"] is None
        assert answer["total"] == len(answer["errors"])
        return by_value(answer["errors"], p["sort"])

    def wanted(self, p, now):
        found = ((error, matches(error, p)) for error in self.model.errors.values())
        rows = [row(error, reports, now) for error, reports in found if reports]
        return sorted(rows, key=lambda row: (row[p["sort"]], row["id"]), reverse=True)


def by_value(rows, sort):
    """The rows, which must be in order; equal ones by id, of which a scope knows only the keys'."""
    values = [row[sort] for row in rows]
    assert values == sorted(values, reverse=True)
    return sorted(rows, key=lambda row: (row[sort], row["id"]), reverse=True)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_merged_or_not_all_numbers_are_those_of_the_reports(errors, project, seed):
    print(f"seed {seed}, {STEPS} steps")
    run = Run(errors, project, seed)
    for step in range(1, STEPS + 1):
        run.step()
        if step % 40 == 0 or step == STEPS:
            run.check_details()
            run.check_old_links()
            run.check_lists()
            run.check_scopes()


# ---- one by one --------------------------------------------------------------------------


def made(errors, project, *names):
    """An error for each name; their ids and keys."""
    answers = [errors.post("/api/errors", report(project, fingerprint=[n])).json for n in names]
    assert all(answer["status"] == "created" for answer in answers)
    return [answer["id"] for answer in answers], [answer["fingerprint"] for answer in answers]


def test_a_report_after_the_merge_goes_back_with_its_key(errors, project):
    (a, b), (key_a, key_b) = made(errors, project, "a", "b")
    assert errors.post("/api/errors/merge", {"into": b, "ids": [a]}).status == 200
    later = errors.post("/api/errors", report(project, fingerprint=["a"], environment="late"))
    assert later.json == {"status": "incremented", "id": b, "count": 3}
    assert errors.post("/api/errors/unmerge", {"id": b, "keys": [key_a]}).json["id"] == a
    taken = errors.get(f"/api/errors/{a}").json
    assert (taken["count"], [e["name"] for e in taken["environments"]]) == (2, ["late"])
    left = errors.get(f"/api/errors/{b}").json
    assert (left["count"], left["environments"], left["fingerprint"]) == (1, [], key_b)
    answer = errors.post("/api/errors", report(project, fingerprint=["a"])).json
    assert answer == {"status": "incremented", "id": a, "count": 3}


@pytest.mark.parametrize("first_goes", ["first", "last"])
def test_an_old_link_leads_to_what_the_error_was_merged_into(errors, project, first_goes):
    ids, keys = made(errors, project, "a", "b", "c")
    c = ids[2]
    (a, key_a), (b, key_b) = sorted(
        zip(ids[:2], keys[:2], strict=True), reverse=first_goes == "last"
    )
    errors.post("/api/errors/merge", {"into": b, "ids": [a]})
    errors.post("/api/errors/merge", {"into": c, "ids": [b]})
    served = errors.get(f"/api/errors/{c}").json
    kept = errors.get(f"/api/errors/{c}/occurrences").json
    for old in (a, b):
        assert errors.get(f"/api/errors/{old}").json == served
        assert errors.get(f"/api/errors/{old}/occurrences").json == kept
        # What is done to an error is not done to more than was meant.
        for method, path in (("POST", "/resolve"), ("POST", "/ignore"), ("DELETE", "")):
            answer = errors.request(method, f"/api/errors/{old}{path}")
            assert answer.status == 404
            assert answer.json == {"detail": "Error not found", "merged_into": c}
    # Taken out again, each is itself, and the other stays where it is.
    assert errors.post("/api/errors/unmerge", {"id": c, "keys": [key_b]}).json["id"] == b
    assert [errors.get(f"/api/errors/{id}").json["id"] for id in (a, b, c)] == [c, b, c]
    assert errors.post("/api/errors/unmerge", {"id": c, "keys": [key_a]}).json["id"] == a
    assert errors.post(f"/api/errors/{a}/resolve").status == 200
    # Taken out together, they are the one they were before.
    errors.post("/api/errors/merge", {"into": b, "ids": [a]})
    merged = errors.post("/api/errors/merge", {"into": c, "ids": [b]}).json
    assert merged["parts"] == [{"id": b, "keys": keys[:2]}]
    assert errors.post("/api/errors/unmerge", {"id": c, "keys": keys[:2]}).json["id"] == b
    assert [errors.get(f"/api/errors/{id}").json["id"] for id in (a, b, c)] == [b, b, c]
    assert errors.post("/api/errors/unmerge", {"id": b, "keys": [key_a]}).json["id"] == a
    # What was deleted is gone, and its id is no other error's.
    errors.post("/api/errors/merge", {"into": c, "ids": [a]})
    errors.request("DELETE", f"/api/errors/{c}")
    for old in (a, c):
        answer = errors.get(f"/api/errors/{old}")
        assert (answer.status, answer.json) == (404, {"detail": "Error not found"})
    assert made(errors, project, "c")[0][0] > c


def test_an_error_is_found_by_the_words_of_all_that_was_merged_into_it(errors, project):
    names = [f"name-{n}" for n in range(12)]
    ids = [
        errors.post(
            "/api/errors",
            report(
                project,
                fingerprint=[name],
                exception_type=f"{word}Error",
                message=f"it {word}s {'often' if n else 'once'}",
                timestamp=int(time.time()) - n,
            ),
        ).json["id"]
        for n, name in enumerate(names)
        for word in [WORDS[n % 6]]
    ]
    # The first has the words alpha to foxtrot, the others one each; often is not in its name.
    errors.post("/api/errors/merge", {"into": ids[0], "ids": ids[1:6]})

    def found(search, limit):
        pages, cursor = [], {}
        while True:
            p = {"project": project, "search": search, "limit": limit, **cursor}
            page = errors.get(f"/api/errors?{urlencode(p)}").json
            pages += [row["id"] for row in page["errors"]]
            if page["next_cursor"] is None:
                return pages
            cursor = {"cursor": page["next_cursor"]}

    # With a limit of one, words of five errors are common: the rows are looked at one by one.
    for limit in (50, 1):
        assert found("often", limit) == [ids[0], *ids[6:]]
        assert found("bravoError", limit) == [ids[0], ids[7]]
        assert found('"it foxtrots"', limit) == [ids[0], ids[11]]
        assert found("alphas often", limit) == [ids[6]]
        assert found("alphas bravos", limit) == []
    keys = errors.get(f"/api/errors/{ids[0]}").json["grouping"]["keys"]
    errors.post("/api/errors/unmerge", {"id": ids[0], "keys": [keys[1]["key"]]})
    for limit in (50, 1):
        assert found("bravos", limit) == [ids[1], ids[7]]
    errors.request("DELETE", f"/api/errors/{ids[0]}")
    for limit in (50, 1):
        assert found("foxtrots", limit) == [ids[11]]
        assert found("often", limit) == [ids[1], *ids[6:]]


def test_the_state_is_that_of_the_error_merged_into(errors, project):
    (a, b, c), (_, key_b, _) = made(errors, project, "a", "b", "c")
    errors.post(f"/api/errors/{a}/resolve")
    errors.post(f"/api/errors/{c}/ignore")
    assert errors.post("/api/errors/merge", {"into": a, "ids": [b, c]}).status == 200
    assert errors.get(f"/api/errors/{a}").json["status"] == "resolved"
    new = errors.post("/api/errors/unmerge", {"id": a, "keys": [key_b]}).json["id"]
    assert errors.get(f"/api/errors/{new}").json["status"] == "resolved"
    assert errors.post("/api/errors", report(project, fingerprint=["b"])).json["id"] == new
    assert errors.get(f"/api/errors/{new}").json["status"] == "unresolved"
    assert errors.get(f"/api/errors/{a}").json["status"] == "resolved"


def test_of_many_keys_two_hundred_occurrences_are_listed(errors, project):
    ids, _ = made(errors, project, *(f"key-{n}" for n in range(201)))
    assert errors.post("/api/errors/merge", {"into": ids[0], "ids": ids[1:]}).json["merged"] == 200
    served = errors.get(f"/api/errors/{ids[0]}").json
    assert (served["count"], len(served["grouping"]["keys"])) == (201, 201)
    occurrences = errors.get(f"/api/errors/{ids[0]}/occurrences").json["occurrences"]
    assert len(occurrences) == 200
    assert [o["id"] for o in occurrences[:5]] == [o["id"] for o in served["occurrences"]]
    assert served["first_occurrence"]["id"] not in [o["id"] for o in occurrences]


def test_an_error_named_twice_is_merged_once(errors, project):
    (a, b), _ = made(errors, project, "a", "b")
    answer = errors.post("/api/errors/merge", {"into": a, "ids": [b, b]})
    assert (answer.status, answer.json["merged"]) == (200, 1)


def test_what_cannot_be_merged_stays_as_it_is(errors, project):
    (a, b), _ = made(errors, project, "a", "b")
    (other,), _ = made(errors, f"{project}-other", "a")
    for body, status, said in (
        ({}, 400, "Field 'ids'"),
        ({"into": a}, 400, "Field 'ids'"),
        ({"into": a, "ids": []}, 400, "Field 'ids'"),
        ({"into": a, "ids": ["1"]}, 400, "ids only"),
        ({"ids": [b]}, 400, "Field 'into'"),
        ({"into": "1", "ids": [b]}, 400, "Field 'into'"),
        ({"into": a, "ids": [b, a]}, 400, "with itself"),
        ({"into": 1 << 50, "ids": [b]}, 404, "no error"),
        ({"into": a, "ids": [b, 1 << 50]}, 404, "no error"),
        ({"into": a, "ids": [b, other]}, 409, "different projects"),
    ):
        answer = errors.post("/api/errors/merge", body)
        assert (answer.status, said in answer.detail) == (status, True), (body, answer)
    for error in (a, b, other):
        served = errors.get(f"/api/errors/{error}").json
        assert (served["count"], served["history"]) == (1, [])


def test_what_cannot_be_taken_apart_stays_as_it_is(errors, project):
    (a, b, c), (key_a, key_b, key_c) = made(errors, project, "a", "b", "c")
    errors.post("/api/errors/merge", {"into": a, "ids": [b]})
    for body, status, said in (
        ({}, 400, "Field 'id'"),
        ({"id": a}, 400, "Field 'keys'"),
        ({"id": a, "keys": []}, 400, "Field 'keys'"),
        ({"id": a, "keys": [1]}, 400, "grouping.keys"),
        ({"id": 1 << 50, "keys": [key_a]}, 404, "no error"),
        ({"id": a, "keys": [key_c]}, 404, "no key"),
        ({"id": a, "keys": [key_b, key_b]}, 404, "twice"),
        ({"id": a, "keys": [key_a, key_b]}, 409, "at least one"),
        ({"id": c, "keys": [key_c]}, 409, "at least one"),
    ):
        answer = errors.post("/api/errors/unmerge", body)
        assert (answer.status, said in answer.detail) == (status, True), (body, answer)
    served = errors.get(f"/api/errors/{a}").json
    assert [key["key"] for key in served["grouping"]["keys"]] == [key_a, key_b]
    assert [entry["action"] for entry in served["history"]] == ["merge"]
    assert errors.get(f"/api/errors?project={project}&status=all").json["total"] == 2
