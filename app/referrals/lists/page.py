"""Lists as their pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.core.clock import london_date, words_for_moment
from app.protocols.panel import DeadlinePanel
from app.protocols.series import sitting_day, when_in_words
from app.protocols.telling import takes_in_words
from app.protocols.types import Series
from app.referrals.abuse import queries as abuse
from app.referrals.abuse import rules as abuse_rules
from app.referrals.abuse import shown as abuse_shown
from app.referrals.abuse.models import AbuseCase
from app.referrals.lists import queries, waiting_queries
from app.referrals.lists.forms import ORDER
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Referral
from app.referrals.shown import RATING_COLOURS, birth_in_words, concerns_in_words, day_in_words

OUTCOME_HINT = (
    " and ".join(one.label for one in ORDER if not abuse_rules.release_needed(one))
    + " may be chosen as it stands. Every other outcome needs consent or a safeguarding concern "
    "(IMAP 3, 5)."
)


def day_words(day: date) -> str:
    """Friday 20 November 2026."""
    return f"{day:%A} {day_in_words(day)}"


@dataclass(frozen=True, slots=True)
class LeftShown:
    """A list of a series that is not ended although its day is over."""

    ref: str
    day: str
    open: int


def left_shown(session: Session, series_id: str | None, day: date) -> tuple[LeftShown, ...]:
    """The lists of a series from before this day that keep their cases until they are ended."""
    if series_id is None:
        return ()
    return tuple(
        LeftShown(one.ref, day_words(one.day), one.open)
        for one in waiting_queries.left_before(session, series_id, day)
    )


@dataclass(frozen=True, slots=True)
class SeriesShown:
    """One series with its list of today or this week, and those left open before."""

    id: str
    name: str
    when: str
    takes: str
    source: str
    day: str
    ref: str
    ended: bool
    waiting: int
    left: tuple[LeftShown, ...]


def series_shown(session: Session, series: Series, today: date) -> SeriesShown:
    """A series as the page of lists shows it."""
    day = sitting_day(series, today)
    held = queries.of_day(session, series.id, day)
    return SeriesShown(
        id=series.id,
        name=series.name,
        when=when_in_words(series),
        takes=takes_in_words(series),
        source=f"{series.source}: {series.document}",
        day=day_words(day),
        ref=held.ref if held else "",
        ended=held is not None and held.ended_at is not None,
        waiting=len(waiting_queries.waiting(session, series)),
        left=left_shown(session, series.id, day),
    )


@dataclass(frozen=True, slots=True)
class SittingRow:
    ref: str
    name: str
    day: str
    state: str
    state_colour: str
    cases: int
    decided: int


def sitting_row(row: queries.ListedSitting, today: date) -> SittingRow:
    """A list in the list of lists."""
    if row.ended_at is not None:
        state, colour = "Ended", "grey"
    elif row.day < today:
        state, colour = "Not ended", "red"
    else:
        state, colour = "Under way", "teal"
    return SittingRow(
        ref=row.ref,
        name=row.name,
        day=day_words(row.day),
        state=state,
        state_colour=colour,
        cases=row.cases,
        decided=row.decided,
    )


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One case on a list, in one line."""

    number: int
    ref: str
    people: tuple[str, ...]
    grade: str
    grade_colour: str
    due: DeadlinePanel | None
    carried: bool
    marked: bool
    outcome: str


def entry_rows(session: Session, held: ListSitting, now: datetime) -> list[EntryRow]:
    """The cases of a list in their order, in three statements at any number."""
    entries = queries.on_list(session, held.id)
    named = abuse.names(
        session,
        [one.case_id for one in entries if one.case_id is not None],
        [one.referral_id for one in entries],
    )
    return [
        EntryRow(
            number=one.number,
            ref=one.ref,
            people=(
                named.of_case.get(one.case_id or 0)
                or named.of_referral.get(one.referral_id)
                or ("No name known",)
            ),
            grade=_grade(one)[0],
            grade_colour=_grade(one)[1],
            due=abuse_shown.due_line(one.due_at, now, one.decided_at),
            carried=one.carried,
            marked=one.marked,
            outcome=one.outcome.label if one.outcome else "",
        )
        for one in entries
    ]


