"""A colleague who came instead is removed: the first person can come after all (C7, D4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.invitations.models import Invitation
from app.meetings import answers
from app.meetings.booking import again, changes
from app.meetings.booking.types import Again, ChangeOrder, Removal
from app.meetings.models import Invitee
from app.meetings.queries import invitee_for_change
from app.meetings.types import Answer
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER
from tests.factories.meetings import make_person
from tests.integration.meetings.booking.test_changes import LATER
from tests.integration.meetings.booking.test_changes import booked as booked

GUEST = Actor(ActorKind.GUEST, 1, "invitee")


@pytest.fixture
def deputised(booked):
    ready, staff, ids = booked
    with transaction() as session:
        first = invitee_for_change(session, ids[0])
        name = answers.Deputy("Jo Deputy", "jo@deputies.example")
        colleague = answers.name_deputy(session, first, name, SENDER, GUEST, FRIDAY).id
    with transaction() as session:
        session.execute(update(OutboxMessage).values(state=MessageState.SENT, content=None))
        session.execute(update(OutboxMessage).values(tries=1))
    with transaction() as session:
        order = ChangeOrder(removals=(Removal(colleague, "On leave too"),))
        changed = changes.change(session, staff, ready.meeting.ref, order, SENDER, LATER)
    return ready, staff, ids[0], changed


def _queued():
    rows = reading().execute(select(OutboxMessage).where(OutboxMessage.content.is_not(None)))
    return {row.recipient: row.kind for row in rows.scalars()}


def test_the_first_person_is_asked_again_and_gets_no_update_of_a_cancelled_entry(deputised):
    _ready, _staff, first, changed = deputised
    held = reading().get(Invitee, first)
    assert (held.answer, held.answered_at, held.invitation_id) == (Answer.NONE, None, None)
    assert (changed.updated, changed.cancelled, changed.to_invite) == (3, 1, (held.name,))
    assert changed.to_telephone == ()
    assert held.email not in _queued()


def test_they_can_be_invited_again_and_answer(deputised):
    ready, staff, first, _changed = deputised
    with transaction() as session:
        sent = again.send_again(session, staff, ready.meeting.ref, first, Again(), SENDER, LATER)
    assert sent.updated == 0
    held = reading().get(Invitee, first)
    assert _queued()[held.email] == "invitation"
    invitation = reading().get(Invitation, held.invitation_id)
    assert (invitation.revoked_at, invitation.sequence) == (None, 0)
    with transaction() as session:
        invitee = invitee_for_change(session, first)
        answers.answer(session, invitee, Answer.DIAL_IN, "", GUEST, LATER)
    assert reading().get(Invitee, first).answer is Answer.DIAL_IN


def test_the_page_says_what_to_do(app, deputised, signed_in):
    ready, _staff, first, _changed = deputised
    name = reading().get(Invitee, first).name
    db.session.remove()
    page = signed_in(Role.ADMINISTRATOR).get(f"/discussions/{ready.meeting.ref}").text
    assert "Their colleague no longer comes" in page
    assert "Telephone only" not in page
    assert f'Send a new invitation<span class="govuk-visually-hidden"> to {name}<' in page


def test_a_colleagues_address_that_looks_like_another_is_checked_first(booked):
    _ready, _staff, ids = booked
    with transaction() as session:
        make_person(session).email = "somebody@nhs-trust.example"
    typed = answers.Deputy("Jo Deputy", "jo@nhs-trvst.example")
    with pytest.raises(Refused) as refused, transaction() as session:
        first = invitee_for_change(session, ids[0])
        answers.name_deputy(session, first, typed, SENDER, GUEST, FRIDAY)
    assert refused.value.field == "checked"
    # The directory is not theirs to read.
    assert "nhs-trust.example" not in refused.value.message
    with transaction() as session:
        first = invitee_for_change(session, ids[0])
        read_back = answers.Deputy("Jo Deputy", "jo@nhs-trvst.example", checked=True)
        answers.name_deputy(session, first, read_back, SENDER, GUEST, FRIDAY)
