"""What an upgrade brings up to date in a database that was filled by an earlier version (I2)."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask_migrate import downgrade
from sqlalchemy import literal_column, select, update

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.queries import verify_chain
from app.audit.types import ActorKind
from app.cli.install import with_migrations
from app.core.clock import now
from app.core.database import EncryptedText
from app.core.session import db, reading
from app.meetings.after import service as after
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, MeetingState
from app.referrals.abuse.models import AbuseCase
from app.referrals.checks.service import answer
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.models import Referral
from app.referrals.outcome.service import decide, reopen
from app.referrals.types import ConsentState, DomesticAbuseRisk, Outcome
from app.retention.models import ClosedCase
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, use_protocol
from tests.factories.checks import make_check
from tests.factories.meetings import make_meeting
from tests.factories.records import make_action, write
from tests.factories.referrals import make_referral
from tests.integration.running.backing_up import restored, taken

DAY = timedelta(days=1)
HIGH = DomesticAbuseRisk.HIGH
MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations" / "versions"


@contextmanager
def migration(name):
    """One migration, to be run on the test's own database."""
    found = next(MIGRATIONS.glob(f"*_{name}.py"))
    spec = importlib.util.spec_from_file_location("migration", found)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    db.session.remove()
    with (
        db.engine.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        yield module


def installed(app) -> str:
    done = app.test_cli_runner().invoke(args=["install"])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_risk_noted_before_risks_began_cases_gets_its_case(app, change):
    with change() as session:
        waits = make_referral(session, domestic_abuse=HIGH)
        decided = make_referral(session, domestic_abuse=HIGH, decided=Outcome.NO_FURTHER_ACTION)
        without = make_referral(session)
        use_protocol(session, "derby")
        was = {one.id: one.act_by_at for one in (waits, decided, without)}
        number, author = waits.id, waits.recorded_by_id
    assert "1 domestic abuse case was begun" in installed(app)
    with app.app_context():
        [case] = reading().execute(select(AbuseCase)).scalars()
        assert (case.referral_id, case.risk) == (number, HIGH)
        assert case.entered_by_id == case.released_by_id == author
        assert case.received_at == case.entered_at == FRIDAY
        # Discussed the same day (DERBY 4.11), so the referral is due sooner than its decision.
        for one in reading().execute(select(Referral)).scalars():
            assert one.act_by_at == (case.due_at if one.id == number else was[one.id])
        assert case.due_at is not None
        assert case.due_at < was[number]
        [entry] = (
            reading()
            .execute(select(AuditEntry).where(AuditEntry.action == "abuse case entered"))
            .scalars()
        )
        assert entry.actor_kind is ActorKind.SYSTEM
        assert list(verify_chain(reading())) == []
    assert "begun" not in installed(app)


def test_the_clock_of_such_a_case_counts_since_the_referral_was_opened_again(app, change):
    later = FRIDAY + timedelta(days=30)
    with change() as session:
        actor = actor_of(session)
        referral = make_referral(session, domestic_abuse=HIGH)
        use_protocol(session, "derby")
        decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "No role.", FRIDAY)
        reopen(session, actor, referral, "The mother rang.", later, referral.version)
    installed(app)
    with app.app_context():
        [case] = reading().execute(select(AbuseCase)).scalars()
        assert case.received_at == FRIDAY
        assert case.due_at is not None
        assert later < case.due_at < later + timedelta(days=4)
        assert reading().get_one(Referral, case.referral_id).act_by_at <= case.due_at


def test_who_was_invited_to_what_is_called_off_already_counts_as_not_told(app, change):
    with change() as session:
        off = make_meeting(session, MeetingState.CANCELLED, 4)
        gone = make_meeting(session, MeetingState.CANCELLED, 1)
        stands = make_meeting(session, MeetingState.BOOKED, 1)
        off.cancelled_at = gone.cancelled_at = gone.erased_at = FRIDAY + timedelta(days=3)
        for one in [*off.invitees, *gone.invitees, *stands.invitees]:
            one.news_at = None
        removed, deputised, *left = off.invitees
        removed.removed_at = FRIDAY
        deputised.answer = Answer.DEPUTY
        expected = {one.id for one in left}
    with app.app_context():
        with migration("called_off_before_news") as found:
            found.upgrade()
        told = select(Invitee).where(Invitee.news_at.is_not(None))
        found_told = {one.id: one.news_at for one in reading().execute(told).scalars()}
        assert found_told == dict.fromkeys(expected, FRIDAY + timedelta(days=3))


