"""A child who joins the referral after its discussion was decided is work until a discussion speaks
of them, or somebody says that none is needed (A2, G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState
from app.referrals.joining.service import join
from app.referrals.models import Referral, ReferralChild
from app.referrals.types import ChildGiven
from app.reports.booked import JOINED
from app.reports.types import WorkKind
from tests.factories.checks import staff_actor
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

WORK = WorkKind.JOINED.words
DAY = timedelta(days=1)
OVER = (MeetingState.ENDED, MeetingState.SIGNED)


def joins(session, referral_id):
    """Zuleika joins the referral now; her number."""
    given = ChildGiven(given_name="Zuleika", family_name="Okonjo")
    referral = session.get_one(Referral, referral_id)
    return join(session, staff_actor(session), referral, given, now()).id


def test_a_child_whose_only_discussion_was_called_off_is_work_again(change, signed_in):
    with change() as session:
        meeting = make_meeting(
            session, MeetingState.SIGNED, children=1, at=now() - 8 * DAY, start=now() - 7 * DAY
        )
        ref, referral_id = meeting.ref, meeting.referral_id
        child_id = joins(session, referral_id)
        off = make_meeting(session, MeetingState.CANCELLED, children=1, at=now())
        off.referral_id, off.cancelled_at, off.replaced_at = referral_id, now(), now()
        session.add(MeetingChild(meeting_id=off.id, child_id=child_id, position=9))
    assert f'href="/discussions/{ref}">{WORK}' in signed_in(Role.ADMINISTRATOR).get("/").text


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.UNDER_WAY, *OVER])
def test_a_child_in_no_discussion_is_work_until_one_speaks_of_them(change, signed_in, state):
    """However long ago the discussion of the others was: the time is the child's own."""
    with change() as session:
        meeting = make_meeting(
            session, state, children=1, at=now() - 8 * DAY, start=now() - 7 * DAY
        )
        number, ref, referral_id = meeting.id, meeting.ref, meeting.referral_id
    browsers = [signed_in(Role.ADMINISTRATOR), signed_in(Role.CHAIR)]
    assert not any(WORK in one.get("/").text for one in browsers)
    with change() as session:
        child_id = joins(session, referral_id)
    for browser in browsers:
        page = browser.get("/").text
        assert f'href="/discussions/{ref}">{WORK}' in page
        (row,) = (one for one in page.split("<li") if WORK in one)
        assert "Joined: Zuleika Okonjo" in row and "days late" not in row
        assert "Zuleika Okonjo" in browser.get(f"/discussions/{ref}").text
    if state is MeetingState.ENDED:
        # F1: whoever signs knows of whom nothing is decided; it keeps nobody from signing.
        gate = browsers[1].get(f"/discussions/{ref}/record").text
        assert "Zuleika Okonjo joined the referral, and no discussion speaks of this child" in gate
        assert f'href="/discussions/{ref}">See what is to be done' in gate
        signing = browsers[1].get(f"/discussions/{ref}/record/sign")
        assert signing.status_code == 200 and "Zuleika Okonjo joined the referral" in signing.text
    if state is MeetingState.UNDER_WAY:
        ending = browsers[1].get(f"/discussions/{ref}/hold/end").text
        assert "joined the referral since, and nothing is decided" in ending
    with change() as session:
        session.add(MeetingChild(meeting_id=number, child_id=child_id, position=7))
    assert not any(WORK in one.get("/").text for one in browsers)


