"""What another address for a reader brings with it, told before anything is done (F5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.meetings.booking.again import prospect
from app.meetings.booking.late_address import done_there
from app.meetings.models import Invitee, Meeting
from app.records import ledger, releasing
from app.records import queries as records
from app.records.address import queries
from app.records.address.types import Then
from app.records.queries import VersionShown
from app.records.recall.queries import is_recalled, owners_of_open_actions
from app.records.standing import is_signed


@dataclass(frozen=True, slots=True)
class WentThere:
    """A version whose letter went to the address there is."""

    number: int
    queued_at: datetime | None  # the first letter that may have been read
    again: tuple[datetime, ...]  # the later ones, reminders too
    opened_at: datetime | None
    downloaded_at: datetime | None
    arrived: bool  # somebody may have read the letter
    attached: bool


@dataclass(frozen=True, slots=True)
class AddressPage:
    ref: str
    name: str
    what: str  # the person's title and agency
    email: str
    arrived: bool  # a letter may have been read at the address there is
    reports: int  # that were sent by the old link
    dissents: int  # the same
    in_record: int  # of these, how many the signed record holds
    reported: int  # actions whose last report came by the old link
    named: str  # who took part, as the old link told it
    colleagues: tuple[str, ...]  # who comes instead, the same
    correcting: bool  # the record is being corrected
    went: tuple[WentThere, ...]
    recalls: tuple[datetime, ...]  # letters there that asked to delete the record
    copy: str  # what the reader gets at the new address, in words
    told_of_actions: bool
    in_directory: bool
    sends_again: bool  # the same copy can go to the address there is
    opens_case: bool  # it is archived, and something is sent


def address_page(
    session: Session, meeting: Meeting, invitee: Invitee, *, archived: bool
) -> AddressPage:
    """What went to the address there is, and what another one leads to; `archived` where the case
    is closed."""
    lines = queries.lines_of(session, invitee.id)
    versions = records.versions_of(session, meeting.id)
    letters = queries.letters_to(session, invitee.id)
    numbers = {one.id: one.number for one in versions}
    found = [(line, queries.letter_of(line, versions, letters)) for line in lines]
    ahead = prospect(session, meeting, invitee)
    newest = versions[0]
    done = done_there(session, meeting, invitee)
    then = _then(session, meeting, [*done.colleagues, invitee], newest)
    owing = owners_of_open_actions(session, meeting.id)
    arrived = ahead.arrived or bool(done.colleagues) or any(line.opened_at for line in lines)
    return AddressPage(
        ref=meeting.ref,
        name=invitee.name,
        what=f"{invitee.title}, {invitee.agency_name}",
        email=invitee.email or "",
        arrived=arrived,
        reports=ahead.reports,
        dissents=len(done.dissents),
        in_record=done.in_record(meeting.signed_at),
        reported=len(done.reported),
        named=done.named,
        colleagues=tuple(one.name for one in done.colleagues),
        correcting=not is_signed(meeting),
        went=tuple(
            WentThere(
                numbers[line.version_id],
                letter.at if letter else None,
                _again(letter, queries.letters_of(line, versions, letters)),
                line.opened_at,
                line.downloaded_at,
                arrived=letter is None or letter.arrived,
                attached=line.attached,
            )
            for line, letter in found
            if letter is not None or line.opened_at is not None
        ),
        recalls=tuple(one.at for one in letters if one.recalls and one.arrived),
        copy=then.words(invitee.name, newest.number),
        # Staff see theirs on their own pages.
        told_of_actions=invitee.staff_id is None
        and (
            (arrived and bool(done.reported))
            or not owing.isdisjoint((invitee.id, *(one.id for one in done.colleagues)))
        ),
        in_directory=invitee.professional_id is not None,
        sends_again=then is Then.SENT and not archived and _sends_again(session, invitee, newest),
        opens_case=archived and then is Then.SENT,
    )


def _again(first: queries.Letter | None, ours: Sequence[queries.Letter]) -> tuple[datetime, ...]:
    return tuple(one.at for one in ours if first and one.arrived and one is not first)


def _sends_again(session: Session, invitee: Invitee, newest: VersionShown) -> bool:
    lines = ledger.ledger_of(session, newest.id)
    return any(one.invitee_id == invitee.id and one.step.may_send_again for one in lines)


def _then(
    session: Session, meeting: Meeting, readers: Sequence[Invitee], newest: VersionShown
) -> Then:
    """What becomes of the copy: it was for the last of `readers`, and may have gone to one before,
    who stood in their place."""
    held = {one.invitee_id: one for one in ledger.ledger_of(session, newest.id)}
    ids = {one.id for one in readers}
    line = next((held[one.id] for one in reversed(readers) if one.id in held), None)
    if line is not None and line.withheld_reason:
        return Then.WITHHELD
    if not is_signed(meeting):
        return Then.CORRECTED
    if is_recalled(session, newest.id):
        return Then.RECALLED
    if line is not None:
        return Then.SENT
    waiting = releasing.to_release(session, meeting, newest.id)
    return Then.TO_RELEASE if any(one.id in ids for one in waiting) else Then.NONE
