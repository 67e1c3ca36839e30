# SPDX-License-Identifier: MIT
"""Alerts all the way: from a report over monlight-deliver to a mail server and a webhook."""

import os
import signal
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from receivers import MailServer, Webhook, make_certificate
from stack import eventually, free_ports, report

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Auto-Submitted",
    "Content-Type",
]
PASSWORD = ("monlight", "p4ss-of-the-server")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def mail(certificate):
    server = MailServer(certificate, PASSWORD)
    yield server
    server.close()


@pytest.fixture
def hook():
    hook = Webhook()
    yield hook
    hook.close()


def mail_settings(port, certificate):
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": port,
        "SMTP_USERNAME": PASSWORD[0],
        "SMTP_PASSWORD": PASSWORD[1],
        "SMTP_CA_FILE": certificate[0],
        "SMTP_FROM": "tracker@shop.example",
        "ALERT_EMAILS": "ops@shop.example",
    }


def settled(client):
    """Whether every alert was looked at and every delivery has its outcome."""
    return all(
        alert["state"] in ("done", "digested") for alert in client.get("/api/alerts").json["alerts"]
    )


def test_new_regression_spike_and_digest_reach_mail_and_webhook(mail, hook, certificate, fresh):
    stack = fresh(
        ALERT_WEBHOOKS=hook.url,
        ALERT_SPIKE="3/5",
        ALERT_HOURLY_CAP=3,
        ALERT_CAP_SECONDS=15,
        BASE_URL="https://monlight.example",
        **mail_settings(mail.port, certificate),
    )
    client = stack.client("errors")
    error = client.post("/api/errors", report("shop", message="größer")).json["id"]
    client.post("/api/errors", report("shop", count=2))
    client.post(f"/api/errors/{error}/resolve")
    client.post("/api/errors", report("shop"))
    for n in range(4):  # over the cap
        client.post("/api/errors", report("shop", fingerprint=[str(n)], message=f"more {n}"))
    assert eventually(lambda: len(mail.mails) == 4 and len(hook.received) == 4, 40)
    assert [alert["kind"] for alert in hook.received] == ["new", "spike", "regression", "digest"]
    new, _, _, digest = mail.mails
    assert all(m.secure and m.signed_in for m in mail.mails)
    assert new.subject == f"[shop] TestError: größer (#{error})"
    assert (new.message["From"], new.message["To"]) == ("tracker@shop.example", "ops@shop.example")
    assert new.message["Date"].datetime
    assert new.message["Message-ID"].endswith("@shop.example>")
    assert not new.message.defects
    assert "New error in shop" in new.text
    assert f"https://monlight.example/errors/{error}" in new.text
    assert 'File "/app/test.py", line 42' in new.text
    assert f'href="https://monlight.example/errors/{error}"' in new.html
    assert all(f"more {n}" in digest.text for n in range(4))
    assert len({m.message["Message-ID"] for m in mail.mails}) == 4
    assert eventually(lambda: settled(client))


@pytest.mark.parametrize(
    "variables, links",
    [
        ({}, "http://localhost:{port}/"),
        ({"ERROR_TRACKER_PUBLIC_URL": "https://errors.example/"}, "https://errors.example/"),
        (
            {
                "ERROR_TRACKER_PUBLIC_URL": "https://errors.example",
                "BASE_URL": "https://monlight.example/errors/",
            },
            "https://monlight.example/errors/",
        ),
    ],
)
def test_links_in_alerts_lead_to_where_the_pages_are(hook, fresh, variables, links):
    stack = fresh(ALERT_WEBHOOKS=hook.url, **variables)
    assert stack.client("errors").post("/api/test-alert?wait=1").json["status"] == "sent"
    assert hook.received[0]["url"] == links.format(port=stack.ports["errors"])