def _grade(one: queries.OnList) -> tuple[str, str]:
    if one.risk is not None:
        return one.risk.label, abuse_shown.RISK_COLOURS[one.risk]
    if one.rating is not None:
        return one.rating.label, RATING_COLOURS[one.rating]
    return "Not rated", "grey"


@dataclass(frozen=True, slots=True)
class EntryShown:
    """Everything about one case that the people at the list look at."""

    endpoint: str
    ref: str
    names: str
    grade: str
    grade_colour: str
    received: str
    account: str
    facts: tuple[tuple[str, str], ...]
    panel: DeadlinePanel | None
    carried: bool
    marked: bool
    sharing: abuse_shown.Sharing | None
    childless: bool
    earlier: tuple[queries.Discussed, ...]


def entry_shown(session: Session, entry: ListEntry, now: datetime) -> EntryShown:
    """One case of a list as its page shows it."""
    if entry.case_id is not None:
        return _case_shown(session, session.get_one(AbuseCase, entry.case_id), entry, now)
    return _referral_shown(session, session.get_one(Referral, entry.referral_id), entry, now)


def _case_shown(session: Session, case: AbuseCase, entry: ListEntry, now: datetime) -> EntryShown:
    named = abuse.names(session, [case.id], [case.referral_id])
    who = named.of_case.get(case.id) or named.of_referral.get(case.referral_id) or ()
    facts = [
        *abuse_shown.people_rows(case.people, london_date(now)),
        *([("Address", case.address)] if case.address else []),
        *([("Police number", case.incident)] if case.incident else []),
        ("DASH score", "Not known" if case.dash_score is None else str(case.dash_score)),
        ("IDVA", case.idva.label if case.idva else "Not offered yet"),
        (
            "MARAC",
            f"Referred on {day_in_words(case.marac_on)}" if case.marac_on else "Not referred",
        ),
    ]
    return EntryShown(
        endpoint="abuse.case",
        ref=case.ref,
        names=", ".join(who) or "No name known",
        grade=case.risk.label,
        grade_colour=abuse_shown.RISK_COLOURS[case.risk],
        received=words_for_moment(case.received_at),
        account=case.account,
        facts=tuple(facts),
        panel=abuse_shown.clock_panel(case, now),
        carried=entry.carried,
        marked=not abuse.may_leave(case),
        sharing=abuse_shown.sharing(case, abuse.referral_of(session, case)),
        childless=not abuse.has_child(case),
        earlier=tuple(
            one
            for one in queries.discussed(session, case.id)
            if one.information and one.day < _day_of(session, entry)
        ),
    )


def _day_of(session: Session, entry: ListEntry) -> date:
    return session.get_one(ListSitting, entry.sitting_id).day


def _referral_shown(
    session: Session, referral: Referral, entry: ListEntry, now: datetime
) -> EntryShown:
    today = london_date(now)
    children = [row.child for row in referral.children]
    return EntryShown(
        endpoint="referrals.referral",
        ref=referral.ref,
        names=", ".join(f"{one.given_name} {one.family_name}".strip() for one in children),
        grade=referral.rating.label if referral.rating else "Not rated",
        grade_colour=RATING_COLOURS[referral.rating] if referral.rating else "grey",
        received=words_for_moment(referral.received_at),
        account=referral.narrative,
        facts=(
            ("Concern", ", ".join(concerns_in_words(referral.concerns))),
            *(
                (
                    "Child",
                    f"{one.given_name} {one.family_name}, "
                    f"{birth_in_words(one.date_of_birth, one.due_date, today)}",
                )
                for one in children
            ),
        ),
        panel=None,
        carried=entry.carried,
        marked=False,
        sharing=None,
        childless=False,
        earlier=(),
    )


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else saved of the same case meanwhile."""

    who: str
    outcome: str
    reason: str
    information: str


def theirs(session: Session, entry: ListEntry) -> Theirs:
    """The other side of a conflict."""
    by = session.get(Staff, entry.decided_by_id) if entry.decided_by_id else None
    return Theirs(
        who=by.name if by else "somebody else",
        outcome=entry.outcome.label if entry.outcome else "No outcome yet",
        reason=entry.reason or "",
        information=entry.information or "",
    )
