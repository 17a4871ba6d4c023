"""How names are written, sound and are shortened: what the wrong-child guard compares (A3). Pure.

Names reach a desk by telephone, from other alphabets, as short forms and in any order. Nothing
here decides anything: `app.referrals.matching` does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import jellyfish
from anyascii import anyascii

# What stands for a given name before birth.
UNNAMED = frozenset({"baby", "unborn", "bump", "unknown", "not", "named", "yet", "infant"})
# Written together, apart or with a hyphen, as each form has it: Mc Donald, al-Hassan, de Souza.
_PARTICLES = frozenset(
    {"mc", "mac", "o", "al", "el", "ul", "de", "da", "di", "do", "dos", "del", "della", "van",
     "von", "der", "den", "le", "la", "ben", "bin", "ibn", "bint", "abu", "st", "ter", "ten"}
)  # fmt: skip
# Sounds that one alphabet writes in several ways: v and w, s and sh, t and th.
_FOLDED = str.maketrans({"V": "F", "W": "F", "X": "S", "0": "T", "H": "", "Y": ""})
_TELLING_SOUND, _HALF_ALIKE = 3, 0.6
# From which a name is long enough that one or two wrong letters leave it the same name.
_ONE_WRONG, _TWO_WRONG = 3, 7

# One name is compared with hundreds, each time that a page about it is opened, and each is taken
# apart and compared once. What a process remembers of names, and why it may: docs/decisions/0014.
_REMEMBERED = 2048

# Short forms heard in England that the nicknames package lacks: (short, long).
_ALSO_SHORT = (
    ("alfie", "alfred"), ("bertie", "albert"), ("bertie", "robert"), ("callie", "caroline"),
    ("charlie", "charlotte"), ("evie", "eve"), ("evie", "evelyn"), ("frankie", "francis"),
    ("frankie", "francesca"), ("gosia", "malgorzata"), ("immy", "imogen"), ("izzy", "isabel"),
    ("izzy", "isabella"), ("izzy", "isabelle"), ("izzy", "isobel"), ("jaz", "jasmine"),
    ("kasia", "katarzyna"), ("kuba", "jakub"), ("lexi", "alexandra"), ("liam", "william"),
    ("maisie", "margaret"), ("misha", "mikhail"), ("mo", "mohammed"), ("robbie", "robert"),
    ("sasha", "aleksandra"), ("sasha", "alexander"), ("sasha", "oleksandr"), ("stevie", "stephen"),
    ("teddy", "theodore"), ("xander", "alexander"), ("zac", "isaac"),
)  # fmt: skip

SAME, SOUND, SHORT_FORM, ONE_LETTER, PART, TWO_LETTERS = 1.0, 0.95, 0.93, 0.92, 0.9, 0.89


def plain(name: str) -> str:
    """A name without case, accents and marks: `O'Rourke-Smíth` becomes `orourke smith`."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w\s]", "", re.sub(r"[-‐‑–—/]", " ", kept)).split())


def latin(text: str) -> str:
    """A text in Latin letters without case and accents; what stands between its words stays."""
    return str(anyascii(text)).casefold()