def test_the_sender_may_have_a_name(mail, certificate, fresh):
    settings = mail_settings(mail.port, certificate)
    settings["SMTP_FROM"] = "Überwachung, Shop <tracker@shop.example>"
    answer = fresh(**settings).client("errors").post("/api/test-alert?wait=1")
    assert (answer.status, answer.json["status"]) == (200, "sent"), answer
    [sender] = mail.mails[0].message["From"].addresses
    assert sender.display_name == "Überwachung, Shop"
    assert sender.addr_spec == "tracker@shop.example"


def test_a_server_that_was_down_gets_everything_once(certificate, fresh):
    port = free_ports(1)[0]
    stack = fresh(**mail_settings(port, certificate))
    client = stack.client("errors")
    wanted = set()
    for n in range(3):
        error = client.post("/api/errors", report("shop", fingerprint=[str(n)])).json["id"]
        wanted.add(f"[shop] TestError: boom (#{error})")

    def tried():
        alerts = client.get("/api/alerts").json["alerts"]
        return (
            all(d["attempts"] for a in alerts for d in a["deliveries"]) and alerts[0]["deliveries"]
        )

    assert eventually(tried)
    for pid in stack.running("monlight-deliver"):
        os.kill(pid, signal.SIGKILL)
    server = MailServer(certificate, PASSWORD, port)
    try:
        assert eventually(lambda: settled(client), 60)
        assert sorted(m.subject for m in server.mails) == sorted(wanted)
    finally:
        server.close()


INJECTIONS = [
    "boom\r\nBcc: thief@evil.example",
    "boom\r\n.\r\nMAIL FROM:<thief@evil.example>",
    "boom\n\n<script>alert(1)</script>",
    "=?utf-8?Q?spoofed?=",
    '"><img src=x onerror=alert(1)>',
    "--=_monlight_7d1e9c_=--",
    "dots\n.\n..\n...",
]


