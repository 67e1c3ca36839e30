# SPDX-License-Identifier: MIT
"""The tracker's lists: errors by page, filter and search; projects, scopes."""

import itertools
import time
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from tracker import CONTRACT_MEMBERS, TIME, created, detail, listed, types

from stack import report

# ---- the list ----------------------------------------------------------------


def test_a_row_of_the_list(errors, project):
    number = created(errors, project, environment="live", level="fatal")
    found = listed(errors, project=project)
    (row,) = found["errors"]
    whole = detail(errors, number)
    for name in CONTRACT_MEMBERS:
        if name not in ("traceback", "resolved_at"):
            assert row[name] == whole[name], name
    assert row["source"] == "server" and row["status"] == "unresolved"
    assert row["level"] == "fatal" and row["environments"] == ["live"]
    assert "traceback" not in row
    assert found["total"] == 1 and found["limit"] == 50 and found["offset"] == 0
    assert found["next_cursor"] is None


@pytest.mark.parametrize(
    "given, limit",
    [
        ("0", 50),
        ("1", 1),
        ("200", 200),
        ("999", 200),
        ("abc", 50),
        ("-1", 50),
        ("", 50),
    ],
)
def test_limits_are_lenient(errors, given, limit):
    assert listed(errors, limit=given)["limit"] == limit


@pytest.mark.parametrize("given, offset", [("-1", 0), ("abc", 0), ("3", 3), ("", 0)])
def test_offsets_are_lenient(errors, given, offset):
    assert listed(errors, offset=given)["offset"] == offset


def many(errors, project, n=30):
    """n errors whose types tell their order: each is seen a second later than the one before."""
    start = datetime.now(UTC) - timedelta(hours=1)
    for i in range(n):
        created(
            errors,
            project,
            exception_type=f"E{i:02}",
            count=1 + (i * 7) % n,
            timestamp=(start + timedelta(seconds=i)).timestamp(),
        )
    return [f"E{i:02}" for i in range(n)]


def test_the_list_by_offset(errors, project):
    newest = many(errors, project, 12)[::-1]
    assert types(errors, project=project) == newest
    assert types(errors, project=project, limit=5, offset=5) == newest[5:10]
    assert listed(errors, project=project, limit=5, offset=5)["total"] == 12
    assert types(errors, project=project, offset=500) == []


def pages(errors, limit, **parameters):
    """Follows the cursor to the end."""
    found, cursor = [], {}
    for _ in range(100):
        page = listed(errors, limit=limit, **parameters, **cursor)
        found += page["errors"]
        if page["next_cursor"] is None:
            return found
        assert len(page["errors"]) == limit, "a page before the last has to be full"
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the cursor has no end")


@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "count"])
@pytest.mark.parametrize("limit", [1, 7, 10, 30])
def test_the_cursor_visits_each_error_once_in_order(errors, project, sort, limit):
    many(errors, project)
    found = pages(errors, limit, project=project, sort=sort)
    assert len(found) == 30
    assert len({row["id"] for row in found}) == 30
    keys = [(row[sort], row["id"]) for row in found]
    assert [key for key, _ in keys] == sorted((key for key, _ in keys), reverse=True)


def test_the_cursor_skips_nothing_when_all_were_seen_at_once(errors, project):
    now = time.time()
    for i in range(20):
        created(errors, project, exception_type=f"E{i}", timestamp=now)
    found = pages(errors, 3, project=project)
    assert len({row["id"] for row in found}) == len(found) == 20


def test_the_cursor_shows_no_error_twice_while_new_ones_arrive(errors, project):
    many(errors, project, 12)
    first = listed(errors, project=project, limit=5)
    created(errors, project, exception_type="New")
    second = listed(errors, project=project, limit=5, cursor=first["next_cursor"])
    seen = [row["exception_type"] for row in first["errors"] + second["errors"]]
    assert seen == [f"E{i:02}" for i in range(11, 1, -1)]


