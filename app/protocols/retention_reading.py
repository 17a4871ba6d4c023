"""How long a case is kept: part of reading a protocol file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.protocols.toml_lines import Place
from app.protocols.types import Document, KeptCase, KeptFrom, RetentionRule
from app.protocols.values import Values

# Longer than anybody lives: a slip of the keyboard, not a rule.
LONGEST_YEARS = 120
RETENTION_KEYS = {"id", "case", "years", "from", "source", "reason"}


class ReadsRetention(Values):
    """Reads `[[retention]]`."""

    def _retention(
        self, content: Mapping[str, Any], documents: tuple[Document, ...]
    ) -> tuple[RetentionRule, ...]:
        value = content.get("retention", [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._problem(
                ("retention",), "each period is a table of its own: begin it with [[retention]]."
            )
            return ()
        found = tuple(
            self._period(("retention", index), one, documents) for index, one in enumerate(value)
        )
        if found and not any(one.case is KeptCase.EVERY for one in found):
            self._problem(
                ("retention",), 'one period must hold for every case: give one with case = "every".'
            )
        return found

    def _period(
        self, place: Place, value: Mapping[str, Any], documents: tuple[Document, ...]
    ) -> RetentionRule:
        self._unknown_keys(place, value, RETENTION_KEYS)
        what = f'retention "{value.get("id", "without id")}"'
        source, document = self._source(place, value, documents, what)
        years = value.get("years")
        if type(years) is not int or not 1 <= years <= LONGEST_YEARS:
            self._problem((*place, "years"), f"years is a whole number from 1 to {LONGEST_YEARS}.")
            years = LONGEST_YEARS
        return RetentionRule(
            id=self._id(place, value),
            case=self._choice(place, value, "case", KeptCase, "kind of case"),
            years=years,
            start=self._choice(place, value, "from", KeptFrom, "start"),
            source=source,
            document=document,
            reason=self._text(place, value, "reason"),
        )
