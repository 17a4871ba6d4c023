"""What a recall takes back, told before anything is done (F5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.queries import views_of_page
from app.audit.types import Subject
from app.core.clock import words_for_moment
from app.core.crypto import UnreadableField
from app.directory import queries as directory
from app.invitations.wording import telephone_uri
from app.meetings.models import Meeting
from app.records import ledger
from app.records import queries as records
from app.records.document.canonical import CanonicalError
from app.records.extracts.service import page_of, parts_of, words_of
from app.records.keys import UnreadableRecord
from app.records.models import RecordVersion
from app.records.recall import queries, rules
from app.records.service import content_of
from app.records.types import LedgerLine

WHICH_NOT_KEPT = "a part, of which it was not noted which"


@dataclass(frozen=True, slots=True)
class PartTaken:
    """That somebody took a part of a version out as a file."""

    what: str
    number: int  # of the version
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecallPage:
    ref: str
    number: int  # the newest version that was released; 0 before the first
    recallable: bool
    earlier: tuple[int, ...]  # versions that are recalled with it
    readers: int  # whose links end
    had_opened: tuple[str, ...]
    not_by_email: tuple[LedgerLine, ...]  # whom no letter tells
    parts: tuple[PartTaken, ...]  # the last one taken first


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who was told of the recall by telephone."""

    reader: str
    words: str
    said: str


@dataclass(frozen=True, slots=True)
class ToTell:
    """Somebody whom no letter tells of the recall, and how they are reached."""

    invitee_id: int
    name: str
    agency_name: str
    why: str
    telephone: str
    telephone_uri: str | None


@dataclass(frozen=True, slots=True)
class CallsPage:
    ref: str
    waiting: tuple[ToTell, ...]
    told: tuple[Told, ...]
    script: tuple[str, ...]


def calls_page(session: Session, meeting: Meeting) -> CallsPage:
    """Whom no letter tells that the record was taken back: who waits for a call, who had one."""
    calls = queries.calls_of(session, meeting.id)
    waiting = {one.invitee_id: one for one in reversed(calls) if one.told_at is None}
    ids = [one.professional_id for one in waiting.values() if one.professional_id is not None]
    numbers = {one.id: one.telephone for one in directory.professionals(session, ids)}
    council = directory.council(session)
    return CallsPage(
        ref=meeting.ref,
        waiting=tuple(_to_tell(one, numbers) for one in waiting.values()),
        told=tuple(
            Told(
                f"{one.name}, {one.agency_name}",
                f"Told {words_for_moment(one.told_at)} by {one.told_by}",
                one.said or "",
            )
            for one in calls
            if one.told_at is not None
        ),
        script=(
            f"“This is the {council.desk_name} of {council.authority}. May I check your name and "
            "role?”",
            "“The record of the multi-agency meeting was recalled. Please delete or destroy "
            "whatever you have of it, and do not use what was read to you. Who else has it?”",
            f"On a machine say only: “Please telephone {council.desk_telephone}, reference "
            f"{meeting.ref}.” No name of a child, no reason.",
        ),
    )


def _to_tell(one: queries.CallShown, numbers: Mapping[int, str | None]) -> ToTell:
    # As it was when they were asked, or else as the directory holds it since.
    number = one.telephone or numbers.get(one.professional_id or 0) or ""
    uri = telephone_uri(number) if number else None
    return ToTell(one.invitee_id, one.name, one.agency_name, one.why, number, uri)


def recall_page(session: Session, meeting: Meeting) -> RecallPage:
    """What ends when the newest version that was released is recalled: whose links, which earlier
    versions, and where files of it are already."""
    number = queries.newest_released(session, meeting.id)
    newest = records.version_of(session, meeting.id, number)
    earlier = queries.earlier_not_recalled(session, meeting.id, number)
    versions = [newest] if newest else []
    versions += [session.get_one(RecordVersion, one.id) for one in reversed(earlier)]
    ledgers = ledger.ledgers_of(session, meeting.id)
    lines = [line for version in versions for line in ledgers.get(version.id, ())]
    opened = {line.invitee_id: line for line in lines if line.opened_at}
    parts = [part for version in versions for part in _taken(session, meeting, version)]
    return RecallPage(
        ref=meeting.ref,
        number=number,
        recallable=newest is not None and not queries.is_recalled(session, newest.id),
        earlier=tuple(one.number for one in earlier),
        readers=len({line.invitee_id for line in lines if not line.wrong_address}),
        had_opened=tuple(line.reader for line in opened.values()),
        not_by_email=rules.not_by_email(lines, queries.may_have_letter(session, meeting.id)),
        parts=tuple(sorted(parts, key=lambda part: part.at, reverse=True)),
    )


def _taken(session: Session, meeting: Meeting, version: RecordVersion) -> Iterator[PartTaken]:
    of_any = page_of(version.number)
    views = views_of_page(session, Subject("meeting", meeting.ref), of_any)
    named = _named(session, version) if views else {}
    for view in views:
        place = view.page.removeprefix(of_any).removeprefix(": ")
        if named and place and view.page not in named:
            continue  # was asked for and is not there
        what = named.get(view.page) or place or WHICH_NOT_KEPT
        yield PartTaken(what, version.number, view.who, view.at)


def _named(session: Session, version: RecordVersion) -> Mapping[str, str]:
    """Each part by the name that the audit has for it; none of a record that cannot be read."""
    try:
        parts = parts_of(content_of(session, version))
    except (CanonicalError, UnreadableRecord, UnreadableField):
        return {}
    return {page_of(version.number, one.kind, one.place): words_of(one) for one in parts}
