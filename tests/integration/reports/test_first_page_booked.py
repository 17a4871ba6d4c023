"""Booked discussions that want somebody to do something, on the first page (G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking import changes
from app.meetings.models import Meeting
from app.meetings.restricted.models import CaseRestriction, RestrictionReader
from app.meetings.types import Answer, MeetingState, Route
from app.referrals.models import Referral
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.meetings import make_invitee, make_meeting
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


NO_QUORUM = "No quorum is expected: invite somebody else, or move it"


def _answer(change, ref: str, answers: dict[AgencyKind, Answer]) -> None:
    with change() as session:
        [meeting] = session.execute(select(Meeting).where(Meeting.ref == ref)).scalars()
        for one in meeting.invitees:
            one.answer = answers.get(one.agency_kind, one.answer)


@pytest.mark.parametrize("absent", [Answer.DECLINED, Answer.REPORT])
def test_an_agency_of_the_quorum_of_which_nobody_comes_is_work(change, signed_in, absent) -> None:
    """C2, E5: for the desk and the chair, and it leads to where somebody else is invited."""
    with change() as session:
        ref = make_meeting(session, invitees=5, at=now()).ref  # police, health, school, health
    desk, others = signed_in(Role.ADMINISTRATOR), signed_in(Role.SOCIAL_WORKER)
    _answer(change, ref, {AgencyKind.EDUCATION: absent, AgencyKind.HEALTH: Answer.ATTEND})
    assert NO_QUORUM not in desk.get("/").text
    assert "2 come, 1 cannot, 1 not answered" in desk.get("/").text
    _answer(change, ref, {AgencyKind.POLICE: absent})
    for browser in (desk, signed_in(Role.CHAIR)):
        page = browser.get("/").text
        line = line_of(page, ref)
        assert line.startswith(NO_QUORUM) and "Nobody is expected from police." in line
        assert "health" not in line
        assert f'href="/discussions/{ref}/change">{NO_QUORUM}' in page
        assert "2 come, 2 cannot" in page
    assert NO_QUORUM in others.get("/").text.partition("Waits on colleagues")[2]
    _answer(change, ref, {AgencyKind.HEALTH: absent, AgencyKind.EDUCATION: Answer.TENTATIVE})
    page = desk.get("/").text
    assert "Nobody is expected from police. Nobody is expected from health." in line_of(page, ref)
    assert "1 may come, 3 cannot" in page
    _answer(change, ref, {AgencyKind.HEALTH: Answer.DIAL_IN, AgencyKind.POLICE: Answer.NONE})
    assert NO_QUORUM not in desk.get("/").text


def test_whoever_sends_a_colleague_is_no_gap_and_a_chair_who_cannot_come_is_asked_about_once(
    change, signed_in
) -> None:
    with change() as session:
        meeting = make_meeting(session, invitees=3, at=now())
        [police] = [one for one in meeting.invitees if one.agency_kind is AgencyKind.POLICE]
        police.answer = Answer.DEPUTY
        colleague = make_invitee(session, meeting, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE)
        colleague.deputy_for_id = police.id
        [chair] = [one for one in meeting.invitees if one.staff_id is not None]
        chair.answer = Answer.DECLINED
        ref = meeting.ref
    page = signed_in(Role.ADMINISTRATOR).get("/").text
    assert line_of(page, ref).startswith("The chair cannot take part")
    assert "2 not answered" in page


def test_of_a_restricted_case_nobody_reads_who_cannot_come(change, signed_in) -> None:
    """H2: the first page of somebody else shows its reference alone."""
    with change() as session:
        meeting = make_meeting(session, invitees=3, at=now())
        reader = make_staff(session, Role.CHAIR)
        held = CaseRestriction(
            referral_id=meeting.referral_id, meeting_id=None, reason="A colleague's",
            set_by_id=reader.id, set_at=now(), lifted_at=None, lift_reason=None,
        )  # fmt: skip
        session.add(held)
        session.flush()
        session.add(RestrictionReader(restriction_id=held.id, staff_id=reader.id))
        ref = meeting.ref
    _answer(change, ref, {AgencyKind.POLICE: Answer.DECLINED})
    page = signed_in(Role.ADMINISTRATOR).get("/").text
    assert NO_QUORUM in page and "expected from police" not in page
    assert "1 cannot" not in page
