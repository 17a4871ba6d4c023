"""Returns from what discussions decided: the list of what to mend, XML and list 5 (G4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry, AuditView
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, ConferenceOutcome, EnquiryOutcome
from app.meetings.types import MeetingState
from app.referrals.models import Child
from app.reports.duties.queries import census_exported
from app.reports.returns import queries, routes, service
from app.reports.returns.rules import problems, year_of
from app.reports.returns.types import Year
from app.reports.routes import _duties
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import make_member
from tests.factories.directory import make_settings
from tests.factories.meetings import make_meeting
from tests.page_form import form_of

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


def open_case_of(session, meeting):
    """The same discussion, as one of an open case: without a referral."""
    meeting.referral_id = None
    session.flush()


def test_a_child_of_an_open_case_is_mended_on_its_discussion(app, signed_in, change):
    with change() as session:
        make_settings(session).authority_number = "999"
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        child = session.get(Child, after(session, meeting, START).child_id)
        child.case_reference = None
        open_case_of(session, meeting)
        other = make_meeting(session, MeetingState.ENDED, children=1, start=START)
        other_child = session.get(Child, other.children[0].child_id).ref
        ref, child_ref, other_ref = meeting.ref, child.ref, other.ref
    browser = browser_of(app, signed_in, Role.ADMINISTRATOR)
    place = f"/discussions/{ref}/children/{child_ref}"
    assert f'href="{place}"' in browser.get("/returns/?year=2027").text
    assert f'href="{place}"' in browser.get(f"/discussions/{ref}").text
    form = form_of(browser.get(place).text, place)
    unnamed = browser.post(place, data=form | {"given_name": "", "family_name": ""})
    assert unnamed.status_code == 422
    assert browser.post(place, data=form | {"case_reference": "LCS77"}).status_code == 303
    again = browser.post(place, data=form | {"case_reference": "LCS78", "address": "2 Mill Row"})
    assert again.status_code == 409 and "2 Mill Row" in again.text
    assert browser.get("/returns/section47.xml?year=2027").status_code == 200
    with change() as session:
        assert session.execute(select(Child.case_reference).filter_by(ref=child_ref)).scalar() == (
            "LCS77"
        )
        actions = select(AuditEntry.action).where(AuditEntry.subject_ref == child_ref)
        assert session.execute(actions).scalars().all() == ["child changed"]
        pages = select(AuditView.page).where(AuditView.subject_ref == ref)
        assert "child" in session.execute(pages).scalars().all()
    # Never a child of another discussion, nor one whose referral has the page.
    for path in (f"{ref}/children/{other_child}", f"{other_ref}/children/{other_child}"):
        assert browser.get(f"/discussions/{path}").status_code == 404
    assert signed_in(Role.ANALYST).get(place).status_code == 403


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


def test_each_file_says_whose_data_left(app, signed_in, change):
    with change() as session:
        make_settings(session).authority_number = "999"
        today = now()
        refs = set()
        for _ in range(2):
            meeting = make_meeting(session, MeetingState.ENDED, children=1, start=today)
            after(session, meeting, today, conference=Conference.NOT_NEEDED, conference_reason="-")
            refs.add(meeting.ref)
        year = year_of(london_date(today))
    browser = browser_of(app, signed_in, Role.CHAIR)
    assert browser.get(f"/returns/section47.xml?year={year.ends}").status_code == 200
    assert browser.get("/returns/list5.csv").status_code == 200
    with change() as session:
        for what, subject_ref in (
            ("census exported", f"census {year.ends}"), ("list 5 exported", "list 5")
        ):  # fmt: skip
            [row] = session.execute(select(AuditEntry).filter_by(action=what)).scalars()
            assert (row.subject_kind, row.subject_ref) == ("return", subject_ref)
            assert row.details["enquiries"] == 2
            seen = select(AuditView.subject_kind, AuditView.subject_ref).filter_by(page=what)
            whose = {tuple(row) for row in session.execute(seen)}
            assert whose == {("meeting", ref) for ref in refs}
        assert census_exported(session, year) is not None
        assert census_exported(session, Year(year.ends - 1)) is None


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        ({}, True),
        ({"conference": Conference.LIKELY}, True),
        ({"conference": Conference.NOT_NEEDED, "conference_reason": "-"}, False),
        ({"enquiry_outcome": EnquiryOutcome.NOT_SUBSTANTIATED, "enquiry_ended_at": 30}, False),
        ({"enquiry_outcome": EnquiryOutcome.NOT_SUBSTANTIATED, "enquiry_ended_at": 1100}, True),
        ({"conference": Conference.REQUIRED, "icpc_held_at": 20}, False),
        ({"conference": Conference.REQUIRED, "icpc_held_at": 1090}, True),
    ],
)
def test_list_5_holds_what_is_open_however_old(app, signed_in, change, said, listed):
    """`said`: days after the enquiry began, three years and a bit ago, where it is a moment."""
    with change() as session:
        began = now() - timedelta(days=1110)
        moments = {
            name: began + timedelta(days=value) for name, value in said.items()
            if isinstance(value, int)
        }  # fmt: skip
        meeting = make_meeting(session, MeetingState.ENDED, children=1, start=began)
        reference = f"LCS{after(session, meeting, began, **said | moments).child_id}"
    found = browser_of(app, signed_in, Role.CHAIR).get("/returns/list5.csv").text
    assert (reference in found) is listed


def test_an_old_enquiry_that_another_discussion_ended_is_over(app, signed_in, change):
    with change() as session:
        began = now() - timedelta(days=1110)
        first = make_meeting(session, MeetingState.ENDED, children=1, start=began)
        child = after(session, first, began, conference=Conference.LIKELY).child_id
        second = make_meeting(session, MeetingState.ENDED, children=1, start=began)
        row = after(
            session, second, began, enquiry_outcome=EnquiryOutcome.NOT_SUBSTANTIATED,
            enquiry_ended_at=began + timedelta(days=9),
        )  # fmt: skip
        row.child_id = child
    listed = browser_of(app, signed_in, Role.CHAIR).get("/returns/list5.csv").text
    assert f"LCS{child}," not in listed


def test_who_may_make_returns(signed_in):
    for role in set(Role) - {Role.CHAIR, Role.ADMINISTRATOR}:
        browser = signed_in(role)
        for path in ("/returns/", "/returns/section47.xml", "/returns/list5.csv"):
            assert browser.get(path).status_code == 403


def test_the_first_page_tells_those_who_make_returns_of_the_census(app):
    june = datetime(2027, 6, 2, 12, tzinfo=UTC)
    with app.test_request_context(), transaction() as session:
        people = {
            role: make_member(make_staff(session, role))
            for role in (Role.ADMINISTRATOR, Role.CHAIR, Role.ANALYST)
        }

        def told() -> list[Role]:
            href = "/returns/?year=2027"
            return [
                role for role, staff in people.items()
                if any(one.href == href for one in _duties(session, staff, june))
            ]  # fmt: skip

        assert told() == [Role.ADMINISTRATOR, Role.CHAIR]
        service.census_exported(session, people[Role.CHAIR].actor, Year(2027), [], june)
        assert told() == []
