"""An agency reads what it was asked about, and no more for the asking later (A6, D3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.referrals.checks import service
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.joining import service as joining
from app.referrals.models import Referral
from app.referrals.same_child import service as same_child
from app.referrals.service import change_concerns
from app.referrals.types import ChildGiven, Concern, ConcernsGiven
from tests.factories.checks import (
    SENDER,
    Fresh,
    asked_browser,
    make_check,
    open_link,
    press,
    staff_actor,
)
from tests.factories.referrals import make_child, make_referral


@pytest.fixture(autouse=True)
def fresh(app):
    app.test_client_class = Fresh


@pytest.fixture
def asked(change):
    """A referral, its request, and the session of who was asked."""
    with change() as session:
        referral = make_referral(session, 1, received_at=now(), concerns=(Concern.NEGLECT,))
        check = make_check(session, referral)
        return referral.ref, check.ref, open_link(session, check.invitation_id)


def comes_to_it(session, ref):
    """A sister and another concern, after the agency was asked."""
    referral = session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()
    actor = staff_actor(session)
    born = date(2020, 1, 1)
    joining.join(session, actor, referral, ChildGiven("Zebedee", "Otherfamily", born), now())
    concerns = ConcernsGiven(
        (Concern.NEGLECT, Concern.SEXUAL_ABUSE), frozenset(), referral.narrative
    )
    change_concerns(session, actor, referral, concerns, now())
    return referral


def the_check(session, ref):
    return session.execute(select(AgencyCheck).where(AgencyCheck.ref == ref)).scalar_one()


def test_a_child_or_concern_that_comes_later_is_not_told(app, change, asked):
    ref, _, token = asked
    with change() as session:
        comes_to_it(session, ref)
    page = asked_browser(app, token).get("/request").text
    assert "Neglect" in page
    assert "Zebedee" not in page and "Sexual abuse" not in page


def test_whoever_was_taken_off_is_not_shown_any_more(app, change, asked):
    ref, check_ref, token = asked
    with change() as session:
        referral = comes_to_it(session, ref)
        check = the_check(session, check_ref)
        actor = staff_actor(session)
        service.send_again(
            session, actor, check, "desk@example.org", SENDER, now(), check.version,
            with_changes=True,
        )  # fmt: skip
        first = referral.children[0].child
        joining.leave(session, actor, referral, first, "Put there by mistake", now())
        name = first.given_name
        token = open_link(session, check.invitation_id)
    page = asked_browser(app, token).get("/request").text
    assert "Zebedee" in page and name not in page


def test_two_records_of_one_child_are_still_asked_about(app, change, asked):
    ref, _, token = asked
    with change() as session:
        referral = session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()
        known = make_child(session, "Wilhelmina", "Featherstone")
        other = referral.children[0].child
        same_child.link(session, staff_actor(session), other, known, "The school says so", now())
    assert "Wilhelmina Featherstone" in asked_browser(app, token).get("/request").text


def test_once_answered_the_page_says_no_more_than_names(app, change):
    with change() as session:
        referral = make_referral(session, 1, received_at=now(), concerns=(Concern.NEGLECT,))
        child = referral.children[0].child
        born = f"born {child.date_of_birth.day} {child.date_of_birth:%B %Y}"
        check = make_check(session, referral)
        check.shared_adults, check.shared_address = "Ann Other, mother", "12 High Street"
        token = open_link(session, check.invitation_id)
        name, id_ = child.given_name, check.id
    told = (born, "Neglect", "Ann Other", "12 High Street")
    browser = asked_browser(app, token)
    page = browser.get("/request").text
    assert all(words in page for words in told)
    with change() as session:
        given = AnswerGiven(Held.NOTHING, "", "", "", AnswerVia.TELEPHONE)
        check = session.get_one(AgencyCheck, id_)
        service.answer(session, staff_actor(session), check, given, now())
    page = browser.get("/request").text
    assert name in page and "Nothing held" in page
    assert not [words for words in told if words in page]


def test_somebody_decides_that_the_agency_is_told(app, change, signed_in, asked):
    ref, check_ref, _ = asked
    with change() as session:
        comes_to_it(session, ref)
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{ref}/checks"
    page = triage.get(here).text
    assert "They do not know of what came since" in page
    assert "Zebedee Otherfamily, Sexual abuse" in page
    again = f"{here}/{check_ref}/send-again"
    assert "Tell them of this too" in triage.get(again).text
    press(triage, again, again)  # by itself it tells nothing more
    assert "They do not know of what came since" in triage.get(here).text
    press(triage, again, again, with_changes="y")
    assert "They do not know of what came since" not in triage.get(here).text
    assert "Tell them of this too" not in triage.get(again).text
    with change() as session:
        token = open_link(session, the_check(session, check_ref).invitation_id)
    page = asked_browser(app, token).get("/request").text
    assert "Zebedee Otherfamily" in page and "Sexual abuse" in page


def test_nothing_more_is_told_where_consent_was_refused_since(change, asked):
    ref, check_ref, _ = asked
    with change() as session:
        referral = comes_to_it(session, ref)
        referral.consent, referral.lawful_basis = None, None
        check = the_check(session, check_ref)
        with pytest.raises(Refused) as refused:
            service.send_again(
                session, staff_actor(session), check, "desk@example.org", SENDER,
                now() + timedelta(hours=1), check.version, with_changes=True,
            )  # fmt: skip
    assert refused.value.field == "with_changes"
