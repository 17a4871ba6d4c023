"""The small forms on a referral: consent, concerns, a child."""

from __future__ import annotations

from flask import Response, abort
from sqlalchemy.orm import Session

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading
from app.referrals import children, queries, rules, service
from app.referrals.acting import taken_first
from app.referrals.changes.child_form import child_in_words, held_child, with_unshown
from app.referrals.changes.small_routes import SmallForm, Text, answer_small
from app.referrals.finding import found
from app.referrals.forms import ChildPageForm, ConcernsForm, ConsentForm, set_picks
from app.referrals.intake.people import lists
from app.referrals.intake.routes import blueprint as blueprint  # one blueprint, several rooms
from app.referrals.models import Child
from app.referrals.of_meetings import DISCUSSIONS_AHEAD
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
        held, actor, moment = found(session, ref), signed_in().actor, now()
        taken_first(session, held.id)
        note_sooner = DISCUSSIONS_AHEAD.here()(session, held.id)
        service.change_concerns(
            session, actor, held, form.concerns_given(), moment, form.version.data
        )
        note_sooner(actor, moment)

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
    form = ChildPageForm(data=held_child(reading(), on_it))
    set_picks(form, lists(reading()).picks)
    child_ref = on_it.ref
    ref = held.ref

    def save(session: Session) -> None:
        current = _child_on(session, ref, child_ref)
        given = with_unshown(session, current, form.given())
        rules.check(rules.child_problems(given, london_date(now())))
        children.edit_child(
            session, signed_in().actor, current, given, now(), form.version.data
        )  # fmt: skip

    def theirs(session: Session) -> list[Text]:
        latest = history(session, "child", child_ref, most=1)
        words = child_in_words(_child_on(session, ref, child_ref))
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
