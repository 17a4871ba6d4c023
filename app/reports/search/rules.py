"""What a person means who types into one box: pure (G5)."""

from __future__ import annotations

import re
from datetime import date

from app.referrals import matching, names
from app.referrals.matching import ALIKE, Identity
from app.reports.search.types import Asked

MOST_WORDS = 6
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Read out over the telephone: with or without its marks; no letter stands for a one or a nought.
_REFERENCE = re.compile(
    r"(?<!\w)(RF|SD|CH|IR|DA)[-\s]*([0-9A-Z]{4})[-\s]*([0-9A-Z]{4})(?!\w)", re.IGNORECASE
)
# Without what stands before it. A digit tells it from a name with a hyphen.
_BARE = re.compile(r"(?<!\w)(?=\S*\d)([0-9A-Z]{4})-([0-9A-Z]{4})(?!\w)", re.IGNORECASE)
_MISREAD = str.maketrans("OIL", "011")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})\s?[./\-\s]\s?(\d{1,2})\s?[./\-\s]\s?(\d{4}|\d{2})(?!\d)")
_TOGETHER = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{4})(?!\d)")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s*(?:of\s+)?{_MONTH},?\s*(\d{{4}}|\d{{2}})(?!\d)",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w){_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}|\d{{2}})(?!\d)", re.IGNORECASE
)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "pc", "ds", "dc", "di", "prof", "the"})


def asked(text: str, today: date) -> Asked:
    """The question taken apart: a reference, a day in any usual form, names; in any order.

    A year of two digits is taken as one that has been, so that 19 is 2019 and 87 is 1987.
    """
    reference, rest = _reference(text)
    day, rest = _day(rest, today)
    family_first = "," in rest and bool(rest.partition(",")[0].strip())
    typed = re.sub(r"[,;]", " ", rest).split()
    numbered = [word for word in typed if any(letter.isdigit() for letter in word)]
    words = [
        word
        for word in typed
        if word not in numbered and word.casefold().strip(".") not in _TITLES and names.plain(word)
    ]
    return Asked(
        text=text,
        reference=reference,
        case_reference=" ".join(numbered),
        words=tuple(words[:MOST_WORDS]),
        family_first=family_first and len(words) > 1,
        day=day,
    )


def _reference(text: str) -> tuple[str, str]:
    """Our reference as we write it, with or without what stands before it, and the rest."""
    if found := _REFERENCE.search(text):
        kind, one, other = found.groups()
        return f"{kind.upper()}-{_corrected(one)}-{_corrected(other)}", _without(text, found)
    if found := _BARE.search(text):
        one, other = found.groups()
        return f"{_corrected(one)}-{_corrected(other)}", _without(text, found)
    return "", text


def _corrected(part: str) -> str:
    return part.upper().translate(_MISREAD)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _day(text: str, today: date) -> tuple[date | None, str]:
    """The first day that stands in the text, and the text without it."""
    for pattern, order in (
        (_ISO, "ymd"),
        (_DAY_FIRST, "dmy"),
        (_MONTH_FIRST, "mdy"),
        (_NUMBERS, "dmy"),
        (_TOGETHER, "dmy"),
    ):
        found = pattern.search(text)
        if found is None:
            continue
        parts = dict(zip(order, found.groups(), strict=True))
        month = parts["m"]
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()[:3]) + 1
        try:
            return date(_year(parts["y"], today), number, int(parts["d"])), _without(text, found)
        except ValueError:
            continue
    return None, text


def _year(typed: str, today: date) -> int:
    year = int(typed)
    if len(typed) > 2:
        return year
    # A discussion may be booked for next year.
    return year + (2000 if year <= today.year % 100 + 1 else 1900)


def fits(wanted: Asked, known: Identity) -> bool:
    """Whether a child's name may be the one that was typed, in either order; one word may be
    either name. Without words everybody fits."""
    if not wanted.words:
        return True
    given, family = wanted.name
    if len(wanted.words) == 1:
        return names.alike(family, known.given, given=True) >= ALIKE or (
            names.alike(family, known.family, given=False) >= ALIKE
        )
    typed = Identity(given, family, known.born, known.due)
    return _whole(typed, known) or _whole(Identity(family, given), known)


def _whole(typed: Identity, known: Identity) -> bool:
    return (
        names.alike(typed.given, known.given, given=True) >= ALIKE
        and names.alike(typed.family, known.family, given=False) >= ALIKE
    )


def born_then(day: date, known: Identity) -> bool:
    """Whether a child was born on this day, or on one that is easily written for it."""
    if known.born is None or known.due == day:
        return known.due == day
    return known.born == day or known.born in matching.easily_mistaken(day)


def person_fits(wanted: Asked, name: str) -> bool:
    """Whether each word that was typed is alike to one in a professional's name."""
    theirs = names.words(name)
    return bool(wanted.words) and all(
        any(names.alike(word, one, given=True) >= ALIKE for one in theirs) for word in wanted.words
    )


def agency_bears(wanted: Asked, name: str) -> bool:
    """Whether an agency's name has each word that was typed, as it was typed."""
    theirs = name.casefold().split()
    return bool(wanted.words) and all(word.casefold() in theirs for word in wanted.words)


def searched_in_words(wanted: Asked) -> str:
    """What was looked for, for the page that found nothing."""
    found = []
    if wanted.reference:
        found.append(f"the reference {wanted.reference}")
    if wanted.case_reference:
        found.append(f"the case system reference {wanted.case_reference}")
    if wanted.words:
        found.append(
            f"children, agencies and professionals whose name is like {' '.join(wanted.words)}"
        )
    if wanted.day is not None:
        day = f"{wanted.day.day} {wanted.day:%B} {wanted.day.year}"
        found.append(f"a birth, a discussion or a referral that came in on {day}")
    return ", and ".join(found)
