"""Who must come, and whose agency is the alleged perpetrator's, is looked at again once it is
booked (C2)."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.models import LeftOut, Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Referral, ReferralAdult
from app.referrals.types import Flag
from tests.factories.meetings import make_meeting, make_person

ASKED = "To be asked too, as the case is now: Priya Nandi"
BEWARE = "employs the alleged perpetrator"


@pytest.fixture
def booked(change):
    """A booked discussion, and somebody in the directory whom it does not need."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, 4, at=now())
        make_person(
            session, ProfessionalRole.PROBATION_OFFICER, AgencyKind.PROBATION, name="Priya Nandi"
        )
        return meeting.ref, meeting.id


def pages(browser, ref):
    return [browser.get(f"/discussions/{ref}{page}").text for page in ("", "/change")]


def flagged(session, number):
    referral = session.get_one(Referral, session.get_one(Meeting, number).referral_id)
    referral.flags = [*referral.flags, Flag.PROBATION.value]


def test_who_has_to_come_since_is_named_until_somebody_comes(change, booked, signed_in):
    desk, (ref, number) = signed_in(Role.ADMINISTRATOR), booked
    assert all(ASKED not in page for page in pages(desk, ref))
    with change() as session:
        flagged(session, number)
    for page in pages(desk, ref):
        assert ASKED in page and "Probation works with somebody in the household" in page
    with change() as session:
        invitee = session.get_one(Meeting, number).invitees[-1]
        invitee.role, invitee.agency_kind = (
            ProfessionalRole.PROBATION_OFFICER, AgencyKind.PROBATION,
        )  # fmt: skip
    assert all(ASKED not in page for page in pages(desk, ref))


def test_who_was_left_out_with_a_reason_is_not_asked_for_again(change, booked, signed_in):
    desk, (ref, number) = signed_in(Role.ADMINISTRATOR), booked
    with change() as session:
        flagged(session, number)
        session.add(
            LeftOut(
                meeting_id=number, rule_id="probation", who="Priya Nandi",
                reason="Closed last year", at=now(),
            )
        )  # fmt: skip
    assert all(ASKED not in page for page in pages(desk, ref))


def test_the_agency_of_somebody_invited_turns_out_to_be_the_perpetrators(change, booked, signed_in):
    desk, (ref, number) = signed_in(Role.ADMINISTRATOR), booked
    assert all(BEWARE not in page for page in pages(desk, ref))
    with change() as session:
        meeting = session.get_one(Meeting, number)
        invitee = next(one for one in meeting.invitees if one.staff_id is None)
        session.add(
            ReferralAdult(
                referral_id=meeting.referral_id, name="Mr A", relationship_to_child="Uncle",
                parental_responsibility=False, in_household=False, alleged_perpetrator=True,
                under_18=False, employer_id=invitee.agency_id, employer_typed=None,
            )
        )  # fmt: skip
        agency = invitee.agency_name
    for page in pages(desk, ref):
        assert f"{agency} {BEWARE}" in page


def test_nothing_is_asked_of_one_that_is_over(change, booked, signed_in):
    desk, (ref, number) = signed_in(Role.ADMINISTRATOR), booked
    with change() as session:
        flagged(session, number)
        session.get_one(Meeting, number).state = MeetingState.CANCELLED
    assert ASKED not in desk.get(f"/discussions/{ref}").text
