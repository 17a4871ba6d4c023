"""What the directory's routes share: the blueprint, saving once, two people at one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from flask import Blueprint, Response, flash
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from wtforms import Field

from app.accounts.signed_in import staff_may
from app.accounts.types import Permission
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import transaction
from app.directory.forms import VersionedForm
from app.directory.service import ChangedMeanwhile
from app.directory.types import CouncilNotSetUp
from app.web.forms import BaseForm, OnceForm
from app.web.htmx import go_to, respond
from app.web.once import done_before, mark_done

blueprint = Blueprint("directory", __name__)
EDIT = staff_may(Permission.DIRECTORY_EDIT)
CHANGED = (ChangedMeanwhile, StaleDataError)


class Differs(NamedTuple):
    """A field that somebody else saved otherwise than it stands in the form."""

    label: str
    saved: str
    yours: str


@blueprint.app_errorhandler(CouncilNotSetUp)
def not_set_up(error: CouncilNotSetUp) -> Response:
    """Pages that need the council's settings say so before they were first saved."""
    return respond(
        "layout/error.html", status=503, title="The council's settings are empty", words=str(error)
    )


def save(form: OnceForm, change: Callable[[Session], str], done: str) -> Response | None:
    """Change something once and go to where it led; None where it was refused by a field."""
    try:
        with transaction() as session:
            location = done_before(session, form.nonce.data)
            if location is None:
                location = change(session)
                mark_done(session, form.nonce.data, location, now())
    except Refused as refusal:
        form.add_error(refusal.field, refusal.message)
        return None
    flash(done, "success")
    return go_to(location)


def differences(
    form: VersionedForm, held: Mapping[str, object], version: int
) -> tuple[Differs, ...]:
    """Both texts, field by field, and the form filled for another try (two at one form)."""
    form.version.data, form.version.raw_data = version, None
    return tuple(
        Differs(form[name].label.text, _words(form[name], saved), _words(form[name], yours))
        for name, saved in held.items()
        if name != "version" and str(saved or "") != str((yours := form[name].data) or "")
    )


def form_page(
    form: BaseForm,
    title: str,
    end_url: str = "",
    end_words: str = "",
    end_hint: str = "",
    theirs: tuple[Differs, ...] | None = None,
    children_url: str = "",
) -> Response:
    """A form of the directory by itself on a page."""
    return respond(
        "directory/form.html",
        status=422 if form.errors else 200 if theirs is None else 409,
        form=form,
        title=title,
        end_url=end_url,
        end_words=end_words,
        end_hint=end_hint,
        theirs=theirs,
        children_url=children_url,
    )


def _words(field: Field, value: object) -> str:
    """A value as people read it: a choice by its label."""
    offered = field.iter_choices() if hasattr(field, "iter_choices") else ()
    named = {choice.value: choice.label for choice in offered}
    if isinstance(value, list):
        return ", ".join(str(named.get(one, one)) for one in value) or "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(named.get(value, value) or "empty")
