"""What the chair's page sends: one field, the whole page, an action, a person, a dissent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from wtforms import BooleanField, HiddenField, IntegerField, StringField
from wtforms.validators import Email, Optional

from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.discussion.questions import PROTECTIONS
from app.meetings.discussion.types import ActionOrder, DissentOrder, Newcomer, Press, Typed
from app.meetings.types import Attendance
from app.referrals.checks.forms import OpenRequests
from app.web.choices import SelectField
from app.web.forms import BaseForm, Line, LocalMoment, OnceForm, Passage, Required, choices, tidy
from app.web.numbers import whole_or_none

# The name of a field's control, and of the hidden one that holds the version it started from.
BASE = "@"


def read_fields(sent: Mapping[str, str]) -> list[Typed]:
    """Every field the page sent, whether it was touched or not: the version tells.

    An untouched tick box and an empty choice send nothing, their version does.
    """
    typed = []
    for name, version in sent.items():
        scope, slash, field = name.removeprefix(BASE).partition("/")
        if name.startswith(BASE) and slash and version.isdecimal() and len(version) <= 10:
            value = tidy(sent.get(name.removeprefix(BASE)))
            typed.append(Typed(scope, field, value, int(version)))
    return typed


def read_press(sent: Mapping[str, str]) -> Press:
    """The button that was pressed; Enter in a line counts as Save."""
    what, _, target = sent.get("do", "save").partition(" ")
    return Press(what, target)


class FieldForm(BaseForm):
    """One field, saved by the page's script while people type."""

    scope = Line("Scope")
    field = Line("Field")
    value = Passage("Value")
    version = IntegerField("Version", default=0)


class LineForm(OnceForm):
    """A line of the page that adds something once it has words in it."""

    NAME: ClassVar[str]  # as the list of what could not be saved calls it
    WORDS: ClassVar[tuple[str, ...]]

    @property
    def touched(self) -> bool:
        return any(bool(self[name].data) for name in self.WORDS)


class ActionForm(LineForm):
    """What, who, by when: one line and Enter (E3). Checked by `actions.add_action`."""

    NAME = "New action"
    WORDS = ("what", "due", "why")

    what = Line("What", length=1000)
    owner = SelectField("Who", coerce=str)
    due = StringField("By when", filters=[lambda value: " ".join((value or "").split())])
    child = SelectField("For", coerce=str)
    why = Line("Why", length=1000)
    protects = SelectField(
        "Who may read this in the record",
        choices=[(one.value, one.label) for one in PROTECTIONS],
        default="",
    )
    version = HiddenField(default="0")

    def offer(self, owners: list[tuple[str, str]], children: list[tuple[str, str]]) -> None:
        self.owner.choices = choices(owners, empty="Choose who")
        self.child.choices = choices(children, empty="All the children")

    @property
    def base_version(self) -> int:
        return whole_or_none(self.version.data) or 0

    @property
    def order(self) -> ActionOrder:
        return ActionOrder(
            what=self.what.data or "",
            owner_id=whole_or_none(self.owner.data),
            due=self.due.data or "",
            child_id=whole_or_none(self.child.data),
            why=self.why.data or "",
            protects=self.protects.data or "",
        )


class PersonForm(LineForm):
    """Somebody who dialled in unexpectedly (E1)."""

    NAME = "Somebody else on the line"
    WORDS = ("name", "title", "agency_name", "email")

    name = Line("Name", validators=[Required("Enter the name of the person who joined")])
    title = Line("Job title")
    agency_name = Line("Agency", validators=[Required("Enter the agency they speak for")])
    role = SelectField(
        "Role",
        choices=[(role.value, role.label) for role in ProfessionalRole],
        default=ProfessionalRole.OTHER.value,
    )
    # Quorum and who reads what hang on it: nobody counts as anything that was not chosen.
    agency_kind = SelectField(
        "Kind of agency",
        choices=choices([(kind.value, kind.label) for kind in AgencyKind], "Choose a kind"),
        validators=[Required("Choose what kind of agency they are from")],
    )
    email = Line(
        "Email, for the record",
        validators=[Optional(), Email("Enter an email address like name@example.org")],
    )
    decision_maker = BooleanField("May decide for their agency")

    @property
    def newcomer(self) -> Newcomer:
        return Newcomer(
            name=self.name.data or "",
            title=self.title.data or "",
            role=ProfessionalRole(self.role.data),
            agency_name=self.agency_name.data or "",
            agency_kind=AgencyKind(self.agency_kind.data),
            email=self.email.data or "",
            attendance=Attendance.BY_PHONE,
            decision_maker=bool(self.decision_maker.data),
        )


class EndForm(OpenRequests):
    """The end of a discussion: when it was, and what becomes of requests that are still open."""

    ended_at = LocalMoment("It ended at", validators=[Required("Enter when it ended")])


class TimesForm(BaseForm):
    """When a discussion was held, put right."""

    started_at = LocalMoment("It began at", validators=[Required("Enter when it began")])
    ended_at = LocalMoment("It ended at", validators=[Required("Enter when it ended")])
    reason = Passage(
        "Why are the times corrected?",
        length=2000,
        description="Stands in the record.",
        validators=[Required("Say why the times are corrected")],
    )
    seen = HiddenField()  # which correction it shows: two people may correct them


class DissentForm(LineForm):
    """Who disagrees, with what, why (E4)."""

    NAME = "Somebody disagrees"
    WORDS = ("what", "why")

    who = SelectField("Who disagrees", coerce=str)
    what = Line("With what", length=1000)
    why = Passage("Why")

    def offer(self, people: list[tuple[str, str]]) -> None:
        self.who.choices = choices(people, empty="Choose who")

    @property
    def order(self) -> DissentOrder:
        return DissentOrder(whole_or_none(self.who.data), self.what.data or "", self.why.data or "")


# The lines carry no token of their own: the page's form has one, and that is checked.
_WITHIN_PAGE = {"csrf": False}


class Lines:
    """The lines of the page that add something: an action, a person, a dissent."""

    def __init__(self, **given: object) -> None:
        self.action = ActionForm(prefix="action", meta=_WITHIN_PAGE, **given)
        self.person = PersonForm(prefix="person", meta=_WITHIN_PAGE, **given)
        self.dissent = DissentForm(prefix="dissent", meta=_WITHIN_PAGE, **given)

    @classmethod
    def empty(cls) -> Lines:
        """Nothing typed, whatever the request sent."""
        return cls(formdata=None)

    def offer(self, people: list[tuple[str, str]], children: list[tuple[str, str]]) -> None:
        self.action.offer(people, children)
        self.dissent.offer(people)

    @property
    def forms(self) -> tuple[LineForm, ...]:
        return (self.action, self.person, self.dissent)

    def keep_for_copying(self) -> None:
        """Say what stands in each line where the page has none to show it in any more."""
        for form in self.forms:
            words = [form[name].data for name in form.WORDS if form[name].data]
            if words:
                form.form_errors.append(f"{form.NAME}, not saved: {'; '.join(map(str, words))}")

    @property
    def refused(self) -> bool:
        return any(form.errors for form in self.forms)
