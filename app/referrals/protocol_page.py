"""The active protocol as people read it: every rule with its source (B1, B2)."""

from __future__ import annotations

from flask import Blueprint, Response

from app.accounts.signed_in import staff_may
from app.accounts.types import Permission
from app.core.session import reading
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.telling import tell
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("protocol", __name__)


@blueprint.get("/protocol")
@access(staff_may(Permission.PROTOCOL_SEE))
def shown() -> Response:
    protocol = active(directory.council(reading()).protocol_id)
    return respond(
        "protocol/protocol.html",
        protocol=protocol,
        ratings=", ".join(protocol.ratings),
        told=tell(protocol),
    )
