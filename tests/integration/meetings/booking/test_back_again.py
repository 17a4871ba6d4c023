"""Somebody removed by mistake is invited again: nothing of the first invitation is in the way."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.session import reading, transaction
from app.meetings.booking import changes, service
from app.meetings.booking.types import ChangeOrder, Chosen, Removal
from app.meetings.models import Invitee
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, make_member, make_order, make_ready


@pytest.fixture
def booked(in_app):
    with transaction() as session:
        ready = make_ready(session)
        staff = make_member(ready.chair)
        service.book(session, staff, ready.meeting.ref, make_order(ready, people=3), SENDER, FRIDAY)
    return ready, staff


def _change(booked, **order):
    ready, staff = booked
    with transaction() as session:
        return changes.change(
            session, staff, ready.meeting.ref, ChangeOrder(**order), SENDER, FRIDAY
        )


def _rows(person):
    return list(
        reading()
        .execute(select(Invitee).where(Invitee.professional_id == person.id).order_by(Invitee.id))
        .scalars()
    )


@pytest.mark.parametrize("at_once", [False, True])
def test_who_was_removed_comes_back_with_an_invitation_of_their_own(booked, at_once):
    person = booked[0].people[0]
    [first] = _rows(person)
    removal = Removal(first.id, "Ticked the wrong line")
    again = Chosen(why="Added", professional_id=person.id)
    if at_once:
        _change(booked, removals=(removal,), additions=(again,))
    else:
        _change(booked, removals=(removal,))
        assert _change(booked, additions=(again,)).invited == 1
    gone, back = _rows(person)
    assert gone.removed_at is not None
    assert back.removed_at is None
    assert back.invitation_id not in (None, gone.invitation_id)


def test_nobody_stands_on_the_list_twice(booked):
    [there] = _rows(booked[0].people[0])
    with pytest.raises(IntegrityError), transaction() as session:
        copy = {
            column.name: getattr(there, column.name)
            for column in Invitee.__table__.columns
            if column.name not in ("id", "invitation_id", "version")
        }
        session.add(Invitee(**copy))
