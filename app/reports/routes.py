"""The first page: one look tells what to do (G1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, url_for
from sqlalchemy.orm import Session

from app.accounts.rules import may as roles_may
from app.accounts.signed_in import may, signed_in, staff_may
from app.accounts.types import Permission, StaffMember
from app.core.clock import london_date, now
from app.core.config import SETTINGS
from app.core.session import reading
from app.directory.queries import protocol_of_council
from app.meetings.early_notice import queries as notices
from app.meetings.joined.queries import unspoken
from app.meetings.received.queries import not_read
from app.meetings.restricted.hidden import WORDS, masked
from app.protocols.registry import active
from app.protocols.types import Protocol
from app.protocols.working_days import end_of_day
from app.referrals.abuse.rules import asks_risk
from app.referrals.allocation.rules import ratings_allocated
from app.referrals.arrivals.queries import how_many_wait as forms_that_wait
from app.referrals.rating.rules import may_settle
from app.reports import asked, booked, queries, triage, undelivered, untold
from app.reports.duties import queries as duties
from app.reports.duties.rules import (
    in_census_season,
    of_census,
    of_installation,
    of_mailbox,
    of_quality,
)
from app.reports.duties.rules import in_order as duties_in_order
from app.reports.duties.types import Duty
from app.reports.names import Names, names_of
from app.reports.quality.periods import quarter_before
from app.reports.returns.types import Year
from app.reports.rules import (
    answers_in_words,
    done_by,
    in_order,
    kinds_for,
    left_open_in_words,
    state_of,
    what_failed,
)
from app.reports.types import FOLLOWS, MOST, Coming, OpenAction, Work, WorkKind, WorkRow
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("reports", __name__)

_ON_REFERRALS = {
    WorkKind.DECIDE_NOW: "referrals.referral",
    WorkKind.DECIDE: "referrals.referral",
    WorkKind.SETTLE_RATING: "referrals.settle",
    WorkKind.ANSWERED_SINCE: "checks.checks",
    WorkKind.REPLACE: "referrals.referral",
    WorkKind.ANSWERS_IN: "checks.checks",
    WorkKind.HOLD_MEETING: "referrals.referral",
    WorkKind.ALLOCATE: "allocation.allocate",
    WorkKind.NOT_TAKEN_ON: "allocation.allocate",
    WorkKind.ALLOCATED: "referrals.referral",
    WorkKind.ASSESS_RISK: "referrals.concerns",
    WorkKind.RATE_AGAIN: "referrals.rate",
    WorkKind.AGENCY_LATE: "checks.checks",
    WorkKind.REQUEST_MAIL: "checks.checks",
    WorkKind.LETTER_MAIL: "letters.letters",
    WorkKind.ASSESS: "assessment.complete",
}
_ON_DISCUSSIONS = {
    WorkKind.BOOK_AGAIN: "again.again",
    WorkKind.BOOK: "booking.book",
    WorkKind.UNTOLD: "calls.sheet",
    WorkKind.NO_CHAIR: "booking.change",
    WorkKind.NO_QUORUM: "booking.change",
    WorkKind.UNDER_WAY: "discussion.hold",
    WorkKind.SIGN: "records.gate",
    WorkKind.CIRCULATE: "records.circulate",
    WorkKind.RECALLED: "records.circulate",
    WorkKind.TELL_RECALLED: "record_recall.calls",
    WorkKind.COPY: "records.circulate",
    WorkKind.DISAGREE: "escalation.disagreements",
}
# Of these the page says how many more there are.
_COUNTED = frozenset({WorkKind.AT_RISK, WorkKind.TAKE_IN, WorkKind.DECIDE_NOW, WorkKind.DECIDE})
# What agencies answered says what is to be done next.
_WITH_STEPS = (WorkKind.DECIDE_NOW, WorkKind.DECIDE, WorkKind.AGENCY_LATE)
# Actions that are due later are seen on the page of their discussion.
ACTIONS_AHEAD = timedelta(days=2)
# A conference or an assessment shows here when its week has come.
FOLLOWS_AHEAD = timedelta(days=7)
MAIL_COUNTED = 50  # beyond that the page says "50 or more"


@blueprint.get("/")
@access(staff_may(Permission.SIGNED_IN))
def first_page() -> Response:
    staff, moment, session = signed_in(), now(), reading()
    sees_cases = roles_may(staff.roles, Permission.DISCUSSION_SEE)
    kinds, ahead = kinds_for(staff.roles), moment + FOLLOWS_AHEAD
    protocol_id = protocol_of_council(session)
    protocol = active(protocol_id) if protocol_id else None
    allocated = ratings_allocated(protocol) if protocol else ()
    if protocol is None or not asks_risk(protocol):
        kinds = [kind for kind in kinds if kind is not WorkKind.ASSESS_RISK]
    found = queries.work(session, kinds, moment, ahead, staff.id, allocated)
    rows, more = queries.cut(found)
    coming = queries.coming(session) if sees_cases else []
    more_booked, coming = len(coming) > MOST, coming[:MOST]
    actions = (
        _actions(session, moment) if roles_may(staff.roles, Permission.DISCUSSION_BOOK) else []
    )
    names = names_of(session, rows, (row.id for row in coming))
    work = work_shown(session, rows, names, staff, protocol, moment)
    # Counted only where a list is cut: without it all of them stand on the page.
    undecided = {*_of(rows, WorkKind.DECIDE_NOW, WorkKind.DECIDE, WorkKind.ALLOCATE)}
    to_decide = len(undecided)
    if _cut(rows, WorkKind.DECIDE_NOW, WorkKind.DECIDE):
        to_decide = triage.how_many_to_decide(session)
    by_form = _of(rows, WorkKind.AT_RISK, WorkKind.TAKE_IN)
    cut = _cut(rows, WorkKind.AT_RISK, WorkKind.TAKE_IN)
    mail_waits, glass_waits, assessments_past = _to_look_at(session, staff)
    return respond(
        "reports/first_page.html",
        "reports/_first_page.html",
        own=[one for one in work if not one.waits_on_others],
        others=[one for one in work if one.waits_on_others],
        more_by_form=forms_that_wait(session) - len(by_form) if cut else 0,
        more_to_decide=to_decide - len(undecided),
        or_more=to_decide == triage.COUNTED,
        coming=masked(
            _coming(coming, names),
            children=(WORDS,),
            chair="",
            format="",
            late=False,
            answers="",
        ),
        more=[(kind.words, _whole(kind)) for kind in more if kind not in _COUNTED],
        more_booked=more_booked,
        actions=masked(actions[:MOST], what=WORDS, owner=""),
        more_actions=len(actions) > MOST,
        most=MOST,
        mail_waits=mail_waits,
        mail_counted=MAIL_COUNTED,
        glass_waits=glass_waits,
        assessments_past=assessments_past,
        sees_cases=sees_cases,
        installation=_installation(session, staff, moment),
        duties=_duties(session, staff, moment),
        moment=moment,
    )


def _to_look_at(session: Session, staff: StaffMember) -> tuple[int, int, int]:
    """How many mails, openings of cases, and assessments from before this installation counted
    them, wait for somebody like this person. The last of these is work for one of the desk, once:
    who does nothing else of it is not asked about it."""
    sees_mail = roles_may(staff.roles, Permission.MAIL_SEE)
    reviews = roles_may(staff.roles, Permission.GLASS_REVIEW)
    follows = roles_may(staff.roles, Permission.AFTER_FOLLOW)
    if not sees_mail and not reviews:
        return 0, 0, 0
    mail, openings, past = queries.to_look_at(session, staff.id, MAIL_COUNTED)
    return mail if sees_mail else 0, openings if reviews else 0, past if follows else 0


def _installation(session: Session, staff: StaffMember, moment: datetime) -> list[Duty]:
    """What is wrong with the installation: without its worker nothing else on the page comes to be
    done, so it stands above it."""
    if not roles_may(staff.roles, Permission.STAFF_MANAGE):
        return []
    held = duties.installation(session, moment, reads_mail=_reads_mail())
    return duties_in_order(of_installation(held, moment, url_for("staff.people")))


def _reads_mail() -> bool:
    return SETTINGS.here().imap_url is not None


def _duties(session: Session, staff: StaffMember, moment: datetime) -> list[Duty]:
    """What waits beside cases: quality, the board's report, the census."""
    found: list[Duty] = []
    today = london_date(moment)
    if roles_may(staff.roles, Permission.MAIL_SEE) and _reads_mail():
        asks = "Telephone whoever has not answered; ask your system administrator to mend it."
        found += of_mailbox(not_read(session, moment), moment, asks)
    if roles_may(staff.roles, Permission.NEAR_MISS_REVIEW) or roles_may(
        staff.roles, Permission.QUALITY_SEE
    ):
        held = duties.quality(session, staff.roles, moment)
        oldest = held.oldest_open
        hrefs = {
            "near_misses": url_for("near_misses.log"),
            "samples": url_for("samples.samples"),
            "sample": url_for("samples.sample", key=oldest.key) if oldest else "",
            "report": url_for("board.shown", key=quarter_before(today).key),
        }
        found += of_quality(held, staff.roles, moment, hrefs)
    if roles_may(staff.roles, Permission.RETURN_MAKE) and in_census_season(today):
        year = Year(today.year)
        made = duties.census_exported(session, year)
        found += of_census(made, moment, url_for("returns.section47", year=year.ends))
    return duties_in_order(found)


