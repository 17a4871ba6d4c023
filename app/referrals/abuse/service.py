"""What people do with a domestic abuse case: enter, correct, assess, release, close."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.clock import london_date
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.protocols.exchange import snapshot
from app.protocols.registry import active
from app.protocols.types import Due
from app.referrals.abuse import queries, rules
from app.referrals.abuse.models import AbuseCase, AbusePerson
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    PersonGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
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
    Outcome,
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
        entered_by_id=_staff_id(actor),
        source_agency_id=source_id,
        incident=given.incident or None,
        account=given.account,
        address=given.address or None,
        **_nothing_yet(session, given.received_at, risk),
        people=_people(given),
    )
    return _entered(session, actor, case, now)


def case_of_referral(
    session: Session, actor: Actor, referral: Referral, now: datetime
) -> AbuseCase:
    """The domestic abuse case of a referral, begun where there is none yet (DERBY 4.11).

    A referral is no list's alone: the case counts as released by the concern that raised it.
    Raises Refused where the referral has no domestic abuse risk.
    """
    held = queries.of_referral(session, referral.id)
    if held is not None:
        return held
    if referral.domestic_abuse is None:
        raise Refused("domestic_abuse", "Record the domestic abuse risk on the referral first")
    case = AbuseCase(
        ref=new_reference("DA"),
        referral_id=referral.id,
        received_at=referral.received_at,
        entered_at=now,
        entered_by_id=_staff_id(actor),
        source_agency_id=referral.source_agency_id,
        incident=None,
        account=referral.narrative,
        address=None,
        **_nothing_yet(session, referral.received_at, referral.domestic_abuse),
        people=[],
    )
    case.release, case.released_at = Release.CONCERN, now
    case.released_by_id = _staff_id(actor)
    case.release_reason = f"It came in as referral {referral.ref}."
    return _entered(session, actor, case, now)


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
    if case.release is not None:
        raise Refused("account", "This is a referral by now: correct it there")
    case.received_at, case.source_agency_id = given.received_at, source_id
    case.incident, case.address = given.incident or None, given.address or None
    case.account, case.people = given.account, _people(given)
    _set_clock(session, case, given.received_at, risk)
    session.flush()
    record(
        session, actor, "abuse case corrected", _subject(case), now,
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

    A changed risk sets the clock anew, from the same start. Raises Refused by the field,
    ChangedMeanwhile where somebody changed the case first.
    """
    _unchanged(case, version)
    check(rules.assessment_problems(given, london_date(now)))
    before = case.risk
    if given.risk is not None and given.risk is not before:
        if not given.risk_reason:
            raise Refused("risk_reason", "Give the reason for the other risk")
        _set_clock(session, case, case.received_at, given.risk)
    case.risk_reason = given.risk_reason or None
    case.dash_score, case.dash_by = given.dash_score, given.dash_by or None
    case.idva, case.idva_note = given.idva, given.idva_note or None
    case.marac_on, case.marac_note = given.marac_on, given.marac_note or None
    session.flush()
    record(
        session, actor, "abuse case assessed", _subject(case), now,
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
    shared at the list. None where the case has no child.

    Raises Refused by the field, ChangedMeanwhile where somebody changed the case first.
    """
    _unchanged(case, version)
    rules.check_release(given)
    if case.release is not None:
        raise Refused("release", "Consent or a concern is recorded already")
    case.release, case.release_reason = given.kind, given.reason
    case.released_at, case.released_by_id = now, _staff_id(actor)
    children = [one for one in case.people if one.kind is PersonKind.CHILD]
    referral = None
    if children:
        referral = enter_referral(session, actor, _intake(case, children, given, said, now), now)
        case.referral_id = referral.id
    session.flush()
    record(
        session, actor, "abuse case released", _subject(case), now,
        {"release": given.kind.value, "referral": referral.ref if referral else None},
    )  # fmt: skip
    return referral


def close(session: Session, actor: Actor, case: AbuseCase, outcome: Outcome, now: datetime) -> None:
    """Keep the outcome that a list or discussion came to; its clock is met at the first one."""
    before, case.outcome = case.outcome, outcome
    case.closed_at = case.closed_at or now
    session.flush()
    record(
        session, actor, "abuse case closed", _subject(case), now,
        {
            "outcome": outcome.value,
            "before": before.value if before else None,
            "in_time": case.due_at is None or case.closed_at <= case.due_at,
        },
    )  # fmt: skip


def _entered(session: Session, actor: Actor, case: AbuseCase, now: datetime) -> AbuseCase:
    session.add(case)
    session.flush()
    record(
        session, actor, "abuse case entered", _subject(case), now,
        {
            "risk": case.risk.value,
            "people": len(case.people),
            "due_at": case.due_at.isoformat() if case.due_at else None,
        },
    )  # fmt: skip
    return case


def _nothing_yet(
    session: Session, received_at: datetime, risk: DomesticAbuseRisk
) -> dict[str, Any]:
    """The columns of a case on which nobody has worked, its clock set."""
    due_at, clocks = _clock(session, received_at, risk)
    empty = ("risk_reason", "dash_score", "dash_by", "idva", "idva_note", "marac_on", "marac_note",
             "release", "release_reason", "released_at", "released_by_id", "outcome",
             "closed_at")  # fmt: skip
    return {"risk": risk, "due_at": due_at, "clocks": clocks, **dict.fromkeys(empty)}


def _clock(
    session: Session, received_at: datetime, risk: DomesticAbuseRisk
) -> tuple[datetime | None, dict[str, Any]]:
    protocol = active(directory.council(session).protocol_id)
    answer = rules.clock_of(protocol, received_at, risk)
    kept = {} if answer is None else {answer.clock: answer}
    due_at = answer.due_at if isinstance(answer, Due) else None
    return due_at, snapshot(protocol, rules.facts(received_at, risk), kept)


def _set_clock(
    session: Session, case: AbuseCase, received_at: datetime, risk: DomesticAbuseRisk
) -> None:
    case.risk = risk
    case.due_at, case.clocks = _clock(session, received_at, risk)


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


def _staff_id(actor: Actor) -> int:
    if actor.id is None:
        raise ValueError("only a member of staff does this: the actor has no id")
    return actor.id


def _subject(case: AbuseCase) -> Subject:
    return Subject("abuse case", case.ref)
