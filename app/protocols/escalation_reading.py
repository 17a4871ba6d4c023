"""The ladder on which a disagreement is resolved, and how a limit is read, of a protocol file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.protocols.toml_lines import Place
from app.protocols.types import Document, EscalationStep, Force, Unit
from app.protocols.values import Values

# About a year in hours. A longer clock is a slip of the keyboard, not a rule.
LONGEST = 10_000
STEP_KEYS = {"id", "who", "unit", "within", "force", "source", "reason"}


class ReadsEscalation(Values):
    """Reads `[[escalation]]`, and `unit` with `within` wherever they stand."""

    def _ladder(self, value: Any, documents: tuple[Document, ...]) -> tuple[EscalationStep, ...]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._problem(
                ("escalation",), "each step is a table of its own: begin it with [[escalation]]."
            )
            return ()
        ladder = tuple(
            self._step(("escalation", index), one, documents) for index, one in enumerate(value)
        )
        self._each_id_once("escalation", [step.id for step in ladder])
        return ladder

    def _step(
        self, place: Place, value: Mapping[str, Any], documents: tuple[Document, ...]
    ) -> EscalationStep:
        self._unknown_keys(place, value, STEP_KEYS)
        unit = self._choice(place, value, "unit", Unit, "unit")
        what = f'step "{value.get("id", "without id")}"'
        source, document = self._source(place, value, documents, what)
        return EscalationStep(
            id=self._id(place, value),
            who=self._text(place, value, "who"),
            unit=unit,
            within=self._within(place, value, unit),
            force=self._choice(place, value, "force", Force, "force") if "force" in value else None,
            source=source,
            document=document,
            reason=self._text(place, value, "reason"),
        )

    def _within(self, place: Place, value: Mapping[str, Any], unit: Unit) -> int | None:
        if "unit" not in value or value["unit"] not in list(Unit):
            # Already reported; whether a number belongs here cannot be told.
            return None
        if not unit.counts:
            if "within" in value:
                self._problem(
                    (*place, "within"), f'unit "{unit}" takes no number: remove "within".'
                )
            return None
        if "within" not in value:
            self._problem(place, f'"within" is missing: say how many {unit} the rule gives.')
            return None
        within = value["within"]
        # In Python true is a number; here it is a mistake.
        if not isinstance(within, int) or isinstance(within, bool):
            self._problem((*place, "within"), '"within" is a whole number, such as 24.')
            return None
        if not 0 < within <= LONGEST:
            self._problem(
                (*place, "within"), f'"within" is {within}: give a number from 1 to {LONGEST}.'
            )
        return within

    def _each_id_once(self, table: str, ids: Sequence[str]) -> None:
        first: dict[str, int] = {}
        for index, one in enumerate(ids):
            place: Place = (table, index, "id")
            if one and one in first:
                self._problem(
                    place,
                    f'{table} id "{one}" is used twice (first at line {first[one]}): '
                    f"give each {table} its own id.",
                )
            first.setdefault(one, self._line(place))
