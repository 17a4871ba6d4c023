"""B2: due when, how long is left, by which rule, why, from which document, what else applied."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.protocols.exchange import facts_from, facts_to, restore, snapshot
from app.protocols.explaining import explain
from app.protocols.loading import load_protocols
from app.protocols.rules import clocks
from app.protocols.types import Clock, Due, Facts, FactsError, Flag, StartFact
from app.protocols.wording import (
    CLOCK_LABELS,
    START_WORDS,
    citation,
    time_left,
)

PROTOCOLS = load_protocols()
DUE_AT = datetime(2026, 11, 19, 11, 30, tzinfo=UTC)


def due_for(name: str, facts: Facts, clock: Clock = Clock.STRATEGY_DISCUSSION) -> Due:
    answer = clocks(PROTOCOLS[name], facts)[clock]
    assert isinstance(answer, Due)
    return answer


def test_every_piece_is_there() -> None:
    facts = Facts(need_identified_at=DUE_AT - timedelta(hours=24), received_at=DUE_AT)
    told = explain(due_for("bromley", facts), DUE_AT - timedelta(hours=2, minutes=10))
    assert told.label == "Hold the strategy discussion by"
    assert told.due == "Thursday 19 November 2026 at 11:30 am"
    assert told.left == "2 hours 10 minutes left"
    assert told.late is False
    assert told.rule == "bromley-24h"
    assert told.why.startswith("In Bromley the strategy discussion is held within 24 hours")
    assert (
        "within 24 hours after the manager decided that a strategy discussion is needed: "
        "Wednesday 18 November 2026 at 11:30 am." in told.why
    )
    assert told.source == "BROMLEY 1"
    assert "Bromley" in told.document
    assert told.force == "Limit"
    assert told.limit is None
    assert told.others == (
        "three-working-days: within 3 working days after the referral was received "
        "(TIMING, Timing of strategy meeting / discussion), "
        "due Tuesday 24 November 2026 at 11:59 pm. Set aside, because an exception holds.",
    )


def test_a_target_names_the_limit_behind_it() -> None:
    told = explain(due_for("bury", Facts(received_at=DUE_AT)), DUE_AT)
    assert told.force == "Target: the source says in most cases"
    assert told.limit == "The limit is Tuesday 24 November 2026 at 11:59 pm."


def test_another_rule_that_is_unknown_says_so() -> None:
    received = datetime(2028, 12, 29, 12, tzinfo=UTC)
    told = explain(due_for("bromley", Facts(received_at=received)), received)
    assert "bank holidays" in told.others[0]


def test_derby_says_discuss_and_screen() -> None:
    labels = [
        due_for(
            "derby",
            facts_from({"received_at": DUE_AT.isoformat(), "domestic_abuse": risk}),
            Clock.DOMESTIC_ABUSE_DISCUSSION,
        ).label
        for risk in ("high", "medium", "standard")
    ]
    assert labels == ["Discuss by", "Screen by (team manager)", "Screen by (team manager)"]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=2, minutes=10, seconds=59), "2 hours 10 minutes left"),
        (timedelta(hours=1), "1 hour left"),
        (timedelta(minutes=1), "1 minute left"),
        (timedelta(seconds=59), "less than a minute left"),
        (timedelta(0), "less than a minute left"),
        (timedelta(seconds=-1), "less than a minute late"),
        (timedelta(hours=-3), "3 hours late"),
        (timedelta(days=2, hours=1, minutes=5), "2 days 1 hour left"),
    ],
)
def test_how_long_is_left(ahead: timedelta, words: str) -> None:
    assert time_left(DUE_AT, DUE_AT - ahead) == words


def test_every_clock_and_start_has_its_words() -> None:
    assert set(CLOCK_LABELS) == set(Clock)
    assert set(START_WORDS) == set(StartFact)


# Kept with the discussion


def test_a_snapshot_loses_nothing_through_json() -> None:
    facts = facts_from(
        {
            "received_at": "2028-12-20T09:00:00.250000+00:00",
            "meeting_ended_at": "2028-12-21T09:00:00+00:00",
            "flags": ["complex", "immediate_action"],
            "rag": "red",
            "domestic_abuse": "high",
        }
    )
    for protocol in PROTOCOLS.values():
        answers = clocks(protocol, facts)
        kept = restore(json.loads(json.dumps(snapshot(protocol, facts, answers))))
        assert kept.facts == facts
        assert kept.clocks == answers
        assert (kept.protocol_id, kept.protocol_version) == (protocol.id, protocol.version)
        assert kept.protocol_digest == protocol.digest


def test_a_snapshot_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        restore({"format": 2})


def test_facts_come_back_as_they_went() -> None:
    facts = Facts(identified_at=DUE_AT, flags=frozenset({Flag.COMPLEX}))
    assert facts_from(facts_to(facts)) == facts
    assert facts_to(Facts()) == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recieved_at": "2026-11-18T09:00:00+00:00"}, 'Unknown fact "recieved_at"'),
        ({"received_at": "2026-11-18T09:00:00"}, "received_at has no offset"),
        ({"received_at": "2026-11-18"}, "received_at has no offset"),
        ({"received_at": "yesterday"}, "received_at is 'yesterday', which is no moment"),
        ({"received_at": 7}, "received_at is 7, which is no moment"),
        ({"flags": "complex"}, "flags is a list"),
        ({"flags": ["very_complex"]}, "Unknown flag 'very_complex'"),
        ({"flags": [["complex"]]}, "Unknown flag"),
        ({"rag": "purple"}, "Unknown rag 'purple'"),
        ({"domestic_abuse": "low"}, "Unknown domestic_abuse 'low'"),
    ],
)
def test_bad_facts_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(FactsError, match=message):
        facts_from(values)


def test_null_is_absent() -> None:
    assert facts_from({"received_at": None, "flags": None, "rag": None}) == Facts()


def test_a_document_cited_by_its_title_is_named_once() -> None:
    title = "Working Together to Safeguard Children, statutory guidance (HM Government)"
    assert citation("Working Together to Safeguard Children, statutory guidance", title) == title
    assert citation("BROMLEY 2", "A protocol") == "BROMLEY 2, A protocol"
    assert citation("IMAP 9", "", ": ") == "IMAP 9"
