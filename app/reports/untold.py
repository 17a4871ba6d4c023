"""People whom nothing but a call tells that a discussion is booked, moved, changed or called off
(C7, D7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import and_, bindparam, case, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.database import UTCDateTime, any_of
from app.meetings.calls.models import Call
from app.meetings.calls.types import Outcome
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import Answer, MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.types import FAILED

_failed, _sent_again = aliased(Delivery), aliased(Delivery)
_failure, _again = aliased(OutboxMessage), aliased(OutboxMessage)
_same = aliased(Invitee)
# As `app.meetings.calls.rules.letters_fail`: only a newer invitation begins anew.
_letters_fail = (
    exists()
    .where(
        _failed.invitee_id == Invitee.id,
        _failure.id == _failed.message_id,
        _failure.state.in_(any_of(FAILED)),
        ~exists()
        .where(
            _sent_again.invitee_id == _failed.invitee_id,
            _sent_again.id > _failed.id,
            _sent_again.kind == MessageKind.INVITATION,
            _again.id == _sent_again.message_id,
            _again.state.not_in(any_of(FAILED)),
        )
        .correlate(_failed),
    )
    .correlate(Invitee)
)
# As `app.meetings.calls.page.is_told` and `app.meetings.calls.removed`. Whoever was typed and asked
# again is known by a number that only the application reads: `untold` leaves them out.
_UNTOLD = and_(
    # Whoever gets no letter has not heard of the booking itself; one that fails is work of its own.
    # Of whoever's links were withdrawn nobody knows what they read before.
    Invitee.news_at.is_not(None)
    | and_(
        Invitee.invitation_id.is_(None) | Invitee.links_withdrawn_at.is_not(None),
        Invitee.removed_at.is_(None),
        Invitee.joined.is_(False),
    ),
    Invitee.staff_id.is_(None),
    or_(
        and_(Invitee.removed_at.is_(None), Invitee.answer != Answer.DEPUTY),
        and_(
            Invitee.removed_at.is_not(None),
            ~Invitee.wrong_address,
            ~exists()
            .where(
                _same.meeting_id == Invitee.meeting_id,
                _same.professional_id == Invitee.professional_id,
                _same.removed_at.is_(None),
            )
            .correlate(Invitee),
        ),
    ),
    Invitee.invitation_id.is_(None) | Invitee.links_withdrawn_at.is_not(None) | _letters_fail,
    # An answer that was given since says that they know.
    (Invitee.answer == Answer.NONE)
    | and_(
        Invitee.news_at.is_not(None),
        Invitee.answered_at.is_(None) | (Invitee.answered_at < Invitee.news_at),
    ),
    ~exists()
    .where(
        Call.meeting_id == Invitee.meeting_id,
        Call.invitee_id == Invitee.id,
        Call.outcome == Outcome.SPOKE,
        Invitee.news_at.is_(None) | (Call.at >= Invitee.news_at),
    )
    .correlate(Invitee),
)
# Until they were spoken to, or the time has come that it was booked for. Of what lies ahead alone,
# by its index: what was called off stays for years.
OF_DISCUSSIONS = (
    select(Meeting.id, Meeting.ref, Meeting.starts_at.label("due_at"))
    .where(
        Meeting.starts_at > bindparam("now", type_=UTCDateTime()),
        Meeting.state.in_(any_of((MeetingState.BOOKED, MeetingState.CANCELLED))),
        exists().where(Invitee.meeting_id == Meeting.id, _UNTOLD).correlate(Meeting),
    )
    .order_by(Meeting.starts_at, Meeting.id)
)
_PEOPLE = (
    select(
        Invitee.meeting_id,
        Meeting.state,
        Invitee.name,
        Invitee.telephone,
        Invitee.professional_id,
        Invitee.removed_at.is_not(None),
        Invitee.news_at.is_not(None),
        Invitee.links_withdrawn_at.is_not(None),
        case((_UNTOLD, 1), else_=0),
    )
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .where(Invitee.meeting_id.in_(bindparam("ids", expanding=True)))
    .order_by(Invitee.meeting_id, Invitee.id)
)


def untold(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Of each of these discussions whom no letter tells, in words; none where somebody was spoken
    to meanwhile: one statement, none for none."""
    if not ids:
        return {}
    rows = session.execute(_PEOPLE, {"ids": list(ids)}).all()
    there = {
        (meeting_id, name, telephone)
        for meeting_id, _, name, telephone, _, removed, *_ in rows
        if not removed
    }
    names: defaultdict[int, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for meeting_id, state, name, telephone, person, removed, news, withdrawn, is_untold in rows:
        asked_again = person is None and (meeting_id, name, telephone) in there
        if is_untold and not (removed and asked_again):
            names[meeting_id][_what(state, news=news, withdrawn=withdrawn)].append(name)
    return {
        id_: " ".join(_in_words(what, who) for what, who in told.items())
        for id_, told in names.items()
    }


def _what(state: MeetingState, *, news: bool, withdrawn: bool) -> str:
    if state is MeetingState.CANCELLED:
        return "that it is cancelled"
    if withdrawn and not news:
        return "of it since their links were withdrawn"
    return "of the last change" if news else "that it is booked"


def _in_words(what: str, who: list[str]) -> str:
    people = "1 person was" if len(who) == 1 else f"{len(who)} people were"
    return f"{people} not told {what}: {', '.join(who)}."
