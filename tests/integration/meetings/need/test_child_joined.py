"""A child who joins the referral once a discussion was decided is spoken of in it (A2, C11, E2)."""

from __future__ import annotations

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, now
from app.core.session import reading
from app.meetings.booking import service
from app.meetings.models import Delivery, Invitee, Meeting, MeetingChild
from app.meetings.types import MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.referrals.joining.service import join
from app.referrals.models import Child, Referral
from app.referrals.types import ChildGiven
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member, make_order, make_ready
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

ZADIE = ChildGiven(given_name="Zadie", family_name="Okonjo", date_of_birth=date(2024, 1, 5))
HOUR = timedelta(hours=1)
WAITS = "Zadie Okonjo joined the referral since"
TYPED = {
    "children-0-given_name": "Zadie", "children-0-family_name": "Okonjo",
    "children-0-date_of_birth-day": "5", "children-0-date_of_birth-month": "1",
    "children-0-date_of_birth-year": "2024",
}  # fmt: skip


def names(app, ref):
    with app.app_context():
        rows = reading().execute(
            select(Child.given_name)
            .join(MeetingChild, MeetingChild.child_id == Child.id)
            .join(Meeting, Meeting.id == MeetingChild.meeting_id)
            .where(Meeting.ref == ref)
            .order_by(MeetingChild.position)
        )
        return list(rows.scalars())


def press_of(ref):
    return f"/discussions/{ref}/children"


@pytest.fixture
def joined(change):
    """A child joins the referral, past every page: as before discussions took anybody in."""

    def act(referral_id):
        with change() as session:
            staff = make_staff(session, Role.CHAIR)
            join(
                session,
                make_member(staff).actor,
                session.get_one(Referral, referral_id),
                ZADIE,
                now(),
            )

    return act


@pytest.fixture
def add(chair):
    """Somebody adds the child on the page of the referral."""
    browser, ref = chair
    path = f"/referrals/{ref}/children/add"

    def act():
        page = browser.get(path)
        return browser.post(path, data=form_of(page.text, "") | TYPED)

    return act


def decide(browser, ref):
    page = f"/referrals/{ref}/strategy-discussion"
    form = form_of(browser.get(page).text, page)
    where = browser.post(page, data=form | {"reason": "Bruises"}).headers["Location"]
    return where.split("/")[2]


def test_one_that_waits_to_be_booked_takes_the_child_in_at_once(app, chair, add):
    browser, referral = chair
    ref = decide(browser, referral)
    said = browser.get(f"/referrals/{referral}/children/add").text
    assert "decide again if they should" not in said
    assert "waits to be booked takes the child in" in said
    assert add().status_code == 303
    assert names(app, ref)[-1] == "Zadie"
    for page in (f"/discussions/{ref}", f"/discussions/{ref}/book"):
        shown = browser.get(page).text
        assert "Zadie" in shown and WAITS not in shown
    with app.app_context():
        [row] = (
            reading()
            .execute(
                select(AuditEntry).where(AuditEntry.action == "children taken into the discussion")
            )
            .scalars()
        )
        assert row.subject_ref == ref and len(row.details["children"]) == 1


@pytest.mark.parametrize("way", ["start-now", "already-held"])
def test_what_takes_the_place_of_one_that_waits_speaks_of_the_child(app, chair, joined, way):
    browser, referral = chair
    ref = decide(browser, referral)
    with app.app_context():
        number = reading().execute(select(Referral.id).where(Referral.ref == referral)).scalar_one()
    joined(number)
    page = f"/referrals/{referral}/{way}"
    form = form_of(browser.get(page).text, page) | {"reason": "Danger"}
    if way == "already-held":
        moment = in_london(now() - timedelta(minutes=30))
        form |= {
            "started_at-day": str(moment.day), "started_at-month": str(moment.month),
            "started_at-year": str(moment.year), "started_at-time": f"{moment:%H:%M}",
            "others-0-name": "Dr Ito", "others-0-agency": "Clinic", "others-0-kind": "health",
        }  # fmt: skip
    answer = browser.post(page, data=form)
    assert answer.status_code == 303, answer.text
    assert names(app, ref)[-1] == "Zadie"
    assert "Zadie" in browser.get(answer.location).text


