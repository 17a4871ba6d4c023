"""The form that makes a display."""

from __future__ import annotations

from app.reports.wall.types import Screen
from app.web.choices import RadioField
from app.web.forms import Line, OnceForm, Required


class DisplayForm(OnceForm):
    name = Line(
        "Where it hangs",
        length=60,
        validators=[Required("Say where it hangs, so that the right one can be revoked")],
    )
    screen = RadioField(
        "What it shows",
        choices=[(one.value, one.label) for one in Screen],
        default=Screen.TRIAGE.value,
        validators=[Required("Choose what it shows")],
    )
