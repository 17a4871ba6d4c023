"""What other rooms show on the referral's page: they hand it in, so that it need not know them.

A room that has something to show holds `referral_section`, a `Section`; the factory lists these
modules in `REFERRAL_SECTIONS`, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy.orm import Session

from app.audit.types import Subject
from app.core.handed import Handed
from app.protocols.types import Clock, ClockError, Due
from app.referrals.models import Referral


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


# Those of this application, in the order of the page.
SECTIONS = Handed[Sequence[Section]]("referral_sections")
