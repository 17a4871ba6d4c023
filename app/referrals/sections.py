"""What other rooms show on the referral's page: they hand it in, so that it need not know them.

A room that has something to show holds `referral_section`, a `Section`; the factory lists these
modules in `REFERRAL_SECTIONS`, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy.orm import Session

from app.audit.types import Actor, Subject
from app.protocols.types import Clock, ClockError, Due
from app.referrals.models import Referral

# The reference of a strategy discussion of this referral that waits to be booked, is booked or
# under way; handed in by the factory, since meetings stand above referrals.
LiveDiscussion = Callable[[Session, int], str | None]
# When the last one that was held ended, aware; in the same way.
DiscussionOver = Callable[[Session, int], datetime | None]
# Carries what changed on the referral into what was locked.
TakesIn = Callable[[Actor, datetime], None]
# Locks the discussions of a referral that wait to be booked; in the same way.
WaitingDiscussions = Callable[[Session, int], TakesIn]
# Locks those that are still to be held; what comes back notes whether one is due sooner now.
DiscussionsAhead = Callable[[Session, int], TakesIn]


class KeptClock(NamedTuple):
    """How a clock of the referral stands with another room: by which answer it runs, where that is
    kept there; when it was met; and whether it runs at all."""

    clock: Clock
    answer: Due | ClockError | None = None
    met_at: datetime | None = None
    runs: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One section, ready to be shown: what its template is given as `part`, which subjects belong
    in the timeline beside the referral and its children, and what it knows of the clocks."""

    context: Mapping[str, Any]
    subjects: tuple[Subject, ...] = field(default=())
    clocks: tuple[KeptClock, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Section:
    """`place` is `children` (after the children and family), `checks` (after the rating, before
    the decision) or `after` (the decision).

    `load` reads in as few statements as it can, the same for any number of rows; `now` is aware.
    """

    template: str
    place: Literal["children", "checks", "after"]
    load: Callable[[Session, Referral, datetime], Part]
