# SPDX-License-Identifier: MIT
"""Signing in to the pages, and what a cookie may do."""

import hmac
import time
from http.cookies import SimpleCookie

import pytest
from ground import ALL, a_read, sign_in

from stack import UI_PASSWORD, report


def test_sign_in_by_key_and_by_password(client, service):
    for credentials, name, scope in (
        ({"key": client.key}, f"monlight_{service}", service),
        ({"password": UI_PASSWORD}, "monlight", "all"),
    ):
        answer = client.anonymous().post("/api/login", credentials)
        assert answer.status == 200
        assert answer.json["scope"] == scope
        assert answer.json["expires"]
        cookie = SimpleCookie(answer.headers["Set-Cookie"])[name]
        assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/"
        assert int(cookie["max-age"]) == 12 * 3600
        assert not cookie["secure"] and not cookie["domain"]
        assert client.key not in cookie.value and UI_PASSWORD not in cookie.value
        signed = client.anonymous().get(a_read(service), Cookie=f"{name}={cookie.value}")
        assert signed.status == 200


def test_the_session_says_who_is_signed_in_and_where_the_others_are(stack, client, service):
    nobody = client.anonymous().get("/api/session")
    assert nobody.status == 200
    assert nobody.json["signed_in"] is False
    cookie = sign_in(client, {"key": client.key})
    somebody = client.anonymous().get("/api/session", Cookie=cookie).json
    assert somebody["signed_in"] is True
    assert somebody["scope"] == service and somebody["service"] == service
    assert somebody["expires"] and somebody["version"]
    assert set(somebody["services"]) == set(ALL)


@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", ["", ":8080"])
def test_the_others_are_on_the_host_that_was_asked_for(stack, errors, host, port):
    services = errors.anonymous().get("/api/session", Host=host + port).json["services"]
    assert services["logs"] == f"http://{host}:{stack.ports['logs']}"


@pytest.mark.parametrize(
    "credentials",
    [{"key": "wrong"}, {"password": "wrong"}, {"key": ""}, {"password": ""}],
)
def test_a_wrong_credential_signs_nobody_in(client, credentials):
    answer = client.anonymous().post("/api/login", credentials)
    assert answer.status == 401
    assert answer.detail
    assert answer.headers["Set-Cookie"] is None


@pytest.mark.parametrize("credentials", [{}, [], {"key": 5}, {"password": None}, "x"])
def test_a_login_that_is_none_is_400(client, credentials):
    answer = client.anonymous().post("/api/login", credentials)
    assert answer.status == 400
    assert answer.detail


def test_without_a_password_set_none_is_right(fresh):
    stack = fresh(UI_PASSWORD="")
    errors = stack.client("errors").anonymous()
    for password in ("", UI_PASSWORD):
        assert errors.post("/api/login", {"password": password}).status in (400, 401)


def test_signing_out_takes_the_cookie_away(errors):
    cookie = sign_in(errors, {"key": errors.key})
    origin = f"http://127.0.0.1:{errors.port}"
    answer = errors.anonymous().post("/api/logout", {}, Cookie=cookie, Origin=origin)
    assert answer.status == 200
    gone = SimpleCookie()
    for header in answer.headers.get_all("Set-Cookie"):
        gone.load(header)
    assert gone["monlight_errors"].value == "" and int(gone["monlight_errors"]["max-age"]) == 0


def test_a_password_signs_in_everywhere_and_a_key_only_where_it_belongs(stack, errors, logs):
    everywhere = sign_in(errors, {"password": UI_PASSWORD})
    here = sign_in(errors, {"key": errors.key})
    assert logs.anonymous().get("/metrics", Cookie=everywhere).status == 200
    assert logs.anonymous().get("/metrics", Cookie=here).status == 401
    renamed = here.replace("monlight_errors", "monlight_logs")
    assert logs.anonymous().get("/metrics", Cookie=renamed).status == 401
    widened = here.replace("monlight_errors", "monlight")
    assert logs.anonymous().get("/metrics", Cookie=widened).status == 401


