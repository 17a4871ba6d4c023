"""The form that asks for a child protection medical (BROMLEY 1, C5).

The procedure's own form is not published: this is a clear document of our own.
"""

from __future__ import annotations

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.papers import parts
from app.meetings.papers.facts import FormFacts
from app.meetings.papers.types import Paper, Section, Words
from app.protocols.types import NamedForm

TITLE = "Request for a paediatrician: strategy discussion and medical"
ASKED = (
    "Say who takes part in the strategy discussion for the paediatricians.\n"
    "Say whether the child should be examined, how soon, where and by whom.\n"
    "Say what should be known or done before the examination, and what must not be washed, "
    "changed or treated until then.\n"
    "Bring what health holds: earlier attendances, injuries, growth, missed appointments."
)


def paper(named: NamedForm, facts: FormFacts) -> Paper:
    """The form from these facts."""
    responsible = ", ".join(one.name for one in facts.adults if one.parental_responsibility)
    gp = next(
        (
            f"{one.professional.name}, {one.professional.agency.name}"
            for one in facts.involved
            if one.professional.role is ProfessionalRole.GP
        ),
        None,
    )
    return parts.paper(
        named,
        facts,
        TITLE,
        (
            parts.concern(facts),
            Section(
                "Before an examination",
                (
                    parts.rows(
                        (
                            ("Who can consent", responsible or None),
                            ("Consent to an examination", "Not asked for yet: agreed with you and "
                                                          "the police in the discussion"),
                            ("GP", gp),
                        )
                    ),
                ),
            ),
            parts.professionals(facts, (AgencyKind.HEALTH,)),
            Section("What we ask of you", (Words(ASKED),)),
        ),
    )  # fmt: skip
