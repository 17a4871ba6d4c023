"""An address found to be wrong after the record was signed (F5, D7, E3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from markupsafe import Markup

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests.queries import visitor_by_session
from app.invitations.models import Invitation
from app.invitations.queries import invitation_by_token
from app.meetings.booking.types import Again
from app.meetings.discussion.models import Action
from app.meetings.messages import tell_owners
from app.meetings.models import Invitee, Meeting
from app.meetings.types import ActionState, Answer
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import circulation, ledger, releasing, reminding, worker
from app.records.address.page import address_page
from app.records.address.service import Corrected, correct_address
from app.records.circulate_page import circulate_page
from app.records.copies import SealedCopy
from app.records.models import Circulation, RecordCopy
from app.records.recall.page import recall_page
from app.records.recall.service import recall
from app.records.types import Step
from app.referrals.models import Referral
from app.retention import worker as retention
from app.retention.models import ClosedCase
from app.retention.queries import discussion_archived
from tests.factories.records import make_releaser, make_signed
from tests.integration.records.astray import HOUR, NEXT, RIGHT, SENDER, Sent
from tests.integration.records.circulating import (
    AFTER,
    GUEST,
    LATER,
    deliver,
    released,
    settings_of,
)
from tests.page_form import form_of


@pytest.fixture
def sent(in_app: Flask) -> Sent:
    return Sent(in_app)


def test_the_old_link_opens_nothing_and_what_was_read_there_stays_so(sent: Sent) -> None:
    """Also of somebody with an open action, whose link would live on (D3)."""
    with transaction() as session:
        circulation.mark_opened(session, GUEST, sent.number, LATER)
        circulation.acknowledge(session, GUEST, sent.number, LATER)
        assert invitation_by_token(session, sent.token, NEXT) is not None
    held = sent.lines()["right"]
    assert sent.mend() == Corrected(read=True, anew=True)
    session = reading()
    assert invitation_by_token(session, sent.token, NEXT) is None
    assert visitor_by_session(session, sent.visit, NEXT) is None
    stranger = sent.stranger
    assert circulation.record_for_invitee(session, stranger.id) is None
    assert circulation.copy_for_invitee(session, stranger.id) is None
    lines = sent.lines()
    assert lines["wrong"].circulation_id == held.circulation_id
    assert (lines["wrong"].step, lines["wrong"].wrong_address) == (Step.ACKNOWLEDGED, sent.wrong)
    assert (lines["wrong"].opened_at, lines["wrong"].queued_at) == (LATER, LATER)
    assert lines["wrong"].seen_by_stranger
    assert (lines["right"].step, lines["right"].opened_at) == (Step.WAITING, None)
    row = session.query(AuditEntry).filter_by(action="address corrected after sign-off").one()
    assert row.details["versions_there"] == row.details["opened_there"] == [1]
    assert row.details["wrong_address"] == stranger.id
    assert RIGHT not in repr(row.details)
    assert sent.wrong not in repr(row.details)


@pytest.mark.parametrize("opened", [False, True])
def test_a_mailbox_that_is_theirs_and_takes_no_mail_is_no_strangers(
    sent: Sent, opened: bool
) -> None:
    """F5: what they read and said stays theirs; the copy goes once more unless they opened it."""
    if opened:
        with transaction() as session:
            circulation.mark_opened(session, GUEST, sent.number, LATER)
    assert sent.mend(theirs=True) == Corrected(read=False, anew=not opened)
    session = reading()
    assert not any(one.wrong_address for one in sent.meeting.invitees)
    assert invitation_by_token(session, sent.token, NEXT) is not None
    assert visitor_by_session(session, sent.visit, NEXT) is not None
    assert circulation.record_for_invitee(session, sent.number) is not None
    assert session.query(Circulation).count() == 2
    row = session.query(AuditEntry).filter_by(action="address corrected after sign-off").one()
    assert row.details["mailbox_theirs"] is True and row.details["wrong_address"] is None
    assert worker.make_copies(sent.settings, NEXT) == int(not opened)
    waiting = sent.queued()
    assert {recipient for recipient, _ in waiting} == {RIGHT}
    assert ((RIGHT, "record") in waiting) is not opened
    assert (sent.lines()["right"].opened_at is not None) is opened


def test_the_right_reader_gets_the_same_copy_once_and_only_then_it_is_with_everyone(
    sent: Sent,
) -> None:
    assert worker.note_circulated(sent.settings, LATER) == 1
    before = reading().query(RecordCopy.sha256).filter_by(invitee_id=sent.number).scalar()
    sent.mend()
    meeting = sent.meeting
    assert (meeting.circulated_at, meeting.first_circulated_at) == (None, LATER)
    assert (RIGHT, "actions") in sent.queued()
    assert worker.note_circulated(sent.settings, NEXT) == 0
    assert worker.make_copies(sent.settings, NEXT) == 1
    assert worker.make_copies(sent.settings, NEXT) == 0
    assert [one for one in sent.queued() if one[1] == "record"] == [(RIGHT, "record")]
    with transaction() as session:
        assert session.query(RecordCopy).filter_by(invitee_id=sent.number).one().sha256 == before
        assert session.query(Circulation).count() == 3
        assert circulation.record_for_invitee(session, sent.number) is not None
        assert not sent.lines()["right"].attached
        for message in session.query(OutboxMessage).filter_by(state=MessageState.QUEUED):
            message.state, message.sent_at = MessageState.SENT, NEXT + HOUR
    assert worker.note_circulated(sent.settings, NEXT + HOUR) == 1
    meeting = sent.meeting
    assert (meeting.circulated_at, meeting.first_circulated_at) == (NEXT + HOUR, LATER)


def test_nothing_more_goes_to_the_old_address(sent: Sent) -> None:
    sent.mend()
    assert sent.meeting.first_circulated_at == LATER  # though nobody had noted it yet
    worker.make_copies(sent.settings, NEXT)
    with transaction() as session:
        deliver(session)
    days_on = NEXT + timedelta(days=4)
    assert worker.remind_readers(sent.settings, days_on) == 2  # the chair, and the right reader
    assert sent.wrong not in [recipient for recipient, _ in sent.queued()]
    wrong = sent.lines()["wrong"]
    assert wrong.reminded_at is None
    with transaction() as session:
        assert wrong.circulation_id not in reminding.unread(session, days_on, 100)
        assert reminding.remind(session, wrong.circulation_id, SENDER, days_on) == 0
        assert session.get_one(Circulation, wrong.circulation_id).reminders == 0
        meeting, staff = session.get_one(Meeting, sent.id), make_releaser(session)
        number = wrong.circulation_id
        for act in (releasing.send_again, releasing.release_after_all):
            with pytest.raises(Refused, match="went to a wrong address"):
                act(session, staff, meeting, number, days_on)
        with pytest.raises(Refused, match="went to a wrong address"):
            releasing.withhold(session, staff, meeting, number, "Why", days_on)
        session.get_one(Circulation, number).sent_at = None
        session.flush()
        copy = SealedCopy(b"Printed before the address was corrected", "0" * 64)
        assert not circulation.store_and_tell(session, number, copy, SENDER, days_on)
        session.rollback()
    page = recall_page(reading(), sent.meeting)
    assert page.readers == 2
    with transaction() as session:
        circulation.mark_opened(session, GUEST, sent.number, NEXT)
        session.get_one(Circulation, wrong.circulation_id).opened_at = LATER
        meeting = session.get_one(Meeting, sent.id)
        named = recall_page(session, meeting).had_opened
        assert any(sent.wrong in one for one in named)
        recall(session, make_releaser(session), meeting, 1, "The wrong family", SENDER, days_on)
    assert sent.wrong not in [recipient for recipient, _ in sent.queued()]


def test_a_copy_that_was_withheld_stays_so(sent: Sent) -> None:
    """Also where it was opened before: then that stands with whoever opened it (F5)."""
    with transaction() as session:
        circulation.mark_opened(session, GUEST, sent.number, LATER)
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        number = sent.lines()["right"].circulation_id
        releasing.withhold(session, staff, meeting, number, "A friend works there", LATER)
    assert sent.mend() == Corrected(read=True, anew=False)
    lines = sent.lines()
    assert (lines["right"].step, lines["wrong"].step) == (Step.WITHHELD, Step.WITHHELD)
    assert (lines["right"].opened_at, lines["wrong"].opened_at) == (None, LATER)
    assert worker.make_copies(sent.settings, NEXT) == 0
    assert circulation.record_for_invitee(reading(), sent.number) is None
    before = ledger.withheld_before(reading(), sent.id, 2)
    assert before[sent.number] == "A friend works there"


def test_a_copy_that_came_back_goes_to_the_right_address_instead(in_app: Flask) -> None:
    """Nobody had it: one line, and nobody is set apart (D7)."""
    sent = Sent(in_app, MessageState.BOUNCED)
    assert sent.lines()["right"].step is Step.FAILED
    failed = sent.letter().id
    assert sent.mend(at=NEXT + timedelta(days=20)) == Corrected(read=False, anew=True)
    assert not [one for one in sent.meeting.invitees if one.wrong_address]
    assert reading().get_one(OutboxMessage, failed).seen_at is not None
    assert worker.make_copies(sent.settings, NEXT + timedelta(days=20)) == 1
    assert (RIGHT, "record") in sent.queued()
    assert list(sent.lines()) == ["right"]
    link = reading().get_one(Invitation, reading().get_one(Invitee, sent.number).invitation_id)
    assert link.expires_at is None or link.expires_at > NEXT + timedelta(days=20)


def test_what_came_back_from_a_wrong_address_holds_nothing_up(in_app: Flask) -> None:
    """Whoever is there read of the actions alone: the copy's line stays as it went (F5)."""
    sent = Sent(in_app, MessageState.BOUNCED)
    with transaction() as session:
        session.query(Action).filter_by(owner_id=sent.number).update({Action.told_at: None})
        assert tell_owners(session, session.get_one(Meeting, sent.id), SENDER, LATER) == 1
        deliver(session)
    assert sent.mend() == Corrected(read=False, anew=True)
    assert sent.lines()["wrong"].step is Step.FAILED
    assert not sent.lines()["wrong"].seen_by_stranger
    worker.make_copies(sent.settings, NEXT)
    with transaction() as session:
        deliver(session)
    assert worker.note_circulated(sent.settings, NEXT) == 1


