"""Booked discussions that want somebody to do something, on the first page (G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.meetings.booking import changes
from app.meetings.types import MeetingState, Route
from app.referrals.models import Referral
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_meeting
from tests.integration.reports.first_page import line_of

NOT_BEGUN = "Its time has passed: start it, move it, or record it as held"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.CHAIR, Role.OUT_OF_HOURS])
def test_a_booked_discussion_that_nobody_starts_becomes_work(change, signed_in, role) -> None:
    """C7: for the desk and whoever may chair it, the longest past first, until it begins."""
    with change() as session:
        decided = now() - timedelta(days=2)
        minutes_ago, night_ago = now() - timedelta(minutes=16), now() - timedelta(hours=20)
        soon = make_meeting(session, at=decided, start=minutes_ago).ref
        chair = make_staff(session, Role.CHAIR)
        late_ref = make_meeting(session, at=decided, start=night_ago, chair=chair).ref
        staff = make_member(chair)
        just = make_meeting(session, at=now(), start=now() - timedelta(minutes=14)).ref
        begun = make_meeting(session, MeetingState.UNDER_WAY, at=decided).ref
    browser = signed_in(role)
    page = browser.get("/").text
    assert page.count(NOT_BEGUN) == 2
    line = line_of(page, late_ref)
    assert line.startswith(NOT_BEGUN) and "Late" in line and "20 hours" in line
    assert page.index(f'href="/discussions/{late_ref}">{NOT_BEGUN}') < page.index(
        f'href="/discussions/{soon}">{NOT_BEGUN}'
    )
    assert "Waits on colleagues" not in page.partition(NOT_BEGUN)[0]
    assert f'>{NOT_BEGUN}<span class="govuk-visually-hidden"> {just}' not in page
    assert "Discussion under way" in line_of(page, begun)
    with change() as session:
        changes.cancel(session, staff, late_ref, "Moved to another area", SENDER, now())
    assert browser.get("/").text.count(NOT_BEGUN) == 1


def test_others_see_that_it_waits_on_colleagues(change, signed_in) -> None:
    with change() as session:
        make_meeting(session, at=now() - timedelta(days=2), start=now() - timedelta(hours=1))
    waits = signed_in(Role.SOCIAL_WORKER).get("/").text.partition("Waits on colleagues")[2]
    assert NOT_BEGUN in waits


def test_one_that_was_recorded_as_held_is_asked_about_once(change, signed_in) -> None:
    """C11: what took place at once asks for it to be cancelled or kept."""
    with change() as session:
        decided = now() - timedelta(days=2)
        booked = make_meeting(session, at=decided, start=now() - timedelta(hours=1))
        referral = session.get(Referral, booked.referral_id)
        held = make_meeting(session, MeetingState.ENDED, referral=referral, at=decided)
        held.route = Route.ALREADY_HELD
        ref = booked.ref
    assert "another took place at once" in line_of(signed_in(Role.CHAIR).get("/").text, ref)
