"""Ticking that a signed record was filed in the council's case system, and taking it back (A2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.meetings.models import Meeting
from app.records import queries as records
from app.records.filing import queries
from app.records.filing.models import RecordFiling
from app.referrals.acting import staff_id
from app.referrals.filing.rules import check_fileable
from app.referrals.models import Child


def file(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    number: int,
    child: Child,
    seen: int,
    now: datetime,
) -> None:
    """The newest version of the record stands in the case system under this child's reference.

    `meeting` is locked; `number` and `seen` are the version of the record and of the child that
    the page showed. Pressed twice it stands once. Raises Refused (field `filed`) without a
    reference, and where one of them was changed meanwhile.
    """
    version = records.newest_version(session, meeting.id)
    if version is None or version.number != number:
        raise Refused("filed", "The record was corrected meanwhile: file the version that is shown")
    reference = check_fileable(child.case_reference, child.version, seen)
    held = queries.tick_of(session, version.id, child.id)
    if held is not None and held.reference == reference:
        return
    if held is None:
        held = RecordFiling(version_id=version.id, child_id=child.id)
        session.add(held)
    held.reference, held.filed_by_id, held.filed_at = reference, staff_id(actor), now
    session.flush()
    record(
        session, actor, "record filed in the case system", Subject("meeting", meeting.ref), now,
        {"child": child.ref, "version": number},
    )  # fmt: skip


def take_back(
    session: Session, actor: Actor, meeting: Meeting, number: int, child: Child, now: datetime
) -> None:
    """It does not stand there. Raises Refused where nobody said that it does."""
    version = records.version_of(session, meeting.id, number)
    held = queries.tick_of(session, version.id, child.id) if version else None
    if held is None:
        raise Refused("filed", "That tick was taken back already")
    session.delete(held)
    session.flush()
    record(
        session, actor, "record not filed in the case system after all",
        Subject("meeting", meeting.ref), now, {"child": child.ref, "version": number},
    )  # fmt: skip
