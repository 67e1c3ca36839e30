# SPDX-License-Identifier: MIT
"""Each framework is driven through its own test client; what is not installed is not tested here."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from monlight import ErrorClient, MetricsClient, set_user
from monlight.transport import MemoryTransport


def points(client: MetricsClient, transport: MemoryTransport) -> dict[tuple[str, str, str], Any]:
    """What was counted: (method, endpoint, status) -> how often."""
    client.flush()
    items = [i for r in transport.requests if r.path == "/api/metrics" for i in r.json]
    durations = [i for i in items if i["name"] == "http_request_duration_seconds"]
    counts: dict[tuple[str, str, str], Any] = {}
    for item in items:
        if item["name"] == "http_requests_total":
            labels = item["labels"]
            key = (labels["method"], labels["endpoint"], labels["status"])
            counts[key] = counts.get(key, 0) + item["value"]
    assert len(durations) == sum(counts.values())
    assert all(item["value"] > 0 for item in durations)
    return counts


def reports(transport: MemoryTransport) -> list[dict[str, Any]]:
    return [r.json for r in transport.requests if r.path == "/api/errors"]


def fastapi_app(transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch) -> Any:
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse

    from monlight.integrations import fastapi as integration

    monkeypatch.setattr(integration, "ErrorClient", _with_transport(ErrorClient, transport))
    monkeypatch.setattr(integration, "MetricsClient", _with_transport(MetricsClient, transport))
    app = FastAPI()
    clients = integration.setup_monlight(
        app,
        error_tracker_url="http://errors",
        metrics_collector_url="http://metrics",
        api_key="k",
        project="shop",
    )

    @app.get("/items/{item}")
    def item(item: int) -> dict[str, int]:
        return {"item": item}

    @app.get("/crash")
    def crash() -> None:
        raise ValueError("route failed")

    @app.get("/stream")
    def stream() -> Any:
        return StreamingResponse(iter([b"a", b"b"]))

    return app, clients


def _with_transport(kind: Any, transport: MemoryTransport) -> Any:
    class WithTransport(kind):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs, transport=transport)

    WithTransport.__name__ = kind.__name__
    return WithTransport


@pytest.mark.filterwarnings("ignore")
def test_fastapi_counts_by_route_and_reports_crashes(
    transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.testclient import TestClient

    app, clients = fastapi_app(transport, monkeypatch)
    logging.getLogger("monlight.fastapi").disabled = True
    with TestClient(app, raise_server_exceptions=False) as client:
        for n in range(3):
            assert client.get(f"/items/{n}").json() == {"item": n}
        answer = client.get("/crash?token=abc", headers={"Authorization": "secret", "X-Id": "7"})
        assert answer.status_code == 500
        assert answer.json() == {"detail": "Internal server error"}
        assert client.get("/nowhere/1").status_code == 404
        assert client.get("/nowhere/2").status_code == 404
        assert client.get("/stream").text == "ab"
    # The end of the lifespan has flushed.
    assert points(clients["metrics_client"], transport) == {
        ("GET", "/items/{item}", "200"): 3,
        ("GET", "/crash", "500"): 1,
        ("GET", "<unmatched>", "404"): 2,
        ("GET", "/stream", "200"): 1,
    }
    (event,) = reports(transport)
    assert event["exception_type"] == "ValueError"
    assert event["request_url"].endswith("/crash?token=[filtered]")
    assert event["request_headers"]["x-id"] == "7"
    assert "authorization" not in event["request_headers"]
    assert event["frames"][0]["function"].endswith("crash")


@pytest.mark.filterwarnings("ignore")
def test_what_a_websocket_raises_is_reported(transport: MemoryTransport) -> None:
    from monlight.integrations.asgi import MonlightASGI

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("socket failed")

    app = MonlightASGI(fails, error_client=ErrorClient("http://e", "k", transport=transport))
    scope = {"type": "websocket", "scheme": "ws", "path": "/live", "headers": [(b"host", b"h")]}
    with pytest.raises(ValueError, match="socket failed"):
        asyncio.run(app(scope, None, None))  # type: ignore[arg-type]
    assert app.error_client is not None and app.error_client.flush()
    (event,) = reports(transport)
    assert (event["message"], event["request_url"]) == ("socket failed", "ws://h/live")


def test_what_fails_while_a_body_is_read_is_reported_with_its_request(
    transport: MemoryTransport,
) -> None:
    from monlight.integrations.wsgi import MonlightWSGI

    def streams(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        raise ValueError("body failed")

    app = MonlightWSGI(streams, error_client=ErrorClient("http://e", "k", transport=transport))
    environ = {"REQUEST_METHOD": "GET", "HTTP_HOST": "h", "PATH_INFO": "/stream"}
    with pytest.raises(ValueError, match="body failed"):
        list(app(environ, lambda *_: None))
    assert app.error_client is not None and app.error_client.flush()
    (event,) = reports(transport)
    assert (event["message"], event["request_url"]) == ("body failed", "http://h/stream")


@pytest.mark.filterwarnings("ignore")
def test_a_background_task_is_no_part_of_its_request(
    transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi.responses import JSONResponse
    from fastapi.testclient import TestClient
    from starlette.background import BackgroundTask

    app, clients = fastapi_app(transport, monkeypatch)
    logging.getLogger("monlight.fastapi").disabled = True

    def task() -> None:
        time.sleep(0.3)
        raise ValueError("after the answer")

    @app.get("/background")
    def background() -> Any:
        return JSONResponse("done", background=BackgroundTask(task))

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/background").status_code == 200
    assert points(clients["metrics_client"], transport) == {("GET", "/background", "200"): 1}
    items = [i for r in transport.requests if r.path == "/api/metrics" for i in r.json]
    (seconds,) = [i["value"] for i in items if i["type"] == "histogram"]
    assert seconds < 0.3
    assert [event["message"] for event in reports(transport)] == ["after the answer"]


def test_without_addresses_nothing_is_set_up() -> None:
    from fastapi import FastAPI

    from monlight.integrations.fastapi import setup_monlight

    assert setup_monlight(FastAPI(), api_key="k") == {"error_client": None, "metrics_client": None}


def test_flask_counts_by_rule_and_reports_crashes(transport: MemoryTransport) -> None:
    from flask import Flask

    from monlight.integrations.flask import setup_monlight

    app = Flask(__name__)
    app.logger.disabled = True
    metrics = MetricsClient("http://m", "k", transport=transport)
    errors = ErrorClient("http://e", "k", transport=transport)
    setup_monlight(app, error_client=errors, metrics_client=metrics)

    @app.route("/items/<int:item>")
    def item(item: int) -> str:
        return str(item)

    @app.route("/crash")
    def crash() -> str:
        raise ValueError("route failed")

    client = app.test_client()
    assert [client.get(f"/items/{n}").text for n in range(3)] == ["0", "1", "2"]
    assert client.get("/crash", buffered=True).status_code == 500
    assert client.get("/nowhere", buffered=True).status_code == 404
    assert points(metrics, transport) == {
        ("GET", "/items/<int:item>", "200"): 3,
        ("GET", "/crash", "500"): 1,
        ("GET", "<unmatched>", "404"): 1,
    }
    (event,) = reports(transport)
    assert event["message"] == "route failed" and event["request_method"] == "GET"


def test_django_counts_by_route_and_reports_crashes(
    transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    import django
    from django.conf import settings
    from django.http import Http404, HttpRequest, HttpResponse
    from django.test import AsyncClient, Client
    from django.urls import path

    metrics = MetricsClient("http://m", "k", transport=transport)
    errors = ErrorClient("http://e", "k", transport=transport)

    def item(request: HttpRequest, item: int) -> HttpResponse:
        return HttpResponse(str(item))

    def crash(request: HttpRequest) -> HttpResponse:
        raise ValueError("view failed")

    def gone(request: HttpRequest) -> HttpResponse:
        raise Http404

    def stumbling(get_response: Any) -> Any:
        def middleware(request: HttpRequest) -> HttpResponse:
            if request.path == "/stumble/":
                raise ValueError("middleware failed")
            response: HttpResponse = get_response(request)
            return response

        return middleware

    patterns = [path("items/<int:item>/", item), path("crash/", crash), path("gone/", gone)]
    urls = type("urls", (), {"urlpatterns": patterns})
    monkeypatch.setattr(sys.modules[__name__], "stumbling", stumbling, raising=False)
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=urls,
        SECRET_KEY="test",
        LOGGING_CONFIG=None,
        MIDDLEWARE=["monlight.integrations.django.MonlightMiddleware", f"{__name__}.stumbling"],
        MONLIGHT={"error_client": errors, "metrics_client": metrics},
    )
    django.setup()
    logging.getLogger("django.request").disabled = True
    client = Client(raise_request_exception=False)
    assert [client.get(f"/items/{n}/").status_code for n in range(3)] == [200] * 3
    assert client.get("/crash/").status_code == 500
    assert client.get("/nowhere/").status_code == 404
    assert client.get("/gone/").status_code == 404
    assert client.get("/stumble/").status_code == 500
    later = AsyncClient(raise_request_exception=False)
    assert asyncio.run(later.get("/crash/")).status_code == 500
    assert points(metrics, transport) == {
        ("GET", "/items/<int:item>/", "200"): 3,
        ("GET", "/crash/", "500"): 2,
        ("GET", "/gone/", "404"): 1,
        ("GET", "<unmatched>", "404"): 1,
        ("GET", "<unmatched>", "500"): 1,
    }
    assert [(event["message"], event["request_url"]) for event in reports(transport)] == [
        ("view failed", "http://testserver/crash/"),
        ("middleware failed", "http://testserver/stumble/"),
        ("view failed", "http://testserver/crash/"),
    ]


@pytest.mark.filterwarnings("ignore")
def test_celery_counts_tasks_and_reports_failures(transport: MemoryTransport) -> None:
    from celery import Celery

    from monlight.integrations.celery import setup_monlight

    app = Celery("test", broker="memory://", backend="cache+memory://")
    app.conf.task_always_eager = True
    metrics = MetricsClient("http://m", "k", transport=transport)
    errors = ErrorClient("http://e", "k", transport=transport)
    setup_monlight(error_client=errors, metrics_client=metrics)

    @app.task(name="add")
    def add(a: int, b: int) -> int:
        return a + b

    @app.task(name="set_user_in")
    def set_user_in(user: str) -> None:
        set_user(user)

    @app.task(name="fail")
    def fail(password: str) -> None:
        raise ValueError("task failed")

    assert add.delay(1, 2).get() == 3
    set_user_in.delay("7").get()
    fail.delay(password="p")
    metrics.flush()
    items = [i for r in transport.requests if r.path == "/api/metrics" for i in r.json]
    counted = {
        (i["labels"]["task"], i["labels"]["state"]): i["value"]
        for i in items
        if i["name"] == "celery_tasks_total"
    }
    assert counted == {("add", "SUCCESS"): 1, ("set_user_in", "SUCCESS"): 1, ("fail", "FAILURE"): 1}
    (event,) = reports(transport)
    assert event["extra"]["task"] == "fail"
    assert event["extra"]["kwargs"] == {"password": "[filtered]"}
    assert "user" not in event, "it was another task's"
