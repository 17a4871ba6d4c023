"""The request for a strategy discussion to the police child abuse investigation team (BROMLEY 1).

The form's printed layout is not published: this is a clear document of our own under its name (C6).
"""

from __future__ import annotations

from app.core.clock import words_for_moment
from app.meetings.papers import parts
from app.meetings.papers.facts import FormFacts
from app.meetings.papers.types import Paper, Section, Words
from app.protocols.types import NamedForm

TITLE = "Request for a strategy discussion"
ASKED = (
    "Say whether you accept this request and who takes part; if not, say why.\n"
    "Bring what the police hold on the children, the adults and the address: incidents, "
    "investigations, warnings, convictions and orders.\n"
    "Say what must not be done before the discussion, so that no evidence is lost.\n"
    "Say whether you propose a joint enquiry."
)


def paper(named: NamedForm, facts: FormFacts) -> Paper:
    """The form from these facts."""
    referral = facts.referral
    received = (
        words_for_moment(referral.received_at)
        if referral
        else "None: the concern arose in an open case"
    )
    risk = facts.domestic_abuse.label if facts.domestic_abuse else "None recorded"
    action = (
        words_for_moment(facts.immediate_action_at)
        if facts.immediate_action_at
        else "None recorded"
    )
    return parts.paper(
        named,
        facts,
        TITLE,
        (
            parts.family(facts),
            parts.concern(facts),
            Section(
                "The referral",
                (
                    parts.rows(
                        (
                            ("Received", received),
                            ("From", facts.source_agency or None),
                            ("Referrer", _referrer(facts)),
                            ("Domestic abuse", risk),
                            ("Immediate action by an agency", action),
                        )
                    ),
                ),
            ),
            parts.professionals(facts),
            Section("What we ask of you", (Words(ASKED),)),
        ),
    )


def _referrer(facts: FormFacts) -> str:
    referral = facts.referral
    if referral is None:
        return ""
    said = (
        referral.referrer_name, referral.referrer_role, referral.referrer_telephone,
        referral.referrer_email,
    )  # fmt: skip
    return ", ".join(one for one in said if one)
