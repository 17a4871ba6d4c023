"""What staff note down for an invitee: an answer told by telephone, a report that came in."""

from __future__ import annotations

from flask_wtf.file import FileField

from app.meetings.types import Answer, ReportVia
from app.web.choices import RadioField
from app.web.forms import Line, OnceForm, Passage, Required

TOLD = (Answer.ATTEND, Answer.DIAL_IN, Answer.TENTATIVE, Answer.REPORT, Answer.DECLINED)


class AnswerForm(OnceForm):
    answer = RadioField(
        "What did they say?",
        choices=[(each.value, each.label) for each in TOLD],
        validators=[Required("Choose what they said")],
    )
    note = Line("Anything to add")


class ReportForm(OnceForm):
    via = RadioField(
        "How did it come?",
        choices=[
            (ReportVia.EMAIL.value, "By secure email"),
            (ReportVia.TELEPHONE.value, "Told by telephone"),
        ],
        validators=[Required("Choose how the report came")],
    )
    body = Passage("What it says", length=50_000)
    file = FileField("Or the file")
