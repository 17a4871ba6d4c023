"""What an installation held before `0028_keeping` is brought to what is written now (H8)."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import delete, select, update

from app.core.session import db, transaction
from app.meetings.models import Meeting
from app.referrals.models import Referral
from app.referrals.same_child import service as same_child
from app.retention import cases, service
from app.retention.erasing import CLEARED
from app.retention.models import HeldChild
from app.retention.types import CaseKey, CaseKind
from tests.clock import FRIDAY
from tests.factories.meetings import make_case, make_council, make_known_child, make_meeting
from tests.factories.records import make_releaser

STEPS = Path(__file__).resolve().parents[3] / "migrations" / "versions" / "0028_keeping.py"


@pytest.fixture
def step(in_app):
    """Runs one step of the migration on the database of the test."""
    named = runpy.run_path(str(STEPS))

    def run(name):
        with (
            db.engine.begin() as connection,
            Operations.context(MigrationContext.configure(connection)),
        ):
            named[name]()

    return run


def test_what_was_deleted_before_says_no_more_than_what_is_deleted_now(step):
    with transaction() as session:
        erased, kept = (make_meeting(session, invitees=2) for _ in range(2))
        referral = session.get_one(Referral, erased.referral_id)
        referral.referrer_professional_id = erased.invitees[1].professional_id
        session.execute(update(Referral).where(Referral.id == referral.id).values(erased_at=FRIDAY))
        session.execute(update(Meeting).where(Meeting.id == erased.id).values(erased_at=FRIDAY))
        ids = referral.id, erased.id, kept.id
    step("clear_what_was_deleted")
    with transaction() as session:
        session.expire_all()
        referral, erased, kept = (
            session.get_one(table, one)
            for table, one in zip((Referral, Meeting, Meeting), ids, strict=True)
        )
        for row in (referral, erased, *erased.invitees):
            for column, value in CLEARED[row.__tablename__].items():
                assert getattr(row, column) == value, f"{row.__tablename__}.{column}"
        assert kept.line_id and all(one.agency_name for one in kept.invitees)


def test_a_hold_from_before_keeps_the_records_found_to_be_the_childs(step):
    with transaction() as session:
        make_council(session)
        chair = make_releaser(session).actor
        referral = make_case(session, children=1)
        mine = referral.children[0].child
        other, stranger = (make_known_child(session, name, "Fernsby") for name in ("Wren", "Ro"))
        same_child.link(session, chair, other, mine, "The same NHS number", FRIDAY)
        match = same_child.link(session, chair, stranger, mine, "The same name", FRIDAY)
        same_child.undo(session, chair, match.id, "Another birthday", FRIDAY)
        key = CaseKey(CaseKind.REFERRAL, referral.ref)
        service.hold(session, chair, key, "The court asked.", FRIDAY)
        held = {mine.id, other.id}
        # As the migration found them: the children of the case alone.
        session.execute(delete(HeldChild).where(HeldChild.child_id != mine.id))
        assert cases.rows_of(session, key).children == [mine.id]
    for _ in range(2):
        step("hold_linked_records")
        with transaction() as session:
            assert set(session.execute(select(HeldChild.child_id)).scalars()) == held
