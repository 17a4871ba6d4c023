"""Returns: what is to be mended, and the files (G4)."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session

from app.accounts.rules import may as roles_may
from app.accounts.signed_in import signed_in, staff_may
from app.accounts.types import Permission
from app.audit.service import viewed, viewed_together
from app.audit.types import Subject
from app.core.clock import london_date, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.spreadsheet import MEDIA_TYPE
from app.directory.queries import council_or_none
from app.meetings.restricted.hidden import WORDS, hidden_cases, masked
from app.protocols.working_days import end_of_day, in_words, start_of_day
from app.reports.returns import census as census_file
from app.reports.returns import list5 as inspection_list
from app.reports.returns import queries, rules, service
from app.reports.returns.types import Enquiry, Problem, Row, Where, Year
from app.web.access import access
from app.web.htmx import go_to, respond

blueprint = Blueprint("returns", __name__, url_prefix="/returns")

MAKE = staff_may(Permission.RETURN_MAKE)
MAKE_FRESH = staff_may(Permission.RETURN_MAKE, fresh=True)
RETURNS = "section 47 return"
MOST = 100  # problems on the page; mended ones make room for the next
FOR_READERS = "Somebody who may see the case has to mend this"
# In which enquiries are counted; one that is still open may have begun before.
YEARS_BEFORE = 2
INSPECTED = 183  # days: the list covers six months before the request


@blueprint.get("/")
@access(MAKE)
def section47() -> Response:
    today = london_date(now())
    year = _year(today)
    rows = _of_year(reading(), year)
    found = rules.problems(rows, year, today)
    _note(f"{RETURNS}, {year.ends}", found[:MOST])
    this = rules.year_of(today)
    return respond(
        "reports/returns/section47.html",
        year=year,
        years=[Year(ends) for ends in range(this.ends, this.ends - 5, -1)],
        enquiries=len(rows),
        children=len({one.child_id for one in rows}),
        rows_to_mend=_shown(found[:MOST]),
        errors=sum(not one.is_query for one in found),
        queries=sum(one.is_query for one in found),
        most=MOST,
        numbered=bool(_authority_number(reading())),
        may_number=roles_may(signed_in().roles, Permission.DIRECTORY_EDIT),
        not_held=inspection_list.NOT_HELD,
        not_in_census=census_file.NOT_HELD,
        since=in_words(date.fromordinal(today.toordinal() - INSPECTED)),
    )


@blueprint.get("/section47.xml")
@access(MAKE_FRESH)
def census() -> Response:
    """The census's section 47 modules, once no error stands."""
    moment = now()
    today = london_date(moment)
    year = _year(today)
    rows = _of_year(reading(), year)
    number = _authority_number(reading())
    try:
        rules.check_whole(rules.problems(rows, year, today), number)
    except Refused as refusal:
        flash(refusal.message)
        return go_to(url_for(".section47", year=year.ends))
    with transaction() as session:
        service.census_exported(session, signed_in().actor, year, rows, moment)
    name = f"cin-section47-{year.ends}.xml"
    return _file(census_file.as_file(rows, year, number, moment), census_file.MEDIA_TYPE, name)


@blueprint.get("/list5.csv")
@access(MAKE_FRESH)
def list5() -> Response:
    """Enquiries of the six months up to today."""
    moment = now()
    today = london_date(moment)
    first = date.fromordinal(today.toordinal() - INSPECTED)
    counted = first.replace(day=1, year=first.year - YEARS_BEFORE)
    held = [
        *queries.perhaps_open(reading(), start_of_day(counted), start_of_day(first)),
        *_begun(reading(), counted, today),
    ]
    rows = inspection_list.in_period(rules.counted_before(held), first)
    with transaction() as session:
        service.list5_exported(session, signed_in().actor, first.isoformat(), rows, moment)
    return _file(inspection_list.as_file(rows, today), MEDIA_TYPE, f"list-5-{today}.csv")


def _year(today: date) -> Year:
    return rules.year_asked(request.args.get("year", ""), today)


def _authority_number(session: Session) -> str:
    held = council_or_none(session)
    return held.authority_number if held else ""


def _of_year(session: Session, year: Year) -> list[Enquiry]:
    """The enquiries of a census year as they stood when it ended."""
    held = _begun(session, date(year.ends - 2, 4, 1), year.last_day)
    rows = (rules.as_at(one, year.last_day) for one in held)
    return [one for one in rows if rules.belongs(one, year)]


def _begun(session: Session, first: date, last: date) -> list[Enquiry]:
    return queries.enquiries(session, start_of_day(first), end_of_day(last))


def _where(problem: Problem) -> str:
    """The page on which it is mended."""
    one = problem.enquiry
    if problem.where is Where.CHILD and one.referral_ref:
        return url_for("referrals.child", ref=one.referral_ref, child_ref=one.child_ref)
    if problem.where is Where.CHILD:
        return url_for("open_case_child.child", ref=one.meeting_ref, child_ref=one.child_ref)
    return url_for("after.after", ref=one.meeting_ref)


def _shown(found: list[Problem]) -> list[Row]:
    """The page tells nothing of a restricted case; a file must be complete and does (H2)."""
    hidden = hidden_cases()
    rows = [
        Row(
            ref=_hidden_of(one, hidden) or one.enquiry.meeting_ref,
            name=one.enquiry.name,
            child=one.enquiry.case_reference or one.enquiry.child_ref,
            began=in_words(one.enquiry.started_on),
            is_query=one.is_query,
            words=one.words,
            rule=one.rule or "None by number",
            href=_where(one),
        )
        for one in found
    ]
    return masked(
        rows,
        name=WORDS,
        child="",
        began="",
        words=FOR_READERS,
        rule="",
        href=lambda row: _case(row.ref),
    )


def _hidden_of(problem: Problem, hidden: frozenset[str]) -> str:
    """The hidden case that it tells of; empty where there is none.

    It stands under that one: a restriction mentioned beside another enquiry would tell of which
    child it is.
    """
    named = (ref for one in problem.enquiries for ref in (one.meeting_ref, one.referral_ref))
    return next((ref for ref in named if ref in hidden), "")


def _case(ref: str) -> str:
    """The page of a case, which whoever may not see it finds shut."""
    is_referral = ref.startswith("RF-")
    return url_for("referrals.referral" if is_referral else "meetings.overview", ref=ref)


def _note(page: str, shown: list[Problem]) -> None:
    """The page, and each discussion of which it shows something (H3)."""
    hidden, actor, moment = hidden_cases(), signed_in().actor, now()
    seen = [
        Subject("meeting", enquiry.meeting_ref)
        for one in shown
        if not _hidden_of(one, hidden)
        for enquiry in one.enquiries
    ]
    with transaction() as session:
        viewed(session, actor, page, Subject("return", "section47"), moment)
        viewed_together(session, actor, page, seen, moment)


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
