"""The dataset of a year with a million referrals, as a multiple of ten thousand.

On both databases: what the worker takes to count the year, its longest single statement (for so
long mail waits), and the page of the year in processor time. Targets: counting in proportion to the
referrals, the page 1.15 times.

DATASET_MANY asks for less, DATASET_DATABASES=sqlite for one database alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import column, func, insert, select, table, text
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.database import EncryptedText
from app.core.session import db, reading, transaction
from app.directory.wards.queries import listed
from app.referrals.models import Referral
from app.referrals.types import Concern, Outcome, ReferralState
from app.reports.dataset import service
from app.reports.dataset.counting import count
from app.reports.dataset.page import choose, page_of
from bench import area
from bench.databases import measured_on
from bench.serving import processor_seconds
from tests.postgresql import PrivatePostgres

# With protected columns as they are stored: ciphertext is used again.
_AS_STORED = table(
    Referral.__tablename__,
    *(
        column(one.name, getattr(one.type, "impl_instance", one.type))
        if isinstance(one.type, EncryptedText)
        else column(one.name, one.type)
        for one in Referral.__table__.columns
    ),
)
AT_ONCE = 5_000
SIZES = (10_000, int(os.environ.get("DATASET_MANY", "1000000")))
DATABASES = os.environ.get("DATASET_DATABASES", "sqlite postgresql").split()
PAGE_TARGET = 1.15
ROUNDS = 20


class Taken(NamedTuple):
    counting: float
    longest: float
    page: float  # of processor time


def run() -> Iterator[str]:
    yield from measured_on(DATABASES, _measured)


def _measured(engine: str, folder: Path, server: PrivatePostgres | None) -> Iterator[str]:
    taken = []
    for size in SIZES:
        where = folder / str(size)
        os.environ["DATABASE_URL"] = (
            server.create(f"size_{size}") if server else f"sqlite:///{where / 'db.sqlite3'}"
        )
        try:
            app = area.make(where)
            with app.app_context():
                began = time.monotonic()
                _fill(size)
                filled = time.monotonic() - began
                taken.append(_timed(app))
                db.session.remove()
                db.engine.dispose()
        finally:
            del os.environ["DATABASE_URL"]
        yield (
            f"{engine}, {size:,} referrals: filled in {filled:.0f} s, a year counted in "
            f"{taken[-1].counting:.1f} s"
        )
    few, many = taken
    more = SIZES[1] / SIZES[0]
    yield (
        f"{engine}, dataset of a year, {SIZES[0]:,} to {SIZES[1]:,} referrals: counting "
        f"{many.counting / few.counting / more:.2f} times as long for each ({many.counting:.0f} s "
        f"in all, {many.longest:.1f} s at once); page {many.page / few.page:.2f} times "
        f"({many.page * 1000:.0f} ms; target {PAGE_TARGET})"
    )


def _fill(size: int) -> None:
    """Referrals spread over a year, wards, outcomes and concerns."""
    moment = now()
    with transaction() as session:
        wards = [ward.id for ward in listed(session)]
        like = _one_decided(session)
        first = session.execute(select(func.max(Referral.id))).scalar_one() + 1
        part: list[dict[str, Any]] = []
        for row in _rows(like, first, size, wards, moment):
            part.append(row)
            if len(part) == AT_ONCE:
                session.execute(insert(_AS_STORED), part)
                part = []
        if part:
            session.execute(insert(_AS_STORED), part)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _one_decided(session: Session) -> dict[str, Any]:
    one = select(_AS_STORED).where(_AS_STORED.c.decided_at.is_not(None)).limit(1)
    return dict(session.execute(one).mappings().one())


def _rows(
    like: dict[str, Any], first: int, size: int, wards: list[int], moment: datetime
) -> Iterator[dict[str, Any]]:
    outcomes, concerns = tuple(Outcome), tuple(Concern)
    for number in range(size):
        at = moment - timedelta(days=364) * (number / size)
        yield like | {
            "id": first + number,
            "ref": f"R{first + number}",
            "state": ReferralState.DECIDED,
            "received_at": at,
            "recorded_at": at,
            "decision_due_at": at + timedelta(days=1),
            "act_by_at": at + timedelta(days=1),
            "decided_at": at + timedelta(hours=number % 80),
            "outcome": outcomes[number % len(outcomes)],
            "concerns": [concerns[number % len(concerns)].value],
            "ward_id": wards[number % len(wards)],
            "earlier_referral_id": None,
            "filtered": None,
            "first_decided_at": None,
            "first_due_at": None,
        }


def _timed(app: Flask) -> Taken:
    moment = now()
    with transaction() as session:
        service.note_changes(session, moment)
    counting = longest = 0.0
    while (part := service.next_part(reading(), moment)) is not None:
        began = time.perf_counter()
        counted = count(reading(), part.measure, part.month, moment)
        took = time.perf_counter() - began
        reading().rollback()
        with transaction() as session:
            service.keep(session, part, counted, took, moment, moment)
        counting, longest = counting + took, max(longest, took)
    pages = []
    for _ in range(ROUNDS):
        pids = _at_work(reading())
        before = processor_seconds(pids)
        offered = choose(reading(), {}, moment)
        year = next(one.key for one in offered.periods if len(one.quarters) == 4)
        picked = choose(reading(), {"period": year}, moment)
        page_of(reading(), picked, protected=True, now=moment)
        pages.append(processor_seconds(pids) - before)
        reading().rollback()
    return Taken(counting, longest, sorted(pages)[ROUNDS // 2])


def _at_work(session: Session) -> list[int]:
    """This process, and that of the database server which answers it."""
    pids = [os.getpid()]
    if session.get_bind().dialect.name == "postgresql":
        pids.append(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
    return pids
