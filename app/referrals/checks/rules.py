"""When agencies answer, when they are reminded, and what state a request is in (A6): pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.core.refusal import Refused
from app.protocols.rules import clocks
from app.protocols.types import Clock, Due, Force, Protocol
from app.referrals.checks.types import AnswerGiven, CheckState, DueBy, Held, Unanswered
from app.referrals.rules import HoldsFacts, facts_of

# The link lives as long as that of a record does after it was sent (D3).
LINK_LIFE = timedelta(days=14)
# Whoever follows a withdrawn request's link, or is just writing, still reads there that it is over.
WITHDRAWN_LIFE = timedelta(days=1)
BETWEEN_REMINDERS = timedelta(minutes=15)
# Reminded by itself when a quarter of the time is left, and once more when it has run out.
LAST_PART = 4
AUTOMATIC = 2
MOST_ASKED = 30
# Nobody who is asked when the time has run out answers in the same minute.
AT_ONCE = timedelta(hours=1)


def due_by(
    protocol: Protocol, referral: HoldsFacts, decision_due: datetime, reopened: datetime | None
) -> DueBy:
    """When agencies are to have answered: the area's clock of information gathering, counted from
    the reopening of a reopened referral; where the area names no time for this rating, before the
    decision is due (HO2014 Sandwell, Camden; IMAP 5)."""
    facts = facts_of(referral)
    if reopened is not None:
        facts = replace(facts, received_at=reopened)
    answer = clocks(protocol, facts).get(Clock.INFORMATION_GATHERING)
    if isinstance(answer, Due):
        return DueBy(answer.due_at, answer.rule, answer.force, answer.source, answer.reason)
    return DueBy(
        decision_due,
        "contact-decision",
        Force.LIMIT,
        "IMAP 5",
        "No time of its own is named for this rating, so answers are wanted before the decision "
        "on the contact is due.",
    )


def first_reminder(asked: datetime, due: datetime) -> datetime | None:
    """When a request is reminded by itself for the first time; None where it was late already
    when it was sent, since that letter says so."""
    return due - (due - asked) / LAST_PART if due > asked else None


def next_reminder(now: datetime, due: datetime, reminders: int) -> datetime | None:
    """The next reminder after `reminders` were sent: when the time has run out, and then none."""
    return due if reminders < AUTOMATIC and due > now else None


def wanted_at_once(asked: datetime, due: datetime) -> bool:
    """Whether a request goes out, or is chased, when its time has run out: a day that is past
    helps nobody, so page and letter ask for the answer at once."""
    return asked >= due


def late_from(asked: datetime, due: datetime) -> datetime:
    """From when an agency is late: when its time has run out, or an hour after it was asked where
    that was past already. Our own days of delay are not the agency's."""
    return asked + AT_ONCE if wanted_at_once(asked, due) else due


def check_remind(now: datetime, last: datetime, *, open_: bool, by_mail: bool) -> None:
    """Raise Refused where no reminder may go now; `last` is the newest letter."""
    if not open_:
        raise Refused("remind", "This request is answered or withdrawn: there is nothing to chase")
    if not by_mail:
        raise Refused("remind", "This request went by telephone: ring again")
    if now - last < BETWEEN_REMINDERS:
        raise Refused("remind", "A letter went less than 15 minutes ago: telephone if it is urgent")


def check_ask(people: Sequence[int], question: str) -> None:
    """Raise Refused where nobody or nothing is asked."""
    if not people:
        raise Refused("people", "Choose at least one agency to ask")
    if len(people) > MOST_ASKED:
        raise Refused("people", f"Ask {MOST_ASKED} people or fewer at once")
    if not question:
        raise Refused("question", "Say what the agencies should look up")


def check_settled(open_refs: Sequence[str], given: Unanswered) -> None:
    """Raise Refused where a decision, or the end of a discussion, would leave open requests to
    themselves: each was seen by whoever decides, and those still wanted have their reason (A6,
    A7)."""
    if set(open_refs) - set(given.named):
        raise Refused(
            "wanted", "Another agency was asked while this page was open: look, then press again"
        )
    if set(open_refs) & set(given.wanted) and not given.because:
        raise Refused("wanted_because", "Say why the answer is still wanted")


def check_answer(given: AnswerGiven, *, withdrawn: bool) -> None:
    """Raise Refused where an answer cannot stand."""
    if withdrawn:
        raise Refused("words", "This request was withdrawn: no answer is needed")
    if given.held is Held.SOMETHING and not given.words:
        raise Refused("words", "Write what is held, or press “Nothing held”")


def state_of(
    now: datetime,
    *,
    asked: datetime,
    due: datetime,
    answered: datetime | None,
    withdrawn: datetime | None,
) -> CheckState:
    """Where a request stands. An answer that came late is answered."""
    if withdrawn is not None:
        return CheckState.WITHDRAWN
    if answered is not None:
        return CheckState.ANSWERED
    return CheckState.LATE if now > late_from(asked, due) else CheckState.WAITING


def is_gathered(states: Sequence[CheckState]) -> bool:
    """Whether information gathering is over: something was asked, and nobody is waited for who is
    still in time."""
    asked = [state for state in states if state is not CheckState.WITHDRAWN]
    return bool(asked) and CheckState.WAITING not in asked