def test_of_two_letters_the_one_that_arrived_stands_in_the_ledger(sent: Sent) -> None:
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        number = sent.lines()["right"].circulation_id
        releasing.send_again(session, staff, meeting, number, NEXT)
    worker.make_copies(sent.settings, NEXT)
    with transaction() as session:
        deliver(session, MessageState.BOUNCED)
        person = session.get_one(Invitee, sent.number)
        page = address_page(session, session.get_one(Meeting, sent.id), person, archived=False)
        assert [(one.number, one.queued_at, one.arrived) for one in page.went] == [(1, LATER, True)]
    assert sent.mend(at=NEXT + HOUR) == Corrected(read=True, anew=True)
    wrong = sent.lines()["wrong"]
    assert (wrong.step, wrong.queued_at, wrong.seen_by_stranger) == (Step.SENT, LATER, True)


def test_what_went_astray_went_when_its_first_letter_did_and_not_its_reminder(
    sent: Sent, signed_in
) -> None:
    """From then on somebody had it, and the time for telling of a breach runs (F5, D7)."""
    reminded = LATER + timedelta(days=4)
    assert worker.remind_readers(sent.settings, reminded) > 0
    with transaction() as session:
        deliver(session)
        person = session.get_one(Invitee, sent.number)
        page = address_page(session, session.get_one(Meeting, sent.id), person, archived=False)
        assert [(one.queued_at, one.again) for one in page.went] == [(LATER, (reminded,))]
        path = f"/discussions/{sent.meeting.ref}/record/readers/{sent.number}/address"
    said = Markup(signed_in(Role.CHAIR).get(path).text).striptags()
    first, then = words_for_moment(LATER), words_for_moment(reminded)
    assert f"by link, {first}, again {then}: not opened so far." in said
    sent.mend(at=reminded + HOUR)
    wrong = sent.lines()["wrong"]
    assert (wrong.queued_at, wrong.reminded_at) == (LATER, reminded)


