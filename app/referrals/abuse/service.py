"""What people do with a domestic abuse case: enter, correct, assess, release, close."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.core.clock import london_date
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.referrals.abuse import rules
from app.referrals.abuse.begun import (
    counts_from,
    entered,
    nothing_yet,
    set_clock,
    set_risk,
    subject_of,
    tell_referral,
)
from app.referrals.abuse.models import AbuseCase, AbusePerson
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    PersonGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
from app.referrals.acting import staff_id, taken_first
from app.referrals.models import Referral
from app.referrals.rules import check
from app.referrals.service import enter_referral
from app.referrals.types import (
    AdultGiven,
    ChangedMeanwhile,
    Channel,
    ChildGiven,
    Concern,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Intake,
    LawfulBasis,
)


def enter_case(session: Session, actor: Actor, given: CaseGiven, now: datetime) -> AbuseCase:
    """Enter an incident for the list alone: no child of it is known anywhere else (A8; IMAP 5).

    Moments are aware. Raises Refused by the form's field.
    """
    check(rules.case_problems(given, now))
    risk, source_id = _required(session, given)
    case = AbuseCase(
        ref=new_reference("DA"),
        referral_id=None,
        received_at=given.received_at,
        entered_at=now,
        entered_by_id=staff_id(actor),
        source_agency_id=source_id,
        incident=given.incident or None,
        account=given.account,
        address=given.address or None,
        **nothing_yet(session, given.received_at, risk),
        people=_people(given),
    )
    return entered(session, actor, case, now)


def change_case(
    session: Session,
    actor: Actor,
    case: AbuseCase,
    given: CaseGiven,
    now: datetime,
    version: int | None = None,
) -> None:
    """Correct what was reported. After release the referral is corrected on its own pages.

    Raises Refused by the field, ChangedMeanwhile where somebody changed the case first.
    """
    _unchanged(case, version)
    check(rules.case_problems(given, now))
    risk, source_id = _required(session, given)
    if case.referral_id is not None:
        raise Refused("account", "This is a referral by now: correct it there")
    opened_again = counts_from(case) != case.received_at
    case.received_at, case.source_agency_id = given.received_at, source_id
    case.incident, case.address = given.incident or None, given.address or None
    case.account, case.people = given.account, _people(given)
    if opened_again or (case.closed_at is not None and risk is not case.risk):
        set_risk(session, actor, case, risk, now)
    else:
        set_clock(session, case, given.received_at, risk)
    session.flush()
    record(
        session, actor, "abuse case corrected", subject_of(case), now,
        {"risk": risk.value, "people": len(case.people)},
    )  # fmt: skip


def assess(
    session: Session,
    actor: Actor,
    case: AbuseCase,
    given: AssessmentGiven,
    now: datetime,
    version: int | None = None,
) -> None:
    """Record risk, DASH score, adviser and the referral on to the MARAC (A8; HO2014).

    A changed risk sets the clock anew, from the same start; a graver one opens a case again that
    has its outcome, from now. Raises Refused by the field,
    ChangedMeanwhile where somebody changed the case first.
    """
    if case.referral_id is not None:
        taken_first(session, case.referral_id)
    _unchanged(case, version)
    check(rules.assessment_problems(given, london_date(now)))
    before = case.risk
    if given.risk is not None and given.risk is not before:
        if not given.risk_reason:
            raise Refused("risk_reason", "Give the reason for the other risk")
        set_risk(session, actor, case, given.risk, now)
        if case.referral_id is not None:
            tell_referral(session, case)
    case.risk_reason = given.risk_reason or None
    case.dash_score, case.dash_by = given.dash_score, given.dash_by or None
    case.idva, case.idva_note = given.idva, given.idva_note or None
    case.marac_on, case.marac_note = given.marac_on, given.marac_note or None
    session.flush()
    record(
        session, actor, "abuse case assessed", subject_of(case), now,
        {
            "risk": case.risk.value,
            "before": before.value,
            "dash_score": case.dash_score,
            "idva": case.idva.value if case.idva else None,
            "marac_on": case.marac_on.isoformat() if case.marac_on else None,
        },
    )  # fmt: skip


def release(
    session: Session,
    actor: Actor,
    case: AbuseCase,
    given: ReleaseGiven,
    now: datetime,
    said: str = "",
    version: int | None = None,
) -> Referral | None:
    """Record consent or a safeguarding concern: from now on it is a referral like any other
    (IMAP 2, 5). The referral is received now, since now the contact is raised; `said` is what was
    shared at the list. None where consent is about adults alone: then there is no referral.

    Raises Refused by the field, ChangedMeanwhile where somebody changed the case first.
    """
    _unchanged(case, version)
    if case.referral_id is not None:
        raise Refused("release", "It is a referral already: record consent there")
    children = [one for one in case.people if one.kind is PersonKind.CHILD]
    rules.check_release(given, has_child=bool(children))
    case.release, case.release_reason = given.kind, given.reason
    case.released_at, case.released_by_id = now, staff_id(actor)
    referral = None
    if children:
        intake = _intake(case, children, given, said, now)
        referral = enter_referral(session, actor, intake, now, of_abuse_case=True)
        case.referral_id = referral.id
    session.flush()
    record(
        session, actor, "abuse case released", subject_of(case), now,
        {"release": given.kind.value, "referral": referral.ref if referral else None},
    )  # fmt: skip
    return referral


def _required(session: Session, given: CaseGiven) -> tuple[DomesticAbuseRisk, int]:
    agency = directory.agency(session, given.source_agency_id or 0)
    if agency is None or given.risk is None:
        raise Refused("source_agency_id", "Choose the agency that reported it")
    return given.risk, agency.id


def _people(given: CaseGiven) -> list[AbusePerson]:
    return [
        AbusePerson(
            position=place,
            kind=one.kind,
            given_name=one.given_name,
            family_name=one.family_name,
            date_of_birth=one.date_of_birth,
            due_date=one.due_date,
        )
        for place, one in enumerate(given.people)
    ]


def _intake(
    case: AbuseCase, children: list[AbusePerson], given: ReleaseGiven, said: str, now: datetime
) -> Intake:
    return Intake(
        received_at=now,
        channel=Channel.POLICE_NOTIFICATION,
        children=tuple(
            ChildGiven(
                given_name=one.given_name,
                family_name=one.family_name,
                date_of_birth=one.date_of_birth,
                due_date=one.due_date,
                address=case.address or "",
                same_as=given.same_as.get(place),
            )
            for place, one in enumerate(children)
        ),
        source_agency_id=case.source_agency_id,
        concerns=(Concern.DOMESTIC_ABUSE,),
        narrative="\n\n".join(words for words in (case.account, said, given.reason) if words),
        domestic_abuse=case.risk,
        consent=_consent(given),
        adults=tuple(
            AdultGiven(
                name=_name(one),
                relationship_to_child=one.kind.label,
                alleged_perpetrator=one.kind is PersonKind.PERPETRATOR,
            )
            for one in case.people
            if one.kind is not PersonKind.CHILD
        ),
    )


def _consent(given: ReleaseGiven) -> ConsentGiven:
    if given.kind is Release.CONSENT:
        return ConsentGiven(
            ConsentState.GIVEN, family_told=True, family_told_note=given.reason[:500]
        )
    return ConsentGiven(ConsentState.OVERRIDDEN, LawfulBasis.SIGNIFICANT_HARM, given.reason)


def _name(one: AbusePerson) -> str:
    return PersonGiven(one.kind, one.given_name, one.family_name).name or "Name not known"


def _unchanged(case: AbuseCase, version: int | None) -> None:
    if version is not None and version != case.version:
        raise ChangedMeanwhile
