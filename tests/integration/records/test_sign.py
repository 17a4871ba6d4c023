"""The gate, sign-off, an absent chair, corrections (F1, F2)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.config import Settings
from app.core.refusal import Refused
from app.core.session import transaction
from app.meetings.discussion import actions, people
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.models import Action, Dissent, Entry
from app.meetings.discussion.types import DissentOrder, person_scope
from app.meetings.models import Meeting
from app.meetings.queries import meeting_for_change
from app.meetings.types import Attendance, Format, MeetingState
from app.records import pages, queries, rules, service
from app.records.document.canonical import canonical_sha256
from app.records.document.seal import Statement, verify_hash
from app.records.document.types import ExtractKind, Presence, Protected, ProtectedKind
from app.records.extracts.models import RecordExtract
from app.records.models import RecordCopy, RecordVersion
from app.records.types import Incomplete
from app.referrals.models import Child, ChildProfessional, Referral
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.records import (
    a_sealer,
    as_member,
    make_ended,
    make_signed,
    sign_as_chair,
    write,
)

AFTER = FRIDAY + timedelta(days=1)


def settings(app: Flask) -> Settings:
    held: Settings = app.extensions["settings"]
    return held


def test_the_gate_lists_what_is_missing_and_where(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session, complete=False)
        page = pages.gate_page(session, meeting, AFTER)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        seen = rules.seen_digest(service.draft_of(session, meeting, AFTER))
        with pytest.raises(Incomplete) as refusal:
            service.sign(session, chair, meeting, seen, "", a_sealer(settings(in_app)), AFTER)
    assert not page.signable
    assert refusal.value.missing == page.missing
    words = [one.what for one in page.missing]
    assert any("took part" in one for one in words)
    assert any("disagree" in one for one in words)
    assert all(one.anchor for one in page.missing)


def test_a_signed_version_fits_its_hash_and_the_authoritys_signature(in_app: Flask) -> None:
    with transaction() as session:
        meeting, version = make_signed(session, settings(in_app), AFTER)
    with transaction() as session:
        version = session.get_one(RecordVersion, version.id)
        content = service.content_of(session, version)
        statement = Statement(
            meeting.ref, 1, content.record.sign_off.name, rules.CHAIR, AFTER, version.sha256
        )
        certificate = a_sealer(settings(in_app)).certificate
        assert canonical_sha256(content) == version.sha256
        assert version.statement == statement.spelled().decode()
        assert verify_hash(certificate, statement, version.signature)
        assert version.signed_for is None
        assert queries.newest_number(session, meeting.id) == 1
        again = pages.gate_page(session, session.get_one(Meeting, meeting.id), AFTER)
        assert again.signed
        raw = session.execute(text("SELECT content FROM record_version")).scalar_one()
        assert b"Okonjo" not in bytes(raw)
        last = session.query(AuditEntry).filter_by(action="signed the record").one()
        assert last.details == {
            "version": 1, "sha256": version.sha256, "for_absent_chair": False,
        }  # fmt: skip


def test_what_was_added_to_the_agenda_stands_in_the_record(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        write(session, meeting, "meeting", "agenda", "Who tells the grandmother")
        analysis = service.draft_of(session, meeting, AFTER).analysis
    assert (analysis[0].heading, analysis[0].text) == (
        "Added to the agenda",
        ("Who tells the grandmother",),
    )


def test_what_nobody_knows_and_whom_nobody_asked_hold_no_record_up(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session, invitees=4, children=1)
        health, school = meeting.invitees[2:]
        health.is_team, school.attendance = True, None
        session.query(Entry).filter_by(meeting_id=meeting.id, field="dissent_asked").delete()
        assert len(gate_of(session, meeting)) == 3
        for one, words in ((health, "They gave no name"), (school, "The line went dead")):
            write(session, meeting, person_scope(one.id), "attendance_not_known", words)
        write(session, meeting, "meeting", "dissent_asked.not_decided", "The police had to leave")
        assert gate_of(session, meeting) == []
        version = sign_as_chair(session, settings(in_app), meeting, AFTER)
        record = service.content_of(session, version).record
        assert record.dissent_not_asked == "The police had to leave"
        noted = {one.name: (one.presence, one.note) for one in record.attendance}
        assert noted[health.name] == (Presence.BY_PHONE, "They gave no name")
        assert noted[school.name] == (Presence.NOT_KNOWN, "The line went dead")
        # What is known in the end stands alone.
        health.attended_name, school.attendance = "Ann Green", Attendance.ABSENT
        write(session, meeting, "meeting", "dissent_asked", "yes")
        meeting.state = MeetingState.ENDED
        now_said = service.draft_of(session, meeting, AFTER)
    assert now_said.dissent_not_asked is None
    assert [one.note for one in now_said.attendance[2:]] == [f"For {health.name}", ""]


def test_everybody_else_needs_a_reason_to_sign_for_the_chair(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        other = as_member(make_staff(session, Role.CHAIR, name="Robin Manager"))
        chair = session.get_one(Staff, meeting.chair_id).name
        seen = rules.seen_digest(service.draft_of(session, meeting, AFTER))
        sealer = a_sealer(settings(in_app))
        with pytest.raises(Refused) as refusal:
            service.sign(session, other, meeting, seen, "  ", sealer, AFTER)
        version = service.sign(session, other, meeting, seen, "Gone home, unwell", sealer, AFTER)
        record = service.content_of(session, version).record
    assert refusal.value.field == "absence_reason"
    assert chair in refusal.value.message
    assert version.signed_for == chair
    assert record.sign_off.name == "Robin Manager"
    assert record.sign_off.role == rules.OTHER_MANAGER
    assert record.sign_off.instead_of_chair == "Gone home, unwell"
    assert record.meeting.chair_name == chair
    assert "unwell" not in (version.absence_reason or "")


def test_where_nobody_chaired_yet_the_page_says_so_and_who_signs_did(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        former, meeting.chair_id = session.get_one(Staff, meeting.chair_id), None
        assert pages.sign_page(session, meeting, as_member(former), AFTER).nobody_chairs
        other = as_member(make_staff(session, Role.CHAIR, name="Robin Manager"))
        seen = rules.seen_digest(service.draft_of(session, meeting, AFTER))
        version = service.sign(session, other, meeting, seen, "", a_sealer(settings(in_app)), AFTER)
        record = service.content_of(session, version).record
        assert meeting.chair_id == other.id
        assert not pages.sign_page(session, meeting, other, AFTER).nobody_chairs
    assert (record.meeting.chair_name, record.sign_off.role) == ("Robin Manager", rules.CHAIR)


def test_words_that_changed_under_the_signers_hand_are_not_signed(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        seen = rules.seen_digest(service.draft_of(session, meeting, AFTER))
        write(session, meeting, "meeting", "challenge", "Added a moment ago.")
        with pytest.raises(Refused, match="changed after you opened"):
            service.sign(session, chair, meeting, seen, "", a_sealer(settings(in_app)), AFTER)
        assert meeting.state is MeetingState.ENDED


def test_time_alone_does_not_change_what_is_seen(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        first = rules.seen_digest(service.draft_of(session, meeting, AFTER))
        later = rules.seen_digest(service.draft_of(session, meeting, AFTER + timedelta(days=9)))
    assert first == later


def test_sign_off_is_final_and_happens_once(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings(in_app), AFTER)
        with pytest.raises(Refused, match="signed already"):
            sign_as_chair(session, settings(in_app), meeting, AFTER)
    with transaction() as session:
        running = make_ended(session)
        running.state = MeetingState.UNDER_WAY
        with pytest.raises(Refused, match="End the discussion first"):
            sign_as_chair(session, settings(in_app), running, AFTER)


@pytest.mark.parametrize("table", ["record_version", "record_copy", "record_extract"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET sha256 = 'x'", "DELETE FROM {}", "REPLACE INTO {0} SELECT * FROM {0}"],
)
def test_the_database_refuses_to_rewrite_what_was_signed(
    in_app: Flask, engine_name: str, table: str, change: str
) -> None:
    if change.startswith("REPLACE") and engine_name != "sqlite":
        pytest.skip("SQLite alone has REPLACE")
    with transaction() as session:
        _, version = make_signed(session, settings(in_app), AFTER)
        session.add(
            RecordExtract(
                version_id=version.id, kind=ExtractKind.CHILD, place=0, pdf=b"sealed",
                sha256="0" * 64, made_at=AFTER,
            )
        )  # fmt: skip
        session.add(
            RecordCopy(
                version_id=version.id, invitee_id=None, pdf=b"sealed", sha256="0" * 64,
                made_at=AFTER,
            )
        )  # fmt: skip
    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(change.format(table)))


def test_a_correction_is_a_new_version_and_every_version_stays(in_app: Flask) -> None:
    with transaction() as session:
        meeting, first = make_signed(session, settings(in_app), AFTER)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        with pytest.raises(Refused) as refusal:
            service.correct(session, chair, meeting, " ", AFTER)
        assert refusal.value.field == "reason"
        service.correct(session, chair, meeting, "The medical is at 10, not at 9.", AFTER)
        assert meeting.state is MeetingState.ENDED
        entry = session.query(Entry).filter_by(meeting_id=meeting.id, field="analysis").one()
        entry.value = "Corrected."
        with pytest.raises(Refused, match="no longer say what was signed"):
            service.leave_uncorrected(session, chair, meeting, AFTER)
        second = sign_as_chair(session, settings(in_app), meeting, AFTER + timedelta(hours=1))
        shown = queries.versions_of(session, meeting.id)
        record = service.content_of(session, second).record
        before = service.content_of(session, first).record
    assert [one.number for one in shown] == [2, 1]
    assert record.correction_reason == "The medical is at 10, not at 9."
    assert before.correction_reason == ""
    assert "10, not at 9" not in (second.correction_reason or "")
    assert queries.open_correction(session, meeting.id) is None


def test_a_correction_may_be_given_up_while_nothing_was_changed(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings(in_app), AFTER)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.correct(session, chair, meeting, "Opened by mistake", AFTER)
        service.leave_uncorrected(session, chair, meeting, AFTER + timedelta(days=3))
        assert meeting.state is MeetingState.SIGNED
        assert queries.newest_number(session, meeting.id) == 1
        with pytest.raises(Refused):
            service.leave_uncorrected(session, chair, meeting, AFTER)


def test_dissent_by_link_after_sign_off_does_not_hold_a_correction_open(in_app: Flask) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings(in_app), AFTER)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.correct(session, chair, meeting, "Opened by mistake", AFTER + timedelta(hours=1))
        by_link = Dissent(
            meeting_id=meeting.id,
            invitee_id=meeting.invitees[1].id,
            what="The decision not to examine",
            why="The mark was never seen by a doctor.",
            recorded_by_id=None,
            recorded_at=AFTER + timedelta(hours=2),
        )
        session.add(by_link)
        session.flush()
        beside = queries.dissents_beside(session, meeting.id, AFTER)
        assert [one.what for one in beside] == ["The decision not to examine"]
        later = AFTER + timedelta(days=3)
        by_staff = DissentOrder(meeting.invitees[1].id, "The threshold", "Too high")
        with pytest.raises(Refused, match="no longer say what was signed"), session.begin_nested():
            people.add_dissent(session, chair.actor, meeting, by_staff, later)
            service.leave_uncorrected(session, chair, meeting, later)
        service.leave_uncorrected(session, chair, meeting, later)
        assert meeting.state is MeetingState.SIGNED


def test_of_two_who_sign_at_once_one_signs_and_the_other_is_told(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        ref, chair_id = meeting.ref, meeting.chair_id
        seen = rules.seen_digest(service.draft_of(session, meeting, AFTER))
        sealer = a_sealer(settings(in_app))
    said: list[str] = []
    together = threading.Barrier(2)

    def press() -> None:
        with in_app.app_context():
            together.wait(timeout=30)
            try:
                with transaction() as session:
                    held = meeting_for_change(session, ref)
                    assert held is not None
                    chair = as_member(session.get_one(Staff, chair_id))
                    service.sign(session, chair, held, seen, "", sealer, AFTER)
                said.append("signed")
            except Refused as refusal:
                said.append(refusal.message)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    with transaction() as session:
        assert session.query(RecordVersion).count() == 1
    assert sorted(said) == ["The record is signed already: correct it instead", "signed"]


def test_a_correction_that_strikes_an_action_says_so_of_that_one_alone(in_app: Flask) -> None:
    """The numbers stay, with a gap (F2)."""
    with transaction() as session:
        meeting, _ = make_signed(session, settings(in_app), AFTER, invitees=3, children=1)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.correct(session, chair, meeting, "Agreed in another meeting", AFTER)
        first = session.query(Action).order_by(Action.id).first()
        actions.strike_action(session, chair.actor, meeting, first.id, AFTER)
        page = pages.sign_page(session, meeting, chair, AFTER)
        assert [one.place for one in page.changes if one.place.startswith("Actions")] == [
            "Actions. No. 1"
        ]
        draft = service.draft_of(session, meeting, AFTER)
        assert [one.number for one in draft.actions] == [2, 3]


def test_a_home_in_which_it_was_held_is_protected_and_stays_so(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session)
        meeting.format, meeting.place = Format.MEETING, "At home, 12 Sycamore Cl, kitchen"
        at_home = Protected(ProtectedKind.ADDRESS, "At home, 12 Sycamore Cl, kitchen")
        assert service.draft_of(session, meeting, AFTER).meeting.place == at_home
        sign_as_chair(session, settings(in_app), meeting, AFTER)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.correct(session, chair, meeting, "The family has moved", AFTER)
        for one in meeting.children:
            session.get_one(Child, one.child_id).address = "3 Elm Row"
        session.flush()
        assert service.draft_of(session, meeting, AFTER).meeting.place == at_home
        meeting.place = "3 Elm Row"
        moved = Protected(ProtectedKind.ADDRESS, "3 Elm Row")
        assert service.draft_of(session, meeting, AFTER).meeting.place == moved


def test_a_place_that_everybody_may_know_is_open(in_app: Flask) -> None:
    """Also the child's school, where it is among those who took part."""
    with transaction() as session:
        meeting = make_ended(session)
        school = meeting.invitees[3]
        meeting.format, meeting.place = Format.MEETING, f"{school.agency_name}, the library"
        assert school.professional_id is not None
        session.add(
            ChildProfessional(
                child_id=meeting.children[0].child_id, professional_id=school.professional_id,
                actively_involved=True, lead=False,
            )
        )  # fmt: skip
        session.flush()
        assert service.draft_of(session, meeting, AFTER).meeting.place == meeting.place
        school.agency_name = "Another school"
        session.flush()
        assert isinstance(service.draft_of(session, meeting, AFTER).meeting.place, Protected)


