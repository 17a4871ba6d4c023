"""From figures to the report that a board reads: counts and shares, no names (G6, IMAP 8, 11).

Whatever counts cases is the dataset's, as it may be published: protected in each quarter, before
quarters are added up. So a year says no more than its quarters do, and nothing here that the
dataset withholds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import london_date, words_for_moment
from app.directory.queries import council_or_none
from app.reports.dataset import page as dataset
from app.reports.dataset.council import added_up, came_in, of_council
from app.reports.dataset.rules import quarter_of
from app.reports.dataset.types import KEPT, Measure, Progress, Published
from app.reports.dataset.types import Period as Counted
from app.reports.quality.board import queries
from app.reports.quality.board.types import BoardReport, Row, Section, Table
from app.reports.quality.feedback import queries as feedback
from app.reports.quality.feedback.rules import LEAST, told
from app.reports.quality.feedback.types import HEARD, PREPARED, View
from app.reports.quality.periods import Period, quarters_of
from app.reports.quality.sample.types import QUESTIONS, Found

NOTHING = (Row("Nothing in this period", "0"),)
_OF_REFERRALS = (
    Measure.OUTCOME, Measure.TIME, Measure.RATING, Measure.AGAIN, Measure.WEEKDAY,
)  # fmt: skip


def report(session: Session, period: Period, now: datetime) -> BoardReport:
    """The report of a quarter or a year, from what is held now: some ten statements."""
    council = council_or_none(session)
    counted = Counted(
        period.key, period.words, tuple(quarter_of(one.start) for one in quarters_of(period))
    )
    page = dataset.page_of(session, of_council(counted), protected=True, now=now)
    tables = {table.id: table for section in page.sections for table in section.tables}
    discussions = added_up(session, counted, (Measure.DISCUSSION,))[Measure.DISCUSSION]
    return BoardReport(
        key=period.key,
        title="Quality report to the board",
        period=period.words,
        authority=council.authority if council else "",
        counted=_counted(page.progress, kept=page.kept),
        sections=(
            _referrals(tables, came_in(session, counted)),
            _discussions(tables, discussions),
            _feedback(session, period, now),
            _audits(session, period),
            _near_misses(session, period),
        ),
    )


def _counted(progress: Progress, *, kept: bool) -> str:
    if progress.oldest is None:
        return "No referral or discussion of this period is counted yet."
    if not progress.complete:
        return (
            f"{progress.done} of {progress.months} months are counted so far: "
            "the figures of referrals and discussions are not whole yet."
        )
    told = f"Referrals and discussions as counted by {words_for_moment(progress.oldest)}."
    return f"{told} {KEPT}" if kept else told


def _referrals(tables: Mapping[str, dataset.Table], total: Published) -> Section:
    return Section(
        "Referrals",
        f"Referrals that came in: {_in_words(total)}. "
        f"Decided within 24 hours: {_share(tables['clocks'], Measure.DECISION.title)}.",
        tuple(_counts(tables[one.value]) for one in _OF_REFERRALS),
    )


def _discussions(tables: Mapping[str, dataset.Table], total: Published) -> Section:
    clocks = tables["clocks"]
    limit = Measure.DISCUSSION.title
    forces = [(limit, "limit"), (f"{limit} (target)", "target"), (f"{limit} (plan)", "plan")]
    held = ". ".join(
        f"Held within their {force}: {_share(clocks, label)}"
        for label, force in forces
        if any(bar.label == label for bar in clocks.bars)
    )
    return Section(
        "Strategy discussions",
        f"Strategy discussions with a time by which to be held: {_in_words(total)}. {held}.",
        (
            Table(
                "Every clock",
                "What",
                "In time",
                _bars(clocks.bars),
                "Of what came up in the period. What is overdue and still open counts as missed; "
                "what is open and not due yet is left out. A missed target or plan stands apart "
                "from a missed limit.",
            ),
            _counts(tables[Measure.LATE_BECAUSE.value]),
            Table(
                "Who took part",
                "Agency",
                "Took part, of those noted",
                _bars(tables[Measure.ATTENDANCE.value].bars)
                or (Row("Nobody was invited", "None"),),
                "In person, by telephone or later; a report alone does not count as taking part.",
            ),
        ),
    )


def _in_words(total: Published) -> str:
    """A number below six is too few to tell; one that others would give away is withheld."""
    return "withheld" if total.words == "c" else total.words


def _share(table: dataset.Table, label: str) -> str:
    told = next((_words(bar.text) for bar in table.bars if bar.label == label), "none yet")
    return told.lower()


def _counts(table: dataset.Table) -> Table:
    return Table(table.title, "What", "How many", _bars(table.bars) or NOTHING, table.counts)


def _bars(bars: Iterable[dataset.Bar]) -> tuple[Row, ...]:
    return tuple(
        Row(bar.label, _words(bar.text), round(bar.percent) if bar.percent else None)
        for bar in bars
    )


def _words(text: str) -> str:
    """A figure of the dataset for whoever knows none of its signs."""
    return {"c": "Withheld", "not shown": "Withheld", "none yet": "None yet"}.get(text, text)


def _feedback(session: Session, period: Period, now: datetime) -> Section:
    found = told(feedback.answers(session, period.start, period.end), london_date(now))
    if not found:
        return Section(
            "What people say who took part",
            f"Answers are told of quarters with {LEAST} or more, some two weeks after their end.",
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
