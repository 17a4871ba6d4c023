"""The choice between rules, the units, and what is said about the answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import in_london, london_date
from app.protocols.loading import load_protocols
from app.protocols.rules import clocks, due_from, limit_of
from app.protocols.types import (
    Clock,
    ClockError,
    Condition,
    DomesticAbuseRisk,
    Due,
    Facts,
    FactsError,
    Flag,
    Force,
    Kind,
    Protocol,
    Rating,
    Rule,
    StartFact,
    Unit,
)
from app.protocols.working_days import is_working_day

PROTOCOLS = load_protocols()
RECEIVED = datetime(2026, 11, 18, 9, tzinfo=UTC)

moments = st.datetimes(
    datetime.fromisoformat("2015-01-01"),
    datetime.fromisoformat("2028-06-01"),
    timezones=st.just(UTC),
)
any_moment = st.datetimes(
    datetime.fromisoformat("1991-01-01"),
    datetime.fromisoformat("2099-01-01"),
    timezones=st.just(UTC),
)


def rule(name: str = "a-rule", **changes: object) -> Rule:
    values: dict[str, object] = {
        "id": name,
        "clock": Clock.STRATEGY_DISCUSSION,
        "kind": Kind.STANDARD,
        "unit": Unit.HOURS,
        "within": 24,
        "start": (StartFact.RECEIVED_AT,),
        "when": Condition(),
        "force": Force.LIMIT,
        "source": "MOU 1",
        "document": "Memorandum of understanding",
        "reason": "The rule says so.",
    }
    return Rule(**{**values, **changes})  # type: ignore[arg-type]  # a test's own defaults


def protocol(*rules: Rule) -> Protocol:
    return Protocol("area", "Area", "1", "MOU", tuple(Rating), (), rules, "0")


def discussion(found: Protocol, facts: Facts) -> Due:
    answer = clocks(found, facts)[Clock.STRATEGY_DISCUSSION]
    assert isinstance(answer, Due)
    return answer


@st.composite
def any_facts(draw: st.DrawFn, when: st.SearchStrategy[datetime] = any_moment) -> Facts:
    optional = st.none() | when
    return Facts(
        **{fact.value: draw(optional) for fact in StartFact},
        flags=draw(st.frozensets(st.sampled_from(Flag))),
        rag=draw(st.none() | st.sampled_from(Rating)),
        domestic_abuse=draw(st.none() | st.sampled_from(DomesticAbuseRisk)),
    )


# Choice


def test_an_earlier_standard_rule_never_beats_an_exception() -> None:
    sooner = rule("sooner", within=1)
    later = rule("later", within=99, kind=Kind.EXCEPTION)
    due = discussion(protocol(sooner, later), Facts(received_at=RECEIVED))
    assert due.rule == "later"
    assert [(other.rule, other.set_aside) for other in due.also] == [("sooner", True)]
    assert "goes before sooner" in due.reason


@pytest.mark.parametrize("kind", list(Kind))
def test_on_a_tie_the_rule_listed_first(kind: Kind) -> None:
    one, other = rule("one", kind=kind), rule("other", kind=kind)
    facts = Facts(received_at=RECEIVED)
    assert discussion(protocol(one, other), facts).rule == "one"
    assert discussion(protocol(other, one), facts).rule == "other"


def test_an_exception_without_its_start_does_not_count() -> None:
    standard = rule("standard")
    exception = rule("exception", kind=Kind.EXCEPTION, start=(StartFact.NEED_IDENTIFIED_AT,))
    assert discussion(protocol(standard, exception), Facts(received_at=RECEIVED)).also == ()


def test_all_flags_of_a_condition_must_hold() -> None:
    both = frozenset({Flag.PENETRATIVE_SEXUAL_ABUSE, Flag.FORENSIC_EVIDENCE})
    found = protocol(rule(when=Condition(flags=both)))
    one = Facts(received_at=RECEIVED, flags=frozenset({Flag.FORENSIC_EVIDENCE}))
    assert clocks(found, one) == {}
    assert Clock.STRATEGY_DISCUSSION in clocks(
        found, Facts(received_at=RECEIVED, flags=both | {Flag.COMPLEX})
    )


@pytest.mark.parametrize("clock", list(Clock))
def test_identified_stands_in_for_received_in_two_clocks_only(clock: Clock) -> None:
    found = clocks(protocol(rule(clock=clock)), Facts(identified_at=RECEIVED))
    if clock not in (Clock.STRATEGY_DISCUSSION, Clock.ASSESSMENT):
        assert found == {}
        return
    answer = found[clock]
    assert isinstance(answer, Due)
    assert answer.start_fact is StartFact.IDENTIFIED_AT
    assert "does not count from a referral" in answer.reason
    assert "identified stands in" in answer.reason


def test_a_received_referral_needs_no_stand_in() -> None:
    facts = Facts(received_at=RECEIVED, identified_at=RECEIVED - timedelta(days=1))
    due = discussion(protocol(rule()), facts)
    assert due.start_fact is StartFact.RECEIVED_AT
    assert "stands in" not in due.reason


def test_only_received_is_stood_in_for() -> None:
    found = protocol(rule(start=(StartFact.NEED_IDENTIFIED_AT,)))
    assert clocks(found, Facts(identified_at=RECEIVED)) == {}


def test_serious_harm_in_an_open_case_counts_from_the_concern() -> None:
    facts = Facts(identified_at=RECEIVED, flags=frozenset({Flag.SERIOUS_HARM}))
    assert discussion(PROTOCOLS["london"], facts).rule == "serious-harm"


def test_record_in_working_hours_is_shown_as_also_applying() -> None:
    answer = clocks(
        PROTOCOLS["bromley"], Facts(meeting_ended_at=datetime(2026, 11, 20, 16, tzinfo=UTC))
    )[Clock.RECORD_CIRCULATED]
    assert isinstance(answer, Due)
    assert answer.rule == "record-24h"
    assert answer.due_at == datetime(2026, 11, 21, 16, tzinfo=UTC)
    (other,) = answer.also
    assert (other.rule, other.set_aside) == ("record-24-working-hours", False)
    assert other.due_at == datetime(2026, 11, 23, 16, tzinfo=UTC)


def test_behind_a_target_stands_the_limit() -> None:
    due = discussion(PROTOCOLS["bury"], Facts(received_at=RECEIVED))
    assert (due.rule, due.force) == ("bury-24h", Force.TARGET)
    assert limit_of(due) == datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)


def test_a_plan_is_not_the_limit_behind_a_target() -> None:
    target = rule("target", within=1, force=Force.TARGET)
    plan = rule("plan", within=2, force=Force.PLAN)
    due = discussion(protocol(target, plan, rule("limit", within=3)), Facts(received_at=RECEIVED))
    assert limit_of(due) == RECEIVED + timedelta(hours=3)


def test_a_plan_alone_has_no_limit_and_a_limit_is_its_own() -> None:
    plan = discussion(protocol(rule(force=Force.PLAN)), Facts(received_at=RECEIVED))
    limit = discussion(protocol(rule()), Facts(received_at=RECEIVED))
    assert limit_of(plan) is None
    assert limit_of(limit) == limit.due_at


def test_a_limit_that_an_exception_set_aside_does_not_count() -> None:
    target = rule("target", kind=Kind.EXCEPTION, force=Force.TARGET)
    due = discussion(protocol(rule("aside"), target), Facts(received_at=RECEIVED))
    assert limit_of(due) is None


# Beyond the published bank holidays


def test_an_unknown_rule_does_not_hide_a_sooner_one() -> None:
    received = datetime(2028, 12, 31, 12, tzinfo=UTC)
    facts = Facts(received_at=received, flags=frozenset({Flag.IMMEDIATE_ACTION}))
    due = discussion(PROTOCOLS["bromley"], facts)
    assert due.rule == "bromley-24h"
    unknown = next(other for other in due.also if other.rule == "immediate-action")
    assert unknown.due_at is None
    assert unknown.error is not None


def test_an_unknown_rule_that_may_be_sooner_makes_the_clock_unknown() -> None:
    working_day = rule("working-day", unit=Unit.WORKING_DAYS, within=1)
    days = rule("days", unit=Unit.DAYS, within=4)
    answer = clocks(
        protocol(days, working_day), Facts(received_at=datetime(2028, 12, 30, tzinfo=UTC))
    )[Clock.STRATEGY_DISCUSSION]
    assert isinstance(answer, ClockError)
    assert "working-day" in answer.error
    assert "31 December 2028" in answer.error


@given(any_facts())
def test_every_protocol_answers_whatever_the_facts(facts: Facts) -> None:
    for found in PROTOCOLS.values():
        for clock, answer in clocks(found, facts).items():
            assert answer.clock is clock


# Units


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-24T18:00+01:00", "2026-10-25T17:00+00:00"),
        ("2027-03-27T18:00+00:00", "2027-03-28T19:00+01:00"),
    ],
)
def test_hours_are_elapsed_over_both_changes_of_the_clocks(start: str, end: str) -> None:
    due = due_from(rule(), datetime.fromisoformat(start))
    assert due == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        # 23:30 UTC in summer is already the next day in London.
        ("2026-07-07T23:30+00:00", "2026-07-08T23:59:59+01:00"),
        ("2026-10-25T00:30+01:00", "2026-10-25T23:59:59+00:00"),
        ("2027-03-28T00:30+00:00", "2027-03-28T23:59:59+01:00"),
        # A start written in another zone is read in London.
        ("2026-11-18T23:00-05:00", "2026-11-19T23:59:59+00:00"),
    ],
)
def test_the_same_day_is_londons(start: str, end: str) -> None:
    due = due_from(rule(unit=Unit.SAME_DAY, within=None), datetime.fromisoformat(start))
    assert due == datetime.fromisoformat(end)


@given(moments, st.integers(1, 20), st.sampled_from(list(Unit)))
def test_what_every_unit_keeps(start: datetime, within: int, unit: Unit) -> None:
    due = due_from(rule(unit=unit, within=within if unit.counts else None), start)
    local = in_london(due)
    assert due.tzinfo is UTC
    if unit in (Unit.HOURS, Unit.WORKING_HOURS):
        assert due - start >= timedelta(hours=within)
        return
    assert (local.hour, local.minute, local.second) == (23, 59, 59)
    if unit is Unit.DAYS:
        assert local.date() == london_date(start) + timedelta(days=within)
    elif unit is Unit.SAME_DAY:
        assert local.date() == london_date(start)
    else:
        assert is_working_day(local.date())


@given(moments, moments, st.integers(1, 20), st.sampled_from(list(Unit)))
def test_a_later_start_is_never_due_sooner(
    one: datetime, other: datetime, within: int, unit: Unit
) -> None:
    early, late = sorted((one, other))
    counted = rule(unit=unit, within=within if unit.counts else None)
    assert due_from(counted, early) <= due_from(counted, late)


@given(any_facts(moments), st.sampled_from(sorted(PROTOCOLS)))
def test_nothing_that_applied_for_real_is_earlier(facts: Facts, name: str) -> None:
    for answer in clocks(PROTOCOLS[name], facts).values():
        assert isinstance(answer, Due)
        rivals = [other.due_at for other in answer.also if not other.set_aside]
        assert all(rival is not None and answer.due_at <= rival for rival in rivals)
        if answer.kind is Kind.STANDARD:
            assert not any(other.kind is Kind.EXCEPTION for other in answer.also)


@given(moments, st.frozensets(st.sampled_from(Flag)))
def test_no_flag_makes_bromley_later_than_24_hours(
    received: datetime, flags: frozenset[Flag]
) -> None:
    due = discussion(PROTOCOLS["bromley"], Facts(received_at=received, flags=flags))
    assert due.due_at <= received + timedelta(hours=24)


# Facts


def test_facts_refuse_a_moment_without_offset() -> None:
    with pytest.raises(FactsError, match="identified_at has no offset"):
        Facts(identified_at=datetime.fromisoformat("2026-11-18T09:00"))


@pytest.mark.parametrize("year", [1989, 2101])
def test_facts_refuse_a_mistyped_century(year: int) -> None:
    with pytest.raises(FactsError, match=str(year)):
        Facts(received_at=datetime(year, 6, 1, tzinfo=UTC))


def test_facts_are_kept_in_utc() -> None:
    facts = Facts(received_at=datetime.fromisoformat("2026-07-01T10:00+01:00"))
    assert facts.received_at is not None
    assert facts.received_at.isoformat() == "2026-07-01T09:00:00+00:00"
    assert london_date(facts.received_at) == date(2026, 7, 1)
