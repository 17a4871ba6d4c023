"""Who is missing is said before the discussion, of those who will really be there (C2, C8)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.core.session import transaction
from app.directory.models import Professional
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer
from tests.factories.meetings import make_invitee, make_meeting
from tests.integration.meetings.booking.page import booking_form


def _expected(app, desk, answer, *, decides=True):
    """The page of a booked discussion whose police officer answered so."""
    with app.app_context(), transaction() as session:
        ref = make_meeting(session, invitees=3).ref
        meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        police = next(one for one in meeting.invitees if one.agency_kind is AgencyKind.POLICE)
        police.answer, police.decision_maker = answer, decides
        agency = police.agency_name
    return agency, desk.get(f"/discussions/{ref}").text


def test_whoever_sends_a_report_instead_is_not_expected(app, desk):
    for answer, missing in ((Answer.REPORT, True), (Answer.DECLINED, True), (Answer.NONE, False)):
        _agency, page = _expected(app, desk, answer)
        assert ("Nobody is expected from police." in page) == missing, answer


def test_who_expects_nobody_that_can_decide_is_told(app, desk):
    for decides in (True, False):
        agency, page = _expected(app, desk, Answer.ATTEND, decides=decides)
        assert (f"{agency}: nobody expected can decide on its behalf." in page) != decides


def test_a_chair_who_declines_is_no_chair(app, desk):
    """D6, D7: red, a caution, and a line on the first page that leads to another chair."""
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, invitees=3)
        chair = next(one for one in meeting.invitees if one.staff_id is not None)
        ref, chair_id, name = meeting.ref, chair.id, chair.name
    words = "The chair cannot take part: choose another"
    assert words not in desk.get("/").text
    assert ">Chairs<" in "".join(desk.get(f"/discussions/{ref}").text.split("\n"))
    with app.app_context(), transaction() as session:
        session.get_one(Invitee, chair_id).answer = Answer.DECLINED
    page = desk.get(f"/discussions/{ref}").text
    assert re.search(r"govuk-tag--red[^>]*>\s*Chairs: cannot attend", page)
    assert f"{name} cannot chair it: change the booking and choose another chair." in page
    first = desk.get("/").text
    assert words in first and f"/discussions/{ref}/change" in first


def test_the_booking_page_says_whom_the_quorum_misses_and_who_cannot_decide(app, desk, case):
    url, fields, html = booking_form(desk, case)
    assert "Nobody is invited from" not in html
    nobody = {name: value for name, value in fields.items() if not name.endswith("-come")}
    page = desk.post(f"{url}/preview", data=nobody).text
    assert "Nobody is invited from police: " in page
    assert "Nobody is invited from health: " in page
    with app.app_context(), transaction() as session:
        officer = session.get(Professional, case["cait"])
        officer.decision_maker = True
        agency = officer.agency.name
    words = f"Nobody who can decide on behalf of {agency} is invited"
    assert words not in desk.get(url).text
    with app.app_context(), transaction() as session:
        for one in session.execute(select(Professional)).scalars():
            one.decision_maker = one.id != case["cait"]
    assert words in desk.get(url).text


@pytest.mark.parametrize(
    ("rule", "said"),
    [("paediatrician", False), ("hospital-consultant", False), ("involved", True), (None, True)],
)
def test_the_change_page_speaks_of_the_mash_as_the_booking_page_does(app, desk, rule, said):
    """BROMLEY 1: who comes for a hospital or an examination does not speak against it."""
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, invitees=2)
        make_invitee(session, meeting, ProfessionalRole.MASH_HEALTH).rule_id = "mash-health"
        doctor = make_invitee(session, meeting, ProfessionalRole.COMMUNITY_PAEDIATRICIAN)
        doctor.rule_id = rule
        path = f"/discussions/{meeting.ref}/change"
    page = desk.get(path)
    assert page.status_code == 200
    assert ("The MASH health visitor is asked only where" in page.text) is said
