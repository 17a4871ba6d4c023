"""What follows for a child, and what was filed for it, goes where the child goes (A3, F8)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.core.session import db, reading, transaction
from app.meetings.after import queries as after_queries
from app.meetings.after import service as after
from app.meetings.after.models import ChildAfter
from app.meetings.models import Meeting
from app.records.filing.models import RecordFiling
from app.records.filing.queries import of_meeting
from app.records.filing.service import file as file_record
from app.records.same_child import service
from app.referrals.filing.models import ReferralFiling
from app.referrals.filing.service import file as file_referral
from app.referrals.models import Child, Referral
from app.referrals.same_child.models import ChildMatch
from app.retention.cases import case_of_meeting, facts_of, rows_of
from tests.clock import FRIDAY
from tests.factories.meetings import make_known_child
from tests.factories.records import make_ended, make_releaser, sign_as_chair

DAY = timedelta(days=1)


def places(session):
    """For which child each of them stands."""
    return tuple(
        set(session.execute(select(model.child_id)).scalars())
        for model in (ChildAfter, RecordFiling, ReferralFiling)
    )


def test_what_follows_and_what_was_filed_goes_along_and_back(in_app):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        meeting = make_ended(session, invitees=3, children=1)
        staff = make_releaser(session)
        after.follow(session, staff.actor, meeting, FRIDAY)
        other = session.get_one(Child, meeting.children[0].child_id)
        other.case_reference = "MOS-1"
        session.flush()
        sign_as_chair(session, settings, meeting, FRIDAY + DAY)
        file_record(session, staff.actor, meeting, 1, other, other.version, FRIDAY + DAY)
        referral = session.get_one(Referral, meeting.referral_id)
        file_referral(session, staff.actor, referral, other, other.version, FRIDAY + DAY)
        known = make_known_child(session, "Amara", "Okonjo")
        mine, theirs, ref = other.id, known.id, meeting.ref
    assert places(reading()) == ({mine}, {mine}, {mine})
    reading().rollback()
    with transaction() as session:
        service.link(
            session, staff.actor, session.get_one(Child, mine), session.get_one(Child, theirs),
            "The same NHS number", FRIDAY + DAY,
        )  # fmt: skip
    db.session.remove()
    session = reading()
    assert places(session) == ({theirs}, {theirs}, {theirs})
    held = session.execute(select(Meeting)).scalar_one()
    shown = after_queries.of_meeting(session, held.id)
    assert [(child.id, row.next_step is not None) for row, child in shown] == [(theirs, True)]
    rows = rows_of(session, case_of_meeting(session, ref))
    assert rows is not None and facts_of(session, rows).steps_open == 1
    assert "Filed" in of_meeting(session, held.id)[0].shown.words
    session.rollback()
    with transaction() as session:
        # What is taken over again finds the row that came along.
        after.follow(session, staff.actor, session.get_one(Meeting, held.id), FRIDAY + DAY)
    with transaction() as session:
        match = session.execute(select(ChildMatch)).scalar_one()
        service.undo(session, staff.actor, match.id, "Another NHS number", FRIDAY + 2 * DAY)
    db.session.remove()
    assert places(reading()) == ({mine}, {mine}, {mine})
    assert len(reading().execute(select(ChildAfter.id)).all()) == 1
