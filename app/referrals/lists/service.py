"""What people do with a list: open it, keep what was said of each case, end it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.clock import london_date, words_for_day
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.series import sitting_day
from app.protocols.types import Series
from app.referrals.abuse import begun
from app.referrals.abuse import queries as abuse_queries
from app.referrals.abuse import rules as abuse_rules
from app.referrals.abuse import service as abuse
from app.referrals.abuse.models import AbuseCase
from app.referrals.acting import taken_first
from app.referrals.lists import queries, rules, waiting_queries
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.lists.rules import meets_on
from app.referrals.lists.types import Said
from app.referrals.models import Referral
from app.referrals.outcome.queries import closed_as_none
from app.referrals.outcome.rules import consent_problem
from app.referrals.outcome.service import reopen
from app.referrals.re_referrals import beside
from app.referrals.types import ChangedMeanwhile, Outcome


def open_list(session: Session, actor: Actor, series: Series, now: datetime) -> ListSitting:
    """Open the list of today, or of this week, and put on it every case that waits (C10).

    Opened again it takes what came in since. What an earlier list did not reach comes first.
    Raises Refused where the list has ended already.
    """
    day = sitting_day(series, london_date(now))
    sitting = queries.of_day(session, series.id, day)
    if sitting is None:
        sitting = _new(session, actor, series.name, now)
        sitting.series_id, sitting.source, sitting.day = series.id, series.source, day
        session.flush()
        number = 0
    elif sitting.ended_at is not None:
        raise Refused("series", "This list has ended: what came in since stands on the next one")
    else:
        number = len(queries.on_list(session, sitting.id))
    waiting = waiting_queries.waiting(session, series)
    for place, one in enumerate(waiting, start=number + 1):
        _add(
            session,
            sitting,
            place,
            case_id=one.id if series.domestic_abuse else None,
            referral_id=None if series.domestic_abuse else one.id,
            carried=one.carried,
        )
    session.flush()
    record(
        session, actor, "list opened", _subject(sitting), now,
        {"series": series.id, "day": day.isoformat(), "added": len(waiting)},
    )  # fmt: skip
    return sitting


def open_discussion(session: Session, actor: Actor, case: AbuseCase, now: datetime) -> ListSitting:
    """The discussion of one case by itself: a high risk waits for no list (DERBY 4.11). Where the
    case stands on a list that is under way, that list.

    Raises Refused where the case has its outcome already.
    """
    if case.closed_at is not None:
        raise Refused("case", "This case has its outcome already")
    under_way = queries.open_of_case(session, case.id)
    if under_way is not None:
        return under_way
    sitting = _new(session, actor, f"Discussion of {case.ref}", now)
    _add(session, sitting, 1, case_id=case.id, referral_id=None, carried=False)
    session.flush()
    record(session, actor, "list opened", _subject(sitting), now, {"case": case.ref, "added": 1})
    return sitting


def open_meeting(session: Session, actor: Actor, referral: Referral, now: datetime) -> ListSitting:
    """The meeting of the agencies on one referral by itself, where the area holds one (HO2014
    Sandwell). Where the referral stands on a list or meeting under way, that one.

    Raises Refused where the referral is decided, or the area meets on no such rating.
    """
    if referral.decided_at is not None:
        raise Refused("meeting", "This referral is decided already")
    if not meets_on(active(directory.council(session).protocol_id), referral.rating):
        raise Refused("meeting", "This area holds no meeting on a referral with this rating")
    under_way = queries.open_of_referral(session, referral.id)
    if under_way is not None:
        return under_way
    sitting = _new(session, actor, f"MASH meeting on {referral.ref}", now)
    _add(session, sitting, 1, case_id=None, referral_id=referral.id, carried=False)
    session.flush()
    record(
        session, actor, "list opened", _subject(sitting), now,
        {"referral": referral.ref, "added": 1},
    )  # fmt: skip
    return sitting


def keep_said(
    session: Session,
    actor: Actor,
    sitting: ListSitting,
    entry: ListEntry,
    said: Said,
    now: datetime,
    version: int | None = None,
) -> None:
    """Keep what was shared and agreed on one case. Consent or a concern makes a referral of it in
    the same step (IMAP 3, 5). On a referral the outcome is what the meeting agreed; the decision
    is taken on the referral's own page, and one that was decided otherwise by now is opened again.

    Raises Refused by the field, ChangedMeanwhile where somebody changed the entry first.
    """
    referral = _taken(session, entry)
    if version is not None and version != entry.version:
        raise ChangedMeanwhile
    rules.check_said(said, sitting.ended_at is not None)
    if said.agency_id is not None and directory.agency(session, said.agency_id) is None:
        raise Refused("agency_id", "Choose the agency from the list")
    before = entry.outcome
    if entry.case_id is not None:
        _on_case(session, actor, sitting, session.get_one(AbuseCase, entry.case_id), said, now)
    elif said.release is not None:
        raise Refused("release", "This is a referral already")
    entry.information = said.information or None
    entry.outcome, entry.reason = said.outcome, said.reason if said.outcome else None
    entry.agency_id = said.agency_id if said.outcome else None
    entry.decided_by_id = actor.id if said.outcome else None
    entry.decided_at = now if said.outcome else None
    session.flush()
    record(
        session, actor, "case on list", _subject(sitting), now,
        {
            "number": entry.number,
            "outcome": said.outcome.value if said.outcome else None,
            "before": before.value if before else None,
        },
    )  # fmt: skip
    if said.outcome is not before and referral is not None:
        _open_again(session, actor, sitting, referral, said, now)


def end_list(
    session: Session,
    actor: Actor,
    sitting: ListSitting,
    took_part: str,
    now: datetime,
    version: int | None = None,
) -> None:
    """End a list with who took part; what was not reached is carried over to the next (C10).

    Raises Refused where nobody is named, ChangedMeanwhile where somebody changed it first.
    """
    if version is not None and version != sitting.version:
        raise ChangedMeanwhile
    rules.check_end(took_part, sitting.ended_at is not None)
    sitting.took_part = took_part
    sitting.ended_at, sitting.ended_by_id = now, actor.id
    session.flush()
    entries = queries.on_list(session, sitting.id)
    record(
        session, actor, "list ended", _subject(sitting), now,
        {
            "cases": len(entries),
            "carried_over": len(queries.numbers_without_outcome(entries)),
            "took_part": len(took_part.splitlines()),
        },
    )  # fmt: skip


def _on_case(
    session: Session,
    actor: Actor,
    sitting: ListSitting,
    case: AbuseCase,
    said: Said,
    now: datetime,
) -> None:
    if said.outcome is not None:
        abuse_rules.check_outcome(
            said.outcome,
            said.reason,
            released=abuse_queries.may_leave(case),
            release=said.release,
            has_child=abuse_queries.has_child(case),
        )
        _check_consent(session, case, said.outcome)
    elif case.outcome is not None:
        raise Refused("outcome", "This case has its outcome: change it, it cannot be taken back")
    if said.release is not None:
        shared = f"Shared at the {sitting.name} on {words_for_day(now)}:\n{said.information}"
        abuse.release(session, actor, case, said.release, now, shared if said.information else "")
    if said.outcome is not None:
        begun.close(session, actor, case, said.outcome, now)


def _open_again(
    session: Session,
    actor: Actor,
    sitting: ListSitting,
    referral: Referral,
    said: Said,
    now: datetime,
) -> None:
    """What was agreed for a child is somebody's work, also where the referral was decided to be
    less before: it is to be decided anew (A8, C10). Agreed once more in the same words it is not:
    who decided it meanwhile has read it."""
    if rules.goes_beyond(said.outcome, referral.outcome) and said.outcome is not None:
        why = f"{sitting.name} on {words_for_day(now)} agreed “{said.outcome.label}”: {said.reason}"
        reopen(session, actor, referral, why, now, referral.version)


def _taken(session: Session, entry: ListEntry) -> Referral | None:
    """What is said changes the case, its referral and the entry: all are taken before the audit.

    Returns the referral as it is now, with every one that counts by it; None where there is none.
    """
    case = session.get_one(AbuseCase, entry.case_id) if entry.case_id is not None else None
    referral_id = case.referral_id if case is not None else entry.referral_id
    referral = session.get_one(Referral, referral_id) if referral_id is not None else None
    if referral is not None:
        closed = closed_as_none(session, [referral.id])
        taken_first(session, *(beside(session, referral) if closed else [referral.id]))
        session.refresh(referral)
    if case is not None:
        session.refresh(case, with_for_update={"key_share": True})
    session.refresh(entry, with_for_update={"key_share": True})
    return referral


def _check_consent(session: Session, case: AbuseCase, outcome: Outcome) -> None:
    """A case that is a referral is shared as the consent on the referral says (IMAP 2, 3)."""
    if case.referral_id is None:
        return
    referral = session.get_one(Referral, case.referral_id)
    protocol = active(directory.council(session).protocol_id)
    problem = consent_problem(protocol, outcome, referral.consent, referral.lawful_basis)
    abuse_rules.check_shared(outcome, problem, referral.ref)


def _new(session: Session, actor: Actor, name: str, now: datetime) -> ListSitting:
    sitting = ListSitting(
        ref=new_reference("LS"),
        name=name,
        day=london_date(now),
        opened_at=now,
        opened_by_id=_staff_id(actor),
    )
    session.add(sitting)
    session.flush()
    return sitting


def _add(
    session: Session,
    sitting: ListSitting,
    number: int,
    *,
    case_id: int | None,
    referral_id: int | None,
    carried: bool,
) -> None:
    session.add(
        ListEntry(
            sitting_id=sitting.id,
            number=number,
            case_id=case_id,
            referral_id=referral_id,
            carried=carried,
        )
    )


def _staff_id(actor: Actor) -> int:
    if actor.id is None:
        raise ValueError("only a member of staff does this: the actor has no id")
    return actor.id


def _subject(sitting: ListSitting) -> Subject:
    return Subject("list", sitting.ref)
