"""Copies: one for each reader, made once whatever crashes (F3, F4, H4)."""

from __future__ import annotations

import hashlib
import io
import json

import pypdf
import pytest
from flask import Flask

from app.core.refusal import Refused
from app.core.session import transaction
from app.meetings import messages
from app.meetings.models import Delivery, Meeting
from app.meetings.types import MessageKind
from app.records import circulation, ledger, service, worker
from app.records.document.verify import attached_record, verify_seal
from app.records.models import Circulation, RecordCopy
from app.records.sealing import certificates_of
from app.records.types import Step
from app.referrals.sender import Sender
from tests.factories.records import (
    ADDRESS_CANARY,
    CANARIES,
    HEALTH_CANARY,
    REFERRER_CANARY,
    make_releaser,
    make_signed,
    sign_as_chair,
)
from tests.integration.records.circulating import (
    AFTER,
    LATER,
    newest,
    pdf_of,
    release,
    released,
    settings_of,
    unpacked,
)


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
        assert len(ledger.ledger_of(session, newest(session, meeting).id)) == 2


def test_two_workers_on_one_copy_store_it_and_tell_once(in_app: Flask) -> None:
    meeting = released(in_app)
    with transaction() as session:
        line = session.query(Circulation).order_by(Circulation.id).first()
        assert line is not None
        line_id, version_id, invitee_id = line.id, line.version_id, line.invitee_id
    press = worker._press(settings_of(in_app), version_id)
    both = [worker._printed(press, version_id, invitee_id, LATER) for _ in range(2)]
    sender = Sender("rna-desk@example.org", "http://desk.example.org")
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
        lines = ledger.ledger_of(session, newest(session, meeting).id)
        assert [line.step for line in lines].count(Step.QUEUED) == 1
        assert [line.step for line in lines].count(Step.WAITING) == 1


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
    sender = Sender("rna-desk@example.org", "http://desk.example.org")
    with transaction() as session:
        assert not circulation.store_and_tell(session, line.id, copy, sender, LATER)
        assert session.query(Delivery).filter_by(kind=MessageKind.RECORD).count() == 0


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
