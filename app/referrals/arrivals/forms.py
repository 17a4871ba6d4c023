"""Closing what came by the public form and is no referral, opening it again, writing about it."""

from __future__ import annotations

from app.referrals.arrivals.service import LONGEST_REASON
from app.referrals.forms import labelled
from app.referrals.letters.rules import MOST_ADDED
from app.referrals.outcome.types import FilterReason
from app.web.choices import RadioField
from app.web.forms import BaseForm, OnceForm, Passage, Required


class CloseForm(BaseForm):
    filtered = RadioField(
        "What is it?",
        choices=labelled(FilterReason),
        validators=[Required("Choose what it is")],
    )
    because = Passage(
        "Why is this no referral?",
        length=LONGEST_REASON,
        description="And what became of it: to whom it was passed, who was told.",
        validators=[Required("Say why this is no referral")],
    )


class ReopenForm(BaseForm):
    reason = Passage(
        "What is new?",
        length=LONGEST_REASON,
        validators=[Required("Say why this is opened again")],
    )


class SenderLetterForm(OnceForm):
    added = Passage(
        "Anything to add?",
        length=MOST_ADDED,
        description="It stands in the letter as you write it. No names, no address.",
    )
