"""The booking page's form: shape only. One row for each person who could come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wtforms import BooleanField, Field, HiddenField

from app.meetings.booking.person_rows import MOST_PEOPLE, TOO_LONG, PersonRow
from app.meetings.booking.slots import DURATIONS
from app.meetings.booking.types import (
    Again,
    BookingOrder,
    ChangeOrder,
    Chosen,
    Leaving,
    Removal,
    TypedDialIn,
)
from app.meetings.types import Format, dial_in_text
from app.protocols.types import END_OF_TIME, FIRST_MOMENT
from app.web.choices import RadioField, SelectField
from app.web.forms import Line, LocalMoment, OnceForm, Passage, Required
from app.web.numbers import whole_or_none

OTHER_TIME = "other"
KEEP_TIME = "keep"
SOMEBODY_ELSES, THEIRS = "other", "theirs"
MOST_MINUTES = 24 * 60
_NAMED = re.compile(r"people-(\d{1,3})-(\w+)")


class PeopleField(Field):
    """The list of people, in the order in which the page shows them."""

    rows: list[PersonRow]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors: list[str] = []
        self.rows, self.data = [], None
        found: dict[int, dict[str, str]] = {}
        for name in formdata or ():
            if named := _NAMED.fullmatch(name):
                found.setdefault(int(named[1]), {})[named[2]] = formdata[name]
        for number in sorted(found)[:MOST_PEOPLE]:
            self.add(found[number])

    def add(self, values: Mapping[str, Any]) -> PersonRow:
        """One more row at the end, with these values."""
        row = PersonRow(f"{self.name}-{len(self.rows)}")
        row.take(values)
        self.rows.append(row)
        return row

    def drop(self, key: str) -> None:
        self.rows = [row for row in self.rows if row.key != key]
        for place, row in enumerate(self.rows):
            row.prefix = f"{self.name}-{place}"

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        self.errors = list(self.process_errors)
        for row in self.rows:
            for part in row.too_long():
                self.point_out(row, part, TOO_LONG)
        return not self.errors

    def point_out(self, row: PersonRow, part: str, message: str) -> None:
        """An error beside one control of a row; the first of each control stands."""
        row.errors.setdefault(part, message)
        self.errors = [*self.errors, message]

    def say(self, message: str) -> None:
        """An error about the list itself."""
        self.said = message
        self.errors = [*self.errors, message]

    said = ""

    def problems(self) -> list[tuple[str, str]]:
        """Every error with the id of its control, in the order of the page."""
        about_list = [(self.id, self.said)] if self.said else []
        return about_list + [
            (row.id(part), message) for row in self.rows for part, message in row.errors.items()
        ]


class NewPersonField(Field):
    """Somebody who is not in the directory, before they are put on the list."""

    row: PersonRow

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors: list[str] = []
        self.data = None
        self.empty()
        start = f"{self.name}-"
        self.row.take(
            {
                name.removeprefix(start): formdata[name]
                for name in formdata or ()
                if name.startswith(start)
            }
        )

    def empty(self) -> None:
        """Nothing typed any more."""
        self.row = PersonRow(self.name)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        self.errors: list[str] = []
        for part in self.row.too_long():
            self.point_out(part, TOO_LONG)
        return not self.errors

    def point_out(self, part: str, message: str) -> None:
        """An error beside one control."""
        self.row.errors.setdefault(part, message)
        self.errors = [*self.errors, message]

    def problems(self) -> list[tuple[str, str]]:
        """Every error with the id of its control."""
        return [(self.row.id(part), message) for part, message in self.row.errors.items()]


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
    place_untold = BooleanField("Leave the place out of letters and calendars")
    chair = SelectField("Chair", validate_choice=False)
    line = SelectField("Conference line", validate_choice=False)
    new_pin = BooleanField("Give out a new PIN")
    dial_in = Line("Telephone number of another dial-in")
    dial_in_pin = Line("Its PIN, if it has one")
    dial_in_kept = Passage("Why does this dial-in stay?", length=2000)
    search = Line("Find somebody in the directory")
    people = PeopleField("Who")
    new = NewPersonField("Somebody who is not in the directory")

    def add_error(self, field: str, message: str) -> None:
        """Beside the field, also one of a row: `people-3-email`."""
        row, _, part = field.removeprefix("people-").partition("-")
        if field.startswith("people-") and row.isdigit() and int(row) < len(self.rows()):
            self.people.point_out(self.rows()[int(row)], part, message)
        elif field == "people":
            self.people.say(message)
        else:
            super().add_error(field, message)

    @property
    def start(self) -> datetime | None:
        """The chosen time: a slot, or the one that was typed; None where there is none."""
        if self.slot.data == OTHER_TIME:
            moment = self.other.data
        else:
            try:
                moment = datetime.fromisoformat(self.slot.data or "")
            except ValueError:
                return None
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            return None
        # A forged year must not reach arithmetic that ends at the year 9999.
        return moment if FIRST_MOMENT <= moment < END_OF_TIME else None

    @property
    def length(self) -> int:
        """Minutes, as long as they can be counted on; how long is allowed is the rule's to say."""
        typed = self.minutes.data
        return typed if typed and 0 < typed <= MOST_MINUTES else DURATIONS[0]

    @property
    def chosen_format(self) -> Format | None:
        """How it is held, or None where nothing known was chosen."""
        return next((each for each in Format if each.value == self.format.data), None)

    def forget_unused(self) -> None:
        """Half a time typed and then not chosen is no error."""
        if self.slot.data != OTHER_TIME:
            self.other.process_errors = []

    def allow_its_length(self) -> None:
        """A booking may have a length that is not offered for new ones."""
        minutes = self.minutes.data
        if (
            minutes
            and minutes == self.length
            and minutes not in {value for value, _label in self.minutes.choices}
        ):
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
        new: PersonRow = self.new.row
        if new.is_empty:
            return True
        who = new.name or new.email or "This person"
        self.new.point_out(
            "name", f"{who} is not on the list yet: put them on it, or empty these fields"
        )
        return False

    def rows(self) -> list[PersonRow]:
        found: list[PersonRow] = self.people.rows
        return found

    def add_row(self, values: dict[str, Any]) -> PersonRow:
        """One more row at the end, with these values."""
        row: PersonRow = self.people.add(values)
        return row

    def order(self, whys: dict[str, tuple[str, str]], adder: str) -> BookingOrder:
        """What was ordered. `whys` holds rule id and reason of each proposal by its key."""
        start = self.start
        if start is None:
            raise ValueError("check_time comes first")
        chosen, left = [], []
        for place, row in enumerate(self.rows()):
            rule_id, why = whys.get(row.key, ("", ""))
            if row.come:
                chosen.append(_chosen(row, place, rule_id, why, adder))
            elif rule_id:
                left.append(Leaving(rule_id, row.who(row.key), row.reason))
        return BookingOrder(
            starts_at=start,
            minutes=self.minutes.data,
            format=Format(self.format.data),
            place=self.place.data or None,
            chair_id=whole_or_none(self.chair.data) or 0,
            line_id=whole_or_none(self.line.data),
            people=tuple(chosen),
            dial_in=self.typed_dial_in(),
            left_out=tuple(left),
            late_reason=self.late_reason.data or None,
        )

    def typed_dial_in(self) -> TypedDialIn | None:
        """Another dial-in than a line of the council's."""
        number = self.dial_in.data
        return TypedDialIn(number, self.dial_in_pin.data or "") if number else None

    def changes(
        self,
        format_: Format,
        place: str | None,
        dial_in: str | None,
        minutes: int,
        chair_id: int | None,
        adder: str,
    ) -> ChangeOrder:
        """What is to change, given what holds now (C7)."""
        removals, additions = [], []
        for number, row in enumerate(self.rows()):
            invitee = _after(row.key, "invitee-")
            if invitee is not None and not row.come:
                removals.append(Removal(invitee, row.reason))
            elif invitee is None and row.come:
                additions.append(_chosen(row, number, "", "", adder))
        new_format = Format(self.format.data)
        new_place = None if new_format is Format.CALL else (self.place.data or None)
        moved = (new_format, new_place) != (format_, place)
        chair = whole_or_none(self.chair.data)
        kept = self.slot.data == KEEP_TIME
        typed = self.typed_dial_in()
        kept_dial_in = typed is None or dial_in_text(typed.telephone, typed.pin) == dial_in
        return ChangeOrder(
            starts_at=None if kept else self.start,
            minutes=self.length if self.length != minutes else None,
            format=new_format if moved else None,
            place=new_place if moved else None,
            chair_id=chair if chair != chair_id else None,
            line_id=whole_or_none(self.line.data),
            new_pin=bool(self.new_pin.data),
            dial_in=None if kept_dial_in else self.typed_dial_in(),
            removals=tuple(removals),
            additions=tuple(additions),
            late_reason=self.late_reason.data or None,
            dial_in_kept=self.dial_in_kept.data or None,
        )


