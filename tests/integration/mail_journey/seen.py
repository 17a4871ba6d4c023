"""What there was to see from outside: letters, addresses, pages, every line that was logged."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property

import structlog

from app.core.clock import from_london, in_london, now
from tests.integration.mail_journey.canary import Canary
from tests.integration.mail_journey.case import (
    ADULTS,
    BORN,
    CANARY_WORDS,
    CHILDREN,
)
from tests.integration.mail_journey.letter import Letter


@dataclass
class Journey:
    """What there was to see from outside."""

    desk: str = ""
    chair: str = ""
    reference: str = ""
    refs_of_case: tuple[str, ...] = ()
    # First booked for, then moved to.
    starts: tuple[datetime, datetime] = field(
        default_factory=lambda: (day_ahead(3, "10:00"), day_ahead(4, "14:30"))
    )
    pins: dict[str, str] = field(default_factory=dict)  # the meeting's, after each step
    steps: dict[str, list[Letter]] = field(default_factory=dict)
    times: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    staff_urls: list[str] = field(default_factory=list)
    guest_urls: list[str] = field(default_factory=list)
    page_after_code: str = ""
    pages_before_code: list[str] = field(default_factory=list)
    log: str = ""

    @property
    def letters(self) -> list[Letter]:
        return [letter for letters in self.steps.values() for letter in letters]

    @cached_property
    def canary(self) -> Canary:
        return Canary((*CHILDREN, *ADULTS), BORN, (*CANARY_WORDS, *self.refs_of_case))

    @cached_property
    def canary_of_staff(self) -> Canary:
        """For addresses that only staff ask for: these may hold references and name the work."""
        return Canary((*CHILDREN, *ADULTS), BORN, CANARY_WORDS, forbidden=())


@contextmanager
def everything_logged(journey: Journey) -> Iterator[None]:
    """Every line that is logged, at DEBUG, statements of the database too, and all that is printed:
    as where somebody looks for a fault and turns everything up."""
    said = io.StringIO()
    before, root = structlog.get_config(), logging.getLogger()
    levels = {
        root: logging.DEBUG,
        logging.getLogger("sqlalchemy.engine"): logging.INFO,
        # The mail server of the tests runs in this process too; what it hears is no log of ours.
        logging.getLogger("mail"): logging.ERROR,
    }
    held = {logger: logger.level for logger in levels}
    handler = logging.StreamHandler(said)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(args)s"))
    root.addHandler(handler)
    for logger, level in levels.items():
        logger.setLevel(level)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    try:
        with redirect_stderr(said), redirect_stdout(said):
            logging.getLogger("a library").debug("says %s", "something")
            structlog.get_logger().debug("the application says something")
            yield
    finally:
        journey.log = said.getvalue()
        root.removeHandler(handler)
        for logger, level in held.items():
            logger.setLevel(level)
        structlog.configure(**before)


def day_ahead(days: int, at: str) -> datetime:
    """This many days from now, at this time on the wall."""
    day = in_london(now()).date() + timedelta(days=days)
    return from_london(datetime.combine(day, time.fromisoformat(at)))
