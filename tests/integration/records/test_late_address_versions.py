"""An address found to be wrong while a signed record is corrected, recalled or held back (F5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.accounts.types import Role
from app.core.session import reading, transaction
from app.invitations.models import Invitation
from app.meetings.booking.types import Again
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState
from app.records import circulation, queries, service, worker
from app.records.address.page import address_page
from app.records.address.service import Corrected, correct_address
from app.records.circulate_page import circulate_page
from app.records.models import Circulation
from app.records.recall.service import recall
from tests.factories.records import make_releaser, sign_as_chair
from tests.integration.records.astray import HOUR, NEXT, RIGHT, SENDER, Sent
from tests.integration.records.circulating import (
    AFTER,
    LATER,
    deliver,
    release,
    released,
    settings_of,
)


@pytest.fixture
def sent(in_app: Flask) -> Sent:
    return Sent(in_app)


def test_under_correction_nothing_leaves_and_the_new_version_goes_to_the_right_one(
    sent: Sent,
) -> None:
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        service.correct(session, staff, meeting, "A wrong date", LATER)
    with transaction() as session:
        meeting, person = sent.meeting, reading().get_one(Invitee, sent.number)
        page = address_page(session, meeting, person, archived=True)
        assert "correction is under way" in page.copy
        assert not page.opens_case
    sent.mend()
    assert worker.make_copies(sent.settings, NEXT) == 0
    with transaction() as session:
        meeting = session.get_one(Meeting, sent.id)
        sign_as_chair(session, sent.settings, meeting, NEXT + HOUR)
        release(session, meeting)
    assert worker.make_copies(sent.settings, NEXT + 2 * HOUR) == 2
    assert (RIGHT, "record") in sent.queued()
    assert sent.wrong not in [recipient for recipient, _ in sent.queued()]
    ledgers = circulate_page(reading(), sent.meeting, NEXT + 2 * HOUR).ledgers
    assert [one.number for one in ledgers] == [2, 1]
    assert [bool(line.wrong_address) for line in ledgers[1].lines] == [False, True, False]


def test_where_the_correction_is_given_up_the_signed_version_goes_there(sent: Sent) -> None:
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        service.correct(session, staff, meeting, "A wrong date", LATER)
    sent.mend()
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        service.leave_uncorrected(session, staff, meeting, NEXT)
    assert worker.make_copies(sent.settings, NEXT) == 1
    assert (RIGHT, "record") in sent.queued()


def test_of_a_recalled_record_nothing_is_sent_and_the_link_to_actions_has_an_end(
    sent: Sent, signed_in
) -> None:
    with transaction() as session:
        meeting = session.get_one(Meeting, sent.id)
        recall(session, make_releaser(session), meeting, 1, "The wrong family", SENDER, LATER)
        deliver(session)
        person = session.get_one(Invitee, sent.number)
        page = address_page(session, meeting, person, archived=False)
        # The letter that recalls it led to no copy, and went there all the same.
        assert [(one.queued_at, one.again) for one in page.went] == [(LATER, ())]
        assert page.recalls == (LATER,)
        path = f"/discussions/{meeting.ref}/record/readers/{person.id}/address"
    assert "The letter that recalls the record, " in signed_in(Role.ADMINISTRATOR).get(path).text
    assert sent.mend() == Corrected(read=True, anew=False)
    assert "right" not in sent.lines()
    assert worker.make_copies(sent.settings, NEXT) == 0
    assert sent.queued() == [(RIGHT, "actions")]
    with transaction() as session:
        person = session.get_one(Invitee, sent.number)
        link = session.get_one(Invitation, person.invitation_id)
        assert link.expires_at is None  # an action of theirs is open
        action = session.query(Action).filter_by(owner_id=person.id).one()
        action.state, action.closed_at = ActionState.DONE, NEXT
        circulation.refresh_expiry(session, person, NEXT)
        assert link.expires_at == LATER + timedelta(days=14)


def test_an_earlier_version_that_went_there_goes_to_nobody_else(sent: Sent) -> None:
    """Each version has its letters: what was sent of the first says nothing of the second."""
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        service.correct(session, staff, meeting, "A wrong date", NEXT)
        sign_as_chair(session, sent.settings, meeting, NEXT)
        release(session, meeting)
    assert sent.mend(at=NEXT + HOUR) == Corrected(read=True, anew=True)
    versions = {line.version_id: line for line in reading().query(Circulation).filter_by(
        invitee_id=sent.stranger.id)}  # fmt: skip
    newest = queries.newest_version(reading(), sent.id)
    assert newest is not None
    assert list(versions) == [
        one.id for one in queries.versions_of(reading(), sent.id) if one.id != newest.id
    ]
    assert worker.make_copies(sent.settings, NEXT + HOUR) == 2


def test_a_version_that_was_held_back_stays_with_the_right_reader(in_app: Flask) -> None:
    """What was sent of the second says nothing of the first."""
    held = released(in_app, invitees=2)
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, held.id)
        service.correct(session, staff, meeting, "A wrong date", AFTER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        release(session, meeting)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliver(session)
        meeting, staff = session.get_one(Meeting, held.id), make_releaser(session)
        person = meeting.invitees[1]
        correct_address(session, staff, meeting, person, Again(RIGHT), SENDER, NEXT)
        lines = {(one.version_id, one.invitee_id) for one in session.query(Circulation)}
        new, old = (one.id for one in queries.versions_of(session, meeting.id))
        wrong = next(one.id for one in meeting.invitees if one.wrong_address)
        assert {(old, person.id), (new, wrong), (new, person.id)} < lines
        assert (old, wrong) not in lines
