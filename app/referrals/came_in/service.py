"""Correcting how a referral came in (A1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals import rules
from app.referrals.abuse import begun as abuse
from app.referrals.acting import subject_of, taken_first, unchanged
from app.referrals.assessment.due import count_assessment
from app.referrals.came_in.rules import problems, same_on_the_clock
from app.referrals.came_in.source import referrer_of, source_of
from app.referrals.came_in.types import CameInGiven
from app.referrals.models import Referral
from app.referrals.of_meetings import TakesIn
from app.referrals.rating.queries import reopened_at
from app.referrals.re_referrals import beside, count_anew
from app.referrals.same_child import queries as same_child


def change_came_in(
    session: Session,
    actor: Actor,
    referral: Referral,
    given: CameInGiven,
    now: datetime,
    version: int | None,
    ahead: Callable[[Session, int], TakesIn],
) -> None:
    """Change from whom a referral came, by which channel and when it was received (A1).

    With another moment the clock of its decision, its office hours and what it is a re-referral
    of are worked out anew. An agency that was asked and a referral that was opened again keep the
    deadline they were given (B1); so does a discussion that is decided, which is offered an earlier
    one that follows (`ahead`). Raises Refused by the field,
    ChangedMeanwhile where somebody changed the referral first.
    """
    moved = not same_on_the_clock(referral.received_at, given.received_at)
    taken_first(session, *(beside(session, referral) if moved else [referral.id]))
    unchanged(referral, version)
    note_sooner = ahead(session, referral.id) if moved else None
    if same_on_the_clock(referral.received_at, given.received_at):
        given = replace(given, received_at=referral.received_at)
    rules.check(problems(given, referral.recorded_at, referral.decided_at))
    fresh: dict[str, Any] = {
        "received_at": given.received_at,
        "channel": given.channel,
        "source_agency_id": source_of(session, actor, given, now),
        "referrer_name": given.referrer_name or None,
        "referrer_role": given.referrer_role or None,
        "referrer_email": given.referrer_email or None,
        "referrer_telephone": given.referrer_telephone or None,
        "referrer_professional_id": referrer_of(session, given),
        "ward_id": given.ward_id,
    }
    before = {name: getattr(referral, name) for name in fresh}
    changed = sorted(name for name, value in fresh.items() if before[name] != value)
    if not changed:
        return
    for name in changed:
        setattr(referral, name, fresh[name])
    details: dict[str, Any] = {"changed": changed}
    if "received_at" in changed:
        _received_at_another_time(session, actor, referral, now)
        details |= {
            "received_before": before["received_at"].isoformat(),
            "received_at": referral.received_at.isoformat(),
            "decision_due_at": referral.decision_due_at.isoformat(),
            "in_office_hours": referral.in_office_hours,
        }
    if "channel" in changed:
        details |= {"channel_before": before["channel"].value, "channel": given.channel.value}
    if "source_agency_id" in changed:
        details |= {
            "agency_before": before["source_agency_id"],
            "agency": referral.source_agency_id,
        }
    session.flush()
    record(session, actor, "how it came in changed", subject_of(referral), now, details)
    if note_sooner is not None:
        note_sooner(actor, now)


def _received_at_another_time(
    session: Session, actor: Actor, referral: Referral, now: datetime
) -> None:
    settings = directory.council(session)
    referral.in_office_hours = rules.in_office_hours(referral.received_at, settings)
    reopened = reopened_at(session, referral.id)
    protocol, facts = active(settings.protocol_id), rules.facts_since(referral, reopened)
    referral.act_by_at = rules.act_by(protocol, facts)
    count_assessment(session, referral)
    abuse.count_again(session, referral)
    if reopened is None:
        referral.decision_due_at = rules.decision_due(protocol, facts)
    else:
        referral.first_due_at = rules.decision_due(protocol, rules.facts_of(referral))
    session.flush()
    others = beside(session, referral)
    count_anew(session, actor, same_child.referrals(session, others), now)
