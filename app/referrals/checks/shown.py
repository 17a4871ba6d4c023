"""Requests as the pages show them: words and states are worked out here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_moment, words_for_time
from app.directory.models import Professional
from app.invitations.wording import telephone_uri
from app.protocols.wording import time_left
from app.referrals.checks import rules
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.queries import Asked, HeldAnswer, Times, answers_to, checks_on
from app.referrals.checks.types import CheckState, Held, Told
from app.referrals.employers import Employers, in_words, judge
from app.referrals.models import Referral, ReferralAdult
from app.referrals.shown import concerns_in_words, name_of
from app.referrals.types import Outcome

_COLOURS = {
    CheckState.WAITING: "blue",
    CheckState.LATE: "red",
    CheckState.ANSWERED: "green",
    CheckState.WITHDRAWN: "grey",
}


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    words: str
    held: str
    who: str
    unread: bool


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One request on the page of the answers side by side."""

    ref: str
    agency: str
    person: str
    telephone: str
    tel: str
    state: str
    colour: str
    due: str
    left: str
    rule: str
    shared: str
    asked: str
    question: str
    told: tuple[str, ...]
    answers: tuple[ShownAnswer, ...]
    since: tuple[str, ...]  # of what the agency was not told, while its answer is waited for
    withdrawn: str
    wanted: str
    not_arrived: str | None
    may_remind: bool
    is_open: bool
    version: int


def came_since(check: AgencyCheck, referral: Referral, about: Collection[int]) -> tuple[str, ...]:
    """The children and concerns of a referral of which an agency was not told when it was asked
    about the children `about`."""
    fresh = [one for one in referral.concerns if one not in check.concerns]
    return (
        *(name_of(row.child) for row in referral.children if row.child_id not in about),
        *concerns_in_words(fresh),
    )


def until_words(referral: Referral, asked: Sequence[Asked]) -> str:
    """How long agencies that have not answered are waited for; empty where each has answered, or
    somebody has said already that the answer is wanted all the same."""
    checks = [one.check for one in asked]
    waiting = [one for one in checks if one.answered_at is None and one.withdrawn_at is None]
    if all(one.wanted_because for one in waiting):
        return ""
    if referral.decided_at is None:
        upon = "When the referral is decided"
    elif referral.outcome is Outcome.STRATEGY_DISCUSSION:
        upon = "When the strategy discussion ends"
    else:
        return ""
    return f"{upon}, what nobody has answered is withdrawn, unless it is said to be still wanted."


def shown_check(one: Asked, now: datetime, since: tuple[str, ...] = ()) -> ShownCheck:
    """A request at the aware moment `now`; `since` is what came to the referral after it."""
    check = one.check
    late_from = rules.late_from(check.asked_at, check.due_at)
    state = rules.state_of(
        now,
        asked=check.asked_at,
        due=check.due_at,
        answered=check.answered_at,
        withdrawn=check.withdrawn_at,
    )
    is_open = state in (CheckState.WAITING, CheckState.LATE)
    reminders = (
        f", reminded {check.reminders} {'time' if check.reminders == 1 else 'times'}, last at "
        f"{words_for_moment(check.reminded_at)}"
        if check.reminded_at
        else ""
    )
    return ShownCheck(
        ref=check.ref,
        agency=one.agency,
        person=f"{one.person.name}, {one.person.title}",
        telephone=one.person.telephone or "",
        tel=telephone_uri(one.person.telephone or "") or "",
        state=_state_words(state, check.answered_at, late_from, one.answers),
        colour=_COLOURS[state],
        due=(
            f"At once: asked when the time had run out, on {words_for_moment(check.due_at)}"
            if rules.wanted_at_once(check.asked_at, check.due_at)
            else words_for_moment(check.due_at)
        ),
        left=time_left(late_from, now) if is_open else "",
        rule=f"{check.due_rule}, {check.due_source}",
        shared=_shared(one),
        asked=f"{words_for_moment(check.asked_at)}, {one.asked_by}{reminders}",
        question=check.question,
        told=tuple(
            line
            for words in (check.shared_adults, check.shared_address)
            for line in (words or "").splitlines()
        ),
        answers=tuple(_shown_answer(answer) for answer in one.answers),
        since=since if is_open else (),
        withdrawn=check.withdrawn_reason or "",
        wanted=check.wanted_because or "",
        not_arrived=one.problem if is_open else None,
        may_remind=is_open and check.invitation_id is not None,
        is_open=is_open,
        version=check.version,
    )


