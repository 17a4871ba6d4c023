"""Fields to choose from: choices are pairs of value and label, as everywhere in this code.

WTForms 3.4 takes no pairs any more; this is the one place that knows what it takes instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import wtforms
from wtforms.fields.choices import Choice


class _Pairs(wtforms.SelectField):
    def __init__(
        self, *args: Any, choices: Iterable[tuple[Any, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.choices: Any = None if choices is None else list(choices)

    def iter_choices(self) -> list[Choice]:
        return [
            Choice(value, label, self._is_chosen(self.coerce(value)), {})
            for value, label in self.choices or ()
        ]

    def has_groups(self) -> bool:
        return False

    def _is_chosen(self, value: Any) -> bool:
        return bool(value == self.data)


class SelectField(_Pairs):
    """One of a list that opens."""


class RadioField(_Pairs, wtforms.RadioField):
    """One of a list that is in sight."""


class SelectMultipleField(_Pairs, wtforms.SelectMultipleField):
    """Any of a list."""

    def _is_chosen(self, value: Any) -> bool:
        return value in (self.data or ())
