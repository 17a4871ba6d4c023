"""The reviewer's form."""

from __future__ import annotations

from wtforms import Form, FormField, StringField
from wtforms.validators import InputRequired

from app.reports.quality.sample.types import QUESTIONS, Found, Grade
from app.web.choices import RadioField
from app.web.forms import BaseForm, OnceForm, Passage, Required


class Answers(Form):
    """One of the answers to each question, by its key."""


for _question in QUESTIONS:
    setattr(
        Answers,
        _question.key,
        RadioField(
            _question.words,
            description=_question.source,
            choices=[(one.value, one.label) for one in Found],
            validators=[Required("Choose an answer")],
        ),
    )


class DrawForm(BaseForm):
    """A button for each month, with its key."""

    month = StringField(validators=[InputRequired("Choose a month")])


class ReviewForm(OnceForm):
    """A field for each question, by its key."""

    answers = FormField(Answers)
    grade = RadioField(
        "As a whole",
        choices=[(one.value, one.label) for one in Grade],
        validators=[Required("Choose how it was as a whole")],
    )
    findings = Passage(
        "What did you find, and what should be learned from it?",
        validators=[Required("Say what you found")],
    )
