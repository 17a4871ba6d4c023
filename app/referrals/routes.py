"""The queue and a referral's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from app.accounts.case_views import lists_cases
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed
from app.audit.types import Subject
from app.core.clock import now
from app.core.session import reading, transaction
from app.protocols.panel import DeadlinePanel
from app.referrals import listing, shown
from app.referrals.arrivals import rows as arrivals
from app.referrals.arrivals.queries import closed_by_sent
from app.referrals.changes.routes import blueprint
from app.referrals.finding import found
from app.referrals.masking import WORDS, hidden_cases, masked
from app.referrals.outcome import routes as outcome_routes
from app.referrals.page import changed_since, referral_page
from app.referrals.rating import routes as rating_routes
from app.referrals.sections import SECTIONS
from app.referrals.types import AT_RISK_NOW, IN_TURN, Outcome
from app.web.access import access
from app.web.htmx import respond
from app.web.keys import moment_key
from app.web.numbers import whole

Key = tuple[datetime, int]
OpenKey = tuple[int, datetime, int]
_PLACES = (str(AT_RISK_NOW), str(IN_TURN))


@blueprint.get("/")
@access(staff_may(Permission.REFERRAL_SEE))
def queue() -> Response:
    moment = now()
    everything = request.args.get("show") == "all"
    if request.args.get("show") == "waiting":
        return _waiting(moment)
    typed = request.args.get("after", "")
    key: Key | OpenKey | None
    if everything:
        rows, after = _everything(reading(), key := moment_key(typed), moment)
    else:
        rows, after = _to_decide(reading(), key := _open_key(typed), moment)
    arrived = None if everything or key else arrivals.arrived(reading(), moment)
    # Names, concerns and outcomes stand in it: it is a view of each case (H3).
    lists_cases(_seen(row.ref for row in (*rows, *(arrived.rows if arrived else ()))))
    older = url_for("referrals.queue", show="all" if everything else None, after=after)
    return respond(
        "referrals/queue.html",
        rows=masked(
            rows,
            children=(WORDS,),
            source="",
            received="",
            concerns="",
            rating="",
            outcome="",
            re_referral=False,
            risk_now=False,
            deadline=_bare_deadline,
        ),
        everything=everything,
        arrived=arrived,
        first=url_for("referrals.queue", show="all" if everything else None) if key else "",
        older=older if after else "",
        may_enter=may(Permission.REFERRAL_ENTER),
    )


def _seen(refs: Iterable[str]) -> list[Subject]:
    """The referrals of a list of which it tells more than the reference."""
    hidden = hidden_cases()
    return [Subject("referral", ref) for ref in refs if ref not in hidden]


def _bare_deadline(row: shown.ListRow) -> DeadlinePanel:
    """Of a hidden referral by when it must be looked at; of a closed one not how that went."""
    if not row.deadline.due_text:
        return replace(row.deadline, state="calm", state_text="Closed")
    return replace(row.deadline, reason="")


def _open_key(typed: str) -> OpenKey | None:
    """The last row of the page before, out of the address; a broken one is the first page."""
    place, _, rest = typed.partition(",")
    key = moment_key(rest)
    return (int(place), *key) if key and place in _PLACES else None


def _to_decide(
    session: Session, after: OpenKey | None, moment: datetime
) -> tuple[list[shown.ListRow], str]:
    """One page of those not yet decided, and the key of the next one where there is more."""
    page = listing.open_referrals(session, after)
    rows = [shown.list_row(row, moment) for row in page.rows]
    if not page.more:
        return rows, ""
    last = page.rows[-1]
    return rows, f"{last.queue_place},{last.act_by_at.isoformat()},{last.id}"


def _everything(
    session: Session, before: Key | None, moment: datetime
) -> tuple[list[shown.ListRow], str]:
    """One page of every referral, and of the forms that were closed as none, the newest first."""
    page = listing.all_referrals(session, before)
    found = [((row.received_at, row.id), shown.list_row(row, moment)) for row in page.rows]
    closed = closed_by_sent(session, before)
    found += [((one.sent_at, one.id), arrivals.closed_row(one)) for one in closed]
    found.sort(key=lambda one: one[0], reverse=True)
    more = page.more or len(found) > listing.PAGE
    cut = found[: listing.PAGE]
    at, last = cut[-1][0] if cut else (moment, 0)
    return [row for _, row in cut], f"{at.isoformat()},{last}" if more else ""


def _waiting(moment: datetime) -> Response:
    """Everything that came by the form and waits, page by page."""
    after = request.args.get("after", "")
    arrived = arrivals.arrived(reading(), moment, after)
    lists_cases(_seen(row.ref for row in arrived.rows))
    return respond(
        "referrals/waiting.html",
        arrived=arrived,
        first=url_for("referrals.queue", show="waiting") if after else "",
    )


# Rooms whose pages hang on the same blueprint.
ROOMS = (rating_routes, outcome_routes)


class Step(NamedTuple):
    """A button on the referral's page."""

    words: str
    href: str
    main: bool


