"""Who is in a discussion that has begun is in it, and not free for another one (C1, C7, C11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory.models import Professional
from app.meetings.booking import diary_queries, service
from app.meetings.discussion import service as discussion
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, TEN_ON_SATURDAY, make_member, make_order, make_ready
from tests.factories.meetings import make_invitee, make_meeting

AN_HOUR = timedelta(hours=1)


def _running(*, at_once, minutes_late=0):
    """A discussion under way: its chair's and one invitee's, and another that is needed."""
    with transaction() as session:
        ready = make_ready(session)
        other = make_meeting(session, invitees=1, start=TEN_ON_SATURDAY, chair=ready.chair)
        make_invitee(session, other, person=session.get(Professional, ready.people[0].id))
        begun = TEN_ON_SATURDAY + timedelta(minutes=minutes_late)
        discussion.start(session, make_member(ready.chair).actor, other, begun)
        if at_once:
            other.starts_at = other.ends_at = None
        return ready, other.ref


def _diary(ready):
    first = TEN_ON_SATURDAY - AN_HOUR
    return diary_queries.diary(
        reading(), ready.meeting, ready.chair.id, [ready.people[0].id], first, first + 5 * AN_HOUR
    )


@pytest.mark.parametrize("at_once", [False, True])
def test_chair_and_invitees_are_taken_once_it_has_begun(in_app, at_once):
    ready, _ref = _running(at_once=at_once)
    held = _diary(ready)
    ((start, end),) = held.chair
    assert start == TEN_ON_SATURDAY
    assert end - start >= timedelta(minutes=45)
    assert held.people == {ready.people[0].name: held.chair}


def test_a_late_start_takes_as_long_as_was_planned(in_app):
    ready, ref = _running(at_once=False, minutes_late=30)
    ((start, end),) = _diary(ready).chair
    other = reading().execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
    late = timedelta(minutes=30)
    assert (start, end) == (TEN_ON_SATURDAY + late, other.ends_at + late)


@pytest.mark.parametrize("at_once", [False, True])
def test_whoever_chairs_one_now_cannot_be_booked_for_another(in_app, at_once):
    ready, ref = _running(at_once=at_once)
    soon = TEN_ON_SATURDAY + timedelta(minutes=30)
    with pytest.raises(Refused) as refused, transaction() as session:
        order = make_order(ready, start=soon)
        staff = make_member(ready.chair)
        service.book(session, staff, ready.meeting.ref, order, SENDER, FRIDAY)
    assert refused.value.field == "chair"
    assert f"chairs {ref} from 10:00 am to 10:45 am then" in refused.value.message


@pytest.mark.parametrize("at_once", [False, True])
def test_once_it_is_over_both_are_free(in_app, at_once):
    ready, ref = _running(at_once=at_once)
    with transaction() as session:
        other = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        other.state, other.ended_at = MeetingState.ENDED, TEN_ON_SATURDAY + AN_HOUR
    held = _diary(ready)
    assert (held.chair, held.people) == ((), {})


@pytest.mark.parametrize("statement", [diary_queries._ELSEWHERE, diary_queries._CHAIRED_AT])
def test_what_is_taken_is_found_by_the_indexes(in_app, engine_name, statement):
    moments = {"first": FRIDAY, "last": FRIDAY, "earliest": FRIDAY - timedelta(days=1)}
    asked = statement.params({**moments, "meeting_id": 1, "chair": 1, "people": [1, 2]})
    on_sqlite = engine_name == "sqlite"
    words = asked.compile(db.engine, compile_kwargs={"literal_binds": True})
    with db.engine.connect() as connection:
        if not on_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
        plan = str(connection.exec_driver_sql(f"{explain} {words}").all())
    assert "SCAN meeting" not in plan and "Seq Scan on meeting" not in plan, plan
    assert "SCAN invitee" not in plan and "Seq Scan on invitee" not in plan, plan
    assert "ix_meeting_under_way" in plan or "ix_meeting_chair" in plan, plan
