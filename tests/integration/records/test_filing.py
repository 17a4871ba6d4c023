"""What was filed in the council's case system, ticked beside the child's reference (A2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import reading
from app.meetings.models import Meeting
from app.records import service
from app.records.filing.models import RecordFiling
from app.referrals.filing.models import ReferralFiling
from app.referrals.models import Child, Referral
from tests.factories.records import make_releaser, make_signed, sign_as_chair
from tests.factories.referrals import make_referral
from tests.integration.records.circulating import AFTER, LATER, settings_of
from tests.page_form import form_of

REFERENCE = "LCS-0093817"


@pytest.fixture
def desk(signed_in):
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def case(change):
    """A referral with one child who has a reference: (referral, child)."""
    with change() as session:
        referral = make_referral(session, 1)
        child = referral.children[0].child
        child.case_reference = REFERENCE
        return referral.ref, child.ref


@pytest.fixture
def signed(app, change):
    """A signed record whose child has a reference: (discussion, referral, child)."""
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), AFTER, invitees=1, children=1)
        child = session.get_one(Child, meeting.children[0].child_id)
        child.case_reference = REFERENCE
        return meeting.ref, session.get_one(Referral, meeting.referral_id).ref, child.ref


def press(browser, page, path):
    """Press the button on `page` that posts to `path`; the page that it leads to."""
    text = browser.get(page).text
    assert f'action="{path}"' in text
    answer = browser.post(path, data=form_of(text, path))
    assert answer.status_code == 303
    return browser.get(answer.location.partition("#")[0]).text


def filings(app, kind):
    with app.app_context():
        return [one.reference for one in reading().execute(select(kind)).scalars()]


def actions(app, about):
    with app.app_context():
        rows = reading().execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [one.action for one in rows if about in one.action]


def test_a_referral_is_ticked_with_who_and_when_and_taken_back(app, desk, case):
    ref, child = case
    page, path = f"/referrals/{ref}", f"/referrals/{ref}/children/{child}"
    assert "Not filed there yet" in desk.get(page).text
    data = form_of(desk.get(page).text, f"{path}/filed")
    ticked = press(desk, page, f"{path}/filed")
    assert "Filed there: " in ticked
    assert "Referral filed in the case system" in ticked
    assert desk.post(f"{path}/filed", data=data).status_code == 303, "pressed twice"
    assert filings(app, ReferralFiling) == [REFERENCE]
    assert "Not filed there yet" in press(desk, page, f"{path}/not-filed")
    assert filings(app, ReferralFiling) == []
    assert actions(app, "case system") == [
        "referral filed in the case system", "referral not filed in the case system after all",
    ]  # fmt: skip
    with app.app_context():
        details = reading().execute(select(AuditEntry.details)).scalars().all()
    assert REFERENCE not in str(details)


def test_another_reference_asks_to_file_it_anew(app, desk, case, change):
    ref, child = case
    page, path = f"/referrals/{ref}", f"/referrals/{ref}/children/{child}/filed"
    seen = form_of(desk.get(page).text, path)
    press(desk, page, path)
    with change() as session:
        session.query(Child).filter_by(ref=child).one().case_reference = "LCS-2"
    assert f"Filed under another reference, {REFERENCE}" in desk.get(page).text
    desk.post(path, data=seen)  # a page that is older than the new reference
    assert filings(app, ReferralFiling) == [REFERENCE]
    assert "look at the reference again" in desk.get(page).text
    press(desk, page, path)
    assert filings(app, ReferralFiling) == ["LCS-2"]


def test_without_a_reference_nothing_is_filed(app, desk, case, change):
    ref, child = case
    with change() as session:
        session.query(Child).filter_by(ref=child).one().case_reference = None
    page = desk.get(f"/referrals/{ref}").text
    assert "Enter the reference" in page
    assert f"/children/{child}/filed" not in page
    token = form_of(desk.get(f"/referrals/{ref}/consent").text, "")["csrf_token"]
    data = {"csrf_token": token, "version": "2"}
    desk.post(f"/referrals/{ref}/children/{child}/filed", data=data)
    assert filings(app, ReferralFiling) == []


def test_a_child_who_left_the_referral_is_to_be_taken_out_there(app, desk, case, change):
    ref, child = case
    page, path = f"/referrals/{ref}", f"/referrals/{ref}/children/{child}"
    press(desk, page, f"{path}/filed")
    with change() as session:
        referral = session.query(Referral).filter_by(ref=ref).one()
        other = make_referral(session, 1)
        referral.children[0].child_id = other.children[0].child_id
    text = desk.get(page).text
    assert f"filed under {REFERENCE}" in text
    assert "who is not on it any more" in text
    data = form_of(text, f"{path}/not-filed")
    assert desk.post(f"{path}/filed", data=data | {"version": "1"}).status_code == 404
    assert "any more" not in press(desk, page, f"{path}/not-filed")


def test_a_signed_record_is_ticked_on_both_pages_and_a_correction_asks_again(
    app, desk, signed, change
):
    discussion, ref, child = signed
    path = f"/discussions/{discussion}/record/1/children/{child}"
    ticked = press(desk, f"/referrals/{ref}", f"{path}/filed")
    assert "Record filed in the case system" in ticked
    circulate = f"/discussions/{discussion}/record/circulate"
    assert "Filed there: " in desk.get(circulate).text
    assert "Not filed there yet" in press(desk, circulate, f"{path}/not-filed")
    old = form_of(desk.get(circulate).text, f"{path}/filed")
    with change() as session:
        meeting = session.query(Meeting).filter_by(ref=discussion).one()
        service.correct(session, make_releaser(session), meeting, "A wrong date", AFTER)
        sign_as_chair(session, settings_of(app), meeting, LATER)
    desk.post(f"{path}/filed", data=old)
    assert filings(app, RecordFiling) == []
    press(desk, circulate, f"/discussions/{discussion}/record/2/children/{child}/filed")
    assert filings(app, RecordFiling) == [REFERENCE]


def test_who_circulates_nothing_ticks_no_record(signed_in, signed):
    discussion, ref, child = signed
    worker = signed_in(Role.SOCIAL_WORKER)
    page = worker.get(f"/referrals/{ref}").text
    assert "/record/1/children/" not in page
    token = form_of(worker.get(f"/referrals/{ref}/consent").text, "")["csrf_token"]
    path = f"/discussions/{discussion}/record/1/children/{child}/filed"
    assert worker.post(path, data={"csrf_token": token}).status_code == 403
