"""Forms of a list: shape alone; what may stand is for rules."""

from __future__ import annotations

from app.referrals.abuse.forms import ReleaseFields
from app.referrals.forms import MayBeEmpty, Versioned, one_of, pick
from app.referrals.lists.types import Said
from app.referrals.types import Outcome
from app.web.choices import RadioField
from app.web.forms import Passage

# In the order in which they are mostly chosen at a list (IMAP 3).
ORDER = (
    Outcome.NO_FURTHER_ACTION,
    Outcome.ADVICE,
    Outcome.SHARE_INFORMATION,
    Outcome.SIGNPOST,
    Outcome.UNIVERSAL_OFFER,
    Outcome.TARGETED_SUPPORT,
    Outcome.EARLY_HELP,
    Outcome.SECTION_17,
    Outcome.STRATEGY_DISCUSSION,
)


class SaidForm(ReleaseFields, Versioned):
    information = Passage("What was shared")
    outcome = RadioField(
        "Outcome",
        choices=[
            *((outcome.value, outcome.label) for outcome in ORDER),
            ("", "Not reached: carry it over to the next list"),
        ],
        default="",
        validators=[MayBeEmpty()],
    )
    agency_id = pick("Which agency")
    reason = Passage("Reason for the outcome", length=4000)

    def said(self) -> Said:
        """What was said and agreed, as typed."""
        data = self.data
        return Said(
            information=data["information"],
            outcome=one_of(Outcome, data["outcome"]),
            reason=data["reason"],
            agency_id=data["agency_id"],
            release=self.release_given(),
        )


class EndForm(Versioned):
    took_part = Passage(
        "Who takes part",
        length=4000,
        description="One line each: name and agency. Who took part last time stands here already.",
    )
