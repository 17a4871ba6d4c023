"""Every page of an area there is to ask for, and as whom: lists and what comes after their first
page, first pages of each role, one case and its pages, searches.

The pages are not named here: every address without a part to fill in that answers somebody on the
staff is one, so that a new list is asked for too, and of each list the page after the first.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from flask import Flask
from sqlalchemy import select

from app.accounts.models import StaffSession
from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.directory.models import Agency, Professional
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.reports.search.rules import asked
from app.reports.search.service import ask
from bench import area
from bench.names import FEWEST
from tests.factories.similar_children import known_children

# Whoever may see most first; each other role has its own first page.
ROLES = (Role.CHAIR, Role.ADMINISTRATOR, Role.SYSTEM, Role.TRIAGE, Role.SOCIAL_WORKER, Role.ANALYST)
# As long as the year or month that they tell of, which in an area of a thousand is not yet full:
# `bench/run dataset` measures one. Beside them what is no page of cases.
APART = re.compile(
    r"/(returns|dataset|quality/reports|refer/|example|sign-|session|health|metrics)"
)
OF_A_TIME = re.compile("period=|before=")
MOST_FILTERS = 6
_NEXT = re.compile(r'href="([^"]+)" rel="next"')


class Page(NamedTuple):
    """Where it is asked for, and as whom."""

    path: str
    cookie: str


class Asked(NamedTuple):
    """A page in the small area and in the large one."""

    few: Page
    many: Page


# Status and body of a page.
Get = Callable[[Page], tuple[int, bytes]]


def every_page(app: Flask, grown: Flask, first: Get, second: Get) -> dict[str, Asked]:
    """Every page to be asked for, by name, of an area and of the same area grown."""
    cookies = {role: (area.cookie(app, role), area.cookie(grown, role)) for role in ROLES}
    found: dict[str, Asked] = {}

    def add(name: str, path: str, *roles: Role) -> None:
        for role in roles or ROLES:
            pages = [Page(path, cookie) for cookie in cookies[role]]
            status, body = first(pages[0])
            if status >= 500:
                raise RuntimeError(f"{path} answered {status}")
            if status == 200:
                found[name] = Asked(*pages)
                told = [one.decode(errors="replace") for one in (body, second(pages[1])[1])]
                after = [_NEXT.search(one) for one in told]
                if all(after):
                    found[f"{name}, next page"] = Asked(
                        *(Page(html.unescape(one[1]), page.cookie)
                          for one, page in zip(after, pages, strict=True) if one)
                    )  # fmt: skip
                # What else the list can show: its filters, as it links to them.
                links = [set(re.findall(rf'href="({re.escape(path)}\?[^"]+)"', one))
                         for one in told]  # fmt: skip
                same = sorted(one for one in links[0] & links[1] if not OF_A_TIME.search(one))
                for other in map(html.unescape, same[:MOST_FILTERS]):
                    found[other] = Asked(*(Page(other, page.cookie) for page in pages))
                return

    for role in ROLES:
        add(f"first page, {role.value}", "/", role)
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        asks = "GET" in (rule.methods or ()) and not rule.arguments
        if asks and rule.rule != "/" and not APART.match(rule.rule):
            add(rule.rule, rule.rule)
    with app.app_context():
        for name, path in _of_one_case():
            add(name, path)
        db.session.remove()
    searches = [_searches(one) for one in (app, grown)]
    for name, number in searches[0].items():
        paths = f"/search/{number}", f"/search/{searches[1][name]}"
        found[f"search for {name}"] = Asked(
            *(Page(path, cookie)
              for path, cookie in zip(paths, cookies[Role.CHAIR], strict=True))
        )  # fmt: skip
    return found


def _of_one_case() -> Iterator[tuple[str, str]]:
    def newest(statement: object) -> object:
        return reading().execute(statement).scalar()  # type: ignore[call-overload]

    open_ = newest(select(Referral.ref).where(Referral.decided_at.is_(None)).limit(1))
    for state, name in ((MeetingState.BOOKED, ""), (MeetingState.NEEDED, "/book")):
        ref = newest(select(Meeting.ref).where(Meeting.state == state).limit(1))
        yield f"a discussion{name}", f"/discussions/{ref}{name}"
    yield "a referral", f"/referrals/{open_}"
    yield "how long a referral is kept", f"/referrals/{open_}/retention"
    yield "a referral's checks", f"/referrals/{open_}/checks"
    agency = newest(select(Referral.source_agency_id).order_by(Referral.id.desc()).limit(1))
    person = newest(select(Professional.id).where(Professional.agency_id == agency).limit(1))
    yield "an agency", f"/directory/agencies/{agency}"
    yield "somebody in the directory", f"/directory/people/{person}"
    yield "the children of a professional", f"/directory/people/{person}/children"
    yield "a member of staff", "/staff/1"
    staff = newest(select(StaffSession.staff_id).order_by(StaffSession.id).limit(1))
    yield "the audit of somebody on the staff", f"/audit/?who={staff}"
    yield "the audit of a referral", f"/audit/?subject={open_}"
    yield "the audit of discussions", "/audit/?kind=meeting"
    yield "what was looked at", "/audit/?what=views"
    yield "what somebody looked at", f"/audit/?what=views&who={staff}"


def _searches(app: Flask) -> dict[str, int]:
    """Questions of the chair, asked once; their numbers."""
    child = known_children(FEWEST)[70]
    with app.app_context(), transaction() as session:
        staff_id = area.somebody(session, Role.CHAIR)
        agency = session.execute(
            select(Agency.name)
            .join(Referral, Referral.source_agency_id == Agency.id)
            .order_by(Referral.id.desc())
            .limit(1)
        ).scalar_one()
        ref = session.execute(select(Referral.ref).order_by(Referral.id.desc()).limit(1))
        questions = {
            "one name": child.family,
            "a whole name": f"{child.given} {child.family}",
            "a whole name, misspelt": f"{child.given[:-1]} {child.family}s",
            "a day of birth": f"{child.born:%d/%m/%Y}",
            "a name and a day": f"{child.family} {child.born:%d/%m/%Y}",
            "an agency": agency,
            "a reference": ref.scalar_one(),
            "nobody": "Zzyzx Quark",
        }
        today = now().date()
        return {
            name: ask(session, SYSTEM, staff_id, asked(typed, today), now())
            for name, typed in questions.items()
        }
