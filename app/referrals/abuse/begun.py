"""The domestic abuse case as it begins, runs by its clock and ends; of a referral it says what the
referral says, in one place of truth (A8; DERBY 4.11).

Below the referral's own service on purpose: a referral on which a risk is noted begins its case.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.protocols.exchange import restore, snapshot
from app.protocols.registry import active
from app.protocols.types import Clock, Due
from app.referrals.abuse import queries, rules
from app.referrals.abuse.models import AbuseCase, EarlierClock
from app.referrals.abuse.types import Release
from app.referrals.acting import staff_id
from app.referrals.models import Referral
from app.referrals.rating.queries import reopened_at
from app.referrals.rules import act_by, facts_since
from app.referrals.types import DomesticAbuseRisk, Outcome


def case_of_referral(
    session: Session, actor: Actor, referral: Referral, now: datetime
) -> AbuseCase:
    """The domestic abuse case of a referral, begun where there is none yet (DERBY 4.11).

    A referral is no list's alone; whether it may be shared stands on the referral. Raises Refused
    where the referral has no domestic abuse risk.
    """
    held = queries.of_referral(session, referral.id)
    if held is not None:
        return held
    if referral.domestic_abuse is None:
        raise Refused("domestic_abuse", "Record the domestic abuse risk on the referral first")
    return begin(session, actor, referral, referral.domestic_abuse, now)


def begin(
    session: Session, actor: Actor, referral: Referral, risk: DomesticAbuseRisk, now: datetime
) -> AbuseCase:
    """A new case of this referral, from when the referral was received."""
    return entered(session, actor, _new(session, referral, risk, staff_id(actor), now), now)


def begin_for(session: Session, actor: Actor, referral: Referral, now: datetime) -> None:
    """Begin the case of an undecided referral whose risk was noted before risks began cases: as if
    whoever recorded the referral had begun it then. Its clock counts since a reopening, if there
    was one, and the referral is due by it."""
    if referral.domestic_abuse is None or queries.of_referral(session, referral.id) is not None:
        return
    risk = referral.domestic_abuse
    case = _new(session, referral, risk, referral.recorded_by_id, referral.recorded_at)
    since = reopened_at(session, referral.id)
    if since is not None:
        set_clock(session, case, since, risk)
    # Nobody decided it on the day: the risk was theirs, that the case begins is not.
    case.released_at = now
    case.release_reason = (
        f"The risk was noted on referral {referral.ref}; the case was begun when the system was "
        "brought up to date."
    )
    _act_by(session, referral, case)
    entered(session, actor, case, now)


def _new(
    session: Session, referral: Referral, risk: DomesticAbuseRisk, by: int, at: datetime
) -> AbuseCase:
    case = AbuseCase(
        ref=new_reference("DA"),
        referral_id=referral.id,
        received_at=referral.received_at,
        entered_at=at,
        entered_by_id=by,
        source_agency_id=referral.source_agency_id,
        incident=None,
        account=referral.narrative,
        address=None,
        **nothing_yet(session, referral.received_at, risk),
        people=[],
    )
    case.release, case.released_at, case.released_by_id = Release.CONCERN, at, by
    case.release_reason = f"It came in as referral {referral.ref}."
    return case


def follow_referral(
    session: Session,
    actor: Actor,
    referral: Referral,
    before: DomesticAbuseRisk | None,
    now: datetime,
) -> None:
    """Let the case say what the referral says by now: `before` was its risk until this change.

    A risk that is noted begins the case or sets its clock anew; one that is taken back closes it.
    """
    case, risk = queries.of_referral(session, referral.id), referral.domestic_abuse
    if case is None:
        if risk is not None:
            begin(session, actor, referral, risk, now)
        return
    if began_as_referral(case):
        case.account = referral.narrative
    if risk is None and case.closed_at is None:
        close(session, actor, case, Outcome.NO_FURTHER_ACTION, now)
    elif risk is not None and risk is not before:
        # Taken back and noted again, its first clock runs on; what a list agreed stands.
        if before is None and not queries.agreed_at_list(session, case):
            case.closed_at = case.outcome = None
        case.risk_reason = None
        set_risk(session, actor, case, risk, now)
        session.flush()
        record(
            session, actor, "abuse case assessed", subject_of(case), now,
            {"risk": risk.value, "before": before.value if before else None},
        )  # fmt: skip
    _act_by(session, referral, case)


def count_again(session: Session, referral: Referral) -> None:
    """The referral was received at another time: the case it began counts from when it came in,
    unless it was opened again since."""
    case = _case_at_risk(session, referral)
    if case is None:
        return
    if began_as_referral(case) and case.received_at != referral.received_at:
        anew = counts_from(case) != case.received_at
        case.received_at = referral.received_at
        if not anew:
            set_clock(session, case, case.received_at, case.risk)
    _act_by(session, referral, case)


def opened_again(session: Session, actor: Actor, referral: Referral, now: datetime) -> None:
    """The referral was opened again, or is one after all: where its decision closed the case, the
    case is to be discussed as well and its clock starts anew, like that of the decision (IMAP 5).

    What a list or discussion agreed stays; then nothing makes the referral due any sooner.
    """
    case = _case_at_risk(session, referral)
    if case is None:
        return
    if case.closed_at is None or queries.agreed_at_list(session, case):
        _act_by(session, referral, case)
        return
    _open_anew(session, actor, case, case.risk, now)
    _act_by(session, referral, case)


def set_risk(
    session: Session, actor: Actor, case: AbuseCase, risk: DomesticAbuseRisk, now: datetime
) -> None:
    """Another risk, and the clock that follows from it, from the same start.

    A case that has its outcome is discussed again where the risk is graver, by a clock from now
    (DERBY 4.11); any other risk leaves the clock that is met as it was.
    """
    if case.closed_at is None:
        set_clock(session, case, counts_from(case), risk)
    elif rules.is_graver(risk, case.risk):
        _open_anew(session, actor, case, risk, now)
    else:
        case.risk = risk


def _open_anew(
    session: Session, actor: Actor, case: AbuseCase, risk: DomesticAbuseRisk, now: datetime
) -> None:
    """Open a case that has its outcome: a clock starts now, and the one it was closed by stays."""
    before, closed_at = case.outcome, case.closed_at
    if before is None or closed_at is None:
        raise ValueError("only a case with its outcome is opened again")
    session.add(
        EarlierClock(
            case_id=case.id,
            risk=case.risk,
            due_at=case.due_at,
            clocks=case.clocks,
            outcome=before,
            closed_at=closed_at,
            opened_at=now,
        )
    )
    case.closed_at = case.outcome = None
    set_clock(session, case, now, risk)
    session.flush()
    record(
        session, actor, "abuse case opened again", subject_of(case), now,
        {
            "before": before.value,
            "due_at": case.due_at.isoformat() if case.due_at else None,
        },
    )  # fmt: skip


def counts_from(case: AbuseCase) -> datetime:
    """From when the clock of a case runs: when it was received, or opened again since."""
    return restore(case.clocks).facts.received_at or case.received_at


def tell_referral(session: Session, case: AbuseCase) -> None:
    """The risk as assessed on the case stands on the referral too, and in its clock."""
    referral = session.get_one(Referral, case.referral_id)
    referral.domestic_abuse = case.risk
    _act_by(session, referral, case)


def close(
    session: Session,
    actor: Actor,
    case: AbuseCase,
    outcome: Outcome,
    now: datetime,
    at: datetime | None = None,
) -> None:
    """Keep the outcome that a list or discussion came to; its clock is met at the first one, at
    the moment `at` where that is not now."""
    before, case.outcome = case.outcome, outcome
    case.closed_at = case.closed_at or at or now
    session.flush()
    record(
        session, actor, "abuse case closed", subject_of(case), now,
        {
            "outcome": outcome.value,
            "before": before.value if before else None,
            "in_time": case.due_at is None or case.closed_at <= case.due_at,
        },
    )  # fmt: skip
    if case.referral_id is not None:
        _act_by(session, session.get_one(Referral, case.referral_id), case)


def decided_on_referral(
    session: Session,
    actor: Actor,
    referral: Referral,
    outcome: Outcome,
    now: datetime,
    *,
    at: datetime,
    filtered: bool,
    was_filtered: bool,
) -> None:
    """The referral was decided, at the moment `at`. Where the area names neither a time nor a list
    for its domestic abuse, that was the decision on it too (IMAP 5), and what is no referral
    (`filtered`) has no case; elsewhere it is still to be discussed, also after it was decided to
    be none before."""
    case = _case_at_risk(session, referral)
    if case is None:
        return
    if filtered or Clock.CONTACT_DECISION in restore(case.clocks).clocks:
        close(session, actor, case, outcome, now, at)
    elif was_filtered:
        opened_again(session, actor, referral, now)


def _case_at_risk(session: Session, referral: Referral) -> AbuseCase | None:
    if referral.domestic_abuse is None:
        return None
    return queries.of_referral(session, referral.id)


def began_as_referral(case: AbuseCase) -> bool:
    """Whether the case came in as a referral: its people stand there, it names nobody itself."""
    return case.referral_id is not None and not case.people


def entered(session: Session, actor: Actor, case: AbuseCase, now: datetime) -> AbuseCase:
    """The new case written, with its row in the audit."""
    session.add(case)
    session.flush()
    record(
        session, actor, "abuse case entered", subject_of(case), now,
        {
            "risk": case.risk.value,
            "people": len(case.people),
            "due_at": case.due_at.isoformat() if case.due_at else None,
        },
    )  # fmt: skip
    return case


def nothing_yet(session: Session, received_at: datetime, risk: DomesticAbuseRisk) -> dict[str, Any]:
    """The columns of a case on which nobody has worked, its clock set."""
    due_at, clocks = _clock(session, received_at, risk)
    empty = ("risk_reason", "dash_score", "dash_by", "idva", "idva_note", "marac_on", "marac_note",
             "release", "release_reason", "released_at", "released_by_id", "outcome",
             "closed_at")  # fmt: skip
    return {"risk": risk, "due_at": due_at, "clocks": clocks, **dict.fromkeys(empty)}


def set_clock(
    session: Session, case: AbuseCase, received_at: datetime, risk: DomesticAbuseRisk
) -> None:
    """Another risk or moment, and the clock that follows from it."""
    case.risk = risk
    case.due_at, case.clocks = _clock(session, received_at, risk)


def subject_of(case: AbuseCase) -> Subject:
    """The case as the audit names it."""
    return Subject("abuse case", case.ref)


def _clock(
    session: Session, received_at: datetime, risk: DomesticAbuseRisk
) -> tuple[datetime | None, dict[str, Any]]:
    protocol = active(directory.council(session).protocol_id)
    answer = rules.clock_of(protocol, received_at, risk)
    kept = {} if answer is None else {answer.clock: answer}
    due_at = answer.due_at if isinstance(answer, Due) else None
    return due_at, snapshot(protocol, rules.facts(received_at, risk), kept)


def _act_by(session: Session, referral: Referral, case: AbuseCase) -> None:
    """When the referral must be looked at: its domestic abuse counts until it has an outcome."""
    if referral.decided_at is not None:
        return
    facts = facts_since(referral, reopened_at(session, referral.id))
    if case.closed_at is not None:
        facts = replace(facts, domestic_abuse=None)
    referral.act_by_at = act_by(active(directory.council(session).protocol_id), facts)
