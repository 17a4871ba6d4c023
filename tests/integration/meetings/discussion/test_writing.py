"""Words are kept with their history, for two writers at once, on both engines (E1)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit.queries import history, verify_chain
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.meetings.discussion import queries, service
from app.meetings.discussion.models import Entry, EntryHistory
from app.meetings.discussion.people import set_attendance
from app.meetings.discussion.types import Conflict, PageKept, Saved, Typed
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, Attendance, MeetingState
from app.referrals.sender import Sender
from tests.clock import FRIDAY

HELD = "meeting"


def save(case, scope: str, field: str, value: str, base: int = 0, actor=None, now=FRIDAY):
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        assert meeting is not None
        return service.save_field(
            session, actor or case.chair, meeting, scope, field, value, base, now
        )


def test_words_are_kept_and_what_they_replace(in_app, case):
    assert save(case, HELD, "analysis", "First") == Saved(1, "First")
    assert save(case, HELD, "analysis", "Second", 1, case.writer) == Saved(2, "Second")
    entry = reading().execute(select(Entry)).scalar_one()
    assert (entry.value, entry.version, entry.written_by_id) == ("Second", 2, case.writer.id)
    (before,) = queries.history_of(reading(), entry)
    assert (before.value, before.version, before.written_by_id) == ("First", 1, case.chair.id)


def test_two_writers_both_keep_their_words(in_app, case):
    save(case, HELD, "analysis", "Mine", 0, case.chair)
    clash = save(case, HELD, "analysis", "Also mine", 0, case.writer)
    assert isinstance(clash, Conflict)
    assert (clash.theirs, clash.mine, clash.version) == ("Mine", "Also mine", 1)
    assert clash.who == "Helen Marsh"
    assert reading().execute(select(Entry.value)).scalar_one() == "Mine"
    both = save(case, HELD, "analysis", "Mine\n\nAlso mine", clash.version, case.writer)
    assert both == Saved(2, "Mine\n\nAlso mine")


def test_an_old_page_that_sends_what_it_was_given_changes_nothing(in_app, case):
    save(case, HELD, "analysis", "First")
    save(case, HELD, "analysis", "Second", 1)
    assert save(case, HELD, "analysis", "First", 1, case.writer) == Saved(2, "Second")
    assert len(reading().execute(select(EntryHistory)).all()) == 1


def test_the_same_words_twice_are_one_version(in_app, case):
    save(case, HELD, "analysis", "Same")
    assert save(case, HELD, "analysis", "Same", 0, case.writer) == Saved(1, "Same")


def test_an_empty_field_leaves_no_trace(in_app, case):
    assert save(case, HELD, "analysis", "") == Saved(0, "")
    assert reading().execute(select(Entry)).first() is None


def test_a_name_that_an_older_page_did_not_touch_is_no_conflict(in_app, case):
    team = case.invitees[1]
    with transaction() as session:
        session.get_one(Invitee, team).is_team = True

    def send(value: str, base: int) -> PageKept:
        typed = Typed(case.invitee(1), "attended_name", value, base)
        with transaction() as session:
            meeting = queries.meeting_to_write(session, case.ref)
            return service.save_page(session, case.writer, meeting, [typed], {}, FRIDAY)

    ann = save(case, case.invitee(1), "attended_name", "Ann Ward")
    assert send("", 0).whole
    bea = save(case, case.invitee(1), "attended_name", "Bea Ward", ann.version)
    assert isinstance(bea, Saved)
    assert send("Ann Ward", ann.version).whole
    (clash,) = send("Cy Ward", ann.version).conflicts.values()
    assert (clash.theirs, clash.mine, clash.version) == ("Bea Ward", "Cy Ward", bea.version)
    reading().expire_all()
    assert reading().get_one(Invitee, team).attended_name == "Bea Ward"


def test_two_first_words_at_the_same_moment(app, case):
    """Two threads start on the same empty field: one is kept, the other comes back."""
    start = threading.Barrier(2)
    found: dict[str, object] = {}

    def write(words: str, actor) -> None:
        with app.app_context():
            reading().connection()
            start.wait(timeout=10)
            found[words] = save(case, HELD, "analysis", words, 0, actor)
            db.session.remove()

    threads = [
        threading.Thread(target=write, args=("one", case.chair)),
        threading.Thread(target=write, args=("two", case.writer)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    kinds = sorted(type(outcome).__name__ for outcome in found.values())
    assert kinds == ["Conflict", "Saved"]
    with app.app_context():
        kept = reading().execute(select(Entry.value)).scalar_one()
        clash = next(one for one in found.values() if isinstance(one, Conflict))
        assert {clash.theirs, clash.mine} == {"one", "two"}
        assert clash.theirs == kept


def test_words_from_many_threads_are_all_in_the_history(app, case):
    """Each writer goes on until their words are in: none is lost, the audit is whole."""

    def write(words: str) -> None:
        with app.app_context():
            version = 0
            for _ in range(50):
                saved = save(case, HELD, "analysis", words, version)
                if isinstance(saved, Saved):
                    break
                version = saved.version
            db.session.remove()

    threads = [threading.Thread(target=write, args=(f"words {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with app.app_context():
        session = reading()
        entry = session.execute(select(Entry)).scalar_one()
        said = {entry.value, *(row.value for row in queries.history_of(session, entry))}
        assert said == {f"words {n}" for n in range(4)}
        assert entry.version == 4
        assert list(verify_chain(session)) == []


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ("child:999999", "harm"),
        ("invitee:999999", "information"),
        ("invitee:999999", "attendance"),
        ("invitee:x", "attendance"),
        ("meeting", "nonsense"),
        ("everybody", "harm"),
    ],
)
def test_fields_of_others_are_refused(in_app, case, scope: str, field: str):
    with pytest.raises(Refused):
        save(case, scope, field, "yes")


def test_a_child_of_another_discussion_is_refused(in_app, case, make_case):
    other = make_case()
    with pytest.raises(Refused):
        save(case, other.child(), "harm", "yes")


def test_a_signed_record_is_not_written_in(in_app, make_case):
    signed = make_case(MeetingState.SIGNED)
    with pytest.raises(Refused, match="signed and final"):
        save(signed, HELD, "analysis", "Later thoughts")


def test_the_audit_names_the_field_and_never_the_words(in_app, case):
    save(case, case.child(), "harm.reason", "Canary Quillfeather")
    rows = history(reading(), "meeting", case.ref)
    row = rows[0]
    assert row.action == "wrote"
    assert row.details == {"scope": case.child(), "field": "harm.reason", "version": 1}
    assert "Quillfeather" not in str(
        [one.details for one in history(reading(), "meeting", case.ref)]
    )


def test_a_sibling_gets_the_same_where_nothing_is_written(in_app, case, entries):
    save(case, case.child(0), "harm", "yes")
    save(case, case.child(0), "harm.reason", "A bruise.")
    save(case, case.child(0), "section_47", "started")
    save(case, case.child(0), "seen_alone", "yes")
    # Each of another kind: an answer that waits for its reason, and why there is none.
    save(case, case.child(1), "harm", "no")
    save(case, case.child(1), "section_47.not_decided", "Born after the discussion began")
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        filled = service.copy_answers(session, case.chair, meeting, *case.children[:2], FRIDAY)
    assert filled == 1
    assert entries()[case.child(1), "seen_alone"] == "yes"
    assert entries()[case.child(1), "harm"] == "no"
    assert (case.child(1), "harm.reason") not in entries()
    assert (case.child(1), "section_47") not in entries()


def test_a_page_sent_whole_keeps_what_was_typed_and_shows_the_clash(in_app, case, entries):
    save(case, HELD, "analysis", "Theirs", 0, case.writer)
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        kept = service.save_page(
            session,
            case.chair,
            meeting,
            [
                Typed(HELD, "analysis", "Mine", 0),
                Typed(HELD, "hypotheses", "A fall", 0),
                Typed(HELD, "challenge", "", 0),
                Typed(case.child(), "section_47", "perhaps", 0),
            ],
            {},
            FRIDAY,
        )
    assert not kept.whole
    assert set(kept.conflicts) == {"meeting/analysis"}
    assert set(kept.refused) == {f"{case.child()}/section_47"}
    assert entries()[HELD, "hypotheses"] == "A fall"
    assert entries()[HELD, "analysis"] == "Theirs"


@pytest.mark.parametrize(
    ("choice", "becomes"), [("theirs", "Theirs"), ("both", "Theirs\n\nMine"), ("", "Mine")]
)
def test_a_clash_is_settled_without_script(in_app, case, entries, choice: str, becomes: str):
    save(case, HELD, "analysis", "Theirs", 0, case.writer)
    with transaction() as session:
        kept = service.save_page(
            session,
            case.chair,
            queries.meeting_to_write(session, case.ref),
            [Typed(HELD, "analysis", "Mine", 1)],
            {"meeting/analysis": choice} if choice else {},
            FRIDAY,
        )
    assert kept.whole
    assert entries()[HELD, "analysis"] == becomes


def test_a_save_cannot_pass_a_signature(app, make_case, engine_name):
    """While sign-off holds the row, a save waits, and is then refused."""
    case = make_case(MeetingState.ENDED)
    signing, refused = threading.Event(), threading.Event()

    def write() -> None:
        with app.app_context():
            signing.wait(timeout=10)
            try:
                save(case, HELD, "analysis", "Too late")
            except Refused:
                refused.set()
            db.session.remove()

    writer = threading.Thread(target=write)
    writer.start()
    with app.app_context(), transaction() as session:
        meeting = queries.meeting_to_change(session, case.ref)
        meeting.state = MeetingState.SIGNED
        meeting.signed_at = FRIDAY
        session.flush()
        signing.set()
        writer.join(timeout=0.5)
        assert writer.is_alive()
    writer.join(timeout=30)
    assert refused.is_set()


@pytest.mark.parametrize(("starts", "chairs"), [("chair", True), ("writer", False)])
def test_a_chair_who_starts_what_nobody_chairs_takes_the_chair(in_app, make_case, starts, chairs):
    case = make_case(MeetingState.NEEDED, invitees=0)
    with transaction() as session:
        queries.meeting_to_change(session, case.ref).chair_id = None
    who = getattr(case, starts)
    with transaction() as session:
        service.start(session, who, queries.meeting_to_change(session, case.ref), FRIDAY)
    meeting = reading().get_one(Meeting, case.meeting_id)
    assert meeting.state is MeetingState.UNDER_WAY
    assert meeting.chair_id == (case.chair.id if chairs else None)
    seats = [one for one in meeting.invitees if one.staff_id is not None]
    assert [(one.staff_id, one.attendance is not None) for one in seats] == (
        [(case.chair.id, True)] if chairs else []
    )


def test_the_clock_of_the_record_starts_at_the_end(in_app, make_case):
    case = make_case(MeetingState.BOOKED, invitees=3)
    sender = Sender("rna-desk@example.org", "http://desk.example.org")
    began, over = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=1, minutes=40)
    with transaction() as session:
        service.start(session, case.chair, queries.meeting_to_change(session, case.ref), began)
    with transaction() as session:
        meeting = queries.meeting_to_change(session, case.ref)
        assert meeting.state is MeetingState.UNDER_WAY
        service.end(session, case.chair, meeting, sender, over)
    meeting = reading().get_one(Meeting, case.meeting_id)
    assert meeting.state is MeetingState.ENDED
    assert (meeting.started_at, meeting.ended_at) == (began, over)
    assert meeting.record_due_at == over + timedelta(hours=24)
    assert meeting.clocks["clocks"]["record_circulated"]["rule"] == "record-24h"
    chair = next(one for one in meeting.invitees if one.staff_id == case.chair.id)
    assert chair.attendance is not None
    with pytest.raises(Refused), transaction() as session:
        service.end(session, case.chair, queries.meeting_to_change(session, case.ref), sender, over)
    with pytest.raises(Refused), transaction() as session:
        service.start(session, case.chair, queries.meeting_to_change(session, case.ref), over)


def test_two_who_note_how_somebody_takes_part_read_who_wrote_the_other(in_app, case):
    scope = case.invitee(1)

    def note(actor, value, field="attendance", at=FRIDAY):
        with transaction() as session:
            meeting = queries.meeting_to_write(session, case.ref)
            return service.save_field(session, actor, meeting, scope, field, value, 0, at)

    assert isinstance(note(case.writer, "by_phone", at=FRIDAY - timedelta(minutes=3)), Saved)
    clash = note(case.chair, "absent")
    assert isinstance(clash, Conflict)
    assert (clash.theirs, clash.who) == ("by_phone", "Dev Patel")
    assert clash.at == FRIDAY - timedelta(minutes=3)
    note(case.chair, "Ann Green", "attended_name")
    named = note(case.writer, "Ann Grey", "attended_name")
    assert isinstance(named, Conflict)
    assert (named.theirs, named.who) == ("Ann Green", "Helen Marsh")
    with transaction() as session:
        session.get_one(Invitee, case.invitees[1]).attended_role = "Sergeant"
    by_link = note(case.writer, "Constable", "attended_role")
    assert isinstance(by_link, Conflict)
    assert by_link.who == "Somebody else"


def test_an_answer_by_link_and_attendance_in_the_same_moment_are_both_kept(app, case, engine_name):
    if engine_name == "sqlite":
        pytest.skip("SQLite lets one in at a time")
    faults = []

    def note_attendance():
        try:
            with app.app_context(), transaction() as session:
                meeting = queries.meeting_to_write(session, case.ref)
                there = case.invitees[1]
                read.set()
                set_attendance(session, case.chair, meeting, there, Attendance.BY_PHONE, FRIDAY)
        except Exception as fault:
            faults.append(fault)

    read = threading.Event()
    with app.app_context(), transaction() as session:
        session.get_one(Invitee, case.invitees[1], with_for_update=True).answer = Answer.DIAL_IN
        session.flush()
        thread = threading.Thread(target=note_attendance)
        thread.start()
        assert read.wait(10)
        thread.join(0.5)  # it waits for this transaction
    thread.join(20)
    assert faults == []
    with app.app_context():
        kept = reading().get_one(Invitee, case.invitees[1])
        assert (kept.answer, kept.attendance) == (Answer.DIAL_IN, Attendance.BY_PHONE)