@lru_cache(_REMEMBERED)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in Latin letters, particles joined to what follows them.

    `Mc Donald` and `McDonald` are both `mcdonald`; `Иванова` is `ivanova`. What stands for a name
    before birth is none.
    """
    latin = plain(name)
    if not latin.isascii():
        latin = plain(anyascii(latin))
    found: list[str] = []
    joined = ""
    for word in latin.split():
        if word in _PARTICLES:
            joined += word
        else:
            found.append(joined + word)
            joined = ""
    if joined:
        found.append(joined)
    return tuple(_mc(word) for word in found if word not in UNNAMED)


def _mc(word: str) -> str:
    return f"mc{word[3:]}" if word.startswith("mac") and len(word) > 5 else word


@lru_cache(_REMEMBERED)
def sound(word: str) -> str:
    """How a word sounds, coarsely: Mohammed and Muhammad, Yusuf and Joseph are each the same.

    Jellyfish's Metaphone with the sounds folded that transliterations spell in several ways. A
    word that has no sound stands for itself.
    """
    code = jellyfish.metaphone(word) if word.isascii() else ""
    if not code:
        return word
    first = "A" if code[0] in "AEIOU" else "J" if code[0] == "Y" else code[0]
    folded = (first + code[1:].translate(_FOLDED)).translate(str.maketrans("VWX0", "FFST"))
    return re.sub(r"(.)\1+", r"\1", folded)


def sounds(name: str) -> frozenset[str]:
    """How each word of a name sounds, and the whole of it where it has several."""
    parts = words(name)
    whole = [sound("".join(parts))] if len(parts) > 1 else []
    return frozenset([*(sound(part) for part in parts), *whole])


def formal(name: str) -> frozenset[str]:
    """The names that a given name may be short for: `Bill` gives `william` among others."""
    longer = _short_forms()[0]
    return frozenset(one for word in words(name) for one in longer.get(word, ()))


@cache
def _short_forms() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """(word: what it is short for, word: its short forms), of the nicknames package.

    Read once, when a first name is compared: it takes a tenth of a second.
    """
    from nicknames import name_triplets

    longer: dict[str, set[str]] = {}
    shorter: dict[str, set[str]] = {}
    listed = [(short, long) for long, _relationship, short in name_triplets()]
    for short, long in (*listed, *_ALSO_SHORT):
        longer.setdefault(short, set()).add(long)
        shorter.setdefault(long, set()).add(short)
    return (
        {word: frozenset(names) for word, names in longer.items()},
        {word: frozenset(names) for word, names in shorter.items()},
    )


def is_short_form(one: str, other: str) -> bool:
    """Whether one word is a short form of the other, or both are of the same name."""
    longer, shorter = _short_forms()
    mine, theirs = longer.get(one, frozenset()), longer.get(other, frozenset())
    return one in theirs or other in mine or bool(mine & theirs and not shorter.get(one))


@lru_cache(4 * _REMEMBERED)
def alike(left: str, right: str, *, given: bool) -> float:
    """How alike two names are, 0 to 1; from `matching.ALIKE` they may be the same.

    The best of the whole names and of their words; a word of a longer name counts a little less
    than the whole. Short forms count among `given` names only.
    """
    ours, theirs = words(left), words(right)
    if not ours or not theirs:
        return 0.0
    best = _words_alike("".join(ours), "".join(theirs), given=given)
    if len(ours) == len(theirs) == 1:
        return best
    if sorted(ours) == sorted(theirs):
        return 0.99
    for one in ours:
        for other in theirs:
            if min(len(one), len(other)) >= _ONE_WRONG:
                best = max(best, _words_alike(one, other, given=given) * 0.97)
    return best


def _words_alike(one: str, other: str, *, given: bool) -> float:
    if one == other:
        return SAME
    likeness = float(jellyfish.jaro_winkler_similarity(one, other)) * 0.97
    first, second = sound(one), sound(other)
    # A short sound is shared by many names (Ava and Ivy): then the letters must be alike too.
    if first == second and (len(first.lstrip("A")) >= _TELLING_SOUND or likeness > _HALF_ALIKE):
        likeness = max(likeness, SOUND)
    if given and is_short_form(one, other):
        likeness = max(likeness, SHORT_FORM)
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 2 and longer.startswith(shorter) and (given or len(shorter) >= _ONE_WRONG):
        likeness = max(likeness, PART)
    if len(shorter) >= 4 and given and shorter in longer:  # Seun for Oluwaseun
        likeness = max(likeness, PART)
    if likeness < ONE_LETTER and len(shorter) >= _ONE_WRONG:
        wrong = jellyfish.damerau_levenshtein_distance(one, other)
        if wrong == 1:
            likeness = ONE_LETTER
        elif wrong == 2 and len(shorter) >= _TWO_WRONG:
            likeness = max(likeness, TWO_LETTERS)
    return likeness
