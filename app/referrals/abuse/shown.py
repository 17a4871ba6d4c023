"""Domestic abuse cases as their pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.core.clock import words_for_moment
from app.protocols.exchange import restore
from app.protocols.panel import DeadlinePanel, deadline_panel, deadline_state
from app.protocols.wording import time_left
from app.referrals.abuse.models import AbuseCase, AbusePerson, EarlierClock
from app.referrals.abuse.queries import ListedCase, may_leave
from app.referrals.abuse.types import Release
from app.referrals.models import Referral
from app.referrals.shown import birth_in_words
from app.referrals.types import ConsentState, DomesticAbuseRisk

RISK_COLOURS = {
    DomesticAbuseRisk.HIGH: "red",
    DomesticAbuseRisk.MEDIUM: "orange",
    DomesticAbuseRisk.STANDARD: "yellow",
}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the list of cases."""

    ref: str
    people: tuple[str, ...]
    risk: str
    risk_colour: str
    received: str
    deadline: DeadlinePanel | None
    marked: bool
    outcome: str


def case_row(row: ListedCase, now: datetime) -> CaseRow:
    """A case of a list at the aware moment `now`."""
    return CaseRow(
        ref=row.ref,
        people=row.people or ("No name known",),
        risk=row.risk.label,
        risk_colour=RISK_COLOURS[row.risk],
        received=words_for_moment(row.received_at),
        deadline=due_line(row.due_at, now, row.closed_at),
        marked=row.marked,
        outcome=row.outcome.label if row.outcome else "",
    )


def due_line(
    due_at: datetime | None, now: datetime, met_at: datetime | None
) -> DeadlinePanel | None:
    """A deadline in one line; None where the area has no clock for the case."""
    if due_at is None:
        return None
    state, state_text = deadline_state(due_at, now, met_at)
    return DeadlinePanel(
        title="",
        state=state,
        state_text=state_text,
        due_at=due_at,
        due_text="" if met_at else words_for_moment(due_at),
        left_text="" if met_at else time_left(due_at, now),
        rule="",
        reason="",
        source="",
        force_text="",
        others=(),
    )


def clock_panel(case: AbuseCase, now: datetime) -> DeadlinePanel | None:
    """The case's clock as it was set, with its rule and source (B2)."""
    answer = next(iter(restore(case.clocks).clocks.values()), None)  # it has one clock or none
    return None if answer is None else deadline_panel(answer, now, case.closed_at)


def earlier_rows(clocks: Sequence[EarlierClock]) -> list[tuple[str, str]]:
    """(outcome, risk and times) of each clock by which a case was closed, then opened again."""
    return [(one.outcome.label, _closed_by(one)) for one in clocks]


def _closed_by(one: EarlierClock) -> str:
    due = f", due {words_for_moment(one.due_at)}" if one.due_at else ""
    return f"{one.risk.label}{due}; closed {words_for_moment(one.closed_at)}"


def people_rows(people: Sequence[AbusePerson], today: date) -> list[tuple[str, str]]:
    """(who they are, name and birth) of everybody in a case."""
    return [(one.kind.label, _person(one, today)) for one in people]


def _person(one: AbusePerson, today: date) -> str:
    name = f"{one.given_name} {one.family_name}".strip() or "Name not known"
    return f"{name}, {birth_in_words(one.date_of_birth, one.due_date, today)}"


@dataclass(frozen=True, slots=True)
class Sharing:
    """Whether the information may go beyond the list, and why (IMAP 2, 5)."""

    title: str
    words: str
    may: bool


def sharing(case: AbuseCase, referral: Referral | None) -> Sharing:
    """What holds for a case by now: of one that is a referral, what the referral says."""
    if referral is not None:
        return _of_referral(referral)
    if not may_leave(case):
        return FOR_THIS_LIST if case.release is None else _AGAIN[case.release]
    return Sharing(
        "May be shared.",
        "Consent is recorded: it may be shared as consented. No child is named, so there is no "
        "referral.",
        may=True,
    )


FOR_THIS_LIST = Sharing(
    "For this list only.",
    "It is used to go through this list or discussion and for nothing else. Nobody outside sees it "
    "until consent or a safeguarding concern is recorded.",
    may=False,
)

_AGAIN = {
    Release.CONSENT: Sharing(
        "For this list only.",
        "The consent recorded so far is about the adults alone, and a child is named by now: "
        "record consent or a safeguarding concern again, which makes a referral about the child.",
        may=False,
    ),
    Release.CONCERN: Sharing(
        "For this list only.",
        "A safeguarding concern is recorded, but no referral was made of it: record it again once "
        "the child is named, which makes the referral.",
        may=False,
    ),
}


def _of_referral(referral: Referral) -> Sharing:
    if referral.consent is ConsentState.GIVEN:
        return Sharing(
            "May be shared.",
            f"Consent is given on referral {referral.ref}: as consented.",
            may=True,
        )
    if referral.consent is not None and referral.lawful_basis is not None:
        return Sharing(
            "May be shared without consent.", f"{referral.lawful_basis.label}.", may=True
        )
    return Sharing(
        "Not to be shared yet.",
        f"Neither consent nor a lawful basis stands on referral {referral.ref}: record it there "
        "before anybody outside is told.",
        may=False,
    )