def test_why_it_went_on_without_somebody_is_left_out_once_they_joined(in_app: Flask) -> None:
    with transaction() as session:
        meeting = make_ended(session, invitees=4)
        write(session, meeting, "meeting", "quorum_reason", "Police could not be reached.")
        police = meeting.invitees[1]
        quorum = service.draft_of(session, meeting, AFTER).quorum
        assert quorum.met and quorum.reason == ""
        police.attendance = Attendance.ABSENT
        quorum = service.draft_of(session, meeting, AFTER).quorum
        assert not quorum.met and quorum.reason == "Police could not be reached."


def test_what_the_case_says_meanwhile_does_not_hold_a_correction_open(in_app: Flask) -> None:
    """The child's reference is often added after the record was signed (A2, F2)."""
    with transaction() as session:
        meeting, _ = make_signed(session, settings(in_app), AFTER)
        chair = as_member(session.get_one(Staff, meeting.chair_id))
        service.correct(session, chair, meeting, "Opened by mistake", AFTER)
        child = session.get_one(Child, meeting.children[0].child_id)
        child.case_reference, child.address, child.given_name = "LL-4711", "3 Elm Row", "Amaraa"
        meeting.place = "Room 2"
        session.get_one(Referral, meeting.referral_id).referrer_name = "Somebody else"
        action = session.query(Action).filter_by(meeting_id=meeting.id).first()
        assert action is not None
        said, action.what = action.what, "Something else"
        session.flush()
        with pytest.raises(Refused, match="no longer say what was signed"):
            service.leave_uncorrected(session, chair, meeting, AFTER)
        action.what = said
        session.flush()
        service.leave_uncorrected(session, chair, meeting, AFTER)
        assert meeting.state is MeetingState.SIGNED
