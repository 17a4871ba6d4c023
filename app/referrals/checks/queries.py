"""Requests to agencies, as staff see them: side by side (A6)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.database import any_of
from app.directory.models import Agency, Professional
from app.invitations.models import Invitation
from app.outbox.models import OutboxMessage
from app.outbox.types import FAILED
from app.referrals.checks.models import AgencyCheck, AgencyCheckChild, CheckAnswer
from app.referrals.models import Referral
from app.referrals.types import Outcome

_CHECKS = (
    select(
        AgencyCheck,
        Agency.name,
        Professional,
        Staff.name,
        case(
            (
                OutboxMessage.state.in_(any_of(FAILED)) & OutboxMessage.seen_at.is_(None),
                func.coalesce(OutboxMessage.problem, ""),
            ),
            else_=None,
        ),
    )
    .join(Agency, Agency.id == AgencyCheck.agency_id)
    .join(Professional, Professional.id == AgencyCheck.professional_id)
    .join(Staff, Staff.id == AgencyCheck.asked_by_id)
    .outerjoin(OutboxMessage, OutboxMessage.id == AgencyCheck.message_id)
    .where(AgencyCheck.referral_id == bindparam("referral"))
    .order_by(AgencyCheck.id)
)
_ANSWERS = (
    select(CheckAnswer, Staff.name)
    .join(AgencyCheck, AgencyCheck.id == CheckAnswer.check_id)
    .outerjoin(Staff, Staff.id == CheckAnswer.recorded_by_id)
    .where(AgencyCheck.referral_id == bindparam("referral"))
    .order_by(CheckAnswer.id.desc())
)
_ANSWERS_TO_ONE = (
    select(CheckAnswer, Staff.name)
    .outerjoin(Staff, Staff.id == CheckAnswer.recorded_by_id)
    .where(CheckAnswer.check_id == bindparam("check"))
    .order_by(CheckAnswer.id.desc())
)
_NEWEST_ANSWER = select(func.max(CheckAnswer.id)).where(CheckAnswer.check_id == bindparam("check"))
_ONE = select(AgencyCheck).where(
    AgencyCheck.referral_id == bindparam("referral"), AgencyCheck.ref == bindparam("ref")
)
_FOR_REMINDER = (
    select(AgencyCheck)
    .where(
        AgencyCheck.next_reminder_at.is_not(None), AgencyCheck.next_reminder_at <= bindparam("now")
    )
    .order_by(AgencyCheck.next_reminder_at, AgencyCheck.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_TIMES = select(
    AgencyCheck.asked_at, AgencyCheck.due_at, AgencyCheck.answered_at, AgencyCheck.withdrawn_at
).where(AgencyCheck.referral_id == bindparam("referral"))
_OPEN = (
    select(AgencyCheck)
    .where(
        AgencyCheck.referral_id == bindparam("referral"),
        AgencyCheck.answered_at.is_(None),
        AgencyCheck.withdrawn_at.is_(None),
    )
    .order_by(AgencyCheck.id)
)
_OPEN_NAMED = _OPEN.with_only_columns(
    AgencyCheck.ref, Agency.name, AgencyCheck.due_at, AgencyCheck.wanted_because
).join(Agency, Agency.id == AgencyCheck.agency_id)
_OPEN_PEOPLE = select(AgencyCheck.professional_id).where(
    AgencyCheck.referral_id == bindparam("referral"),
    AgencyCheck.answered_at.is_(None),
    AgencyCheck.withdrawn_at.is_(None),
)


_UNREAD = (
    select(CheckAnswer)
    .join(AgencyCheck, AgencyCheck.id == CheckAnswer.check_id)
    .where(AgencyCheck.referral_id == bindparam("referral"), CheckAnswer.unread)
    .order_by(CheckAnswer.id)
)
_ABOUT = (
    select(AgencyCheckChild.check_id, AgencyCheckChild.child_id)
    .join(AgencyCheck, AgencyCheck.id == AgencyCheckChild.check_id)
    .where(AgencyCheck.referral_id == bindparam("referral"))
)


def asked_about(session: Session, referral_id: int) -> dict[int, set[int]]:
    """About which children each request of a referral is, by the numbers of both."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for check_id, child_id in session.execute(_ABOUT, {"referral": referral_id}):
        found[check_id].add(child_id)
    return found