def test_one_that_is_booked_offers_it_and_everybody_is_told_once(app, change, joined, signed_in):
    desk = signed_in(Role.ADMINISTRATOR)
    with change() as session:
        ready = make_ready(session)
        start = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=26)
        order = make_order(ready, start, people=3, late_reason="x")
        service.book(session, make_member(ready.chair), ready.meeting.ref, order, SENDER, now())
        ref, referral = ready.meeting.ref, ready.meeting.referral_id
        people = [one.id for one in ready.meeting.invitees]
        guest = make_guest_session(session, ready.meeting.invitees[1])
    joined(referral)
    page = desk.get(f"/discussions/{ref}")
    assert WAITS in page.text and "Zadie" not in names(app, ref)
    assert "Zadie" not in Phone(app, guest).get("/attend").text

    form = form_of(page.text, press_of(ref))
    for _ in range(2):
        assert desk.post(press_of(ref), data=form).status_code == 303
    assert names(app, ref)[-1] == "Zadie"
    here = desk.get(f"/discussions/{ref}").text
    assert WAITS not in here and "already, or it is over" in here
    assert "Zadie" in Phone(app, guest).get("/attend").text
    with app.app_context():
        updates = (
            reading()
            .execute(
                select(Delivery.invitee_id, OutboxMessage.content)
                .join(OutboxMessage, OutboxMessage.id == Delivery.message_id)
                .where(Delivery.kind == MessageKind.UPDATE)
            )
            .all()
        )
        assert sorted(who for who, _ in updates) == people
        for _, content in updates:
            letter = message_from_bytes(content, policy=policy.default)
            said = " ".join(letter.get_body(("plain",)).get_content().split())
            assert b"Zadie" not in content
            assert "has changed" in said
        held = reading().execute(select(Invitee).where(Invitee.id.in_(people))).scalars()
        assert all(one.news_at is not None for one in held)


def test_somebody_who_may_not_book_is_told_to_have_the_child_added(change, joined, signed_in):
    reader = signed_in(Role.TRIAGE)
    with change() as session:
        meeting = make_meeting(session, at=now())
        ref, referral = meeting.ref, meeting.referral_id
    joined(referral)
    shown = reader.get(f"/discussions/{ref}").text
    assert WAITS in shown and "Have the child added" in shown and press_of(ref) not in shown


def test_while_people_talk_the_chairs_page_takes_the_child_in(app, change, joined, signed_in):
    chair = signed_in(Role.SOCIAL_WORKER)
    with change() as session:
        meeting = make_meeting(session, MeetingState.UNDER_WAY, at=now())
        ref, referral = meeting.ref, meeting.referral_id
    joined(referral)
    path = f"/discussions/{ref}/hold"
    page = chair.get(path).text
    assert WAITS in page
    answer = chair.post(path, data=form_of(page, path) | {"do": "join"})
    assert answer.status_code == 303
    shown = chair.get(path).text
    assert WAITS not in shown and "Zadie Okonjo</a>" in shown
    with app.app_context():
        child = reading().execute(select(func.max(MeetingChild.child_id))).scalar_one()
        assert f"child:{child}" in shown
        assert not reading().execute(select(Delivery.id)).all()


def test_one_that_is_over_speaks_of_those_it_spoke_of(change, joined, signed_in):
    desk = signed_in(Role.ADMINISTRATOR)
    with change() as session:
        meeting = make_meeting(session, MeetingState.UNDER_WAY, at=now())
        ref, referral = meeting.ref, meeting.referral_id
    joined(referral)
    form = form_of(desk.get(f"/discussions/{ref}").text, press_of(ref))
    with change() as session:
        held = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        held.state, held.ended_at = MeetingState.ENDED, held.started_at + HOUR
    assert WAITS not in desk.get(f"/discussions/{ref}").text
    assert desk.post(press_of(ref), data=form).status_code == 303
    assert "already, or it is over" in desk.get(f"/discussions/{ref}").text
