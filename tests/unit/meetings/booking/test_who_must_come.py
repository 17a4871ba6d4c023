"""Every case of C2: who is proposed, why, and who never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.rules import (
    agencies_without_decision_maker,
    quorum_missing,
    roles_asked_for,
    who_must_come,
)
from app.meetings.booking.types import CaseFacts, Involved, Outside, OutsideKind, Referrer
from app.referrals.employers import Employers
from app.referrals.types import Concern, Flag
from tests.clock import FRIDAY
from tests.unit.meetings.booking.people import person, working_with

Role = ProfessionalRole
CAIT = person(Role.POLICE_CAIT, "CAIT desk")
MASH = person(Role.MASH_HEALTH, "MASH health visitor")
PAEDIATRICIAN = person(Role.COMMUNITY_PAEDIATRICIAN)
DIRECTORY = [CAIT, MASH, PAEDIATRICIAN]
MONDAY = FRIDAY + timedelta(days=3)


def rules_of(case, directory=DIRECTORY):
    return {one.rule_id: one for one in who_must_come(case, directory, FRIDAY)}


def test_police_always_come_and_belong_to_the_quorum():
    police = rules_of(CaseFacts())["police"]
    assert police.person == CAIT
    assert police.required
    assert "BROMLEY 1" in police.source


def test_health_that_is_actively_involved_goes_before_the_mash_health_visitor():
    visitor, midwife = person(Role.HEALTH_VISITOR), person(Role.MIDWIFE)
    found = who_must_come(working_with(visitor, midwife), DIRECTORY, FRIDAY)
    health = [one for one in found if one.rule_id == "health-involved"]
    assert [one.person for one in health] == [visitor, midwife]
    assert [one.required for one in health] == [True, False]
    assert "health-mash" not in rules_of(working_with(visitor))


def test_the_mash_health_visitor_only_where_nobody_is_actively_involved():
    mash = rules_of(CaseFacts())["health-mash"]
    assert mash.person == MASH
    assert "No health professional is known" in mash.why
    assert mash.source == "BROMLEY 1"


def test_who_is_away_gives_way_to_the_next_and_the_reason_says_so():
    away = person(Role.HEALTH_VISITOR, "Bridget Quinn", away=MONDAY)
    mash = rules_of(working_with(away))["health-mash"]
    assert mash.person == MASH
    assert "Bridget Quinn" in mash.why and "away until Monday 23 November" in mash.why
    assert away in mash.options  # may be chosen after all


def test_who_is_back_in_time_comes():
    back = person(Role.HEALTH_VISITOR, away=FRIDAY - timedelta(hours=1))
    assert rules_of(working_with(back))["health-involved"].person == back


def test_who_knows_the_child_gives_input_where_the_active_one_is_away():
    away = person(Role.HEALTH_VISITOR, away=MONDAY)
    doctor = person(Role.GP)
    case = CaseFacts(involved=(Involved(away, True), Involved(doctor, False)))
    found = rules_of(case)
    assert found["health-involved"].person == doctor
    assert "health-mash" not in found


@pytest.mark.parametrize(
    "case",
    [
        CaseFacts(concerns=frozenset({Concern.SEXUAL_ABUSE})),
        CaseFacts(concerns=frozenset({Concern.FEMALE_GENITAL_MUTILATION})),
        CaseFacts(concerns=frozenset({Concern.FABRICATED_ILLNESS})),
        CaseFacts(flags=frozenset({Flag.MEDICAL_EXAMINATION})),
        CaseFacts(flags=frozenset({Flag.PENETRATIVE_SEXUAL_ABUSE})),
    ],
)
def test_a_paediatrician_where_there_are_medical_implications(case):
    found = rules_of(case)["paediatrician"]
    assert found.person == PAEDIATRICIAN
    assert Role.COMMUNITY_PAEDIATRICIAN in roles_asked_for(case)


def test_no_paediatrician_without_medical_implications():
    assert "paediatrician" not in rules_of(CaseFacts(concerns=frozenset({Concern.NEGLECT})))


def test_in_hospital_the_treating_consultant_and_the_ward_of_that_hospital():
    here = person(Role.HOSPITAL_CONSULTANT, agency=7, agency_name="St Example Hospital")
    elsewhere = person(Role.HOSPITAL_CONSULTANT, agency=8, agency_name="Other Hospital")
    ward = person(Role.WARD, agency=7, agency_name="St Example Hospital")
    case = CaseFacts(
        concerns=frozenset({Concern.SEXUAL_ABUSE}),
        flags=frozenset({Flag.IN_HOSPITAL}),
        hospital="St Example Hospital, ward 4",
    )
    found = rules_of(case, [*DIRECTORY, elsewhere, here, ward])
    assert found["hospital-consultant"].person == here
    assert "sexual abuse" in found["hospital-consultant"].why
    assert found["hospital-ward"].person == ward
    assert "paediatrician" not in found  # BROMLEY 1: for all other cases


def test_one_voice_of_the_school_and_its_safeguarding_lead_first():
    teacher = person(Role.TEACHER, agency=5, agency_name="Elm Lane Primary")
    lead = person(Role.SAFEGUARDING_LEAD, agency=5, agency_name="Elm Lane Primary")
    found = who_must_come(working_with(teacher, lead, active=False), DIRECTORY, FRIDAY)
    assert [one.person for one in found if one.rule_id == "school"] == [lead]


def test_the_referrer_comes_from_the_directory_or_by_name():
    known = person(Role.SAFEGUARDING_LEAD)
    by_person = Referrer(
        known.name, known.title, known.agency_id, known.agency_name, AgencyKind.EDUCATION, known
    )
    assert rules_of(CaseFacts(referrer=by_person))["referrer"].person == known
    by_name = replace(by_person, person=None, email="head@school.example")
    typed = rules_of(CaseFacts(referrer=by_name))["referrer"].typed
    assert (typed.name, typed.email) == (known.name, "head@school.example")


def test_a_referrer_who_comes_already_is_not_proposed_twice():
    lead = person(Role.SAFEGUARDING_LEAD)
    referrer = Referrer(
        lead.name, lead.title, lead.agency_id, lead.agency_name, AgencyKind.EDUCATION, lead
    )
    case = replace(working_with(lead), referrer=referrer)
    found = who_must_come(case, DIRECTORY, FRIDAY)
    assert [one.rule_id for one in found if one.person == lead] == ["school"]


@pytest.mark.parametrize(
    ("case", "role", "rule"),
    [
        (CaseFacts(looked_after=True), Role.FOSTERING_SERVICE, "fostering"),
        (CaseFacts(flags=frozenset({Flag.EARLY_HELP})), Role.EARLY_HELP_WORKER, "early-help"),
        (CaseFacts(flags=frozenset({Flag.PROBATION})), Role.PROBATION_OFFICER, "probation"),
        (CaseFacts(flags=frozenset({Flag.HOUSING})), Role.HOUSING_OFFICER, "housing"),
        (
            CaseFacts(flags=frozenset({Flag.YOUTH_OFFENDING})),
            Role.YOUTH_OFFENDING_WORKER,
            "youth-offending",
        ),
        (
            CaseFacts(concerns=frozenset({Concern.ALLEGATION_AGAINST_STAFF})),
            Role.DESIGNATED_OFFICER,
            "designated-officer",
        ),
    ],
)
def test_others_by_circumstance(case, role, rule):
    one = person(role)
    assert rules_of(case, [*DIRECTORY, one])[rule].person == one
    assert role in roles_asked_for(case)
    assert rule not in rules_of(CaseFacts(), [*DIRECTORY, one])


def test_the_alleged_perpetrators_agency_is_never_proposed():
    lead = person(Role.SAFEGUARDING_LEAD, agency=66)
    visitor = person(Role.HEALTH_VISITOR, agency=66)
    referrer = Referrer("A", "B", 66, "Where they work", AgencyKind.EDUCATION, lead)
    case = replace(
        working_with(lead, visitor),
        referrer=referrer,
        employers=Employers(agencies=frozenset({66})),
    )
    found = who_must_come(case, [*DIRECTORY, visitor, lead], FRIDAY)
    seated = [one.person for one in found if one.person]
    offered = [option for one in found for option in one.options]
    assert all(one.agency_id != 66 for one in [*seated, *offered])
    assert all(one.rule_id != "referrer" for one in found)


def test_a_place_that_nobody_can_take_stays_on_the_page():
    police = rules_of(CaseFacts(), [MASH])["police"]
    assert police.person is None
    assert police.required
    assert "Nobody in the directory" in police.why


def test_where_everybody_with_the_role_is_away_they_can_still_be_chosen():
    away = person(Role.POLICE_CAIT, away=MONDAY)
    police = rules_of(CaseFacts(), [MASH, away])["police"]
    assert police.person is None
    assert police.options == (away,)
    assert "Monday 23 November 2026" in police.why


def test_keys_are_unique_and_nobody_sits_twice():
    everybody = [person(role) for role in Role if role is not Role.SOCIAL_WORKER]
    case = replace(
        working_with(*everybody),
        concerns=frozenset(Concern),
        flags=frozenset(Flag),
        looked_after=True,
    )
    found = who_must_come(case, [*DIRECTORY, *everybody], FRIDAY)
    keys = [one.key for one in found]
    people = [one.person.id for one in found if one.person]
    assert len(set(keys)) == len(keys)
    assert len(set(people)) == len(people)


def test_quorum_and_decision_makers():
    assert quorum_missing([AgencyKind.SOCIAL_CARE, AgencyKind.EDUCATION]) == [
        AgencyKind.POLICE,
        AgencyKind.HEALTH,
    ]
    assert agencies_without_decision_maker([("A", False), ("B", True), ("A", True)]) == []
    assert agencies_without_decision_maker([("A", False), ("B", True)]) == ["A"]


def test_another_school_is_never_offered_instead():
    lead = person(Role.SAFEGUARDING_LEAD, agency=1)
    deputy = person(Role.SAFEGUARDING_LEAD, agency=1)
    elsewhere = person(Role.SAFEGUARDING_LEAD, agency=2)
    found = who_must_come(working_with(lead), [lead, deputy, elsewhere], FRIDAY)
    [school] = [one for one in found if one.rule_id == "school"]
    assert school.options == (lead, deputy)


# Not in the directory


def outside(kind, words):
    return Outside(OutsideKind(kind), words)


def test_a_school_that_was_typed_comes_and_is_to_be_filled_in():
    case = CaseFacts(outside=(outside("school", "St Anne's, 01632 960111"),))
    school = rules_of(case)["outside-school"]
    assert school.person is None
    assert (school.typed.name, school.typed.telephone) == ("St Anne's", "01632 960111")
    assert "School as typed: St Anne's, 01632 960111. Find the person" in school.why
    assert school.agency_kind is AgencyKind.EDUCATION


def test_a_typed_health_visitor_goes_before_mash_and_the_reason_is_true():
    found = rules_of(CaseFacts(outside=(outside("health", "Hannah Visitor"),)))
    assert "health-mash" not in found
    health = found["outside-health"]
    assert health.required and health.options == (MASH,)
    assert "is not in the directory" in health.why and "No health professional" not in health.why
    known = replace(working_with(person(Role.HEALTH_VISITOR)), outside=(outside("gp", "Elm"),))
    both = rules_of(known)
    assert both["health-involved"].required and not both["outside-gp"].required


def test_the_perpetrators_agency_is_not_proposed_by_a_typed_name_either():
    case = CaseFacts(
        outside=(outside("school", "Northgate primary, Mrs Fox"),),
        employers=Employers(frozenset({7}), names=frozenset({"Northgate Primary"})),
    )
    assert "outside-school" not in rules_of(case)


# The hospital where the child is


def consultant(agency, **more):
    return replace(person(Role.HOSPITAL_CONSULTANT, **more), agency_name=agency)


def in_hospital(named, **more):
    return CaseFacts(flags=frozenset({Flag.IN_HOSPITAL}), hospital=named, **more)


def test_the_consultant_is_one_of_this_hospital():
    other, here = consultant("Ashvale General Hospital"), consultant("Millbrook Hospital NHS Trust")
    found = rules_of(in_hospital("Millbrook, Ward 4"), [CAIT, other, here])
    assert found["hospital-consultant"].person == here
    # Whoever treats the child elsewhere does not take the place of who treats them here.
    case = replace(working_with(other), flags=frozenset({Flag.IN_HOSPITAL}), hospital="Millbrook")
    assert rules_of(case, [CAIT, other, here])["hospital-consultant"].person == here


def test_nobody_of_another_hospital_is_put_in_the_place():
    other = consultant("Ashvale General Hospital")
    found = rules_of(in_hospital("Millbrook, Ward 4"), [CAIT, other])["hospital-consultant"]
    assert found.person is None and found.options == (other,)
    assert "Nobody in the directory is" in found.why
    unsaid = [consultant("Ashvale General"), consultant("Millbrook")]
    assert rules_of(in_hospital(None), [CAIT, *unsaid])["hospital-consultant"].person is None
    assert rules_of(in_hospital(None), [CAIT, other])["hospital-consultant"].person == other
