"""The small forms on a referral: consent, concerns, a child."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, abort
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading
from app.referrals import children, queries, rules, service, shown
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.finding import found
from app.referrals.forms import (
    PROFESSIONALS,
    ChildPageForm,
    ConcernsForm,
    ConsentForm,
    set_picks,
)
from app.referrals.intake.people import KINDS, lists
from app.referrals.intake.routes import blueprint as blueprint  # one blueprint, several rooms
from app.referrals.models import Child
from app.referrals.types import ChildGiven, Involvement
from app.web.access import access


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

    return answer_small(
        held,
        SmallForm(
            page="consent",
            form=form,
            save=save,
            done="Consent is recorded.",
            theirs=theirs,
            yours=form.consent_reason.data or "",
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

    return answer_small(
        held,
        SmallForm(
            page="concerns",
            form=form,
            save=save,
            done="The concerns are changed.",
            theirs=theirs,
            yours=form.narrative.data or "",
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

    return answer_small(
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
