"""Who may see which protected passage (F4).

The table follows the need to act on it: an address is for those who go to the door, a referrer
for those who investigate, the health of other people for those bound by clinical confidence and
for social care, which weighs the household as a whole. Why social care booked the discussion late
is its own to answer for, and may speak of its staff. The published scheme is a database "with
the opportunity to redact information as necessary" (HO2014, Blackburn, top tip 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import cast

from app.records.document.canonical import canonical_sha256
from app.records.document.changes import changes
from app.records.document.types import (
    AgencyKind,
    Disclosed,
    Protected,
    ProtectedKind,
    Reader,
    ReaderRecord,
    RecordContent,
    RecordView,
    Withheld,
)

MAY_SEE: Mapping[ProtectedKind, frozenset[AgencyKind]] = MappingProxyType(
    {
        ProtectedKind.ADDRESS: frozenset({AgencyKind.SOCIAL_CARE, AgencyKind.POLICE}),
        ProtectedKind.REFERRER: frozenset({AgencyKind.SOCIAL_CARE, AgencyKind.POLICE}),
        ProtectedKind.HEALTH_OF_OTHERS: frozenset({AgencyKind.SOCIAL_CARE, AgencyKind.HEALTH}),
        ProtectedKind.LATE_REASON: frozenset({AgencyKind.SOCIAL_CARE}),
    }
)


def may_see(reader: Reader, passage: Protected) -> bool:
    """True if this reader's copy may hold the passage.

    By the kind of agency (`MAY_SEE`), or because it is the reader's own: the referrer may read
    that they referred, an agency may read what it brought itself, and whoever has to act may read
    what they have to do. A person in no directory is known by their address, or by name and agency
    (`records.rules.person_marks`). Source: F4; HO2014 Blackburn.
    """
    if reader.agency_kind in MAY_SEE[passage.kind]:
        return True
    own_agency = bool(passage.agency_id) and passage.agency_id == reader.agency_id
    return own_agency or not {*passage.person_id.split()}.isdisjoint(reader.person_id.split())


def for_reader(
    content: RecordContent, reader: Reader, former: RecordContent | None = None
) -> ReaderRecord:
    """The record as this reader may see it, with the hash of the whole.

    What may not be seen is left out here, before anything is drawn or written, and stands as
    `Withheld`. The walk goes through every field, so a passage marked as protected in a new place
    is decided on as well. `former` is the version that this one corrects: what differs for this
    reader is then said. Source: F2, F4; HO2014 Blackburn.
    """
    view = view_for(content, reader)
    differs = (
        changes(view_for(former, reader), view, former_words=reader.is_council) if former else ()
    )
    return ReaderRecord(reader, view, canonical_sha256(content), differs)


def view_for(content: RecordContent, reader: Reader) -> RecordView:
    """What this reader may see, without the hash."""
    return cast(RecordView, _shown(content.record, reader))


def _shown(value: object, reader: Reader) -> object:
    if isinstance(value, Protected):
        if may_see(reader, value):
            return Disclosed(value.kind, value.text)
        return Withheld(value.kind)
    if isinstance(value, tuple):
        return tuple(_shown(item, reader) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _shown(getattr(value, field.name), reader) for field in fields(value)}
        return type(value)(**parts)
    return value
