"""Making a part of a record when somebody asks for it first: printed outside any transaction."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError

from app.core.config import Settings
from app.core.session import reading, transaction
from app.records import rules
from app.records.copies import Press, SealedCopy
from app.records.document.types import ExtractKind, RecordContent
from app.records.extracts import queries, service
from app.records.extracts.service import Part, parts_of
from app.records.models import RecordVersion
from app.records.readers import agency_reader, council_reader
from app.records.sealing import sealer_of
from app.records.service import content_of
from app.records.types import CopyFile

log = structlog.get_logger()


def extract(
    settings: Settings, version_id: int, kind: ExtractKind, place: int, now: datetime
) -> CopyFile | None:
    """The part as a sealed file, made now where nobody asked for it before; None where there is
    no such part (F6). Raises SealError, and what `content_of` raises."""
    session = reading()
    if not queries.has_extract(session, version_id, kind, place):
        content = content_of(session, session.get_one(RecordVersion, version_id))
        session.rollback()
        part = next((p for p in parts_of(content) if (p.kind, p.place) == (kind, place)), None)
        if part is None:
            return None
        copy = _sealed(settings, content, part, now)
        try:
            with transaction() as session:
                service.keep(session, version_id, part, copy, now)
        except IntegrityError:
            log.info("part made by another process", version=version_id)
    return service.file_of(reading(), version_id, kind, place)


def _sealed(settings: Settings, content: RecordContent, part: Part, now: datetime) -> SealedCopy:
    press = Press(content, sealer_of(settings), check_at=rules.check_page(settings.base_url))
    if part.kind is ExtractKind.CHILD:
        reader = council_reader(content.record.authority)
        return press.child_extract(part.place, reader, now)
    return press.actions_extract(part.name, agency_reader(part.name, content.record), now)
