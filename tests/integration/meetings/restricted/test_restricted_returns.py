"""What the section 47 return tells of a case to those who may not see it (G4, H2), on both
engines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.meetings.after.models import ChildAfter
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Child
from tests.factories.meetings import make_meeting
from tests.integration.meetings.restricted.conftest import (
    NAME,
    meeting_of,
    views,
)


def test_what_to_mend_before_a_return(app, hidden, someone):
    with app.app_context(), transaction() as session:
        meeting = meeting_of(session, hidden)
        child = meeting.children[0].child_id
        session.get_one(Child, child).case_reference = None
        session.add(
            ChildAfter(
                meeting_id=meeting.id, child_id=child, enquiry_runs=True,
                section47_started_at=now(), conference_decided_later=False,
                clocks={}, assessment_runs=False,
            )
        )  # fmt: skip
        child_ref = session.get_one(Child, child).ref
    outside = someone(Role.ADMINISTRATOR)
    page = outside.get("/returns/").text
    assert hidden[1] in page
    assert "Somebody who may see the case has to mend this" in page
    assert f'href="/discussions/{hidden[1]}"' in page
    door = outside.get(f"/discussions/{hidden[1]}").location
    assert door == f"/restricted/open/discussions/{hidden[1]}"
    assert "/children/" not in page
    assert NAME not in page
    assert not re.search(rf">{child_ref}<", page)
    assert views(app, "section 47 return") == {"section47"}
    assert NAME in someone(hidden[2]).get("/returns/").text
    assert views(app, "section 47 return") == {"section47", hidden[1]}


BEGAN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HELD, LATER = BEGAN + timedelta(days=10), BEGAN + timedelta(days=3)


def enquiry(session, meeting: Meeting, began: datetime, held: datetime | None = None) -> Child:
    """A section 47 enquiry about the first child of a discussion."""
    child = session.get_one(Child, meeting.children[0].child_id)
    session.add(
        ChildAfter(
            meeting_id=meeting.id, child_id=child.id, enquiry_runs=True,
            section47_started_at=began, icpc_held_at=held, conference_decided_later=False,
            clocks={}, assessment_runs=False,
        )
    )  # fmt: skip
    return child


@pytest.mark.parametrize("held", [HELD, None], ids=["over", "open"])
@pytest.mark.parametrize("first", ["hidden", "seen"])
def test_an_enquiry_that_anybody_sees_tells_nothing_of_a_hidden_one(
    app, hidden, someone, first, held
):
    """Two enquiries about one child that overlap: the return names one in the row of the other."""
    with app.app_context(), transaction() as session:
        meeting, seen = meeting_of(session, hidden), make_meeting(session, MeetingState.ENDED)
        seen.children[0].child_id = meeting.children[0].child_id
        begun = (BEGAN, LATER) if first == "hidden" else (LATER, BEGAN)
        child = enquiry(session, meeting, begun[0], held)
        enquiry(session, seen, begun[1], held)
        child.case_reference, child.gender = "LCS778899", "Female"
        seen_ref = seen.ref
    page = someone(Role.ADMINISTRATOR).get("/returns/?year=2027").text.partition("<main")[2]
    rows = [row for row in page.split("<tr") if hidden[1] in row]
    assert rows
    for row in rows:
        assert f'href="/discussions/{hidden[1]}"' in row
        for told in (NAME, seen_ref, "November", "December", "8890"):
            assert told not in row
    assert seen_ref not in "".join(row for row in page.split("<tr") if "8890" in row)
    page = someone(hidden[2]).get("/returns/?year=2027").text
    assert any("8890" in row and seen_ref in row and hidden[1] in row for row in page.split("<tr"))
    assert views(app, "section 47 return") == {"section47", hidden[1], seen_ref}


def test_a_reference_that_is_a_hidden_childs_too_names_no_child(app, hidden, someone):
    with app.app_context(), transaction() as session:
        meeting, seen = meeting_of(session, hidden), make_meeting(session, MeetingState.ENDED)
        # The row is that of whoever comes later.
        children = enquiry(session, meeting, BEGAN, HELD), enquiry(session, seen, LATER, HELD)
        for child in children:
            child.case_reference = "LCS778899"
        child_ref, seen_ref = children[0].ref, seen.ref
    page = someone(Role.ADMINISTRATOR).get("/returns/?year=2027").text
    assert child_ref not in page
    assert seen_ref not in "".join(row for row in page.split("<tr") if "8510" in row)
    assert hidden[1] in page
    assert child_ref in someone(hidden[2]).get("/returns/?year=2027").text
