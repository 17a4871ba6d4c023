"""What withdrawing links asks for."""

from __future__ import annotations

from wtforms import BooleanField

from app.web.forms import OnceForm


class LinksForm(OnceForm):
    new_pin = BooleanField("Give out a new PIN")
    fresh = BooleanField("Send them a fresh link now, to the same address")
