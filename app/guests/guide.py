"""What to look up and bring, and the joining guide for people new to it (C9, D4).

Neutral words for every meeting: nothing here comes from a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.directory.types import AgencyKind

# BROMLEY 2 to 4: share the information available, other children, who saw the child and when.
FOR_EVERYONE = (
    "Names, dates of birth and addresses that you hold for the children and their household",
    "When you last saw each child, who saw them, and what they said in their own words",
    "What you saw and heard yourself, with dates, apart from what you think about it",
    "Other children who may be affected",
    "What your agency can do now, and from when",
)

BY_AGENCY: Mapping[AgencyKind, tuple[str, ...]] = MappingProxyType(
    {
        AgencyKind.SOCIAL_CARE: (
            "Earlier referrals, assessments, plans and enquiries, and what came of them",
            "Who is working with the family now",
        ),
        AgencyKind.POLICE: (
            "Calls to the address, reports, arrests and convictions that bear on the children",
            "Missing episodes, and bail or court conditions in force",
            "Whether a criminal investigation is under way or likely, and its timing",
            "Evidence that must be secured, and by when",
        ),
        AgencyKind.HEALTH: (
            "Appointments kept and missed, and visits to emergency departments",
            "Injuries, growth and development, and any earlier worry about them",
            "Examinations already made or needed: by whom and when",
            "The health of others in the family only where the children’s safety turns on it; "
            "say so, and it is marked in the record",
        ),
        AgencyKind.EDUCATION: (
            "Attendance, and changes in behaviour or appearance",
            "Your safeguarding file, and brothers and sisters at your school or nursery",
            "Who brings and collects the child, and who may",
        ),
        AgencyKind.EARLY_HELP: (
            "The plan, what has changed with it, and what has not",
            "How the family works with you",
        ),
        AgencyKind.FOSTERING: (
            "The placement, the carers and other children there",
            "Arrangements for contact with the family",
        ),
        AgencyKind.PROBATION: (
            "Orders, licence conditions and your assessment of risk",
            "Addresses and contacts you know of",
        ),
        AgencyKind.HOUSING: (
            "Who lives there, and the state of the home when it was last visited",
            "Complaints, and plans to move",
        ),
        AgencyKind.YOUTH_OFFENDING: (
            "Orders and plans in force",
            "Signs that somebody exploits the young person",
        ),
        AgencyKind.DOMESTIC_ABUSE: (
            "Your risk assessment and safety plan, and MARAC dates",
            "When and how it is safe to reach the person you work with",
        ),
        AgencyKind.VOLUNTARY: ("How you know the family, and when you will see them next",),
        AgencyKind.OTHER: ("How you know the family, and when you will see them next",),
    }
)


def what_to_bring(kind: AgencyKind) -> tuple[str, ...]:
    """What somebody of this kind of agency is asked to look up; the agency's own part first.

    Source: BROMLEY 2 to 4; TIMING ("give the facts and explain what you know").
    """
    return BY_AGENCY[kind] + FOR_EVERYONE


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    lines: tuple[str, ...]


def joining_guide(decision_maker: bool) -> tuple[Chapter, ...]:
    """What the meeting is, what will be asked and what not (C9).

    Who was invited to give information will not be asked to decide (TIMING); who was invited to
    decide for an agency should be senior enough for it (BROMLEY 2).
    """
    if decision_maker:
        deciding = "You are asked to decide for your agency, so you should be senior enough to"
    else:
        deciding = "You are there to give the facts and explain what you know"
    not_asked = (() if decision_maker else ("To make decisions",)) + (
        "To prove anything, or to know what others know",
        "To tell the family about this meeting: the meeting decides who tells them what, and when",
    )
    return (
        Chapter(
            "What it is",
            (
                "Social care, police, health and others who know a child share what they know and "
                "plan what has to happen quickly, when a child may be suffering significant harm",
                "It usually takes less than an hour. A manager of social care leads it",
            ),
        ),
        Chapter(
            "What you will be asked",
            (
                "Who you are, and how you know the child or the family",
                deciding,
                "What you make of it: ask, doubt and challenge. That keeps the child safe",
            ),
        ),
        Chapter("What you will not be asked", not_asked),
        Chapter(
            "Good to know",
            (
                "Be somewhere private where nobody can overhear you",
                "If you do not understand a word or what is expected of you, ask",
                "Note down the actions that are agreed, above all your own",
                "The signed record comes by the same link, usually within 24 hours",
            ),
        ),
    )
