# SPDX-License-Identifier: MIT
"""The shipped vhosts.conf and tls.conf, and the stack behind a reverse proxy."""

import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import time
import warnings

import pytest

from containers import Container
from sse import Stream
from stack import UI_PASSWORD, Client, eventually, free_ports, report

HOSTS = {name: f"{name}.monlight.test" for name in ("errors", "logs", "metrics", "relay")}
NAMES = {
    "ERROR_TRACKER_HOST": HOSTS["errors"],
    "LOG_VIEWER_HOST": HOSTS["logs"],
    "METRICS_COLLECTOR_HOST": HOSTS["metrics"],
    "BROWSER_RELAY_HOST": HOSTS["relay"],
}


class Named(Client):
    """A client that asks for a host by its name, by TLS if it has a context for that."""

    def __init__(self, port, host, key=None, tls=None, address="127.0.0.1"):
        super().__init__(port, key)
        self.host, self.tls, self.address = host, tls, address

    def anonymous(self):
        return Named(self.port, self.host, None, self.tls, self.address)

    def connect(self):
        if self.tls is None:
            return super().connect()
        return http.client.HTTPSConnection(self.address, self.port, timeout=30, context=self.tls)

    def request(self, method, path, body=None, headers=None, json_body=None):
        headers = {"Host": f"{self.host}:{self.port}", **(headers or {})}
        return super().request(method, path, body, headers, json_body)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of our own for the four names and the address; (file, key)."""
    directory = tmp_path_factory.mktemp("tls")
    file, key = directory / "cert.pem", directory / "key.pem"
    names = ",".join(f"DNS:{name}" for name in HOSTS.values())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-nodes", "-days", "2", "-subj", "/CN=monlight.test", "-keyout", key, "-out", file]
        + ["-addext", f"subjectAltName={names},IP:127.0.0.1,IP:127.0.0.2"],
        check=True,
        capture_output=True,
    )
    return file, key


def hosts(stack, tls=None):
    """A client with its key for each service, by name on the one port."""
    port = int(stack.variables["VHOST_PORT"])
    return {name: Named(port, host, stack.keys[name], tls) for name, host in HOSTS.items()}


def sign_in(client, scheme):
    origin = f"{scheme}://{client.host}:{client.port}"
    answer = client.anonymous().post("/api/login", {"password": UI_PASSWORD}, origin=origin)
    assert answer.status == 200, answer
    return answer.headers["Set-Cookie"]


def test_four_names_on_one_port_are_the_four_services(fresh):
    (port,) = free_ports(1)
    stack = fresh(VHOST_PORT=port, **NAMES)
    by_name = hosts(stack)
    titles = set()
    for name, client in by_name.items():
        page = client.anonymous().get("/")
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
        titles.add(re.search(rb"<title>(.*?)</title>", page.body).group(1))
        assert client.get("/health").status == 200
        assert client.anonymous().get("/common/style.css").status == 200, name
    assert len(titles) == 4
    answer = by_name["errors"].post("/api/errors", report("named"))
    assert answer.status == 201
    at_port = stack.client("errors").get(f"/api/errors/{answer.json['id']}")
    assert at_port.json["project"] == "named", "the same pool at its own port"
    assert by_name["errors"].get(f"/errors/{answer.json['id']}").status == 200
    assert by_name["logs"].get("/api/errors").status == 404
    spawned_once(stack, lighttpds=1)


def spawned_once(stack, lighttpds):
    """The pools are there once: as many processes as status expects, no more."""
    assert stack.control("status").returncode == 0
    assert {k: len(v) for k, v in stack.pools().items()} == {
        "lighttpd": lighttpds,
        "monlight-errors": 2,
        "monlight-logs": 3,
        "monlight-metrics": 2,
        "monlight-relay": 2,
        "monlight-tail": 1,
    }


def test_a_relay_without_a_name_keeps_a_lighttpd_of_its_own(fresh, certificate):
    (port,) = free_ports(1)
    file, key = certificate
    names = {**NAMES, "BROWSER_RELAY_HOST": ""}
    stack = fresh(VHOST_PORT=port, TLS_CERTIFICATE=file, TLS_KEY=key, **names)
    by_name = hosts(stack, ssl.create_default_context(cafile=file))
    assert [by_name[name].get("/health").status for name in by_name] == [200, 200, 200, 403]
    assert stack.healthy("relay"), "at its own port"
    spawned_once(stack, lighttpds=2)


def test_the_four_ports_speak_tls_on_an_address_of_their_own(fresh, certificate):
    file, key = certificate
    stack = fresh(TLS_ADDRESS="127.0.0.2", TLS_CERTIFICATE=file, TLS_KEY=key)
    tls = ssl.create_default_context(cafile=file)
    for name, port in stack.ports.items():
        client = Named(port, "127.0.0.2", stack.keys[name], tls, "127.0.0.2")
        assert client.get("/health").status == 200, name
        assert client.get("/common/style.css").status == 200, name
        assert "; Secure" in sign_in(client, "https")
        assert stack.healthy(name), "without TLS where the programs of this host ask"
        with socket.create_connection(("127.0.0.2", port), 10) as plain:
            plain.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert b"200" not in plain.recv(100)
    spawned_once(stack, lighttpds=2)


def test_another_name_gets_nothing(fresh):
    (port,) = free_ports(1)
    fresh(VHOST_PORT=port, **NAMES)
    for host in ("other.test", "monlight.test", "xerrors.monlight.test"):
        for path in ("/", "/health", "/api/errors", "/common/style.css"):
            answer = Named(port, host).get(path)
            assert answer.status == 403, (host, path)
            assert b'"detail"' in answer.body


def test_one_sign_in_by_tls_does_for_all_names(fresh, certificate):
    (port,) = free_ports(1)
    file, key = certificate
    stack = fresh(
        VHOST_PORT=port,
        TLS_CERTIFICATE=file,
        TLS_KEY=key,
        COOKIE_DOMAIN="monlight.test",
        **NAMES,
    )
    tls = ssl.create_default_context(cafile=file)
    by_name = hosts(stack, tls)
    cookie = sign_in(by_name["errors"], "https")
    assert "; Secure" in cookie and "; Domain=monlight.test" in cookie and "HttpOnly" in cookie
    value = cookie.split(";")[0]
    for name, client in by_name.items():
        session = client.anonymous().get("/api/session", cookie=value)
        assert session.status == 200, (name, session)
    links = json.dumps(session.json)
    for host in HOSTS.values():
        assert f"https://{host}:{port}" in links, "pages are told each other's names"
    # Without TLS on a port of its own a cookie is not.
    plain = stack.client("errors").anonymous()
    plain = plain.post("/api/login", {"password": UI_PASSWORD})
    assert "Secure" not in plain.headers["Set-Cookie"]


def test_the_relay_reaches_the_others_though_their_names_want_tls(fresh, certificate):
    (port,) = free_ports(1)
    file, key = certificate
    stack = fresh(VHOST_PORT=port, TLS_CERTIFICATE=file, TLS_KEY=key, CORS_ORIGINS="*", **NAMES)
    relay = hosts(stack, ssl.create_default_context(cafile=file))["relay"]
    dsn = relay.post("/api/dsn-keys", {"project": "shop"}).json["public_key"]
    body = {"type": "TypeError", "message": "by tls", "stack": "TypeError: by tls"}
    body |= {"url": "https://shop.example/", "session_id": "s"}
    answer = relay.anonymous().post("/api/browser/errors", body, x_monlight_key=dsn)
    assert answer.status in (201, 202), answer
    errors = stack.client("errors")
    rows = lambda: errors.get("/api/errors?project=shop").json["errors"]  # noqa: E731
    assert eventually(rows)[0]["message"] == "by tls"


def test_old_tls_and_no_tls_are_refused(fresh, certificate):
    (port,) = free_ports(1)
    file, key = certificate
    fresh(VHOST_PORT=port, TLS_CERTIFICATE=file, TLS_KEY=key, **NAMES)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(file)
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, that is the point
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        Named(port, HOSTS["errors"], tls=old).get("/health")
    with pytest.raises((http.client.HTTPException, OSError)):
        Named(port, HOSTS["errors"]).get("/health")


@pytest.mark.parametrize(
    "variables, says",
    [
        ({"ERROR_TRACKER_HOST": ""}, "ERROR_TRACKER_HOST is not set"),
        ({"VHOST_PORT": "https"}, "VHOST_PORT: expected a number"),
        ({"TLS_CERTIFICATE": "/nowhere.pem"}, "TLS_CERTIFICATE: cannot read /nowhere.pem"),
        ({"TLS_ADDRESS": "127.0.0.2"}, "TLS_CERTIFICATE is not set"),
        ({"TLS_ADDRESS": "127.0.0.1", "TLS_CERTIFICATE": "/dev/null"}, "TLS_ADDRESS: expected"),
    ],
    ids=["name", "port", "certificate", "address", "another address"],
)
def test_what_is_missing_is_said_before_anything_starts(fresh, variables, says):
    stack = fresh.make(**{"VHOST_PORT": 8443, **NAMES, **variables})
    stack.write_environment()
    refused = stack.control("check")
    assert refused.returncode == 1 and says in refused.stderr


# ---- behind a reverse proxy -----------------------------------------------------------

PROXY = """
server.modules = ( "mod_proxy" )
server.document-root = "/nowhere"
server.bind = "127.0.0.1"
server.port = {port}
server.stream-response-body = 2
{blocks}
"""
# A prefix of the public address for each service, taken off on the way.
BLOCK = """
$HTTP["url"] =~ "^/mon/{name}/" {{
	proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {port} )) )
	proxy.header = ( "map-urlpath" => ( "/mon/{name}/" => "/" ) )
}}
"""


@pytest.fixture
def proxied(fresh, tmp_path):
    """A stack behind a second lighttpd that takes a prefix off; proxied(name) is a client."""
    running = []

    def start(**variables):
        stack = fresh(**variables)
        (port,) = free_ports(1)
        blocks = "".join(BLOCK.format(name=n, port=p) for n, p in stack.ports.items())
        conf = tmp_path / "proxy.conf"
        conf.write_text(PROXY.format(port=port, blocks=blocks))
        path = f"{os.environ['PATH']}:/usr/sbin"
        command = ["lighttpd", "-D", "-f", conf]
        running.append(subprocess.Popen(command, env={**os.environ, "PATH": path}))
        client = lambda name: Client(port, stack.keys[name])  # noqa: E731
        assert eventually(lambda: up(client("errors"))), "the proxy did not start"
        return stack, client

    try:
        yield start
    finally:
        for process in running:
            process.terminate()
            process.wait(10)


def up(client):
    try:
        return client.get("/mon/errors/health").status == 200
    except OSError:
        return False


def test_pages_and_calls_work_under_a_prefix_that_a_proxy_takes_off(proxied):
    _, client = proxied(TRUSTED_PROXIES="127.0.0.1")
    for name in HOSTS:
        page = client(name).anonymous().get(f"/mon/{name}/")
        assert page.status == 200
        for link in re.findall(r'(?:src|href)="([^"#]+)"', page.body.decode()):
            assert not link.startswith("/"), f"{link} of {name} leaves the prefix"
            if "://" not in link and not link.startswith("data:"):
                answer = client(name).get(f"/mon/{name}/{link.removeprefix('./')}")
                assert answer.status == 200, (name, link)
    errors = client("errors")
    answer = errors.post("/mon/errors/api/errors", report("proxied"))
    assert answer.status == 201
    # Signing in, and writing by the cookie, whose Origin is the proxy's.
    login = errors.anonymous().post("/mon/errors/api/login", {"password": UI_PASSWORD})
    cookie = login.headers["Set-Cookie"].split(";")[0]
    resolve = f"/mon/errors/api/errors/{answer.json['id']}/resolve"
    origin = f"http://127.0.0.1:{errors.port}"
    for given, status in ((origin, 200), ("http://elsewhere.test", 403)):
        headers = {"Cookie": cookie, "Origin": given, "Content-Type": "application/json"}
        assert errors.anonymous().request("POST", resolve, b"", headers).status == status


def test_the_tail_streams_through_a_proxy(proxied):
    stack, client = proxied(TRUSTED_PROXIES="127.0.0.1")
    container = Container(stack.home / "containers", "web")
    container.write("before")
    logs = stack.client("logs")
    assert eventually(lambda: logs.get("/api/logs?limit=1").json["total"] == 1, 20)
    stream = Stream(client("logs"), "/mon/logs/api/logs/tail")
    assert stream.status == 200
    begun = time.monotonic()
    container.write("through the proxy")
    event = stream.next(20)
    assert event.name == "log" and event.data["message"] == "through the proxy"
    assert event.at - begun < 15, "it did not wait for a buffer to fill"
    stream.close()


def guesses(client, name, source):
    """Statuses of wrong passwords from an address, until one is turned away."""
    client = client(name).anonymous().at(source)
    for i in range(200):
        if client.post(f"/mon/{name}/api/login", {"password": f"guess {i}"}).status == 429:
            return i
    return 200


def throttled(guess):
    """Whether an address has no guess left; one comes back each 3 s, so one may be answered."""
    return any(guess().status == 429 for _ in range(3))


def test_behind_a_trusted_proxy_an_address_is_its_own(proxied):
    _, client = proxied(TRUSTED_PROXIES="127.0.0.1", RATE_LIMIT=1000)
    assert guesses(client, "errors", "127.0.0.2") < 200
    right = client("errors").anonymous().at("127.0.0.3")
    assert right.post("/mon/errors/api/login", {"password": UI_PASSWORD}).status == 200
    # What a client claims itself stands before what the proxy adds, and is not believed.
    liar = client("errors").anonymous().at("127.0.0.2")
    claim = {"X-Forwarded-For": "127.0.0.9"}
    assert throttled(
        lambda: liar.request("POST", "/mon/errors/api/login", b'{"password": "x"}', claim)
    )


def test_a_proxy_that_is_not_trusted_speaks_for_itself_alone(proxied):
    _, client = proxied(RATE_LIMIT=1000)
    assert guesses(client, "errors", "127.0.0.2") < 200
    other = client("errors").anonymous().at("127.0.0.3")
    assert throttled(lambda: other.post("/mon/errors/api/login", {"password": "wrong"})), (
        "all come from the proxy's address"
    )


def test_a_trusted_proxy_tells_that_the_client_came_by_tls(fresh):
    stack = fresh(TRUSTED_PROXIES="127.0.0.1")
    client = stack.client("errors").anonymous()
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    body = json.dumps({"password": UI_PASSWORD}).encode()
    answer = client.request("POST", "/api/login", body, headers)
    assert "; Secure" in answer.headers["Set-Cookie"]