def again(name):
    """Back to what stood before one migration, and up through it."""
    with migration(name) as found:
        found.downgrade()
        found.upgrade()


def test_what_sentences_told_of_invitees_stands_in_columns(app, change):
    pressed = datetime(2026, 7, 5, 11, tzinfo=UTC)
    with change() as session:
        meeting = make_meeting(session, invitees=5)
        chair, typed, there, wrong, noted = meeting.invitees
        typed.professional_id, typed.why = None, "Joined during the discussion"
        there.why = "Joined during the discussion"  # of the directory: asked to come
        wrong.removed_at = noted.removed_at = FRIDAY
        wrong.removed_reason = (
            "a@example.org was not theirs. Whatever came from there is not theirs."
        )
        noted.removed_reason = "Whatever came from there is not theirs. They rang."
        chair.earlier_answer, chair.earlier_answer_at = Answer.DECLINED, FRIDAY
        chair.answer_note = "By train\nor by bus"
        typed.earlier_answer, typed.earlier_answer_at = Answer.DIAL_IN, pressed
        there.answer_note = "On the letter of an earlier time they pressed nothing."
        numbers = [one.id for one in meeting.invitees]
    with app.app_context():
        for name in ("joined_during", "wrong_address"):
            again(name)
        with migration("earlier_answer") as found:
            found.downgrade()
        kept = select(literal_column("answer_note", EncryptedText)).select_from(Invitee.__table__)
        assert set(reading().execute(kept).scalars()) == {
            None,
            "By train\nor by bus On the letter of an earlier time they pressed “Cannot attend”, "
            "Friday 20 November 2026 at 4:45 pm: ask them.",
            "On the letter of an earlier time they pressed “Will dial in”, "
            "Sunday 5 July 2026 at midday: ask them.",
            "On the letter of an earlier time they pressed nothing.",
        }
        with migration("earlier_answer") as found:
            found.upgrade()
        chair, typed, there, wrong, noted = (reading().get_one(Invitee, one) for one in numbers)
        assert [one.joined for one in (chair, typed, there, wrong)] == [False, True, False, False]
        assert [one.wrong_address for one in (wrong, noted, there)] == [True, False, False]
        said = [(one.earlier_answer, one.earlier_answer_at) for one in (chair, typed, there)]
        assert said == [(Answer.DECLINED, FRIDAY), (Answer.DIAL_IN, pressed), (None, None)]
        assert (chair.answer_note, typed.answer_note) == ("By train\nor by bus", None)
        assert there.answer_note == "On the letter of an earlier time they pressed nothing."


def heads(app):
    with app.app_context(), db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_heads()