def answered_on(session: Session, referral_id: int | None, now: datetime) -> tuple[ShownCheck, ...]:
    """The requests of a referral that were answered, for whoever discusses it; none without a
    referral."""
    if referral_id is None:
        return ()
    return tuple(shown_check(one, now) for one in checks_on(session, referral_id) if one.answers)


def summary(times: Sequence[Times], now: datetime) -> str:
    """`2 of 4 agencies have answered, 1 is late`; empty where nobody was asked."""
    states = [
        rules.state_of(
            now,
            asked=one.asked_at,
            due=one.due_at,
            answered=one.answered_at,
            withdrawn=one.withdrawn_at,
        )
        for one in times
    ]
    asked = [state for state in states if state is not CheckState.WITHDRAWN]
    if not asked:
        return ""
    answered, late = asked.count(CheckState.ANSWERED), asked.count(CheckState.LATE)
    words = f"{answered} of {len(asked)} {'agency has' if len(asked) == 1 else 'agencies have'} "
    return f"{words}answered{f', {late} late' if late else ''}"


def adult_words(adult: ReferralAdult) -> str:
    """An adult as an agency is told of them: name and relationship, nothing alleged."""
    return f"{adult.name}, {adult.relationship_to_child}".strip(", ")


def told_of(referral: Referral, adults: Collection[int], *, address: bool) -> Told:
    """Whom an agency is told of beside the children; an address that several share stands once."""
    addresses = dict.fromkeys(row.child.address for row in referral.children if row.child.address)
    return Told(
        tuple(adult_words(one) for one in referral.adults if one.id in adults),
        "\n".join(addresses) if address else "",
    )


def not_to_be_told_apart(referral: Referral) -> list[str]:
    """Children of whom neither a surname nor a date of birth is known: no agency can look them
    up."""
    children = [row.child for row in referral.children]
    return [
        name_of(one)
        for one in children
        if not one.family_name and one.date_of_birth is None and one.due_date is None
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be asked, with the reason why they are offered or a warning."""

    id: int
    label: str
    hint: str


def choices_of(
    people: Sequence[Professional],
    involved: Collection[int],
    employers: Employers,
    waited_for: Collection[int],
) -> list[Choice]:
    """People of the directory as choices; those asked already are left out (A6, C2)."""
    found = []
    for person in people:
        if person.id in waited_for:
            continue
        hint = "Works with a child of this referral" if person.id in involved else ""
        careful = in_words(judge(employers, person.agency_id, person.agency.name))
        if careful:
            hint = careful
        elif not person.email:
            hint = "No email address: telephone them, and write the answer down"
        found.append(
            Choice(person.id, f"{person.agency.name}: {person.name}, {person.title}", hint)
        )
    return found


def _state_words(
    state: CheckState, answered: datetime | None, late_from: datetime, answers: Sequence[HeldAnswer]
) -> str:
    if state is CheckState.ANSWERED and answered is not None:
        # One officer writes what is held, a colleague presses "Nothing held": the words count.
        nothing = bool(answers) and all(one.answer.held is Held.NOTHING for one in answers)
        words = "Nothing held" if nothing else "Answered"
        return f"{words}, late" if answered > late_from else words
    return {
        CheckState.WAITING: "Waiting",
        CheckState.LATE: "Late",
        CheckState.WITHDRAWN: "Withdrawn",
    }.get(state, "Answered")


def _shared(one: Asked) -> str:
    if one.check.opened_at is not None:
        return f"With {one.agency} since {words_for_moment(one.check.opened_at)}"
    if one.check.invitation_id is None:
        return "By telephone, with what was said"
    return "Not yet: the request was not opened"


def _shown_answer(one: HeldAnswer) -> ShownAnswer:
    answer = one.answer
    by = ", ".join(words for words in (answer.by_name, answer.by_role) if words)
    how = answer.via.label.lower()
    staff = f", written down by {one.recorded_by}" if one.recorded_by else ""
    return ShownAnswer(
        words=answer.words or "",
        held=answer.held.label,
        who=f"{by or 'The person asked'}, {how}{staff}, {words_for_moment(answer.at)}",
        unread=answer.unread,
    )


def shown_answers(session: Session, check_id: int) -> tuple[ShownAnswer, ...]:
    """What one agency has answered so far, the newest first."""
    return tuple(_shown_answer(one) for one in answers_to(session, check_id))


def received_words(now: datetime) -> str:
    """What the page says after an answer."""
    return f"We received your answer at {words_for_time(now)}. You can still add to it."
