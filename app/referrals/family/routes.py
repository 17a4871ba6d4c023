"""The adults on a referral: added, changed, taken away after it was entered (A2)."""

from __future__ import annotations

from dataclasses import asdict, fields

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.queries import history
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.referrals import shown
from app.referrals.family import service
from app.referrals.family.forms import AdultsForm
from app.referrals.finding import found
from app.referrals.models import Referral
from app.referrals.types import AdultGiven, ChangedMeanwhile
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("family", __name__, url_prefix="/referrals")
MOST = 40


@blueprint.route("/<ref>/adults", methods=["GET", "POST"])
@access(staff_may(Permission.REFERRAL_ENTER))
def adults(ref: str) -> Response:
    held = found(reading(), ref)
    ref = held.ref
    if request.method == "GET":
        with transaction() as session:
            actor, subject = signed_in().actor, Subject("referral", ref)
            viewed(session, actor, "referral, adults", subject, now())
        held = found(reading(), ref)
        form = AdultsForm(data={"version": held.version, "adults": _typed(held)})
        if not held.adults:
            form.adults.append_entry()
        return _page(ref, form)
    form = AdultsForm()
    if _rearranged(form):
        return _page(ref, form)
    _fill(form)
    if not form.validate():
        return _page(ref, form, 422)
    try:
        with transaction() as session:
            service.set_adults(
                session, signed_in().actor, found(session, ref), form.kept(), now(),
                form.version.data,
            )  # fmt: skip
    except Refused as refusal:
        form.refuse(refusal)
        return _page(ref, form, 422)
    except (ChangedMeanwhile, StaleDataError):
        # The next sending is on top of what is there now: both lists have been read.
        form.version.data, form.version.raw_data = found(reading(), ref).version, None
        return _page(ref, form, 409)
    flash("The adults are saved.", "success")
    return go_to(url_for("referrals.referral", ref=ref))


def _typed(held: Referral) -> list[dict[str, object]]:
    names = [field.name for field in fields(AdultGiven)]
    return [
        {"row": str(adult.id)} | {name: getattr(adult, name) for name in names}
        for adult in held.adults
    ]


def _rearranged(form: AdultsForm) -> bool:
    """Whether the form was only sent to gain or lose an adult."""
    kind, _, name = request.form.get("press", "").partition(" ")
    if kind == "add" and len(form.adults) < MOST:
        form.adults.append_entry()
    elif kind == "remove":
        form.adults.entries = [entry for entry in form.adults.entries if entry.name != name]
    return bool(kind)


def _fill(form: AdultsForm) -> None:
    form.set_agencies([(str(one.id), one.name) for one in directory.agencies(reading())])


def _page(ref: str, form: AdultsForm, status: int = 200) -> Response:
    _fill(form)
    session = reading()
    held = found(session, ref)
    latest = history(session, "referral", ref, most=3)
    theirs = None
    if status == 409:
        theirs = [
            {"who": one.actor_label, "when": one.at, "words": _in_words(_given(held))}
            for one in latest[:1]
        ]
    return respond(
        "referrals/adults.html",
        None,
        status,
        form=form,
        referral=held,
        names=shown.names_of(row.child for row in held.children),
        theirs=theirs,
        yours=_in_words([one.given for one in form.kept()]),
        events=[shown.event(entry) for entry in latest],
        added=request.form.get("press", "") == "add adults",
    )


def _given(held: Referral) -> list[AdultGiven]:
    names = [field.name for field in fields(AdultGiven)]
    return [AdultGiven(**{name: getattr(adult, name) for name in names}) for adult in held.adults]


def _in_words(people: list[AdultGiven]) -> str:
    lines = [
        ", ".join(
            words.replace("_", " ") if words is not True else name.replace("_", " ")
            for name, words in asdict(one).items()
            if words and name != "employer_id"
        )
        for one in people
    ]
    return "\n".join(lines) or "Nobody"
