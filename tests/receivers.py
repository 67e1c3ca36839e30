# SPDX-License-Identifier: MIT
"""Whom alerts are sent to: a mail server and a webhook, on loopback, that keep what they get."""

import base64
import email
import email.policy
import http.server
import json
import re
import socketserver
import ssl
import subprocess
import threading


class Webhook:
    """An HTTP server that keeps every JSON document posted to it."""

    def __init__(self, port=0):
        self.received = []
        self.status = 200
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.received.append(json.loads(body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def setup(self):
        super().setup()
        self.secure = self.signed_in = False

    def handle(self):
        self.say("220 sink.example ESMTP")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            answer = getattr(self, f"smtp_{verb.lower()}", None)
            if answer is None:
                self.say("502 unknown")
            elif answer(rest) == "end":
                return

    def smtp_ehlo(self, _):
        sink = self.server.sink
        extensions = ["sink.example"]
        if sink.context and not self.secure:
            extensions.append("STARTTLS")
        if sink.password and self.secure:
            extensions.append("AUTH PLAIN")
        for line in extensions[:-1]:
            self.say(f"250-{line}")
        self.say(f"250 {extensions[-1]}")

    def smtp_starttls(self, _):
        self.say("220 go ahead")
        context = self.server.sink.context
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except OSError:
            return "end"
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.secure = True
        return None

    def smtp_auth(self, rest):
        mechanism, _, token = rest.partition(" ")
        if not token:
            self.say("334 ")
            token = self.rfile.readline().decode().strip()
        name, password = base64.b64decode(token).decode().split("\0")[1:]
        self.signed_in = mechanism == "PLAIN" and (name, password) == self.server.sink.password
        self.say("235 welcome" if self.signed_in else "535 no")

    def smtp_mail(self, rest):
        wanted = self.server.sink.password and not self.signed_in
        if wanted:
            self.say("530 sign in first")
        else:
            self.say_of_path("FROM", rest)

    def smtp_rcpt(self, rest):
        self.say_of_path("TO", rest)

    def say_of_path(self, word, rest):
        """A path is an address between angle brackets, and nothing else (RFC 5321)."""
        path = re.fullmatch(rf"{word}:<[^<> ]+@[^<> ]+>( .*)?", rest)
        self.say("250 ok" if path else "501 that is no path")

    def smtp_data(self, _):
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.sink.keep(b"".join(lines), self.secure, self.signed_in)
        self.say("250 taken")

    def smtp_quit(self, _):
        self.say("221 bye")
        return "end"


class Mail:
    """A message as it came, and as Python's email reads it."""

    def __init__(self, raw, secure, signed_in):
        self.raw, self.secure, self.signed_in = raw, secure, signed_in
        self.message = email.message_from_bytes(raw, policy=email.policy.default)
        self.subject = str(self.message["Subject"])
        self.text = self.part("plain").get_content()
        self.html = self.part("html").get_content()

    def part(self, kind):
        return self.message.get_body(preferencelist=(kind,))


class MailServer:
    """An SMTP server with EHLO, STARTTLS and AUTH PLAIN.  certificate: (file, key)."""

    def __init__(self, certificate=None, password=None, port=0):
        self.mails = []
        self.password = password
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", port), _Session)
        self.server.daemon_threads = True
        self.server.sink = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def keep(self, raw, secure, signed_in):
        self.mails.append(Mail(raw, secure, signed_in))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def make_certificate(folder):
    """A certificate for 127.0.0.1 that vouches for itself: the paths of it and of its key."""
    certificate, key = folder / "ca.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=sink"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
