"""A discussion of an open case in the example week: no referral, a typed employer, a report that
came before it (A11, C2, D5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from app.accounts.types import Role
from app.cli.example.area import guest
from app.cli.example.discussions import Discussions
from app.cli.example.planned import Plan
from app.cli.example.said import SHARED
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings import answers
from app.meetings.models import Meeting
from app.meetings.need import service as need
from app.meetings.need.types import Occasion
from app.meetings.open_case.types import About
from app.meetings.types import MeetingState, ReportVia
from app.referrals.children import add_child
from app.referrals.types import AdultGiven, ChildGiven, Concern, Involvement

# Minutes before the first start, whatever the hour: it lies ahead when the area is opened.
DECIDED_AGO = 55
KNOWN_TO = (ProfessionalRole.SAFEGUARDING_LEAD, ProfessionalRole.SCHOOL_NURSE)


def discuss(discussions: Discussions, plan: Plan, at: datetime) -> None:
    """During an assessment a child tells of the swimming coach; the desk books, and the school
    sends what it knows."""
    session, area = discussions.session, discussions.area
    known_to = [next(one.id for one in area.professionals if one.role is role) for role in KNOWN_TO]
    child = add_child(
        session,
        area.actor(Role.SOCIAL_WORKER),
        ChildGiven(
            "Leonie",
            "Hartnell",
            at.date() - timedelta(days=3_950),
            first_language="English",
            address="52 Quarry Street, Millbrook",
            professionals=tuple(Involvement(one, actively_involved=True) for one in known_to),
        ),
        at - timedelta(minutes=4),
    )
    coach = AdultGiven(
        "Mr Dorrell",
        "Swimming coach",
        alleged_perpetrator=True,
        employer_typed="Millbrook Otters Swimming Club",
    )
    mother = AdultGiven("Ms Hartnell", "Mother", parental_responsibility=True, in_household=True)
    about = About(concerns=(Concern.ALLEGATION_AGAINST_STAFF,), adults=(mother, coach))
    occasion = Occasion(
        child_refs=(child.ref,),
        information_at=at - timedelta(minutes=40),
        identified_at=at - timedelta(minutes=10),
        about=about,
    )
    reason = "The child told her social worker what the coach says and does when nobody is near."
    meeting = need.decide_needed(session, area.one(Role.CHAIR), occasion, reason, at, at)
    plan(at + timedelta(minutes=15), partial(discussions.book, meeting, 0, plan))
    plan(at + timedelta(minutes=40), partial(_report, discussions, meeting))


def _report(discussions: Discussions, meeting: Meeting, at: datetime) -> None:
    school = next(
        (one for one in meeting.invitees if one.agency_kind is AgencyKind.EDUCATION), None
    )
    if school is None or meeting.state is not MeetingState.BOOKED:
        return
    words, who = SHARED[AgencyKind.EDUCATION.value], guest(school.agency_name)
    answers.add_report(discussions.session, school, words, None, ReportVia.LINK, who, at)