@pytest.mark.parametrize("revision", ["0017", "0035"])
def test_an_installation_with_rows_upgrades_and_its_pages_are_there(
    app, change, signed_in, revision
):
    with change() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, 4, chair=None)
        for child in meeting.children:
            write(session, meeting, f"child:{child.child_id}", "section_47", "started")
            write(session, meeting, f"child:{child.child_id}", "conference", "required")
        session.add(make_action(meeting, meeting.invitees[1]))
        off = make_meeting(session, MeetingState.CANCELLED, 3)
        off.cancelled_at = FRIDAY
        referral = session.get_one(Referral, meeting.referral_id)
        # A request with its children and its answer: rows that refer to a table that is rebuilt.
        check = make_check(session, referral, FRIDAY)
        given = AnswerGiven(Held.SOMETHING, "Seen in May.", "", "", AnswerVia.TELEPHONE)
        answer(session, actor_of(session), check, given, FRIDAY + DAY)
        after.follow(session, actor_of(session), meeting, FRIDAY + DAY)
        pages = [
            f"/referrals/{referral.ref}", f"/referrals/{referral.ref}/checks", "/", "/referrals/",
            *(f"/discussions/{meeting.ref}{page}" for page in ("", "/after", "/calls")),
            f"/discussions/{off.ref}",
        ]  # fmt: skip
    newest = heads(app)
    with_migrations(app)
    with app.app_context():
        db.session.remove()
        downgrade(revision=revision)
    assert heads(app) == (revision,)
    installed(app)
    assert heads(app) == newest
    browser = signed_in(Role.CHAIR)
    assert {page: browser.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
    assert "Seen in May." in browser.get(pages[1]).text
    with app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            enforced = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
            assert enforced == 1


def discussed(session, child_id=None, days=0, **said):
    """What follows one discussion of an enquiry, as it was kept before one was followed once."""
    start = FRIDAY + days * DAY
    meeting = make_meeting(session, MeetingState.ENDED, children=1, start=start, chair=None)
    child_id = child_id or meeting.children[0].child_id
    kept = {"conference_decided_later": False, "assessment_runs": False, "clocks": {}}
    row = ChildAfter(
        meeting_id=meeting.id, child_id=child_id, enquiry_runs=True,
        section47_started_at=FRIDAY, **kept | said,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return child_id


def test_enquiries_that_were_followed_twice_are_put_in_order_as_they_are_now(app, change):
    ended = {
        "enquiry_outcome": EnquiryOutcome.NO_CONTINUING_RISK, "enquiry_ended_at": FRIDAY + 2 * DAY
    }  # fmt: skip
    required = {"conference": Conference.REQUIRED, "icpc_decided_at": FRIDAY}
    held = {"icpc_held_at": FRIDAY + DAY, "icpc_outcome": ConferenceOutcome.NO_PLAN}
    with change() as session:
        plain = discussed(session, **required, icpc_referred_at=FRIDAY + DAY)
        discussed(session, plain, 7, conference=Conference.LIKELY)
        decided = discussed(session, **required, **held)
        discussed(session, decided, 7, conference=Conference.NOT_NEEDED,
                  conference_decided_later=True, conference_reason="The family moved.")  # fmt: skip
        over = discussed(session, **ended)
        discussed(session, over, 7)
        discussed(session, over, 9)
    with app.app_context():
        with migration("one_enquiry") as found:
            found.downgrade()
            found.upgrade()
        rows = list(reading().execute(select(ChildAfter).order_by(ChildAfter.id)).scalars())
    before, after = (one for one in rows if one.child_id == plain)
    assert (before.carries, after.carries) == (False, True)
    assert (after.conference, after.icpc_referred_at) == (Conference.REQUIRED, FRIDAY + DAY)
    # None was needed: that was decided after the discussion, and stands.
    before, after = (one for one in rows if one.child_id == decided)
    assert (before.carries, after.carries) == (False, True)
    assert (after.conference, after.icpc_held_at) == (Conference.NOT_NEEDED, None)
    # One that had ended before was not continued.
    first, second, third = (one for one in rows if one.child_id == over)
    assert [first.carries, second.carries, third.carries] == [True, False, True]
    assert second.enquiry_outcome is third.enquiry_outcome is None
    assert second.from_others == third.from_others == ["section47_started_at"]


def test_assessments_of_before_are_counted_by_the_protocol_and_closed_cases_stay_empty(app, change):
    """F8, I2: 45 working days know bank holidays; what is archived is no work."""
    long_ago, recently = now() - 400 * DAY, now() - 5 * DAY
    with change() as session:
        numbers = []
        for received in (long_ago, long_ago, recently, long_ago):
            referral = make_referral(session, 1, received_at=received, consent=ConsentState.GIVEN)
            use_protocol(session, "london")
            decide(session, actor_of(session), referral, Outcome.SECTION_17, "Agreed", received)
            numbers.append(referral.id)
        over, archived, _, since = numbers
        counted = {one: session.get_one(Referral, one).assessment_due_at for one in numbers}
        session.add(
            ClosedCase(
                referral_id=archived, ref=session.get_one(Referral, archived).ref, rule={},
                closed_at=recently, keep_until=now() + 900 * DAY,
            )
        )  # fmt: skip
        advice = make_referral(session, 1, received_at=long_ago)
        decide(session, actor_of(session), advice, Outcome.ADVICE, "Agreed", long_ago)
    with app.app_context():
        with migration("assessment_past") as found:
            found.downgrade()
        again("assessment_due")
        # Decided since the first of the two: its limit is the protocol's, and stays.
        with db.engine.begin() as connection:
            kept = update(Referral.__table__).where(Referral.__table__.c.id == since)
            connection.execute(kept.values(assessment_due_at=counted[since]))
        with migration("assessment_past") as found:
            found.upgrade()
    assert "2 section 17 assessments were counted by the protocol." in installed(app)
    with app.app_context():
        rows = {one.id: one for one in reading().execute(select(Referral)).scalars()}
        dues = {one: rows[one].assessment_due_at for one in numbers}
        assert dues == counted | {archived: None}
        assert rows[advice.id].assessment_due_at is None
        assert [one for one in rows if rows[one].assessment_past] == [over]
    assert "counted by the protocol" not in installed(app)


def test_until_when_the_need_of_a_cancelled_discussion_stood(app, change):
    """The one in its place was decided two days later by newer information, or runs on."""
    later, expected = FRIDAY + 2 * DAY, {}
    with change() as session:
        runs_on, own, otherwise, opened, unneeded, open_case = (
            make_meeting(session, MeetingState.CANCELLED, children=1) for _ in range(6)
        )
        for one in (runs_on, own, otherwise, opened, unneeded, open_case):
            referral = session.get_one(Referral, one.referral_id)
            one.cancelled_at, one.replaced_at = FRIDAY + DAY / 4, later + DAY
            if one is otherwise or one is opened:
                actor = actor_of(session)
                decide(session, actor, referral, Outcome.ADVICE, "Spoken to.", FRIDAY + DAY)
            if one is opened:
                at = FRIDAY + DAY / 2
                reopen(session, actor, referral, "The school rang.", at, referral.version)
            if one is unneeded:
                one.not_needed_at = FRIDAY + DAY / 3
            at = FRIDAY if one is runs_on else later
            after = make_meeting(session, MeetingState.NEEDED, at=at, referral=referral)
            after.created_at = later + DAY
            if one is open_case:
                one.referral_id = after.referral_id = None
        session.flush()
        expected = {
            runs_on.id: None,
            own.id: later,
            otherwise.id: FRIDAY + DAY,
            opened.id: FRIDAY + DAY / 2,
            unneeded.id: FRIDAY + DAY / 3,
            open_case.id: later,
        }
    with app.app_context():
        again("need_until")
        held = select(Meeting.id, Meeting.need_until).where(Meeting.state == MeetingState.CANCELLED)
        assert dict(tuple(row) for row in reading().execute(held)) == expected


@pytest.mark.parametrize("revision", ["0030", "0056"])
def test_a_backup_of_an_earlier_version_is_restored_and_brought_up_to_date(
    app, change, empty_url, app_on, tmp_path, monkeypatch, revision
):
    """H5, I2: a machine that burned is replaced by one with the newest version."""
    with change() as session:
        referral = make_referral(session, domestic_abuse=HIGH)
        use_protocol(session, "derby")
        assessed = make_referral(session, 1, consent=ConsentState.GIVEN, received_at=FRIDAY)
        decide(session, actor_of(session), assessed, Outcome.SECTION_17, "Agreed", FRIDAY)
        number, children = referral.id, len(referral.children)
    newest = heads(app)
    with_migrations(app)
    with app.app_context():
        db.session.remove()
        downgrade(revision=revision)
    # As the version of that time wrote it, whose council had other columns.
    monkeypatch.setattr("app.cli.backups.taking.protocol_of", lambda session: "derby")
    taken(app, tmp_path / "old.backup")
    again = app_on(empty_url())
    said = restored(again, tmp_path / "old.backup").output
    assert "migrations were run" in said
    assert "1 domestic abuse case was begun" in said
    assert "1 section 17 assessment was counted" in said
    assert heads(again) == newest
    with again.app_context():
        session = reading()
        assert len(session.get_one(Referral, number).children) == children
        assert list(verify_chain(session)) == []
