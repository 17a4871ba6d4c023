"""What the first page speaks of: also of what would otherwise be forgotten (G1)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from app.accounts.types import Role
from app.core.clock import now
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.abuse.models import AbuseCase
from app.referrals.models import Referral
from app.referrals.types import DomesticAbuseRisk, Outcome
from app.reports.queries import MOST
from tests.factories.abuse import make_abuse_case
from tests.factories.arrivals import TOLD, make_arrival
from tests.factories.directory import make_settings
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral
from tests.page_form import form_of

CANCELLED = "Cancelled: say what follows"


def _cancelled(session) -> Meeting:
    meeting = make_meeting(session, MeetingState.CANCELLED, at=now())
    assert meeting.referral_id is not None
    session.get_one(Referral, meeting.referral_id).outcome = Outcome.STRATEGY_DISCUSSION
    return meeting


def test_a_cancelled_discussion_is_spoken_of_until_it_is_settled(change, signed_in) -> None:
    with change() as session:
        meeting = _cancelled(session)
        meeting_id, referral_id = meeting.id, meeting.referral_id
        ref = session.get_one(Referral, referral_id).ref
    chair, desk = signed_in(Role.CHAIR), signed_in(Role.ADMINISTRATOR)
    page = chair.get("/").text
    assert CANCELLED in page
    assert f'href="/referrals/{ref}"' in page
    assert CANCELLED in desk.get("/").text.partition("Waits on colleagues")[2]
    with change() as session:
        referral = session.get_one(Referral, referral_id)
        make_meeting(session, MeetingState.NEEDED, at=now(), referral=referral)
    assert CANCELLED not in chair.get("/").text
    with change() as session:
        later = session.query(Meeting).filter(Meeting.id != meeting_id).one()
        later.state = MeetingState.CANCELLED
    assert chair.get("/").text.count(CANCELLED) == 1
    with change() as session:
        session.get_one(Referral, referral_id).outcome = Outcome.SECTION_17
    assert CANCELLED not in chair.get("/").text


def test_one_that_was_held_is_not_asked_for_again(change, signed_in) -> None:
    with change() as session:
        meeting = _cancelled(session)
        referral = session.get_one(Referral, meeting.referral_id)
        make_meeting(session, MeetingState.SIGNED, at=now(), referral=referral)
    assert CANCELLED not in signed_in(Role.CHAIR).get("/").text


AGAIN = "Cancelled: book it again"


def _cancelled_open_case(change) -> str:
    with change() as session:
        meeting = _cancelled(session)
        meeting.referral_id = None
        return meeting.ref


def test_a_cancelled_discussion_of_an_open_case_is_booked_again_on_the_same_clock(
    change, signed_in
) -> None:
    ref = _cancelled_open_case(change)
    desk = signed_in(Role.ADMINISTRATOR)
    assert f'href="/discussions/{ref}/again">{AGAIN}' in desk.get("/").text
    page = desk.get(f"/discussions/{ref}/again").text
    assert "No other discussion is needed" not in page  # for the manager to say
    answer = desk.post(f"/discussions/{ref}/again", data=form_of(page, f"/discussions/{ref}/again"))
    assert answer.status_code == 303
    assert AGAIN not in desk.get("/").text
    with change() as session:
        old, new = session.query(Meeting).order_by(Meeting.id).all()
        assert answer.location == f"/discussions/{new.ref}/book"
        assert new.state is MeetingState.NEEDED
        assert (new.due_at, new.clocks, new.need_reason) == (
            old.due_at, old.clocks, old.need_reason,
        )  # fmt: skip
        assert [one.child_id for one in new.children] == [one.child_id for one in old.children]
    assert desk.get(f"/discussions/{ref}/again").status_code == 303


def test_a_manager_says_why_no_other_discussion_is_needed(change, signed_in) -> None:
    ref = _cancelled_open_case(change)
    chair = signed_in(Role.CHAIR)
    page = chair.get(f"/discussions/{ref}/again").text
    without = chair.post(
        f"/discussions/{ref}/not-needed", data=form_of(page, f"/discussions/{ref}/not-needed")
    )
    assert without.status_code == 422
    assert "Say why no other discussion is needed" in without.text
    given = form_of(page, f"/discussions/{ref}/not-needed") | {
        "settled-reason": "The child moved to another area."
    }
    assert chair.post(f"/discussions/{ref}/not-needed", data=given).status_code == 303
    assert AGAIN not in chair.get("/").text


def test_domestic_abuse_cases_stand_by_their_clock_and_without_a_name(change, signed_in) -> None:
    """G1, late first; IMAP 5: the information is used at the list alone."""
    high, medium, standard = DomesticAbuseRisk
    with change() as session:
        soon = make_abuse_case(session, medium, at=now(), protocol="derby")
        late = make_abuse_case(session, high, at=now() - timedelta(days=9), protocol="derby")
        listed = make_abuse_case(session, standard, at=now(), protocol="north-lincolnshire")
        make_meeting(session, MeetingState.NEEDED, at=now())
        soon_ref, late_ref, listed_ref = soon.ref, late.ref, listed.ref
    triage = signed_in(Role.TRIAGE).get("/").text
    line = r'href="/domestic-abuse/([\w-]+)">Discuss or screen.*?app-work__who">(.*?) <span'
    shown = re.findall(line, triage, re.S)
    assert shown == [(late_ref, "High risk"), (soon_ref, "Medium risk")]
    assert re.search(rf"{late_ref}.*?app-due--late.*?days.*? late.*?{soon_ref}", triage, re.S)
    assert listed_ref not in triage  # the list is its time
    for role in (Role.SOCIAL_WORKER, Role.ANALYST):
        assert "/domestic-abuse/" not in signed_in(role).get("/").text
    with change() as session:
        case = session.query(AbuseCase).filter_by(ref=late_ref).one()
        case.outcome, case.closed_at = Outcome.NO_FURTHER_ACTION, now()
    assert late_ref not in signed_in(Role.TRIAGE).get("/").text


AT_RISK = "May be at risk now: take in what came by the form"


def test_a_form_marked_may_be_at_risk_now_stands_above_everything(change, signed_in) -> None:
    with change() as session:
        make_settings(session)
        late = make_referral(session, 1, received_at=now() - timedelta(hours=25)).ref
        soon = make_referral(session, 1, received_at=now() - timedelta(hours=23)).ref
        at_risk = make_arrival(session, now(), replace(TOLD, risk_now="yes")).ref
    triage = signed_in(Role.TRIAGE)
    assert triage.get("/").text.count(f'href="/referrals/{at_risk}/as-sent"') == 1
    with change() as session:
        for number in range(MOST):  # enough to fill a list of their own
            you = replace(TOLD.you, email=f"dsl{number}@oakfield.example")
            make_arrival(session, now() - timedelta(hours=2), replace(TOLD, you=you))
    page = triage.get("/").text
    assert page.count(AT_RISK) == 1
    assert f'href="/referrals/{at_risk}/as-sent">{AT_RISK}' in page
    places = [page.index(f'href="/referrals/{ref}') for ref in (at_risk, late, soon)]
    assert places == sorted(places)
    assert "Wren Fernsby" in page[places[0] : places[1]]
    assert AT_RISK in signed_in(Role.ADMINISTRATOR).get("/").text.partition("Waits on")[2]