def work_shown(
    session: Session,
    rows: Sequence[WorkRow],
    children: Names,
    staff: StaffMember,
    protocol: Protocol | None,
    moment: datetime,
) -> list[Work]:
    """The rows as this person sees them, in order; what was settled meanwhile is left out."""
    found = []
    failed: defaultdict[int, list[str]] = defaultdict(list)
    if any(row.kind is WorkKind.MAIL for row in rows):
        for one in undelivered.not_arrived(session):
            failed[one.meeting_id].append(what_failed(*one[1:]))
    lost: dict[int, list[str]] = {}
    if any(row.kind is WorkKind.REQUEST_MAIL for row in rows):
        lost = asked.requests_not_arrived(session)
    nobody_from = booked.nobody_from(session, _of(rows, WorkKind.NO_QUORUM))
    joined = unspoken(session, _of(rows, WorkKind.JOINED))
    to_telephone = untold.untold(session, _of(rows, WorkKind.UNTOLD))
    steps = asked.next_steps(session, protocol, _of(rows, *_WITH_STEPS), moment)
    at_risk, to_allocate = _of(rows, WorkKind.DECIDE_NOW), _of(rows, WorkKind.ALLOCATE)
    for referral_id in to_allocate:
        steps[referral_id] = asked.Step(WorkKind.ALLOCATE, ())
    unread = triage.unread_answers(session, _of(rows, WorkKind.ANSWERED_SINCE), moment)
    settled_by = triage.settled_by(session, protocol, _of(rows, WorkKind.SETTLE_RATING))
    planned = notices.planned(session, _of(rows, WorkKind.TELL_QUALITY), moment)
    does = done_by(staff.roles)
    for row in rows:
        kind, details, own = row.kind, tuple[str, ...](), row.kind in does
        # One line for each referral: the one that is to be allocated, or of who may be at risk.
        if (kind is WorkKind.ALLOCATE and row.id in at_risk) or (
            kind is WorkKind.DECIDE and row.id in to_allocate
        ):
            continue
        if kind is WorkKind.UNTOLD and row.id not in to_telephone:
            continue
        state, words, left = state_of(row.due_at, moment)
        if kind in _WITH_STEPS and row.id in steps:
            step, details = steps[row.id]
            # Who may be at risk now stays on top, whatever the next step is.
            if kind is WorkKind.DECIDE_NOW:
                details = (f"Next: {step.words[0].lower()}{step.words[1:]}.", *details)
            else:
                kind, own = step, step in does
        elif kind is WorkKind.MAIL:
            details = tuple(failed[row.id])
        elif kind is WorkKind.NO_QUORUM:
            details = nobody_from.get(row.id, ())
        elif kind is WorkKind.JOINED:
            details = (f"Joined: {', '.join(one.name for one in joined.get(row.id, []))}",)
        elif kind is WorkKind.UNTOLD:
            details = (to_telephone[row.id],)
        elif kind is WorkKind.REQUEST_MAIL:
            details = tuple(lost.get(row.id, ()))
        elif kind is WorkKind.ANSWERED_SINCE:
            state, words, left, details = "soon", "New", "", unread[row.id]
        elif kind is WorkKind.ALLOCATED:
            state, words, left = "soon", "New", ""
        elif kind is WorkKind.SETTLE_RATING:
            step_of = settled_by.get(row.id)
            if step_of is None:  # settled while the page was made
                continue
            details = (f"Settled by: {step_of.who}",)
            own = may_settle(step_of, staff.roles)
        elif kind is WorkKind.TELL_QUALITY and row.id in planned:
            state, words, left = "calm", "Planned, by mail", ""
        elif kind is WorkKind.UNDER_WAY:
            state, words, left = "soon", "Now", ""
        found.append(
            Work(
                kind=kind,
                ref=row.ref,
                due_at=row.due_at,
                waits_on_others=not own,
                state=state,
                state_text=words,
                left_text=left,
                children=children.of(row.kind).get(row.id, ()),
                risk=row.risk.label if row.risk else "",
                href=_where(kind, row.ref, own),
                details=details,
            )
        )
    if WorkKind.LIST_TODAY in kinds_for(staff.roles):
        found += todays_lists(session, protocol, moment)
    return in_order(masked(found, children=(WORDS,), details=(), risk=""))


