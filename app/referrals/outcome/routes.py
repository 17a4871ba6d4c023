"""Deciding, closing what is no referral, opening again, referring on (A7, A9, A12)."""

from __future__ import annotations

from flask import Response, flash, url_for
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.types import Protocol
from app.referrals import queries as referrals
from app.referrals.changes.small_routes import (
    SmallForm,
    Text,
    answer_small,
    chosen_words,
    consent_in_words,
)
from app.referrals.checks.queries import open_named
from app.referrals.employers import employers_of, in_words, judge
from app.referrals.finding import found
from app.referrals.intake.routes import blueprint
from app.referrals.letters_out import sender
from app.referrals.lists.queries import discussed_referral
from app.referrals.models import Referral
from app.referrals.of_meetings import LIVE_DISCUSSION
from app.referrals.outcome import rules, service
from app.referrals.outcome.forms import DecisionForm, NoReferralForm, OnwardForm, ReopenForm
from app.referrals.outcome.types import ONWARD, FilterReason, Ground
from app.referrals.shown import names_of
from app.referrals.types import Concern, Outcome
from app.web.access import access
from app.web.forms import choices
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done


@blueprint.route("/<ref>/decision", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def decide(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = DecisionForm(data={"version": held.version})
    protocol = _protocol()
    open_requests = open_named(reading(), held.id)
    seen = form.name(open_requests)
    form.agency_id.choices = _agencies(held, "Choose an agency")
    form.outcome.choices = [
        (one.value, rules.name_of(protocol, one))
        for one in Outcome
        if one is not Outcome.STRATEGY_DISCUSSION
    ]

    def save(session: Session) -> None:
        service.decide(
            session, signed_in().actor, found(session, ref), Outcome(form.outcome.data),
            form.reason.data, now(), agency_id=form.agency_id.data,
            discussion=_live_discussion(session, held.id), version=form.version.data,
            ground=form.ground(), requests=form.after(seen), sender=sender(),
        )  # fmt: skip

    return answer_small(
        held,
        SmallForm(
            page="decision",
            form=form,
            save=save,
            done="The decision is recorded.",
            theirs=lambda session: _newest(session, held.id),
            yours=chosen_words(Outcome, form.outcome.data, form.reason.data),
            context={
                "hints": {
                    one.value: _hint(protocol, one)
                    for one in Outcome
                    if rules.consent_needed(protocol, one)
                },
                "consent_words": consent_in_words(held),
                "discussion": _live_discussion(reading(), held.id),
                "requests": open_requests,
                "met": discussed_referral(reading(), held.id),
            },
        ),
    )


@blueprint.route("/<ref>/no-referral", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def no_referral(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    offered = rules.filter_offered(_protocol(), held.rating)
    form = NoReferralForm(
        data={"version": held.version, "filtered": offered.value if offered else None}
    )
    open_requests = open_named(reading(), held.id)
    seen = form.name(open_requests)

    def save(session: Session) -> None:
        service.decide(
            session, signed_in().actor, found(session, ref), rules.FILTERED_AS, form.reason.data,
            now(), version=form.version.data,
            ground=Ground(filtered=FilterReason(form.filtered.data)),
            discussion=_live_discussion(session, held.id), requests=form.after(seen),
            sender=sender(),
        )  # fmt: skip

    return answer_small(
        held,
        SmallForm(
            page="no_referral",
            form=form,
            save=save,
            done="It is closed, and counted as no referral.",
            theirs=lambda session: _newest(session, held.id),
            yours=form.reason.data or "",
            context={
                "requests": open_requests,
                "met": discussed_referral(reading(), held.id),
            },
        ),
    )


@blueprint.route("/<ref>/reopen", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def reopen(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = ReopenForm(data={"version": held.version})

    def save(session: Session) -> None:
        service.reopen(
            session, signed_in().actor, found(session, ref), form.reason.data, now(),
            form.version.data,
        )  # fmt: skip

    return answer_small(
        held,
        SmallForm(
            page="reopen",
            form=form,
            save=save,
            done="The referral is open again. Its clock runs from now.",
            theirs=lambda session: _newest(session, held.id),
            yours=form.reason.data or "",
        ),
    )


@blueprint.route("/<ref>/onward", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def refer_on(ref: str) -> Response:
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, "refer on", Subject("referral", held.ref), now())
    held = found(reading(), ref)
    flagged = [value for value in held.concerns if Concern(value) in ONWARD]
    form = OnwardForm(data={"referred_at": now(), "about": flagged[0] if flagged else None})
    form.agency_id.choices = _agencies(held, "None of these")
    if not form.validate_on_submit():
        return _onward(held, form)
    here = url_for("referrals.referral", ref=held.ref, _anchor="decisions")
    try:
        with transaction() as session:
            if not (before := done_before(session, form.nonce.data)):
                service.refer_on(
                    session, signed_in().actor, found(session, ref), form.given(), now()
                )
                mark_done(session, form.nonce.data, here, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _onward(held, form)
    if not before:
        flash("The onward referral is recorded.", "success")
    return go_to(here)


def _onward(held: Referral, form: OnwardForm) -> Response:
    return respond(
        "referrals/refer_on.html",
        status=422 if form.errors else 200,
        form=form,
        referral=held,
        names=names_of(row.child for row in held.children),
    )


def _live_discussion(session: Session, referral_id: int) -> str | None:
    """The reference of a discussion that waits, is booked or under way."""
    return LIVE_DISCUSSION.here()(session, referral_id)


def _hint(protocol: Protocol, outcome: Outcome) -> str:
    way = rules.way_of(protocol, outcome)
    level = f"{way.level}. " if way.level else ""
    return f"{level}Needs consent, or a lawful basis in its place ({way.said.source})."


def _newest(session: Session, referral_id: int) -> list[Text]:
    return [
        Text(
            one.by, one.decision.decided_at, f"{one.decision.outcome.label}: {one.decision.reason}"
        )
        for one in referrals.decisions(session, referral_id)[:1]
    ]


def _agencies(held: Referral, empty: str) -> list[tuple[str, str]]:
    """The agencies to choose from; a warning stands beside an alleged perpetrator's own (C2)."""
    employers = employers_of(held.adults)
    cautions = {
        one: in_words(judge(employers, one.id, one.name)) for one in directory.agencies(reading())
    }
    named = [
        (str(one.id), f"{one.name} ({caution})" if caution else one.name)
        for one, caution in cautions.items()
    ]
    return choices(named, empty)


def _protocol() -> Protocol:
    return active(directory.council(reading()).protocol_id)