class CancelForm(OnceForm):
    reason = Passage(
        "Why is it cancelled?",
        length=2000,
        validators=[Required("Say why it is cancelled: the reason stays with the case")],
    )


class SendAgainForm(OnceForm):
    email = Line("Email address")
    checked = BooleanField("I have read this address back letter by letter")
    dial_in = Line("Telephone number of another dial-in")
    dial_in_pin = Line("Its PIN, if it has one")
    dial_in_kept = Passage("Or why does this dial-in stay?", length=2000)
    told = HiddenField()  # that the page told who else gets a letter
    whose = RadioField(
        "Whose is the address there is?",
        choices=[
            (SOMEBODY_ELSES, "Somebody else’s, or nobody knows"),
            (THEIRS, "Theirs, but mail does not get through"),
        ],
        default=SOMEBODY_ELSES,
    )

    def order(self) -> Again:
        """What was said."""
        number = self.dial_in.data
        return Again(
            email=self.email.data or None,
            checked=bool(self.checked.data),
            told=bool(self.told.data),
            dial_in=TypedDialIn(number, self.dial_in_pin.data or "") if number else None,
            dial_in_kept=self.dial_in_kept.data or None,
            theirs=self.whose.data == THEIRS,
        )


class RemindForm(OnceForm):
    """Nothing to fill in: the press is the message."""


def _chosen(row: PersonRow, place: int, rule_id: str, why: str, adder: str) -> Chosen:
    return Chosen(
        why=why or f"Added by {adder}.",
        professional_id=row.professional_id,
        typed=row.typed() if row.is_typed or row.email else None,
        rule_id=rule_id or None,
        telephone_only=row.telephone_only,
        field=f"people-{place}",
    )


def _after(key: str, prefix: str) -> int | None:
    return whole_or_none(key.removeprefix(prefix)) if key.startswith(prefix) else None


def choices_of(pairs: Sequence[tuple[int, str]]) -> list[tuple[str, str]]:
    """Choices of a select whose values are numbers."""
    return [(str(value), label) for value, label in pairs]
