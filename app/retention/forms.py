"""What is said about a closed case: shape only."""

from __future__ import annotations

from wtforms import HiddenField

from app.web.forms import DateParts, OnceForm, Passage


class CaseForm(OnceForm):
    do = HiddenField()  # which button
    until = DateParts("Keep it until")
    reason = Passage("Why", length=5_000)


class ApproveForm(OnceForm):
    reason = Passage("Why it may be deleted", length=5_000)
