"""Whatever the case: nobody twice, nobody from the perpetrator's agency, the quorum asked for, and
the MASH health visitor only where no health professional who knows the child can come (C2)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking.rules import can_know_the_child, medical_reasons, who_must_come
from app.meetings.booking.types import CaseFacts, Involved
from app.referrals.types import Concern, Flag
from tests.clock import FRIDAY
from tests.unit.meetings.booking.people import KIND_OF, person

people = st.builds(
    lambda role, agency, away: person(
        role, agency=agency, away=FRIDAY + timedelta(hours=away) if away else None
    ),
    st.sampled_from(sorted(KIND_OF, key=lambda role: role.value)),
    st.integers(1, 8),
    st.sampled_from((None, -5, 20)),
)
cases = st.builds(
    CaseFacts,
    concerns=st.frozensets(st.sampled_from(Concern), max_size=3),
    flags=st.frozensets(st.sampled_from(Flag), max_size=4),
    looked_after=st.booleans(),
    hospital=st.sampled_from((None, "General Hospital")),
    involved=st.lists(st.builds(Involved, people, st.booleans(), st.booleans()), max_size=6).map(
        tuple
    ),
    perpetrator_agencies=st.frozensets(st.integers(1, 8), max_size=2),
)


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
        assert not {one.agency_id for one in offered} & case.perpetrator_agencies
    required = {one.agency_kind for one in found if one.required}
    assert {AgencyKind.POLICE, AgencyKind.HEALTH} <= required
    can_come = [
        one
        for one in known
        if can_know_the_child(one.agency_kind, one.role)
        and one.agency_id not in case.perpetrator_agencies
        and (one.away_until is None or one.away_until <= FRIDAY)
    ]
    asked_mash = [one for one in found if one.rule_id == "health-mash"]
    assert bool(asked_mash) == (not can_come)
    assert all("Only then" in one.why for one in asked_mash)
    if medical_reasons(case) and Flag.IN_HOSPITAL not in case.flags:
        roles = {one.role for one in found}
        assert ProfessionalRole.COMMUNITY_PAEDIATRICIAN in roles
    if Concern.ALLEGATION_AGAINST_STAFF in case.concerns:
        assert any(one.role is ProfessionalRole.DESIGNATED_OFFICER for one in found)
