"""The values of a protocol file, each checked as it is read, with a problem for each mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from app.protocols.problems import Problem
from app.protocols.toml_lines import Place, line_of
from app.protocols.types import Document

Choice = TypeVar("Choice", bound=StrEnum)

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Values:
    """Reads values of one file and gathers its problems, so that all can be mended at once."""

    def __init__(self, path: Path, known: Sequence[Document]) -> None:
        self.path = path
        self.known = tuple(known)
        self.problems: list[Problem] = []
        self.lines: dict[Place, int] = {}

    def _line(self, place: Place) -> int:
        return line_of(self.lines, place)

    def _problem(self, place: Place, reason: str) -> None:
        self.problems.append(Problem(self.path, self._line(place), reason))

    def _unknown_keys(
        self, place: Place, value: Mapping[str, Any], known: set[str], what: str = "key"
    ) -> None:
        for key in value:
            if key not in known:
                self._problem(
                    (*place, key), f'unknown {what} "{key}": use one of {_listed(sorted(known))}.'
                )

    def _text(self, place: Place, value: Mapping[str, Any], key: str) -> str:
        if key not in value:
            self._problem(place, f'"{key}" is missing: add {key} = "...".')
            return ""
        text = value[key]
        if not isinstance(text, str) or not text.strip():
            self._problem((*place, key), f'"{key}" is empty or no text: write {key} = "...".')
            return ""
        return " ".join(text.split())

    def _id(self, place: Place, value: Mapping[str, Any]) -> str:
        found = self._text(place, value, "id")
        if found and not ID.fullmatch(found):
            self._problem(
                (*place, "id"),
                f'id "{found}" is not usable: use small letters, digits and single hyphens.',
            )
        return found

    def _source(
        self,
        place: Place,
        value: Mapping[str, Any],
        own: tuple[Document, ...],
        what: str,
    ) -> tuple[str, str]:
        """The citation and the title of the document that it cites."""
        if "source" not in value:
            self._problem(
                place,
                f"{what} has no source: "
                'name the document and section that it comes from, such as source = "BROMLEY 1".',
            )
            return "", ""
        source = self._text(place, value, "source")
        documents = (*own, *self.known)
        cited = [
            one for one in documents if re.match(rf"{re.escape(one.short_name)}(?!\w)", source)
        ]
        if source and not cited:
            names = _listed(sorted(one.short_name for one in documents))
            self._problem(
                (*place, "source"),
                f'source "{source}" begins with no known document: '
                f"begin it with one of {names}, or add its document under [documents].",
            )
        return source, max(cited, key=lambda one: len(one.short_name)).title if cited else ""

    def _choice(
        self, place: Place, value: Mapping[str, Any], key: str, choices: type[Choice], what: str
    ) -> Choice:
        """One of a set of words. After a problem any member will do: the file is refused."""
        if key not in value:
            self._problem(place, f'"{key}" is missing: use one of {_listed(choices)}.')
        elif value[key] in list(choices):
            return choices(value[key])
        else:
            self._problem((*place, key), _unknown(what, value[key], choices))
        return next(iter(choices))

    def _choices(
        self, place: Place, value: Mapping[str, Any], key: str, choices: type[Choice], what: str
    ) -> tuple[Choice, ...]:
        if key not in value:
            self._problem(place, f'"{key}" is missing: list one or more of {_listed(choices)}.')
            return ()
        words = value[key]
        if not isinstance(words, list) or not words:
            self._problem((*place, key), f'"{key}" is a list of one or more of {_listed(choices)}.')
            return ()
        for word in words:
            if word not in list(choices):
                self._problem((*place, key), _unknown(what, word, choices))
        return tuple(choices(word) for word in words if word in list(choices))


def _listed(names: Sequence[str] | type[StrEnum]) -> str:
    return ", ".join(names)


def _unknown(what: str, word: object, choices: type[StrEnum]) -> str:
    return f'unknown {what} "{word}": use one of {_listed(choices)}.'
