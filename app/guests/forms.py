"""Forms of the pages behind an invitation's link."""

from __future__ import annotations

import re

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import Length, Regexp, ValidationError

from app.invitations.wording import is_address
from app.meetings.types import Answer
from app.web.choices import RadioField
from app.web.forms import BaseForm, Line, OnceForm, Passage, Required, tidy_line

ANSWERS = (Answer.ATTEND, Answer.DIAL_IN, Answer.DECLINED)
NOTE_LENGTH = 1_000


class ButtonForm(BaseForm):
    """A press and nothing else."""


class WithoutCodeForm(BaseForm):
    take_part = RadioField(
        "Will you take part?",
        choices=[("yes", "I will take part"), ("no", "I cannot take part")],
        validators=[Required("Press “I will take part” or “I cannot take part”")],
    )


def digits(typed: str | None) -> str:
    """The code without the blanks and dashes that people and mail programs put into it."""
    return re.sub(r"[\s\u00ad\u2010-\u2015-]", "", typed or "")


class CodeForm(BaseForm):
    code = StringField(
        "Your code",
        filters=[digits],
        validators=[
            Required("Enter the six digits from the email"),
            Regexp(r"^[0-9]{6}\Z", message="The code has six digits, like 123456"),
        ],
    )


class IntroduceForm(BaseForm):
    name = Line("Your name", validators=[Required("Enter your name")])
    role = Line(
        "Your role",
        description="For example duty detective sergeant, or on-call paediatrician",
        validators=[Required("Enter your role")],
    )


class AnswerForm(BaseForm):
    answer = RadioField(
        "Will you take part?",
        choices=[(answer.value, answer.label) for answer in ANSWERS],
        validators=[Required("Choose one of the answers")],
    )
    note = Passage("A word to the desk (optional)", length=NOTE_LENGTH)
    shown = HiddenField()  # the time that the page told
    held = HiddenField()  # something where the page showed a note: whoever empties it means it

    @property
    def said_note(self) -> str | None:
        """What `answers.answer` takes as the note."""
        return self.note.data or ("" if self.held.data else None)


class InsteadForm(OnceForm):
    """A report is no answer by itself: whoever sends one may come as well."""

    instead = BooleanField(
        "I send it instead of taking part",
        description="Leave this empty if you take part as well, or do not know yet",
    )


class ReportForm(InsteadForm):
    body = Passage("Type it here")
    file = FileField("Or send a file")


class GiveAgainForm(InsteadForm):
    """A press: the report as it was."""


class DeputyForm(OnceForm):
    name = Line("Your colleague’s name", validators=[Required("Enter your colleague’s name")])
    role = Line("Their role", validators=[Required("Enter your colleague’s role")])
    email = StringField(
        "Their work email address",
        filters=[tidy_line],
        validators=[Required("Enter your colleague’s email address"), Length(max=254)],
    )

    decides = RadioField(
        "Can they decide for your agency?",
        description="In the meeting it is agreed who does what.",
        choices=[("yes", "Yes"), ("no", "No, they give information")],
        validators=[Required("Choose whether your colleague can decide for your agency")],
    )
    checked = BooleanField("I have checked this address letter by letter")

    def validate_email(self, field: StringField) -> None:
        if not is_address(field.data):
            raise ValidationError("Enter an email address like name@example.org")


class DissentForm(OnceForm):
    what = Passage(
        "What do you disagree with?",
        validators=[Required("Write what you disagree with")],
        length=5_000,
    )
    why = Passage("Why?", validators=[Required("Write why you disagree")], length=5_000)


class FormAnswerForm(OnceForm):
    """What an agency says to a form that was sent to it; which button says the rest."""

    who = Line("Who answers", validators=[Required("Enter your name and role")])
    words = Passage("Anything to add", length=1_000)
    do = HiddenField()

    def validate_words(self, field: Passage) -> None:
        if self.do.data == "refuse" and not field.data:
            raise ValidationError("Enter why you cannot take it on")
