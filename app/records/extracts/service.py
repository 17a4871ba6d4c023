"""Parts of a signed version as files of their own: kept, and known to verification (F6, F7)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.records import rules
from app.records.copies import SealedCopy
from app.records.document.extracts import agencies_with_actions
from app.records.document.readers import view_for
from app.records.document.types import ExtractKind, RecordContent
from app.records.extracts import queries
from app.records.extracts.models import RecordExtract
from app.records.keys import cipher_of
from app.records.models import RecordVersion
from app.records.readers import council_reader
from app.records.types import CopyFile

_NAMES = {ExtractKind.CHILD: "child", ExtractKind.ACTIONS: "actions"}


class Part(NamedTuple):
    """One part that can be had: which child or agency, counted from 0."""

    kind: ExtractKind
    place: int
    name: str


def page_of(number: int, kind: ExtractKind | None = None, place: int = 0) -> str:
    """The name under which the audit keeps that a part of this version was handed out, and which:
    by its place, since nobody's name stands there (H3)."""
    page = f"part of the record, version {number}"
    return page if kind is None else f"{page}: {_NAMES[kind]} {place + 1}"


def words_of(part: Part) -> str:
    """`record of Ada Fernsby`, `actions of County Police`."""
    return f"{'record' if part.kind is ExtractKind.CHILD else 'actions'} of {part.name}"


def parts_of(content: RecordContent) -> list[Part]:
    """The parts of a record: each child where there are several, each agency with actions (F6)."""
    view = view_for(content, council_reader(content.record.authority))
    children = [child.name for child in view.children] if len(view.children) > 1 else []
    named = ((ExtractKind.CHILD, children), (ExtractKind.ACTIONS, agencies_with_actions(view)))
    return [Part(kind, place, name) for kind, names in named for place, name in enumerate(names)]


def keep(session: Session, version_id: int, part: Part, copy: SealedCopy, now: datetime) -> None:
    """Store a part that was made. The database lets each exist once: IntegrityError."""
    version = session.get_one(RecordVersion, version_id)
    session.add(
        RecordExtract(
            version_id=version_id,
            kind=part.kind,
            place=part.place,
            pdf=cipher_of(session, version.key_id).close(copy.pdf),
            sha256=copy.sha256,
            made_at=now,
        )
    )
    session.flush()


def file_of(session: Session, version_id: int, kind: ExtractKind, place: int) -> CopyFile:
    """A part that is there, as a file."""
    ref, number, key_id, pdf = queries.extract_of(session, version_id, kind, place)
    name = rules.file_name(ref, number, f"{_NAMES[kind]}-{place + 1}")
    return CopyFile(name, cipher_of(session, key_id).open(pdf), number)
