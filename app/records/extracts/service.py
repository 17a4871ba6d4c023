"""Parts of a signed version as files of their own: made when they are asked for, kept, known to
verification (F6, F7)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.config import Settings
from app.core.session import reading, transaction
from app.records import rules
from app.records.copies import Press, SealedCopy
from app.records.document.extracts import agencies_with_actions
from app.records.document.readers import view_for
from app.records.document.types import ExtractKind, RecordContent
from app.records.extracts import queries
from app.records.extracts.models import RecordExtract
from app.records.keys import cipher_of
from app.records.models import RecordVersion
from app.records.sealing import sealer_of
from app.records.service import content_of
from app.records.types import CopyFile

PARTS = {ExtractKind.CHILD: "child", ExtractKind.ACTIONS: "actions"}


class Part(NamedTuple):
    """One part that can be had: which child or agency, counted from 0."""

    kind: ExtractKind
    place: int
    name: str


def parts_of(content: RecordContent) -> list[Part]:
    """The parts of a record: each child where there are several, each agency with actions (F6)."""
    view = view_for(content, rules.council_reader(content.record.authority))
    children = [child.name for child in view.children] if len(view.children) > 1 else []
    named = ((ExtractKind.CHILD, children), (ExtractKind.ACTIONS, agencies_with_actions(view)))
    return [Part(kind, place, name) for kind, names in named for place, name in enumerate(names)]


def extract(
    settings: Settings, version_id: int, kind: ExtractKind, place: int, now: datetime
) -> CopyFile | None:
    """The part as a sealed file, made now where nobody asked for it before; None where there is
    no such part. Printed outside any transaction."""
    session = reading()
    if not queries.has_extract(session, version_id, kind, place):
        content = content_of(session, session.get_one(RecordVersion, version_id))
        part = next((p for p in parts_of(content) if (p.kind, p.place) == (kind, place)), None)
        session.rollback()
        if part is None:
            return None
        _keep(version_id, part, _sealed(settings, content, part, now), now)
        session = reading()
    return _file(session, version_id, kind, place)


def _sealed(settings: Settings, content: RecordContent, part: Part, now: datetime) -> SealedCopy:
    press = Press(content, sealer_of(settings))
    if part.kind is ExtractKind.CHILD:
        reader = rules.council_reader(content.record.authority)
        return press.child_extract(part.place, reader, now)
    return press.actions_extract(part.name, rules.agency_reader(part.name), now)


def _keep(version_id: int, part: Part, copy: SealedCopy, now: datetime) -> None:
    try:
        with transaction() as session:
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
    except IntegrityError:
        return  # somebody else asked for it at the same moment: theirs is kept


def _file(session: Session, version_id: int, kind: ExtractKind, place: int) -> CopyFile:
    ref, number, key_id, pdf = queries.extract_of(session, version_id, kind, place)
    name = rules.file_name(ref, number, f"{PARTS[kind]}-{place + 1}")
    return CopyFile(name, cipher_of(session, key_id).open(pdf), number)
