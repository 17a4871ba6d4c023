"""Mail about discussions that did not arrive (D7)."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, false, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.core.database import UTCDateTime
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.invitee_line import letter_words
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.papers.models import SentForm
from app.meetings.types import Answer, MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.reports.asked import newest_failures
from app.reports.types import MOST, Since

_OVER = (MeetingState.ENDED, MeetingState.SIGNED)


def discussions(failures: Any) -> Select[*tuple[Any, ...]]:
    """The discussions of (`meeting_id`, `id` of what failed), each once, the newest failure first.
    Cut before they are looked up: a plan that walks all of them in their order would cost more
    with each year."""
    each = failures.subquery()
    newest = func.max(each.c.id)
    first = (
        select(each.c.meeting_id, newest.label("newest"))
        .group_by(each.c.meeting_id)
        .order_by(newest.desc())
        .limit(MOST + 1)
        .subquery()
    )
    return (
        select(Meeting.id, Meeting.ref, literal(None, UTCDateTime()).label("due_at"))
        .join(first, first.c.meeting_id == Meeting.id)
        .order_by(first.c.newest.desc())
    )


_FAILURES = (
    newest_failures(Invitee.meeting_id, OutboxMessage.id)
    .join(Delivery, Delivery.message_id == OutboxMessage.id)
    .join(Invitee, Invitee.id == Delivery.invitee_id)
    .subquery()
)

_FORM_FAILURES = (
    newest_failures(SentForm.meeting_id, OutboxMessage.id)
    .join(SentForm, SentForm.message_id == OutboxMessage.id)
    .subquery()
)
OF_DISCUSSIONS = discussions(union_all(select(_FAILURES), select(_FORM_FAILURES)))
# Until whoever was to be told is: then the failure was seen to.
OF_NOTICES = discussions(
    newest_failures(EarlyNotice.meeting_id, OutboxMessage.id).join(
        EarlyNotice, EarlyNotice.message_id == OutboxMessage.id
    )
)
# To whom each of them did not arrive, for what the page says to do.
_LETTERS = (
    newest_failures(
        Invitee.meeting_id,
        Invitee.name,
        Invitee.agency_name.label("agency"),
        Invitee.telephone.label("reached_by"),
        Delivery.kind,
        OutboxMessage.kind.label("letter"),
        OutboxMessage.problem,
        Meeting.state,
        Invitee.removed_at.is_not(None).label("removed"),
        Invitee.answer,
        Invitee.wrong_address,
    )
    .join(Delivery, Delivery.message_id == OutboxMessage.id)
    .join(Invitee, Invitee.id == Delivery.invitee_id)
    .join(Meeting, Meeting.id == Invitee.meeting_id)
    .subquery()
)
_FORMS = (
    newest_failures(
        SentForm.meeting_id,
        SentForm.name,
        null().label("agency"),
        SentForm.email.label("reached_by"),
        null().label("kind"),
        null().label("letter"),
        OutboxMessage.problem,
        null().label("state"),
        false().label("removed"),
        null().label("answer"),
        false().label("wrong_address"),
    )
    .join(SentForm, SentForm.message_id == OutboxMessage.id)
    .subquery()
)
_NOT_ARRIVED: CompoundSelect[Any] = union_all(select(_LETTERS), select(_FORMS))


class NotArrived(NamedTuple):
    """A message that failed: to whom, and what the mail server said."""

    meeting_id: int
    what: str
    to: str
    telephone: str
    problem: str
    since: Since = Since.NOTHING


def not_arrived(session: Session) -> list[NotArrived]:
    """Which messages of discussions failed and wait for somebody to see to them, forms to police
    and doctors after the letters: one statement."""
    return [
        NotArrived(meeting_id, name, reached_by, "", problem or "")
        if kind is None
        else NotArrived(
            meeting_id,
            letter_words(kind, letter),
            f"{name}, {agency}",
            reached_by or "",
            problem or "",
            _since(kind, *person),
        )
        for meeting_id, name, agency, reached_by, kind, letter, problem, *person in session.execute(
            _NOT_ARRIVED
        ).all()
    ]


def _since(
    kind: MessageKind, state: MeetingState, removed: bool, answer: Answer, wrong_address: bool
) -> Since:
    """What happened to the discussion, or to this person's part in it, since the letter left."""
    if state is MeetingState.CANCELLED:
        return Since.CANCELLED
    if wrong_address:
        return Since.WRONG_ADDRESS
    if state in _OVER:
        # What follows the discussion leaves when it is over.
        return Since.NOTHING if kind in (MessageKind.RECORD, MessageKind.ACTIONS) else Since.OVER
    if removed:
        return Since.REMOVED
    if answer is Answer.DEPUTY:
        return Since.COLLEAGUE
    return Since.UNDER_WAY if state is MeetingState.UNDER_WAY else Since.NOTHING
