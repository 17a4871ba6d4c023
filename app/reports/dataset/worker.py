"""The worker's part: a little of the dataset each time, so that mail never waits for it."""

from __future__ import annotations

import time
from datetime import datetime

from app.core.config import Settings
from app.core.session import reading, transaction
from app.reports.dataset import service
from app.reports.dataset.counting import count


def work_out(settings: Settings, now: datetime) -> int:
    """Note what changed, then count one measure of one month; returns how much was done.

    Counting only reads, so that nobody who writes waits for it; its result is written afterwards
    in a short transaction.
    """
    with transaction() as session:
        noted = service.note_changes(session, now)
    part = service.next_part(reading(), now)
    if part is None:
        reading().rollback()
        return noted
    began = time.monotonic()
    counted = count(reading(), part.measure, part.month, now)
    reading().rollback()
    with transaction() as session:
        service.keep(session, part, counted, time.monotonic() - began, now, now)
    return 1
