"""Forms of the requests to agencies."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import BooleanField, HiddenField, IntegerField
from wtforms.validators import InputRequired

from app.referrals.checks.queries import OpenRequest
from app.referrals.checks.types import AnswerVia, Held, Unanswered
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


class OpenRequests(BaseForm):
    """A decision, and the end of a discussion, name the requests to agencies that are still open:
    none is left to itself."""

    asked = HiddenField()
    wanted = SelectMultipleField("Agencies that have not answered", choices=[])
    wanted_because = Passage("Why is the answer still wanted?", length=2000)

    def name(self, requests: Sequence[OpenRequest]) -> tuple[str, ...]:
        """Fill in what is open now; returns what was open when the page was shown."""
        seen = tuple((self.asked.data or "").split(","))
        self.wanted.choices = [(one.ref, one.agency) for one in requests]
        self.asked.data = ",".join(one.ref for one in requests)
        if not self.is_submitted():
            # What somebody has said before is not lost by not saying it again.
            self.wanted.data = [one.ref for one in requests if one.wanted_because]
            reasons = dict.fromkeys(one.wanted_because for one in requests if one.wanted_because)
            self.wanted_because.data = "\n".join(reasons)
        # Ticked and answered meanwhile: there is nothing to choose any more.
        still = {one.ref for one in requests}
        self.wanted.data = [ref for ref in self.wanted.data or () if ref in still]
        return seen

    def after(self, seen: tuple[str, ...]) -> Unanswered:
        """What becomes of them, as typed."""
        return Unanswered(seen, tuple(self.wanted.data or ()), self.wanted_because.data)
