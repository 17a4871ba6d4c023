"""Two people do the same to one case at once: one does it, and the other is told (A10, A12). On
PostgreSQL, where two transactions run at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.referrals import queries as referrals
from app.referrals.arrivals import service as arrivals
from app.referrals.letters import service as letters
from app.referrals.outcome.types import FilterReason
from app.referrals.public.models import Arrival
from tests.at_once import at_once
from tests.factories.arrivals import make_arrival
from tests.factories.checks import SENDER, mails, staff_actor
from tests.factories.directory import make_settings


@pytest.fixture
def engine_name():
    return "postgresql"


def test_one_of_two_letters_leaves(app, told):
    ref = told.ref
    with transaction() as session:
        actor = staff_actor(session)
    db.session.remove()

    def sending(session):
        current = referrals.by_ref(session, ref)
        letters.send(session, actor, current, "referrer", "", SENDER, now(), "")

    first, second = at_once(app, sending, sending)
    assert first is None
    assert isinstance(second, Refused) and "has just sent a letter" in second.message
    assert len(mails(reading(), "outcome")) == 1


def test_a_form_is_closed_once_by_who_read_it_before(app, in_app):
    with transaction() as session:
        make_settings(session)
        ref, actor = make_arrival(session, now()).ref, staff_actor(session)
    db.session.remove()

    def closing(session):
        # As a page does, which shows what it is about to change.
        held = session.execute(select(Arrival).where(Arrival.ref == ref)).scalar_one()
        assert held.settled_at is None
        arrivals.close(session, actor, ref, FilterReason.OTHER, "We know of it already", now())

    first, second = at_once(app, closing, closing)
    assert first is None
    assert isinstance(second, Refused) and "Somebody else has dealt with" in second.message
