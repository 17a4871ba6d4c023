"""How a referral came in is corrected after it was entered (A1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.clock import in_london, now
from app.core.session import reading
from app.directory.models import Agency
from app.directory.types import AgencyKind
from app.referrals import queries
from app.referrals.context import context_of
from app.referrals.models import ReferralChild
from app.referrals.outcome.service import reopen
from app.referrals.types import Channel, Outcome
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.directory import make_agency
from tests.factories.referrals import make_referral
from tests.page_form import form_of

ENTERED = FRIDAY


@pytest.fixture
def ref(change, desk):
    with change() as session:
        return make_referral(session, 1, received_at=ENTERED).ref


def path(ref):
    return f"/referrals/{ref}/came-in"


def received(moment):
    local = in_london(moment)
    return {
        "received_at-day": local.day, "received_at-month": local.month,
        "received_at-year": local.year, "received_at-time": f"{local:%H:%M}",
    }  # fmt: skip


def post(browser, ref, **changes):
    return browser.post(path(ref), data=form_of(browser.get(path(ref)).text, "") | changes)


def held(app, ref, name):
    with app.app_context():
        return getattr(queries.by_ref(reading(), ref), name)


def test_an_earlier_moment_moves_the_clock_and_the_history_keeps_both(app, triage, ref):
    earlier = ENTERED - timedelta(hours=10)
    answer = post(triage, ref, channel="police_notification", **received(earlier))
    assert answer.status_code == 303
    assert held(app, ref, "received_at") == earlier
    assert held(app, ref, "decision_due_at") == earlier + timedelta(hours=24)
    assert held(app, ref, "act_by_at") == earlier + timedelta(hours=24)
    assert held(app, ref, "in_office_hours") is False
    assert held(app, ref, "channel") is Channel.POLICE_NOTIFICATION
    with app.app_context():
        said = select(AuditEntry.details).where(AuditEntry.action == "how it came in changed")
        details = reading().execute(said).scalar_one()
    assert details["changed"] == ["channel", "received_at"]
    assert details["received_before"] == ENTERED.isoformat()
    assert details["channel_before"] == "phone"
    assert "Robin" not in str(details)
    page = triage.get(answer.location).text
    assert "How it came in was changed" in page
    assert "channel before: telephone" in page


def test_the_name_of_an_agency_that_is_not_listed_adds_it(app, triage, ref):
    changes = {"source_agency_id": "", "source_agency_name": "Saturday club"}
    asked = post(triage, ref, **changes)
    assert asked.status_code == 422
    assert "Choose what kind of agency Saturday club is" in asked.text
    changes |= {"source_agency_kind": "voluntary"}
    assert post(triage, ref, referrer_name="Ada", **changes).status_code == 303
    with app.app_context():
        source = context_of(reading(), queries.by_ref(reading(), ref).id).source
    assert source == "Saturday club"
    assert "Ada, Head teacher" in triage.get(f"/referrals/{ref}").text
    assert held(app, ref, "received_at") == ENTERED, "nobody touched the moment"


def test_an_agency_that_left_the_directory_stays_where_it_is(app, triage, ref, change):
    with change() as session:
        session.get_one(Agency, queries.by_ref(session, ref).source_agency_id).ended_at = now()
    assert post(triage, ref, referrer_role="Teacher").status_code == 303
    assert held(app, ref, "referrer_role") == "Teacher"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (received(ENTERED + timedelta(hours=1)), "The referral was entered on"),
        (received(ENTERED - timedelta(days=400)), "Check the year"),
        (received(ENTERED) | {"received_at-month": "13"}, "real date"),
        ({"source_agency_id": ""}, "Choose where the referral came from"),
        ({"referrer_name": "x" * 201}, "Shorten this to 200"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(app, triage, ref, changes, said):
    answer = post(triage, ref, **({"referrer_role": "Cook"} | changes))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Cook"' in answer.text
    assert held(app, ref, "referrer_role") == "Head teacher"


def test_two_at_once_both_see_both(app, triage, signed_in, ref, change):
    with change() as session:
        make_agency(session, AgencyKind.HEALTH, "Mill Lane Surgery")
    mine = form_of(triage.get(path(ref)).text, "")
    assert post(signed_in(Role.CHAIR), ref, channel="email").status_code == 303
    late = triage.post(path(ref), data=mine | {"referrer_name": "Grace"})
    assert late.status_code == 409
    assert "Secure email" in late.text
    assert "Grace, Head teacher" in late.text
    assert held(app, ref, "channel") is Channel.EMAIL
    assert triage.post(path(ref), data=form_of(late.text, "")).status_code == 303
    assert held(app, ref, "referrer_name") == "Grace"


def test_a_referral_that_was_opened_again_keeps_its_clock(app, triage, change, desk):
    with change() as session:
        referral = make_referral(session, 1, received_at=ENTERED, decided=Outcome.ADVICE)
        staff = make_staff(session, Role.TRIAGE)
        actor = Actor(ActorKind.STAFF, staff.id, staff.name)
        again = ENTERED + timedelta(days=3)
        reopen(session, actor, referral, "More is known", again, referral.version)
        ref, due = referral.ref, referral.decision_due_at
    assert post(triage, ref, **received(ENTERED - timedelta(hours=2))).status_code == 303
    assert held(app, ref, "received_at") == ENTERED - timedelta(hours=2)
    assert held(app, ref, "decision_due_at") == due


def test_what_comes_within_a_year_of_it_is_counted_anew(app, triage, change, ref):
    with change() as session:
        first = queries.by_ref(session, ref)
        child_id = first.children[0].child_id
        second = make_referral(session, 0, received_at=ENTERED + timedelta(days=300))
        second.children = [ReferralChild(child_id=child_id, position=0)]
        second.earlier_referral_id = first.id
        later = second.ref
    assert post(triage, ref, **received(ENTERED - timedelta(days=100))).status_code == 303
    assert held(app, later, "earlier_referral_id") is None
    assert post(triage, ref, **received(ENTERED - timedelta(days=10))).status_code == 303
    assert held(app, later, "earlier_referral_id") == held(app, ref, "id")
