"""Forms of the rating: give one, disagree, settle."""

from __future__ import annotations

from app.referrals.forms import MayBeEmpty, Versioned
from app.referrals.types import RatingStage
from app.web.choices import RadioField
from app.web.forms import Line, Passage, Required


class RatingForm(Versioned):
    rating = RadioField("Rating", choices=[], validators=[Required("Choose a rating")])
    stage = RadioField(
        "When is it given?",
        choices=[(one.value, one.label) for one in RatingStage],
        default=RatingStage.BEFORE.value,
        validators=[MayBeEmpty()],
    )
    early_because = Line(
        "Why now, without them?",
        description="Only for a rating after information gathering that no agency has answered "
        "for, or no list or meeting of this area has gone through.",
    )
    rating_reason = Passage(
        "Reason",
        length=4000,
        validators=[Required("Give the reason for the rating")],
        description="After information gathering: why it changed, or why it stays.",
    )


class DisputeForm(Versioned):
    by_whom = Line(
        "Who disagrees?",
        description="Name, role and agency.",
        validators=[Required("Say who disagrees, and for which agency")],
    )
    rating = RadioField(
        "How would they rate it?", choices=[], validators=[Required("Choose the rating wanted")]
    )
    rating_reason = Passage(
        "Why?",
        length=4000,
        validators=[Required("Give the reason why they would rate otherwise")],
    )


class SettleForm(Versioned):
    rating = RadioField("They rate it", choices=[], validators=[Required("Choose a rating")])
    rating_reason = Passage("Reason", length=4000, validators=[Required("Give the reason")])
    settled = RadioField(
        "Is the disagreement settled?",
        choices=[("yes", "Yes, this rating holds"), ("no", "No, it is still disputed")],
        validators=[Required("Choose whether it is settled")],
    )
