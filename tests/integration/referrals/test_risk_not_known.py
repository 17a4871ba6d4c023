"""Domestic abuse without a risk is on no list and by no clock: its risk is asked for (A8)."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.referrals.models import Referral
from app.referrals.service import change_concerns
from tests.factories.abuse import actor_of
from tests.integration.referrals.test_abuse_of_referrals import MEDIUM, TOLD, entered

ASKED = "Risk of domestic abuse not known yet: assess it"


@pytest.mark.parametrize(("protocol", "asks"), [("derby", True), ("london", False)])
def test_first_page_and_referral_ask_for_a_risk_where_it_has_a_clock(
    app, change, signed_in, protocol, asks
):
    with change() as session:
        ref = entered(session, None, protocol=protocol, at=now()).ref
    triage = signed_in(Role.TRIAGE)
    first = triage.get("/").text
    assert (ASKED in first) is asks
    assert (f'href="/referrals/{ref}/concerns"' in first) is asks
    assert ("Risk not known yet" in triage.get(f"/referrals/{ref}").text) is asks


def test_it_is_asked_until_it_is_given(app, change, signed_in):
    with change() as session:
        ref = entered(session, None, at=now()).ref
    triage = signed_in(Role.TRIAGE)
    assert ASKED in triage.get("/").text
    with app.app_context(), transaction() as session:
        referral = session.query(Referral).filter_by(ref=ref).one()
        assert referral.domestic_abuse is None
        change_concerns(session, actor_of(session), referral, TOLD, now())
        assert referral.domestic_abuse is MEDIUM
    assert ASKED not in triage.get("/").text
    assert "Risk not known yet" not in triage.get(f"/referrals/{ref}").text
