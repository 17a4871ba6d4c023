"""The adults on a referral, changed together after it was entered (A2)."""

from __future__ import annotations

from wtforms import FieldList, FormField, HiddenField

from app.core.refusal import Refused
from app.referrals.family.service import AdultKept
from app.referrals.forms import Versioned, number_or_none
from app.referrals.intake.forms import AdultForm
from app.web.forms import choices


class KeptAdultForm(AdultForm):
    """An adult with the row they stand in; empty for one who is new."""

    row = HiddenField(default="")

    def is_blank(self) -> bool:
        return not any(value for name, value in self.data.items() if name != "row")

    def kept(self) -> AdultKept:
        """The adult as typed, and their row."""
        typed = self.data
        row = typed.pop("row") or ""
        return AdultKept(number_or_none(row if row.isdecimal() else None), self.given_of(typed))


class AdultsForm(Versioned):
    adults = FieldList(FormField(KeptAdultForm))

    def set_agencies(self, agencies: list[tuple[str, str]]) -> None:
        """Where an alleged perpetrator may work."""
        for entry in self.adults:
            entry.form.employer_id.choices = choices(agencies, "None")

    def filled(self) -> list[FormField]:
        """The entries in which something was typed."""
        return [entry for entry in self.adults if not entry.form.is_blank()]

    def kept(self) -> list[AdultKept]:
        """Everybody as typed."""
        return [entry.form.kept() for entry in self.filled()]

    def refuse(self, refusal: Refused) -> None:
        """Put a refusal next to its field; `adults-1-name` counts the filled entries only."""
        _, place, name = refusal.field.split("-")
        field = self.filled()[int(place)].form[name]
        field.errors = [*field.errors, refusal.message]
        self.adults.errors = [entry.errors for entry in self.adults]
