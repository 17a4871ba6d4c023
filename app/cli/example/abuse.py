"""Domestic abuse cases of the example area: what the police told of, and what came of it (A8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.cli.example.area import Area
from app.core.clock import london_date
from app.directory.types import ProfessionalRole
from app.referrals.abuse import service as abuse
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    Idva,
    PersonGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
from app.referrals.lists import queries, service
from app.referrals.lists.types import Said
from app.referrals.types import DomesticAbuseRisk, Outcome


@dataclass(frozen=True, slots=True)
class _Incident:
    """`hours` before the first start; the adults, then the children with their ages."""

    hours: float
    risk: DomesticAbuseRisk
    words: str
    harmed: str
    other: str
    children: tuple[tuple[str, int], ...]
    dash: int | None = None


_HIGH, _MEDIUM, _STANDARD = DomesticAbuseRisk
_INCIDENTS = (
    _Incident(3, _HIGH, "A 999 call from the bathroom. Marks to the neck; she says he will kill "
              "her if she leaves. He was arrested.", "Petra Winstanley", "Dale Winstanley",
              (("Freya", 6), ("Arlo", 3)), 17),
    _Incident(20, _MEDIUM, "Pushed during an argument about money, third call in six months. Her "
              "daughter was awake upstairs.", "Shauna Ockwell", "Ryan Pell",
              (("Tilly", 9),), 11),
    _Incident(27, _STANDARD, "Shouting heard by a neighbour. Both said it was an argument about "
              "the car; no injury.", "Marek Dolny", "Ewa Dolny", (("Zofia", 4),), 3),
    _Incident(31, _STANDARD, "A former partner came to the door against an agreement and left when "
              "asked.", "Josephine Tarrant", "Neil Abery", (), 5),
    _Incident(52, _MEDIUM, "A telephone was smashed in front of the children. She has asked for "
              "advice about the tenancy.", "Bisi Adewole", "Kola Adewole",
              (("Temi", 7), ("Ayo", 5)), 10),
)  # fmt: skip
_TOOK_PART = (
    "Detective Sergeant, public protection unit\n"
    "Duty manager, children's social care\n"
    "Named nurse, school health"
)


def fill_abuse(session: Session, area: Area, now: datetime) -> None:
    """A few incidents of the last days: one was discussed, the others wait."""
    actor = area.actor(Role.TRIAGE)
    police = next(one for one in area.professionals if one.role is ProfessionalRole.POLICE_OFFICER)
    cases = []
    for number, one in enumerate(_INCIDENTS):
        at = now - timedelta(hours=one.hours)
        case = abuse.enter_case(session, actor, _given(one, police.agency_id, number, at), at)
        given = AssessmentGiven(risk=one.risk, dash_score=one.dash, dash_by="Attending officer")
        abuse.assess(session, actor, case, given, at + timedelta(minutes=10))
        cases.append(case)
    helped_at = now - timedelta(hours=2)  # which may be yesterday
    helped = AssessmentGiven(
        risk=_HIGH,
        dash_score=17,
        dash_by="Attending officer",
        idva=Idva.OFFERED,
        idva_note="Message left at the number she gave as safe",
        marac_on=london_date(helped_at),
        marac_note="Strangulation, threat to kill",
    )
    abuse.assess(session, actor, cases[0], helped, helped_at)
    _discuss(
        session, area, now - timedelta(hours=26), cases[4],
        Said(
            "School: both children are settled and talk about home. Health: nothing held.",
            Outcome.TARGETED_SUPPORT,
            "She asks for help with the tenancy and for the children.",
            release=ReleaseGiven(Release.CONSENT, "Bisi Adewole agreed by telephone."),
        ),
    )  # fmt: skip


def _discuss(session: Session, area: Area, at: datetime, case: AbuseCase, said: Said) -> None:
    actor = area.actor(Role.CHAIR)
    sitting = service.open_discussion(session, actor, case, at)
    entry = queries.entry(session, sitting.id, 1)
    if entry is None:
        raise LookupError("a discussion has its case")
    service.keep_said(session, actor, sitting, entry, said, at + timedelta(minutes=9))
    service.end_list(session, actor, sitting, _TOOK_PART, at + timedelta(minutes=10))


def _given(one: _Incident, agency_id: int, number: int, at: datetime) -> CaseGiven:
    adults = ((PersonKind.HARMED, one.harmed), (PersonKind.PERPETRATOR, one.other))
    family = one.harmed.split()[-1]
    return CaseGiven(
        received_at=at - timedelta(minutes=20),
        risk=one.risk,
        account=one.words,
        source_agency_id=agency_id,
        incident=f"26/{4410 + 37 * number}",
        address=f"{11 + 6 * number} Harbour Walk, Millbrook",
        people=(
            *(PersonGiven(kind, name.split()[0], name.split()[-1]) for kind, name in adults),
            *(
                PersonGiven(PersonKind.CHILD, given, family, _born(years, number, at))
                for given, years in one.children
            ),
        ),
    )


def _born(years: int, number: int, at: datetime) -> date:
    return london_date(at) - timedelta(days=365 * years + 41 * number + 17)
