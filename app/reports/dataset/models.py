"""The dataset's figures: counted once for each month by the worker, read by the pages (G3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core.database import Base


class DatasetMonth(Base):
    """How far the figures of one month (`2026-11`) have come. `parts_done` counts measures;
    `milliseconds` is how long all of them took last time."""

    __tablename__ = "dataset_month"

    month: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    worked_at: Mapped[datetime | None]
    parts_done: Mapped[int]
    milliseconds: Mapped[int]


class _Count:
    """One count of one measure. `ward_id` is 0 where the ward is not known."""

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[CheckConstraint]:
        return (CheckConstraint("count > 0", name="something"),)

    month: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    ward_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class DatasetFigure(_Count, Base):
    """What was counted."""

    __tablename__ = "dataset_figure"


class DatasetKept(_Count, Base):
    """What cases that were deleted had added to a measure of a month: kept from before the deletion
    and added to whatever is counted anew, so that past figures stay as they were."""

    __tablename__ = "dataset_kept"


class DatasetSeen(Base):
    """The last row of the audit whose change is known to the figures."""

    __tablename__ = "dataset_seen"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
