"""What becomes of requests to agencies when their discussion ends (A6), on both engines."""

from __future__ import annotations

from datetime import timedelta

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Referral
from app.referrals.outcome.service import decide
from app.referrals.types import Outcome
from tests.factories.checks import asked_browser, make_check, open_link, staff_actor
from tests.page_form import form_of


def test_who_ends_it_says_which_answers_are_still_wanted(app, make_case, signed_in):
    case = make_case(start=now() - timedelta(minutes=30))
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/end"
    with app.app_context(), transaction() as session:
        referral = session.get_one(Referral, session.get_one(Meeting, case.meeting_id).referral_id)
        wanted, other = (make_check(session, referral, now()) for _ in range(2))
        numbers, wanted_ref = (wanted.id, other.id), wanted.ref
        wanted_link, other_link = (open_link(session, one.invitation_id) for one in (wanted, other))
        checks = f"/referrals/{referral.ref}/checks"
    until = "what nobody has answered is withdrawn, unless it is said to be still wanted"
    assert f"When the referral is decided, {until}" in chair.get(checks).text
    with app.app_context(), transaction() as session:
        held = session.get_one(Referral, session.get_one(Meeting, case.meeting_id).referral_id)
        decide(session, staff_actor(session), held, Outcome.STRATEGY_DISCUSSION, "Harm", now())
    assert f"When the strategy discussion ends, {until}" in chair.get(checks).text
    page = chair.get(here).text
    assert "Agencies that have not answered" in page
    ticked = form_of(page, "") | {"wanted": wanted_ref}
    without = chair.post(here, data=ticked)
    assert without.status_code == 422
    assert "Say why the answer is still wanted" in without.text
    again = form_of(without.text, "")
    assert again["wanted"] == wanted_ref
    ended = chair.post(here, data=again | {"wanted_because": "The doctor reads it."})
    assert ended.status_code == 303
    with app.app_context():
        kept, withdrawn = (reading().get_one(AgencyCheck, number) for number in numbers)
        assert reading().get_one(Meeting, case.meeting_id).state is MeetingState.ENDED
        assert (kept.wanted_because, kept.withdrawn_at) == ("The doctor reads it.", None)
        assert withdrawn.withdrawn_reason == f"The strategy discussion is over: {case.ref}"
    assert "Your answer is still wanted" in asked_browser(app, wanted_link).get("/request").text
    assert "no longer needed" in asked_browser(app, other_link).get("/request").text


def test_an_agency_that_is_asked_while_it_ends_is_not_left_to_itself(app, make_case, signed_in):
    case = make_case(start=now() - timedelta(minutes=30))
    chair, here = signed_in(Role.CHAIR), f"/discussions/{case.ref}/hold/end"
    form = form_of(chair.get(here).text, "")
    with app.app_context(), transaction() as session:
        referral_id = session.get_one(Meeting, case.meeting_id).referral_id
        make_check(session, session.get_one(Referral, referral_id), now())
    answer = chair.post(here, data=form)
    assert answer.status_code == 422
    assert "Another agency was asked while this page was open" in answer.text
    with app.app_context():
        assert reading().get_one(Meeting, case.meeting_id).state is MeetingState.UNDER_WAY
    assert chair.post(here, data=form_of(answer.text, "")).status_code == 303
