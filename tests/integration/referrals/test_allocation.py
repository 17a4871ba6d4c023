"""A referral that goes straight to a named social worker (A5; HO2014 Merton)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.models import Staff, StaffRole
from app.accounts.types import Role
from app.audit.queries import history
from app.core.clock import now
from app.core.refusal import Refused
from app.referrals.allocation import service
from app.referrals.allocation.models import ReferralAllocation
from app.referrals.models import Referral
from app.referrals.types import ChangedMeanwhile, Flag, Rating
from app.reports.types import MOST
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.checks import Fresh, staff_actor
from tests.factories.referrals import make_referral
from tests.page_form import form_of

ALLOCATE = "Allocate the referral to a social worker at once"
NOT_TAKEN = "Allocated, and not taken on yet"
MINE = "Allocated to you: say that you have it"


@pytest.fixture(autouse=True)
def fresh(app):
    app.test_client_class = Fresh


@pytest.fixture
def red(change):
    """A red referral in Merton that came in now."""
    with change() as session:
        ref = make_referral(session, 1, received_at=now(), rating=Rating.RED).ref
        use_protocol(session, "merton")
        return ref


def test_red_goes_to_a_named_social_worker_who_says_that_they_have_it(change, signed_in, red):
    triage, worker, other = (
        signed_in(role) for role in (Role.TRIAGE, Role.SOCIAL_WORKER, Role.SOCIAL_WORKER)
    )
    with change() as session:
        [mine, _] = [
            one.id
            for one in session.query(Staff).order_by(Staff.id)
            if Role.SOCIAL_WORKER in {role.role for role in one.roles}
        ]
    here = f"/referrals/{red}/allocation"
    page = triage.get("/").text
    assert f'href="{here}">{ALLOCATE}' in page
    assert ALLOCATE in worker.get("/").text.partition("Waits on colleagues")[2]
    assert "Red cases proceed directly to allocation" in triage.get(here).text
    without = triage.post(here, data=form_of(triage.get(here).text, ""))
    assert without.status_code == 422 and "Choose a social worker" in without.text
    given = form_of(triage.get(here).text, "") | {"social_worker": str(mine), "note": "Ring first"}
    assert triage.post(here, data=given).status_code == 303
    assert triage.post(here, data=given).status_code == 409  # the same page sent once more
    assert ALLOCATE not in triage.get("/").text and MINE not in triage.get("/").text
    assert f'href="/referrals/{red}">{MINE}' in worker.get("/").text
    assert MINE not in other.get("/").text
    where = f"/referrals/{red}"
    assert "Has not taken it on yet" in triage.get(where).text
    assert "I have it" not in other.get(where).text
    fields = form_of(worker.get(where).text, f"{where}/allocation/taken")
    other.post(f"{where}/allocation/taken", data=form_of(other.get(where).text, "/sign-out"))
    assert "Has not taken it on yet" in triage.get(where).text  # it is not theirs
    assert worker.post(f"{where}/allocation/taken", data=fields).status_code == 303
    assert MINE not in worker.get("/").text
    page = triage.get(where).text
    assert "Has it" in page and "Ring first" in page
    with change() as session:
        said = [one.action for one in history(session, "referral", red)]
    assert {"referral allocated", "allocation taken on"} <= set(said)


def test_red_without_a_social_worker_stands_however_many_others_are_due_sooner(
    change, signed_in, red
):
    with change() as session:
        session.query(Referral).one().act_by_at = now() + timedelta(hours=4)
        for _ in range(MOST):
            other = make_referral(session, 1, rating=Rating.AMBER)
            other.act_by_at = now() - timedelta(days=1)
        use_protocol(session, "merton")
    page = signed_in(Role.TRIAGE).get("/").text
    assert f'href="/referrals/{red}/allocation">{ALLOCATE}' in page
    assert page.count(ALLOCATE) == 1


@pytest.mark.parametrize("left", (True, False))
def test_who_left_or_is_no_social_worker_any_more_has_it_no_longer(change, signed_in, red, left):
    triage, where = signed_in(Role.TRIAGE), f'href="/referrals/{red}/allocation">'
    with change() as session:
        worker = make_staff(session, Role.SOCIAL_WORKER)
        referral, actor = session.query(Referral).one(), staff_actor(session)
        service.allocate(session, actor, referral, worker.id, "", now())
        number = worker.id
    page = triage.get("/").text
    assert ALLOCATE not in page
    assert f"{where}{NOT_TAKEN}" in page
    assert NOT_TAKEN not in signed_in(Role.SOCIAL_WORKER).get("/").text
    with change() as session:
        worker = session.get_one(Staff, number)
        if left:
            worker.ended_at = now()
        else:
            worker.roles = [StaffRole(role=Role.ANALYST)]
    page = triage.get("/").text
    assert f"{where}{ALLOCATE}" in page and NOT_TAKEN not in page


def test_what_is_taken_on_is_asked_for_no_longer(change, signed_in, red):
    with change() as session:
        worker = make_staff(session, Role.SOCIAL_WORKER)
        referral, actor = session.query(Referral).one(), staff_actor(session)
        service.allocate(session, actor, referral, worker.id, "", now()).taken_at = now()
    page = signed_in(Role.TRIAGE).get("/").text
    assert NOT_TAKEN not in page and ALLOCATE not in page


def test_given_to_somebody_else_it_is_theirs_alone(change, red):
    with change() as session:
        first, second = (make_staff(session, Role.SOCIAL_WORKER) for _ in "ab")
        triage = make_staff(session, Role.TRIAGE)
        referral, actor = session.query(Referral).one(), staff_actor(session)
        version = referral.version
        service.allocate(session, actor, referral, first.id, "", now(), version)
        with pytest.raises(ChangedMeanwhile):
            service.allocate(session, actor, referral, second.id, "", now(), version)
        for nobody in (first.id, triage.id):  # has it already; is no social worker
            with pytest.raises(Refused):
                service.allocate(session, actor, referral, nobody, "", now())
        service.allocate(session, actor, referral, second.id, "", now())
        rows = session.query(ReferralAllocation).order_by(ReferralAllocation.id).all()
        assert [(one.social_worker_id, one.ended_at is None) for one in rows] == [
            (first.id, False), (second.id, True),
        ]  # fmt: skip


def test_only_where_the_area_does_so(change, signed_in, red):
    triage = signed_in(Role.TRIAGE)
    here = f"/referrals/{red}"
    assert f"{here}/allocation" in triage.get(here).text
    with change() as session:
        session.query(Referral).one().rating = Rating.AMBER
    assert f"{here}/allocation" not in triage.get(here).text
    assert ALLOCATE not in triage.get("/").text
    with change() as session:
        referral = session.query(Referral).one()
        referral.rating = Rating.RED
        use_protocol(session, "camden")
        worker = make_staff(session, Role.SOCIAL_WORKER)
        with pytest.raises(Refused):
            service.allocate(session, staff_actor(session), referral, worker.id, "", now())
    assert f"{here}/allocation" not in triage.get(here).text


def test_who_may_be_at_risk_now_stays_on_top_and_says_so(change, signed_in, red):
    with change() as session:
        session.query(Referral).one().flags = [Flag.RISK_NOW.value]
    page = signed_in(Role.TRIAGE).get("/").text
    assert "May be at risk now: decide" in page
    assert "Next: allocate the referral to a social worker at once." in page