@pytest.mark.parametrize("cursor", ["nonsense", "0", "-", "x" * 500, "1.2.3.4"])
def test_a_cursor_that_is_none_is_400(errors, cursor):
    answer = errors.get(f"/api/errors?cursor={cursor}")
    assert answer.status == 400
    assert "cursor" in answer.detail


def test_a_cursor_of_another_order_is_400(errors, project):
    many(errors, project, 5)
    cursor = listed(errors, project=project, limit=2, sort="count")["next_cursor"]
    answer = errors.get(f"/api/errors?project={project}&sort=last_seen&cursor={quote(cursor)}")
    assert answer.status == 400


def test_filters_by_state(errors, project):
    for name in ("Open", "Resolved"):
        created(errors, project, exception_type=name)
    (row,) = [
        r for r in listed(errors, project=project)["errors"] if r["exception_type"] == "Resolved"
    ]
    errors.post(f"/api/errors/{row['id']}/resolve")
    for parameters, expected in (
        ({}, {"Open"}),
        ({"resolved": "true"}, {"Resolved"}),
        ({"resolved": "1"}, {"Resolved"}),
        ({"resolved": "false"}, {"Open"}),
        ({"resolved": "nonsense"}, {"Open"}),
        ({"status": "unresolved"}, {"Open"}),
        ({"status": "resolved"}, {"Resolved"}),
        ({"status": "ignored"}, set()),
        ({"status": "all"}, {"Open", "Resolved"}),
    ):
        assert set(types(errors, project=project, **parameters)) == expected, parameters


def test_filters_by_source(errors, project):
    created(errors, project, exception_type="Browser", request_method="BROWSER")
    created(errors, project, exception_type="Server", request_method="GET")
    created(errors, project, exception_type="Lower", request_method="browser")
    assert types(errors, project=project, source="browser") == ["Browser"]
    assert set(types(errors, project=project, source="server")) == {"Server", "Lower"}
    assert len(types(errors, project=project, source="nonsense")) == 3


def test_filters_by_session(errors, project):
    session = f"session-{project}"
    created(errors, project, exception_type="InExtra", extra={"session_id": session})
    created(errors, project, exception_type="OfItsOwn", session_id=session)
    created(errors, project, exception_type="Other", session_id="another")
    assert set(types(errors, project=project, session_id=session)) == {"InExtra", "OfItsOwn"}
    assert set(types(errors, session_id=session)) == {"InExtra", "OfItsOwn"}


def test_filters_by_time(errors, project):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    for i in range(5):
        created(
            errors,
            project,
            exception_type=f"E{i}",
            timestamp=(start + timedelta(minutes=i)).isoformat(),
        )
    third = start + timedelta(minutes=2)
    east = third.astimezone(timezone(timedelta(hours=2)))
    for spelled in (third.strftime(TIME), east.isoformat(), str(third.timestamp())):
        assert types(errors, project=project, since=spelled) == ["E4", "E3", "E2"], spelled
        assert set(types(errors, project=project, until=spelled)) in (
            {"E0", "E1"},
            {"E0", "E1", "E2"},
        )
    raw = errors.get(f"/api/errors?project={project}&since={third.strftime(TIME)}")
    assert raw.json["total"] == 3


@pytest.mark.parametrize(
    "query",
    ["until=yesterday", "status=open", "sort=name", "level=loud"],
)
def test_our_own_parameters_are_strict(errors, query):
    answer = errors.get(f"/api/errors?{query}")
    assert answer.status == 400
    assert query.split("=")[0] in answer.detail


def test_filters_by_environment_release_and_level(errors, project):
    for environment, release, level in itertools.product(
        ("live", "test"), ("1", "2"), ("error", "fatal")
    ):
        created(
            errors,
            project,
            exception_type=f"{environment} {release} {level}",
            environment=environment,
            release=release,
            level=level,
        )
    assert len(types(errors, project=project, environment="live")) == 4
    assert len(types(errors, project=project, release="2")) == 4
    assert len(types(errors, project=project, level="fatal")) == 4
    one = {"environment": "live", "release": "2", "level": "fatal"}
    assert types(errors, project=project, **one) == ["live 2 fatal"]
    assert types(errors, project=project, environment="none") == []


