"""Ratings that somebody disagrees with, consent as an area wants it (A4, A5)."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.referrals import queries as referrals
from app.referrals.consent.service import add_consent
from app.referrals.rating import queries as ratings
from app.referrals.types import (
    ChangedMeanwhile,
    ConsentGiven,
    ConsentState,
    LawfulBasis,
    Rating,
)
from tests.factories.checks import (
    staff_actor,
)
from tests.integration.referrals.outcome.steps import (
    disagree,
    rate,
    refer,
    settle,
)


def test_nottinghamshire_social_care_first_then_the_operational_manager(in_app):
    held = refer("nottinghamshire")
    rate(held, Rating.GREEN)
    disagree(held)
    with pytest.raises(Refused, match="settle it first"):
        rate(held, Rating.AMBER)
    with pytest.raises(Refused, match="already"):
        disagree(held)
    with pytest.raises(Refused, match="social care"):
        settle(held, Role.CHAIR, Rating.RED, settled=True)
    first = ratings.open_dispute(reading(), held.id).version
    settle(held, Role.TRIAGE, Rating.GREEN, settled=False)
    with pytest.raises(ChangedMeanwhile):
        settle(held, Role.TRIAGE, Rating.GREEN, settled=False, version=first)
    with pytest.raises(Refused, match="Operational Manager"):
        settle(held, Role.TRIAGE, Rating.RED, settled=True)
    settle(held, Role.CHAIR, Rating.RED, settled=True)
    assert ratings.open_dispute(reading(), held.id) is None
    assert referrals.by_ref(reading(), held.ref).rating is Rating.RED
    [told] = ratings.disputes(reading(), held.id)
    assert [one.step.settled for one in told.steps] == [False, True]
    assert len(referrals.ratings(reading(), held.id)) == 2


def test_bury_refuses_consent_not_sought_but_for_child_protection(in_app):
    held = refer("bury", consent=None)
    with transaction() as session, pytest.raises(Refused) as refusal:
        given = ConsentGiven(ConsentState.NOT_SOUGHT, LawfulBasis.PUBLIC_TASK, "Not reached")
        current = referrals.by_ref(session, held.ref)
        add_consent(session, staff_actor(session), current, given, now())
    assert refusal.value.field == "lawful_basis"
