"""Rating a referral, and settling a disagreement over its rating (A5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.service import record
from app.audit.types import Actor
from app.core.refusal import Refused
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.types import Protocol
from app.referrals.acting import staff_id, subject_of, taken_first, unchanged
from app.referrals.checks.clock import refresh_due
from app.referrals.checks.queries import times_on
from app.referrals.checks.rules import is_gathered, state_of
from app.referrals.lists import queries as lists
from app.referrals.models import Referral, ReferralRating
from app.referrals.rating import queries, rules
from app.referrals.rating.models import RatingDispute, RatingDisputeStep
from app.referrals.rating.types import Gathering
from app.referrals.types import ChangedMeanwhile, Rating, RatingStage


def rate(
    session: Session,
    actor: Actor,
    referral: Referral,
    rating: Rating,
    reason: str,
    now: datetime,
    version: int | None = None,
    stage: RatingStage = RatingStage.BEFORE,
    early_because: str = "",
) -> ReferralRating:
    """Rate a referral; every rating keeps who, when and why (A5; HO2014 Sandwell, Merton).

    Requests to agencies that are open follow the new rating's clock. `early_because` is why it is
    rated again where nothing was gathered. Raises Refused for a rating
    that the area does not have, without a reason, or while a disagreement is open;
    ChangedMeanwhile where somebody changed the referral first.
    """
    unchanged(referral, version)
    protocol = _protocol(session)
    rules.check_rating(protocol, rating)
    gathering = gathering_of(session, referral, now)
    rules.check_rate(
        stage,
        reason,
        before=referral.rating,
        disputed=queries.open_dispute(session, referral.id) is not None,
        gathering=gathering,
        early_because=early_because,
    )
    row = _rated(session, actor, protocol, referral, rating, reason, stage, now)
    if stage is RatingStage.AFTER and not gathering.over:
        row.early_because = early_because
    session.flush()
    return row


def gathering_of(session: Session, referral: Referral, now: datetime) -> Gathering:
    """How far information gathering on a referral is since it came in or was last opened again:
    by its requests to agencies, and by the lists that went through it (A5, A6, C10)."""
    since = queries.reopened_at(session, referral.id) or referral.received_at
    if rules.after_a_meeting(_protocol(session), queries.rated(session, referral.id)):
        # What agencies wrote is compiled for the meeting; the rating follows the meeting.
        return Gathering(closed=False, discussed=lists.went_through(session, referral.id, since))
    times = [one for one in times_on(session, referral.id) if one.asked_at >= since]
    return Gathering(
        closed=is_gathered(
            [
                state_of(
                    now,
                    asked=one.asked_at,
                    due=one.due_at,
                    answered=one.answered_at,
                    withdrawn=one.withdrawn_at,
                )
                for one in times
            ]
        ),
        discussed=lists.went_through(session, referral.id, since),
    )


def dispute(
    session: Session,
    actor: Actor,
    referral: Referral,
    by_whom: str,
    wanted: Rating,
    reason: str,
    now: datetime,
    version: int | None = None,
) -> RatingDispute:
    """Somebody would rate otherwise: the protocol's order then settles it (A5).

    Raises Refused where there is nothing to disagree with or a disagreement is open already;
    ChangedMeanwhile where somebody changed the referral first.
    """
    unchanged(referral, version)
    rules.check_rating(_protocol(session), wanted)
    rules.check_dispute(referral.rating, wanted, by_whom, reason)
    rating = queries.newest(session, referral.id)
    if rating is None or queries.open_dispute(session, referral.id) is not None:
        raise Refused("rating", "There is a disagreement over the rating already: settle it first")
    raised = RatingDispute(
        referral_id=referral.id,
        rating_id=rating.id,
        by_whom=by_whom,
        wanted=wanted,
        reason=reason,
        raised_by_id=staff_id(actor),
        raised_at=now,
        step=0,
        settled_at=None,
    )
    session.add(raised)
    session.flush()
    record(
        session, actor, "disagreement over the rating", subject_of(referral), now,
        {"rating": wanted.value, "before": rating.rating.value},
    )  # fmt: skip
    return raised


def settle(
    session: Session,
    actor: Actor,
    roles: Collection[Role],
    referral: Referral,
    rating: Rating,
    reason: str,
    now: datetime,
    *,
    settled: bool,
    version: int,
) -> RatingDispute:
    """Record what the next step of the protocol's order says; where that settles it, its rating
    holds (A5; HO2014 Nottinghamshire: social care, then the Operational Manager).

    `version` is the disagreement's as the form showed it, `roles` those of who records. Raises
    Refused where it is not this person's step; ChangedMeanwhile where somebody was first.
    """
    taken_first(session, referral.id)
    held = queries.open_dispute(session, referral.id)
    if held is None or held.version != version:
        raise ChangedMeanwhile
    protocol = _protocol(session)
    rules.check_rating(protocol, rating)
    steps = protocol.ways.settles
    # A protocol that was changed meanwhile may have fewer steps: its last one then decides.
    step = min(held.step, len(steps) - 1)
    rules.check_settle(steps, step, roles, reason, settled=settled)
    session.add(
        RatingDisputeStep(
            dispute_id=held.id,
            step=step,
            who=steps[step].who,
            rating=rating,
            reason=reason,
            settled=settled,
            recorded_by_id=staff_id(actor),
            recorded_at=now,
        )
    )
    held.step = step if settled else step + 1
    held.settled_at = now if settled else None
    session.flush()
    record(
        session, actor,
        "disagreement settled" if settled else "disagreement goes to the next step",
        subject_of(referral), now, {"rating": rating.value, "step": step + 1},
    )  # fmt: skip
    disputed = session.get_one(ReferralRating, held.rating_id)
    if settled and rating is not referral.rating:
        _rated(session, actor, protocol, referral, rating, reason, disputed.stage, now)
    return held


def _rated(
    session: Session,
    actor: Actor,
    protocol: Protocol,
    referral: Referral,
    rating: Rating,
    reason: str,
    stage: RatingStage,
    now: datetime,
) -> ReferralRating:
    before = referral.rating
    row = ReferralRating(
        referral_id=referral.id,
        rating=rating,
        stage=stage,
        reason=reason,
        rated_by_id=staff_id(actor),
        rated_at=now,
    )
    session.add(row)
    referral.rating = rating
    session.flush()
    refresh_due(session, protocol, referral, now)
    record(
        session, actor, "referral rated", subject_of(referral), now,
        {
            "rating": rating.value,
            "before": before.value if before else None,
            "stage": stage.value,
        },
    )  # fmt: skip
    return row


def _protocol(session: Session) -> Protocol:
    return active(directory.council(session).protocol_id)
