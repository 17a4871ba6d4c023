"""From figures to the report that a board reads: counts and shares, no names (G6, IMAP 8, 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.directory.queries import council_or_none
from app.reports.quality.board import queries, rules
from app.reports.quality.board.types import BoardReport, Row, Section, Table
from app.reports.quality.feedback import queries as feedback
from app.reports.quality.feedback.rules import shown
from app.reports.quality.feedback.types import HEARD, PREPARED, View
from app.reports.quality.periods import Period
from app.reports.quality.sample.types import QUESTIONS, Found


def report(session: Session, period: Period) -> BoardReport:
    """The report of a quarter or a year, from what is held now: some ten statements."""
    council = council_or_none(session)
    return BoardReport(
        key=period.key,
        title="Quality report to the board",
        period=period.words,
        authority=council.authority if council else "",
        sections=(
            _referrals(session, period),
            _discussions(session, period),
            _feedback(session, period),
            _audits(session, period),
            _near_misses(session, period),
        ),
    )


def _referrals(session: Session, period: Period) -> Section:
    found = queries.referrals(session, *period.moments)
    outcomes = {one.label: count for one, count in found.by_outcome.items()}
    outcomes["Not decided yet"] = found.undecided
    ratings = {one.label: count for one, count in found.by_rating.items()}
    ratings["Not rated"] = found.unrated
    return Section(
        "Referrals",
        f"{found.total:,} referrals came in. Decided within their time: "
        f"{rules.rate_in_words(found.in_time, found.decided)}.",
        (
            Table(
                "Timeliness and repeats",
                "What",
                "How many",
                (
                    rules.rate("Decided within 24 hours", found.in_time, found.decided),
                    rules.rate(
                        "Came within 12 months of another on the same child",
                        found.re_referrals,
                        found.total,
                    ),
                    rules.rate("Came in out of hours", found.out_of_hours, found.total),
                ),
            ),
            Table("What became of them", "Outcome", "Referrals", rules.rows(outcomes)),
            Table("How they were rated last", "Rating", "Referrals", rules.rows(ratings)),
        ),
    )


def _discussions(session: Session, period: Period) -> Section:
    found = queries.discussions(session, *period.moments)
    came = queries.attendance(session, *period.moments)
    return Section(
        "Strategy discussions",
        f"{found.total:,} strategy discussions ended. Held within their limit: "
        f"{rules.rate_in_words(found.held_in_time, found.with_limit)}.",
        (
            Table(
                "Timeliness",
                "What",
                "How many",
                (
                    rules.rate("Held within their limit", found.held_in_time, found.with_limit),
                    rules.rate(
                        "Records with everyone in time", found.circulated_in_time, found.circulated
                    ),
                ),
                "Of the records that are with everyone by now.",
            ),
            Table(
                "Who took part",
                "Agency",
                "Took part, of those invited",
                tuple(
                    rules.rate(kind.label, one.came, one.asked)
                    for kind, one in sorted(came.items(), key=lambda pair: pair[0].label)
                )
                or (Row("Nobody was invited", "None"),),
                "In person, by telephone or later; a report alone does not count as taking part.",
            ),
        ),
    )


def _feedback(session: Session, period: Period) -> Section:
    found = feedback.answers(session, period.start, period.end)
    if not shown(found):
        return Section(
            "What people say who took part",
            "There are too few answers to show them without telling whose they are.",
            (),
        )
    asked = ((PREPARED, [one.prepared for one in found]), (HEARD, [one.heard for one in found]))
    return Section(
        "What people say who took part",
        f"{len(found):,} people answered.",
        tuple(
            Table(
                question,
                "Answer",
                "People",
                _plain({view.label: Counter(given)[view] for view in View}),
            )
            for question, given in asked
        ),
    )


def _plain(counts: Mapping[str, int]) -> tuple[Row, ...]:
    """Rows with nothing withheld: of work and of answers without names, not of families."""
    most = max(counts.values(), default=0) or 1
    return tuple(
        Row(label, f"{count:,}", round(100 * count / most)) for label, count in counts.items()
    )


def _audits(session: Session, period: Period) -> Section:
    """Cases were drawn, not chosen, and say nothing of a child: these counts are not withheld."""
    found = queries.audited(session, period.start, period.end)
    if not found.answers:
        return Section("Case audit", f"{found.drawn:,} cases were drawn, none reviewed yet.", ())
    return Section(
        "Case audit",
        f"{len(found.answers):,} of {found.drawn:,} cases that were drawn have been reviewed.",
        (
            Table(
                "As a whole",
                "Judged as",
                "Cases",
                _plain({grade.label: count for grade, count in found.grades.items()}),
            ),
            Table(
                "Question by question",
                "Question",
                "Yes, of those to which it applies",
                tuple(_answered(found, one.key, one.words) for one in QUESTIONS),
            ),
        ),
    )


def _answered(found: queries.Audited, key: str, words: str) -> Row:
    given = [answers[key] for answers in found.answers if key in answers]
    of = sum(one != Found.NOT_APPLICABLE.value for one in given)
    yes = sum(one == Found.YES.value for one in given)
    return Row(words, f"{yes} of {of}" if of else "None", round(100 * yes / of) if of else None)


def _near_misses(session: Session, period: Period) -> Section:
    """Of the work, not of families: these counts are not withheld."""
    counts, reviewed = queries.near_misses(session, *period.moments)
    total = sum(counts.values())
    if not total:
        return Section("Near misses", "No near miss was reported.", ())
    return Section(
        "Near misses",
        f"{total:,} near misses were reported, {reviewed:,} of them reviewed by now.",
        (
            Table(
                "What nearly went wrong",
                "Kind",
                "Reported",
                _plain({kind.label: count for kind, count in counts.items()}),
            ),
        ),
    )
