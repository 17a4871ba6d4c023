"""Adding a child to a referral, taking one off: shape only."""

from __future__ import annotations

from app.referrals.forms import Versioned
from app.referrals.intake.forms import HoldsChildren
from app.web.forms import OnceForm, Passage, Required


class JoinForm(HoldsChildren, Versioned, OnceForm):
    """One child, by the same fields and the same guard as on the one form."""


class LeaveForm(Versioned):
    reason = Passage(
        "Why does the child not belong on this referral?",
        length=2000,
        validators=[Required("Say why the child does not belong on this referral")],
    )
