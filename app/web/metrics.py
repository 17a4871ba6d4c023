"""What a collector reads: how many requests, by route and status, and how long they took (I2).

Routes by their name in the code, never by address: an address holds a reference.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from flask import Flask, Response, abort, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.config import SETTINGS
from app.core.crypto import same
from app.core.handed import Handed
from app.core.measuring import Measure
from app.core.session import reading

log = structlog.get_logger()

_LOOPBACK = ("127.0.0.1", "::1")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
# Whoever sends others must not make a new series with each.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Several processes on one machine share their numbers through files in this folder.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# What upper floors measure: asked anew each time, the same from every process.
MEASURES = Handed[Callable[[Session, datetime], Iterable[Measure]]]("measures")
_REGISTRY = Handed[CollectorRegistry]("metrics")


class Collector:
    """A collector that shows METRICS_TOKEN; where none is set, one on this very machine.

    A request that a proxy passed on also comes from this machine, and is refused without a token.
    """

    limits_floods = False

    def describe(self) -> str:
        return "collector: token, or this machine"

    def refuse(self) -> ResponseReturnValue | None:
        settings = SETTINGS.here()
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
    _REGISTRY.give(app, registry)

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
    registry = _REGISTRY.here()
    if os.environ.get(SHARED_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped in the library
    page = generate_latest(registry) + generate_latest(_of_the_database())
    return Response(page, content_type=CONTENT_TYPE_LATEST)


def _of_the_database() -> CollectorRegistry:
    registry = CollectorRegistry()
    up = Gauge("database_up", "1 while the database answers", registry=registry)
    gauges: dict[str, Gauge] = {}
    try:
        for one in MEASURES.here()(reading(), now()):
            gauge = gauges.get(one.name) or Gauge(
                one.name, one.words, tuple(one.labels), registry=registry
            )
            gauges[one.name] = gauge
            (gauge.labels(**one.labels) if one.labels else gauge).set(one.value)
        up.set(1)
    except SQLAlchemyError as error:
        # The collector still reads the rest, and that the database is away.
        log.error("database not measured", exc_info=error)
    return registry
