"""The wrong-child guard: which known children a child on a referral may be (A3). Pure.

Nothing is ever merged by itself. Candidates are found by keys (how names sound, dates of birth,
dates easily mistaken for them), scored here, and shown to a person who decides.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import jellyfish

# Jaro-Winkler similarity from which two names count as alike: Catherine and Katherine are.
ALIKE = 0.88
NEAR_BIRTH = timedelta(days=60)
# What stands for a given name before birth.
_UNNAMED = frozenset({"baby", "unborn", "bump", "unknown", "not", "named", "yet", "infant"})


class Likeness(enum.IntEnum):
    """How likely it is the same child; the order is the order on the page."""

    TWIN_OR_SIBLING = 1
    POSSIBLE = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """What a child is recognised by. `due` is for a child not born yet."""

    given: str
    family: str
    born: date | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """How alike two children are, in words. A higher score is the likelier match."""

    likeness: Likeness
    score: float
    why: str


def plain(name: str) -> str:
    """A name without case, accents and marks: `O'Rourke-Smíth` becomes `orourke smith`."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w\s]", "", re.sub(r"[-‐‑–—/]", " ", kept)).split())


def sounds(name: str) -> frozenset[str]:
    """How each part of a name sounds. A part that is not in Latin letters stands for itself."""
    return frozenset(_sound(part) for part in plain(name).split() if part not in _UNNAMED)


def _sound(part: str) -> str:
    return (jellyfish.metaphone(part) if part.isascii() else "") or part


def easily_mistaken(born: date) -> frozenset[date]:
    """Dates one slip away: day and month changed over, or one digit wrong. Itself is not among
    them."""
    found = set()
    text = f"{born.day:02d}{born.month:02d}{born.year:04d}"
    changed = [text[2:4] + text[0:2] + text[4:]]
    changed += [
        text[:place] + digit + text[place + 1 :]
        for place in range(8)
        for digit in "0123456789"
        if digit != text[place]
    ]
    for digits in changed:
        try:
            day = date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
        except ValueError:
            continue
        if abs(day.year - born.year) <= 30:  # a slip of a century finds nobody in care
            found.add(day)
    return frozenset(found - {born})


def keys_of(child: Identity) -> frozenset[str]:
    """The keys under which a known child is found. They hold names: digest them before storing."""
    family, given = sounds(child.family), sounds(child.given)
    keys = {f"name|{g}|{f}" for g in given for f in family}
    if child.born is not None:
        keys |= {f"born|{child.born.isoformat()}|{part}" for part in family | given}
    if child.due is not None:
        keys |= {f"due|{month}|{f}" for month in _months_round(child.due) for f in family}
    return frozenset(keys)


def keys_to_seek(child: Identity) -> frozenset[str]:
    """The keys to look under for a child as typed, slips of the pen included."""
    family, given = sounds(child.family), sounds(child.given)
    keys = {f"name|{g}|{f}" for g in given for f in family}
    keys |= {f"name|{f}|{g}" for g in given for f in family}  # given and family name changed over
    if child.born is not None:
        for day in {child.born, *easily_mistaken(child.born)}:
            keys |= {f"born|{day.isoformat()}|{part}" for part in family | given}
    around = child.born or child.due
    if around is not None:
        keys |= {f"due|{around:%Y-%m}|{f}" for f in family}
    if child.due is not None:
        # Born meanwhile: each day on which the birth may have been.
        for days in range(-NEAR_BIRTH.days, 1):
            day = child.due + timedelta(days=days)
            keys |= {f"born|{day.isoformat()}|{f}" for f in family}
    return frozenset(keys)


def _months_round(day: date) -> Iterable[str]:
    number = day.year * 12 + day.month - 1
    return (f"{n // 12:04d}-{n % 12 + 1:02d}" for n in (number - 1, number, number + 1))


def match(typed: Identity, known: Identity) -> Match | None:
    """How likely `known` is the child that was `typed`, or None where they are nothing alike.

    Twins are never taken for one another: the same family and day of birth with a given name that
    is not alike is a twin or sibling, shown as such.
    """
    given = _alike(typed.given, known.given)
    family = _alike(typed.family, known.family)
    if min(given, family) < ALIKE:
        crossed = min(_alike(typed.given, known.family), _alike(typed.family, known.given))
        if crossed >= ALIKE:
            given = family = crossed
    same_name = given >= ALIKE and family >= ALIKE
    score = (given + family) / 2
    unborn = _unborn(typed, known, family)
    if unborn is not None:
        return unborn
    if typed.born is None or known.born is None:
        if same_name:
            return Match(Likeness.POSSIBLE, score, "The name is alike; a date of birth is missing")
        return None
    if same_name:
        return _same_name(typed, known, score)
    if typed.born == known.born and family >= ALIKE:
        return Match(
            Likeness.TWIN_OR_SIBLING,
            score,
            "Same family name and date of birth, another given name: a twin, or another name of "
            "the same child",
        )
    if typed.born == known.born and given >= ALIKE:
        return Match(
            Likeness.POSSIBLE, score, "Same given name and date of birth, another family name"
        )
    return None


def _same_name(typed: Identity, known: Identity, score: float) -> Match | None:
    if typed.born is None or known.born is None:
        raise ValueError("both dates of birth are known here")
    exact = plain(typed.given) == plain(known.given) and plain(typed.family) == plain(known.family)
    words = "The name is the same" if exact else "The name is alike"
    if typed.born == known.born:
        return Match(Likeness.STRONG, score + 1, f"{words}, and so is the date of birth")
    if (typed.born.day, typed.born.month) == (known.born.month, known.born.day) and (
        typed.born.year == known.born.year
    ):
        return Match(
            Likeness.STRONG, score + 0.8, f"{words}; day and month of birth are changed over"
        )
    if known.born in easily_mistaken(typed.born):
        return Match(
            Likeness.STRONG, score + 0.6, f"{words}; the dates of birth differ in one digit"
        )
    if exact and (
        typed.born.year == known.born.year
        or (typed.born.day, typed.born.month) == (known.born.day, known.born.month)
    ):
        return Match(Likeness.POSSIBLE, score, "The name is the same, the date of birth is not")
    return None


def _unborn(typed: Identity, known: Identity, family: float) -> Match | None:
    """A baby on an earlier referral before birth, or the other way round, or still not born."""
    if family < ALIKE or (typed.due is None and known.due is None):
        return None
    if typed.due is not None and known.due is not None:
        near = abs(typed.due - known.due) <= timedelta(days=45)
        words = "Same family name, due at about the same time"
    else:
        born, due = typed.born or known.born, typed.due or known.due
        near = born is not None and due is not None and abs(born - due) <= NEAR_BIRTH
        words = "Same family name; a baby was due at about the time of this birth"
    return Match(Likeness.POSSIBLE, family, words) if near else None


def _alike(left: str, right: str) -> float:
    """How alike two names are, 0 to 1; the best of their parts, of their sound and a short form."""
    a, b = plain(left), plain(right)
    if not a or not b:
        return 0.0
    best = jellyfish.jaro_winkler_similarity(a, b)
    for one in a.split():
        for other in b.split():
            part = jellyfish.jaro_winkler_similarity(one, other)
            if min(len(one), len(other)) >= 3 and (one.startswith(other) or other.startswith(one)):
                part = max(part, 0.9)
            if len(one) > 2 and len(other) > 2 and _sound(one) == _sound(other):
                part = max(part, 0.92)
            # A part of a double name weighs less than the whole of it.
            best = max(best, part if a == one and b == other else part * 0.97)
    return float(best)
