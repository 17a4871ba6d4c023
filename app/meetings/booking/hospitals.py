"""Whether an agency of the directory is the hospital that somebody typed: pure (BROMLEY 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Words that hospitals have in common: by these alone one is not told from another.
_COMMON = frozenset(
    {
        "a", "and", "at", "foundation", "health", "healthcare", "hospital", "hospitals",
        "infirmary", "nhs", "of", "services", "st", "the", "trust", "university",
    }
)  # fmt: skip
_WORDS = re.compile(r"[^\W_]+")


def is_there(agency: str, typed: str) -> bool:
    """Whether this agency is the hospital in the typed words, "Ashvale General, Ward 4"."""
    own, said = _telling(agency), _telling(typed)
    if not own or not said:
        return bool(typed) and agency.casefold() in typed.casefold()
    return own <= said or said <= own


def is_named_in(name: str, typed: str) -> bool:
    """Whether a consultant's or a ward's own name stands in what was typed."""
    return bool(name) and set(_words(name)) <= set(_words(typed))


def are_one_hospital(agencies: Iterable[str]) -> bool:
    """Whether these are one agency, so that no other can be meant."""
    return len(set(agencies)) == 1


def _telling(words: str) -> set[str]:
    return set(_words(words)) - _COMMON


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold().replace("'", "").replace("’", ""))
