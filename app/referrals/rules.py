"""Office hours, facts for the clocks, consent, re-referrals, ages: pure decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from app.core.clock import in_london, london_date
from app.core.refusal import Refused
from app.invitations.wording import is_address
from app.protocols.rules import clocks
from app.protocols.types import FIRST_YEAR, Clock, ClockError, Due, Facts
from app.protocols.types import Flag as FlagFact
from app.protocols.types import Protocol as LocalProtocol
from app.protocols.working_days import BankHolidaysUnknown, is_working_day
from app.referrals.names import plain
from app.referrals.types import (
    ChildGiven,
    ConcernsGiven,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Flag,
    Intake,
    Rating,
)

SATURDAY = 5
ADULT = 18
RE_REFERRAL_MONTHS = 12
MOST_CHILDREN = 20
OLDEST = 120
LONGEST_BACKDATING = timedelta(days=366)
_OVERDUE = timedelta(days=31)
_PREGNANCY = timedelta(days=310)
ABUSE_CLOCK = Clock.DOMESTIC_ABUSE_DISCUSSION
OPENED_AGAIN = "It was opened again then, and counts as received anew."
CONTACT_DECISION = timedelta(hours=24)  # IMAP 5: where the clock itself cannot answer


class OfficeHours(Protocol):
    """The part of the council's settings that says when the office is open (local times)."""

    @property
    def office_opens(self) -> str: ...
    @property
    def office_closes(self) -> str: ...
    @property
    def closure_days(self) -> Sequence[str]: ...


class HoldsFacts(Protocol):
    """The part of a referral that the clocks are worked out from."""

    @property
    def received_at(self) -> datetime: ...
    @property
    def identified_at(self) -> datetime | None: ...
    @property
    def need_identified_at(self) -> datetime | None: ...
    @property
    def immediate_action_at(self) -> datetime | None: ...
    @property
    def flags(self) -> Collection[str]: ...
    @property
    def rating(self) -> Rating | None: ...
    @property
    def domestic_abuse(self) -> DomesticAbuseRisk | None: ...


def in_office_hours(moment: datetime, settings: OfficeHours) -> bool:
    """Whether an aware moment lies in the council's office hours (A1).

    Closed on weekends, bank holidays and the council's closure days; the closing time itself is
    out of hours. Past the known bank holidays a weekday counts as open: a referral always saves.
    """
    local = in_london(moment)
    try:
        working = is_working_day(local.date())
    except BankHolidaysUnknown:
        working = local.weekday() < SATURDAY
    if not working or local.date().isoformat() in settings.closure_days:
        return False
    opens = time.fromisoformat(settings.office_opens)
    closes = time.fromisoformat(settings.office_closes)
    return opens <= local.time() < closes


def facts_of(referral: HoldsFacts) -> Facts:
    """What the clocks of a referral are worked out from (B4). Moments are UTC.

    Flags that no clock asks for, such as housing, are left out. Raises FactsError for a moment
    outside the years that can be counted.
    """
    return Facts(
        received_at=referral.received_at,
        identified_at=referral.identified_at,
        need_identified_at=referral.need_identified_at,
        immediate_action_at=referral.immediate_action_at,
        flags=frozenset(FlagFact(flag) for flag in referral.flags if flag in list(FlagFact)),
        rag=referral.rating,
        domestic_abuse=referral.domestic_abuse,
    )


