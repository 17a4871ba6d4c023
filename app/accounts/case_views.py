"""No answer about a case leaves without a view in the audit, whichever route gave it (H3).

Pages note their own view, with its name. This stands behind them: for what refreshes itself,
answers a form that needs mending, or was forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask import Flask, Response, current_app, g, request

from app.accounts import rules
from app.accounts.signed_in import StaffMay, is_signed_in, signed_in
from app.audit.queries import seen_since
from app.audit.service import noted_here, viewed, viewed_together
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.web.access import access_of

# Where a route's <ref> leads to, by how its address begins.
_SUBJECTS = {
    "referrals": "referral",
    "discussions": "meeting",
    "mail": "mail",
    "domestic-abuse": "abuse case",
    "lists": "list",
}
# Answers with content. A redirect shows nothing, and behind 403 and 404 stands no case.
_SHOWS = frozenset({200, 409, 422})


def init_case_views(app: Flask) -> None:
    @app.after_request
    def _note(response: Response) -> Response:
        if response.status_code in _SHOWS:
            for subject in _subjects():
                _note_once(subject)
            _note_listed(g.get("listed", ()))
        return response


def also_shows(subject: Subject) -> None:
    """Say that this answer shows a second case, which its address does not name."""
    g.setdefault("also_shown", []).append(subject)


def lists_cases(subjects: Iterable[Subject]) -> None:
    """Say that this answer is a list which tells of these cases: each is noted as seen, where this
    person did not see it within the last 15 minutes."""
    g.setdefault("listed", []).extend(subjects)


def _note_listed(subjects: Collection[Subject]) -> None:
    """At most two statements, however long the list; one where nothing on it is new."""
    if not subjects:
        return
    actor, moment = signed_in().actor, now()
    seen = seen_since(reading(), actor, subjects, moment - rules.IDLE)
    if new := [subject for subject in subjects if subject not in seen]:
        with transaction() as session:
            viewed_together(session, actor, request.endpoint or "", new, moment)


def _note_once(subject: Subject) -> None:
    if noted_here(reading(), subject):
        return
    # A page that stays open is one view for as long as a session may be idle.
    if not seen_since(reading(), signed_in().actor, [subject], now() - rules.IDLE):
        with transaction() as session:
            viewed(session, signed_in().actor, request.endpoint or "", subject, now())


def _subjects() -> list[Subject]:
    named = _subject()
    return [*([named] if named else []), *g.get("also_shown", ())]


def _subject() -> Subject | None:
    """The case this request was about, where staff asked; guests' pages note their own."""
    ref = (request.view_args or {}).get("ref")
    if ref is None or request.endpoint is None or request.url_rule is None or not is_signed_in():
        return None
    kind = _SUBJECTS.get(request.url_rule.rule.split("/")[1])
    if kind is None or not isinstance(access_of(current_app, request.endpoint), StaffMay):
        return None
    return Subject(kind, str(ref).strip().upper())
