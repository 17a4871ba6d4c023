"""/health for a load balancer, /metrics for a collector (I2). Neither says anything of a case."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text

from app.core.session import reading
from app.web.access import Everyone, access
from app.web.metrics import Collector, metrics_page

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@access(Everyone())
def health() -> Response:
    reading().execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/metrics")
@access(Collector())
def metrics() -> Response:
    return metrics_page()
