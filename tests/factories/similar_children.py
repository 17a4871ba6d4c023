"""Made children, and how the next caller gives the same child: for measuring the wrong-child guard.

Written from what goes wrong at a desk, not from the guard: it uses no list, sound or threshold of
the product. Everything is invented; a seed gives the same set each time.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta


def _listed(names: str) -> list[str]:
    return names.split()


# Other spellings and alphabets of one name, as families and callers give them.
SPELT = [
    ("Mohammed", "Muhammad", "Mohamed", "Mohammad", "Muhammed"),
    ("Ayesha", "Aisha", "Aysha", "Aishah"),
    ("Yusuf", "Yousef", "Yousuf", "Yusef"),
    ("Hussain", "Hussein", "Husain"),
    ("Fatima", "Fatimah", "Fatema"),
    ("Zaynab", "Zainab", "Zeinab"),
    ("Ibrahim", "Ebrahim", "Ibraheem"),
    ("Sophia", "Sofia", "Sophiya"),
    ("Katarzyna", "Katarzina"),
    ("Oleksandr", "Olexandr", "Aleksandr"),
    ("Dmytro", "Dmitro", "Dmitri"),
    ("Nikita", "Nikitha"),
    ("Lukasz", "Łukasz", "Lucas"),
    ("Zofia", "Sofia"),
    ("Jakub", "Yakub", "Jacub"),
    ("Catherine", "Katherine", "Kathryn", "Catharine"),
    ("Stephen", "Steven", "Stephan"),
    ("Isobel", "Isabel", "Isabelle"),
    ("Aoife", "Aoiffe"),
    ("Rhys", "Reece", "Rees"),
    ("Callum", "Calum", "Kallum"),
    ("Chloe", "Chloé", "Khloe"),
    ("Zoë", "Zoe", "Zoey"),
    ("Анна", "Anna"),
    ("Юлія", "Yuliya", "Julia"),
]
# What a child is called at school or at home.
CALLED = [
    ("Thomas", "Tom", "Tommy"), ("William", "Will", "Billy"), ("Benjamin", "Ben"),
    ("Joshua", "Josh"), ("Daniel", "Danny", "Dan"), ("Samuel", "Sam"), ("Matthew", "Matt"),
    ("Alexander", "Alex", "Xander"), ("Edward", "Ned", "Teddy"), ("Charles", "Charlie"),
    ("Elizabeth", "Lizzie", "Beth", "Libby"), ("Charlotte", "Lottie", "Charlie"),
    ("Rebecca", "Becky"), ("Jessica", "Jess"), ("Abigail", "Abby"), ("Katie", "Kate"),
    ("Margaret", "Maggie", "Peggy"), ("Oluwaseun", "Seun"), ("Oluwadamilola", "Dami"),
    ("Isabella", "Bella"), ("Nathaniel", "Nate", "Nathan"), ("Christopher", "Chris"),
    ("Gabriella", "Gabby"), ("Theodore", "Theo"), ("Maximilian", "Max"), ("Leonard", "Leo"),
]  # fmt: skip
OTHER_GIVEN = _listed(
    "Olivia Amelia Ava Isla Freya Grace Willow Florence Ivy Poppy Evie Daisy Rosie Millie Erin "
    "Noah Oliver George Arthur Muhammad Leo Harry Oscar Henry Jack Jude Roman Finley Hugo Rory "
    "Jayden Kayden Tyler Kian Amara Chidi Ngozi Kwame Abena Kofi Tunde Zara Hana Layla Maryam "
    "Omar Bilal Hamza Idris Rayan Arjun Rohan Priya Anaya Diya Kiran Simran Harpreet Jaswinder "
    "Wei Jia Ming Linh Minh Thuy Aroha Tamsin Bryony Cerys Gethin Megan Niamh Ciara Eoin Oisin "
    "Mateusz Kacper Wiktoria Maja Andrei Ioana Stefan Elena Marta Tiago Beatriz Matilde Inês "
    "Luca Giulia Emre Elif Deniz Yara Sami Nour Rania Tariq Salma Kamal Delroy Shanice Tyrese"
)
PREFIXED = [
    ("McDonald", "MacDonald", "Mc Donald"),
    ("O'Brien", "OBrien", "O Brien"),
    ("Al-Hassan", "Alhassan", "Al Hassan"),
    ("de Souza", "Desouza", "De-Souza"),
    ("MacLeod", "McLeod"),
    ("El-Sayed", "Elsayed", "El Sayed"),
]
SPELT_FAMILY = [
    ("Choudhury", "Chowdhury", "Chaudhry"),
    ("Hussain", "Hussein", "Husain"),
    ("Sheikh", "Shaikh"),
    ("Kowalski", "Kowalsky", "Kovalski"),
    ("Ivanova", "Iwanowa", "Іванова"),
    ("Nguyen", "Nguyên"),
    ("Reilly", "Riley", "Reily"),
    ("Clark", "Clarke"),
    ("Phillips", "Philips"),
    ("Davies", "Davis"),
    ("Stuart", "Stewart"),
    ("Smith", "Smyth", "Smythe"),
]
OTHER_FAMILY = _listed(
    "Smith Jones Taylor Brown Williams Wilson Johnson Robinson Wright Thompson Evans Walker White "
    "Roberts Green Hall Wood Jackson Clarke Patel Khan Singh Kaur Begum Ahmed Ali Okafor Adeyemi "
    "Mensah Boateng Okonkwo Balogun Campbell Murphy Kelly Walsh Byrne Doyle Rossi Silva Santos "
    "Pereira Nowak Lewandowski Wojcik Popescu Ionescu Dragomir Georgiev Petrov Shevchenko Bondar "
    "Yilmaz Kaya Demir Tran Pham Li Wang Zhang Chen Cohen Levy Baptiste Grant Harris Martin Cooper "
    "King Lee Baker Harrison Morgan Allen James Scott Moore Hill Ward Turner Watson Bennett Gray "
    "Mills Palmer Fox Rose Stone Hunt Knight Marsh Barker Holmes Lloyd Ellis Foster Gibson Hughes "
    "Pearce Sutton Barnes Dixon Gordon Hamilton Wallace Reid Hart Spencer Burton Webb Tucker "
    "Qureshi Malik Iqbal Rahman Islam Miah Uddin Sharma Gupta Desai Nair Fernandes Perera Silwal"
)


LAST_BIRTH = date(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Made:
    """A child as somebody gives it."""

    given: str
    family: str
    born: date | None


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, and the place in the set of the child it is; None for a child who is new."""

    typed: Made
    of: int | None
    what: str


