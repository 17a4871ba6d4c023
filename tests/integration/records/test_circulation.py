"""Copies, the letters with their links, the ledger, and crashes in between (F3, F4, F5, D3, H4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.core.refusal import Refused
from app.core.session import transaction
from app.meetings.models import Delivery, Meeting
from app.meetings.types import Attendance, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import circulation, ledger, releasing, service, worker
from app.records.circulate_page import circulate_page
from app.records.models import RecordCopy
from app.records.types import Step
from tests.factories.meetings import make_invitee
from tests.factories.records import (
    make_releaser,
    make_signed,
    sign_as_chair,
)
from tests.integration.records.circulating import (
    AFTER,
    GUEST,
    LATER,
    deliver,
    newest,
    release,
    released,
    settings_of,
)


def test_every_reader_gets_one_letter_with_a_link_and_nothing_else(in_app: Flask) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliveries = session.query(Delivery).filter_by(kind=MessageKind.RECORD).all()
        sent = [session.get_one(OutboxMessage, one.message_id) for one in deliveries]
        assert len({one.invitee_id for one in deliveries}) == len(deliveries) == 2
        for message in sent:
            assert message.content is not None
            assert b"/i/" in message.content.replace(b"=\r\n", b"")
            assert b"application/pdf" not in message.content
            assert b"Okonjo" not in message.content
        lines = ledger.ledger_of(session, newest(session, meeting).id)
        assert {line.step for line in lines} == {Step.QUEUED}
        assert {line.checked_by for line in lines} == {"Alex Desk"}


def test_circulated_is_when_the_last_message_left(in_app: Flask) -> None:
    meeting = released(in_app)
    settings = settings_of(in_app)
    worker.make_copies(settings, LATER)
    assert worker.note_circulated(settings, LATER) == 0
    with transaction() as session:
        deliver(session)
    assert worker.note_circulated(settings, LATER + timedelta(hours=5)) == 1
    assert worker.note_circulated(settings, LATER + timedelta(hours=6)) == 0
    with transaction() as session:
        assert session.get_one(Meeting, meeting.id).circulated_at == LATER


def test_a_message_that_came_back_is_sent_again_or_the_copy_withheld(in_app: Flask) -> None:
    meeting = released(in_app)
    settings = settings_of(in_app)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        deliver(session, MessageState.BOUNCED)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        lines = ledger.ledger_of(session, newest(session, held).id)
        assert {line.step for line in lines} == {Step.FAILED}
        assert {line.problem for line in lines} == {"The mailbox is full."}
        staff = make_releaser(session)
        releasing.send_again(session, staff, held, lines[0].circulation_id, LATER)
        with pytest.raises(Refused):
            releasing.withhold(session, staff, held, lines[1].circulation_id, "", LATER)
        releasing.withhold(session, staff, held, lines[1].circulation_id, "Handed over", LATER)
        with pytest.raises(Refused):
            releasing.send_again(session, staff, held, lines[1].circulation_id, LATER)
    assert worker.make_copies(settings, LATER) == 1
    with transaction() as session:
        deliver(session)
        assert session.query(RecordCopy).count() == 2
        assert circulation.copy_for_invitee(session, lines[1].invitee_id) is None
        assert circulation.copy_for_invitee(session, lines[0].invitee_id) is not None
    assert worker.note_circulated(settings, LATER) == 1


def test_release_asks_for_the_check_and_for_each_reason(in_app: Flask) -> None:
    with transaction() as session:
        meeting, version = make_signed(session, settings_of(in_app), AFTER)
        staff, person = make_releaser(session), meeting.invitees[1]

        def refused(withheld: dict[int, str], checked: bool, number: int = 1) -> str:
            with pytest.raises(Refused) as refusal:
                releasing.release(session, staff, meeting, number, withheld, checked, AFTER)
            return refusal.value.field

        assert refused({}, False) == "checked"
        assert refused({person.id: "  "}, True) == f"reason_{person.id}"
        assert refused({}, True, 2) == "page"
        person.email, person.invitation_id = None, None
        assert refused({}, True) == f"withhold_{person.id}"
        told = releasing.release(
            session, staff, meeting, 1, {person.id: "By hand, on Monday"}, True, AFTER
        )
        assert told == 3
        assert refused({}, True) == "page"
        steps = {line.name: line.step for line in ledger.ledger_of(session, version.id)}
        assert steps[person.name] is Step.WITHHELD


def test_a_deputy_reads_in_the_place_of_the_invited(in_app: Flask) -> None:
    with transaction() as session:
        meeting, version = make_signed(session, settings_of(in_app), AFTER)
        police, school = meeting.invitees[1], meeting.invitees[3]
        deputy = make_invitee(session, meeting, police.role, police.agency_kind)
        deputy.deputy_for_id, deputy.attendance = police.id, Attendance.BY_PHONE
        police.attendance = None
        school.removed_at = AFTER
        session.flush()
        session.refresh(meeting)
        release(session, meeting)
        names = {line.name for line in ledger.ledger_of(session, version.id)}
    assert deputy.name in names
    assert police.name not in names
    assert school.name not in names


def test_whose_place_a_deputy_took_in_the_correction_is_not_left_with_the_wrong_version(
    in_app: Flask,
) -> None:
    """Told of version 1, then noted as absent because a deputy came instead (F2)."""
    meeting = released(in_app)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        invited = held.invitees[1]
        staff = make_releaser(session)
        service.correct(session, staff, held, "Somebody else came", LATER)
        invited.attendance = Attendance.ABSENT
        deputy = make_invitee(session, held, invited.role, invited.agency_kind)
        deputy.name, deputy.deputy_for_id = "Jo Deputy", invited.id
        deputy.attendance = Attendance.IN_PERSON
        session.flush()
        session.refresh(held)
        version = sign_as_chair(session, settings_of(in_app), held, LATER)
        ids = {one.id for one in releasing.to_release(session, held, version.id)}
        assert {invited.id, deputy.id} <= ids
        page = circulate_page(session, held, LATER)
        assert {one.recipient.facts.id for one in page.to_release} == ids
        assert page.without == ()
        assert release(session, held, {invited.id: "Was not there"}) == len(ids) - 1
        # With the newer copy withheld, the older one is not read either.
        assert circulation.record_for_invitee(session, invited.id) is None


def test_opened_downloaded_acknowledged_once_each(in_app: Flask) -> None:
    meeting = released(in_app)
    with transaction() as session:
        person = session.get_one(Meeting, meeting.id).invitees[1].id
        assert circulation.record_for_invitee(session, person) is None
        with pytest.raises(Refused):
            circulation.mark_opened(session, GUEST, person, LATER)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        with pytest.raises(Refused, match="Open the record"):
            circulation.acknowledge(session, GUEST, person, LATER)
        for minutes in (1, 2):
            moment = LATER + timedelta(minutes=minutes)
            circulation.mark_opened(session, GUEST, person, moment)
            circulation.mark_downloaded(session, GUEST, person, moment)
            circulation.acknowledge(session, GUEST, person, moment)
        file = circulation.copy_for_invitee(session, person)
        shown = circulation.record_for_invitee(session, person)
        step = next(
            line.step
            for line in ledger.ledger_of(session, newest(session, meeting).id)
            if line.invitee_id == person
        )
    assert file is not None and file.pdf.startswith(b"%PDF")
    assert file.name == f"record-{meeting.ref}-version-1.pdf"
    assert shown is not None
    assert shown.acknowledged_at == shown.opened_at == LATER + timedelta(minutes=1)
    assert step is Step.ACKNOWLEDGED


def test_while_a_correction_is_open_the_old_version_goes_to_nobody_else(in_app: Flask) -> None:
    meeting = released(in_app)
    settings = settings_of(in_app)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        service.correct(session, make_releaser(session), held, "A wrong date", AFTER)
    assert worker.make_copies(settings, LATER) == 0
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        sign_as_chair(session, settings, held, LATER)
    assert worker.make_copies(settings, LATER) == 0
    with transaction() as session:
        release(session, session.get_one(Meeting, meeting.id))
    assert worker.make_copies(settings, LATER) == 2
    with transaction() as session:
        copies = {c.version_id for c in session.query(RecordCopy)}
        assert copies == {newest(session, meeting).id}


def test_whose_corrected_copy_is_withheld_no_longer_reads_the_older_one(in_app: Flask) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        wrong, right = held.invitees[1].id, held.invitees[0].id
        service.correct(session, make_releaser(session), held, "Sent to the wrong person", LATER)
        sign_as_chair(session, settings_of(in_app), held, LATER)
        release(session, held, {wrong: "The wrong person"})
        assert circulation.copy_for_invitee(session, wrong) is None
        assert circulation.copy_for_invitee(session, right) is not None


def test_an_older_copy_stays_readable_until_the_corrected_one_is_made(in_app: Flask) -> None:
    meeting = released(in_app)
    settings = settings_of(in_app)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        deliver(session)
    worker.note_circulated(settings, LATER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        person = held.invitees[1].id
        service.correct(session, make_releaser(session), held, "A wrong date", LATER)
        sign_as_chair(session, settings, held, LATER)
        release(session, held)
        before = circulation.record_for_invitee(session, person)
        assert before is not None and (before.version, before.newer_coming) == (1, True)
        assert held.circulated_at is None
        assert ledger.first_circulated(session, held) == LATER
    worker.make_copies(settings, LATER)
    with transaction() as session:
        after = circulation.record_for_invitee(session, person)
        assert after is not None and (after.version, after.newer_coming) == (2, False)


def test_a_letter_on_its_way_is_not_doubled_and_is_withdrawn_with_the_copy(in_app: Flask) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        held, staff = session.get_one(Meeting, meeting.id), make_releaser(session)
        line = ledger.ledger_of(session, newest(session, held).id)[0]
        with pytest.raises(Refused, match="nothing to send again"):
            releasing.send_again(session, staff, held, line.circulation_id, LATER)
        releasing.withhold(session, staff, held, line.circulation_id, "Wrong person", LATER)
    with transaction() as session:
        states = [one.state for one in session.query(OutboxMessage).order_by(OutboxMessage.id)]
    assert sorted(state.value for state in states) == ["queued", "withdrawn"]
