"""Returns from what discussions decided: the list of what to mend, XML and list 5 (G4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from app.accounts.types import Role
from app.core.session import reading, transaction
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome
from app.meetings.types import MeetingState
from app.referrals.models import Child
from app.reports.returns import queries, routes
from app.reports.returns.rules import problems
from app.reports.returns.types import Year
from tests.clock import FRIDAY
from tests.factories.directory import make_settings
from tests.factories.meetings import make_meeting

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 24, 10, tzinfo=UTC)
YEAR = Year(2027)
CHRISTMAS = date(2026, 12, 25)


def after(session, meeting, started, **said):
    child = meeting.children[0].child_id
    session.get(Child, child).case_reference = f"LCS{child}"
    row = ChildAfter(
        meeting_id=meeting.id, child_id=child, enquiry_runs=True, section47_started_at=started,
        conference_decided_later=False, clocks={}, assessment_runs=False, **said,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def enquiry(in_app):
    """One enquiry, said more of by a second discussion that continued it."""
    with transaction() as session:
        first = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        row = after(session, first, START, conference=Conference.LIKELY)
        second = make_meeting(session, MeetingState.ENDED, children=1, start=START + 30 * HOUR)
        after(
            session, second, START, conference=Conference.REQUIRED,
            enquiry_outcome=EnquiryOutcome.CONTINUING_RISK, enquiry_ended_at=START + 50 * HOUR,
            enquiry_reason="Both agreed.", icpc_held_at=datetime(2026, 12, 15, 10, tzinfo=UTC),
            icpc_outcome=ConferenceOutcome.PLAN,
        ).child_id = row.child_id  # fmt: skip
        return first.ref, second.ref


def test_an_enquiry_that_was_continued_is_one(in_app, enquiry):
    [one] = routes._of_year(reading(), YEAR)
    assert (one.meeting_ref, one.started_on) == (enquiry[1], date(2026, 11, 24))
    assert (one.target_on, one.conference_on) == (date(2026, 12, 15), date(2026, 12, 15))
    assert problems([one], YEAR, CHRISTMAS) == []
    assert one.referred_on == FRIDAY.date()


def test_an_enquiry_ends_up_in_the_year_it_began(in_app, enquiry):
    assert routes._of_year(reading(), Year(2026)) == []
    span = (START - HOUR, START)  # the end of a span is not in it
    assert queries.enquiries(reading(), *span) == []


def browser_of(app, signed_in, *roles: Role) -> FlaskClient:
    browser: FlaskClient = signed_in(*roles)
    return browser


def test_what_to_mend_leads_to_the_place_where_it_is_mended(app, signed_in, change):
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        row = after(session, meeting, START)
        child = session.get(Child, row.child_id)
        child.case_reference = None
        ref, child_ref = meeting.ref, child.ref
    browser = browser_of(app, signed_in, Role.ADMINISTRATOR)
    page = browser.get("/returns/?year=2027").get_data(as_text=True)
    assert "is missing" in page
    assert f"/children/{child_ref}" in page
    assert ref in page
    refused = browser.get("/returns/section47.xml?year=2027")
    assert refused.status_code == 303
    assert "has to be mended" in browser.get(refused.location).get_data(as_text=True)


def test_the_census_needs_the_councils_number_and_says_who_enters_it(signed_in, change):
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        after(session, meeting, START)
    administrator, chair = signed_in(Role.ADMINISTRATOR), signed_in(Role.CHAIR)
    assert 'href="/council#authority_number"' in administrator.get("/returns/").text
    assert "An administrator enters it" in chair.get("/returns/").text
    refused = chair.get("/returns/section47.xml?year=2027")
    assert "number has to be entered" in chair.get(refused.location).get_data(as_text=True)


def test_a_conference_falls_to_the_year_in_which_it_is_held(in_app):
    started, held = datetime(2027, 3, 15, 10, tzinfo=UTC), datetime(2027, 4, 6, 10, tzinfo=UTC)
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=started)
        after(session, meeting, started, conference=Conference.REQUIRED, icpc_held_at=held)
        again = make_meeting(session, MeetingState.ENDED, children=1, start=started)
        after(
            session, again, started, conference=Conference.NOT_NEEDED,
            conference_reason="No risk any more.", conference_decided_at=held,
        ).conference_decided_later = True  # fmt: skip
    [this, open_] = routes._of_year(reading(), Year(2027))
    assert (this.conference_on, this.target_on) == (None, date(2027, 4, 7))
    assert not open_.not_required
    [following] = routes._of_year(reading(), Year(2028))
    assert (following.conference_on, following.target_on) == (held.date(), date(2027, 4, 7))


def test_the_files(app, signed_in, change):
    with change() as session:
        make_settings(session).authority_number = "999"
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        row = after(
            session, meeting, START, conference=Conference.NOT_NEEDED,
            conference_reason="No risk any more.",
        )  # fmt: skip
        child_id = row.child_id
    browser = browser_of(app, signed_in, Role.CHAIR)
    written = browser.get("/returns/section47.xml?year=2027")
    assert written.status_code == 200
    assert written.headers["Content-Disposition"] == "attachment; filename=cin-section47-2027.xml"
    message = ElementTree.fromstring(written.data)
    assert message.findtext(".//LAchildID") == f"LCS{child_id}"
    assert message.findtext(".//ICPCnotRequired") == "true"
    assert message.findtext("Header/Source/LEA") == "999"
    listed = browser.get("/returns/list5.csv")
    assert listed.status_code == 200
    assert b"Child Unique ID,Gender" in listed.data


def test_who_may_make_returns(signed_in):
    for role in set(Role) - {Role.CHAIR, Role.ADMINISTRATOR}:
        browser = signed_in(role)
        for path in ("/returns/", "/returns/section47.xml", "/returns/list5.csv"):
            assert browser.get(path).status_code == 403
