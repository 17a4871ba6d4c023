"""What staff note down for an invitee: an answer told by telephone, a report that came in."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField

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


class ColleagueForm(OnceForm):
    """Who comes instead, as whoever was invited says on the telephone (D4)."""

    name = Line("The colleague’s name", validators=[Required("Enter the colleague’s name")])
    role = Line("Their role", validators=[Required("Enter the colleague’s role")])
    email = Line("Their work email address", length=254)
    telephone = Line("Their telephone number")
    decides = RadioField(
        "Can they decide for their agency?",
        choices=[("yes", "Yes"), ("no", "No, they give information")],
        validators=[Required("Choose whether the colleague can decide for their agency")],
    )
    checked = BooleanField("I have checked this address letter by letter")
    after_all = BooleanField("They were removed from this discussion, and may come after all")


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
