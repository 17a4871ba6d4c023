"""Referrals and children for tests, written straight into the tables."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.crypto import new_reference
from app.directory.models import Agency
from app.directory.types import AgencyKind
from app.referrals.models import Child, Referral, ReferralAdult, ReferralChild
from app.referrals.types import (
    Channel,
    Concern,
    ConsentState,
    DomesticAbuseRisk,
    Flag,
    LawfulBasis,
    Outcome,
    Rating,
    ReferralState,
)
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.directory import make_agency, make_settings

_numbers = itertools.count(1)
_NAMES = ("Amara", "Tomas", "Wren", "Idris", "Saoirse", "Noor")


def make_child(
    session: Session,
    given_name: str | None = None,
    family_name: str = "Testwell",
    date_of_birth: date | None = date(2019, 3, 27),
    *,
    looked_after: bool = False,
) -> Child:
    number = next(_numbers)
    child = Child(
        ref=new_reference("CH"),
        given_name=given_name or _NAMES[number % len(_NAMES)],
        family_name=family_name,
        date_of_birth=date_of_birth,
        due_date=None,
        gender="Girl",
        ethnicity="White British",
        religion=None,
        first_language="English",
        needs_interpreter=False,
        disability=None,
        looked_after=looked_after,
        address="1 Example Street, Exampleton",
        case_reference=None,
        school_typed=None,
        gp_typed=None,
        health_typed=None,
        created_at=FRIDAY,
    )
    session.add(child)
    session.flush()
    return child


def make_referral(
    session: Session,
    children: int = 2,
    *,
    received_at: datetime = FRIDAY,
    flags: tuple[Flag, ...] = (),
    concerns: tuple[Concern, ...] = (Concern.PHYSICAL_ABUSE,),
    rating: Rating | None = None,
    domestic_abuse: DomesticAbuseRisk | None = None,
    consent: ConsentState | None = ConsentState.NOT_SOUGHT,
    source: Agency | None = None,
    staff: Staff | None = None,
    decided: Outcome | None = None,
) -> Referral:
    """A referral with children of the same family; `decided` closes it with that outcome."""
    make_settings(session)
    staff = staff or session.execute(select(Staff).limit(1)).scalar_one_or_none()
    staff = staff or make_staff(session, Role.TRIAGE)
    source = source or make_agency(session, AgencyKind.EDUCATION)
    family = f"Testwell{next(_numbers)}"
    referral = Referral(
        ref=new_reference("RF"),
        state=ReferralState.DECIDED if decided else ReferralState.RECEIVED,
        received_at=received_at,
        recorded_at=received_at,
        recorded_by_id=staff.id,
        in_office_hours=True,
        channel=Channel.PHONE,
        source_agency_id=source.id,
        referrer_name="Robin Referrer",
        referrer_role="Head teacher",
        referrer_email=None,
        referrer_telephone="01632 960300",
        referrer_professional_id=None,
        concerns=[concern.value for concern in concerns],
        flags=[flag.value for flag in flags],
        narrative="A bruise was seen on the arm and explained in two different ways.",
        domestic_abuse=domestic_abuse,
        rating=rating,
        identified_at=received_at,
        need_identified_at=None,
        immediate_action_at=None,
        hospital=None,
        consent=consent,
        lawful_basis=LawfulBasis.SIGNIFICANT_HARM if consent is not None else None,
        earlier_referral_id=None,
        decision_due_at=received_at + timedelta(hours=24),
        act_by_at=received_at + timedelta(hours=24),
        outcome=decided,
        decided_at=received_at if decided else None,
        children=[
            ReferralChild(
                child=make_child(session, family_name=family, date_of_birth=date(2019, 3, 27 - n)),
                position=n,
            )
            for n in range(children)
        ],
        adults=[],
    )
    session.add(referral)
    session.flush()
    return referral


def make_adult(
    session: Session,
    referral: Referral,
    *,
    alleged_perpetrator: bool = False,
    employer: Agency | None = None,
    employer_typed: str | None = None,
    name: str = "Pat Testwell",
    parental_responsibility: bool = True,
    in_household: bool = True,
) -> ReferralAdult:
    adult = ReferralAdult(
        referral_id=referral.id,
        name=name,
        relationship_to_child="Parent",
        parental_responsibility=parental_responsibility,
        in_household=in_household,
        alleged_perpetrator=alleged_perpetrator,
        under_18=False,
        employer_id=employer.id if employer else None,
        employer_typed=employer_typed,
    )
    session.add(adult)
    session.flush()
    session.refresh(referral, ["adults"])
    return adult
