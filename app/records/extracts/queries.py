"""Reading the parts of records that were made."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.meetings.models import Meeting
from app.records.document.types import ExtractKind
from app.records.extracts.models import RecordExtract
from app.records.models import RecordVersion

_EXTRACT = (
    RecordExtract.version_id == bindparam("version"),
    RecordExtract.kind == bindparam("kind", type_=RecordExtract.__table__.c.kind.type),
    RecordExtract.place == bindparam("place"),
)
_HAS_EXTRACT = select(RecordExtract.id).where(*_EXTRACT)
_EXTRACT_FILE = (
    select(Meeting.ref, RecordVersion.number, RecordVersion.key_id, RecordExtract.pdf)
    .select_from(RecordExtract)
    .join(RecordVersion, RecordVersion.id == RecordExtract.version_id)
    .join(Meeting, Meeting.id == RecordVersion.meeting_id)
    .where(*_EXTRACT)
)


def has_extract(session: Session, version_id: int, kind: ExtractKind, place: int) -> bool:
    """Whether this part was made before; without reading it."""
    values = {"version": version_id, "kind": kind, "place": place}
    return session.execute(_HAS_EXTRACT, values).first() is not None


def extract_of(
    session: Session, version_id: int, kind: ExtractKind, place: int
) -> tuple[str, int, int, bytes]:
    """A part that is there: the discussion's reference, version, its key, the encrypted bytes."""
    values = {"version": version_id, "kind": kind, "place": place}
    row = session.execute(_EXTRACT_FILE, values).one()
    return row.ref, row.number, row.key_id, row.pdf


def extract_with_hash(session: Session, sha256: str) -> RecordExtract | None:
    """The part of a record with these bytes, if one was made."""
    return session.execute(
        select(RecordExtract).where(RecordExtract.sha256 == sha256).limit(1)
    ).scalar_one_or_none()