def test_where_every_copy_is_withheld_one_that_went_astray_waits_for_nobody(sent: Sent) -> None:
    sent.mend()
    with transaction() as session:
        staff, meeting = make_releaser(session), session.get_one(Meeting, sent.id)
        for line in session.query(Circulation).order_by(Circulation.id).all():
            if line.invitee_id != sent.stranger.id:
                releasing.withhold(session, staff, meeting, line.id, "By hand", NEXT)
    assert circulate_page(reading(), sent.meeting, NEXT).ledgers[0].nobody


def test_of_a_copy_whose_letter_waits_nobody_there_had_anything(in_app: Flask) -> None:
    held = released(in_app, invitees=2)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        person = session.get_one(Invitee, held.invitees[1].id)
        old = person.email
        meeting, staff = session.get_one(Meeting, held.id), make_releaser(session)
        done = correct_address(session, staff, meeting, person, Again(RIGHT), SENDER, LATER)
        assert done == Corrected(read=False, anew=True)
        states = {
            row.recipient: row.state
            for row in session.query(OutboxMessage).filter_by(kind="record")
        }
        assert states[old] is MessageState.WITHDRAWN
    assert worker.make_copies(settings_of(in_app), LATER) == 1


def test_a_deputy_gets_the_copy_at_the_right_address_and_whom_they_came_for_none(
    in_app: Flask,
) -> None:
    sent = Sent(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, sent.id)
        first = meeting.invitees[0]
        session.get_one(Invitee, sent.number).deputy_for_id = first.id
    sent.mend()
    person = reading().get_one(Invitee, sent.number)
    assert person.deputy_for_id == sent.meeting.invitees[0].id
    assert sent.stranger.deputy_for_id is None
    without = circulate_page(reading(), sent.meeting, NEXT).without
    assert sent.stranger.name not in [one.name for one in without]


