"""Decisions with their grounds, what is no referral, reopening, referring on (A7, A9, A12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.referrals import listing
from app.referrals import queries as referrals
from app.referrals.checks import service as checks
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Child
from app.referrals.outcome import queries, service
from app.referrals.outcome.types import FilterReason, Ground, OnwardGiven
from app.referrals.types import (
    ChangedMeanwhile,
    Concern,
    ConsentState,
    Outcome,
    Rating,
    RatingStage,
    ReferralState,
)
from tests.factories.checks import (
    make_check,
    staff_actor,
)
from tests.integration.referrals.outcome.steps import (
    OVERRIDE,
    decide,
    ground_of,
    rate,
    refer,
    reopen,
)


def make_list_entry(session, referral):
    """The referral alone on a list of today."""
    sitting = ListSitting(
        ref="LS-TEST-0001", series_id=None, name="MASH meeting", source=None, day=now().date(),
        opened_at=now(), opened_by_id=staff_actor(session).id, took_part=None, ended_at=None,
        ended_by_id=None,
    )  # fmt: skip
    session.add(sitting)
    session.flush()
    entry = ListEntry(
        sitting_id=sitting.id, number=1, case_id=None, referral_id=referral.id, carried=False,
        information=None, outcome=None, reason=None, agency_id=None, decided_by_id=None,
        decided_at=None,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def test_an_override_is_a_consent_of_its_own_by_whoever_decides(held):
    with pytest.raises(Refused) as refusal:
        decide(held, Outcome.SECTION_17)
    assert refusal.value.field == "outcome"
    decision = decide(held, Outcome.SECTION_17, ground=OVERRIDE)
    ground = ground_of(decision)
    [consent] = referrals.consents(reading(), held.id)
    assert (ground.overrode, ground.consent_id) == (True, consent.consent.id)
    assert consent.consent.state is ConsentState.OVERRIDDEN
    assert consent.consent.recorded_by_id == decision.decided_by_id


def test_an_outcome_without_consent_needs_no_override(held):
    decision = decide(held, Outcome.ADVICE, ground=OVERRIDE)
    assert not ground_of(decision).overrode
    assert referrals.consents(reading(), held.id) == []


def test_a_universal_offer_goes_first_to_the_unseen_the_youngest_and_those_at_home(in_app):
    held = refer()
    with transaction() as session:
        child = session.get_one(Child, held.children[0].child_id)
        child.date_of_birth = now().date() - timedelta(days=700)
    decision = decide(held, Outcome.UNIVERSAL_OFFER, ground=Ground(unseen=True))
    ground = ground_of(decision)
    assert (ground.unseen, ground.under_three, ground.home_educated) == (True, True, False)


def test_what_is_no_referral_is_closed_and_counted(held):
    since = now() - timedelta(days=1)
    decide(held, Outcome.NO_FURTHER_ACTION, ground=Ground(filtered=FilterReason.OTHER_AREA))
    assert queries.filtered(reading(), now() + timedelta(days=1)) == {}
    assert queries.filtered(reading(), since) == {FilterReason.OTHER_AREA: 1}
    # A later decision takes its place in the count.
    decide(held, Outcome.ADVICE)
    assert queries.filtered(reading(), since) == {}


def test_sandwell_decides_red_after_the_second_rating_only(in_app):
    held = refer("sandwell")
    rate(held, Rating.RED)
    with pytest.raises(Refused, match="after the meeting"):
        decide(held, Outcome.EARLY_HELP)
    # Rated down again before anybody answered, it waits all the same.
    rate(held, Rating.GREEN)
    with pytest.raises(Refused, match="rates red cases again"):
        decide(held, Outcome.EARLY_HELP)
    with pytest.raises(Refused) as refusal:
        rate(held, Rating.GREEN, RatingStage.AFTER)
    assert refusal.value.field == "early_because"
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        entry = make_list_entry(session, current)
        sitting = session.get_one(ListSitting, entry.sitting_id)
        sitting.ended_at, sitting.took_part = now(), "Police and health"
    rate(held, Rating.GREEN, RatingStage.AFTER)
    decide(held, Outcome.EARLY_HELP)
    told = [(one.rating.stage, one.rating.rating) for one in referrals.ratings(reading(), held.id)]
    assert told[0] == (RatingStage.AFTER, Rating.GREEN)
    with transaction() as session:
        check = make_check(session, referrals.by_ref(session, held.ref))
        given = AnswerGiven(Held.NOTHING, "", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), check, given, now())
    # Opened again, what was gathered and rated until then counts no more.
    reopen(held, at=now())
    rate(held, Rating.RED)
    with pytest.raises(Refused, match="rates red cases again"):
        decide(held, Outcome.EARLY_HELP)
    with pytest.raises(Refused):
        rate(held, Rating.GREEN, RatingStage.AFTER)
    rate(held, Rating.GREEN, RatingStage.AFTER, early="Everybody was on the telephone.")
    decide(held, Outcome.EARLY_HELP)
    [newest, *_] = referrals.ratings(reading(), held.id)
    assert newest.rating.early_because == "Everybody was on the telephone."


def test_a_reopened_referral_is_on_the_list_again_with_a_clock_of_its_own(held):
    decide(held, Outcome.ADVICE)
    later = now() + timedelta(days=3)
    reopen(held, at=later)
    current = referrals.by_ref(reading(), held.ref)
    assert (current.state, current.outcome) == (ReferralState.RECEIVED, None)
    assert current.decision_due_at == current.act_by_at == later + timedelta(hours=24)
    assert [row.ref for row in listing.open_referrals(reading()).rows] == [held.ref]
    [kept] = queries.reopenings(reading(), held.id)
    assert kept.reopening.was_outcome is Outcome.ADVICE
    assert len(referrals.decisions(reading(), held.id)) == 1


def test_two_reopen_or_decide_at_once_and_the_second_is_told(held):
    decide(held, Outcome.ADVICE)
    version = referrals.by_ref(reading(), held.ref).version
    reopen(held, version=version)
    with pytest.raises(ChangedMeanwhile):
        reopen(held, version=version)
    with pytest.raises(ChangedMeanwhile):
        decide(held, Outcome.ADVICE, version=version)


def test_referring_on_keeps_to_whom_and_when(held):
    given = OnwardGiven(Concern.MISSING, None, "Missing panel", "MP-1", "Tonight", now())
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        service.refer_on(session, staff_actor(session), current, given, now())
    [kept] = queries.onward(reading(), held.id)
    assert (kept.onward.to_name, kept.onward.reference) == ("Missing panel", "MP-1")
