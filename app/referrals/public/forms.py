"""The public form's pages: one thing each. What may stand is for rules."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField
from wtforms.validators import ValidationError

from app.core.crypto import new_token
from app.invitations.wording import is_address
from app.referrals.forms import labelled
from app.referrals.public.types import AdultTold, ChildTold, Referrer, RiskNow
from app.referrals.types import Concern, ConsentState
from app.web.choices import RadioField, SelectMultipleField
from app.web.forms import BaseForm, DateParts, Line, Passage, Required
from app.web.robots import PublicForm


class StepForm(BaseForm):
    """The form of a step: it carries the mark of the answers that it was filled from."""

    seen = HiddenField(default="")


class YouForm(StepForm, PublicForm):
    # Whose first press begins the form: a second one goes on with it.
    page = HiddenField(default=new_token)
    name = Line("Your name", validators=[Required("Enter your name")])
    role = Line("Your job", validators=[Required("Enter your job, like safeguarding lead")])
    organisation = Line(
        "School, practice or organisation",
        validators=[Required("Enter the name of your school, practice or organisation")],
    )
    email = Line(
        "Work email address",
        description="We send a receipt there, which names no child.",
        validators=[Required("Enter your work email address, like name@school.example")],
    )
    telephone = Line(
        "Telephone number",
        length=40,
        description="Where we reach you today, with the extension.",
        validators=[Required("Enter a telephone number where we reach you today")],
    )

    def validate_email(self, field: Line) -> None:
        """An address that mail can be sent to."""
        if not is_address(field.data):
            raise ValidationError("Enter an email address like name@school.example")

    def told(self) -> Referrer:
        """Who refers, as typed."""
        return Referrer(
            self.name.data, self.role.data, self.organisation.data, self.email.data,
            self.telephone.data,
        )  # fmt: skip


class SafetyForm(StepForm):
    risk_now = RadioField(
        "Is a child at risk of harm now?",
        choices=labelled(RiskNow),
        description="Think of tonight too: does the child go home to the risk?",
        validators=[Required("Choose whether a child is at risk of harm now")],
    )


class ChildForm(StepForm):
    given_name = Line("First names")
    family_name = Line("Family name")
    date_of_birth = DateParts(
        "Date of birth", description="Leave it empty if you do not know it. For example, 27 3 2019."
    )
    due_date = DateParts("Due date, if the baby is not born yet")
    adult_confirmed = BooleanField("This person is 18 or older: keep them on the form")
    gender = Line("Gender", length=60)
    address = Passage("Where the child lives", length=500)
    school_typed = Line("School, nursery or college")
    gp_typed = Line("GP practice")
    health_typed = Line("Health visitor, midwife or school nurse")
    ethnicity = Line("Ethnicity")
    religion = Line("Religion")
    first_language = Line("First language")
    needs_interpreter = BooleanField("Needs an interpreter")
    disability = Line("Disability")
    looked_after = BooleanField("Is looked after by a council")

    def told(self, key: str) -> ChildTold:
        """The child as typed."""
        data = self.data
        return ChildTold(**{name: data[name] for name in _CHILD}, key=key)


_CHILD = (
    "given_name", "family_name", "date_of_birth", "due_date", "gender", "address", "school_typed",
    "gp_typed", "health_typed", "ethnicity", "religion", "first_language", "needs_interpreter",
    "disability", "looked_after",
)  # fmt: skip


class AdultForm(StepForm):
    name = Line("Name", validators=[Required("Enter the name, or “not known”")])
    relationship_to_child = Line("Who they are to the child", description="For example, mother.")
    parental_responsibility = BooleanField("Has parental responsibility")
    in_household = BooleanField("Lives with the child")
    alleged_perpetrator = BooleanField("May have harmed the child")
    under_18 = BooleanField("Is under 18")

    def told(self, key: str) -> AdultTold:
        """The adult as typed."""
        data = self.data
        return AdultTold(**{name: data[name] for name in _ADULT}, key=key)


_ADULT = (
    "name", "relationship_to_child", "parental_responsibility", "in_household",
    "alleged_perpetrator", "under_18",
)  # fmt: skip


class MoreForm(BaseForm):
    """Whether there is another child or adult to tell of; asked with words of its own."""

    more = RadioField("", choices=[("yes", "Yes"), ("no", "No")])

    def ask(self, question: str, message: str) -> None:
        """Set the question, and the message for who does not answer it."""
        self.more.label.text = question
        self.more.validators = [Required(message)]


class ConcernsForm(StepForm):
    concerns = SelectMultipleField(
        "What are you worried about?",
        choices=labelled(Concern),
        description="Choose all that apply.",
        validators=[Required("Choose at least one")],
    )


class StoryForm(StepForm):
    narrative = Passage(
        "What was seen, heard or said?",
        description=(
            "Say what happened, when, and who saw or heard it. Use the child’s own words where you "
            "can. Say too if anybody is injured, and what has been done so far."
        ),
        validators=[Required("Say what was seen, heard or said")],
    )


_FAMILY: list[tuple[str, str]] = [
    (ConsentState.GIVEN.value, "They agree"),
    (ConsentState.REFUSED.value, "They do not agree"),
    (ConsentState.NOT_SOUGHT.value, "They were not asked"),
]


class ConsentForm(StepForm):
    consent = RadioField(
        "Does the family agree that you share this?",
        choices=_FAMILY,
        description=(
            "You do not need their agreement where a child may be at risk of serious harm, or "
            "where asking could put the child at more risk."
        ),
        validators=[Required("Choose whether the family agrees")],
    )
    consent_reason = Passage(
        "If they do not agree or were not asked, why do you share it?", length=4000
    )
    family_told = BooleanField("The family knows that I send this form")
    family_told_note = Line("Who told them and when, or why not", length=500)


class FileForm(BaseForm):
    file = FileField("Choose a file")


class CheckForm(StepForm):
    """Nothing more is asked: a form that was sent knows it, so that it is never sent twice."""


class CodeForm(BaseForm):
    code = Line("Code", length=20, validators=[Required("Enter the six digits")])


class ButtonForm(BaseForm):
    """Nothing but the token that a button of ours carries."""
