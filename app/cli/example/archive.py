"""What of the example week is closed already: a few referrals that came to nothing more, one that
was none (A12), and one of years ago whose time is over (H8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.cli.example.area import Area
from app.core.clock import london_date
from app.core.refusal import Refused
from app.directory.types import AgencyKind
from app.referrals.models import Referral
from app.referrals.outcome.rules import FILTERED_AS
from app.referrals.outcome.types import FilterReason, Ground
from app.referrals.service import decide, enter_referral
from app.referrals.types import (
    Channel,
    ChildGiven,
    Concern,
    ConsentGiven,
    ConsentState,
    Intake,
    Outcome,
)
from app.retention import service
from app.retention.rules import ARCHIVE_AFTER
from app.retention.types import CaseKey, CaseKind

CLOSED = 5
# Six years from the closing, which came ninety days later, are over by some weeks.
YEARS_AGO = timedelta(days=6 * 366 + 120)
_DONE = (
    select(Referral.ref)
    .where(Referral.outcome.in_((Outcome.NO_FURTHER_ACTION, Outcome.ADVICE)))
    .order_by(Referral.decided_at, Referral.id)
    .limit(CLOSED)
)


def fill_archive(session: Session, area: Area, now: datetime) -> None:
    """The chair closes the first that are done, and holds one of them for a complaint."""
    chair = area.actor(Role.CHAIR)
    closed = []
    for ref in session.execute(_DONE).scalars().all():
        key = CaseKey(CaseKind.REFERRAL, ref)
        try:
            service.close(session, chair, key, now - timedelta(hours=3))
        except Refused:
            continue  # an agency has not answered yet
        closed.append(key)
    if closed:
        words = "The father has complained; everything is kept until the ombudsman has decided."
        service.hold(session, chair, closed[0], words, now - timedelta(hours=2))
    _was_none(session, area, now - timedelta(days=3, hours=1))
    _long_ago(session, area, now)


def _was_none(session: Session, area: Area, at: datetime) -> None:
    """A call that was taken in, and was a request for information."""
    referral = _came_in(
        session, area, at, ("Imogen", "Tarrant", 4_100), Concern.OTHER,
        "Imogen joined the school this week. It asks whether she was known at her last "
        "address; nobody there is worried about her.",
    )  # fmt: skip
    words = "No concern was told. The school was given the number of the records team."
    ground = Ground(filtered=FilterReason.INFORMATION_REQUEST)
    decided_at = at + timedelta(minutes=40)
    actor = area.actor(Role.TRIAGE)
    decide(session, actor, referral, FILTERED_AS, words, decided_at, ground=ground)


def _long_ago(session: Session, area: Area, now: datetime) -> None:
    """A referral that came to advice so long ago that somebody has to review it."""
    at = now - YEARS_AGO
    referral = _came_in(
        session, area, at, ("Rosalind", "Pettifer", 3_300), Concern.NEGLECT,
        "Rosalind came to school without a coat three times. Her mother has been spoken "
        "to and has found one; the school asks whether anything more is needed.",
    )  # fmt: skip
    words = "Advice was given to the school. Nothing suggests harm."
    actor, decided_at = area.actor(Role.TRIAGE), at + timedelta(hours=3)
    decide(session, actor, referral, Outcome.ADVICE, words, decided_at)
    service.close(session, SYSTEM, CaseKey(CaseKind.REFERRAL, referral.ref), at + ARCHIVE_AFTER)


def _came_in(
    session: Session,
    area: Area,
    at: datetime,
    child: tuple[str, str, int],
    concern: Concern,
    narrative: str,
) -> Referral:
    """A school telephoned about this child: given name, family name, days of age."""
    school = next(one for one in area.professionals if one.agency.kind is AgencyKind.EDUCATION)
    given, family, age = child
    intake = Intake(
        received_at=at,
        channel=Channel.PHONE,
        children=(ChildGiven(given, family, london_date(at - timedelta(days=age))),),
        source_agency_id=school.agency_id,
        referrer_name=school.name,
        referrer_role=school.title,
        concerns=(concern,),
        narrative=narrative,
        consent=ConsentGiven(ConsentState.GIVEN, family_told=True),
    )
    return enter_referral(session, area.actor(Role.TRIAGE), intake, at)
