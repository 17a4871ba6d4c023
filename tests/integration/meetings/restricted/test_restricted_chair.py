"""Whoever is put in the chair of a restricted case may open what they chair (H2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import db, reading, transaction
from app.meetings.booking import changes, service
from app.meetings.booking.types import ChangeOrder
from app.meetings.models import Meeting
from app.meetings.restricted.models import CaseRestriction, RestrictionReader
from app.outbox.models import OutboxMessage
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member, make_order, make_ready

KEEPER, LATE, CHANGED = "Helen Marsh", "Late Chair", "Who may see case"


@pytest.fixture(params=["referral", "open case"])
def case(in_app, request):
    """A restricted case whose discussion is needed: its order, its keeper who may see it alone."""
    with transaction() as session:
        ready = make_ready(session)
        meeting = session.get_one(Meeting, ready.meeting.id)
        keeper = make_staff(session, Role.CHAIR, name=KEEPER)
        late = make_staff(session, Role.CHAIR, name=LATE)
        if request.param == "open case":
            meeting.referral_id = None
        held = CaseRestriction(
            referral_id=meeting.referral_id,
            meeting_id=meeting.id if meeting.referral_id is None else None,
            reason="A colleague's", set_by_id=keeper.id, set_at=FRIDAY, lifted_at=None,
            lift_reason=None,
        )  # fmt: skip
        session.add(held)
        session.flush()
        session.add(RestrictionReader(restriction_id=held.id, staff_id=keeper.id))
        return meeting.ref, make_member(keeper), late.id, make_order(ready, people=2)


def readers():
    db.session.remove()
    names = select(Staff.name).join(RestrictionReader, RestrictionReader.staff_id == Staff.id)
    return sorted(reading().execute(names).scalars())


def told():
    subject = OutboxMessage.subject.startswith(CHANGED)
    rows = select(OutboxMessage.recipient).where(subject).order_by(OutboxMessage.id)
    return list(reading().execute(rows).scalars())


def book(member, case):
    with transaction() as session:
        service.book(session, member, case[0], case[3], SENDER, FRIDAY)


def hand_over(member, case):
    with transaction() as session:
        changes.change(session, member, case[0], ChangeOrder(chair_id=case[2]), SENDER, FRIDAY)


def test_each_chair_becomes_a_reader_and_readers_are_told(case):
    _ref, keeper, late, order = case
    book(keeper, case)
    with transaction() as session:
        first, last = session.get_one(Staff, order.chair_id), session.get_one(Staff, late)
        names, emails = (first.name, last.name), (first.email, last.email)
    assert readers() == sorted([KEEPER, names[0]])
    hand_over(keeper, case)
    assert readers() == sorted([KEEPER, *names])
    assert sorted(told()) == sorted([emails[0], *emails])
    noted = select(AuditEntry.details).where(AuditEntry.action == "restriction changed")
    assert [one["chairs"] for one in reading().execute(noted).scalars()] == [order.chair_id, late]


def test_whoever_broke_the_glass_makes_nobody_a_reader(case):
    with transaction() as session:
        stranger = make_member(make_staff(session, Role.CHAIR, name="A Stranger"))
    book(stranger, case)
    hand_over(stranger, case)
    assert readers() == [KEEPER]
    assert told() == []
