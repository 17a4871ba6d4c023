"""Whatever the case: nobody twice, nobody from the perpetrator's agency, the quorum asked for,
whoever made the referral and whoever is in no directory not forgotten, and the MASH health visitor
only where no health professional who knows the child can come (C2)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.rules import can_know_the_child, medical_reasons, who_must_come
from app.meetings.booking.types import CaseFacts, Involved, Outside, OutsideKind, Referrer
from app.referrals.employers import Employers
from app.referrals.types import Concern, Flag
from tests.clock import FRIDAY
from tests.unit.meetings.booking.people import KIND_OF, person

NUMBERS = range(1, 9)
NAMES = [f"Agency {number}" for number in NUMBERS]  # as people.py calls them
# As people write them: in other letters, with a number, with somebody's name.
WRITTEN = ("{}", "{}, 020 7946 0011", "Mrs Fox at {}")
people = st.builds(
    lambda role, agency, away: person(
        role, agency=agency, away=FRIDAY + timedelta(hours=away) if away else None
    ),
    st.sampled_from(sorted(KIND_OF, key=lambda role: role.value)),
    st.sampled_from(NUMBERS),
    st.sampled_from((None, -5, 20)),
)
referrers = st.builds(
    lambda number, name, kind, known: Referrer(
        name, None, number, f"Agency {number}", kind, known, "r@agency.example"
    ),
    st.sampled_from(NUMBERS),
    st.sampled_from((None, "Robin Referrer")),
    st.sampled_from((AgencyKind.SOCIAL_CARE, AgencyKind.EDUCATION, AgencyKind.POLICE)),
    st.none() | people,
)
outside = st.builds(
    lambda kind, name, written: Outside(kind, written.format(name.lower())),
    st.sampled_from(OutsideKind),
    st.sampled_from(NAMES),
    st.sampled_from(WRITTEN),
)
employers = st.builds(
    lambda chosen, typed: Employers(
        frozenset(chosen), frozenset(f"Agency {number}" for number in chosen), typed
    ),
    st.frozensets(st.sampled_from(NUMBERS), max_size=2),
    st.frozensets(st.sampled_from([name.upper() for name in NAMES]), max_size=2),
)
cases = st.builds(
    CaseFacts,
    concerns=st.frozensets(st.sampled_from(Concern), max_size=3),
    flags=st.frozensets(st.sampled_from(Flag), max_size=4),
    looked_after=st.booleans(),
    hospital=st.sampled_from((None, "General Hospital")),
    referrer=st.none() | referrers,
    involved=st.lists(st.builds(Involved, people, st.booleans(), st.booleans()), max_size=6).map(
        tuple
    ),
    employers=employers,
    outside=st.lists(outside, max_size=3, unique=True).map(tuple),
)


def theirs(case):
    """The numbers of the agencies that are surely an alleged perpetrator's, however said."""
    typed = {int(name.rpartition(" ")[2]) for name in case.employers.typed}
    return case.employers.agencies | typed


def may_come(case, typed):
    """Whether what was typed is another agency than theirs."""
    return not any(f"agency {number}" in typed.words for number in theirs(case))


@given(cases, st.lists(people, max_size=15))
def test_who_is_proposed(case, directory):
    known = [one.person for one in case.involved]
    found = who_must_come(case, [*directory, *known], FRIDAY)
    seated = [one.person for one in found if one.person]
    assert len({one.id for one in seated}) == len(seated)
    assert len({one.key for one in found}) == len(found)
    assert all(one.why and one.source for one in found)
    for proposal in found:
        offered = (*proposal.options, *([proposal.person] if proposal.person else []))
        assert not {one.agency_id for one in offered} & theirs(case)
    required = {one.agency_kind for one in found if one.required}
    assert {AgencyKind.POLICE, AgencyKind.HEALTH} <= required
    can_come = [
        one
        for one in known
        if can_know_the_child(one.agency_kind, one.role)
        and one.agency_id not in theirs(case)
        and (one.away_until is None or one.away_until <= FRIDAY)
    ]
    typed_health = [
        one for one in case.outside if one.kind is not OutsideKind.SCHOOL and may_come(case, one)
    ]
    asked_mash = [one for one in found if one.rule_id == "health-mash"]
    assert bool(asked_mash) == (not can_come and not typed_health)
    assert all("Only then" in one.why for one in asked_mash)
    if medical_reasons(case) and Flag.IN_HOSPITAL not in case.flags:
        roles = {one.role for one in found}
        assert ProfessionalRole.COMMUNITY_PAEDIATRICIAN in roles
    if Concern.ALLEGATION_AGAINST_STAFF in case.concerns:
        assert any(one.role is ProfessionalRole.DESIGNATED_OFFICER for one in found)


@given(cases, st.lists(people, max_size=15))
def test_whoever_is_in_no_directory_has_a_place_of_their_own(case, directory):
    found = who_must_come(case, directory, FRIDAY)
    places = [one for one in found if one.rule_id.startswith("outside-")]
    coming = [one for one in case.outside if may_come(case, one)]
    assert len(places) == len(coming)
    for one in coming:
        (place,) = (
            each
            for each in places
            if each.rule_id == f"outside-{one.kind.value}" and f": {one.words}. " in each.why
        )
        assert place.person is None and place.typed
        assert not {option.agency_id for option in place.options} & theirs(case)


@given(cases, st.lists(people, max_size=15))
def test_the_referrer_comes_unless_the_alleged_perpetrator_works_there(case, directory):
    found = who_must_come(case, directory, FRIDAY)
    typed = [one.typed for one in found if one.rule_id == "referrer" and one.typed]
    referrer = case.referrer
    if referrer is None or referrer.agency_id in theirs(case):
        assert not any(one.rule_id == "referrer" for one in found)
    elif referrer.person is not None and referrer.person.agency_id not in theirs(case):
        assert referrer.person in [one.person for one in found] and not typed
    elif referrer.name and referrer.agency_kind is not AgencyKind.SOCIAL_CARE:
        (one,) = typed
        assert (one.name, one.email) == (referrer.name, referrer.email)
        # Every reader sees the title: it must not say who referred (F4).
        assert "refer" not in one.title.casefold()
    else:
        assert not typed
