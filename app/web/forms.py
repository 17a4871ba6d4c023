"""What every form is made of: tidy text, dates in three parts, local times, the once-only nonce."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from app.core.clock import in_london, moments_of, zone_where_twice
from app.core.crypto import new_token
from app.core.refusal import Refused

# Line breaks and tabs may stay; other control characters never belong in what a person typed.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
LINE_LENGTH = 200
TEXT_LENGTH = 20_000


def tidy(value: str | None) -> str:
    """Trimmed, with one kind of line break and without control characters (H7)."""
    if value is None:
        return ""
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def tidy_line(value: str | None) -> str:
    """As `tidy`, on one line."""
    return " ".join(tidy(value).split())


class BaseForm(FlaskForm):
    """Forms check shape and required-ness; whether the thing may happen is for rules."""

    def add_error(self, field: str, message: str) -> None:
        """Put a refusal found by a rule or the database next to the field it is about."""
        target = self[field]
        target.errors = [*target.errors, message]


class OnceForm(BaseForm):
    """A form that must not act twice: see app.web.once."""

    nonce = HiddenField(validators=[InputRequired()], default=new_token)


class Line(StringField):
    """One line of text."""

    def __init__(self, label: str, *, length: int = LINE_LENGTH, **kwargs: Any) -> None:
        validators = [*kwargs.pop("validators", ()), Length(max=length, message=_too_long(length))]
        super().__init__(label, validators, filters=[tidy_line], **kwargs)


class Passage(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: str, *, length: int = TEXT_LENGTH, **kwargs: Any) -> None:
        validators = [*kwargs.pop("validators", ()), Length(max=length, message=_too_long(length))]
        super().__init__(label, validators, filters=[tidy], **kwargs)


def _too_long(length: int) -> str:
    return f"Shorten this to {length:,} characters or fewer"


class Required(InputRequired):
    """Something must be given; blanks do not count. The message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message=message)

    def __call__(self, form: Any, field: Field) -> None:
        if (
            field.data is None
            or field.data in ("", [], ())
            or (isinstance(field.data, str) and not field.data.strip())
        ):
            if field.process_errors:  # a parse error says more than "required"
                raise StopValidation()
            # A choice not made is "not a valid choice" to WTForms; our message says what to do.
            field.errors = []
            raise StopValidation(self.message)


class DateParts(Field):
    """A date as day, month and year (three inputs: `name-day`, `name-month`, `name-year`).

    Two-digit years and month names are understood; what was typed is kept in `parts`.
    """

    def __init__(self, label: str, validators: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.parts: tuple[str, str, str] = ("", "", "")

    def process(self, formdata: Any, data: Any = None, **kwargs: Any) -> None:
        self.process_errors = []
        self.data = data if isinstance(data, date) else self.default
        if callable(self.data):
            self.data = self.data()
        if self.data is not None:
            self.parts = (str(self.data.day), str(self.data.month), str(self.data.year))
        if formdata is None or f"{self.name}-day" not in formdata:
            return
        day, month, year = (tidy_line(formdata.get(f"{self.name}-{p}")) for p in _PARTS)
        self.parts = (day, month, year)
        self.data = None
        if not any(self.parts):
            return
        try:
            self.data = date(_year(year), _month(month), int(day))
        except (ValueError, OverflowError):
            self.process_errors.append(f"{self.label.text} must be a real date, like 27 3 2019")


_PARTS = ("day", "month", "year")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _month(typed: str) -> int:
    return int(typed) if typed.isdigit() else _MONTHS.index(typed[:3].lower()) + 1


def _year(typed: str) -> int:
    year = int(typed)
    if len(typed) > 2:
        return year
    return year + (2000 if year <= 50 else 1900)


class LocalMoment(DateParts):
    """A local date and time: the three date inputs and `name-time`, such as 16:45 or 4:45 pm.

    In the hour that comes twice when clocks go back, the time is shown with `BST` or `GMT` and asks
    for it; an hour that is left out when they go forward is refused.
    """

    def process(self, formdata: Any, data: Any = None, **kwargs: Any) -> None:
        moment = data if isinstance(data, datetime) else None
        if moment is None and data is None:
            default = self.default() if callable(self.default) else self.default
            moment = default if isinstance(default, datetime) else None
        local = in_london(moment) if moment else None
        self.typed_time = f"{local:%H:%M} {zone_where_twice(local)}".strip() if local else ""
        self.default: Any = None
        super().process(formdata, local.date() if local else None, **kwargs)
        if formdata is None or f"{self.name}-day" not in formdata:
            self.data = moment
            return
        self.typed_time = tidy_line(formdata.get(f"{self.name}-time"))
        if self.process_errors or (self.data is None and not self.typed_time):
            return
        day, self.data = self.data, None
        zone = _ZONE.search(self.typed_time)
        at = parse_time(self.typed_time[: zone.start()] if zone else self.typed_time)
        if day is None or at is None:
            self.process_errors.append(
                f"{self.label.text} needs a date and a time, like 27 3 2026 and 16:45"
            )
            return
        try:
            self.data = _moment(datetime.combine(day, at), zone[1].upper() if zone else "")
        except ValueError as error:
            self.process_errors.append(str(error))


def _moment(local: datetime, zone: str) -> datetime:
    """A local time as UTC; `zone` is BST, GMT or empty. Raises ValueError, saying what to type,
    where clocks never show it, show it twice, or show it by another zone."""
    shown = {str(in_london(moment).tzname()): moment for moment in moments_of(local)}
    said = f"{local:%H:%M}"
    if not shown:
        raise ValueError(
            f"Clocks go forward that night and never show {said}: enter a time before 1 am or "
            "from 2 am"
        )
    if not zone and len(shown) > 1:
        first, second = shown
        raise ValueError(
            f"Clocks go back that night and show {said} twice: enter {said} {first} for the first "
            f"time or {said} {second} for the second"
        )
    if zone and zone not in shown:
        raise ValueError(f"Clocks show {next(iter(shown))} then: leave {zone} out")
    return shown[zone] if zone else next(iter(shown.values()))


_ZONE = re.compile(r"\s*(BST|GMT)$", re.IGNORECASE)
_TIME = re.compile(r"^(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?$", re.IGNORECASE)


def parse_time(typed: str) -> time | None:
    """A time as people type it: 16:45, 1645, 4.45pm, 4 pm, midday. None if it is not one."""
    named = {"midday": time(12), "noon": time(12), "midnight": time(0)}.get(typed.lower())
    if named is not None:
        return named
    found = _TIME.match(typed)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    half = (found[3] or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def choices(pairs: Iterable[tuple[str, str]], empty: str | None = None) -> list[tuple[str, str]]:
    """Choices of a select, with a first empty one that asks."""
    return [*([] if empty is None else [("", empty)]), *pairs]


def add_refusal(form: BaseForm, refusal: Refused) -> None:
    """Put a refusal next to its field, or above the form where it is about no field of it."""
    if refusal.field in form:
        form.add_error(refusal.field, refusal.message)
    else:
        form.form_errors.append(refusal.message)
