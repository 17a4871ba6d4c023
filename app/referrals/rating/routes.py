"""Rating a referral, disagreeing, and settling it in the protocol's order (A5)."""

from __future__ import annotations

from flask import Response, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.session import reading
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.types import Protocol
from app.protocols.ways import Settler
from app.referrals import queries as referrals
from app.referrals.changes.small_routes import (
    SmallForm,
    Text,
    answer_small,
    chosen_words,
)
from app.referrals.finding import found
from app.referrals.intake.routes import blueprint
from app.referrals.rating import queries, rules, service
from app.referrals.rating.forms import DisputeForm, RatingForm, SettleForm
from app.referrals.types import Rating, RatingStage
from app.web.access import access
from app.web.htmx import go_to


@blueprint.route("/<ref>/rating", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_RATE))
def rate(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    gathering = service.gathering_of(reading(), held, now())
    offered = rules.stage_offered(queries.rated(reading(), held.id), gathering)
    form = RatingForm(data={"version": held.version, "stage": offered.value})
    protocol = _protocol()
    form.rating.choices = _ratings(protocol)

    def save(session: Session) -> None:
        service.rate(
            session, signed_in().actor, found(session, ref), Rating(form.rating.data),
            form.rating_reason.data, now(), form.version.data,
            RatingStage(form.stage.data or RatingStage.BEFORE.value), form.early_because.data,
        )  # fmt: skip

    return answer_small(
        held,
        SmallForm(
            page="rating",
            form=form,
            save=save,
            done="The rating is recorded.",
            theirs=lambda session: _newest(session, held.id),
            yours=chosen_words(Rating, form.rating.data, form.rating_reason.data),
            context={
                "protocol": protocol,
                "hints": {one.value: rules.meaning(protocol, one) for one in protocol.ratings},
                "again": protocol.ways.second_rating,
                "dispute": queries.open_dispute(reading(), held.id),
                "rated": held.rating is not None,
                "gathered": gathering.over,
            },
        ),
    )


@blueprint.route("/<ref>/rating/disagree", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_RATE))
def disagree(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = DisputeForm(data={"version": held.version})
    protocol = _protocol()
    form.rating.choices = _ratings(protocol)

    def save(session: Session) -> None:
        service.dispute(
            session, signed_in().actor, found(session, ref), form.by_whom.data,
            Rating(form.rating.data), form.rating_reason.data, now(), form.version.data,
        )  # fmt: skip

    return answer_small(
        held,
        SmallForm(
            page="rating_disagree",
            form=form,
            save=save,
            done=f"The disagreement is recorded. It is settled by: {protocol.ways.settles[0].who}.",
            theirs=lambda session: _newest(session, held.id),
            yours=chosen_words(Rating, form.rating.data, form.rating_reason.data),
            context={"protocol": protocol, "rating": held.rating},
        ),
    )


@blueprint.route("/<ref>/rating/settle", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_RATE))
def settle(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    dispute = queries.open_dispute(reading(), held.id)
    if dispute is None:
        flash("There is no disagreement over the rating to settle.", "problem")
        return go_to(url_for("referrals.referral", ref=ref))
    protocol = _protocol()
    step = _step(protocol, dispute.step)
    form = SettleForm(data={"version": dispute.version})
    form.rating.choices = _ratings(protocol)

    def save(session: Session) -> None:
        service.settle(
            session, signed_in().actor, signed_in().roles, found(session, ref),
            Rating(form.rating.data), form.rating_reason.data, now(),
            settled=form.settled.data == "yes", version=form.version.data,
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        told = [
            one for disputed in queries.disputes(session, held.id)[:1] for one in disputed.steps
        ]
        return [
            Text(one.by, one.step.recorded_at, f"{one.step.rating.label}: {one.step.reason}")
            for one in told[-1:]
        ]

    def version(session: Session) -> int:
        current = queries.open_dispute(session, held.id)
        return current.version if current else 0

    last = dispute.step + 1 >= len(protocol.ways.settles)
    return answer_small(
        held,
        SmallForm(
            page="rating_settle",
            form=form,
            save=save,
            done="What was said is recorded.",
            theirs=theirs,
            yours=chosen_words(Rating, form.rating.data, form.rating_reason.data),
            version=version,
            context={
                "dispute": dispute,
                "step": step,
                "following": None if last else protocol.ways.settles[dispute.step + 1],
                "mine": rules.may_settle(step, signed_in().roles),
                "rating": held.rating,
            },
        ),
    )


def _step(protocol: Protocol, step: int) -> Settler:
    return protocol.ways.settles[min(step, len(protocol.ways.settles) - 1)]


def _newest(session: Session, referral_id: int) -> list[Text]:
    return [
        Text(one.by, one.rating.rated_at, f"{one.rating.rating.label}: {one.rating.reason}")
        for one in referrals.ratings(session, referral_id)[:1]
    ]


def _ratings(protocol: Protocol) -> list[tuple[str, str]]:
    return [(one.value, one.label) for one in protocol.ratings]


def _protocol() -> Protocol:
    return active(directory.council(reading()).protocol_id)
