"""The children somebody in the directory works with."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.directory import queries as directory
from app.referrals.involvement import queries
from app.referrals.masking import hidden_children
from app.referrals.shown import birth_in_words
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("involvement", __name__)


@blueprint.get("/directory/people/<int:person_id>/children")
@access(staff_may(Permission.REFERRAL_SEE))
def children(person_id: int) -> Response:
    moment = now()
    with transaction() as session:
        viewed(
            session,
            signed_in().actor,
            "children a professional works with",
            Subject("professional", str(person_id)),
            moment,
        )
    session = reading()
    person = directory.professional(session, person_id) or abort(404)
    today = london_date(moment)
    found = queries.children_of(session, person_id)
    hidden = hidden_children()
    return respond(
        "referrals/involvement.html",
        person=person,
        children=[
            (f"{one.given_name} {one.family_name}".strip(),
             birth_in_words(one.born, one.due, today), one)
            for one in found
            if one.child_id not in hidden
        ],
        cut=len(found) == queries.MOST,
        left_out=any(one.child_id in hidden for one in found),
    )  # fmt: skip
