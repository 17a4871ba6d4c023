"""The main pages ask the database the same number of times, however much there is to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking import service
from app.meetings.models import Delivery, Invitee
from app.meetings.types import MeetingState, MessageKind
from app.outbox import service as outbox
from app.referrals import keys
from app.referrals.models import ChildProfessional, ReferralChild
from tests.clock import FRIDAY
from tests.factories.booking import SENDER, make_member, make_order, make_ready
from tests.factories.mail import make_message
from tests.factories.meetings import make_case, make_conference_line, make_meeting, make_person
from tests.factories.referrals import make_adult, make_child

FEW, MANY = 3, 30
# A page may not creep up either. The person signed in is one; a view of a case is two; whether it
# is restricted is one, on lists too; what of a list was seen lately is one. What is open in quality
# is one of the first page. Of a discussion, what came in for a cancelled one and what took place
# beside it are one each; of a booked one, who would have to come now is five, who joined one.
MOST = {"first page": 10, "queue": 3, "referral": 33, "discussion": 25, "booking": 11}
# The whole of one press on Send but the reading of its form: line, PIN, invitees, links, letters,
# audit; whether the case is restricted is two.
MOST_TO_BOOK = 21
# How many more there are is counted only where a list is cut.
WHERE_CUT = {"first page": 1}
# The first page of each role, cut nowhere. One asks for lists that were left open.
FIRST_PAGES = {
    Role.CHAIR: 9,
    Role.ADMINISTRATOR: 8,
    Role.TRIAGE: 7,
    Role.SOCIAL_WORKER: 5,
    Role.OUT_OF_HOURS: 8,
    Role.ANALYST: 2,
    Role.SYSTEM: 11,
}
_NO_STATEMENTS = (
    "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "UPDATE staff_session SET last_seen_at",
)  # fmt: skip


def discussion(invited: int) -> str:
    """A booked one where everybody has had a letter."""
    with transaction() as session:
        meeting = make_meeting(session, invitees=invited, at=now())
        rows = session.execute(select(Invitee).where(Invitee.meeting_id == meeting.id)).scalars()
        for invitee in rows:
            sent = outbox.enqueue(session, make_message(), now())
            kind = MessageKind.INVITATION
            session.add(Delivery(invitee_id=invitee.id, message_id=sent.id, kind=kind, at=now()))
        return f"/discussions/{meeting.ref}"


def booking(people: int) -> str:
    """One to be booked: so many work with the child, and as many lines can be taken."""
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.NEEDED, at=now())
        for _ in range(people):
            make_person(session, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE)
            visitor = make_person(session)
            session.add(
                ChildProfessional(
                    child_id=meeting.children[0].child_id,
                    professional_id=visitor.id,
                    actively_involved=True,
                    lead=False,
                )
            )
            make_conference_line(session)
        return f"/discussions/{meeting.ref}/book"


def queue(referrals: int) -> str:
    with transaction() as session:
        for _ in range(referrals):
            make_case(session, at=now())
    return "/referrals/"


def first_page(each: int) -> str:
    with transaction() as session:
        for _ in range(each):
            make_case(session, at=now())
            for state in (MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.ENDED):
                make_meeting(session, state, at=now())
    return "/"


def referral(children: int) -> str:
    """So many children, each with an earlier referral, a discussion and a record that is alike."""
    with transaction() as session:
        held = make_case(session, children=children, at=now())
        for row in held.children:
            earlier = make_case(session, children=1, at=now())
            earlier.children[0].child = row.child
            make_meeting(session, MeetingState.NEEDED, referral=earlier, at=now())
            twin = make_child(session, row.child.given_name, row.child.family_name)
            keys.index(session, twin.id, keys.identity(row.child))
        make_adult(session, held)
        return f"/referrals/{held.ref}"


PAGES = {
    "first page": first_page,
    "queue": queue,
    "referral": referral,
    "discussion": discussion,
    "booking": booking,
}


@pytest.mark.parametrize("name", PAGES)
def test_as_many_statements_for_thirty_rows_as_for_three(
    in_app: Flask, signed_in: Callable[..., FlaskClient], name: str
) -> None:
    browser = signed_in(Role.CHAIR)
    few = _asked(in_app, browser, PAGES[name](FEW))
    many = _asked(in_app, browser, PAGES[name](MANY))
    assert len(few) + WHERE_CUT.get(name, 0) == len(many), "\n".join(many)
    assert len(many) <= MOST[name], "\n".join(many)


def test_as_many_statements_to_invite_eight_as_to_invite_three(in_app: Flask) -> None:
    counts = []
    for people in (2, 2, 7):  # the first of a process asks for more
        with transaction() as session:
            ready = make_ready(session)
            member = make_member(ready.chair)
        with _counted(in_app) as found, transaction() as session:
            order = make_order(ready, people=people)
            service.book(session, member, ready.meeting.ref, order, SENDER, FRIDAY)
        counts.append(len(found))
    assert counts[1] == counts[2] <= MOST_TO_BOOK, "\n".join(found)


@pytest.mark.parametrize("role", FIRST_PAGES)
def test_nobody_s_first_page_creeps_up(
    in_app: Flask, signed_in: Callable[..., FlaskClient], role: Role
) -> None:
    asked = _asked(in_app, signed_in(role), first_page(FEW))
    assert len(asked) <= FIRST_PAGES[role], "\n".join(asked)


def test_a_page_that_asks_for_each_row_is_noticed(in_app: Flask) -> None:
    """The counter itself: a relation that is loaded row by row."""
    queue(FEW)
    session = reading()
    with _counted(in_app) as found:
        for row in session.execute(select(ReferralChild.child_id)).all():
            session.execute(select(ChildProfessional).filter_by(child_id=row.child_id)).all()
    assert len(found) == 1 + 2 * FEW


def _asked(app: Flask, browser: FlaskClient, path: str) -> list[str]:
    browser.get(path)  # the first answer of a process asks for more
    with _counted(app) as found:
        answer = browser.get(path)
    assert answer.status_code == 200
    return found


@contextmanager
def _counted(app: Flask) -> Iterator[list[str]]:
    """Every statement; the borders of transactions are none. Nor is that somebody is still there,
    which is noted once a minute: how many pages that is depends on how busy the machine is."""
    found: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(_NO_STATEMENTS):
            found.append(" ".join(statement.split()))

    engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", listen)