def test_what_an_event_says_arrives_as_text_alone(mail, hook, certificate, fresh):
    stack = fresh(ALERT_WEBHOOKS=hook.url, **mail_settings(mail.port, certificate))
    client = stack.client("errors")
    for n, text in enumerate(INJECTIONS):
        body = report(
            "shop", message=text, exception_type="T", traceback=text, fingerprint=[str(n)]
        )
        assert client.post("/api/errors", body).status == 201
    assert eventually(lambda: len(mail.mails) == len(hook.received) == len(INJECTIONS), 30)
    for text, message in zip(INJECTIONS, mail.mails, strict=True):
        assert sorted(message.message.keys()) == sorted(HEADERS)
        assert [part.get_content_type() for part in message.message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        assert not message.message.defects
        assert text.replace("\r\n", "\n") in message.text.replace("\r\n", "\n")
        assert "<script" not in message.html
        assert "<img" not in message.html
        assert "\n" not in message.subject
        assert "\r" not in message.subject
        assert message.message["To"] == "ops@shop.example"
    assert {alert["text"] for alert in hook.received} == set(INJECTIONS)


def test_a_huge_traceback_arrives_whole_or_cut_with_a_mark(mail, hook, certificate, fresh):
    hooks = [f"{dialect} {hook.url}" for dialect in ("json", "slack", "discord")]
    stack = fresh(ALERT_WEBHOOKS=",".join(hooks), **mail_settings(mail.port, certificate))
    traceback = "".join(f'  File "/app/ünit.py", line {n}, in f\n' for n in range(2600))
    assert len(traceback.encode()) > 100_000
    client = stack.client("errors")
    assert client.post("/api/errors", report("shop", traceback=traceback)).status == 201
    assert eventually(lambda: mail.mails and len(hook.received) == len(hooks), 20)
    message = mail.mails[0]
    assert not any(part.defects for part in message.message.walk())
    assert all(len(line) <= 78 for line in message.raw.split(b"\r\n"))
    for text in (message.text, message.html):
        assert "cut here" in text
        assert "ünit.py" in text
        assert "\ufffd" not in text
    assert "line 1000, in f" in message.text
    whole, slack, discord = hook.received
    assert whole["text"] == traceback
    for text in (slack["text"], discord["content"]):
        assert "ünit.py" in text and "cut here: the rest is on the page" in text
        assert "\ufffd" not in text
    assert len(discord["content"]) <= 2000


def test_a_server_without_tls_gets_no_password(fresh):
    server = MailServer()
    try:
        settings = mail_settings(server.port, ("", ""))
        client = fresh(**settings).client("errors")
        answer = client.post("/api/test-alert?wait=1")
        assert answer.status == 502
        assert server.mails == []
    finally:
        server.close()


def test_a_mail_server_may_be_an_ipv6_address(fresh):
    settings = {**mail_settings(free_ports(1)[0], ("", "")), "SMTP_HOST": "::1"}
    answer = fresh(**settings).client("errors").post("/api/test-alert?wait=1")
    assert "connect" in answer.json["detail"] and "URL" not in answer.json["detail"]


def test_alerts_that_were_held_are_told_when_the_cap_is_lifted(hook, fresh):
    stack = fresh(ALERT_WEBHOOKS=hook.url, ALERT_HOURLY_CAP=1, ALERT_CAP_SECONDS=86400)
    client = stack.client("errors")
    for n in range(3):
        client.post("/api/errors", report("shop", fingerprint=[str(n)]))
    states = lambda: sorted(a["state"] for a in client.get("/api/alerts").json["alerts"])  # noqa: E731
    assert eventually(lambda: states() == ["done", "held", "held"], 30), states()
    stack.variables["ALERT_HOURLY_CAP"] = 0
    stack.write_environment()
    assert stack.control("reload").returncode == 0
    kinds = lambda: [alert["kind"] for alert in hook.received]  # noqa: E731
    assert eventually(lambda: kinds() == ["new", "digest"], 30), kinds()


def test_a_server_that_never_answers_keeps_nobody_from_ending(fresh):
    """The deliverer in its attempt, and a responder that waits for what becomes of it."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as waiting:
        stack = fresh(ALERT_WEBHOOKS=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        answer = waiting.submit(stack.client("errors").post, "/api/test-alert?wait=1")
        connection, _ = silent.accept()
        with connection:
            assert stack.control("stop", timeout=30).returncode == 0
        answer.exception()  # it has come, or its connection was closed
    # What did not end in time would have been killed, and said so on standard error.


def test_older_alerts_are_read_page_by_page_while_new_ones_come(fresh):
    stack = fresh(INDEXER="cron")
    for service in ("errors", "metrics"):
        client = stack.client(service)

        def told(*titles, service=service):
            with sqlite3.connect(stack.database(service)) as db:
                db.executemany(
                    "INSERT INTO alert (created_at, kind, title, content) VALUES (1, 'test', ?, '')",
                    [(title,) for title in titles],
                )
            db.close()

        def page(query, client=client):
            found = client.get(f"/api/alerts?{query}").json
            return [alert["title"] for alert in found["alerts"]], found["next_cursor"]

        assert page("") == ([], None), service
        told(*map(str, range(60)))
        newest, cursor = page("")
        assert newest == [str(n) for n in range(59, 9, -1)], service
        told("new")
        assert page(f"cursor={cursor}") == ([str(n) for n in range(9, -1, -1)], None), service
        assert page("limit=61")[1] is None
        seen, cursor = page("limit=7")
        while cursor:
            titles, cursor = page(f"limit=7&cursor={cursor}")
            assert len(titles) == 7 or cursor is None
            seen += titles
        assert seen == ["new", *(str(n) for n in range(59, -1, -1))], service
        for query in ("limit=0", "limit=201", "limit=x", "cursor=0", "cursor=x", "cursor=-1"):
            answer = client.get(f"/api/alerts?{query}")
            assert answer.status == 400 and query.split("=")[0] in answer.detail, query
