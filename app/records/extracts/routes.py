"""Parts of a signed record as files: one child's, or the actions of one agency (F6)."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, flash, send_file, url_for

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.config import SETTINGS
from app.core.crypto import UnreadableField
from app.core.session import reading, transaction
from app.meetings.queries import meeting_by_ref
from app.records.document.canonical import CanonicalError
from app.records.document.types import ExtractKind
from app.records.extracts import worker
from app.records.extracts.service import page_of
from app.records.keys import UnreadableRecord
from app.records.queries import version_of
from app.records.recall.queries import is_recalled
from app.web.access import access
from app.web.htmx import go_to

blueprint = Blueprint("record_extracts", __name__, url_prefix="/discussions")

SEE = staff_may(Permission.RECORD_SEE)


@blueprint.get("/<ref>/record/<int:number>/children/<int:place>.pdf")
@access(SEE)
def child(ref: str, number: int, place: int) -> Response:
    return _part(ref, number, ExtractKind.CHILD, place)


@blueprint.get("/<ref>/record/<int:number>/actions/<int:place>.pdf")
@access(SEE)
def actions(ref: str, number: int, place: int) -> Response:
    return _part(ref, number, ExtractKind.ACTIONS, place)


def _part(ref: str, number: int, kind: ExtractKind, place: int) -> Response:
    """The file, once the view is written down (H3); printed when it is asked for first."""
    meeting = meeting_by_ref(reading(), ref) or abort(404)
    version = version_of(reading(), meeting.id, number) or abort(404)
    version_id, subject = version.id, Subject("meeting", meeting.ref)
    if is_recalled(reading(), version_id):
        flash(f"Version {number} was recalled: no part of it is handed on. Correct the record.")
        return go_to(url_for("records.gate", ref=ref))
    with transaction() as session:
        viewed(session, signed_in().actor, page_of(number, kind, place), subject, now())
    settings = SETTINGS.here()
    try:
        file = worker.extract(settings, version_id, kind, place, now())
    except (CanonicalError, UnreadableRecord, UnreadableField):
        flash(f"Version {number} cannot be read. Tell your system administrator at once.")
        return go_to(url_for("records.gate", ref=ref))
    if file is None:
        abort(404)
    return send_file(
        BytesIO(file.pdf),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=file.name,
    )
