"""The booking page's form: shape only. One row for each person who could come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wtforms import BooleanField, FieldList, Form, FormField, HiddenField

from app.directory.types import AgencyKind
from app.meetings.booking.slots import DURATIONS
from app.meetings.booking.types import (
    BookingOrder,
    ChangeOrder,
    Chosen,
    Leaving,
    Removal,
    TypedPerson,
)
from app.meetings.types import Format
from app.web.choices import RadioField, SelectField
from app.web.forms import BaseForm, Line, LocalMoment, OnceForm, Passage, Required

OTHER_TIME = "other"
KEEP_TIME = "keep"
MOST_PEOPLE = 60
_KINDS = [(kind.value, kind.label) for kind in AgencyKind]


class PersonRow(Form):
    """One person: proposed by a rule, invited already, added from the directory, or typed.

    `key` says which: a rule's key, `invitee-<id>`, `added-<id>`, or `typed-<n>`.
    """

    key = HiddenField()
    come = BooleanField("Invite")
    person = SelectField("Who", validate_choice=False)
    reason = Line("Why not?")
    telephone_only = BooleanField("Telephone only: no email, no calendar entry")
    name = Line("Name")
    title = Line("What they do")
    agency = Line("Agency")
    kind = SelectField("Kind of agency", choices=_KINDS, default=AgencyKind.OTHER.value)
    email = Line("Email address")
    telephone = Line("Telephone")
    decides = BooleanField("Can decide for their agency")

    @property
    def professional_id(self) -> int | None:
        """Who of the directory is chosen in this row."""
        chosen = self.person.data or ""
        return int(chosen) if chosen.isdigit() else None

    @property
    def is_typed(self) -> bool:
        return bool(self.name.data)

    def typed(self) -> TypedPerson:
        return TypedPerson(
            name=self.name.data,
            title=self.title.data,
            agency_name=self.agency.data,
            agency_kind=AgencyKind(self.kind.data),
            email=self.email.data or None,
            telephone=self.telephone.data or None,
            decision_maker=bool(self.decides.data),
        )


class NewPerson(Form):
    """Somebody who is not in the directory, before they are put on the list."""

    name = Line("Name")
    title = Line("What they do")
    agency = Line("Agency")
    kind = SelectField("Kind of agency", choices=_KINDS, default=AgencyKind.OTHER.value)
    email = Line("Email address")
    telephone = Line("Telephone")
    decides = BooleanField("Can decide for their agency")


class BookingForm(OnceForm):
    """Slot, format, chair, line, people. The same form changes a booking (C7)."""

    slot = RadioField(
        "When", validators=[Required("Choose a time")], validate_choice=False, choices=[]
    )
    other = LocalMoment("Another time")
    minutes = SelectField(
        "How long", coerce=int, default=45, choices=[(n, f"{n} minutes") for n in DURATIONS]
    )
    late_reason = Passage("Why can it not be before the deadline?", length=2000)
    format = RadioField("How", choices=[(each.value, each.label) for each in Format])
    place = Line("Where")
    chair = SelectField("Chair", validate_choice=False)
    line = SelectField("Conference line", validate_choice=False)
    new_pin = BooleanField("Give out a new PIN")
    search = Line("Find somebody in the directory")
    people = FieldList(FormField(PersonRow), max_entries=MOST_PEOPLE)
    new = FormField(NewPerson)

    def add_error(self, field: str, message: str) -> None:
        """Beside the field, also one of a row: `people-3-email`."""
        row, _, part = field.removeprefix("people-").partition("-")
        if field.startswith("people-") and row.isdigit() and int(row) < len(self.people.entries):
            target = self.people.entries[int(row)].form[part]
            target.errors = [*target.errors, message]
            # The list itself must count as wrong, or the error summary passes it over.
            self.people.errors = [*self.people.errors, {}]
        elif field == "people":
            self.people.errors = [*self.people.errors, message]
        else:
            super().add_error(field, message)

    @property
    def start(self) -> datetime | None:
        """The chosen time: a slot, or the one that was typed; None where there is none."""
        if self.slot.data == OTHER_TIME:
            typed = self.other.data
            return typed if isinstance(typed, datetime) else None
        try:
            moment = datetime.fromisoformat(self.slot.data or "")
        except ValueError:
            return None
        return moment if moment.tzinfo is not None else None

    def forget_unused(self) -> None:
        """Half a time typed and then not chosen is no error."""
        if self.slot.data != OTHER_TIME:
            self.other.process_errors = []

    def allow_its_length(self) -> None:
        """A booking may have a length that is not offered for new ones."""
        minutes = self.minutes.data
        if minutes and minutes not in {value for value, _label in self.minutes.choices}:
            self.minutes.choices = [(minutes, f"{minutes} minutes"), *self.minutes.choices]

    def check_time(self, *, may_keep: bool = False) -> bool:
        """Put an error beside the time where none can be read from what was sent."""
        if may_keep and self.slot.data == KEEP_TIME:
            return True
        if self.start is not None:
            return True
        if self.slot.data == OTHER_TIME:
            if not self.other.errors:
                self.add_error("other", "Enter the date and the time, like 27 3 2026 and 16:45")
        elif not self.slot.errors:
            self.add_error("slot", "Choose a time")
        return False

    def check_unlisted(self) -> bool:
        """Nobody who was typed and never put on the list is dropped without a word."""
        new = self.new.form
        typed = (new.name, new.title, new.agency, new.email, new.telephone)
        if not any(part.data for part in typed):
            return True
        who = new.name.data or new.email.data or "This person"
        new.name.errors = [f"{who} is not on the list yet: put them on it, or empty these fields"]
        return False

    def rows(self) -> list[PersonRow]:
        return [entry.form for entry in self.people.entries]

    def add_row(self, values: dict[str, Any]) -> PersonRow:
        """One more row at the end, with these values."""
        entry = self.people.append_entry(values)
        row: PersonRow = entry.form
        return row

    def order(self, whys: dict[str, tuple[str, str]], adder: str) -> BookingOrder:
        """What was ordered. `whys` holds rule id and reason of each proposal by its key."""
        start = self.start
        if start is None:
            raise ValueError("check_time comes first")
        chosen, left = [], []
        for place, row in enumerate(self.rows()):
            rule_id, why = whys.get(row.key.data, ("", ""))
            if row.come.data:
                chosen.append(_chosen(row, place, rule_id, why, adder))
            elif rule_id:
                left.append(Leaving(rule_id, _who(row), row.reason.data or ""))
        return BookingOrder(
            starts_at=start,
            minutes=self.minutes.data,
            format=Format(self.format.data),
            place=self.place.data or None,
            chair_id=_number(self.chair.data) or 0,
            line_id=_number(self.line.data),
            people=tuple(chosen),
            left_out=tuple(left),
            late_reason=self.late_reason.data or None,
        )

    def changes(
        self, format_: Format, place: str | None, minutes: int, chair_id: int | None, adder: str
    ) -> ChangeOrder:
        """What is to change, given what holds now (C7)."""
        removals, additions = [], []
        for number, row in enumerate(self.rows()):
            invitee = _after(row.key.data, "invitee-")
            if invitee is not None and not row.come.data:
                removals.append(Removal(invitee, row.reason.data or ""))
            elif invitee is None and row.come.data:
                additions.append(_chosen(row, number, "", "", adder))
        new_format = Format(self.format.data)
        new_place = None if new_format is Format.CALL else (self.place.data or None)
        moved = (new_format, new_place) != (format_, place)
        chair = _number(self.chair.data)
        kept = self.slot.data == KEEP_TIME
        return ChangeOrder(
            starts_at=None if kept else self.start,
            minutes=self.minutes.data if self.minutes.data != minutes else None,
            format=new_format if moved else None,
            place=new_place if moved else None,
            chair_id=chair if chair != chair_id else None,
            line_id=_number(self.line.data),
            new_pin=bool(self.new_pin.data),
            removals=tuple(removals),
            additions=tuple(additions),
            late_reason=self.late_reason.data or None,
        )


class CancelForm(OnceForm):
    reason = Passage(
        "Why is it cancelled?",
        length=2000,
        validators=[Required("Say why it is cancelled: the reason stays with the case")],
    )


class SendAgainForm(OnceForm):
    email = Line("Email address")


class RemindForm(OnceForm):
    """Nothing to fill in: the press is the message."""


class PreviewForm(BaseForm):
    """Stands for the token alone."""


def _chosen(row: PersonRow, place: int, rule_id: str, why: str, adder: str) -> Chosen:
    professional_id = row.professional_id
    typed = row.typed() if row.is_typed or row.email.data else None
    part = "person" if professional_id is not None and row.person.choices else "email"
    return Chosen(
        why=why or f"Added by {adder}.",
        professional_id=professional_id,
        typed=typed,
        rule_id=rule_id or None,
        telephone_only=bool(row.telephone_only.data),
        field=f"people-{place}-{part}",
    )


def _who(row: PersonRow) -> str:
    names = dict(row.person.choices or [])
    return str(row.name.data or names.get(row.person.data or "") or row.key.data)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _after(key: str | None, prefix: str) -> int | None:
    return _number((key or "").removeprefix(prefix)) if (key or "").startswith(prefix) else None


def choices_of(pairs: Sequence[tuple[int, str]]) -> list[tuple[str, str]]:
    """Choices of a select whose values are numbers."""
    return [(str(value), label) for value, label in pairs]