def _of(rows: Sequence[WorkRow], *kinds: WorkKind) -> list[int]:
    return [row.id for row in rows if row.kind in kinds]


def _cut(rows: Sequence[WorkRow], *kinds: WorkKind) -> bool:
    """Whether there may be more of one of these kinds than the page shows."""
    return any(len(_of(rows, kind)) == MOST for kind in kinds)


def todays_lists(session: Session, protocol: Protocol | None, moment: datetime) -> list[Work]:
    """The lists that are to be gone through today, by the end of the day, and those that were left
    open before."""
    today = london_date(moment)
    return [_list(one, today, moment) for one in triage.lists_today(session, protocol, today)]


def _list(one: triage.ListToday, today: date, moment: datetime) -> Work:
    due_at = end_of_day(one.left_on or today)
    state, state_text, left_text = "soon", "Today", ""
    details: tuple[str, ...] = ()
    if one.left_on is not None:
        state, state_text, left_text = state_of(due_at, moment)
        details = (left_open_in_words(one.left_on, one.open),)
    return Work(
        kind=WorkKind.LIST_TODAY if one.left_on is None else WorkKind.LIST_LEFT,
        ref=one.ref,
        due_at=due_at,
        waits_on_others=False,
        state=state,
        state_text=state_text,
        left_text=left_text,
        children=(one.name,),
        href=(url_for("lists.sitting", ref=one.ref) if one.ref else url_for("lists.overview")),
        details=details,
        by_day=True,
    )