def test_a_tampered_cookie_is_refused(errors):
    name, _, value = sign_in(errors, {"key": errors.key}).partition("=")
    expiry, scope, mac = value.split(".")
    last = "0" if mac[-1] != "0" else "1"
    for forged in (
        f"{int(expiry) + 1}.{scope}.{mac}",
        f"{expiry}.all.{mac}",
        f"{expiry}.{scope}.{mac[:-1]}{last}",
        f"{expiry}.{scope}.",
        f"{expiry}.{scope}",
        f"{expiry}.{scope}.{mac}.",
        f"{expiry}.{scope}.{mac}0",
        f"+{expiry}.{scope}.{mac}",
        f"99999999999999999999.{scope}.{mac}",
        "",
        ".",
        "...",
        "x" * 4000,
    ):
        answer = errors.anonymous().get("/api/errors", Cookie=f"{name}={forged}")
        assert answer.status == 401, forged
        session = errors.anonymous().get("/api/session", Cookie=f"{name}={forged}")
        assert session.json["signed_in"] is False, forged


def test_the_sessions_end_is_signed_and_twelve_hours_away(errors):
    answer = errors.anonymous().post("/api/login", {"key": errors.key})
    value = answer.headers["Set-Cookie"].split(";")[0].partition("=")[2]
    expiry = int(value.split(".")[0])
    assert abs(expiry - time.time() - 12 * 3600) < 60


def signed_by(stack, expiry):
    """The cookie that a sign-in by password would have had with that end."""
    secret, text = stack.variables["SESSION_SECRET"], f"{expiry}.all"
    key = hmac.digest(secret.encode(), UI_PASSWORD.encode(), "sha256")
    return f"monlight={text}.{hmac.digest(key, text.encode(), 'sha256').hex()}"


def test_a_session_that_has_ended_signs_nobody_in(stack, client, service):
    for left, status in ((60, 200), (0, 401), (-3600, 401)):
        cookie = signed_by(stack, int(time.time()) + left)
        assert client.anonymous().get(a_read(service), Cookie=cookie).status == status
        session = client.anonymous().get("/api/session", Cookie=cookie).json
        assert session["signed_in"] is (status == 200)


WRITES = [
    ({"Origin": "own"}, 200),
    ({}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "own", "Content-Type": "text/plain"}, 403),
    ({"Origin": "own", "Content-Type": "application/x-www-form-urlencoded"}, 403),
]


@pytest.mark.parametrize("headers, status", WRITES)
def test_a_write_by_cookie_needs_our_own_origin_and_json(errors, project, headers, status):
    number = errors.post("/api/errors", report(project)).json["id"]
    cookie = sign_in(errors, {"password": UI_PASSWORD})
    own = f"http://127.0.0.1:{errors.port}"
    headers = {name: own if value == "own" else value for name, value in headers.items()}
    answer = errors.anonymous().request(
        "POST",
        f"/api/errors/{number}/resolve",
        json_body={},
        headers={"Cookie": cookie, **headers},
    )
    assert answer.status in ((status,) if status == 200 else (403, 415)), answer
    if status != 200:
        assert answer.detail


def test_a_write_by_key_needs_no_origin(errors, project):
    number = errors.post("/api/errors", report(project)).json["id"]
    path = f"/api/errors/{number}/resolve"
    assert errors.post(path).status == 200
    assert errors.post(path, Origin="http://evil.example").status == 200


def test_changing_the_key_ends_the_sessions_it_began(fresh):
    stack = fresh()
    errors = stack.client("errors")
    by_key = sign_in(errors, {"key": errors.key})
    by_password = sign_in(errors, {"password": UI_PASSWORD})
    assert stack.stop() == 0
    stack.variables["ERROR_TRACKER_API_KEY"] = "another-key-0123456789abcdef"
    stack.start()
    errors = stack.client("errors").anonymous()
    assert errors.get("/api/errors", Cookie=by_key).status == 401
    assert errors.get("/api/errors", Cookie=by_password).status == 200
    assert stack.stop() == 0
    stack.variables["UI_PASSWORD"] = "another password"
    stack.start()
    errors = stack.client("errors").anonymous()
    assert errors.get("/api/errors", Cookie=by_password).status == 401


def test_a_session_outlives_a_restart(fresh):
    stack = fresh()
    cookie = sign_in(stack.client("errors"), {"password": UI_PASSWORD})
    assert stack.stop() == 0
    stack.start()
    assert stack.client("errors").anonymous().get("/api/errors", Cookie=cookie).status == 200
