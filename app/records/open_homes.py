"""A child's stored address in words that every reader gets: whoever signs and circulates is told,
to mark it or let it stand (F4). It warns and blocks nothing. Pure."""

from __future__ import annotations

from app.meetings.rules import gives_away, phrases_of_home
from app.records.document.changes import said_in
from app.records.document.readers import view_for
from app.records.document.types import (
    KIND_WORDS,
    SHORTEST_BLINDING,
    AgencyKind,
    Protected,
    ProtectedKind,
    Reader,
    Record,
    RecordContent,
)
from app.records.types import Recipient

_NOBODY = Reader("", "", "", AgencyKind.OTHER, agency_id="", person_id="")


def open_homes(record: Record[Protected], readers: tuple[Recipient, ...]) -> tuple[str, ...]:
    """The places of a record where the address of one of its children stands unprotected, whole or
    in part, in reading order. Empty where no reader is to be kept from it."""
    if not any(KIND_WORDS[ProtectedKind.ADDRESS] in one.leaves_out for one in readers):
        return ()
    homes = {
        phrase
        for child in record.children
        if child.address
        for phrase in phrases_of_home(child.address.text)
    }
    view = view_for(RecordContent(record, "0" * SHORTEST_BLINDING), _NOBODY)
    places = (
        *said_in(view),
        ("Why it was corrected", record.correction_reason),
        ("Why it was not signed by the chair", record.sign_off.instead_of_chair),
    )
    return tuple(dict.fromkeys(place for place, text in places if gives_away(text, (), homes)))
