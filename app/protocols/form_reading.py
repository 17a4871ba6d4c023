"""The forms that an area names, and when it reminds: part of reading a protocol file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.protocols.toml_lines import Place
from app.protocols.types import Document, FormKind, NamedForm
from app.protocols.values import Values

# A week in hours: nobody is reminded earlier of a discussion that is held within days.
EARLIEST_REMINDER = 168
FORM_KEYS = {"kind", "name", "source", "reason", "call_again_after"}


class ReadsForms(Values):
    """Reads `[[form]]` and `reminders`."""

    def _reminders(self, content: Mapping[str, Any]) -> tuple[int, ...] | None:
        if "reminders" not in content:
            return None
        hours = content["reminders"]
        if not isinstance(hours, list) or not all(
            type(one) is int and 1 <= one <= EARLIEST_REMINDER for one in hours
        ):
            self._problem(
                ("reminders",),
                "reminders is a list of whole hours before the discussion, "
                f"each from 1 to {EARLIEST_REMINDER}, such as [24, 2].",
            )
            return None
        return tuple(sorted(set(hours), reverse=True))

    def _forms(self, value: Any, documents: tuple[Document, ...]) -> tuple[NamedForm, ...]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._problem(("form",), "each form is a table of its own: begin it with [[form]].")
            return ()
        found: dict[FormKind, NamedForm] = {}
        for index, one in enumerate(value):
            form = self._form(("form", index), one, documents)
            if form.kind in found:
                self._problem(
                    ("form", index, "kind"),
                    f'there are two forms of the kind "{form.kind}": keep one.',
                )
            found.setdefault(form.kind, form)
        return tuple(found.values())

    def _form(
        self, place: Place, value: Mapping[str, Any], documents: tuple[Document, ...]
    ) -> NamedForm:
        self._unknown_keys(place, value, FORM_KEYS)
        what = f'form "{value.get("name", "without name")}"'
        source, document = self._source(place, value, documents, what)
        again = value.get("call_again_after")
        if again is not None and (type(again) is not int or not 1 <= again <= 24 * 60):
            self._problem(
                (*place, "call_again_after"),
                "call_again_after is a whole number of minutes, from 1 to 1440.",
            )
            again = None
        return NamedForm(
            kind=self._choice(place, value, "kind", FormKind, "kind of form"),
            name=self._text(place, value, "name"),
            source=source,
            document=document,
            reason=self._text(place, value, "reason"),
            call_again_after=again,
        )
