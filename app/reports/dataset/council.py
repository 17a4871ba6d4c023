"""The dataset of the whole council, for whoever reports on it (G3, G6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.reports.dataset import queries
from app.reports.dataset.publishing import Chosen, as_shown, published
from app.reports.dataset.suppression import SMALLEST_SHOWN
from app.reports.dataset.types import Measure, Period, Published


def of_council(period: Period) -> Chosen:
    """A period of the whole council, with nothing to choose from."""
    return Chosen(period, (period,), "", (), "", (), "The whole council")


def came_in(session: Session, period: Period) -> Published:
    """How many referrals came in: each quarter's number, unless that is a small one.

    What each quarter adds up to is taken to be known where its tables are protected
    (`suppression`), so it is told even where the parts are withheld.
    """
    quarter_of = {month: one.key for one in period.quarters for month in one.months}
    counts: Counter[str] = Counter()
    for one in queries.figures(session, list(quarter_of)):
        if one.measure == Measure.OUTCOME.value:
            counts[quarter_of[one.month]] += one.number
    each = (as_shown(count, hidden=0 < count < SMALLEST_SHOWN) for count in counts.values())
    return sum(each, Published())


def added_up(
    session: Session, period: Period, measures: Sequence[Measure]
) -> dict[Measure, Published]:
    """What the published figures of each measure add up to: no more than they say alone."""
    months = [month for quarter in period.quarters for month in quarter.months]
    found = published(
        queries.figures(session, months), of_council(period), queries.places(session),
        protected=True,
    )  # fmt: skip
    return {one: sum(found[one].values(), Published()) for one in measures}
