"""What the product knows as the codes that the returns want; nothing where it does not know.

Source: Children in need census, technical specification and guide (Department for Education):
ReferralSource (N00152) and Sex (N00783); Annex A, guide to the child-level lists (Ofsted).

The codes of a source: 1A family member, relative or carer, 1B acquaintance, 1C self, 1D other
individual; 2A schools, 2B education services; 3A GP, 3B health visitor, 3C school nurse, 3D other
primary health services, 3E A&E, 3F other health services; 4 housing, the council's or an
association; 5A the authority's social care, 5B its other services (youth offending among them),
5C those of another authority; 6 police; 7 other legal agency (courts, probation, CAFCASS);
8 other (voluntary organisations among them); 9 anonymous; 10 unknown.
"""

from __future__ import annotations

from app.directory.types import AgencyKind, ProfessionalRole

# By who referred, where that decides it: health and education have several codes.
_SOURCE_OF_ROLE = {
    ProfessionalRole.SAFEGUARDING_LEAD: "2A",
    ProfessionalRole.TEACHER: "2A",
    ProfessionalRole.GP: "3A",
    ProfessionalRole.HEALTH_VISITOR: "3B",
    ProfessionalRole.SCHOOL_NURSE: "3C",
}
_SOURCE_OF_KIND = {
    AgencyKind.HOUSING: "4",
    AgencyKind.YOUTH_OFFENDING: "5B",
    AgencyKind.POLICE: "6",
    AgencyKind.PROBATION: "7",
    AgencyKind.VOLUNTARY: "8",
}
_OF_ROLE = {AgencyKind.EDUCATION, AgencyKind.HEALTH}
MALE, FEMALE, UNKNOWN = "M", "F", "U"
_SEXES = {
    **dict.fromkeys(("male", "m", "boy"), MALE),
    **dict.fromkeys(("female", "f", "girl"), FEMALE),
}
_NO_DISABILITY = frozenset({"no", "none", "none known", "no disability", "not disabled"})


def referral_source(kind: AgencyKind | None, role: ProfessionalRole | None) -> str:
    """The code of who referred; empty where it has to be chosen in the case system."""
    if kind in _OF_ROLE and role is not None:
        return _SOURCE_OF_ROLE.get(role, "")
    return _SOURCE_OF_KIND.get(kind, "") if kind is not None else ""


def sex(gender: str, *, unborn: bool) -> str:
    """M or F where the referral says so in a word, U for an unborn child (8750), else empty."""
    return UNKNOWN if unborn else _SEXES.get(gender.strip().casefold(), "")


def has_disability(said: str) -> bool | None:
    """Whether a disability was noted; None where nothing is said."""
    words = said.strip(" .").casefold()
    return None if not words else words not in _NO_DISABILITY
