"""What a collector reads: how many requests, by route and status, and how long they took (I2).

Routes by their name in the code, never by address: an address holds a reference.
"""

from __future__ import annotations

import os
import time

from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.config import Settings
from app.core.crypto import same

_LOOPBACK = ("127.0.0.1", "::1")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
# Whoever sends others must not make a new series with each.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Several processes on one machine share their numbers through files in this folder.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Collector:
    """A collector that shows METRICS_TOKEN; where none is set, one on this very machine.

    A request that a proxy passed on also comes from this machine, and is refused without a token.
    """

    limits_floods = False

    def describe(self) -> str:
        return "collector: token, or this machine"

    def refuse(self) -> ResponseReturnValue | None:
        settings: Settings = current_app.extensions["settings"]
        if settings.metrics_token is not None:
            shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if not same(shown, settings.metrics_token):
                abort(403)
            return None
        passed_on = any(name in request.headers for name in _FORWARDED)
        if request.remote_addr not in _LOOPBACK or passed_on:
            abort(403)
        return None


def init_metrics(app: Flask) -> None:
    """Count each answer. One registry for each application, so that tests do not add up."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    requests = Counter(
        "requests", "Requests answered", ("route", "method", "status"), registry=registry
    )
    seconds = Histogram("request_seconds", "Time to answer", ("route",), registry=registry)
    app.extensions["metrics"] = registry

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def _count(response: Response) -> Response:
        route = request.endpoint or "none"
        method = request.method if request.method in _METHODS else "other"
        requests.labels(route, method, str(response.status_code)).inc()
        if "started" in g:
            seconds.labels(route).observe(time.perf_counter() - g.started)
        return response


def metrics_page() -> Response:
    """The numbers, of this process, or of all on this machine where they share a folder."""
    registry: CollectorRegistry = current_app.extensions["metrics"]
    if os.environ.get(SHARED_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped in the library
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