def test_an_environment_scopes_the_counts(errors, project):
    errors.post("/api/errors", report(project, environment="live", count=3))
    errors.post("/api/errors", report(project, environment="test", count=4))
    assert listed(errors, project=project)["errors"][0]["count"] == 7
    assert listed(errors, project=project, environment="live")["errors"][0]["count"] == 3


def test_search_finds_words_of_type_and_message(errors, project):
    created(errors, project, exception_type="ConnectionError", message="db-1.internal:5432 refused")
    created(errors, project, exception_type="ValueError", message="Größe 'x' isn't \"valid\"")
    for term, expected in (
        ("refused", ["ConnectionError"]),
        ("ConnectionError", ["ConnectionError"]),
        ("connectionerror", ["ConnectionError"]),
        ("db-1.internal:5432", ["ConnectionError"]),
        ("internal refused", ["ConnectionError"]),
        ("Größe", ["ValueError"]),
        ('"valid"', ["ValueError"]),
        ("isn't", ["ValueError"]),
        ("absent", []),
        ("refused valid", []),
    ):
        assert types(errors, project=project, search=term) == expected, term


def test_an_error_is_found_by_the_event_id_of_each_of_its_reports(errors, project):
    some = project[-8:]
    one, two, spaced = f"Ab-{some}", f"Cd-{some}", f"e f {some}"
    found = created(errors, project, exception_type="A", message="needle", event_id=one)
    for event in (two, spaced):
        again = report(project, exception_type="A", message="needle", event_id=event)
        assert errors.post("/api/errors", again).json["id"] == found
    created(errors, project, exception_type="B", message=f"needle event_id:{one}", event_id="other")
    elsewhere = f"{project}-too"
    created(errors, elsewhere, exception_type="C", session_id=elsewhere, event_id=one)
    for parameters, expected in (
        ({"search": f"event_id:{one}", "project": project}, {"A"}),
        ({"search": f"event_id:{two}"}, {"A"}),
        ({"search": f'event_id:"{spaced}"'}, {"A"}),
        ({"search": f"event_id:{one}"}, {"A", "C"}),
        ({"search": f"event_id:{one}", "sort": "count"}, {"A", "C"}),
        ({"search": f"event_id:{one}", "project": elsewhere}, {"C"}),
        ({"search": f"event_id:{one}", "session_id": elsewhere}, {"C"}),
        ({"search": f"event_id:{two}", "session_id": elsewhere}, set()),
        ({"search": f"needle event_id:{one}"}, {"A"}),
        ({"search": f"hay event_id:{one}"}, set()),
        ({"search": f"event_id:{one}", "status": "resolved"}, set()),
        ({"search": f"event_id:{one}", "environment": "none"}, set()),
        ({"search": f"event_id:{one.upper()}"}, set()),
        ({"search": f"event_id:{one[:-1]}"}, set()),
        ({"search": f'"event_id:{one}"', "project": project}, {"B"}),
        ({"search": "event_id:", "project": project}, {"B"}),
    ):
        page = listed(errors, **parameters)
        assert {row["exception_type"] for row in page["errors"]} == expected, parameters
        assert page["total"] == len(page["errors"]) and page["next_cursor"] is None, parameters
    rows = pages(errors, 1, search=f"event_id:{one}")
    assert [row["exception_type"] for row in rows] == types(errors, search=f"event_id:{one}")


