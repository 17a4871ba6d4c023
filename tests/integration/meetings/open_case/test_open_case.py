"""What an open case is about decides its deadline, its people and its format, as a referral's
concerns do (A11, B1, C2, C3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.guests.queries import meeting_for, visitor_by_session
from app.meetings.booking.queries import case_facts, read
from app.meetings.booking.rules import who_must_come
from app.meetings.models import Invitee, Meeting
from app.meetings.need import service
from app.meetings.need.again_service import book_again
from app.meetings.need.types import Occasion
from app.meetings.open_case import service as open_case
from app.meetings.open_case.models import OpenCase, OpenCaseAdult
from app.meetings.open_case.queries import about_of, open_case_of, perpetrators_employers
from app.meetings.open_case.types import About
from app.meetings.restricted.models import CaseRestriction
from app.meetings.types import Attendance, Format, MeetingState, Route
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.referrals.models import Child, ChildProfessional
from app.referrals.types import AdultGiven, ChangedMeanwhile, Concern, Flag
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.booking import make_member
from tests.factories.directory import make_agency
from tests.factories.guests import make_guest_session
from tests.factories.meetings import (
    make_conference_line,
    make_council,
    make_invitee,
    make_known_child,
    make_person,
)
from tests.page_form import form_of

REASON = "Penetrative sexual abuse was disclosed to her teacher."
NEW, HELD = "/discussions/new", "/discussions/already-held"
GRAVE = About(
    concerns=(Concern.SEXUAL_ABUSE,),
    flags=frozenset({Flag.PENETRATIVE_SEXUAL_ABUSE, Flag.FORENSIC_EVIDENCE}),
)


@pytest.fixture
def ground(in_app):
    """The chair, a child of an open case, a club whose coach is accused."""
    with transaction() as session:
        make_council(session, "london")
        staff = make_member(make_staff(session, Role.CHAIR))
        child = make_known_child(session)
        club = make_agency(session, AgencyKind.VOLUNTARY, "Millbrook Football Club")
        coach = make_person(session, ProfessionalRole.OTHER, agency=club)
        session.add(
            ChildProfessional(
                child_id=child.id, professional_id=coach.id, actively_involved=True, lead=False
            )
        )
        make_person(session, ProfessionalRole.COMMUNITY_PAEDIATRICIAN)
        return staff, child.ref, club.id


def decided(staff, child, about, at=FRIDAY):
    with transaction() as session:
        occasion = Occasion(child_refs=(child,), about=about)
        return service.decide_needed(session, staff, occasion, REASON, at, at).ref


def meeting_of(ref):
    return reading().execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()


@pytest.mark.parametrize("page", [NEW, HELD])
def test_what_is_booked_about_the_child_is_named_beforehand(in_app, ground, signed_in, page):
    staff, child, _club = ground
    ref = decided(staff, child, About(concerns=(Concern.NEGLECT,)))
    with transaction() as session:
        held = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        held.state, held.starts_at = MeetingState.BOOKED, FRIDAY + timedelta(days=3)
        held.ends_at = held.starts_at + timedelta(minutes=45)
    browser = signed_in(Role.CHAIR)
    cancel = f"/discussions/{ref}/cancel"
    assert cancel not in browser.get(page).text
    shown = browser.get(f"{page}?child={child}").text
    assert cancel in shown and "is booked" in shown and "about the same children" in shown
    with transaction() as session:
        session.add(
            CaseRestriction(
                meeting_id=held.id, referral_id=None, reason="A colleague's child",
                set_by_id=staff.id, set_at=FRIDAY, lifted_at=None, lift_reason=None,
            )
        )  # fmt: skip
    with in_app.app_context():  # as to a stranger to the request before it
        shown = signed_in(Role.CHAIR).get(f"{page}?child={child}").text
    assert ref in shown and "is booked for" not in shown


def test_the_deadline_follows_from_what_is_said(ground):
    staff, child, _club = ground
    plain = meeting_of(decided(staff, child, About(concerns=(Concern.NEGLECT,))))
    assert plain.due_at > FRIDAY + timedelta(days=1)
    meeting = meeting_of(decided(staff, child, GRAVE))
    assert in_london(meeting.due_at).date() == in_london(FRIDAY).date()
    assert restore(meeting.clocks).clocks[Clock.STRATEGY_DISCUSSION].rule == "forensic"


def test_an_immediate_action_starts_its_own_clock(ground):
    staff, child, _club = ground
    acted = About(
        concerns=(Concern.NEGLECT,),
        flags=frozenset({Flag.IMMEDIATE_ACTION}),
        immediate_action_at=FRIDAY - timedelta(hours=2),
    )
    meeting = meeting_of(decided(staff, child, acted))
    assert restore(meeting.clocks).clocks[Clock.STRATEGY_DISCUSSION].rule == "immediate-action"
    with pytest.raises(Refused) as refused:
        decided(staff, child, replace(acted, immediate_action_at=None))
    assert refused.value.field == "immediate_action_at"
    with pytest.raises(Refused) as refused:
        decided(staff, child, replace(acted, immediate_action_at=FRIDAY + timedelta(hours=1)))
    assert refused.value.field == "immediate_action_at"
    with pytest.raises(Refused) as refused:
        decided(staff, child, replace(acted, flags=frozenset()))
    assert refused.value.field == "flags"


def test_people_and_format_follow_from_what_is_said(ground):
    staff, child, club = ground
    accused = AdultGiven("Coach", "Football coach", alleged_perpetrator=True, employer_id=club)
    ref = decided(staff, child, replace(GRAVE, adults=(accused,)))
    assert meeting_of(ref).format is Format.MEETING
    case = read(reading(), ref).case
    assert case.employers.agencies == {club}
    found = {one.rule_id: one for one in who_must_come(case, [], FRIDAY)}
    assert "sexual abuse" in found["paediatrician"].why
    assert "involved" not in found  # the coach's own club is never proposed
    assert perpetrators_employers(reading(), meeting_of(ref)) == case.employers


def test_an_employer_that_is_in_no_directory_is_known_by_name(ground):
    staff, child, club = ground
    typed = AdultGiven("A", "Nursery nurse", alleged_perpetrator=True, employer_typed="Acorns")
    other = AdultGiven("B", "Aunt", employer_typed="Elsewhere")
    accused = AdultGiven("C", "Football coach", alleged_perpetrator=True, employer_id=club)
    about = replace(GRAVE, adults=(typed, other, accused))
    ref = decided(staff, child, about)
    for case in (read(reading(), ref).case, case_facts(reading(), None, [], about)):
        assert case.employers.agencies == {club}
        assert case.employers.typed == {"Acorns"}
        assert len(case.employers.names) == 1
    stored = reading().connection().exec_driver_sql("SELECT employer_typed FROM open_case_adult")
    assert "Acorns" not in str(stored.scalars().all())


def test_a_child_in_hospital_is_met_there(ground):
    staff, child, _club = ground
    about = About((Concern.PHYSICAL_ABUSE,), frozenset({Flag.IN_HOSPITAL}), hospital="Vale General")
    ref = decided(staff, child, about)
    assert meeting_of(ref).format is Format.HOSPITAL
    assert read(reading(), ref).case.hospital == "Vale General"
    stored = reading().connection().exec_driver_sql("SELECT hospital FROM open_case").scalar_one()
    assert "Vale" not in stored


def test_an_invitee_reads_the_concern(ground):
    staff, child, _club = ground
    ref = decided(staff, child, GRAVE)
    with transaction() as session:
        meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        token = make_guest_session(session, make_invitee(session, meeting, at=FRIDAY), FRIDAY)
    visitor = visitor_by_session(reading(), token, FRIDAY)
    assert meeting_for(reading(), visitor).told.concerns == ("Sexual abuse",)


def test_booked_again_it_is_about_the_same(ground):
    staff, child, _club = ground
    ref = decided(staff, child, GRAVE)
    with transaction() as session:
        session.execute(select(Meeting)).scalar_one().state = MeetingState.CANCELLED
    with transaction() as session:
        anew = book_again(session, staff, ref, FRIDAY + timedelta(days=40)).ref
    assert read(reading(), anew).case.concerns == {Concern.SEXUAL_ABUSE}
    # What the figures count of it is of the same need (G3).
    first, next_ = meeting_of(ref), meeting_of(anew)
    assert next_.need_decided_at == first.need_decided_at == FRIDAY
    assert next_.limit_at == first.limit_at == first.due_at is not None


def test_what_is_learnt_later_is_written_down_and_nobody_writes_over_another(ground):
    staff, child, club = ground
    ref = decided(staff, child, About(concerns=(Concern.NEGLECT,)))
    due = meeting_of(ref).due_at
    accused = AdultGiven("Coach", "Football coach", alleged_perpetrator=True, employer_id=club)
    later = replace(GRAVE, adults=(accused,))
    with transaction() as session:
        open_case.change(session, staff, ref, later, FRIDAY, 1)
    assert about_of(open_case_of(reading(), meeting_of(ref))) == later
    assert meeting_of(ref).due_at == due  # as it was decided (B1)
    with pytest.raises(ChangedMeanwhile), transaction() as session:
        open_case.change(session, staff, ref, GRAVE, FRIDAY, 1)


# The pages, at the real time


def test_the_page_asks_as_the_referrals_form_does(app, signed_in, change):
    with change() as session:
        make_council(session, "london")
        child = make_known_child(session).ref
        club = make_agency(session, AgencyKind.VOLUNTARY, "Millbrook Football Club").id
        make_person(session, ProfessionalRole.MASH_HEALTH)
        hospital = make_agency(session, AgencyKind.HEALTH, "Vale General Hospital")
        make_person(session, ProfessionalRole.HOSPITAL_CONSULTANT, agency=hospital)
        make_conference_line(session)
    chair = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    page = chair.get(f"{NEW}?child={child}").text
    for words in ("Serious risk of harm", "A child is in hospital", "Domestic abuse risk"):
        assert words in page
    assert "the referrer said" not in page
    form = form_of(page, NEW)
    added = chair.post(NEW, data=form | {"concerns": "sexual_abuse", "press": "add adults"}).text
    assert 'value="sexual_abuse" checked' in added
    unnamed = form_of(added, NEW) | {"reason": REASON, "adults-0-alleged_perpetrator": "y"}
    refused = chair.post(NEW, data=unnamed | {"do": "needed"})
    assert refused.status_code == 422 and 'href="#adults-0-name"' in refused.text
    whole = form_of(refused.text, NEW) | {
        "flags": ["serious_harm", "in_hospital"],
        "hospital": "Vale General, Ward 4",
        "adults-0-name": "Gus Penfold",
        "adults-0-employer_id": str(club),
        "adults-0-employer_typed": "Little Acorns",
        "do": "needed",
    }
    done = chair.post(NEW, data=whole)
    assert done.status_code == 303
    with change() as session:
        said = session.execute(select(OpenCase)).scalar_one()
        assert (said.concerns, said.hospital) == (["sexual_abuse"], "Vale General, Ward 4")
        works = select(OpenCaseAdult.employer_id, OpenCaseAdult.employer_typed)
        assert session.execute(works).all() == [(club, "Little Acorns")]
    booking = chair.get(done.location).text
    assert "the consultant responsible" in booking and "Hospital consultant" in booking
    assert "asked only where no health professional who" not in booking  # it was proposed by rule
    overview = done.location.removesuffix("/book")
    assert "Gus Penfold" in chair.get(overview).text
    about = f"{overview}/about"
    fields = form_of(chair.get(about).text, about)
    assert fields["adults-0-name"] == "Gus Penfold"
    saved = chair.post(about, data=fields | {"concerns": "neglect", "flags": []})
    assert saved.location.endswith(overview) and "Neglect" in chair.get(overview).text
    again = chair.post(about, data=fields | {"concerns": "neglect"})
    assert again.status_code == 409 and "Neglect" in again.text


def test_a_referrals_discussion_has_its_concerns_there(app, signed_in, change):
    from tests.factories.meetings import make_meeting

    with change() as session:
        ref = make_meeting(session, at=now()).ref
    assert signed_in(Role.ADMINISTRATOR).get(f"/discussions/{ref}/about").status_code == 404


def test_a_start_at_once_asks_for_nothing_and_is_asked_for_afterwards(app, signed_in, change):
    with change() as session:
        make_council(session)
        child = make_known_child(session).ref
    chair = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    form = form_of(chair.get(f"{NEW}?child={child}").text, NEW)
    done = chair.post(NEW, data=form | {"flags": "immediate_action", "do": "start"})
    assert done.status_code == 303
    with change() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        assert (meeting.state, meeting.route) == (MeetingState.UNDER_WAY, Route.STARTED_NOW)
        ref = meeting.ref
    assert f"/discussions/{ref}/about" in chair.get(f"/discussions/{ref}").text


def test_one_of_an_open_case_that_was_held_already(app, signed_in, change):
    with change() as session:
        make_council(session)
        child = make_known_child(session).ref
        make_person(session, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE, name="Dee Ess")
    chair = signed_in(Role.CHAIR)
    form = form_of(chair.get(f"{NEW}?child={child}").text, NEW)
    page = chair.post(HELD, data=form | {"concerns": "neglect", "reason": REASON, "do": "carry"})
    assert page.status_code == 200
    fields = form_of(page.text, HELD)
    assert fields["children-0-ref"] == child and fields["reason"] == REASON
    # Nothing typed is lost on the way back either.
    back = form_of(chair.post(NEW, data=fields | {"do": "carry"}).text, NEW)
    assert (back["children-0-ref"], back["reason"]) == (child, REASON)
    refused = chair.post(HELD, data=fields | {"do": "keep"})
    assert refused.status_code == 422 and 'href="#started_at"' in refused.text
    ended = in_london(now() - timedelta(minutes=5))
    began = ended - timedelta(minutes=20)
    for name, moment in (("started_at", began), ("ended_at", ended)):
        fields |= {
            f"{name}-day": str(moment.day),
            f"{name}-month": str(moment.month),
            f"{name}-year": str(moment.year),
            f"{name}-time": f"{moment:%H:%M}",
        }
    fields |= {
        "others-0-name": "Sam Typed",
        "others-0-kind": "police",
        "others-0-email": "sam at the police",
        "do": "keep",
    }
    assert "Dee Ess" in refused.text
    done = chair.post(HELD, data=fields)
    assert done.status_code == 303
    # What needs a look is told and stops nothing (C11).
    landed = chair.get(done.location).text
    assert "“sam at the police” is no email address" in landed
    assert "The agency of Sam Typed is missing" in landed
    with change() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        assert (meeting.state, meeting.route) == (MeetingState.ENDED, Route.ALREADY_HELD)
        assert meeting.referral_id is None
        sam = session.execute(select(Invitee).where(Invitee.name == "Sam Typed")).scalar_one()
        assert (sam.email, sam.attendance) == (None, Attendance.BY_PHONE)
        assert session.execute(select(Child)).scalar_one().ref == child


# Somebody who works with the child and is not in the directory (C2)


def test_a_typed_school_and_health_visitor_are_proposed_to_be_filled_in(app, signed_in, change):
    with change() as session:
        make_council(session, "london")
        child = make_known_child(session)
        child.school_typed = "Northgate Primary, 01632 960111"
        child.health_typed = "Hannah Visitor"
        mash = make_person(session, ProfessionalRole.MASH_HEALTH, name="Mash Visitor").id
        make_person(session, ProfessionalRole.POLICE_CAIT, AgencyKind.POLICE)
        make_conference_line(session)
        staff = make_member(make_staff(session, Role.CHAIR))
        occasion = Occasion(child_refs=(child.ref,), about=About((Concern.NEGLECT,)))
        meeting = service.decide_needed(session, staff, occasion, REASON, now(), now())
        path = f"/discussions/{meeting.ref}/book"
    desk = signed_in(Role.ADMINISTRATOR)
    page = desk.get(path).text
    assert "School as typed: Northgate Primary, 01632 960111." in page
    assert "as typed: Hannah Visitor." in page
    assert "No health professional is known" not in page
    refused = desk.post(path, data=form_of(page, path) | {"do": "send"})
    assert "Hannah Visitor has no email address" in refused.text
    row = next(
        name.removesuffix("-key")
        for name, value in form_of(page, path).items()
        if value == "outside-health"
    )
    swapped = desk.post(path, data=form_of(page, path) | {"swap": f"outside-health:{mash}"}).text
    fields = form_of(swapped, path)
    assert fields[f"{row}-person"] == str(mash) and f"{row}-name" not in fields
    assert desk.post(path, data=fields | {"do": "send"}).status_code == 303
    with change() as session:
        school = session.execute(
            select(Invitee).where(Invitee.name == "Northgate Primary")
        ).scalar_one()
        assert (school.telephone, school.invitation_id) == ("01632 960111", None)
        assert school.agency_kind is AgencyKind.EDUCATION
