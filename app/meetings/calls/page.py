"""The call sheet: worked out here, so that the template only displays (C5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_moment, words_for_span, words_for_time
from app.directory import queries as directory
from app.directory.models import Professional
from app.directory.rules import is_at_work, working_hours_in_words
from app.invitations.wording import telephone_in, telephone_uri
from app.meetings.calls import rules
from app.meetings.calls.letters import read_unreached
from app.meetings.calls.queries import calls_of
from app.meetings.calls.removed import to_tell_of_removal
from app.meetings.calls.types import CallShown, Outcome
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import place_of
from app.meetings.types import Answer, MeetingState, dial_in_parts
from app.protocols.working_days import is_bank_holiday

OPEN = frozenset({MeetingState.BOOKED, MeetingState.UNDER_WAY})
# Whoever gets no letters is told by telephone that it was called off, too (C7).
TO_TELEPHONE = OPEN | {MeetingState.CANCELLED}


@dataclass(frozen=True, slots=True)
class CallLine:
    words: str
    said: str


@dataclass(frozen=True, slots=True)
class Card:
    """One person on the call sheet. `state` is now, next, later or done."""

    id: int
    name: str
    detail: str
    telephone: str
    telephone_uri: str | None
    no_number: str  # what to do about it where none is held
    hours: str
    state: str
    state_words: str
    answer: str
    calls: tuple[CallLine, ...]
    may_call: bool
    may_answer: bool
    version: int
    may_number: bool


@dataclass(frozen=True, slots=True)
class CallSheet:
    meeting: Meeting
    when: str
    dial_in: str
    dial_in_uri: str | None
    pin: str
    script: tuple[str, ...]
    cards: tuple[Card, ...]
    reached: str
    open: bool
    cancelled: bool


_STATES = {
    rules.Order.AGAIN_NOW: "now",
    rules.Order.NOT_YET: "next",
    rules.Order.AGAIN_LATER: "later",
    rules.Order.DONE: "done",
}


def sheet_of(session: Session, meeting: Meeting, now: datetime) -> CallSheet:
    """Everybody to telephone, whoever is due first; who has answered stands last."""
    unreached = read_unreached(session, meeting)
    asked = _asked(meeting, unreached)
    calls: defaultdict[int | None, list[CallShown]] = defaultdict(list)
    for call in calls_of(session, meeting.id):
        calls[call.invitee_id].append(call)
    people = _people(session, asked)
    off = meeting.state is MeetingState.CANCELLED
    cards = [
        _card(one, calls[one.id], people.get(one.professional_id or 0), meeting, unreached, now)
        for one in asked
    ]
    order = list(_STATES.values())
    cards.sort(key=lambda card: order.index(card.state))
    done = sum(card.state == "done" for card in cards)
    council = directory.council(session)
    number, pin = ("", "") if off else _dial_in(session, meeting)
    return CallSheet(
        meeting=meeting,
        when=words_for_moment(meeting.starts_at) if meeting.starts_at else "",
        dial_in=number,
        dial_in_uri=telephone_in(number),
        pin=pin,
        script=_script(
            meeting, unreached, council.authority, council.desk_name, council.desk_telephone
        ),
        cards=tuple(cards),
        reached=f"{done} of {len(cards)} told that it is cancelled"
        if off
        else f"{done} of {len(cards)} reached or answered",
        open=meeting.state in OPEN or (off and bool(cards)),
        cancelled=off,
    )


def _dial_in(session: Session, meeting: Meeting) -> tuple[str, str]:
    """Number and PIN to tell people; both empty where there are none."""
    place = place_of(session, meeting)
    if place.telephone and place.pin:
        return place.telephone, place.pin
    return dial_in_parts(meeting.typed_dial_in or "")


def card_of(
    session: Session, meeting: Meeting, invitee: Invitee, calls: Sequence[CallShown], now: datetime
) -> Card:
    """One person's card by itself, after a tap."""
    person = _people(session, [invitee]).get(invitee.professional_id or 0)
    return _card(invitee, calls, person, meeting, read_unreached(session, meeting), now)


def to_tell_of_cancelling(meeting: Meeting, unreached: Collection[int]) -> list[Invitee]:
    """Whom no letter tells that it is called off: they are telephoned (C7). `unreached` are those
    whom none reaches, by number."""
    return [one for one in _expected(meeting) if one.id in unreached]


def to_telephone(meeting: Meeting, unreached: Collection[int]) -> list[Invitee]:
    """Whom the call sheet asks for as long as it is open (C5, C7)."""
    return _asked(meeting, unreached) if meeting.state in TO_TELEPHONE else []


def untold_removed(
    meeting: Meeting, calls: Mapping[int, Sequence[CallShown]], unreached: Collection[int]
) -> frozenset[int]:
    """Those who were taken off and have to be told so by telephone, by number; `calls` by whom."""
    return frozenset(
        one.id
        for one in to_tell_of_removal(meeting, unreached)
        if meeting.state in TO_TELEPHONE and not is_told(one, calls.get(one.id, ()), unreached)
    )


def is_told(invitee: Invitee, calls: Sequence[CallShown], unreached: Collection[int]) -> bool:
    """Whether this person is known to have learned of the discussion as it is now; `calls` are
    all to them."""
    return rules.knows(
        letters=invitee.id not in unreached,
        answered=invitee.answer is not Answer.NONE,
        answered_at=invitee.answered_at,
        heard_at=max((one.at for one in calls if one.outcome is Outcome.SPOKE), default=None),
        news_at=invitee.news_at,
    )


