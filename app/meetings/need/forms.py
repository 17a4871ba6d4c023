"""Forms by which a discussion comes about: shape only."""

from __future__ import annotations

from datetime import datetime

from wtforms import BooleanField, Field, FieldList, Form, FormField
from wtforms.validators import ValidationError

from app.directory.types import AgencyKind
from app.meetings.need.types import HeldAlready, Present
from app.meetings.types import Attendance, Format
from app.web.choices import RadioField, SelectField, SelectMultipleField
from app.web.forms import Line, LocalMoment, OnceForm, Passage, Required, choices

FORMATS = [
    (Format.CALL.value, "By telephone"),
    (Format.MEETING.value, "Face to face"),
    (Format.HOSPITAL.value, "At the hospital"),
]
MOST_TYPED = 20
_HERE = (Attendance.BY_PHONE, Attendance.IN_PERSON)


class NeedForm(OnceForm):
    """The manager's decision (BROMLEY 1)."""

    reason = Passage(
        "Why is a strategy discussion needed?",
        length=5000,
        validators=[Required("Say why a strategy discussion is needed")],
    )
    decided_at = LocalMoment("Decided at", validators=[Required("Enter when it was decided")])
    information_at = LocalMoment("When did the information arrive that makes it needed?")


class StartForm(OnceForm):
    """Nothing here is required: it must never hold up an emergency (C11)."""

    dial_in = Line("Number and PIN that people dial")
    people = SelectMultipleField("Who is called", validate_choice=False)
    format = RadioField("How", choices=FORMATS, default=Format.CALL.value)
    place = Line("Where")
    reason = Passage("Why now?", length=5000)


class TypedPresent(Form):
    """Somebody who took part and is not in the list."""

    name = Line("Name")
    title = Line("What they do")
    agency = Line("Agency")
    # Quorum and who reads what hang on it: nobody counts as anything that was not chosen.
    kind = SelectField(
        "Kind of agency",
        choices=choices([(kind.value, kind.label) for kind in AgencyKind], "Choose a kind"),
    )
    email = Line("Email address")

    def validate_kind(self, field: Field) -> None:
        if self.name.data and not field.data:
            raise ValidationError("Choose what kind of agency they are from")


class HeldForm(OnceForm):
    """A discussion that took place before anything was booked (C11; DERBY 4.11)."""

    started_at = LocalMoment("It began at", validators=[Required("Enter when it began")])
    ended_at = LocalMoment("It ended at", validators=[Required("Enter when it ended")])
    another = BooleanField("This was a different discussion")
    format = RadioField("How", choices=FORMATS, default=Format.CALL.value)
    place = Line("Where")
    reason = Passage(
        "Why was it held?", length=5000, validators=[Required("Say why the discussion was held")]
    )
    people = SelectMultipleField("Who took part beside you", validate_choice=False)
    others = FieldList(FormField(TypedPresent), max_entries=MOST_TYPED)

    def held(self, moment: datetime) -> HeldAlready:
        """The discussion as typed; `moment` stands in for a time that has its own error already."""
        format_ = Format(self.format.data)
        here = attendance_for(format_)
        known = [
            Present(here, professional_id=int(one)) for one in self.people.data if one.isdigit()
        ]
        typed = [
            Present(
                here,
                name=row.name.data,
                title=row.title.data,
                agency_name=row.agency.data,
                agency_kind=AgencyKind(row.kind.data),
                email=row.email.data,
                field="others",
            )
            for row in (entry.form for entry in self.others.entries)
            if row.name.data
        ]
        return HeldAlready(
            started_at=moment_of(self.started_at) or moment,
            ended_at=moment_of(self.ended_at) or moment,
            reason=self.reason.data,
            format=format_,
            place=self.place.data,
            people=(*known, *typed),
            another=self.another.data,
        )


def moment_of(field: LocalMoment) -> datetime | None:
    """The moment that a field holds, if it holds one."""
    typed = field.data
    return typed if isinstance(typed, datetime) else None


def attendance_for(format_: Format) -> Attendance:
    """How people took part in a discussion of this format."""
    return _HERE[0] if format_ is Format.CALL else _HERE[1]


class AgainForm(OnceForm):
    """Nothing to fill in: the need is known."""


class NotNeededForm(OnceForm):
    reason = Passage(
        "Why is no other discussion needed?",
        length=2000,
        validators=[Required("Say why no other discussion is needed")],
    )
