"""What the small forms on a referral have in common: one form, one save, and both texts where two
people wrote at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.signed_in import signed_in
from app.audit.queries import history
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.referrals import shown
from app.referrals.finding import found
from app.referrals.forms import Versioned
from app.referrals.models import Referral
from app.referrals.page import latest_change
from app.referrals.types import ChangedMeanwhile, Outcome, Rating
from app.web.htmx import go_to, respond

Save = Callable[[Session], None]


class Text(NamedTuple):
    """One side of a conflict: whose, when, and the words."""

    who: str
    when: datetime
    words: str


class SmallForm(NamedTuple):
    """One form on a referral: its page, what it saves, and both texts where two people wrote.

    `version` is that of what the form changes, where it is not the referral itself; `context` is
    what its page shows beside the form.
    """

    page: str
    form: Versioned
    save: Save
    done: str
    theirs: Callable[[Session], list[Text]]
    yours: str
    version: Callable[[Session], int] | None = None
    context: Mapping[str, Any] = MappingProxyType({})


def answer_small(held: Referral, small: SmallForm) -> Response:
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
        version = small.version or _version_of(held.ref)
        form.version.data, form.version.raw_data = version(reading()), None
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
        names=shown.names_of(row.child for row in held.children),
        theirs=theirs,
        yours=small.yours,
        events=[shown.event(entry) for entry in history(reading(), "referral", ref, most=3)],
        latest=latest_change(reading(), held),
        **small.context,
    )


def _version_of(ref: str) -> Callable[[Session], int]:
    return lambda session: found(session, ref).version


def chosen_words(kind: type[Outcome] | type[Rating], chosen: str | None, reason: str | None) -> str:
    label = kind(chosen).label if chosen in [one.value for one in kind] else "Nothing chosen"
    return f"{label}: {reason or ''}"


def consent_in_words(held: Referral) -> str:
    """Where consent stands, in words."""
    if held.consent is None:
        return "Consent is not recorded yet."
    basis = f" {held.lawful_basis.label}." if held.lawful_basis else ""
    return f"{held.consent.label}.{basis}"