def about_now(invitee: Invitee, calls: Sequence[CallShown]) -> list[CallShown]:
    """The calls in which they were told what holds now, not what held before the last change."""
    return [one for one in calls if invitee.news_at is None or one.at >= invitee.news_at]


def _asked(meeting: Meeting, unreached: Collection[int]) -> list[Invitee]:
    off = meeting.state is MeetingState.CANCELLED
    asked = to_tell_of_cancelling(meeting, unreached) if off else _expected(meeting)
    if meeting.state not in TO_TELEPHONE:
        return asked
    return [*asked, *to_tell_of_removal(meeting, unreached)]


def _expected(meeting: Meeting) -> list[Invitee]:
    return [
        one
        for one in meeting.invitees
        if one.removed_at is None and one.staff_id is None and one.answer is not Answer.DEPUTY
    ]


def _people(session: Session, asked: Sequence[Invitee]) -> dict[int, Professional]:
    ids = [one.professional_id for one in asked if one.professional_id is not None]
    return {person.id: person for person in directory.professionals(session, ids)}


def _card(
    invitee: Invitee,
    calls: Sequence[CallShown],
    person: Professional | None,
    meeting: Meeting,
    unreached: Collection[int],
    now: datetime,
) -> Card:
    current = about_now(invitee, calls)
    last = current[-1] if current else None
    answered, removed = invitee.answer is not Answer.NONE, invitee.removed_at is not None
    known = is_told(invitee, calls, unreached)
    place = rules.place_in_list(
        last.outcome if last else None, last.again_at if last else None, known, now
    )
    # As it was when they were asked, or else as the directory holds it since.
    number = invitee.telephone or (person.telephone if person else None) or ""
    return Card(
        id=invitee.id,
        name=invitee.name,
        detail=f"{invitee.title}, {invitee.agency_name}",
        telephone=number,
        telephone_uri=telephone_uri(number) if number else None,
        no_number="" if number else _no_number(person),
        hours=_hours(person, now),
        state=_STATES[place],
        state_words=_state_words(
            last, known, _not_told(invitee, meeting, bool(calls) or answered), now
        ),
        answer=invitee.answer.label if answered and not removed else "",
        calls=tuple(
            CallLine(
                f"{one.outcome.label} {words_for_moment(one.at)}, {one.by}"
                + ("" if one in current else ", before the last change"),
                one.said or "",
            )
            for one in reversed(calls)
        ),
        may_call=meeting.state in TO_TELEPHONE,
        may_answer=meeting.state in OPEN and not removed,
        version=invitee.version,
        may_number=meeting.state in TO_TELEPHONE and not removed,
    )


def _no_number(person: Professional | None) -> str:
    if person is not None:
        return "No number is held. Enter one in the directory."
    return "No number is held."


def _hours(person: Professional | None, now: datetime) -> str:
    if person is None:
        return ""
    held = person.works_days, person.works_from, person.works_to
    words = working_hours_in_words(*held)
    return (
        f"{words}: not at work now"
        if words and not is_at_work(*held, now, is_bank_holiday)
        else words
    )


def _not_told(invitee: Invitee, meeting: Meeting, before: bool) -> str:
    """What somebody who was not telephoned about it does not know; `before`: they were reached
    earlier."""
    if meeting.state is MeetingState.CANCELLED:
        return "Not told that it is cancelled"
    if invitee.removed_at is not None:
        return "Not told that they are no longer asked"
    return "Not told of the last change" if before else "Not telephoned yet"


def _state_words(last: CallShown | None, known: bool, not_told: str, now: datetime) -> str:
    if known:
        return "Spoke" if last is not None and last.outcome is Outcome.SPOKE else "Answered"
    if last is None:
        return not_told
    if last.again_at is None or last.again_at <= now:
        return f"{last.outcome.label}: telephone again now"
    left = words_for_span(last.again_at - now)
    return f"{last.outcome.label}: again at {words_for_time(last.again_at)}, in {left}"


def _script(
    meeting: Meeting, unreached: Collection[int], authority: str, desk: str, telephone: str
) -> tuple[str, ...]:
    """What to say. Nothing of the child before it is known who is on the line."""
    when = words_for_moment(meeting.starts_at) if meeting.starts_at else "soon"
    who = f"“This is the {desk} of {authority}. May I check your name and role?”"
    machine = (
        f"On a machine say only: “Please telephone {telephone}, reference {meeting.ref}.” "
        "No name of a child, no reason."
    )
    if meeting.state is MeetingState.CANCELLED:
        return who, f"“The multi-agency meeting on {when} is cancelled. Nobody dials in.”", machine
    # They know the old time alone and learn no new one.
    no_longer = (
        "To whoever was removed: “You are not asked to the multi-agency meeting any more. Please "
        "do not dial in.” No other time, no PIN."
    )
    return (
        who,
        f"“You are asked to a multi-agency meeting on {when}, {meeting.format.label.lower()}. "
        "An invitation is in your mailbox, with a link to what it is about.”",
        "“Can you take part, send a report, or name a colleague who comes instead?”",
        *([no_longer] if to_tell_of_removal(meeting, unreached) else ()),
        machine,
    )
