"""Two children side by side, field by field, what differs marked (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.core.clock import london_date, words_for_day
from app.referrals import rules
from app.referrals.matching import Likeness
from app.referrals.models import Child
from app.referrals.names import plain
from app.referrals.queries import EarlierReferral, LikelyMatch

LIKENESS_WORDS = {
    Likeness.STRONG: "Very likely the same child",
    Likeness.POSSIBLE: "Possibly the same child",
    Likeness.TWIN_OR_SIBLING: "May be a twin",
}
LIKENESS_COLOURS = {
    Likeness.STRONG: "orange",
    Likeness.POSSIBLE: "yellow",
    Likeness.TWIN_OR_SIBLING: "blue",
}
_COMPARED = (
    ("Given name", "given_name"),
    ("Family name", "family_name"),
    ("Date of birth", "date_of_birth"),
    ("Due date", "due_date"),
    ("Gender", "gender"),
    ("Ethnicity", "ethnicity"),
    ("First language", "first_language"),
    ("Address", "address"),
    ("Case system reference", "case_reference"),
)
# What the wrong-child guard needs, and all that a child with a restricted case shows.
_WHO = _COMPARED[:4]
NOT_HELD = "Not held"


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of both. `mark` is empty where they agree or one is not held."""

    label: str
    here: str
    known: str
    mark: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A known child beside the one on a referral."""

    ref: str
    name: str
    likeness: str
    colour: str
    why: str
    rows: tuple[Compared, ...]
    referrals: tuple[str, ...]
    ask: str


def beside(
    child: Child,
    found: LikelyMatch,
    earlier: Sequence[EarlierReferral],
    now: datetime,
    *,
    ask: str,
) -> Beside:
    """A likely match side by side with the child at the aware moment `now`; of one with a hidden
    case, about whom to `ask` those who may see it, name, birth and the references of the referrals
    (H2)."""
    known = found.child
    return Beside(
        ref=known.ref,
        name=f"{known.given_name} {known.family_name}".strip(),
        likeness=LIKENESS_WORDS[found.match.likeness],
        colour=LIKENESS_COLOURS[found.match.likeness],
        why=found.match.why,
        rows=compared(child, known, _WHO if ask else _COMPARED),
        referrals=tuple(
            one.ref if ask else _in_words(one, now) for one in earlier if one.child_id == known.id
        ),
        ask=ask,
    )


def compared(
    child: Child, known: Child, which: Sequence[tuple[str, str]] = _COMPARED
) -> tuple[Compared, ...]:
    """Every field that one of the two has."""
    rows = []
    for label, name in which:
        here, there = _words(getattr(child, name)), _words(getattr(known, name))
        if here or there:
            differs = bool(here and there and plain(here) != plain(there))
            rows.append(
                Compared(label, here or NOT_HELD, there or NOT_HELD, "Differs" if differs else "")
            )
    return tuple(rows)


def _words(value: object) -> str:
    if isinstance(value, date):
        return f"{value.day} {value:%B} {value.year}"
    return str(value) if value else ""


def _in_words(earlier: EarlierReferral, now: datetime) -> str:
    outcome = earlier.outcome.label.lower() if earlier.outcome else "not decided yet"
    then, today = london_date(earlier.received_at), london_date(now)
    recent = then >= rules.months_before(today, rules.RE_REFERRAL_MONTHS)
    return f"{earlier.ref}, {words_for_day(earlier.received_at)}, {outcome}" + (
        ", within 12 months" if recent else ""
    )
