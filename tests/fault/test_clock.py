# SPDX-License-Identifier: MIT
"""A clock that was a day ahead, and is set back while something waits to be delivered."""

from test_relay_outbox import Proxy

from receivers import Webhook
from stack import DEBUG_BUILD, eventually, free_ports, report

DAY_NS = 86400 * 10**9


def test_a_clock_that_is_set_back_holds_up_no_delivery(fresh):
    stack = fresh.make()
    stack.binaries = DEBUG_BUILD
    clock = stack.home / "clock"
    clock.write_bytes(DAY_NS.to_bytes(8, "little"))
    (port,) = free_ports(1)
    tracker = Proxy(None)
    tracker.stop()
    stack.variables |= {
        "MONLIGHT_CLOCK": str(clock),
        "ALERT_WEBHOOKS": f"http://127.0.0.1:{port}/hook",
        "ERROR_TRACKER_URL": f"http://127.0.0.1:{tracker.port}",
        "DSN_KEYS": "shop:the-key",
    }
    stack.start()
    errors, relay = stack.client("errors"), stack.client("relay")
    assert errors.post("/api/errors", report("shop")).status == 201
    page = relay.anonymous()
    body = {
        "type": "TypeError",
        "message": "x is null",
        "stack": "at f (a.js:1:2)",
        "url": "https://shop.example/",
    }
    assert page.post("/api/browser/errors", body, **{"X-Monlight-Key": "the-key"}).status == 202

    def tried():
        (alert,) = errors.get("/api/alerts").json["alerts"]
        return alert["deliveries"] and alert["deliveries"][0]["attempts"]

    assert eventually(tried, 30), "the first attempts fail under a clock that is ahead"
    hook = Webhook(port)
    tracker.target = stack.ports["errors"]
    tracker.start()
    with clock.open("r+b") as file:
        file.write(bytes(8))
    assert eventually(lambda: hook.received, 30)
    waiting = lambda: relay.get("/api/outbox").json["destinations"][0]["waiting"]  # noqa: E731
    assert eventually(lambda: waiting() == 0, 30)
    assert errors.get("/api/errors").json["total"] == 2
