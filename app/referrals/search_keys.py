"""Under which keys a child is searched for (G5). Pure; whoever stores a key digests it first.

Beside the keys of the wrong-child guard, which ask for a whole name or a date of birth with it: who
searches may know one name, or one day, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from app.referrals.matching import Identity
from app.referrals.names import formal, sound, sounds, words


def keys_of(child: Identity, case_reference: str = "") -> frozenset[str]:
    """The keys under which a known child is found."""
    given, family = _as_said(child.given), sounds(child.family)
    keys = {f"word|{one}" for one in given | family}
    keys |= {f"both|{g}|{f}" for g in given for f in family}
    keys |= _slips(child.given, child.family)
    keys |= {day_key(day) for day in (child.born, child.due) if day is not None}
    if plain := plain_reference(case_reference):
        keys.add(f"case|{plain}")
    return frozenset(keys)


def word_keys(word: str) -> frozenset[str]:
    """For one name, given or family name."""
    return frozenset(f"word|{one}" for one in _as_said(word))


def whole_name_keys(given: str, family: str) -> frozenset[str]:
    """For both halves of a name as they sound, in either order."""
    ones, others = _as_said(given), _as_said(family)
    keys = {f"both|{one}|{other}" for one in ones for other in others}
    return frozenset(keys | {f"both|{other}|{one}" for one in ones for other in others})


def half_name_keys(given: str, family: str) -> frozenset[str]:
    """For a whole name in either order, one of its halves misspelt."""
    return frozenset(_slips(given, family) | _slips(family, given))


def day_key(day: date) -> str:
    """For the day of birth, or the day on which a child is due."""
    return f"day|{day.isoformat()}"


def case_key(typed: str) -> str:
    """For the child's reference in the council's case system (A2)."""
    return f"case|{plain_reference(typed)}"


def plain_reference(typed: str) -> str:
    """A reference without what people leave out or add: `cf 12-345` is `CF12345`."""
    return re.sub(r"[\W_]", "", typed).upper()


def _as_said(name: str) -> frozenset[str]:
    """How a name sounds, and the names that it may be short for."""
    return sounds(name) | {sound(one) for one in formal(name)}


def _slips(given: str, family: str) -> set[str]:
    """One name as it sounds and how the other begins: the other may be misspelt."""
    found = {f"given|{one}|{begin}" for one in sounds(given) for begin in _begins(family)}
    return found | {f"family|{one}|{begin}" for one in sounds(family) for begin in _begins(given)}


def _begins(name: str) -> Iterable[str]:
    return {sound(word)[:1] for word in words(name)}
