"""The desk withdraws the links that somebody was sent: one was forwarded, or a mailbox is not safe
(D3)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.invitations.models import GuestSession, Invitation
from app.meetings.models import Invitee
from app.meetings.types import Answer, MeetingState
from tests.factories.guests import Phone, codes_sent, make_guest_session, make_link
from tests.factories.meetings import make_meeting
from tests.page_form import form_of


@pytest.mark.parametrize(
    "state", [MeetingState.BOOKED, MeetingState.UNDER_WAY, MeetingState.ENDED, MeetingState.SIGNED]
)
def test_withdrawn_links_open_nothing_and_the_invitation_stands(app, change, signed_in, state):
    with change() as session:
        meeting = make_meeting(session, state, invitees=3)
        police, health = meeting.invitees[1:3]
        token = make_link(session, police)
        ref, number = meeting.ref, police.id
        phone = Phone(app, make_guest_session(session, police))
        kept = Phone(app, make_guest_session(session, health))
    assert phone.get("/attend").status_code == kept.get("/attend").status_code == 200

    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    assert f'href="{here}"' in desk.get(f"/discussions/{ref}").text
    form = form_of(desk.get(here).text, here)
    assert desk.post(here, data=form).status_code == 303
    closed = phone.get("/attend")
    assert closed.status_code == 401
    assert "or the desk ended its link" in closed.text
    assert "If no code comes, telephone the desk." in closed.text
    assert kept.get("/attend").status_code == 200
    with change() as session:
        codes = len(codes_sent(session))
    base, stranger = f"/i/{token}", Phone(app)
    stranger.post(f"{base}/answer", base, "answer", take_part="no")
    stranger.post(f"{base}/code-request", base)
    with change() as session:
        person = session.get_one(Invitee, number)
        assert person.answer is Answer.NONE
        assert session.get_one(Invitation, person.invitation_id).revoked_at is None
        ended = select(GuestSession.ended_at).where(
            GuestSession.invitation_id == person.invitation_id
        )
        assert all(session.execute(ended).scalars())
        told = session.execute(
            select(AuditEntry).where(AuditEntry.action == "links withdrawn")
        ).scalar_one()
        assert told.details["invitee"] == number
        assert len(codes_sent(session)) == codes
        base = f"/i/{make_link(session, person)}"
    stranger.post(f"{base}/code-request", base)
    with change() as session:
        assert len(codes_sent(session)) == codes + 1  # the next letter's link finds them
    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    nothing = desk.post(here, data=form_of(desk.get(here).text, here) | {"fresh": ""})
    assert nothing.status_code == 422 and "nothing is left to withdraw" in nothing.text
