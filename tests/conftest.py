# SPDX-License-Identifier: MIT
"""Fixtures of the black-box and the fault tests.

After every test the responders must be the same processes as before it, and
the stack must have said nothing that http/expected_stderr.txt does not list:
a crash, a restart or a sanitizer's report fails the test that caused it.
"""

import re
import signal
import zlib

import pytest

from stack import Stack

# A job in a shell's background has Ctrl-C switched off, one under nohup the hangup, and so
# would have what it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_make_parametrize_id(val):
    """Names of cases stay readable, whatever bytes a case is about."""
    return re.sub(r"[^\x20-\x7e]", "?", str(val))[:40] if isinstance(val, (str, bytes)) else None


def plain_name(request):
    return request.node.originalname or request.node.name


@pytest.fixture(scope="session")
def session_stack():
    stack = Stack()
    try:
        stack.start()
        yield stack
        assert stack.stop() == 0
        assert not stack.unexpected("stop")
    finally:
        stack.destroy()


@pytest.fixture
def stack(session_stack, request):
    """The stack that most tests share.  Limits are off; see fresh for others."""
    stack = session_stack
    before = stack.pools()
    stack.unexpected("*")
    yield stack
    said = stack.unexpected(plain_name(request))
    assert not said, "\n".join(said)
    if not request.node.get_closest_marker("kills"):
        assert stack.pools() == before, "a process has died"


@pytest.fixture
def fresh(request):
    """Starts a stack of one's own: fresh(RATE_LIMIT=5).  fresh.make() does not start it yet."""
    stacks = []

    def make(**arguments):
        stacks.append(Stack(**arguments))
        return stacks[-1]

    def start(**arguments):
        return make(**arguments).start()

    start.make = make
    try:
        yield start
        for stack in stacks:
            if stack.process and stack.process.poll() is None:
                assert stack.stop() == 0
            said = stack.unexpected(plain_name(request))
            assert not said, "\n".join(said)
    finally:
        for stack in stacks:
            stack.destroy()


@pytest.fixture
def address(request):
    """An address of this machine that only this test uses: limits go by address."""
    number = zlib.crc32(request.node.nodeid.encode())
    return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{1 + number % 250}"


@pytest.fixture
def errors(stack, address):
    return stack.client("errors", address)


@pytest.fixture
def logs(stack, address):
    return stack.client("logs", address)


@pytest.fixture
def metrics(stack, address):
    return stack.client("metrics", address)


@pytest.fixture
def relay(stack, address):
    return stack.client("relay", address)


@pytest.fixture
def project(request):
    """A project of this test's own: the tests share one database."""
    name = plain_name(request).removeprefix("test_")[:70]
    return f"{name}-{zlib.crc32(request.node.nodeid.encode()):08x}"