@pytest.mark.parametrize(
    "term",
    [
        '"',
        "'",
        "*",
        "(",
        ")",
        "a:b",
        "NEAR(",
        "AND",
        "OR",
        "NOT x",
        "foo-bar",
        "10.0.0.1",
        "/api/x",
        "^",
        "-x",
        "\\",
        "%",
        "_",
        "🙂",
        "   ",
    ],
)
def test_no_search_is_a_syntax_error(errors, project, term):
    created(errors, project)
    answer = errors.get(f"/api/errors?{urlencode({'project': project, 'search': term})}")
    assert answer.status == 200


# Of a word that each message has a hundred times the index takes megabytes, for each time it
# is asked for: five hundred of them were gigabytes.
def test_a_search_has_a_bound_of_words(errors, project):
    created(errors, project, message="needle")
    assert types(errors, project=project, search="n " * 32) == ["TestError"]
    for search in ("n " * 33, '"' + "n " * 33, "n-" * 33):
        answer = errors.get(f"/api/errors?{urlencode({'project': project, 'search': search})}")
        assert answer.status == 400 and answer.detail == "search must be at most 32 words", search


def test_filters_combine(errors, project):
    created(errors, project, exception_type="A", message="needle", environment="live")
    created(errors, project, exception_type="B", message="needle", environment="test")
    created(errors, project, exception_type="C", message="hay", environment="live")
    assert types(errors, project=project, search="needle", environment="live") == ["A"]


def test_names_with_signs_in_them_are_found_again(errors, project):
    for name in ("a'b", 'a"b', "a&b=c", "a+b", "a b", "a%20b", "ä/ö", "a;b"):
        name = f"{name} {project}"[:60]
        created(errors, name)
        assert listed(errors, project=name)["total"] == 1, name
        assert name in errors.get("/api/projects").json["projects"]


# ---- projects ----------------------------------------------------------------


def test_projects_are_sorted_and_keep_those_whose_errors_are_resolved(errors, project):
    for name in ("b", "a", "B", "é"):
        number = created(errors, f"{project}-{name}")
        errors.post(f"/api/errors/{number}/resolve")
    names = errors.get("/api/projects").json["projects"]
    assert names == sorted(names, key=str.encode)
    assert [n for n in names if n.startswith(project + "-")] == [
        f"{project}-{name}" for name in ("B", "a", "b", "é")
    ]


# ---- retention ---------------------------------------------------------------


def test_a_row_says_how_many_people_were_hit(errors, project):
    number = created(errors, project, user_id="a")
    for user in ("a", "b", None):
        errors.post("/api/errors", report(project, user_id=user))
    assert [row["users"] for row in listed(errors, project=project)["errors"]] == [2]
    other = created(errors, project, fingerprint=["other"], user_id="b")
    errors.post("/api/errors/merge", {"into": number, "ids": [other]})
    assert [row["users"] for row in listed(errors, project=project)["errors"]] == [2]


# ---- scopes ------------------------------------------------------------------


def test_scopes_are_counted_by_status_and_project(fresh):
    errors = fresh().client("errors")
    for n, (project, environment, release) in enumerate(
        [("a", "live", "1"), ("a", "test", "2"), ("b", "live", "2"), ("b", None, None)]
    ):
        created(errors, project, exception_type=f"E{n}", environment=environment, release=release)
    resolved = listed(errors, release="1")["errors"][0]["id"]
    assert errors.post(f"/api/errors/{resolved}/resolve").status == 200

    def scopes(query=""):
        answer = errors.get(f"/api/scopes{query}")
        assert answer.status == 200, answer
        return [
            [(one["name"], one["errors"]) for one in answer.json[key]]
            for key in ("environments", "releases")
        ]

    assert scopes() == [[("live", 1), ("test", 1)], [("2", 2), ("1", 0)]]
    assert scopes("?status=resolved") == [[("live", 1), ("test", 0)], [("2", 0), ("1", 1)]]
    assert scopes("?project=b") == [[("live", 1)], [("2", 2), ("1", 0)]]
    assert scopes("?project=none")[0] == []
    assert errors.get("/api/scopes?status=some").status == 400