def facts_since(referral: HoldsFacts, reopened: datetime | None) -> Facts:
    """The same for a referral that was opened again: its clocks count from then, and no moment
    before it starts one (IMAP 5)."""
    facts = facts_of(referral)
    if reopened is None:
        return facts

    def since(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment >= reopened else None

    return replace(
        facts,
        received_at=reopened,
        identified_at=since(facts.identified_at),
        need_identified_at=since(facts.need_identified_at),
        immediate_action_at=since(facts.immediate_action_at),
    )


def told_since(
    answers: Mapping[Clock, Due | ClockError], reopened: datetime | None
) -> dict[Clock, Due | ClockError]:
    """The clocks of `facts_since` with a reason that says what they count from (B2)."""
    return {
        clock: replace(one, reason=f"{one.reason} {OPENED_AGAIN}")
        if isinstance(one, Due) and one.start_at == reopened
        else one
        for clock, one in answers.items()
    }


def decision_due(protocol: LocalProtocol, facts: Facts) -> datetime:
    """When the decision on a contact is due (UTC): the protocol's clock, else 24 hours (IMAP 5)."""
    return due_or(protocol, facts, Clock.CONTACT_DECISION, CONTACT_DECISION)


def due_or(protocol: LocalProtocol, facts: Facts, clock: Clock, otherwise: timedelta) -> datetime:
    """When something about a referral is due (UTC): the protocol's clock, and where that cannot
    answer so long after the referral was received."""
    answer = clocks(protocol, facts).get(clock)
    if isinstance(answer, Due):
        return answer.due_at
    if facts.received_at is None:
        raise ValueError("a referral has a moment when it was received")
    return facts.received_at + otherwise


def act_by(protocol: LocalProtocol, facts: Facts) -> datetime:
    """By when a referral must be looked at (UTC): the decision on it, a strategy discussion if one
    is needed, or the discussion of domestic abuse, whichever is due first (B2, G1). Serious harm
    is discussed the same day, high domestic abuse risk as the area says (DERBY 4.11)."""
    found = clocks(protocol, facts)
    others = (found.get(one) for one in (Clock.STRATEGY_DISCUSSION, ABUSE_CLOCK))
    dues = [one.due_at for one in others if isinstance(one, Due)]
    return min([decision_due(protocol, facts), *dues])


def soonest(protocol: LocalProtocol, facts: Facts, act_by_at: datetime) -> list[Clock]:
    """Which clocks a referral must be looked at by then for, beside the decision on it."""
    found = clocks(protocol, facts)
    due = ((one, found.get(one)) for one in (ABUSE_CLOCK, Clock.STRATEGY_DISCUSSION))
    return [one for one, answer in due if isinstance(answer, Due) and answer.due_at == act_by_at]


def intake_problems(intake: Intake, now: datetime) -> Iterator[Refused]:
    """Everything for which a referral cannot stand, by the field of the form (A1, A2, A4).

    `now` is an aware moment. Fields of the second child are named `children-1-...`.
    """
    yield from _moment_problems(intake.received_at, now, "received_at", "The referral was received")
    if now - intake.received_at > LONGEST_BACKDATING:
        yield Refused("received_at", "Check the year: the referral was received over a year ago")
    if intake.source_agency_id is None and not intake.source_agency_name:
        yield Refused("source_agency_id", "Choose where the referral came from")
    yield from email_problems(intake.referrer_email)
    if not intake.children:
        yield Refused("children-0-given_name", "Add at least one child")
    if len(intake.children) > MOST_CHILDREN:
        yield Refused("children-0-given_name", f"Enter {MOST_CHILDREN} children or fewer at once")
    seen: set[tuple[str, str, date]] = set()
    for place, child in enumerate(intake.children):
        yield from child_problems(child, london_date(now), f"children-{place}-")
        if child.date_of_birth is not None:
            same = (plain(child.given_name), plain(child.family_name), child.date_of_birth)
            if same in seen:
                yield Refused(
                    f"children-{place}-given_name", "This child is entered twice: remove one"
                )
            seen.add(same)
    taken: set[str] = set()
    for place, child in enumerate(intake.children):
        if child.same_as in taken:
            yield Refused(
                f"children-{place}-same_as",
                "Two children of this referral cannot both be the same known child: twins stay two",
            )
        taken |= {child.same_as} if child.same_as else set()
    for place, adult in enumerate(intake.adults):
        if not adult.name:
            yield Refused(
                f"adults-{place}-name", "Enter the adult's name, or “not known” if nobody said"
            )
    yield from concern_problems(
        ConcernsGiven(
            intake.concerns,
            intake.flags,
            intake.narrative,
            intake.domestic_abuse,
            intake.identified_at,
            intake.immediate_action_at,
            intake.hospital,
        ),
        now,
    )
    if intake.rating is not None and not intake.rating_reason:
        yield Refused("rating_reason", "Give the reason for the rating")
    if intake.consent is not None:
        yield from consent_problems(intake.consent)


def email_problems(email: str) -> Iterator[Refused]:
    """An address to which no letter could go (A10)."""
    if email and not is_address(email):
        yield Refused(
            "referrer_email", "Enter an email address like name@school.example, or leave it empty"
        )


def concern_problems(given: ConcernsGiven, now: datetime) -> Iterator[Refused]:
    """Everything for which concerns cannot stand; `now` is an aware moment (A1, A9)."""
    if not given.concerns:
        yield Refused("concerns", "Choose at least one concern")
    if not given.narrative:
        yield Refused("narrative", "Say what was seen, heard or said")
    if given.identified_at is not None:
        yield from _moment_problems(
            given.identified_at, now, "identified_at", "The concern was identified"
        )
    if given.immediate_action_at is not None:
        yield from _moment_problems(
            given.immediate_action_at, now, "immediate_action_at", "The immediate action was taken"
        )
    yield from action_problems(given.flags, given.immediate_action_at)


def action_problems(flags: Collection[Flag], taken_at: datetime | None) -> Iterator[Refused]:
    """An immediate action is ticked and has its time, or neither: by one alone its clock would not
    run, or not from then (TIMING)."""
    ticked = Flag.IMMEDIATE_ACTION in flags
    if ticked and taken_at is None:
        yield Refused("immediate_action_at", "Say when the immediate action was taken")
    if not ticked and taken_at is not None:
        yield Refused(
            "flags",
            f"Tick “{Flag.IMMEDIATE_ACTION.label}”, since its time is given; if none was taken, "
            "empty its date and time",
        )


def child_problems(child: ChildGiven, today: date, prefix: str = "") -> Iterator[Refused]:
    """Everything for which a child cannot stand; `today` is the local day (A2).

    A name or part of one is needed, so that the child can be found again. A date of birth may be
    unknown, never in the future; a due date is within the ten months to come.
    """
    if not child.given_name and not child.family_name:
        yield Refused(
            f"{prefix}given_name",
            "Enter the child's name; for a baby not born yet the mother's family name is enough",
        )
    born, due = child.date_of_birth, child.due_date
    if born is not None and born > today:
        yield Refused(
            f"{prefix}date_of_birth",
            "The date of birth is in the future: correct it, or enter it as the due date",
        )
    elif born is not None and age(born, today) > OLDEST:
        yield Refused(f"{prefix}date_of_birth", "Check the year of birth")
    elif born is not None and due is not None:
        yield Refused(
            f"{prefix}due_date", "Give the date of birth or, for a baby not born yet, the due date"
        )
    if due is not None and not is_due_date(due, today):
        yield Refused(
            f"{prefix}due_date", "The due date must be within the next ten months: check it"
        )


def is_due_date(due: date, today: date) -> bool:
    """Whether a baby can be due then: overdue by a month at most, or within ten months."""
    return today - _OVERDUE <= due <= today + _PREGNANCY


def consent_problems(given: ConsentGiven) -> Iterator[Refused]:
    """Refused, not sought or overridden without its basis or reason (A4; IMAP 1-3)."""
    if given.state is ConsentState.GIVEN:
        return
    if given.lawful_basis is None:
        yield Refused("lawful_basis", "Choose the lawful basis for going on without consent")
    if not given.reason:
        yield Refused("consent_reason", "Say why information may be shared without consent")


def check(problems: Iterator[Refused]) -> None:
    """Raise the first problem, if there is one."""
    for problem in problems:
        raise problem


def is_re_referral(earlier_received: datetime, received: datetime) -> bool:
    """Whether an earlier referral lies within the 12 months before this one (A3).

    Counted in local calendar days, the same day a year ago included.
    """
    then, day = london_date(earlier_received), london_date(received)
    return earlier_received <= received and then >= months_before(day, RE_REFERRAL_MONTHS)


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no such month: {year}-{month + 1}")


def age(born: date, today: date) -> int:
    """Completed years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_adult(born: date | None, today: date) -> bool:
    """Whether somebody is 18 or older: asked about, never refused."""
    return born is not None and age(born, today) >= ADULT


def age_in_words(born: date | None, due: date | None, today: date) -> str:
    """`7 years`, `5 months`, `9 days`, `not born yet`, `age not known`."""
    if born is None:
        return "not born yet" if due is not None else "age not known"
    years = age(born, today)
    if years >= 2:
        return f"{years} years"
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months >= 1:
        return f"{months} month{'' if months == 1 else 's'}"
    days = (today - born).days
    return f"{days} day{'' if days == 1 else 's'}"


def _moment_problems(moment: datetime, now: datetime, field: str, what: str) -> Iterator[Refused]:
    if moment > now:
        yield Refused(field, f"{what} at a time in the future: correct the date or the time")
    elif moment.year < FIRST_YEAR:
        yield Refused(field, "Check the year")
