"""How long a reader's link lives (D3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.core.session import transaction
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState
from app.records import circulation, ledger, releasing, worker
from tests.factories.records import (
    make_releaser,
    make_signed,
)
from tests.integration.records.circulating import (
    AFTER,
    LATER,
    deliver,
    newest,
    release,
    released,
    settings_of,
)


def test_the_link_lives_fourteen_days_or_a_day_after_the_last_action_closed(in_app: Flask) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        person = session.get_one(Meeting, meeting.id).invitees[1]
        invitation = session.get_one(Invitation, person.invitation_id)
        assert invitation.expires_at is None  # an action of theirs is open
        action = session.query(Action).filter_by(owner_id=person.id).one()
        action.state, action.closed_at = ActionState.DONE, AFTER + timedelta(days=3)
        circulation.refresh_expiry(session, person, AFTER + timedelta(days=3))
        assert invitation.expires_at == AFTER + timedelta(days=14)
        action.closed_at = AFTER + timedelta(days=12, hours=23)
        second = Action(
            meeting_id=meeting.id, child_id=None, what="More", why=None, owner_id=person.id,
            due_at=AFTER, state=ActionState.DONE, progress=None,
            closed_at=AFTER + timedelta(days=40), removed_at=None,
            added_by_id=action.added_by_id, added_at=AFTER,
        )  # fmt: skip
        session.add(second)
        session.flush()
        circulation.refresh_expiry(session, person, AFTER + timedelta(days=5))
        assert invitation.expires_at == AFTER + timedelta(days=41)


@pytest.mark.parametrize("when", ["at release", "afterwards"])
def test_the_link_of_whose_copy_is_withheld_ends_as_well(in_app: Flask, when: str) -> None:
    with transaction() as session:
        meeting, version = make_signed(session, settings_of(in_app), AFTER, invitees=2)
        person = meeting.invitees[1]
        session.query(Action).delete()
        release(session, meeting, {person.id: "By hand"} if when == "at release" else {})
        if when == "afterwards":
            lines = {line.invitee_id: line for line in ledger.ledger_of(session, version.id)}
            line_id = lines[person.id].circulation_id
            releasing.withhold(session, make_releaser(session), meeting, line_id, "By hand", LATER)
        invitation = session.get_one(Invitation, person.invitation_id)
        assert invitation.expires_at == AFTER + timedelta(days=14)


def test_a_dead_link_is_replaced_by_a_new_invitation_not_revived(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER)
        person = meeting.invitees[1]
        old = session.get_one(Invitation, person.invitation_id)
        invitations.revoke(session, old, AFTER)
        release(session, meeting)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        held = session.get_one(Invitee, person.id)
        assert held.invitation_id != old.id
        assert session.get_one(Invitation, old.id).revoked_at == AFTER
        assert session.get_one(Invitation, held.invitation_id).revoked_at is None


def test_a_link_that_is_sent_again_after_its_end_opens(in_app: Flask) -> None:
    """Fourteen days from then: the first link is dead, and a dead one helps nobody (D3, F5)."""
    held = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    at = AFTER + timedelta(days=20)
    with transaction() as session:
        deliver(session)
        meeting = session.get_one(Meeting, held.id)
        person = meeting.invitees[1]
        session.query(Action).update({Action.state: ActionState.DONE, Action.closed_at: AFTER})
        line = ledger.ledger_of(session, newest(session, meeting).id)[1]
        releasing.send_again(session, make_releaser(session), meeting, line.circulation_id, at)
        assert line.invitee_id == person.id
    worker.make_copies(settings_of(in_app), at)
    with transaction() as session:
        person = session.get_one(Meeting, held.id).invitees[1]
        link = session.get_one(Invitation, person.invitation_id)
        assert link.expires_at == at + timedelta(days=14)
