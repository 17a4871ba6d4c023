"""The small forms on a referral: decision, consent, rating, concerns, a child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response, abort, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.protocols.registry import active
from app.referrals import children, queries, rules, service, shown
from app.referrals.finding import found
from app.referrals.forms import (
    PROFESSIONALS,
    ChildPageForm,
    ConcernsForm,
    ConsentForm,
    DecisionForm,
    RatingForm,
    Versioned,
    set_picks,
)
from app.referrals.intake.people import KINDS, lists
from app.referrals.intake.routes import blueprint as blueprint  # one blueprint, three rooms
from app.referrals.models import Child, Referral
from app.referrals.page import latest_change
from app.referrals.types import ChangedMeanwhile, ChildGiven, Involvement, Outcome, Rating
from app.web.access import access
from app.web.forms import choices
from app.web.htmx import go_to, respond

Save = Callable[[Session], None]


class Text(NamedTuple):
    """One side of a conflict: whose, when, and the words."""

    who: str
    when: datetime
    words: str


class SmallForm(NamedTuple):
    """One form on a referral: its page, what it saves, and both texts where two people wrote."""

    page: str
    form: Versioned
    save: Save
    done: str
    theirs: Callable[[Session], list[Text]]
    yours: str
    version: Callable[[Session], int]
    context: dict[str, Any]


def _answer(held: Referral, small: SmallForm) -> Response:
    """GET shows the form, POST saves; two people who wrote at once both see both texts (409)."""
    form, subject = small.form, Subject("referral", held.ref)
    if request.method == "GET":
        with transaction() as session:
            viewed(session, signed_in().actor, f"referral, {small.page}", subject, now())
        return _show(held.ref, small)
    if not form.validate_on_submit():
        return _show(held.ref, small, status=422)
    try:
        with transaction() as session:
            small.save(session)
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return _show(held.ref, small, status=422)
    except (ChangedMeanwhile, StaleDataError):
        # The next sending is on top of what is there now: both texts have been read.
        form.version.data, form.version.raw_data = small.version(reading()), None
        return _show(held.ref, small, status=409, theirs=small.theirs(reading()))
    flash(small.done, "success")
    return go_to(url_for("referrals.referral", ref=held.ref))


def _show(
    ref: str, small: SmallForm, status: int = 200, theirs: list[Text] | None = None
) -> Response:
    held = found(reading(), ref)
    return respond(
        f"referrals/{small.page}.html",
        status=status,
        form=small.form,
        referral=held,
        names=" and ".join(shown.name_of(row.child) for row in held.children),
        theirs=theirs,
        yours=small.yours,
        events=[shown.event(entry) for entry in history(reading(), "referral", ref, most=3)],
        latest=latest_change(reading(), held),
        **small.context,
    )


def _version(ref: str) -> Callable[[Session], int]:
    return lambda session: found(session, ref).version


@blueprint.route("/<ref>/decision", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_DECIDE))
def decide(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = DecisionForm(data={"version": held.version})
    agencies = [(str(agency.id), agency.name) for agency in directory.agencies(reading())]
    form.agency_id.choices = choices(agencies, "Choose an agency")

    def save(session: Session) -> None:
        service.decide(
            session, signed_in().actor, found(session, ref), Outcome(form.outcome.data),
            form.reason.data, now(), agency_id=form.agency_id.data,
            discussion_cancelled=form.discussion_cancelled.data, version=form.version.data,
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        return [
            Text(
                one.by,
                one.decision.decided_at,
                f"{one.decision.outcome.label}: {one.decision.reason}",
            )
            for one in queries.decisions(session, held.id)[:1]
        ]

    return _answer(
        held,
        SmallForm(
            page="decision",
            form=form,
            save=save,
            done="The decision is recorded.",
            theirs=theirs,
            yours=_words(Outcome, form.outcome.data, form.reason.data),
            version=_version(ref),
            context={
                "hints": {
                    one.value: "Needs consent, or a lawful basis in its place (IMAP 3)."
                    for one in Outcome
                    if rules.consent_needed(one)
                },
                "consent_words": consent_in_words(held),
                "discussed": held.outcome is Outcome.STRATEGY_DISCUSSION,
            },
        ),
    )


@blueprint.route("/<ref>/consent", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def consent(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = ConsentForm(data={"version": held.version})

    def save(session: Session) -> None:
        given = form.consent_given()
        if given is None:
            raise Refused("consent", "Choose what is known of consent")
        service.add_consent(
            session, signed_in().actor, found(session, ref), given, now(), form.version.data
        )

    def theirs(session: Session) -> list[Text]:
        return [
            Text(
                one.by,
                one.consent.recorded_at,
                f"{one.consent.state.label}. {one.consent.reason or ''}",
            )
            for one in queries.consents(session, held.id)[:1]
        ]

    return _answer(
        held,
        SmallForm(
            page="consent",
            form=form,
            save=save,
            done="Consent is recorded.",
            theirs=theirs,
            yours=form.consent_reason.data or "",
            version=_version(ref),
            context={},
        ),
    )


@blueprint.route("/<ref>/rating", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_RATE))
def rate(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = RatingForm(data={"version": held.version})
    protocol = active(directory.council(reading()).protocol_id)
    form.rating.choices = [(one.value, Rating(one.value).label) for one in protocol.ratings]

    def save(session: Session) -> None:
        service.rate(
            session, signed_in().actor, found(session, ref), Rating(form.rating.data),
            form.rating_reason.data, now(), form.version.data,
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        return [
            Text(one.by, one.rating.rated_at, f"{one.rating.rating.label}: {one.rating.reason}")
            for one in queries.ratings(session, held.id)[:1]
        ]

    return _answer(
        held,
        SmallForm(
            page="rating",
            form=form,
            save=save,
            done="The rating is recorded.",
            theirs=theirs,
            yours=_words(Rating, form.rating.data, form.rating_reason.data),
            version=_version(ref),
            context={"protocol": protocol},
        ),
    )


@blueprint.route("/<ref>/concerns", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def concerns(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    form = ConcernsForm(
        data={
            "version": held.version,
            "concerns": held.concerns,
            "flags": held.flags,
            "narrative": held.narrative,
            "domestic_abuse": held.domestic_abuse.value if held.domestic_abuse else "",
            "identified_at": held.identified_at,
            "immediate_action_at": held.immediate_action_at,
            "hospital": held.hospital or "",
        }
    )

    def save(session: Session) -> None:
        service.change_concerns(
            session, signed_in().actor, found(session, ref), form.concerns_given(), now(),
            form.version.data,
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        latest = history(session, "referral", ref, most=1)
        narrative = found(session, ref).narrative
        return [Text(entry.actor_label, entry.at, narrative) for entry in latest]

    return _answer(
        held,
        SmallForm(
            page="concerns",
            form=form,
            save=save,
            done="The concerns are changed.",
            theirs=theirs,
            yours=form.narrative.data or "",
            version=_version(ref),
            context={},
        ),
    )


@blueprint.route("/<ref>/children/<child_ref>", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def child(ref: str, child_ref: str) -> Response:
    held = found(reading(), ref)
    on_it = _child_on(reading(), held.ref, child_ref)
    form = ChildPageForm(data=_held_child(reading(), on_it))
    set_picks(form, lists(reading()).picks)
    child_ref = on_it.ref
    ref = held.ref

    def save(session: Session) -> None:
        current = _child_on(session, ref, child_ref)
        given = _with_unshown(session, current, form.given())
        rules.check(rules.child_problems(given, london_date(now())))
        children.edit_child(
            session, signed_in().actor, current, given, now(), form.version.data
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        latest = history(session, "child", child_ref, most=1)
        words = _child_in_words(_child_on(session, ref, child_ref))
        return [Text(entry.actor_label, entry.at, words) for entry in latest]

    return _answer(
        held,
        SmallForm(
            page="child",
            form=form,
            save=save,
            done="What is known of the child is saved.",
            theirs=theirs,
            yours=f"{form.given_name.data} {form.family_name.data}\n{form.address.data or ''}",
            version=lambda session: _child_on(session, ref, child_ref).version,
            context={"child_ref": child_ref},
        ),
    )


def _child_on(session: Session, ref: str, child_ref: str) -> Child:
    """A child of this referral, else no such page: never a child of another one."""
    on_it = [row.child for row in found(session, ref).children]
    return next((child for child in on_it if child.ref == child_ref.upper()), None) or abort(404)


def _held_child(session: Session, on_it: Child) -> dict[str, object]:
    """The form of a child, filled with what is known."""
    names = (
        "version", "given_name", "family_name", "date_of_birth", "due_date", "gender", "ethnicity",
        "religion", "first_language", "needs_interpreter", "disability", "looked_after", "address",
        "case_reference", "school_typed", "gp_typed", "health_typed",
    )  # fmt: skip
    values: dict[str, object] = {name: getattr(on_it, name) for name in names}
    for one in queries.involved_with(session, [on_it.id]):
        kind = KINDS.get(one.professional.role, "other")
        if f"{kind}_id" in values:  # two of a kind: the second stands with the others
            kind = next(
                (other for other, _ in reversed(PROFESSIONALS) if f"{other}_id" not in values), ""
            )
        if kind:
            values |= {f"{kind}_id": one.professional.id, f"{kind}_active": one.actively_involved}
            if one.lead:
                values["lead"] = kind
    return values


def _with_unshown(session: Session, on_it: Child, given: ChildGiven) -> ChildGiven:
    """What was typed, and the people for whom the form had no room: nobody is lost unseen."""
    held = _held_child(session, on_it)
    shown_ids = {held.get(f"{kind}_id") for kind, _ in PROFESSIONALS}
    unshown = tuple(
        Involvement(one.professional.id, one.actively_involved, one.lead)
        for one in queries.involved_with(session, [on_it.id])
        if one.professional.id not in shown_ids
    )
    return replace(given, professionals=(*given.professionals, *unshown))


def _child_in_words(on_it: Child) -> str:
    birth = shown.birth_in_words(on_it.date_of_birth, on_it.due_date, london_date(now()))
    return f"{shown.name_of(on_it)}, {birth}\n{on_it.address or ''}"


def _words(kind: type[Outcome] | type[Rating], chosen: str | None, reason: str | None) -> str:
    label = kind(chosen).label if chosen in [one.value for one in kind] else "Nothing chosen"
    return f"{label}: {reason or ''}"


def consent_in_words(held: Referral) -> str:
    """Where consent stands, in words."""
    if held.consent is None:
        return "Consent is not recorded yet."
    basis = f" {held.lawful_basis.label}." if held.lawful_basis else ""
    return f"{held.consent.label}.{basis}"
