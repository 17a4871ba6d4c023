"""An area's way of working as people read it: on the protocol's page and at the command line."""

from __future__ import annotations

from typing import NamedTuple

from app.protocols.ways import (
    After,
    ConsentSought,
    ConsentWay,
    Follows,
    LawfulBasis,
    OutcomeWay,
    Rating,
    Said,
    Ways,
)

FOLLOWS_WORDS = {
    Follows.SOCIAL_WORKER: "goes straight to a social worker",
    Follows.CHECKS: "agency checks first",
    Follows.MEETING: "a multi-agency meeting",
    Follows.DAILY_MEETING: "the daily meeting",
    Follows.INFORMATION_REQUEST: "an information request, no referral",
}
AFTER_WORDS = {
    After.INFORMATION: "after information gathering",
    After.MEETING: "after the meeting",
}
_BASES = {
    LawfulBasis.SIGNIFICANT_HARM: "significant harm is suspected",
    LawfulBasis.CRIME: "a serious crime is to be prevented or detected",
    LawfulBasis.LEGAL_DUTY: "a legal duty requires it",
    LawfulBasis.PUBLIC_TASK: "it is necessary for a public task",
}


class Line(NamedTuple):
    """One line: what, the sentence, and who says so."""

    title: str
    reason: str
    source: str
    document: str


def ways_in_words(ways: Ways) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Headings with their lines, only those of which the protocol says something."""
    second, consent = ways.second_rating, ways.consent
    told = [
        (
            "What a rating means",
            [_line(rating_title(one.rating, one.means, one.follows), one.said)
             for one in ways.rated],
        ),
        (
            "Second rating",
            [_line(f"{_listed([*second.ratings]).capitalize()}, {AFTER_WORDS[second.after]}",
                   second.said)]
            if second else [],
        ),
        (
            "Who settles a disagreement over a rating",
            [_line(f"{place}. {one.who}", one.said)
             for place, one in enumerate(ways.settles, start=1)],
        ),
        ("Consent", [_line(_consent(consent), consent.said)] if consent else []),
        ("Outcomes", [_line(_outcome(one), one.said) for one in ways.outcomes]),
    ]  # fmt: skip
    return tuple((heading, tuple(lines)) for heading, lines in told if lines)


def rating_title(rating: Rating, means: str, follows: Follows | None) -> str:
    """`Red, high: the daily meeting`."""
    named = f"{rating.label}{f', {means[:1].lower()}{means[1:]}' if means else ''}"
    return f"{named}: {FOLLOWS_WORDS[follows]}" if follows else named


def outcome_name(way: OutcomeWay) -> str:
    """The area's own name of an outcome, or the usual one."""
    return way.name or way.outcome.label


def _outcome(way: OutcomeWay) -> str:
    level = f" ({way.level})" if way.level else ""
    return f"{outcome_name(way)}{level}: {'consent needed' if way.consent else 'no consent needed'}"


def _consent(way: ConsentWay) -> str:
    when = {
        ConsentSought.FIRST_CONTACT: "Sought at first contact",
        ConsentSought.BEFORE_SHARING: "Sought before information is shared",
    }[way.sought]
    told = ", and the family is told in advance" if way.told_first else ""
    unless = f", unless {_listed([_BASES[one] for one in way.unless], 'or')}" if way.unless else ""
    return f"{when}{told}{unless}"


def _listed(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _line(title: str, said: Said) -> Line:
    return Line(title, said.reason, said.source, said.document)