@pytest.mark.parametrize("state", OVER)
def test_that_none_is_needed_is_said_once_with_its_reason(app, change, signed_in, state):
    with change() as session:
        meeting = make_meeting(
            session, state, children=1, at=now() - 8 * DAY, start=now() - 7 * DAY
        )
        ref, referral_id = meeting.ref, meeting.referral_id
        joins(session, referral_id)
        referral_ref = session.get_one(Referral, referral_id).ref
    path = f"/discussions/{ref}/children/none-needed"
    browser = signed_in(Role.CHAIR, Role.TRIAGE)
    assert path in browser.get(f"/discussions/{ref}").text
    form = form_of(browser.get(path).text, "")
    refused = browser.post(path, data=form)
    assert refused.status_code == 422 and "Say why no discussion is needed" in refused.text
    # The administrator books and does not decide.
    assert signed_in(Role.ADMINISTRATOR).get(path).status_code == 403
    answer = browser.post(path, data=form | {"reason": "Lives with her aunt."})
    assert (answer.status_code, answer.location) == (303, f"/discussions/{ref}")
    assert WORK not in browser.get("/").text
    assert "no discussion speaks of" not in browser.get(f"/discussions/{ref}").text
    assert "Lives with her aunt." in browser.get(f"/referrals/{referral_ref}").text
    with app.app_context():
        entry = select(AuditEntry).where(AuditEntry.action == "no discussion needed for who joined")
        assert reading().execute(entry).scalar_one().subject_ref == ref
        kept = select(ReferralChild).where(ReferralChild.settled_at.is_not(None))
        assert reading().execute(kept).scalar_one().settled_reason == "Lives with her aunt."
    assert browser.get(path).status_code == 303


def test_where_another_was_decided_meanwhile_nothing_typed_is_lost(change, signed_in):
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, children=1, at=now() - 8 * DAY)
        ref, referral_id = meeting.ref, meeting.referral_id
        child_id = joins(session, referral_id)
    path = f"/discussions/{ref}/children/none-needed"
    browser = signed_in(Role.CHAIR)
    form = form_of(browser.get(path).text, "")
    with change() as session:
        referral = session.get_one(Referral, referral_id)
        make_meeting(session, referral=referral, at=now())
        last = session.execute(select(Meeting).order_by(Meeting.id.desc()).limit(1)).scalar_one()
        if child_id not in {one.child_id for one in last.children}:
            session.add(MeetingChild(meeting_id=last.id, child_id=child_id, position=7))
    answer = browser.post(path, data=form | {"reason": "Lives with her aunt."})
    assert answer.status_code == 422
    assert "A discussion speaks of every child" in answer.text
    assert "Lives with her aunt." in answer.text


def test_whoever_joined_unseen_or_is_not_chosen_is_still_to_be_spoken_of(change, signed_in):
    """A2, C11: nobody drops out of the work by a reason that was written about another child."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, children=1, at=now() - 8 * DAY)
        ref, referral_id = meeting.ref, meeting.referral_id
        zuleika = joins(session, referral_id)
    path = f"/discussions/{ref}/children/none-needed"
    browser = signed_in(Role.CHAIR)
    form = form_of(browser.get(path).text, "") | {"reason": "Lives with her aunt."}
    assert form["children"] == str(zuleika)
    nobody = browser.post(path, data={**form, "children": ""} | {"nonce": "n"})
    assert nobody.status_code == 422 and "Lives with her aunt." in nobody.text
    with change() as session:
        given = ChildGiven(given_name="Bruno", family_name="Okonjo")
        referral = session.get_one(Referral, referral_id)
        join(session, staff_actor(session), referral, given, now())
    none = browser.post(path, data={name: form[name] for name in form if name != "children"})
    assert none.status_code == 422 and "Choose for whom no discussion is needed" in none.text
    assert browser.post(path, data=form).status_code == 303
    (row,) = (one for one in browser.get("/").text.split("<li") if WORK in one)
    assert "Joined: Bruno Okonjo" in row
    # Of two nobody is chosen beforehand by the page; who is settled already is told.
    again = browser.post(path, data=form | {"nonce": "another"})
    assert again.status_code == 422 and "Somebody settled one of them meanwhile" in again.text


def test_a_second_discussion_about_fewer_children_is_no_gap(change, signed_in):
    with change() as session:
        first = make_meeting(session, MeetingState.SIGNED, children=2)
        referral = session.get_one(Referral, first.referral_id)
        second = make_meeting(session, referral=referral, at=now())
        second.children.pop()
        ref = second.ref
    page = signed_in(Role.CHAIR).get("/").text
    assert ref in page and WORK not in page


def test_it_is_asked_of_the_few_who_joined_and_not_of_every_discussion(in_app):
    session = reading()
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads an empty table without any index")
    query = JOINED.limit(26).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = [str(row[3]) for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert any(one.startswith("SEARCH meeting USING INDEX ix_meeting_referral") for one in plan), (
        plan
    )
    assert any("ix_referral_child_joined" in one for one in plan)
