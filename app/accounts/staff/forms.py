"""Adding somebody and changing what they may do."""

from __future__ import annotations

from wtforms.validators import Email, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.types import Role
from app.web.choices import SelectMultipleField
from app.web.forms import BaseForm, Line, OnceForm, Required

ROLES = [(role.value, role.label) for role in Role]
# Shown beside each role, because the names alone do not say it.
ROLE_HINTS = {
    Role.ADMINISTRATOR.value: "Books discussions, chases answers, circulates records",
    Role.CHAIR.value: "Decides that a discussion is needed, chairs it, signs the record",
    Role.TRIAGE.value: "Takes in, rates and decides referrals",
    Role.SOCIAL_WORKER.value: "Brings the open case, writes beside the chair",
    Role.OUT_OF_HOURS.value: "Takes calls at night, starts a discussion at once",
    Role.ANALYST.value: "Sees figures and no names",
    Role.SYSTEM.value: "Looks after staff and settings, opens a case only with a reason",
}


class Roles(SelectMultipleField):
    """Tick boxes, of which at least one must be ticked."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    @property
    def chosen(self) -> frozenset[Role]:
        return frozenset(Role(value) for value in self.data or ())


class RolesForm(BaseForm):
    roles = Roles("Roles", choices=ROLES, validators=[Required("Choose at least one role")])


class ReasonForm(BaseForm):
    reason = Line(
        "Reason",
        validators=[Required("Enter the reason")],
        description="It stands in the audit for good: say what happened and how you know that it "
        "is so, and nothing about a case.",
    )


class NewPersonForm(OnceForm):
    name = Line("Full name", validators=[Required("Enter the person's name")])
    email = Line(
        "Work email address",
        validators=[
            Required("Enter the person's work email address"),
            Email("Enter an email address, like name@council.example"),
        ],
    )
    telephone = Line("Telephone", length=40, validators=[Optional()])
    roles = Roles("Roles", choices=ROLES, validators=[Required("Choose at least one role")])
