"""The wrong-child guard: which known children a child on a referral may be (A3). Pure.

Nothing is ever merged by itself. Candidates are found by keys (how names sound, dates of birth,
dates easily mistaken for them), scored here, and shown to a person who decides.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeVar

from app.referrals.names import alike, formal, plain, sound, sounds, words

# From which likeness (see names.alike) two names may be the same: Catherine and Katherine are.
ALIKE = 0.88
# Where the family name is another, the given name must be more than that.
SURE = 0.92
NEAR_BIRTH = timedelta(days=60)
_REMEMBERED_DAYS = 64  # docs/decisions/0014
Key = TypeVar("Key", bound=Hashable)


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


# One day is asked about for hundreds of candidates in a row.
@lru_cache(_REMEMBERED_DAYS)
def easily_mistaken(born: date) -> frozenset[date]:
    """Dates one slip away: day and month changed over, one digit wrong, or two neighbouring
    digits changed over. Itself is not among them."""
    found = set()
    text = f"{born.day:02d}{born.month:02d}{born.year:04d}"
    changed = [text[2:4] + text[0:2] + text[4:]]
    changed += [
        text[:place] + text[place + 1] + text[place] + text[place + 2 :] for place in range(7)
    ]
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
    """The keys under which a known child is found. They hold names: digest them before storing.

    Each is rare, so that what is found hardly grows with the number of children: only who has no
    date of birth is sought by name alone.
    """
    family, given = sounds(child.family), sounds(child.given)
    pairs = [(g, f) for g in given | _formal_sounds(child.given) for f in family]
    keys = {f"name|{g}|{f}" for g, f in pairs}
    if child.born is None:
        keys |= {f"undated|{g}|{f}" for g, f in pairs}
    else:
        keys |= _dated({(g, f) for g in given for f in family}, child.born)
        keys |= {f"born|{child.born.isoformat()}|{part}" for part in family}
        keys |= {f"half|{child.born.isoformat()}|{half}" for half in _halves(child)}
        keys |= {f"first|{child.born.isoformat()}|{part}" for part in _firsts(child)}
    if child.due is not None:
        keys |= {f"due|{month}|{f}" for month in _months_round(child.due) for f in family}
    return frozenset(keys)


def keys_to_seek(child: Identity) -> frozenset[str]:
    """The keys to look under for a child as typed, slips of the pen included."""
    family, given = sounds(child.family), sounds(child.given)
    pairs = {(g, f) for g in given | _formal_sounds(child.given) for f in family}
    pairs |= {(f, g) for g in given for f in family}  # given and family name changed over
    if child.born is None:
        keys = {f"name|{g}|{f}" for g, f in pairs}
    else:
        keys = {f"undated|{g}|{f}" for g, f in pairs}
        keys |= _dated(pairs, child.born)
        keys |= {f"first|{child.born.isoformat()}|{part}" for part in _firsts(child)}
        # The family name alone with the day, and with day and month changed over: the given name
        # may be a short form that begins otherwise.
        for day in {child.born, _changed_date(child.born)}:
            keys |= {f"born|{day.isoformat()}|{f}" for f in family}
        halves = _halves(child)
        for day in {child.born, *easily_mistaken(child.born)}:
            text = day.isoformat()
            keys |= {f"half|{text}|{half}" for half in halves}
    around = child.born or child.due
    if around is not None:
        keys |= {f"due|{around:%Y-%m}|{f}" for f in family}
    if child.due is not None:
        # Born meanwhile: each day on which the birth may have been.
        for days in range(-NEAR_BIRTH.days, 1):
            day = child.due + timedelta(days=days)
            keys |= {f"born|{day.isoformat()}|{f}" for f in family}
    return frozenset(keys)


def _changed_date(born: date) -> date:
    """Day and month changed over; the date itself where that is none."""
    return date(born.year, born.day, born.month) if born.day <= 12 else born


def _formal_sounds(given: str) -> frozenset[str]:
    return frozenset(sound(name) for name in formal(given))


def _dated(pairs: Iterable[tuple[str, str]], born: date) -> set[str]:
    """The whole name with half of the date: a date that was guessed still finds the child."""
    return {f"{half}|{g}|{f}" for g, f in pairs for half in (f"{born:%Y}", f"{born:%m-%d}")}


def _firsts(child: Identity) -> frozenset[str]:
    """With which sounds the names begin: finds a name that is spelled beyond its sound."""
    return _begin(child.given) | _begin(child.family)


def _begin(name: str) -> frozenset[str]:
    return frozenset(sound(word)[:1] for word in words(name))


def _halves(child: Identity) -> frozenset[str]:
    """One name as it sounds and how the other begins: one of the two may be misspelt."""
    return frozenset(
        f"{whole}|{begin}"
        for one, other in ((child.given, child.family), (child.family, child.given))
        for whole in sounds(one)
        for begin in _begin(other) or {""}
    )


def _months_round(day: date) -> Iterable[str]:
    number = day.year * 12 + day.month - 1
    return (f"{n // 12:04d}-{n % 12 + 1:02d}" for n in (number - 1, number, number + 1))


def ranked(typed: Identity, known: Sequence[tuple[Key, Identity]]) -> list[tuple[Key, Match]]:
    """Who of these may be the child that was typed, the likeliest first.

    Twins with names alike stay two: where one of them has the very name that was typed, the other
    is shown as a twin.
    """
    found = [
        (key, child, answer) for key, child in known if (answer := match(typed, child)) is not None
    ]
    exact = [
        child
        for _, child, answer in found
        if answer.likeness is Likeness.STRONG and words(child.given) == words(typed.given)
    ]
    settled = [
        (key, _TWIN if any(_twins(one, child) for one in exact) else answer)
        for key, child, answer in found
    ]
    settled.sort(key=lambda one: (one[1].likeness, one[1].score), reverse=True)
    return settled


def _twins(one: Identity, other: Identity) -> bool:
    """Two known children of one birth: another name, not another spelling of it."""
    return (
        one.born is not None
        and one.born == other.born
        and sounds(one.given).isdisjoint(sounds(other.given))
        and alike(one.family, other.family, given=False) >= ALIKE
    )


_TWIN = Match(
    Likeness.TWIN_OR_SIBLING,
    0.5,
    "Born on the same day as the child above, with another given name: a twin",
)


def match(typed: Identity, known: Identity) -> Match | None:
    """How likely `known` is the child that was `typed`, or None where they are nothing alike.

    Twins are never taken for one another: the same family and day of birth with a given name that
    is not alike is a twin or sibling, shown as such.
    """
    given = alike(typed.given, known.given, given=True)
    family = alike(typed.family, known.family, given=False)
    if min(given, family) < ALIKE and _changed_over(typed, known):
        given = family = 0.97
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
    if typed.born == known.born and given >= SURE:
        return Match(
            Likeness.POSSIBLE, score, "Same given name and date of birth, another family name"
        )
    return None


def _changed_over(typed: Identity, known: Identity) -> bool:
    """Given and family name in each other's place, or the same words cut at another place."""
    if sorted(words(f"{typed.given} {typed.family}")) == sorted(
        words(f"{known.given} {known.family}")
    ):
        return True
    return (
        min(
            alike(typed.given, known.family, given=False),
            alike(typed.family, known.given, given=False),
        )
        >= ALIKE
    )


def _same_name(typed: Identity, known: Identity, score: float) -> Match | None:
    if typed.born is None or known.born is None:
        raise ValueError("both dates of birth are known here")
    exact = plain(typed.given) == plain(known.given) and plain(typed.family) == plain(known.family)
    said = "The name is the same" if exact else "The name is alike"
    if typed.born == known.born:
        return Match(Likeness.STRONG, score + 1, f"{said}, and so is the date of birth")
    if typed.born == _changed_date(known.born):
        return Match(
            Likeness.STRONG, score + 0.8, f"{said}; day and month of birth are changed over"
        )
    if known.born in easily_mistaken(typed.born):
        return Match(Likeness.STRONG, score + 0.6, f"{said}; the dates of birth differ by one slip")
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
        said = "Same family name, due at about the same time"
    else:
        born, due = typed.born or known.born, typed.due or known.due
        near = born is not None and due is not None and abs(born - due) <= NEAR_BIRTH
        said = "Same family name; a baby was due at about the time of this birth"
    return Match(Likeness.POSSIBLE, family, said) if near else None
