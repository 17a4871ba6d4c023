"""Asking agencies about a referral, and writing down what they say."""

from __future__ import annotations

from app.core.clock import now
from app.core.session import transaction
from app.referrals import queries as referrals
from app.referrals.checks import service
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import AnswerGiven, AnswerVia
from tests.factories.checks import SENDER, staff_actor
from tests.factories.directory import make_professional


def ask(held, *people, **more):
    """These people are asked about the referral, now or `at`."""
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return service.ask(
            session, staff_actor(session), current, [one.id for one in people],
            "What do you hold?", SENDER, more.pop("at", None) or now(), **more,
        )  # fmt: skip


def people(count=2, **more):
    """People of the directory, each of an agency of their own."""
    with transaction() as session:
        return [make_professional(session, **more) for _ in range(count)]


def answer(check, held, words="", at=None, via=AnswerVia.TELEPHONE):
    """What an agency said, written down by staff."""
    with transaction() as session:
        current = session.get_one(AgencyCheck, check.id)
        given = AnswerGiven(held, words, "Pat Answerer", "Nurse", via)
        service.answer(session, staff_actor(session), current, given, at or now())
