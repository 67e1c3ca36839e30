# SPDX-License-Identifier: MIT
"""A clock that was a day ahead, and is set back while something waits to be delivered."""

import os
import signal
import subprocess

from test_relay_outbox import Proxy

from receivers import Webhook
from stack import CONTROL, DEBUG_BUILD, eventually, free_ports, report

DAY_NS = 86400 * 10**9


def ahead(fresh, **variables):
    """A stack whose clock is a day ahead, not started, and the file that says so."""
    stack = fresh.make()
    stack.binaries = DEBUG_BUILD
    clock = stack.home / "clock"
    clock.write_bytes(DAY_NS.to_bytes(8, "little"))
    stack.variables |= {"MONLIGHT_CLOCK": str(clock), "DSN_KEYS": "shop:the-key", **variables}
    return stack, clock


def set_back(clock):
    with clock.open("r+b") as file:
        file.write(bytes(8))


def post_to_outbox(stack):
    body = {
        "type": "TypeError",
        "message": "x is null",
        "stack": "at f (a.js:1:2)",
        "url": "https://shop.example/",
    }
    page = stack.client("relay").anonymous()
    assert page.post("/api/browser/errors", body, **{"X-Monlight-Key": "the-key"}).status == 202


def test_a_clock_that_is_set_back_holds_up_no_delivery(fresh):
    (port,) = free_ports(1)
    tracker = Proxy(None)
    tracker.stop()
    stack, clock = ahead(
        fresh,
        ALERT_WEBHOOKS=f"http://127.0.0.1:{port}/hook",
        ERROR_TRACKER_URL=f"http://127.0.0.1:{tracker.port}",
    )
    stack.start()
    errors, relay = stack.client("errors"), stack.client("relay")
    assert errors.post("/api/errors", report("shop")).status == 201
    post_to_outbox(stack)

    def tried():
        (alert,) = errors.get("/api/alerts").json["alerts"]
        return alert["deliveries"] and alert["deliveries"][0]["attempts"]

    assert eventually(tried, 30), "the first attempts fail under a clock that is ahead"
    hook = Webhook(port)
    tracker.target = stack.ports["errors"]
    tracker.start()
    set_back(clock)
    assert eventually(lambda: hook.received, 30)
    waiting = lambda: relay.get("/api/outbox").json["destinations"][0]["waiting"]  # noqa: E731
    assert eventually(lambda: waiting() == 0, 30)
    assert errors.get("/api/errors").json["total"] == 2


def test_a_file_that_was_missing_before_the_step_is_looked_for_again(fresh):
    """A deliverer that starts first sees no file of the relay's, and looks again soon."""
    (port,) = free_ports(1)
    stack, clock = ahead(fresh, ERROR_TRACKER_URL=f"http://127.0.0.1:{port}")
    stack.start()
    post_to_outbox(stack)
    stack.stop()
    outbox = stack.database("relay")
    hidden = outbox.rename(outbox.with_suffix(".hidden"))
    looked_before = stack.home / "data" / "metrics.db-deliver"  # it comes before the relay's
    looked_before.unlink(missing_ok=True)
    deliverer = subprocess.Popen(
        [CONTROL, "deliver", "-f"], env=stack.environment(), start_new_session=True
    )
    try:
        assert eventually(looked_before.exists, 30)
        set_back(clock)
        hidden.rename(outbox)
        tracker = Webhook(port)
        assert eventually(lambda: tracker.received, 30)
        tracker.close()
    finally:
        os.killpg(deliverer.pid, signal.SIGKILL)
        deliverer.wait()
