"""What is shown to whom, and in which order: pure (G1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache

from app.accounts.rules import may
from app.accounts.types import Permission, Role
from app.core.clock import words_for_span
from app.protocols.panel import deadline_state
from app.reports.types import FOLLOWS, Since, Work, WorkKind

# People dial in a few minutes late; beyond that nobody holds it (C7).
NOT_BEGUN_AFTER = timedelta(minutes=15)
# A child who may be at risk now (A1).
NOW = frozenset({WorkKind.AT_RISK, WorkKind.DECIDE_NOW})
# Who does it; everybody else who may see discussions waits on them.
DONE_BY: dict[WorkKind, Permission] = {
    WorkKind.AT_RISK: Permission.REFERRAL_DECIDE,
    WorkKind.TAKE_IN: Permission.REFERRAL_DECIDE,
    WorkKind.DECIDE_NOW: Permission.REFERRAL_DECIDE,
    WorkKind.DECIDE: Permission.REFERRAL_DECIDE,
    WorkKind.SETTLE_RATING: Permission.REFERRAL_RATE,
    WorkKind.ANSWERED_SINCE: Permission.REFERRAL_DECIDE,
    WorkKind.LIST_TODAY: Permission.LIST_WORK,
    WorkKind.LIST_LEFT: Permission.LIST_WORK,
    WorkKind.ANSWERS_IN: Permission.REFERRAL_DECIDE,
    WorkKind.ALLOCATE: Permission.REFERRAL_DECIDE,
    WorkKind.NOT_TAKEN_ON: Permission.REFERRAL_DECIDE,
    WorkKind.ALLOCATED: Permission.REFERRAL_SEE,
    WorkKind.HOLD_MEETING: Permission.LIST_WORK,
    WorkKind.RATE_AGAIN: Permission.REFERRAL_RATE,
    WorkKind.AGENCY_LATE: Permission.REFERRAL_ASK,
    WorkKind.ABUSE: Permission.LIST_WORK,
    WorkKind.ASSESS_RISK: Permission.REFERRAL_DECIDE,
    WorkKind.REPLACE: Permission.DISCUSSION_NEED,
    WorkKind.BOOK_AGAIN: Permission.DISCUSSION_BOOK,
    WorkKind.SOONER: Permission.DISCUSSION_NEED,
    WorkKind.BOOK: Permission.DISCUSSION_BOOK,
    WorkKind.NOT_BEGUN: Permission.DISCUSSION_BOOK,
    WorkKind.UNTOLD: Permission.DISCUSSION_BOOK,
    WorkKind.BOOKED_LATE: Permission.DISCUSSION_BOOK,
    WorkKind.JOINED: Permission.DISCUSSION_BOOK,
    WorkKind.NO_CHAIR: Permission.DISCUSSION_BOOK,
    WorkKind.NO_QUORUM: Permission.DISCUSSION_BOOK,
    WorkKind.OVERTAKEN: Permission.DISCUSSION_BOOK,
    WorkKind.UNDER_WAY: Permission.DISCUSSION_WRITE,
    WorkKind.SIGN: Permission.RECORD_SIGN,
    WorkKind.CIRCULATE: Permission.RECORD_CIRCULATE,
    WorkKind.RECALLED: Permission.RECORD_SIGN,
    WorkKind.TELL_RECALLED: Permission.RECORD_CIRCULATE,
    WorkKind.DISAGREE: Permission.RECORD_SIGN,
    WorkKind.MAIL: Permission.DELIVERY_SEE,
    WorkKind.REQUEST_MAIL: Permission.REFERRAL_ASK,
    WorkKind.LETTER_MAIL: Permission.REFERRAL_LETTER,
    WorkKind.FORM_MAIL: Permission.DELIVERY_SEE,
    WorkKind.NOTICE_MAIL: Permission.AFTER_FOLLOW,
    WorkKind.COPY: Permission.RECORD_CIRCULATE,
    WorkKind.CHASE: Permission.DISCUSSION_BOOK,
    **dict.fromkeys(FOLLOWS, Permission.AFTER_FOLLOW),
    WorkKind.ASSESS: Permission.AFTER_FOLLOW,
    WorkKind.RETENTION: Permission.CASE_CLOSE,
}
SEEN_BY: dict[WorkKind, Permission] = {
    WorkKind.AT_RISK: Permission.REFERRAL_SEE,
    WorkKind.TAKE_IN: Permission.REFERRAL_SEE,
    WorkKind.DECIDE_NOW: Permission.REFERRAL_SEE,
    WorkKind.DECIDE: Permission.REFERRAL_SEE,
    WorkKind.SETTLE_RATING: Permission.REFERRAL_SEE,
    WorkKind.ANSWERED_SINCE: Permission.REFERRAL_SEE,
    WorkKind.AGENCY_LATE: Permission.REFERRAL_SEE,
    WorkKind.ALLOCATE: Permission.REFERRAL_SEE,
    WorkKind.NOT_TAKEN_ON: Permission.REFERRAL_DECIDE,
    WorkKind.ALLOCATED: Permission.REFERRAL_SEE,
    # IMAP 5: whoever does not go through the list learns nothing of it, not even that it stands.
    WorkKind.ABUSE: Permission.LIST_WORK,
    WorkKind.LIST_TODAY: Permission.LIST_WORK,
    WorkKind.LIST_LEFT: Permission.LIST_WORK,
    WorkKind.ASSESS_RISK: Permission.REFERRAL_SEE,
    WorkKind.MAIL: Permission.DELIVERY_SEE,
    WorkKind.REQUEST_MAIL: Permission.REFERRAL_ASK,
    WorkKind.LETTER_MAIL: Permission.REFERRAL_LETTER,
    WorkKind.FORM_MAIL: Permission.DELIVERY_SEE,
    WorkKind.NOTICE_MAIL: Permission.AFTER_FOLLOW,
    WorkKind.CHASE: Permission.DISCUSSION_BOOK,
    **dict.fromkeys(FOLLOWS, Permission.AFTER_FOLLOW),
    WorkKind.ASSESS: Permission.AFTER_FOLLOW,
    WorkKind.RETENTION: Permission.CASE_CLOSE,
}


def kinds_for(roles: Iterable[Role]) -> list[WorkKind]:
    """The kinds of work that somebody with these roles is shown."""
    return list(_kinds_for(frozenset(roles)))


@cache
def _kinds_for(roles: frozenset[Role]) -> tuple[WorkKind, ...]:
    return tuple(
        kind for kind in WorkKind if may(roles, SEEN_BY.get(kind, Permission.DISCUSSION_SEE))
    )


@cache
def done_by(roles: frozenset[Role]) -> frozenset[WorkKind]:
    """The kinds of work that somebody with these roles does; on all others they wait."""
    return frozenset(kind for kind, permission in DONE_BY.items() if may(roles, permission))


def in_order(work: Iterable[Work]) -> list[Work]:
    """Own work before what waits on others; failures first, then late, then next due.

    A child who may be at risk now stands above everything, late or not (A1, G1).
    """
    return sorted(
        work,
        key=lambda one: (
            one.waits_on_others,
            one.kind not in NOW,
            one.kind is not WorkKind.ALLOCATE,
            one.due_at is not None,
            one.state != "late",
            one.due_at.timestamp() if one.due_at else 0.0,
        ),
    )


def what_failed(
    what: str, to: str, telephone: str, problem: str, since: Since = Since.NOTHING
) -> str:
    """To whom a message did not arrive, why, and what to do about it (D7). It can be sent again
    where nothing happened `since`; otherwise whoever has to know is told on the telephone."""
    ring = f"Telephone them on {telephone}" if telephone else "Telephone them"
    said = f" {problem}" if problem else ""
    if since in (Since.OVER, Since.COLLEAGUE, Since.WRONG_ADDRESS):
        return f"{what} to {to}.{said} {since.value} Please mark it as seen under Deliveries."
    if since is not Since.NOTHING:
        return (
            f"{what} to {to}.{said} {since.value} {ring} to say so, then mark it as seen under "
            "Deliveries."
        )
    return f"{what} to {to}.{said} {ring}, check the address, then send it again."


def answers_in_words(come: int, may_come: int, cannot: int, waiting: int) -> str:
    """`2 come, 1 may come, 1 cannot, 1 not answered`: only what there is. Who sends a report is not
    at the table, so that it counts as cannot (E5)."""
    counted = (
        (come, "comes" if come == 1 else "come"),
        (may_come, "may come"),
        (cannot, "cannot"),
        (waiting, "not answered"),
    )
    return ", ".join(f"{number} {words}" for number, words in counted if number)


def left_open_in_words(day: date, open_cases: int) -> str:
    """`Not ended since Friday 20 November 2026: 2 cases without an outcome.`"""
    cases = "1 case" if open_cases == 1 else f"{open_cases} cases"
    return f"Not ended since {day:%A} {day.day} {day:%B} {day.year}: {cases} without an outcome."


def state_of(due_at: datetime | None, now: datetime) -> tuple[str, str, str]:
    """(state, its words, how long is left or how late) of a piece of work."""
    if due_at is None:
        return "late", "Failed", ""
    state, words = deadline_state(due_at, now, None)
    span: timedelta = due_at - now
    return state, words, f"{words_for_span(span)} {'late' if now > due_at else 'left'}"