def _whole(kind: WorkKind) -> str:
    """Where all of a kind stand, of which the page is too short for; empty where it is the list."""
    if kind in (WorkKind.MAIL, WorkKind.REQUEST_MAIL, WorkKind.LETTER_MAIL, WorkKind.FORM_MAIL):
        return url_for("outbox.deliveries") if may(Permission.DELIVERY_SEE) else ""
    if kind is WorkKind.ABUSE:
        return url_for("abuse.cases")
    return url_for("retention.lists") if kind is WorkKind.RETENTION else ""


def _where(kind: WorkKind, ref: str, own: bool) -> str:
    """Straight to where it is done, or to the page that shows how it stands."""
    if kind in (WorkKind.AT_RISK, WorkKind.TAKE_IN):
        return url_for("arrivals.as_sent", ref=ref)
    if kind is WorkKind.ABUSE:
        return url_for("abuse.case", ref=ref)
    if kind is WorkKind.RETENTION:
        return url_for("retention.lists")
    if kind is WorkKind.FORM_MAIL:
        return url_for("outbox.deliveries", _anchor="failures")
    if kind in _ON_REFERRALS:
        return url_for(_ON_REFERRALS[kind] if own else "referrals.referral", ref=ref)
    if kind in FOLLOWS or kind is WorkKind.NOTICE_MAIL:
        return url_for("after.after", ref=ref)
    endpoint = _ON_DISCUSSIONS.get(kind, "meetings.overview")
    return url_for(endpoint if own else "meetings.overview", ref=ref)


def _coming(rows: Sequence[queries.ComingRow], names: Names) -> list[Coming]:
    return [
        Coming(
            ref=row.ref,
            starts_at=row.starts_at,
            chair=row.chair or "no chair yet",
            format=row.format.label,
            late=bool(row.late),
            answers=answers_in_words(row.come, row.may_come, row.cannot, row.waiting),
            children=names.on_meetings.get(row.id, ()),
            href=url_for("meetings.overview", ref=row.ref),
        )
        for row in rows
    ]


def _actions(session: Session, moment: datetime) -> list[OpenAction]:
    found = []
    for row in queries.open_actions(session, moment + ACTIONS_AHEAD):
        state, _words, left = state_of(row.due_at, moment)
        found.append(
            OpenAction(
                ref=row.ref,
                what=row.what,
                owner=row.owner,
                due_at=row.due_at,
                by_telephone=row.by_telephone,
                state=state,
                left_text=left,
                href=url_for("after.after", ref=row.ref, _anchor="actions"),
            )
        )
    return found
