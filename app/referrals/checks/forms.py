"""Forms of the requests to agencies."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, IntegerField
from wtforms.validators import InputRequired

from app.referrals.checks.types import AnswerVia, Held
from app.web.choices import RadioField, SelectMultipleField
from app.web.forms import BaseForm, Line, OnceForm, Passage, Required

BY_STAFF = (AnswerVia.TELEPHONE, AnswerVia.SECURE_EMAIL)


class AskForm(OnceForm):
    version = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])
    people = SelectMultipleField("Whom do you ask?", coerce=int, choices=[])
    adults = SelectMultipleField("Which adults do you tell them of?", coerce=int, choices=[])
    address = BooleanField("Tell them where the children live")
    find = Line("Find somebody else", description="A name, an agency or a role.")
    question = Passage(
        "What should they look up?",
        length=4000,
        validators=[Required("Say what the agencies should look up")],
        description="Everybody asked reads this, with the children's names and dates of birth and "
        "the adults ticked above. Name no referrer and nothing that only one agency may know.",
    )


class AnswerForm(OnceForm):
    """An answer that came another way, written down by staff."""

    seen = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])

    held = RadioField(
        "What do they hold?",
        choices=[(one.value, one.label) for one in Held],
        validators=[Required("Choose whether anything is held")],
    )
    words = Passage("What is held")
    by_name = Line("Who said so", validators=[Required("Enter who answered")])
    by_role = Line("Their role")
    via = RadioField(
        "How did it come?",
        choices=[(one.value, one.label) for one in BY_STAFF],
        validators=[Required("Choose how the answer came")],
    )


class SendAgainForm(OnceForm):
    version = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])
    email = Line(
        "To which address?",
        length=254,
        validators=[Required("Enter the address to which the request is sent")],
        description="Their own or their team's. Another address gets a link of its own, and the "
        "links that were sent before end.",
    )
    with_changes = BooleanField("Tell them of this too")


class WithdrawForm(BaseForm):
    version = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])
    reason = Passage(
        "Why is it withdrawn?",
        length=2000,
        validators=[Required("Say why the request is withdrawn")],
    )
