"""The list of referrals says by which clock one is due before its decision (B2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.core.clock import now
from app.core.session import reading, transaction
from app.referrals import listing, shown
from app.referrals.abuse.begun import close
from app.referrals.outcome.service import decide, reopen
from app.referrals.service import change_concerns
from app.referrals.types import Concern, ConcernsGiven, Flag, Outcome
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of
from tests.integration.referrals.test_abuse_of_referrals import HIGH, entered, the_case

ABUSE = "The domestic abuse is to be discussed by then"
HARM = "A strategy discussion, if one is needed, is due by then"


def reason():
    (row,) = listing.open_referrals(reading()).rows
    return shown.list_row(row, FRIDAY).deadline.reason


def harm(session, referral, risk, at):
    given = ConcernsGiven(
        (Concern.DOMESTIC_ABUSE,), frozenset({Flag.SERIOUS_HARM}), "She was strangled.", risk
    )
    change_concerns(session, actor_of(session), referral, given, at)


def test_high_risk_of_domestic_abuse_is_said_and_no_other_reason(in_app):
    with transaction() as session:
        entered(session, HIGH)
    assert reason() == ABUSE


def test_serious_harm_is_said_and_both_where_both_are_due(in_app):
    with transaction() as session:
        referral = entered(session, None)
        harm(session, referral, None, FRIDAY)
    assert reason() == HARM
    with transaction() as session:
        harm(session, session.merge(referral), HIGH, FRIDAY)
    assert reason() == f"{ABUSE}. {HARM}"


def test_what_a_discussion_met_is_no_reason(in_app):
    with transaction() as session:
        referral = entered(session, HIGH)
        close(session, actor_of(session), the_case(session), Outcome.ADVICE, FRIDAY)
        assert referral.act_by_at == referral.decision_due_at
    assert reason() == ""


def test_opened_again_its_reason_is_of_the_clock_since(in_app):
    with transaction() as session:
        referral, actor = entered(session, None, at=FRIDAY - timedelta(days=9)), actor_of(session)
        harm(session, referral, None, FRIDAY - timedelta(days=9))
        decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "No.", FRIDAY)
        reopen(session, actor, referral, "The school rang.", FRIDAY, referral.version)
    assert reason() == HARM


@pytest.mark.parametrize("path", ["/referrals/", "/referrals/?show=all"])
def test_the_page_says_it(change, triage, path):
    with change() as session:
        at = now()
        referral = entered(session, HIGH, at=at)
        sooner = referral.act_by_at < referral.decision_due_at
    page = re.sub(r"\s+", " ", triage.get(path).text)
    assert (ABUSE in page) is sooner
    assert HARM not in page