def test_whoever_is_not_on_the_list_has_no_address_to_correct(sent: Sent) -> None:
    with pytest.raises(Refused, match="the address they have already"):
        sent.mend(sent.wrong.upper())
    with pytest.raises(Refused, match="Enter their right address"):
        sent.mend("")
    with pytest.raises(Refused, match="Somebody else"):
        sent.mend(sent.meeting.invitees[0].email or "")
    sent.mend()
    with transaction() as session:
        meeting, staff = session.get_one(Meeting, sent.id), make_releaser(session)
        gone = session.get_one(Invitee, sent.stranger.id)
        with pytest.raises(Refused, match="not invited any more"):
            correct_address(session, staff, meeting, gone, Again("x@y.example"), SENDER, NEXT)
        replaced = session.get_one(Invitee, sent.number)
        replaced.answer = Answer.DEPUTY
        session.query(Circulation).filter_by(invitee_id=replaced.id).delete()
        with pytest.raises(Refused, match="not invited any more"):
            correct_address(session, staff, meeting, replaced, Again("x@y.example"), SENDER, NEXT)


def test_a_closed_case_opens_again_until_the_copy_has_left(sent: Sent) -> None:
    worker.note_circulated(sent.settings, LATER)
    with transaction() as session:
        meeting = session.get_one(Meeting, sent.id)
        session.query(Action).update({Action.state: ActionState.DONE, Action.closed_at: LATER})
        assert not discussion_archived(session, sent.id)
        case = ClosedCase(
            referral_id=meeting.referral_id, meeting_id=None, abuse_case_id=None, arrival_id=None,
            ref=session.get_one(Referral, meeting.referral_id).ref, closed_at=LATER,
            closed_by_id=None, keep_until=LATER + timedelta(days=9000), rule={},
            longer_reason=None, held_at=None, approved_at=None, approved_by_id=None,
            approved_reason=None, deleted_at=None,
        )  # fmt: skip
        session.add(case)
        session.flush()
        assert discussion_archived(session, sent.id)
        person = session.get_one(Invitee, sent.number)
        assert address_page(session, meeting, person, archived=True).opens_case
    sent.mend()
    assert retention.reopen_for_work(sent.settings, NEXT) == 1


