# SPDX-License-Identifier: MIT
"""Secrets in reports, which the tracker does not keep."""

import pytest
from tracker import created, detail

SECRET = "s3cr3t-value-that-must-not-be-kept"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "authorization",
        "Cookie",
        "Set-Cookie",
        "X-API-Key",
        "X-Auth-Token",
        "Proxy-Authorization",
        "X-CSRF-Token",
    ],
)
def test_headers_that_carry_secrets_are_not_kept(stack, errors, project, name):
    headers = {name: SECRET, "Accept": "text/html"}
    occurrence = detail(errors, created(errors, project, request_headers=headers))["occurrences"][0]
    assert occurrence["request_headers"]["Accept"] == "text/html"
    assert name in occurrence["request_headers"], "that it was there is worth knowing"
    assert SECRET not in str(occurrence)
    assert_not_stored(stack)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwd",
        "secret",
        "api_key",
        "apiKey",
        "access_token",
        "client_secret",
        "private_key",
    ],
)
def test_obvious_secrets_in_extra_are_not_kept(stack, errors, project, name):
    extra = {"form": {name: SECRET, "city": "Ulm"}, "list": [{name: SECRET}]}
    occurrence = detail(errors, created(errors, project, extra=extra))["occurrences"][0]
    assert occurrence["extra"]["form"]["city"] == "Ulm"
    assert SECRET not in str(occurrence)
    assert_not_stored(stack)


@pytest.mark.parametrize(
    "members",
    [
        {"tags": {"api_key": SECRET, "plan": "gold"}},
        {"tags": {"url": f"/login?token={SECRET}"}},
        {"request_url": f"https://shop.example/cb#access_token={SECRET}&state=1"},
        {"request_url": f"https://ann:{SECRET}@shop.example/"},
        {"request_headers": {"Referer": f"https://shop.example/?password={SECRET}"}},
        {"request_headers": [["Accept", "*/*"], ["Cookie", SECRET]]},
        {"extra": {"form": f"city=Ulm&password={SECRET}"}},
        {"extra": {"database": f"postgres://app:{SECRET}@db/shop"}},
        {"breadcrumbs": [{"message": f"GET /x?api_key={SECRET}"}]},
    ],
)
def test_secrets_in_addresses_tags_and_lists_are_not_kept(stack, errors, project, members):
    """Tags are counted besides being kept, which made two places of a secret in them."""
    error = detail(errors, created(errors, project, **members))
    assert SECRET not in str(error)
    assert "[redacted]" in str(error)
    assert_not_stored(stack)


def assert_not_stored(stack):
    """The plain bytes; what is packed was looked at through the API."""
    for path in (stack.home / "data").iterdir():
        assert SECRET.encode() not in path.read_bytes(), path


def test_what_was_left_out_is_counted(errors, project):
    def scrubbed():
        lines = errors.get("/metrics").body.decode().splitlines()
        return sum(
            float(x.split()[-1]) for x in lines if x.startswith("monlight_") and "scrub" in x
        )

    before = scrubbed()
    created(errors, project, request_headers={"Cookie": SECRET})
    assert scrubbed() > before


def test_scrubbing_can_be_switched_off(fresh, project):
    errors = fresh(SCRUB="off").client("errors")
    headers = {"Cookie": SECRET}
    occurrence = detail(errors, created(errors, project, request_headers=headers))["occurrences"][0]
    assert occurrence["request_headers"] == headers
