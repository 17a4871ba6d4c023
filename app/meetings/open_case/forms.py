"""Forms of a discussion from an open case: shape only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import Field, FieldList, Form, FormField, HiddenField

from app.meetings.need.forms import HeldForm
from app.meetings.open_case.types import About
from app.referrals.forms import ConcernFields, Versioned, labelled, one_of
from app.referrals.intake.forms import AdultForm
from app.referrals.types import Concern, DomesticAbuseRisk, Flag
from app.web.choices import SelectMultipleField
from app.web.forms import BaseForm, DateParts, Line, LocalMoment, OnceForm, Passage, choices

MOST_CHILDREN = MOST_ADULTS = 20
# What the referrer said, of a case that nobody referred.
_OF_A_REFERRER = frozenset({Flag.RISK_NOW})


class ChildRow(Form):
    """A child of an open case: known by reference, or typed and new here."""

    ref = HiddenField()
    given_name = HiddenField()
    family_name = HiddenField()
    born = HiddenField()  # ISO

    @property
    def key(self) -> str:
        return self.ref.data or f"{self.given_name.data} {self.family_name.data} {self.born.data}"

    @property
    def born_on(self) -> date | None:
        try:
            return date.fromisoformat(self.born.data or "")
        except ValueError:
            return None


class AboutFields(BaseForm):
    """What it is about, in the words of the referral's form."""

    concerns = ConcernFields.concerns
    domestic_abuse = ConcernFields.domestic_abuse
    flags = SelectMultipleField(
        "Do any of these hold?",
        choices=[one for one in labelled(Flag) if Flag(one[0]) not in _OF_A_REFERRER],
        description=ConcernFields.flags.kwargs["description"],
    )
    immediate_action_at = ConcernFields.immediate_action_at
    hospital = ConcernFields.hospital
    adults = FieldList(FormField(AdultForm), max_entries=MOST_ADULTS)

    def set_agencies(self, agencies: Sequence[tuple[str, str]]) -> None:
        """Where an alleged perpetrator may work."""
        for entry in self.adults:
            entry.form.employer_id.choices = choices(agencies, "None")

    def about(self) -> About:
        """What it is about, as typed."""
        data = self.data
        return About(
            concerns=tuple(one for one in Concern if one.value in (data["concerns"] or ())),
            flags=frozenset(one for one in Flag if one.value in (data["flags"] or ())),
            domestic_abuse=one_of(DomesticAbuseRisk, data["domestic_abuse"]),
            immediate_action_at=data["immediate_action_at"],
            hospital=data["hospital"],
            adults=tuple(entry.form.given() for entry in self._filled_adults()),
        )

    def rearrange_adults(self, pressed: str) -> bool:
        """Whether the form was only sent to gain or lose an adult."""
        kind, _, name = pressed.partition(" ")
        if kind == "add" and len(self.adults) < MOST_ADULTS:
            self.adults.append_entry()
        elif kind == "remove":
            self.adults.entries = [one for one in self.adults.entries if one.name != name]
        return kind in ("add", "remove")

    def add_error(self, field: str, message: str) -> None:
        """Beside the field, also one of an adult: `adults-1-name` counts the filled ones only."""
        part = field.split("-")
        if part[0] != "adults" or len(part) != 3:
            super().add_error(field, message)
            return
        target = self._filled_adults()[int(part[1])].form[part[2]]
        target.errors = [*target.errors, message]
        self.adults.errors = [entry.errors for entry in self.adults]

    def _filled_adults(self) -> list[FormField]:
        return [entry for entry in self.adults if not entry.form.is_blank()]


class ChildrenFields(BaseForm):
    """Which children: found, or new here."""

    given_name = Line("Given name")
    family_name = Line("Family name")
    born = DateParts("Date of birth")
    children = FieldList(FormField(ChildRow), max_entries=MOST_CHILDREN)

    def rows(self) -> list[ChildRow]:
        return [entry.form for entry in self.children.entries]

    def put(self, **values: str) -> None:
        """One more child on the list, once; what was searched for is done with."""
        there = {row.key for row in self.rows()}
        self.children.append_entry(values)
        if self.rows()[-1].key in there:
            self.children.entries.pop()
        for field in (self.given_name, self.family_name, self.born):
            field.process(None)
        self.born.parts = ("", "", "")

    def take_off(self, key: str) -> None:
        self.children.entries = [one for one in self.children.entries if one.form.key != key]

    def set_order(self, first: Sequence[str]) -> None:
        """The order of the page, which is the order of the error summary."""
        fields: dict[str, Field] = {field.name: field for field in self}
        self._fields = {name: fields[name] for name in first} | fields


_CHILDREN = ("given_name", "family_name", "born", "children")
_ABOUT = (
    "concerns", "domestic_abuse", "reason", "flags", "immediate_action_at", "hospital", "adults",
)  # fmt: skip


class OpenCaseForm(ChildrenFields, AboutFields, OnceForm):
    """A discussion without a referral, from an assessment under way (A11; BROMLEY 2)."""

    reason = Passage("Why is a strategy discussion needed?", length=5000)
    identified_at = LocalMoment("When was the concern identified?")
    information_at = LocalMoment("When did the information arrive that makes it needed?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_order((*_CHILDREN, *_ABOUT))


class OpenHeldForm(ChildrenFields, AboutFields, HeldForm):
    """One of an open case that took place before anything was booked (C11; DERBY 4.11)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_order(
            (
                *_CHILDREN,
                "started_at",
                "ended_at",
                "another",
                "format",
                "place",
                "people",
                "others",
                *_ABOUT,
            )
        )


class AboutForm(AboutFields, Versioned):
    """Correcting what it is about, after it was decided."""
