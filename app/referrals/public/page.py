"""The blueprint of the public form, and what all of its pages show."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, Response, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from app.core.clock import now
from app.core.config import SETTINGS
from app.core.session import reading
from app.directory.queries import council_or_none
from app.invitations.types import Desk
from app.invitations.wording import telephone_uri
from app.referrals.public import rules, service
from app.referrals.public.types import Step, Told
from app.referrals.public.visitors import draft
from app.referrals.rules import in_office_hours
from app.web.htmx import respond

blueprint = Blueprint("refer", __name__, url_prefix="/refer")


class Contacts(NamedTuple):
    """Whom to telephone, and whether the office is open now; text is empty where it is not set."""

    authority: str
    telephone: str
    tel: str
    out_of_hours: str
    out_of_hours_tel: str
    hours: str
    open_now: bool

    @property
    def late(self) -> bool:
        """Whether the out-of-hours number is the one to telephone."""
        return not self.open_now and bool(self.out_of_hours)


def contacts() -> Contacts:
    """The council's numbers, the same on every page."""
    council = council_or_none(reading())
    if council is None:
        return Contacts("", "", "", "", "", "", True)
    return Contacts(
        authority=council.authority,
        telephone=council.desk_telephone,
        tel=telephone_uri(council.desk_telephone) or "",
        out_of_hours=council.out_of_hours_telephone,
        out_of_hours_tel=telephone_uri(council.out_of_hours_telephone) or "",
        hours=f"{council.office_opens} to {council.office_closes}",
        open_now=in_office_hours(now(), council),
    )


@blueprint.context_processor
def _words() -> dict[str, object]:
    held = contacts()
    return {
        "product_name": "Refer a child",
        "authority_name": held.authority,
        "home_url": url_for("refer.start"),
        "contacts": held,
    }


@blueprint.errorhandler(413)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    """Refused before it was read: the way back leads to the form, which is kept."""
    return respond("refer/too_large.html", None, 413)


def desk(session: Session) -> Desk:
    """Who writes to the referrer."""
    return service.desk_of(council_or_none(session), SETTINGS.here().mail_from)


def address_of(step: Step) -> str:
    """Where a step is asked."""
    return url_for(f"refer.{step.name.lower()}")


def onwards(told: Told) -> str:
    """Where to go from here: the first step that is not finished, else check and send."""
    following = rules.next_step(told)
    return url_for("refer.check") if following is None else address_of(following)


def step_page(step: Step, form: FlaskForm, status: int = 200, **context: Any) -> Response:
    """The page of a step, with how far it is."""
    held = draft()
    before = rules.before(step)
    finished = rules.next_step(held.told) is None
    if finished:
        back_to = url_for("refer.check")
    else:
        back_to = address_of(before) if before else url_for("refer.start")
    return respond(
        f"refer/{step.name.lower()}.html",
        None,
        status,
        form=form,
        step=step,
        steps=len(Step),
        back_to=back_to,
        **context,
    )


def too_much() -> Response:
    """Held off, and told so: the telephone stands open."""
    return respond("refer/too_much.html", None, 429)
