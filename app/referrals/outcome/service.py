"""Deciding what becomes of a referral, reopening it, referring on (A7, A9, A12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor
from app.core.clock import london_date
from app.core.refusal import Refused
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals.abuse import begun as abuse
from app.referrals.acting import staff_id, subject_of, taken_first, unchanged
from app.referrals.assessment.due import count_assessment
from app.referrals.checks.ending import settle_open
from app.referrals.checks.service import answers_read
from app.referrals.checks.types import Unanswered
from app.referrals.consent.service import add_consent
from app.referrals.models import Referral, ReferralDecision
from app.referrals.outcome import queries, rules
from app.referrals.outcome.models import DecisionGround, OnwardReferral, ReferralReopening
from app.referrals.outcome.types import NO_GROUND, Ground, OnwardGiven
from app.referrals.rating.queries import rated
from app.referrals.rating.rules import second_rating_problem
from app.referrals.re_referrals import beside, count_beside
from app.referrals.rules import act_by, check, decision_due, facts_since
from app.referrals.sender import Sender
from app.referrals.types import ConsentState, Outcome, ReferralState


def decide(
    session: Session,
    actor: Actor,
    referral: Referral,
    outcome: Outcome,
    reason: str,
    now: datetime,
    *,
    agency_id: int | None = None,
    discussion: str | None = None,
    version: int | None = None,
    ground: Ground = NO_GROUND,
    requests: Unanswered | None = None,
    sender: Sender | None = None,
    at: datetime | None = None,
) -> ReferralDecision:
    """Decide what becomes of a referral (A7; IMAP 3, 5). The last decision is the one that holds.

    For a strategy discussion the meetings floor calls this; everything else is decided here.
    `agency_id` is the agency signposted to or given the information; `discussion` is the
    reference of a discussion that stands, which the meetings floor knows; `requests` says what
    becomes of open requests to agencies, without it they go on; those that are withdrawn are told
    so by `sender`. An override in `ground` is kept
    as a consent of its own, by its author. `at` is when it was decided, where that is written down
    at `now`: the clock is met then. Raises Refused by the field, ChangedMeanwhile where
    somebody changed the referral first.
    """
    at = at or now
    was_none = bool(queries.closed_as_none(session, [referral.id]))
    counts_anew = was_none is not (ground.filtered is not None)
    taken_first(session, *(beside(session, referral) if counts_anew else [referral.id]))
    unchanged(referral, version)
    protocol = active(directory.council(session).protocol_id)
    check(rules.override_problems(ground))
    needed = rules.consent_needed(protocol, outcome)
    overrides = needed and ground.override is not None
    state = ConsentState.OVERRIDDEN if overrides else referral.consent
    basis = ground.override.lawful_basis if overrides and ground.override else referral.lawful_basis
    rules.check_decision(
        protocol,
        outcome,
        reason,
        agency_id,
        consent=state,
        lawful_basis=basis,
        discussion=discussion,
        filtered=ground.filtered,
    )
    if ground.filtered is None and (
        problem := second_rating_problem(protocol, outcome, rated(session, referral.id))
    ):
        raise Refused("outcome", problem)
    if agency_id is not None and directory.agency(session, agency_id) is None:
        raise Refused("agency_id", "Choose the agency from the list")
    if overrides and ground.override is not None:
        given = replace(ground.override, state=ConsentState.OVERRIDDEN)
        add_consent(session, actor, referral, given, now)
    before = referral.outcome
    decision = ReferralDecision(
        referral_id=referral.id,
        outcome=outcome,
        reason=reason,
        agency_id=agency_id if outcome in rules.NEEDS_AGENCY else None,
        decided_by_id=staff_id(actor),
        decided_at=at,
    )
    session.add(decision)
    # Whatever came in until now was there for this decision.
    answers_read(session, actor, referral, now)
    referral.outcome, referral.filtered = outcome, ground.filtered
    referral.state = ReferralState.DECIDED
    # The clock of IMAP 5 stops at the first decision; a later one does not make it late.
    referral.decided_at = referral.decided_at or at
    count_assessment(session, referral)
    session.flush()
    first = outcome is Outcome.UNIVERSAL_OFFER
    births = [(row.child.date_of_birth, row.child.due_date) for row in referral.children]
    session.add(
        DecisionGround(
            decision_id=decision.id,
            consent_id=queries.newest_consent(session, referral.id) if needed else None,
            overrode=overrides,
            filtered=ground.filtered,
            unseen=first and ground.unseen,
            under_three=first and rules.is_under_three(births, london_date(now)),
            home_educated=first and ground.home_educated,
        )
    )
    session.flush()
    if counts_anew:
        count_beside(session, actor, referral, now)
    abuse.decided_on_referral(
        session, actor, referral, outcome, now, at=at,
        filtered=ground.filtered is not None, was_filtered=was_none,
    )  # fmt: skip
    if requests is not None:
        why = f"The referral was decided: {rules.name_of(protocol, outcome)}"
        settle_open(session, actor, referral, requests, why, sender, now)
    record(
        session, actor, "referral decided", subject_of(referral), now,
        {
            "outcome": outcome.value,
            "before": before.value if before else None,
            "agency": decision.agency_id,
            "in_time": referral.decided_at <= referral.decision_due_at,
            "filtered": ground.filtered.value if ground.filtered else None,
            "overrode_consent": overrides,
            "decided_at": at.isoformat(),
        },
    )  # fmt: skip
    return decision


def reopen(
    session: Session, actor: Actor, referral: Referral, reason: str, now: datetime, version: int
) -> ReferralReopening:
    """Open a decided referral again; its decisions stay, and the clock of the decision starts
    anew (IMAP 5). Raises Refused without a reason, ChangedMeanwhile where somebody was first."""
    was_none = bool(queries.closed_as_none(session, [referral.id]))
    taken_first(session, *(beside(session, referral) if was_none else [referral.id]))
    unchanged(referral, version)
    rules.check_reopen(referral.outcome, reason)
    if referral.outcome is None or referral.decided_at is None:
        raise Refused("reason", "This referral is open: nothing needs reopening")
    protocol = active(directory.council(session).protocol_id)
    reopening = ReferralReopening(
        referral_id=referral.id,
        reason=reason,
        reopened_by_id=staff_id(actor),
        reopened_at=now,
        was_outcome=referral.outcome,
        was_decided_at=referral.decided_at,
        was_due_at=referral.decision_due_at,
    )
    session.add(reopening)
    if referral.first_decided_at is None:
        referral.first_decided_at = referral.decided_at
        referral.first_due_at = referral.decision_due_at
    referral.state = ReferralState.RECEIVED
    referral.outcome = referral.filtered = None
    referral.decided_at = referral.assessment_due_at = None
    anew = facts_since(referral, now)
    referral.decision_due_at = decision_due(protocol, anew)
    referral.act_by_at = act_by(protocol, anew)
    session.flush()
    if was_none:
        count_beside(session, actor, referral, now)
    abuse.opened_again(session, actor, referral, now)
    record(
        session, actor, "referral reopened", subject_of(referral), now,
        {
            "before": reopening.was_outcome.value,
            "decision_due_at": referral.decision_due_at.isoformat(),
        },
    )  # fmt: skip
    return reopening


def refer_on(
    session: Session, actor: Actor, referral: Referral, given: OnwardGiven, now: datetime
) -> OnwardReferral:
    """Record that something was referred on: to a panel, an officer, another agency (A9).

    Raises Refused by the field.
    """
    check(rules.onward_problems(given, now))
    if given.agency_id is not None and directory.agency(session, given.agency_id) is None:
        raise Refused("agency_id", "Choose the agency from the list")
    onward = OnwardReferral(
        referral_id=referral.id,
        about=given.about,
        agency_id=given.agency_id,
        to_name=given.to_name or None,
        reference=given.reference or None,
        note=given.note or None,
        referred_at=given.referred_at,
        recorded_by_id=staff_id(actor),
        recorded_at=now,
    )
    session.add(onward)
    session.flush()
    record(
        session, actor, "referred on", subject_of(referral), now,
        {"about": given.about.value, "agency": given.agency_id},
    )  # fmt: skip
    return onward
