"""Whether an agency is one where somebody works who is alleged to have harmed a child: pure.

Asked wherever an agency is about to be told or invited: booking, letters, agency checks, outcomes,
the circulation of a record (C2, A6, A10, F5). An employer that was typed counts as one chosen from
the directory does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

_FEWEST_LETTERS = 6
_SAYS_NOTHING = frozenset({"the", "of", "and", "ltd", "limited", "plc", "st"})


class Adult(Protocol):
    """What an adult's row or form says of their work."""

    @property
    def alleged_perpetrator(self) -> bool: ...
    @property
    def employer_id(self) -> int | None: ...
    @property
    def employer_typed(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Employers:
    """Where alleged perpetrators of one case work: numbers and names of agencies of the directory,
    and names that were typed instead."""

    agencies: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()


NOBODYS = Employers()


class Theirs(NamedTuple):
    """`sure`: it is their agency, which is never proposed. `names`: the employers which it is or
    may be, for a warning; none where nothing speaks for it."""

    sure: bool
    names: tuple[str, ...]


def employers_of(adults: Iterable[Adult], names: Iterable[str] = ()) -> Employers:
    """Where those of `adults` work who are alleged to have harmed a child. `names` are those of
    their agencies in the directory: asked for where somebody without a number is judged."""
    accused = [one for one in adults if one.alleged_perpetrator]
    return Employers(
        frozenset(one.employer_id for one in accused if one.employer_id is not None),
        frozenset(names),
        frozenset(one.employer_typed for one in accused if one.employer_typed),
    )


def judge(employers: Employers, agency_id: int | None, name: str) -> Theirs:
    """Whether an agency is an alleged perpetrator's own (C2). `agency_id` is none where it was
    typed: then `name` may hold more than the name, such as a person or a telephone number.

    Two agencies of the directory are two, however alike; one that was typed may be any of them.
    """
    if agency_id is not None:
        if agency_id in employers.agencies:
            return Theirs(True, (name,))
        known = employers.typed
        same = [one for one in known if _said(one) == _said(name)]
    else:
        known = employers.names | employers.typed
        same = [one for one in known if _holds(name, one)]
    alike = [one for one in known if may_be_same_agency(name, one)]
    return Theirs(bool(same), tuple(sorted({*same, *alike})))


def in_words(theirs: Theirs) -> str:
    """The warning beside an agency; empty where there is none to give."""
    if not theirs.names:
        return ""
    works = "works" if theirs.sure else "may work"
    return f"Careful: an alleged perpetrator {works} for this agency"


def may_be_same_agency(typed: str, held: str) -> bool:
    """Whether an agency as somebody typed it may be one that is known by another spelling: the
    words of one all stand in the other. For a warning, so that it says yes rather than no."""
    one, other = _telling(typed), _telling(held)
    fewer, more = sorted((one, other), key=len)
    return fewer <= more and sum(map(len, fewer)) >= _FEWEST_LETTERS


def _holds(words: str, name: str) -> bool:
    """Whether a name stands in what was typed, as whole words."""
    return bool(_telling(name)) and f" {_said(name)} " in f" {_said(words)} "


def _said(name: str) -> str:
    return " ".join(_words(name))


def _telling(name: str) -> set[str]:
    return set(_words(name)) - _SAYS_NOTHING


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"['’]", "", name.casefold()))
