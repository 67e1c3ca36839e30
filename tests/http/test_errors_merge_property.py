# SPDX-License-Identifier: MIT
"""Merging errors and taking them apart: all that is served equals a model.

MONLIGHT_MERGE_STEPS and MONLIGHT_MERGE_SEEDS ask for more; a failure names its seed.
"""

import os
import random
import time
from collections import Counter
from urllib.parse import urlencode

import pytest
from errors_model import (
    DAY,
    ENVIRONMENTS,
    LEVELS,
    RELEASES,
    STATES,
    WORDS,
    Model,
    by_value,
    detail,
    kept,
    matches,
    named,
    row,
    shown,
)

STEPS = int(os.environ.get("MONLIGHT_MERGE_STEPS", "120"))
SEEDS = int(os.environ.get("MONLIGHT_MERGE_SEEDS", "2"))


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
