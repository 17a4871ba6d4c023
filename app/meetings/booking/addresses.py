"""What speaks against an address that somebody typed: pure (C2; HO2014 on safe sharing).

A letter with a PIN that goes to the wrong mailbox cannot be taken back, so an address that looks
almost like one the desk knows is asked about before anything is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

# What the eye takes for the other, the longer first: rn for m, vv for w, a one for an l.
_LOOKS_LIKE = (
    ("rn", "m"),
    ("vv", "w"),
    ("cl", "d"),
    ("0", "o"),
    ("1", "l"),
    ("i", "l"),
    ("5", "s"),
)
_FEWEST_LETTERS = 6


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody in the directory: name, agency, address."""

    name: str
    agency: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Doubts:
    """`look_alike` must be answered before sending; `notes` are only told."""

    look_alike: str = ""
    notes: tuple[str, ...] = ()


def doubts_about(
    name: str,
    agency: str,
    email: str,
    known: Sequence[Known],
    secure: Collection[str],
) -> Doubts:
    """What to check about a typed person. `secure` are the council's secure domains, lower case."""
    notes = [
        f"{one.name} is in the directory at {one.agency}: if that is the same person, find them "
        "there instead."
        for one in _of_that_name(name, agency, known)
    ]
    domain = domain_of(email)
    if not domain:
        return Doubts(notes=tuple(notes))
    twin = twin_of(email, known, secure)
    look_alike = (
        f"{domain} looks like {twin}, which is known here, but it is another: read the address "
        "back letter by letter."
        if twin
        else ""
    )
    if secure and domain not in secure:
        notes.append(
            f"{domain} is not on the council's secure list: the invitation can go there, a record "
            "only by link and code."
        )
    return Doubts(look_alike, tuple(notes))


def domain_of(email: str) -> str:
    """What stands behind the @, in small letters."""
    return email.rpartition("@")[2].lower()


def twin_of(email: str, known: Iterable[Known], secure: Collection[str]) -> str | None:
    """The domain of the directory or of the secure list that this address could be mistaken for."""
    domains = {domain_of(one.email or "") for one in known} - {""}
    return like_another(domain_of(email), {*domains, *secure})


def like_another(domain: str, known: Iterable[str]) -> str | None:
    """A known domain that this one could be mistaken for; None where it is known itself.

    The same to the eye, the same but for dots and hyphens, or one letter more, less or other.
    """
    known = sorted(known)
    if domain in known:
        return None
    plain = _plain(domain)
    for other in known:
        like = _plain(other)
        if plain == like or (
            min(len(plain), len(like)) >= _FEWEST_LETTERS and _one_off(plain, like)
        ):
            return other
    return None


def _of_that_name(name: str, agency: str, known: Sequence[Known]) -> list[Known]:
    said = " ".join(name.casefold().split())
    return [
        one
        for one in known
        if said
        and " ".join(one.name.casefold().split()) == said
        and one.agency.casefold() != agency.casefold()
    ]


def _plain(domain: str) -> str:
    bare = domain.replace(".", "").replace("-", "")
    for seen, meant in _LOOKS_LIKE:
        bare = bare.replace(seen, meant)
    return bare


def _one_off(one: str, other: str) -> bool:
    """Whether one letter added, left out, changed, or two swapped, makes one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, rest_of_other = one[start:], other[start:]
    return (
        rest[1:] == rest_of_other[1:]
        or rest[1:] == rest_of_other
        or rest == rest_of_other[1:]
        or (rest[:2] == rest_of_other[:2][::-1] and rest[2:] == rest_of_other[2:])
    )