# (words, endpoint, permission): the first that somebody may take is the main one.
_BEFORE = (
    ("A strategy discussion is needed", "need.decide", Permission.DISCUSSION_NEED),
    ("Start the discussion now", "need.start_now", Permission.DISCUSSION_START),
    ("Record one already held", "need.already_held", Permission.DISCUSSION_START),
    ("Decide something else", "referrals.decide", Permission.REFERRAL_DECIDE),
    ("Not a referral", "referrals.no_referral", Permission.REFERRAL_DECIDE),
)
_HELD = (
    ("Go to the strategy discussion", "need.discussions", Permission.DISCUSSION_SEE),
    ("Another discussion is needed", "need.decide", Permission.DISCUSSION_NEED),
    ("Start another now", "need.start_now", Permission.DISCUSSION_START),
    ("Change the decision", "referrals.decide", Permission.REFERRAL_DECIDE),
)


def _steps(outcome: Outcome | None, ref: str) -> list[Step]:
    """What the person signed in can do next with a referral."""
    wanted = _HELD if outcome is Outcome.STRATEGY_DISCUSSION else _BEFORE
    allowed = [one for one in wanted if may(one[2])]
    # Whoever decides no strategy discussion has nothing else to decide "else" from.
    alone = bool(allowed) and allowed[0][1] == "referrals.decide"
    steps = [
        Step(
            ("Decide" if outcome is None else "Change the decision")
            if endpoint == "referrals.decide" and (alone or outcome is not None)
            else words,
            url_for(endpoint, ref=ref),
            place == 0,
        )
        for place, (words, endpoint, _) in enumerate(allowed)
        if endpoint != "referrals.no_referral" or outcome is None
    ]
    closed = outcome is not None and outcome is not Outcome.STRATEGY_DISCUSSION
    if closed and may(Permission.REFERRAL_DECIDE):
        steps.append(Step("Open it again", url_for("referrals.reopen", ref=ref), False))
    return steps


@blueprint.get("/<ref>")
@access(staff_may(Permission.REFERRAL_SEE))
def referral(ref: str) -> Response:
    moment = now()
    with transaction() as session:
        held = found(session, ref)
        viewed(session, signed_in().actor, "referral", Subject("referral", held.ref), moment)
    return respond(
        "referrals/referral.html",
        page=referral_page(reading(), held, SECTIONS.here(), moment),
        colours=shown.RATING_COLOURS,
        steps=_steps(held.outcome, held.ref),
        by_form=arrivals.came_by_form(reading(), held.ref),
        may_edit=may(Permission.REFERRAL_ENTER),
        may_rate=may(Permission.REFERRAL_RATE),
        may_decide=may(Permission.REFERRAL_DECIDE),
        may_write=may(Permission.REFERRAL_LETTER),
    )


@blueprint.get("/<ref>/changes")
@access(staff_may(Permission.REFERRAL_SEE))
def changes(ref: str) -> Response:
    """Whether somebody changed the referral since a page of it was sent: asked by that page."""
    held = found(reading(), ref)
    after = request.args.get("after", 0, type=whole)
    change = changed_since(reading(), held, after)
    return respond(
        "referrals/changes.html",
        "referrals/_changed.html",
        referral=held,
        latest=after,
        change=change,
    )
