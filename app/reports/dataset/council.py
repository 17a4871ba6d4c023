"""The dataset of the whole council, for whoever reports on it (G3, G6)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.reports.dataset import queries
from app.reports.dataset.publishing import Chosen, published
from app.reports.dataset.types import Measure, Period, Published


def of_council(period: Period) -> Chosen:
    """A period of the whole council, with nothing to choose from."""
    return Chosen(period, (period,), "", (), "", (), "The whole council")


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
