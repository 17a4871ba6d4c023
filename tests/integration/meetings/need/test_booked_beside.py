"""What is booked is named when another takes place at once, about the same children (C11)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import MeetingState, Route
from app.referrals.models import Referral
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

TO_DO = "Booked, and another took place at once: cancel it, or keep it"


def test_a_discussion_started_at_once_leaves_none_that_is_forgotten(app, chair, signed_in):
    browser, referral_ref = chair
    moment = now()
    with app.app_context(), transaction() as session:
        referral = session.execute(
            select(Referral).where(Referral.ref == referral_ref)
        ).scalar_one()
        start = moment + timedelta(days=1)
        booked = make_meeting(session, referral=referral, at=moment, start=start).ref
    cancel = f"/discussions/{booked}/cancel"
    start_page = f"/referrals/{referral_ref}/start-now"
    page = browser.get(start_page).text
    assert booked in page and cancel in page
    assert cancel in browser.get(f"/referrals/{referral_ref}/already-held").text
    assert TO_DO not in browser.get("/").text
    hold = browser.post(start_page, data=form_of(page, start_page)).headers["Location"]
    assert cancel in browser.get(hold).text
    assert cancel in browser.get(hold.removesuffix("/hold")).text
    here = browser.get(f"/discussions/{booked}").text
    assert "took place at once" in here
    desk = signed_in(Role.ADMINISTRATOR)
    assert TO_DO in desk.get("/").text
    keep = f"/discussions/{booked}/keep"
    assert all(keep in browser.get(there).text for there in (hold, here_of(hold)))
    assert f'id="since-keep-1" href="{keep}"' in here

    fields = form_of(browser.get(keep).text, keep)
    refused = browser.post(keep, data=fields | {"reason": " "})
    assert refused.status_code == 422 and "Say why it is still needed" in refused.text
    why = "The school is heard then <only>"
    assert browser.post(keep, data=fields | {"reason": why}).status_code == 303
    assert TO_DO not in desk.get("/").text
    here = browser.get(f"/discussions/{booked}").text
    assert "took place at once" not in here and "The school is heard then &lt;only&gt;" in here
    assert all(booked not in browser.get(there).text for there in (hold, here_of(hold)))
    assert browser.get(keep).status_code == 303
    fields = form_of(refused.text, keep)
    late = browser.post(keep, data=fields | {"reason": why, "nonce": "n" * 32})
    assert late.status_code == 422 and "Nothing is to be settled here" in late.text
    # One that takes place afterwards is another thing to settle.
    with app.app_context(), transaction() as session:
        referral = session.execute(
            select(Referral).where(Referral.ref == referral_ref)
        ).scalar_one()
        other = make_meeting(session, MeetingState.ENDED, referral=referral, at=now())
        other.route = Route.STARTED_NOW
        [kept] = session.execute(
            select(AuditEntry).where(AuditEntry.action == "booked discussion kept")
        ).scalars()
        assert kept.subject_ref == booked
    assert TO_DO in desk.get("/").text
    assert browser.get(keep).status_code == 200


def here_of(hold: str) -> str:
    """The page of the discussion that is held there."""
    return hold.removesuffix("/hold")


def test_a_further_discussion_decided_afterwards_is_no_leftover(app, chair):
    browser, referral_ref = chair
    moment = now()
    with app.app_context(), transaction() as session:
        referral = session.execute(
            select(Referral).where(Referral.ref == referral_ref)
        ).scalar_one()
        first = make_meeting(session, referral=referral, at=moment - timedelta(days=2))
        first.route = Route.STARTED_NOW
        first.started_at = moment - timedelta(days=2)
        later = make_meeting(
            session, referral=referral, at=moment, start=moment + timedelta(days=1)
        )
        later.created_at = moment
        ref = later.ref
    assert "took place at once" not in browser.get(f"/discussions/{ref}").text


def test_start_well_before_its_time_says_who_is_expected_when(app, chair):
    browser, _ref = chair
    moment = now()
    with app.app_context(), transaction() as session:
        refs = [
            make_meeting(session, invitees=3, at=moment, start=moment + timedelta(minutes=left)).ref
            for left in (180, 5)
        ]
    early, near = (browser.get(f"/discussions/{ref}/hold").text for ref in refs)
    with app.app_context():
        held = reading().execute(select(Meeting).where(Meeting.ref == refs[0])).scalar_one()
        names = [one.name for one in held.invitees if one.staff_id is None]
        db.session.remove()
    words = "Start does not tell them"
    assert words in early and words not in near
    assert all(name in early for name in names)
    assert f"/discussions/{refs[0]}/calls" in early
    assert 'value="start"' in early  # never in the way