def known_children(count: int, seed: int = 1) -> list[Made]:
    """So many children: brothers and sisters, twins, and names that are commoner than others."""
    chance = random.Random(seed)
    found: list[Made] = []
    while len(found) < count:
        family = _family(chance)
        born = date(2008, 12, 1) + timedelta(days=chance.randrange(17 * 365))
        used: set[str] = set()
        for place in range(chance.choice((1, 1, 1, 1, 2, 2, 3))):
            given = _given(chance)
            if given in used:
                continue
            used.add(given)
            if place and chance.random() > 0.12:  # else twins
                born += timedelta(days=chance.randrange(330, 1500))
            if born < LAST_BIRTH:
                found.append(Made(given, family, born))
    return found[:count]


def queries(known: list[Made], count: int, seed: int = 2) -> Iterator[Query]:
    """How so many children are given: two of three are known, one is new, some of those a twin or
    a sibling of a known one."""
    chance = random.Random(seed)
    ways = list(_WAYS.items())
    for number in range(count):
        place = chance.randrange(len(known))
        child = known[place]
        if number % 3:
            what, way = ways[number % len(ways)]
            typed = way(child, chance)
            # Somebody to whom it can happen: not everybody has a short form.
            while typed == child and way is not _as_given:
                place = chance.randrange(len(known))
                child = known[place]
                typed = way(child, chance)
            yield Query(typed, place, what)
        else:
            yield Query(_stranger(child, chance, number), None, "new child")


def _stranger(child: Made, chance: random.Random, number: int) -> Made:
    if number % 12:
        born = date(2008, 12, 1) + timedelta(days=chance.randrange(17 * 365))
        return Made(_given(chance), _family(chance), born)
    given = _given(chance)
    while given[:2] == child.given[:2]:
        given = _given(chance)
    apart = 0 if number % 24 else chance.randrange(330, 1500)
    assert child.born is not None
    return Made(given, child.family, child.born - timedelta(days=apart))


_SYLLABLES = _listed(
    "ba be da del fa go ha ja ka ker la len lin ma mor na nel ol pa per ra ri ro sa ser ta to va "
    "ven wi za"
)


def _rare(chance: random.Random, syllables: int) -> str:
    """A name that few have: the long tail of any place."""
    return "".join(chance.choice(_SYLLABLES) for _ in range(syllables)).capitalize()


