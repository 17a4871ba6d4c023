"""Every list, first page, wall and search with a hundred thousand referrals, as a multiple of a
thousand.

On both databases; the two sizes are served side by side and asked in turn. What grows is the past
(`bench/filling.py`): what is open, due or coming is as much in both, which is counted before
anything is measured. The pages are not named here: every address without a part to fill in that
answers somebody on the staff is asked, so that a new list is measured too, and of each list the
page after the first. Targets: 1.15 times, for a search 3 times (G5).

GROWTH_REFERRALS=1000000 measures a million, GROWTH_DATABASES=sqlite one database alone.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy import select

from app import create_app
from app.accounts.models import Staff, StaffSession
from app.accounts.types import Role
from app.audit.types import SYSTEM, Actor, ActorKind
from app.core.clock import now
from app.core.config import Settings
from app.core.session import db, reading, transaction
from app.directory.models import Agency, Professional
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.reports.search.rules import asked
from app.reports.search.service import ask
from app.reports.wall.service import make_display
from app.reports.wall.types import Screen
from bench import area
from bench.filling import Names, fill, names_for, still_open
from bench.serving import ROOT, Taken, gunicorn
from bench.serving import ask as get
from tests.factories.similar_children import known_children
from tests.postgresql import PrivatePostgres

FEW, MANY = 1_000, int(os.environ.get("GROWTH_REFERRALS", "100000"))
DATABASES = os.environ.get("GROWTH_DATABASES", "sqlite postgresql").split()
ROUNDS, WARM_UP = int(os.environ.get("GROWTH_ROUNDS", "40")), 3
TARGET, SEARCH_TARGET = 1.15, 3.0
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


def run() -> Iterator[str]:
    if "sqlite" in DATABASES:
        with tempfile.TemporaryDirectory() as name:
            yield from _measured("SQLite", Path(name), None)
    if "postgresql" in DATABASES:
        with tempfile.TemporaryDirectory() as name, PrivatePostgres() as server:
            yield from _measured("PostgreSQL", Path(name), server)


def _measured(engine: str, folder: Path, server: PrivatePostgres | None) -> Iterator[str]:
    few, many = folder / "few", folder / "many"
    few_url, many_url = f"sqlite:///{few / 'db.sqlite3'}", f"sqlite:///{many / 'db.sqlite3'}"
    if server is not None:
        few_url = server.create("few")
    os.environ["DATABASE_URL"] = few_url
    try:
        app = area.make(few)
        with app.app_context(), transaction() as session:
            staff_id = session.execute(select(Staff.id).limit(1)).scalar_one()
            actor = Actor(ActorKind.STAFF, staff_id, "bench")
            walls = {
                screen: make_display(session, actor, screen.value, screen, now())
                for screen in Screen
            }
        _close(app)
        shutil.copytree(few, many)
        if server is not None:
            many_url = server.create("many", template="few")
        names = names_for(app)
        _close(app)
        yield _filled(engine, app, FEW, names)
        os.environ.update(DATABASE_URL=many_url, DATA_DIR=str(many))
        grown = create_app(Settings.read())
        yield _filled(engine, grown, MANY, names)
        _as_open(app, grown)
        with (
            gunicorn("wsgi:app", ROOT, DATABASE_URL=few_url, DATA_DIR=str(few)) as first,
            gunicorn("wsgi:app", ROOT, DATABASE_URL=many_url, DATA_DIR=str(many)) as second,
        ):
            pages = _pages(app, grown, first, second) | {
                f"wall, {screen.value}": Asked(
                    *(Page(f"/wall/{made.id}", f"wall={made.token}"),) * 2
                )
                for screen, made in walls.items()
            }
            for app_ in (app, grown):
                _close(app_)
            taken = _in_turn(pages, first, second)
    finally:
        del os.environ["DATABASE_URL"]
    for name, (small, large) in sorted(
        taken.items(), key=lambda one: -one[1][1].median / one[1][0].median
    ):
        target = SEARCH_TARGET if name.startswith("search") else TARGET
        ratio, quick = large.median / small.median, large.quick / small.quick
        over = "" if min(ratio, quick) <= target else "  OVER"
        yield (
            f"{engine}, {name}: {ratio:.2f} times, undisturbed {quick:.2f} "
            f"({small.quick * 1000:.1f} ms; target {target}){over}"
        )
    held = sum(
        min(large.median / small.median, large.quick / small.quick)
        <= (SEARCH_TARGET if name.startswith("search") else TARGET)
        for name, (small, large) in taken.items()
    )
    yield f"{engine}: {held} of {len(taken)} pages keep their target, {FEW:,} to {MANY:,} referrals"


def _filled(engine: str, app: Flask, size: int, names: Names) -> str:
    began = time.monotonic()
    found = fill(app, size, names)
    return (
        f"{engine}: {found.referrals:,} referrals, {found.rows:,} rows copied "
        f"({time.monotonic() - began:.0f} s)"
    )


def _as_open(app: Flask, grown: Flask) -> None:
    """What waits for somebody must be as much in both, or pages would differ by what they show."""
    counts = []
    for one in (app, grown):
        with one.app_context():
            counts.append(still_open(reading()))
            db.session.remove()
    differ = {name: (count, counts[1][name]) for name, count in counts[0].items()
              if count != counts[1][name]}  # fmt: skip
    if differ:
        raise RuntimeError(f"more is open in the larger area: {differ}")


def _pages(app: Flask, grown: Flask, first: int, second: int) -> dict[str, Asked]:
    """Every page to be asked for, by name: lists and what comes after their first page, first
    pages, a case and its directory pages, searches."""
    cookies = {role: (area.cookie(app, role), area.cookie(grown, role)) for role in ROLES}
    found: dict[str, Asked] = {}

    def add(name: str, path: str, *roles: Role) -> None:
        for role in roles or ROLES:
            pages = [Page(path, cookie) for cookie in cookies[role]]
            _, status, body = get(first, *pages[0])
            if status == 200:
                found[name] = Asked(*pages)
                told = [one.decode(errors="replace") for one in (body, get(second, *pages[1])[2])]
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
    child = known_children(2_000)[700]
    with app.app_context(), transaction() as session:
        # Whose cookie it is: the first that was made here.
        staff_id = session.execute(
            select(StaffSession.staff_id).order_by(StaffSession.id.desc()).limit(1)
            .offset(len(ROLES) - 1)
        ).scalar_one()  # fmt: skip
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


def _in_turn(pages: dict[str, Asked], first: int, second: int) -> dict[str, tuple[Taken, Taken]]:
    """Each page of both, asked in turn so that noise is shared."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in pages}
    for turn in range(ROUNDS + WARM_UP):
        for name, asked_ in pages.items():
            for port, page, seconds in zip((first, second), asked_, times[name], strict=True):
                took, status, _ = get(port, *page)
                if status >= 400:
                    raise RuntimeError(f"{name} answered {status} for {page.path}")
                if turn >= WARM_UP and status == 200:
                    seconds.append(took)
    # Some ask for the password again after five minutes: they are measured no longer.
    return {
        name: (_taken(few), _taken(many)) for name, (few, many) in times.items() if few and many
    }


def _taken(times: list[float]) -> Taken:
    quickest = sorted(times)[: max(1, len(times) // 10)]
    return Taken(statistics.median(times), statistics.median(quickest))


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
