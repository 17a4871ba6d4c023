"""The record's clock: one truth about it, and who is told before and after it ran out (F5, B2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.invitations.wording import forbidden_words
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.records import lateness, ledger, pages, queries, releasing, service, worker
from app.records.circulate_page import circulate_page
from app.records.circulation import keep_copy
from app.records.copies import SealedCopy
from app.records.models import Circulation, RecordWarning
from app.records.recall.service import recall
from app.records.types import Stage
from app.referrals.sender import Sender
from app.reports.queries import work
from app.reports.types import WorkKind
from tests.factories.accounts import make_staff
from tests.factories.records import make_ended, make_releaser, make_signed, sign_as_chair
from tests.integration.records.circulating import AFTER, LATER, deliver, release, settings_of


@pytest.fixture
def ended(in_app):
    with transaction() as session:
        meeting = make_ended(session, invitees=2, children=1)
        make_staff(session, Role.CHAIR, name="Another Manager")
        make_staff(session, Role.ADMINISTRATOR, name="The Desk")
        left = make_staff(session, Role.CHAIR, name="Gone")
        left.ended_at = AFTER
    return meeting


def notices() -> list[tuple[str, str]]:
    with transaction() as session:
        rows = session.query(OutboxMessage).filter_by(kind="notice").order_by(OutboxMessage.id)
        return [(row.subject.partition(":")[0], row.recipient) for row in rows]


def test_the_chair_is_told_four_hours_before_and_every_manager_once_it_is_late(in_app, ended):
    settings, due = settings_of(in_app), ended.record_due_at
    assert worker.warn(settings, due - timedelta(hours=4, minutes=1)) == 0
    assert worker.warn(settings, due - timedelta(hours=4)) == 1
    assert worker.warn(settings, due - timedelta(hours=1)) == 0
    assert worker.warn(settings, due + timedelta(minutes=1)) == 2
    assert worker.warn(settings, due + timedelta(days=1)) == 0
    assert [stage for stage, _ in notices()] == ["Due soon", "Late", "Late"]
    with transaction() as session:
        assert {row.stage for row in session.query(RecordWarning)} == set(Stage)
        for row in session.query(OutboxMessage):
            assert forbidden_words(row.subject + row.content.decode()) is None
            assert f"/discussions/{ended.ref}/record" in row.content.decode().replace("=\r\n", "")


def test_another_deadline_is_warned_of_anew(in_app, ended):
    """The end is put right after a false one was warned of: the true one is missed as loudly."""
    settings, due = settings_of(in_app), ended.record_due_at
    assert worker.warn(settings, due - timedelta(hours=1)) == 1
    assert worker.warn(settings, due + timedelta(hours=1)) == 2
    true = due + timedelta(days=1)
    with transaction() as session:
        session.get_one(Meeting, ended.id).record_due_at = true
    assert worker.warn(settings, due + timedelta(hours=2)) == 0
    assert worker.warn(settings, true - timedelta(hours=4)) == 1
    assert worker.warn(settings, true + timedelta(minutes=1)) == 2
    assert worker.warn(settings, true + timedelta(days=1)) == 0


def test_a_warning_that_reaches_nobody_goes_to_whoever_comes(in_app, ended):
    """F1, F5: where nobody may sign, nobody was told."""
    settings, due = settings_of(in_app), ended.record_due_at
    with transaction() as session:
        here = session.query(Staff).filter(Staff.ended_at.is_(None)).all()
        for one in here:
            one.ended_at = AFTER
    assert worker.warn(settings, due - timedelta(hours=1)) == 0
    assert worker.warn(settings, due + timedelta(hours=1)) == 0
    with transaction() as session:
        assert not session.query(RecordWarning).count()
        make_staff(session, Role.CHAIR, name="New Manager")
    assert worker.warn(settings, due + timedelta(hours=2)) == 1
    assert worker.warn(settings, due + timedelta(hours=3)) == 0


def test_once_signed_those_who_circulate_are_told(in_app, ended):
    with transaction() as session:
        sign_as_chair(session, settings_of(in_app), session.get_one(Meeting, ended.id), AFTER)
    assert worker.warn(settings_of(in_app), ended.record_due_at - timedelta(hours=1)) == 3


def test_nobody_is_told_of_a_recalled_record_until_it_is_corrected(in_app):
    settings = settings_of(in_app)
    sender = Sender("rna-desk@example.org", "http://desk.example.org")
    with transaction() as session:
        meeting, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, meeting)
        staff, due = make_releaser(session), meeting.record_due_at
        recall(session, staff, meeting, 1, "The wrong family", sender, AFTER)
    late = due + timedelta(minutes=1)
    assert lateness.to_look_at(reading(), late) == []
    with transaction() as session:
        # Looked up before it was recalled.
        assert lateness.warn(session, meeting.id, sender, late) == 0
        assert session.query(RecordWarning).count() == 0
        held = session.get_one(Meeting, meeting.id)
        # There is nothing to circulate, so no page counts the hours to it.
        assert pages.gate_page(session, held, late).deadline is None
        assert circulate_page(session, held, late).deadline is None
        service.correct(session, make_releaser(session), held, "The right family", late)
        assert pages.gate_page(session, held, late).deadline is not None
    assert worker.warn(settings, late) > 0
    assert {stage for stage, _ in notices()} == {"Late"}


def test_a_correction_of_a_record_that_was_in_time_troubles_nobody(in_app):
    settings = settings_of(in_app)
    with transaction() as session:
        meeting, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, meeting)
    worker.make_copies(settings, AFTER)
    with transaction() as session:
        deliver(session)
    worker.note_circulated(settings, LATER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        service.correct(session, make_releaser(session), held, "A wrong date", LATER)
        sign_as_chair(session, settings, held, LATER)
        due = held.record_due_at
    # The second version is with nobody: that the first was keeps the letters back, nothing else.
    assert lateness.to_look_at(reading(), due + timedelta(days=2)) == [meeting.id]
    reading().rollback()
    assert worker.warn(settings, due + timedelta(days=2)) == 0
    assert notices() == []


@pytest.mark.parametrize("in_time", [True, False])
def test_a_corrected_record_says_of_its_clock_what_became_of_the_first(in_app, ended, in_time):
    settings, due = settings_of(in_app), ended.record_due_at

    def said(at) -> bool | None:
        draft = service.draft_of(session, session.get_one(Meeting, ended.id), at)
        (line,) = [one for one in draft.clocks if one.name == "Record circulated"]
        return line.met

    with transaction() as session:
        assert said(due - timedelta(hours=2)) is None
        assert said(due + timedelta(minutes=1)) is False
        held = session.get_one(Meeting, ended.id)
        sign_as_chair(session, settings, held, due - timedelta(hours=2))
        held.circulated_at = due + timedelta(hours=-1 if in_time else 1)
        service.correct(session, make_releaser(session), held, "A wrong date", due)
        assert said(due + timedelta(days=3)) is in_time


def test_ledger_and_clock_say_the_same_before_the_worker_notes_it(in_app):
    settings = settings_of(in_app)
    with transaction() as session:
        meeting, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, meeting)
    worker.make_copies(settings, AFTER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        page = circulate_page(session, held, LATER)
        assert (page.ledgers[0].reached_at, page.deadline.state == "met") == (None, False)
        deliver(session)
        session.flush()
        page = circulate_page(session, held, LATER)
        assert held.circulated_at is None
        assert page.ledgers[0].reached_at is not None
        assert page.deadline.state == ("met" if held.record_due_at >= LATER else "late")
        assert page.deadline.left_text == ""
    worker.note_circulated(settings, LATER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        line = ledger.ledger_of(session, queries.newest_version(session, held.id).id)[0]
        releasing.send_again(session, make_releaser(session), held, line.circulation_id, LATER)
        # Sent once more, it is no less circulated than it was.
        assert circulate_page(session, held, LATER).ledgers[0].reached_at is not None


def test_every_versions_ledger_is_shown_newest_first(in_app, signed_in):
    settings = settings_of(in_app)
    with transaction() as session:
        meeting, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, meeting)
    worker.make_copies(settings, AFTER)
    with transaction() as session:
        deliver(session)
        held = session.get_one(Meeting, meeting.id)
        service.correct(session, make_releaser(session), held, "A wrong date", AFTER)
        sign_as_chair(session, settings, held, LATER)
        release(session, held)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        assert held.state is MeetingState.SIGNED
        page = circulate_page(session, held, LATER)
        assert [(one.number, one.newest) for one in page.ledgers] == [(2, True), (1, False)]
        assert page.ledgers[1].reached_at is not None
    text = signed_in(Role.ADMINISTRATOR).get(f"/discussions/{meeting.ref}/record/circulate").text
    assert text.index("Ledger of version 2") < text.index("Ledger of version 1, since corrected")


@pytest.mark.parametrize("then", ["corrected", "recalled"])
def test_what_was_in_time_stays_so_whatever_becomes_of_its_copies(in_app, then):
    settings = settings_of(in_app)
    with transaction() as session:
        meeting, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, meeting)
        meeting.record_due_at = LATER
        for line in session.query(Circulation):
            line.sent_at = line.opened_at = AFTER
    # Before the worker has noted it.
    with transaction() as session:
        held, staff = session.get_one(Meeting, meeting.id), make_releaser(session)
        if then == "recalled":
            sender = Sender("rna-desk@example.org", "http://desk.example.org")
            recall(session, staff, held, 1, "The wrong family", sender, LATER)
        service.correct(session, staff, held, "A wrong date", LATER)
        line = ledger.ledger_of(session, queries.newest_version(session, held.id).id)[0]
        with pytest.raises(Refused) as refused:
            releasing.send_again(session, staff, held, line.circulation_id, LATER)
        assert ("recalled" if then == "recalled" else "correction is under way") in str(
            refused.value.message
        )
        # Came back, long after.
        for line in session.query(Circulation):
            line.opened_at = line.sent_at = None
        sign_as_chair(session, settings, held, LATER + timedelta(days=2))
        assert ledger.first_circulated(session, held) == AFTER
        assert (held.circulated_at, held.first_circulated_at) == (None, AFTER)
    late = LATER + timedelta(days=3)
    rows = work(reading(), [WorkKind.CIRCULATE], late, late, None)
    assert [(row.ref, row.due_at) for row in rows] == [(meeting.ref, None)]


def test_a_record_of_which_every_copy_is_withheld_waits_for_nobody(in_app):
    settings = settings_of(in_app)
    with transaction() as session:
        meeting, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, meeting, {one.id: "Not theirs" for one in meeting.invitees})
    assert worker.note_circulated(settings, LATER) == 1
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        assert (held.circulated_at, held.first_circulated_at) == (AFTER, AFTER)
        assert circulate_page(session, held, LATER).ledgers[0].nobody


def test_what_can_never_be_noted_keeps_no_newer_record_waiting(in_app):
    settings = settings_of(in_app)
    with transaction() as session:
        stuck, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, stuck)
        back, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, back)
        for line in session.query(Circulation):
            line.sent_at = AFTER
        for line in ledger.ledger_of(session, queries.newest_version(session, back.id).id):
            session.get_one(Circulation, line.circulation_id).opened_at = AFTER
        sender = Sender("rna-desk@example.org", "http://desk.example.org")
        recall(session, make_releaser(session), back, 1, "Wrong", sender, AFTER)
        newer, _ = make_signed(session, settings, AFTER, invitees=2, children=1)
        release(session, newer)
        for line in ledger.ledger_of(session, queries.newest_version(session, newer.id).id):
            session.get_one(Circulation, line.circulation_id).opened_at = AFTER
        session.flush()
        assert queries.with_everyone(session, 1) == [newer.id]
        versions = [queries.newest_version(session, one.id) for one in (stuck, back, newer)]
        assert queries.without_council_copy(session, 9) == [one.id for one in versions]
        keep_copy(session, versions[0], None, SealedCopy(b"%PDF", "0" * 64), AFTER)
        assert queries.without_council_copy(session, 1) == [versions[1].id]
    assert worker.note_circulated(settings, LATER) == 1
    assert worker.note_circulated(settings, LATER) == 0
