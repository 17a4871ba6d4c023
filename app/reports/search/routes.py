"""One box on every page, and what was found (G5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import Blueprint, Response, abort, request, url_for

from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed_together
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.meetings.restricted.hidden import WORDS, hidden_cases, masked
from app.referrals.arrivals.queries import how_many_wait
from app.reports.search import finding, queries, rules, service
from app.reports.search.forms import SearchForm
from app.reports.search.queries import Behind
from app.reports.search.types import Asked, FoundCase, Page
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("search", __name__)
SEE = staff_may(Permission.REFERRAL_SEE)
_OPENS = {
    "referral": "referrals.referral",
    "arrival": "arrivals.as_sent",
    "meeting": "meetings.overview",
}


@blueprint.get("/search")
@access(SEE)
def search() -> Response:
    return respond("search/search.html", form=SearchForm(), wanted=None)


@blueprint.post("/search")
@access(SEE)
def ask() -> Response:
    """What is typed is sent and kept, not written into the address: it may be a child's name."""
    form = SearchForm()
    if not form.validate_on_submit():
        return respond("search/search.html", status=422, form=form, wanted=None)
    moment = now()
    wanted = rules.asked(form.text.data, london_date(moment))
    with transaction() as session:
        asked_id = service.ask(session, signed_in().actor, signed_in().id, wanted, moment)
    if wanted.reference.startswith("DA-") and may(Permission.LIST_WORK):
        # Led there unread: nothing here looks into the lists of domestic abuse (IMAP 5).
        return go_to(url_for("abuse.case", ref=wanted.reference))
    behind = _behind(wanted)
    if behind is not None and behind.kind in _OPENS:
        return go_to(url_for(_OPENS[behind.kind], ref=behind.ref))
    return go_to(url_for("search.found", asked_id=asked_id))


@blueprint.get("/search/<int:asked_id>")
@access(SEE)
def found(asked_id: int) -> Response:
    moment, session = now(), reading()
    text = queries.text_of(session, asked_id, signed_in().id, moment - service.KEPT)
    if text is None:
        abort(404)
    wanted = rules.asked(text, london_date(moment))
    behind = _behind(wanted)
    hidden = hidden_cases()
    choices = finding.choices(session, wanted)
    older, shown = request.args.get("older", ""), request.args.get("show", "")
    chosen = next((one for one in choices if one.key == shown), None)
    page = Page(())
    if behind is not None and behind.kind == "child" and chosen is None:
        page = finding.of_child(session, behind.id, hidden, older)
    else:
        for one in [chosen] if chosen else choices:
            chosen, page = one, finding.page(session, wanted, one, hidden, older)
            if page.cases or page.older:
                break
        else:
            chosen = None
    _note_views([one for one in page.cases if one.ref not in hidden])
    shown_cases = masked(
        page.cases, children=(WORDS,), at=None, source="", stage="", discussions=()
    )
    page = replace(page, cases=tuple(shown_cases))
    return respond(
        "search/search.html",
        form=SearchForm(text=text),
        wanted=wanted,
        behind=behind,
        page=page,
        chosen=chosen,
        choices=choices,
        asked_id=asked_id,
        first=(
            url_for("search.found", asked_id=asked_id, show=chosen.key if chosen else None)
            if older
            else ""
        ),
        older=(
            url_for(
                "search.found",
                asked_id=asked_id,
                show=chosen.key if chosen else None,
                older=page.older,
            )
            if page.older
            else ""
        ),
        looked_for=rules.searched_in_words(wanted),
        # Names on forms are in no index until somebody has taken the form in.
        forms_wait=how_many_wait(session) if wanted.words or wanted.day else 0,
    )


def _note_views(cases: Iterable[FoundCase]) -> None:
    """Names stand in a result: it is a view of each case in it (H3)."""
    seen = [Subject("referral" if one.is_referral else "meeting", one.ref) for one in cases]
    with transaction() as session:
        viewed_together(session, signed_in().actor, "search", seen, now())


def _behind(wanted: Asked) -> Behind | None:
    return queries.behind(reading(), wanted.reference) if wanted.reference else None
