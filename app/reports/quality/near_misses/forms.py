"""Telling of a near miss, reviewing it."""

from __future__ import annotations

from app.reports.quality.near_misses.types import NearMissKind
from app.web.choices import RadioField
from app.web.forms import BaseForm, DateParts, Line, OnceForm, Passage, Required


class NearMissForm(OnceForm):
    kind = RadioField(
        "What kind of near miss was it?",
        choices=[(one.value, one.label) for one in NearMissKind],
        validators=[Required("Choose what kind of near miss it was")],
    )
    happened_on = DateParts("Day", validators=[Required("Give the day on which it happened")])
    what = Passage("What happened?", validators=[Required("Say what happened")])
    stopped = Passage(
        "What stopped harm?", validators=[Required("Say what stopped harm, or “luck”")]
    )
    changed = Passage("What has changed since, so that it does not happen again?")
    case_ref = Line("Reference of the case", length=20)


class ReviewForm(BaseForm):
    review = Passage(
        "What was found, and what follows from it?", validators=[Required("Say what was found")]
    )
    changed = Passage("What has changed because of it?")