def _given(chance: random.Random) -> str:
    kind = chance.random()
    if kind > 0.75:
        return _rare(chance, 2) + chance.choice(("", "", "n", "a"))
    if kind < 0.2:
        return chance.choice(SPELT)[0]
    if kind < 0.4:
        return chance.choice(CALLED)[0]
    # Some names are far commoner than others.
    return OTHER_GIVEN[int(len(OTHER_GIVEN) * chance.random() ** 2)]


def _family(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.05:
        return chance.choice(PREFIXED)[0]
    if kind < 0.15:
        return chance.choice(SPELT_FAMILY)[0]
    if kind > 0.6:
        return _rare(chance, 3) + chance.choice(("", "s", "man", "ton"))
    one = OTHER_FAMILY[int(len(OTHER_FAMILY) * chance.random() ** 1.6)]
    if kind < 0.27:
        return f"{one}-{chance.choice(OTHER_FAMILY)}"
    return one


def _typo(name: str, chance: random.Random) -> str:
    """One slip of the fingers: a letter left out, doubled, wrong, or two changed over."""
    if len(name) < 4:
        return name + name[-1]
    at = chance.randrange(1, len(name) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + name[at] + name[at:]
    if kind == 2:
        return name[:at] + chance.choice(string.ascii_lowercase) + name[at + 1 :]
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _as_given(child: Made, _chance: random.Random) -> Made:
    return child


def _misspelt(child: Made, chance: random.Random) -> Made:
    if chance.random() < 0.5:
        return replace(child, given=_typo(child.given, chance))
    return replace(child, family=_typo(child.family, chance))


def _both_misspelt(child: Made, chance: random.Random) -> Made:
    return replace(child, given=_typo(child.given, chance), family=_typo(child.family, chance))


def _other(name: str, groups: list[tuple[str, ...]], chance: random.Random) -> str | None:
    for group in groups:
        if group[0] == name:
            return chance.choice(group[1:])
    return None


def _otherwise_spelt(child: Made, chance: random.Random) -> Made:
    given = _other(child.given, SPELT, chance) or child.given
    family = _other(child.family, [*SPELT_FAMILY, *PREFIXED], chance) or child.family
    return replace(child, given=given, family=family)


def _short(child: Made, chance: random.Random) -> Made:
    return replace(child, given=_other(child.given, CALLED, chance) or child.given)


def _day_and_month(child: Made, _chance: random.Random) -> Made:
    born = child.born
    if born is None or born.day > 12:
        return child
    return replace(child, born=date(born.year, born.day, born.month))


def _digit(child: Made, chance: random.Random) -> Made:
    while child.born is not None:
        text = list(f"{child.born:%d%m%Y}")
        text[chance.choice((0, 1, 2, 3, 6, 7))] = chance.choice(string.digits)
        try:
            born = date(int("".join(text[4:])), int("".join(text[2:4])), int("".join(text[:2])))
        except ValueError:
            continue
        return replace(child, born=born)
    return child


def _misspelt_and_day_and_month(child: Made, chance: random.Random) -> Made:
    return _misspelt(_day_and_month(child, chance), chance)


def _short_and_misspelt(child: Made, chance: random.Random) -> Made:
    short = _short(child, chance)
    return replace(short, family=_typo(short.family, chance))


def _names_changed_over(child: Made, _chance: random.Random) -> Made:
    return replace(child, given=child.family, family=child.given)


def _half_of_double(child: Made, chance: random.Random) -> Made:
    parts = child.family.split("-")
    if len(parts) == 1:
        return replace(child, family=f"{child.family} {chance.choice(OTHER_FAMILY)}")
    kind = chance.randrange(3)
    if kind == 2:
        return replace(child, family=" ".join(reversed(parts)))
    return replace(child, family=parts[kind])


def _middle_name(child: Made, chance: random.Random) -> Made:
    return replace(child, given=f"{child.given} {chance.choice(OTHER_GIVEN)}")


def _no_date(child: Made, _chance: random.Random) -> Made:
    return replace(child, born=None)


def _other_family(child: Made, chance: random.Random) -> Made:
    return replace(child, family=chance.choice(OTHER_FAMILY))


_WAYS: dict[str, Callable[[Made, random.Random], Made]] = {
    "as it is": _as_given,
    "misspelt": _misspelt,
    "both names misspelt": _both_misspelt,
    "otherwise spelt": _otherwise_spelt,
    "short form": _short,
    "day and month changed over": _day_and_month,
    "one digit wrong": _digit,
    "misspelt, day and month changed over": _misspelt_and_day_and_month,
    "short form, family name misspelt": _short_and_misspelt,
    "names changed over": _names_changed_over,
    "double family name": _half_of_double,
    "middle name": _middle_name,
    "no date of birth": _no_date,
    "other family name": _other_family,
}
