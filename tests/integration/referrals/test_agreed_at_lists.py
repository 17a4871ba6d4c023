"""What a list or meeting agreed reaches whoever decides on the referral (A8, C10, G1; IMAP 5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import transaction
from app.referrals.abuse import queries as cases
from app.referrals.lists import queries, service
from app.referrals.lists.types import Said
from app.referrals.outcome.queries import reopenings
from app.referrals.outcome.service import decide
from app.referrals.types import CHILD_PROTECTION, Outcome, Rating
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, make_list, use_protocol
from tests.factories.referrals import make_referral
from tests.integration.referrals.test_abuse_of_referrals import MEDIUM, entered

AREA = "north-lincolnshire"
WORDS = "Third call in a month."


def agreed(session, sitting, outcome, at):
    entry = queries.entry(session, sitting.id, 1)
    given = Said("She was strangled.", outcome, WORDS)
    service.keep_said(session, actor_of(session), sitting, entry, given, at)


def on_list(session, at=FRIDAY):
    referral = entered(session, MEDIUM, protocol=AREA, at=at, consent=CHILD_PROTECTION)
    return referral, make_list(session, at)


@pytest.mark.parametrize("outcome", [Outcome.STRATEGY_DISCUSSION, Outcome.SECTION_17])
def test_what_raises_a_referral_opens_one_again_that_was_decided_otherwise(in_app, outcome):
    with transaction() as session:
        referral, sitting = on_list(session)
        decide(session, actor_of(session), referral, Outcome.NO_FURTHER_ACTION, "No.", FRIDAY)
        later = FRIDAY + timedelta(days=1)
        agreed(session, sitting, outcome, later)
        assert (referral.outcome, referral.decided_at) == (None, None)
        assert referral.decision_due_at == later + timedelta(hours=24)
        (one,) = reopenings(session, referral.id)
        assert outcome.label in one.reopening.reason and WORDS in one.reopening.reason
        assert sitting.name in one.reopening.reason
        case = cases.of_referral(session, referral.id)
        assert case.outcome is outcome  # the list's own outcome stands
        told = select(AuditEntry.id).where(AuditEntry.action == "referral reopened")
        assert session.execute(told).scalar_one()


def test_it_is_opened_again_once_for_one_outcome(in_app):
    """Who decides it then has read what was agreed; more words on it change nothing."""
    with transaction() as session:
        referral, sitting = on_list(session)
        decide(session, actor_of(session), referral, Outcome.NO_FURTHER_ACTION, "No.", FRIDAY)
        agreed(session, sitting, Outcome.SECTION_17, FRIDAY)
        decide(session, actor_of(session), referral, Outcome.ADVICE, "Known to them.", FRIDAY)
        agreed(session, sitting, Outcome.SECTION_17, FRIDAY)
        assert referral.outcome is Outcome.ADVICE


@pytest.mark.parametrize("held", [Outcome.SECTION_17, Outcome.STRATEGY_DISCUSSION])
def test_a_referral_decided_so_already_stays_decided(in_app, held):
    with transaction() as session:
        referral, sitting = on_list(session)
        decide(session, actor_of(session), referral, held, "Harm.", FRIDAY)
        agreed(session, sitting, Outcome.SECTION_17, FRIDAY)
        assert referral.outcome is held


def test_a_meeting_on_the_referral_itself_opens_it_again_too(in_app):
    with transaction() as session:
        referral = make_referral(
            session, 1, received_at=FRIDAY, rating=Rating.RED, consent=CHILD_PROTECTION.state
        )
        referral.lawful_basis = CHILD_PROTECTION.lawful_basis
        use_protocol(session, "sandwell")
        sitting = service.open_meeting(session, actor_of(session), referral, FRIDAY)
        decide(session, actor_of(session), referral, Outcome.NO_FURTHER_ACTION, "No.", FRIDAY)
        agreed(session, sitting, Outcome.SECTION_17, FRIDAY)
        assert referral.outcome is None


def test_pages_of_the_referral_tell_what_the_list_agreed(app, change, signed_in):
    with change() as session:
        at = now() - timedelta(hours=2)
        referral, sitting = on_list(session, at)
        agreed(session, sitting, Outcome.SECTION_17, at)
        path = f"/referrals/{referral.ref}"
        case = f"/domestic-abuse/{cases.of_referral(session, referral.id).ref}"
    triage = signed_in(Role.TRIAGE)
    for page in (path, f"{path}/decision", f"{path}/no-referral"):
        text = triage.get(page).text
        assert WORDS in text and "She was strangled." in text, page
        assert sitting.name in text and Outcome.SECTION_17.label in text, page
        assert f'href="{case}"' in text, page
