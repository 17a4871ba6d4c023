"""One protocol file: from text to checked rules, with every mistake named by its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.protocols.escalation_reading import ReadsEscalation
from app.protocols.form_reading import ReadsForms
from app.protocols.problems import Problem, ProtocolError
from app.protocols.retention_reading import ReadsRetention
from app.protocols.toml_lines import Place, lines_of
from app.protocols.types import (
    Clock,
    Condition,
    Document,
    DomesticAbuseRisk,
    EscalationStep,
    Every,
    Flag,
    Force,
    Kind,
    NamedForm,
    Rating,
    RetentionRule,
    Rule,
    Series,
    StartFact,
    Unit,
    Weekday,
)
from app.protocols.ways import Ways
from app.protocols.ways_reading import WAYS_KEYS, ReadsWays

SHARED_KEYS = {
    "version", "reminders", "retention", "documents", "rule", "escalation", *WAYS_KEYS,
}  # fmt: skip
AREA_KEYS = {"id", "name", "source", "ratings", "series", "form", *SHARED_KEYS}
RULE_KEYS = {
    "id", "clock", "kind", "unit", "within", "start", "when", "force", "source", "reason", "label",
}  # fmt: skip
SERIES_KEYS = {
    "id", "name", "every", "day", "domestic_abuse", "ratings", "source", "reason",
}  # fmt: skip
CONDITION_KEYS = {"flags", "rag", "domestic_abuse"}


@dataclass(frozen=True, slots=True)
class AreaFile:
    """A file that was read and checked by itself. `rule_lines` has a line for each rule."""

    path: Path
    text: str
    id: str
    name: str
    version: str
    source: str
    ratings: tuple[Rating, ...]
    documents: tuple[Document, ...]
    ways: Ways
    rules: tuple[Rule, ...]
    rule_lines: tuple[int, ...]
    series: tuple[Series, ...] = ()
    forms: tuple[NamedForm, ...] = ()
    # None where the file says nothing of reminders.
    reminders: tuple[int, ...] | None = None
    escalation: tuple[EscalationStep, ...] = ()
    retention: tuple[RetentionRule, ...] = ()


def read_shared(path: Path) -> AreaFile:
    """The file of rules that hold in every protocol. Raises ProtocolError with file and line."""
    return _Reader(path, known=(), shared=True).read()


def read_area(path: Path, known: Sequence[Document] = ()) -> AreaFile:
    """One area's own file; it may also cite the `known` documents.

    Raises ProtocolError that names file, line and reason of every problem found.
    """
    return _Reader(path, known, shared=False).read()


class _Reader(ReadsWays, ReadsForms, ReadsEscalation, ReadsRetention):
    """Reads one file and gathers its problems, so that all can be mended at once."""

    def __init__(self, path: Path, known: Sequence[Document], shared: bool) -> None:
        super().__init__(path, known)
        self.shared = shared

    def read(self) -> AreaFile:
        text, content = self._parse()
        self.lines = lines_of(text)
        self._unknown_keys((), content, SHARED_KEYS if self.shared else AREA_KEYS)
        documents = self._documents(content.get("documents", {}))
        area = AreaFile(
            path=self.path,
            text=text,
            id="" if self.shared else self._own_id(content),
            name="" if self.shared else self._text((), content, "name"),
            version=self._text((), content, "version"),
            source="" if self.shared else self._source((), content, documents, "this protocol")[0],
            ratings=tuple(Rating) if self.shared else self._ratings(content),
            documents=documents,
            ways=Ways(),
            rules=(),
            rule_lines=(),
            forms=self._forms(content.get("form", []), documents),
            reminders=self._reminders(content),
            escalation=self._ladder(content.get("escalation", []), documents),
            retention=self._retention(content, documents),
        )
        rules = self._rules(content.get("rule", []), area)
        series = self._several_series(content.get("series", []), area)
        ways = self._ways(content, area.documents, area.ratings)
        if self.problems:
            raise ProtocolError(sorted(self.problems, key=lambda problem: problem.line))
        lines = tuple(self._line(("rule", index, "id")) for index in range(len(rules)))
        return replace(area, rules=rules, rule_lines=lines, series=series, ways=ways)

    # The file

    def _parse(self) -> tuple[str, dict[str, Any]]:
        try:
            raw = self.path.read_bytes()
        except OSError as error:
            raise self._fatal(1, f"the file cannot be read: {error.strerror}.") from error
        try:
            # Some editors on Windows put a byte order mark in front.
            text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise self._fatal(line, "this is not UTF-8 text: save the file as UTF-8.") from error
        try:
            return text, tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"\(at line (\d+), column \d+\)", str(error))
            line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
            what = re.sub(r"\s*\(at [^()]*\)$", "", str(error))
            raise self._fatal(line, f"this is not valid TOML: {what}.") from error

    def _fatal(self, line: int, reason: str) -> ProtocolError:
        return ProtocolError([Problem(self.path, line, reason)])

    # Its head

    def _own_id(self, content: Mapping[str, Any]) -> str:
        found = self._id((), content)
        if found and found != self.path.stem:
            self._problem(
                ("id",),
                f'id "{found}" differs from the file\'s name: '
                f'write id = "{self.path.stem}" or rename the file to {found}.toml.',
            )
        return found

    def _ratings(self, content: Mapping[str, Any]) -> tuple[Rating, ...]:
        ratings = self._choices((), content, "ratings", Rating, "rating")
        if len(set(ratings)) < len(ratings):
            self._problem(("ratings",), "ratings names one rating twice: name each once.")
        return ratings

    def _documents(self, value: Any) -> tuple[Document, ...]:
        place: Place = ("documents",)
        if not isinstance(value, dict):
            self._problem(
                place, 'documents is a table: write [documents], then lines like MOU = "its title".'
            )
            return ()
        return tuple(Document(name, self._text(place, value, name)) for name in value)

    # Its rules

    def _rules(self, value: Any, area: AreaFile) -> tuple[Rule, ...]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._problem(("rule",), "each rule is a table of its own: begin it with [[rule]].")
            return ()
        rules = tuple(self._rule(("rule", index), one, area) for index, one in enumerate(value))
        self._each_id_once("rule", [rule.id for rule in rules])
        return rules

    def _rule(self, place: Place, value: Mapping[str, Any], area: AreaFile) -> Rule:
        self._unknown_keys(place, value, RULE_KEYS)
        kind = self._choice(place, value, "kind", Kind, "kind")
        unit = self._choice(place, value, "unit", Unit, "unit")
        what = f'rule "{value.get("id", "without id")}"'
        source, document = self._source(place, value, area.documents, what)
        return Rule(
            id=self._id(place, value),
            clock=self._choice(place, value, "clock", Clock, "clock"),
            kind=kind,
            unit=unit,
            within=self._within(place, value, unit),
            start=self._choices(place, value, "start", StartFact, "start fact"),
            when=self._when(place, value, kind, area.ratings),
            force=self._choice(place, value, "force", Force, "force"),
            source=source,
            document=document,
            reason=self._text(place, value, "reason"),
            label=self._text(place, value, "label") if "label" in value else None,
        )

    def _when(
        self, place: Place, value: Mapping[str, Any], kind: Kind, ratings: tuple[Rating, ...]
    ) -> Condition:
        here: Place = (*place, "when")
        if "when" not in value:
            if kind is Kind.EXCEPTION:
                self._problem(
                    place,
                    'an exception says when it holds: add when = { flags = ["complex"] }, '
                    'or when = "always".',
                )
            return Condition()
        when = value["when"]
        if when == "always":
            return Condition()
        if not isinstance(when, dict) or not when:
            self._problem(here, '"when" is "always", or a table such as { flags = ["complex"] }.')
            return Condition()
        self._unknown_keys(here, when, CONDITION_KEYS, what="condition")
        rag = self._choice(here, when, "rag", Rating, "rating") if "rag" in when else None
        if rag is not None and when["rag"] in list(Rating) and rag not in ratings:
            self._problem(
                here, f'rating "{rag}" is not among the ratings of this protocol: add it there.'
            )
        return Condition(
            flags=frozenset(self._choices(here, when, "flags", Flag, "flag"))
            if "flags" in when
            else frozenset(),
            rag=rag,
            domestic_abuse=self._choice(
                here, when, "domestic_abuse", DomesticAbuseRisk, "domestic abuse risk"
            )
            if "domestic_abuse" in when
            else None,
        )

    # Its series of lists

    def _several_series(self, value: Any, area: AreaFile) -> tuple[Series, ...]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._problem(
                ("series",), "each series is a table of its own: begin it with [[series]]."
            )
            return ()
        found = tuple(
            self._one_series(("series", index), one, area) for index, one in enumerate(value)
        )
        self._each_id_once("series", [one.id for one in found])
        return found

    def _one_series(self, place: Place, value: Mapping[str, Any], area: AreaFile) -> Series:
        self._unknown_keys(place, value, SERIES_KEYS)
        every = self._choice(place, value, "every", Every, "repetition")
        day = self._choice(place, value, "day", Weekday, "day") if "day" in value else None
        if day is not None and every is not Every.WEEK:
            self._problem((*place, "day"), '"day" belongs to every = "week": remove it.')
        if ("domestic_abuse" in value) == ("ratings" in value):
            self._problem(
                place,
                "a series takes domestic abuse cases or referrals: give either "
                'domestic_abuse = ["medium"] or ratings = ["red"].',
            )
        ratings = (
            self._choices(place, value, "ratings", Rating, "rating") if "ratings" in value else ()
        )
        for rating in ratings:
            if rating not in area.ratings:
                self._problem(
                    (*place, "ratings"),
                    f'rating "{rating}" is not among the ratings of this protocol: add it there.',
                )
        what = f'series "{value.get("id", "without id")}"'
        source, document = self._source(place, value, area.documents, what)
        return Series(
            id=self._id(place, value),
            name=self._text(place, value, "name"),
            every=every,
            day=day,
            domestic_abuse=self._choices(
                place, value, "domestic_abuse", DomesticAbuseRisk, "domestic abuse risk"
            )
            if "domestic_abuse" in value
            else (),
            ratings=ratings,
            source=source,
            document=document,
            reason=self._text(place, value, "reason"),
        )