def unread_on(session: Session, referral_id: int) -> list[CheckAnswer]:
    """What came in after the decision on a referral and nobody has said to have read."""
    return list(session.execute(_UNREAD, {"referral": referral_id}).scalars())


def newest_answer(session: Session, check_id: int) -> int:
    """The number of the newest answer to a request, 0 where there is none yet."""
    return session.execute(_NEWEST_ANSWER, {"check": check_id}).scalar_one() or 0


class HeldAnswer(NamedTuple):
    answer: CheckAnswer
    recorded_by: str | None


def answers_to(session: Session, check_id: int) -> list[HeldAnswer]:
    """What an agency has answered to one request, the newest first."""
    return [HeldAnswer(*row) for row in session.execute(_ANSWERS_TO_ONE, {"check": check_id})]


class Asked(NamedTuple):
    """One request with its answers, the newest first. `problem` is what the mail server said where
    its last mail did not arrive and nobody has seen to it; None where it is well."""

    check: AgencyCheck
    agency: str
    person: Professional
    asked_by: str
    problem: str | None
    answers: list[HeldAnswer]


def checks_on(session: Session, referral_id: int) -> list[Asked]:
    """Every request on a referral, in the order in which they were made: two statements."""
    rows = session.execute(_CHECKS, {"referral": referral_id}).all()
    if not rows:
        return []
    answers = [HeldAnswer(*row) for row in session.execute(_ANSWERS, {"referral": referral_id})]
    return [
        Asked(
            check, agency, person, by, problem,
            [one for one in answers if one.answer.check_id == check.id],
        )
        for check, agency, person, by, problem in rows
    ]  # fmt: skip


class Times(NamedTuple):
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None
    withdrawn_at: datetime | None


def times_on(session: Session, referral_id: int) -> list[Times]:
    """Only when each request was made, is due, was answered or withdrawn."""
    return [Times(*row) for row in session.execute(_TIMES, {"referral": referral_id})]


def check_of(session: Session, referral_id: int, ref: str) -> AgencyCheck | None:
    """One request of this referral by its reference, whatever the case of its letters."""
    values = {"referral": referral_id, "ref": ref.strip().upper()}
    return session.execute(_ONE, values).scalar_one_or_none()


def open_on(session: Session, referral_id: int) -> list[AgencyCheck]:
    """The requests on a referral that are neither answered nor withdrawn."""
    return list(session.execute(_OPEN, {"referral": referral_id}).scalars())


def left_open(session: Session, referral: Referral, over: datetime | None) -> list[AgencyCheck]:
    """Those that were made for a strategy discussion of the referral which is over since `over`,
    and of which nobody has said what becomes of them."""
    if over is None or referral.outcome is not Outcome.STRATEGY_DISCUSSION:
        return []
    return [
        one
        for one in open_on(session, referral.id)
        if one.asked_at <= over and one.wanted_because is None
    ]


class OpenRequest(NamedTuple):
    """An open request, and why it is wanted where somebody has said that it still is."""

    ref: str
    agency: str
    due_at: datetime
    wanted_because: str | None


def open_named(session: Session, referral_id: int) -> list[OpenRequest]:
    """The open requests of a referral as a page names them."""
    return [OpenRequest(*row) for row in session.execute(_OPEN_NAMED, {"referral": referral_id})]


def address_of(session: Session, check: AgencyCheck) -> str:
    """The address to which a request is sent: that of its link, else of the directory now."""
    if check.invitation_id is not None:
        return session.get_one(Invitation, check.invitation_id).email
    return session.get_one(Professional, check.professional_id).email or ""


def waited_for(session: Session, referral_id: int) -> set[int]:
    """The people who are asked already and have not answered yet."""
    return set(session.execute(_OPEN_PEOPLE, {"referral": referral_id}).scalars())


def next_to_remind(session: Session, now: datetime) -> AgencyCheck | None:
    """The request whose reminder is due longest, locked for one worker."""
    return session.execute(_FOR_REMINDER, {"now": now}).scalar_one_or_none()
