"""The tables of a protocol file that say how an area works: ratings, consent, outcomes (A4-A7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.protocols.toml_lines import Place
from app.protocols.types import Document, Rating
from app.protocols.values import Values
from app.protocols.ways import (
    After,
    ConsentSought,
    ConsentWay,
    Follows,
    LawfulBasis,
    Outcome,
    OutcomeWay,
    RatedWay,
    Said,
    SecondRating,
    SettledBy,
    Settler,
    Ways,
)

WAYS_KEYS = {"rated", "second_rating", "settles", "consent", "outcome"}
_SAID = {"source", "reason"}
_RATED = {"rating", "means", "follows", *_SAID}
_SECOND = {"after", "ratings", *_SAID}
_SETTLES = {"who", "roles", *_SAID}
_CONSENT = {"sought", "told_first", "unless", *_SAID}
_OUTCOME = {"outcome", "name", "level", "consent", *_SAID}


class ReadsWays(Values):
    """Reads the tables above; what is missing is left to the shared file."""

    def _ways(
        self,
        content: Mapping[str, Any],
        documents: tuple[Document, ...],
        ratings: tuple[Rating, ...],
    ) -> Ways:
        second, consent = content.get("second_rating"), content.get("consent")
        return Ways(
            rated=self._rated(content, documents, ratings),
            second_rating=None if second is None else self._second(second, documents, ratings),
            settles=tuple(
                self._settler(place, table, documents)
                for place, table in self._tables(content, "settles")
            ),
            consent=None if consent is None else self._consent(consent, documents),
            outcomes=self._outcomes(content, documents),
        )

    def _rated(
        self,
        content: Mapping[str, Any],
        documents: tuple[Document, ...],
        ratings: tuple[Rating, ...],
    ) -> tuple[RatedWay, ...]:
        found = []
        for place, table in self._tables(content, "rated"):
            self._unknown_keys(place, table, _RATED)
            rating = self._choice(place, table, "rating", Rating, "rating")
            self._of_the_area(place, "rating", [rating], ratings)
            found.append(
                RatedWay(
                    rating=rating,
                    means=self._text(place, table, "means") if "means" in table else "",
                    follows=self._choice(place, table, "follows", Follows, "next step")
                    if "follows" in table
                    else None,
                    said=self._said(place, table, documents, f'rating "{rating}"'),
                )
            )
        self._once("rated", "rating", [one.rating for one in found])
        return tuple(found)

    def _second(
        self, table: Any, documents: tuple[Document, ...], ratings: tuple[Rating, ...]
    ) -> SecondRating | None:
        place: Place = ("second_rating",)
        if not self._is_table(place, table):
            return None
        self._unknown_keys(place, table, _SECOND)
        again = self._choices(place, table, "ratings", Rating, "rating")
        self._of_the_area(place, "ratings", again, ratings)
        return SecondRating(
            after=self._choice(place, table, "after", After, "occasion"),
            ratings=again,
            said=self._said(place, table, documents, "the second rating"),
        )

    def _settler(
        self, place: Place, table: Mapping[str, Any], documents: tuple[Document, ...]
    ) -> Settler:
        self._unknown_keys(place, table, _SETTLES)
        return Settler(
            who=self._text(place, table, "who"),
            roles=self._choices(place, table, "roles", SettledBy, "role"),
            said=self._said(place, table, documents, "this step"),
        )

    def _consent(self, table: Any, documents: tuple[Document, ...]) -> ConsentWay | None:
        place: Place = ("consent",)
        if not self._is_table(place, table):
            return None
        self._unknown_keys(place, table, _CONSENT)
        return ConsentWay(
            sought=self._choice(place, table, "sought", ConsentSought, "moment"),
            told_first=self._yes(place, table, "told_first", missing=False),
            unless=self._choices(place, table, "unless", LawfulBasis, "lawful basis")
            if "unless" in table
            else (),
            said=self._said(place, table, documents, "the rule on consent"),
        )

    def _outcomes(
        self, content: Mapping[str, Any], documents: tuple[Document, ...]
    ) -> tuple[OutcomeWay, ...]:
        found = []
        for place, table in self._tables(content, "outcome"):
            self._unknown_keys(place, table, _OUTCOME)
            outcome = self._choice(place, table, "outcome", Outcome, "outcome")
            found.append(
                OutcomeWay(
                    outcome=outcome,
                    name=self._text(place, table, "name") if "name" in table else "",
                    level=self._text(place, table, "level") if "level" in table else "",
                    consent=self._yes(place, table, "consent"),
                    said=self._said(place, table, documents, f'outcome "{outcome}"'),
                )
            )
        self._once("outcome", "outcome", [one.outcome for one in found])
        return tuple(found)

    # Parts

    def _tables(
        self, content: Mapping[str, Any], name: str
    ) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        value = content.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._problem((name,), f'"{name}" is a table of its own: begin each with [[{name}]].')
            return
        for index, table in enumerate(value):
            yield (name, index), table

    def _is_table(self, place: Place, value: Any) -> bool:
        if isinstance(value, dict):
            return True
        self._problem(place, f'"{place[-1]}" is a table: begin it with [{place[-1]}].')
        return False

    def _said(
        self,
        place: Place,
        table: Mapping[str, Any],
        documents: tuple[Document, ...],
        what: str,
    ) -> Said:
        source, document = self._source(place, table, documents, what)
        return Said(self._text(place, table, "reason"), source, document)

    def _yes(
        self, place: Place, table: Mapping[str, Any], key: str, missing: bool | None = None
    ) -> bool:
        value = table.get(key, missing)
        if isinstance(value, bool):
            return value
        if key in table:
            self._problem((*place, key), f'"{key}" is true or false.')
        else:
            self._problem(place, f'"{key}" is missing: add {key} = true, or false.')
        return False

    def _of_the_area(
        self, place: Place, key: str, named: Sequence[Rating], ratings: tuple[Rating, ...]
    ) -> None:
        for rating in named:
            if ratings and rating not in ratings:
                self._problem(
                    (*place, key),
                    f'rating "{rating}" is not among the ratings of this protocol: add it there.',
                )

    def _once(self, table: str, key: str, found: Sequence[str]) -> None:
        for index, word in enumerate(found):
            if word in found[:index]:
                self._problem(
                    (table, index, key), f'{key} "{word}" stands twice: keep one of the two.'
                )