def test_the_page_tells_of_it_and_the_ledger_leads_there(app, change, signed_in) -> None:
    with app.app_context():
        sent = Sent(app, MessageState.BOUNCED)
        ref, number, wrong = sent.meeting.ref, sent.number, sent.wrong
    desk = signed_in(Role.ADMINISTRATOR)
    ledger, here = (
        f"/discussions/{ref}/record/circulate",
        f"/discussions/{ref}/record/readers/{number}/address",
    )
    assert f'href="{here}">Correct the address' in desk.get(ledger).text
    assert f'href="{here}">Correct the address' in desk.get(f"/discussions/{ref}").text
    page = desk.get(here).text
    assert "it did not arrive" in page
    assert "data breach" not in page
    with change() as session:
        session.query(OutboxMessage).filter_by(state=MessageState.BOUNCED).update(
            {OutboxMessage.state: MessageState.SENT}
        )
    page = desk.get(here).text
    assert "not opened so far" in page
    assert "data breach" in page
    form = form_of(page, "") | {"email": RIGHT}
    assert desk.post(here, data=form | {"email": wrong}).status_code == 422
    assert desk.post(here, data=form).status_code == 303
    assert desk.post(here, data=form).status_code == 303  # sent twice acts once
    page = desk.get(ledger).text
    assert f"Went to {wrong}, which is not their address" in page
    log = f"/quality/near-misses/new?kind=wrong_recipient&amp;case={ref}"
    assert log in page
    told = form_of(desk.get(log.replace("&amp;", "&")).text, "/quality/near-misses/new")
    assert (told["kind"], told["case_ref"]) == ("wrong_recipient", ref)
    assert signed_in(Role.TRIAGE).get(here).status_code == 403
    with change() as session:
        gone = next(
            one for one in session.get_one(Meeting, sent.id).invitees if one.wrong_address
        ).id
    assert desk.get(here.replace(f"/{number}/", f"/{gone}/")).status_code == 404


def test_whoever_wants_the_copy_sent_again_to_the_same_address_is_led_there(
    sent: Sent, signed_in
) -> None:
    """A dead end, for somebody whose mailbox was mended meanwhile (F5)."""
    desk = signed_in(Role.ADMINISTRATOR)
    ledger = f"/discussions/{sent.meeting.ref}/record/circulate"
    here = f"/discussions/{sent.meeting.ref}/record/readers/{sent.number}/address"
    leads = f'press “Send again” on the <a class="govuk-link" href="{ledger}">'
    page = desk.get(here).text
    assert leads in page
    refused = desk.post(here, data=form_of(page, "") | {"email": sent.wrong})
    assert refused.status_code == 422
    assert "This is the address they have already: enter another" in refused.text
    assert leads in refused.text
    assert "Send again" in desk.get(ledger).text
    with transaction() as session:
        number = sent.lines()["right"].circulation_id
        meeting = session.get_one(Meeting, sent.id)
        releasing.send_again(session, make_releaser(session), meeting, number, NEXT)
    # While one is on its way a second would only confuse.
    assert leads not in desk.get(here).text


def test_before_sign_off_there_is_no_such_page(app, change, signed_in) -> None:
    with change() as session:
        held, _ = make_signed(session, settings_of(app), AFTER, invitees=2, children=1)
        held.signed_at = None
        ref, number = held.ref, held.invitees[1].id
    here = f"/discussions/{ref}/record/readers/{number}/address"
    assert signed_in(Role.ADMINISTRATOR).get(here).status_code == 404
