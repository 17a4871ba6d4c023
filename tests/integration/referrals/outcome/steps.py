"""What people do with a referral that is to be decided, one function each."""

from __future__ import annotations

from app.core.clock import now
from app.core.session import reading, transaction
from app.referrals import queries as referrals
from app.referrals.letters import queries as letters
from app.referrals.outcome import service
from app.referrals.outcome.types import Ground
from app.referrals.rating import queries as ratings
from app.referrals.rating import service as rating
from app.referrals.types import (
    ConsentGiven,
    ConsentState,
    LawfulBasis,
    Rating,
    RatingStage,
)
from tests.factories.checks import (
    staff_actor,
)
from tests.factories.directory import make_settings
from tests.factories.referrals import make_referral


def refer(protocol="london", **more):
    with transaction() as session:
        referral = make_referral(session, received_at=now(), **more)
        make_settings(session, protocol)
        return referral


def decide(held, outcome, *, at=None, **more):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return service.decide(
            session, staff_actor(session), current, outcome, "Because", at or now(), **more
        )


def ground_of(decision):
    found = referrals.decisions(reading(), decision.referral_id)
    return next(one.ground for one in found if one.decision.id == decision.id)


def rate(held, colour, stage=RatingStage.BEFORE, early="", at=None):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        rating.rate(
            session, staff_actor(session), current, colour, "Why", at or now(), stage=stage,
            early_because=early,
        )  # fmt: skip


def reopen(held, reason="A new call", version=None, at=None):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        service.reopen(
            session, staff_actor(session), current, reason, at or now(), version or current.version
        )


def disagree(held, wanted=Rating.RED):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return rating.dispute(
            session, staff_actor(session), current, "Jo, health", wanted, "Worse", now()
        )


def settle(held, role, colour, *, settled, version=None):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        open_one = ratings.open_dispute(session, held.id)
        return rating.settle(
            session, staff_actor(session), [role], current, colour, "So it is", now(),
            settled=settled, version=version or open_one.version,
        )  # fmt: skip


def school_of(held):
    found = letters.recipients(reading(), referrals.by_ref(reading(), held.ref))
    return next(one for one in found if one.key.startswith("school"))


OVERRIDE = Ground(override=ConsentGiven(ConsentState.OVERRIDDEN, LawfulBasis.CRIME, "A threat"))
