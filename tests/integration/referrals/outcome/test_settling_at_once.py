"""Two people settle one disagreement over a rating at once: one does (A5). On PostgreSQL, where
two transactions run at once."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.referrals import queries as referrals
from app.referrals.rating import queries as ratings
from app.referrals.rating import service as rating
from app.referrals.types import ChangedMeanwhile, Rating
from tests.at_once import at_once
from tests.factories.checks import staff_actor
from tests.integration.referrals.outcome.steps import disagree, rate, refer, settle


@pytest.fixture
def engine_name():
    return "postgresql"


def test_a_disagreement_is_settled_once(app, in_app):
    held = refer("nottinghamshire")
    rate(held, Rating.GREEN)
    disagree(held)
    settle(held, Role.TRIAGE, Rating.GREEN, settled=False)
    ref, number = held.ref, held.id
    version = ratings.open_dispute(reading(), number).version
    with transaction() as session:
        actor = staff_actor(session)
    db.session.remove()

    def settling(colour):
        def act(session):
            current = referrals.by_ref(session, ref)
            rating.settle(
                session, actor, [Role.CHAIR], current, colour, "So it is", now(), settled=True,
                version=version,
            )  # fmt: skip

        return act

    first, second = at_once(app, settling(Rating.RED), settling(Rating.AMBER))
    assert first is None and isinstance(second, ChangedMeanwhile)
    assert referrals.by_ref(reading(), ref).rating is Rating.RED
    [told] = ratings.disputes(reading(), number)
    assert [one.step.settled for one in told.steps] == [False, True]
