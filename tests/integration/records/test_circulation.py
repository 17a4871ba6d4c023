"""Copies, the letters with their links, the ledger, and crashes in between (F3, F4, F5, D3, H4)."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta

import pikepdf
import pypdf
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.audit.types import Actor, ActorKind
from app.core.config import Settings
from app.core.refusal import Refused
from app.core.session import transaction
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.meetings import messages
from app.meetings.models import Action, Delivery, Invitee, Meeting
from app.meetings.types import ActionState, Attendance, MessageKind
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import circulation, queries, service, worker
from app.records.document.verify import attached_record, verify_seal
from app.records.keys import cipher_of
from app.records.models import Circulation, RecordCopy, RecordVersion
from app.records.sealing import certificates_of
from app.records.types import Step
from tests.clock import FRIDAY
from tests.factories.meetings import make_invitee
from tests.factories.records import (
    ADDRESS_CANARY,
    CANARIES,
    HEALTH_CANARY,
    REFERRER_CANARY,
    make_releaser,
    make_signed,
    sign_as_chair,
)

AFTER = FRIDAY + timedelta(days=1)
LATER = AFTER + timedelta(hours=1)
GUEST = Actor(ActorKind.GUEST, 1, "invitee: somebody")


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def release(session: Session, meeting: Meeting, withheld: dict[int, str] | None = None) -> int:
    number = queries.newest_number(session, meeting.id)
    staff = make_releaser(session)
    return service.release(session, staff, meeting, number, withheld or {}, True, AFTER)


def released(app: Flask, invitees: int = 2) -> Meeting:
    """Printing is what costs, so most tests have two readers: the chair and the police."""
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(app), AFTER, invitees=invitees, children=1)
        release(session, meeting)
    return meeting


def deliver(session: Session, state: MessageState = MessageState.SENT) -> None:
    for message in session.query(OutboxMessage).filter_by(state=MessageState.QUEUED):
        message.state = state
        message.sent_at = LATER if state is MessageState.SENT else None
        message.problem = None if state is MessageState.SENT else "The mailbox is full."


def pdf_of(session: Session, copy: RecordCopy) -> bytes:
    version = session.get_one(RecordVersion, copy.version_id)
    return cipher_of(session, version.key_id).open(copy.pdf)


def unpacked(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(
            out,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
        )
    return pdf + out.getvalue()


def test_each_copy_bears_its_readers_name_and_only_what_they_may_see(in_app: Flask) -> None:
    meeting = released(in_app, invitees=4)
    assert worker.make_copies(settings_of(in_app), LATER) == 4
    with transaction() as session:
        people = {one.id: one for one in session.get_one(Meeting, meeting.id).invitees}
        may_see = {
            "social_care": {*CANARIES},
            "police": {ADDRESS_CANARY, REFERRER_CANARY},
            "health": {HEALTH_CANARY},
            "education": set[str](),
        }
        copies = session.query(RecordCopy).filter(RecordCopy.invitee_id.is_not(None)).all()
        assert len(copies) == 4
        for copy in copies:
            reader, pdf = people[copy.invitee_id or 0], pdf_of(session, copy)
            text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
            record, raw = json.dumps(attached_record(pdf)), unpacked(pdf)
            assert f"Copy for {reader.name}" in " ".join(text.split())
            for canary in CANARIES:
                sees = canary in may_see[reader.agency_kind.value]
                assert (canary in " ".join(text.split())) is sees, (reader.agency_kind, canary)
                assert (canary in record) is sees
                if not sees:
                    for spelling in ("utf-8", "utf-16-be"):
                        assert canary.encode(spelling) not in raw
            for other in people.values():
                if other is not reader:
                    assert f"Copy for {other.name}" not in text
            assert hashlib.sha256(pdf).hexdigest() == copy.sha256
            assert verify_seal(pdf, list(certificates_of(settings_of(in_app)))).genuine
            assert pdf[:200] not in bytes(copy.pdf)


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
        lines = queries.ledger_of(session, newest(session, meeting).id)
        assert {line.step for line in lines} == {Step.QUEUED}
        assert {line.checked_by for line in lines} == {"Alex Desk"}


def newest(session: Session, meeting: Meeting) -> RecordVersion:
    version = queries.newest_version(session, meeting.id)
    assert version is not None
    return version


def test_a_crash_between_copy_and_letter_leaves_one_copy_and_one_letter(
    in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = released(in_app)

    def pull_the_plug(*_: object, **__: object) -> int:
        raise ConnectionError("the machine stopped here")

    monkeypatch.setattr(messages, "send_links", pull_the_plug)
    with pytest.raises(ConnectionError):
        worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        assert session.query(RecordCopy).count() == session.query(Delivery).count() == 0
    monkeypatch.undo()
    assert worker.make_copies(settings_of(in_app), LATER) == 2
    assert worker.make_copies(settings_of(in_app), LATER) == 0
    with transaction() as session:
        assert session.query(RecordCopy).count() == session.query(Delivery).count() == 2
        assert len(queries.ledger_of(session, newest(session, meeting).id)) == 2


def test_two_workers_on_one_copy_store_it_and_tell_once(in_app: Flask) -> None:
    meeting = released(in_app)
    with transaction() as session:
        line = session.query(Circulation).order_by(Circulation.id).first()
        assert line is not None
        line_id, version_id, invitee_id = line.id, line.version_id, line.invitee_id
    press = worker._press(settings_of(in_app), version_id)
    both = [worker._printed(press, version_id, invitee_id, LATER) for _ in range(2)]
    sender = messages.Sender("rna-desk@example.org", "http://desk.example.org")
    told = []
    for copy in both:
        with transaction() as session:
            told.append(circulation.store_and_tell(session, line_id, copy, sender, LATER))
    with transaction() as session:
        assert told == [True, False]
        assert session.query(RecordCopy).filter_by(invitee_id=invitee_id).count() == 1
        assert session.query(Delivery).filter_by(invitee_id=invitee_id).count() == 1
    assert meeting.id


def test_one_readers_fault_does_not_hold_up_the_others(in_app: Flask) -> None:
    meeting = released(in_app)
    with transaction() as session:
        first = session.get_one(Meeting, meeting.id).invitees[0]
        first.email, first.invitation_id = None, None
    with pytest.raises(Refused, match="no email address"):
        worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        lines = queries.ledger_of(session, newest(session, meeting).id)
        assert [line.step for line in lines].count(Step.QUEUED) == 1
        assert [line.step for line in lines].count(Step.WAITING) == 1


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
        lines = queries.ledger_of(session, newest(session, held).id)
        assert {line.step for line in lines} == {Step.FAILED}
        assert {line.problem for line in lines} == {"The mailbox is full."}
        staff = make_releaser(session)
        service.send_again(session, staff, held, lines[0].circulation_id, LATER)
        with pytest.raises(Refused):
            service.withhold(session, staff, held, lines[1].circulation_id, "", LATER)
        service.withhold(session, staff, held, lines[1].circulation_id, "Handed over", LATER)
        with pytest.raises(Refused):
            service.send_again(session, staff, held, lines[1].circulation_id, LATER)
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
                service.release(session, staff, meeting, number, withheld, checked, AFTER)
            return refusal.value.field

        assert refused({}, False) == "checked"
        assert refused({person.id: "  "}, True) == f"reason_{person.id}"
        assert refused({}, True, 2) == "page"
        person.email, person.invitation_id = None, None
        assert refused({}, True) == f"withhold_{person.id}"
        told = service.release(
            session, staff, meeting, 1, {person.id: "By hand, on Monday"}, True, AFTER
        )
        assert told == 3
        assert refused({}, True) == "page"
        steps = {line.name: line.step for line in queries.ledger_of(session, version.id)}
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
        names = {line.name for line in queries.ledger_of(session, version.id)}
    assert deputy.name in names
    assert police.name not in names
    assert school.name not in names


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
            for line in queries.ledger_of(session, newest(session, meeting).id)
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


@pytest.mark.parametrize("signed_again", [False, True])
def test_a_copy_printed_before_a_correction_was_opened_is_not_told(
    in_app: Flask, signed_again: bool
) -> None:
    meeting = released(in_app)
    with transaction() as session:
        line = session.query(Circulation).order_by(Circulation.id).first()
        assert line is not None
    press = worker._press(settings_of(in_app), line.version_id)
    copy = worker._printed(press, line.version_id, line.invitee_id, LATER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        service.correct(session, make_releaser(session), held, "A wrong date", AFTER)
        if signed_again:
            sign_as_chair(session, settings_of(in_app), held, LATER)
    sender = messages.Sender("rna-desk@example.org", "http://desk.example.org")
    with transaction() as session:
        assert not circulation.store_and_tell(session, line.id, copy, sender, LATER)
        assert session.query(Delivery).filter_by(kind=MessageKind.RECORD).count() == 0


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
        assert queries.first_circulated(session, held) == LATER
    worker.make_copies(settings, LATER)
    with transaction() as session:
        after = circulation.record_for_invitee(session, person)
        assert after is not None and (after.version, after.newer_coming) == (2, False)


def test_the_councils_own_copy_leaves_nothing_out_and_exists_once(in_app: Flask) -> None:
    with transaction() as session:
        _, version = make_signed(session, settings_of(in_app), AFTER)
    assert worker.make_council_copies(settings_of(in_app), AFTER) == 1
    assert worker.make_council_copies(settings_of(in_app), AFTER) == 0
    worker.make_council_copy(settings_of(in_app), version.id, AFTER)
    with transaction() as session:
        copy = session.query(RecordCopy).one()
        text = json.dumps(attached_record(pdf_of(session, copy)))
    assert all(canary in text for canary in CANARIES)
    assert "withheld" not in text


def test_the_link_lives_fourteen_days_or_until_the_last_action_closes(in_app: Flask) -> None:
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
        action.closed_at = AFTER + timedelta(days=13, hours=23)
        second = Action(
            meeting_id=meeting.id, child_id=None, what="More", why=None, owner_id=person.id,
            due_at=AFTER, state=ActionState.DONE, progress=None,
            closed_at=AFTER + timedelta(days=40), removed_at=None,
            added_by_id=action.added_by_id, added_at=AFTER,
        )  # fmt: skip
        session.add(second)
        session.flush()
        circulation.refresh_expiry(session, person, AFTER + timedelta(days=5))
        assert invitation.expires_at == AFTER + timedelta(days=40)


@pytest.mark.parametrize("when", ["at release", "afterwards"])
def test_the_link_of_whose_copy_is_withheld_ends_as_well(in_app: Flask, when: str) -> None:
    with transaction() as session:
        meeting, version = make_signed(session, settings_of(in_app), AFTER, invitees=2)
        person = meeting.invitees[1]
        session.query(Action).delete()
        release(session, meeting, {person.id: "By hand"} if when == "at release" else {})
        if when == "afterwards":
            lines = {line.invitee_id: line for line in queries.ledger_of(session, version.id)}
            line_id = lines[person.id].circulation_id
            service.withhold(session, make_releaser(session), meeting, line_id, "By hand", LATER)
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


def test_a_letter_on_its_way_is_not_doubled_and_is_withdrawn_with_the_copy(in_app: Flask) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        held, staff = session.get_one(Meeting, meeting.id), make_releaser(session)
        line = queries.ledger_of(session, newest(session, held).id)[0]
        with pytest.raises(Refused, match="nothing to send again"):
            service.send_again(session, staff, held, line.circulation_id, LATER)
        service.withhold(session, staff, held, line.circulation_id, "Wrong person", LATER)
    with transaction() as session:
        states = [one.state for one in session.query(OutboxMessage).order_by(OutboxMessage.id)]
    assert sorted(state.value for state in states) == ["queued", "withdrawn"]


@pytest.mark.long
def test_sixty_pages_are_circulated_and_hold(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(
            session, settings_of(in_app), AFTER, invitees=8, children=4, words=440
        )
        release(session, meeting)
        person = meeting.invitees[1].id
    assert worker.make_copies(settings_of(in_app), LATER) == 8
    with transaction() as session:
        file = circulation.copy_for_invitee(session, person)
    assert file is not None
    assert len(pypdf.PdfReader(io.BytesIO(file.pdf)).pages) >= 60
    assert verify_seal(file.pdf, list(certificates_of(settings_of(in_app)))).genuine
