"""One place decides who gets to a restricted case: before each request of staff to any page of one
(H2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Flask, Response, abort, current_app, g, request, url_for

from app.accounts.signed_in import BACKGROUND, StaffMay, is_signed_in, signed_in
from app.audit.queries import noted_since
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.restricted import queries, whole_case
from app.meetings.restricted.rules import seen
from app.web.access import access_of
from app.web.htmx import go_to

FETCHED_AGAIN = timedelta(minutes=15)
# What an address begins with, and what stands there, for the audit.
SUBJECTS = {
    "referrals": "referral",
    "discussions": "meeting",
    "mail": "mail",
    "domestic-abuse": "abuse case",
    "lists": "list",
}


class Asked(NamedTuple):
    """The case that a request is about."""

    place: str
    ref: str
    number: int | None

    @property
    def subject(self) -> Subject:
        return Subject(SUBJECTS[self.place], self.ref)


def init_restricted(app: Flask) -> None:
    """To be called after `enforce`: who may not use a route at all gets no further than that."""

    @app.before_request
    def _gate() -> Response | None:
        asked = _asked()
        if asked is None:
            return None
        member, moment = signed_in(), now()
        found = queries.restrictions(reading(), asked.place, asked.ref, member.id, asked.number)
        state = seen(found, moment)
        if not state.may:
            return _door(asked)
        held = (state.until, g.get("glass_until"))
        if until := min((one for one in held if one is not None), default=None):
            g.glass_until, g.is_restricted = until, bool(found)
            page = f"{request.endpoint}, behind broken glass"
            # What a page fetches again by itself is noted once in a while. Anybody can send the
            # header that says so: it keeps no first look from being noted.
            if BACKGROUND not in request.headers or not noted_since(
                reading(), member.actor, page, asked.subject, moment - FETCHED_AGAIN
            ):
                with transaction() as session:
                    viewed(session, member.actor, page, asked.subject, moment)
        return None

    @app.context_processor
    def _banner() -> dict[str, datetime | bool | None]:
        return {"glass_until": g.get("glass_until"), "is_restricted": g.get("is_restricted")}


def read_behind_glass() -> Response | None:
    """Whether somebody whose role sees no case may read this page of one, because they opened it
    with a reason: None, else the way to its door. Asked before the gate above, which then notes
    the view and keeps a restricted case shut. Aborts with 403 where no glass opens the page."""
    asked = _asked()
    if asked is None or request.method not in ("GET", "HEAD"):
        abort(403)
    opened = whole_case.behind(reading(), asked.place, asked.ref)
    if opened is None:
        abort(403)
    until = whole_case.open_until(reading(), opened, signed_in().id, now())
    if until is None:
        return _door(asked)
    g.glass_until = until
    return None


def _door(asked: Asked) -> Response:
    return go_to(
        url_for("restricted.open_case", place=asked.place, case_ref=asked.ref, number=asked.number)
    )


def _asked() -> Asked | None:
    held = request.view_args or {}
    if "ref" not in held or request.endpoint is None or request.url_rule is None:
        return None
    place = request.url_rule.rule.split("/")[1]
    if place not in SUBJECTS or not is_signed_in():
        return None
    if not isinstance(access_of(current_app, request.endpoint), StaffMay):
        return None
    number = held.get("number") if place == "lists" else None
    return Asked(place, str(held["ref"]).strip().upper(), number)
