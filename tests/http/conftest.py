# SPDX-License-Identifier: MIT
"""Fixtures that several files share: of every service, the viewer, the collector, the relay."""

import pytest
from collector import roll_up
from ground import ALL
from pages import ORIGIN, Page, new_key, newest_error
from viewer import Logs


@pytest.fixture(params=ALL)
def service(request):
    return request.param


@pytest.fixture
def client(stack, service, address):
    return stack.client(service, address)


@pytest.fixture
def lines(stack, logs, project):
    return Logs(stack, logs, project)


# Every view must say the same before and after the points are in the tiers.
@pytest.fixture(params=["not compacted", "compacted"])
def settled(request, stack):
    return (lambda: roll_up(stack)) if request.param == "compacted" else (lambda: None)


@pytest.fixture
def name(project):
    """A name of this test's own."""
    return project.replace("[", "_").replace("]", "_")


@pytest.fixture
def page(relay, project):
    return Page(relay, new_key(relay, project, ORIGIN)["public_key"])


@pytest.fixture
def latest(errors, project):
    """The newest error of this test's project, in full."""

    return lambda: newest_error(errors, project)
