"""The page of the audit, for whoever looks after the installation (H3)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for

from app.accounts.auditing.forms import AuditForm
from app.accounts.queries import everybody
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit import reading as audit
from app.audit.queries import head
from app.audit.reading import Wanted
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import from_london, now
from app.core.session import reading, transaction
from app.web.access import access
from app.web.htmx import respond
from app.web.numbers import whole_or_none

blueprint = Blueprint("audit_page", __name__, url_prefix="/audit")


@blueprint.get("/")
@access(staff_may(Permission.AUDIT_SEE))
def rows() -> Response:
    form = AuditForm(request.args)
    people = everybody(reading())
    form.who.choices = [
        ("", "Anybody"), *((str(one.id), f"{one.name}, {one.email}") for one in people),
    ]  # fmt: skip
    good = form.validate()
    # Looking at the audit leaves its own trace, kept before the page is sent.
    with transaction() as session:
        viewed(session, signed_in().actor, "audit", Subject("audit", "page"), now())
    wanted = _wanted(form) if good else Wanted()
    before = request.args.get("before", type=whole_or_none)
    asked = audit.views if form.what.data == "views" else audit.changes
    found = asked(reading(), wanted, before)
    return respond(
        "accounts/audit/rows.html",
        status=200 if good else 422,
        form=form,
        found=found,
        # A number says nothing to whoever reads: of rows about staff, whose it is.
        names={str(one.id): one.name for one in people},
        older=url_for("audit_page.rows", **_kept(found.before)) if found.before else "",
        head=head(reading()),
    )


def _wanted(form: AuditForm) -> Wanted:
    day = form.day.data
    since = from_london(datetime.combine(day, time())) if day else None
    until = from_london(datetime.combine(day + timedelta(days=1), time())) if day else None
    return Wanted(
        staff_id=int(form.who.data) if form.who.data else None,
        subject=(form.subject.data or "").upper(),
        kind=form.kind.data or "",
        since=since,
        until=until,
    )


def _kept(before: int) -> dict[str, Any]:
    return {**request.args.to_dict(), "before": before}
