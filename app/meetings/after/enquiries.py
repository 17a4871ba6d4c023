"""Which discussions are about one section 47 enquiry: pure (F8).

A discussion that continues an enquiry is about the one that runs. Its steps are then followed with
the last discussion alone, so that one enquiry is never late twice, nor counted twice (G3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Discussed:
    """What one discussion itself says of a child's enquiry; `ended_at` is when the enquiry ended,
    as it was noted with this discussion."""

    row_id: int
    began_at: datetime
    enquiry_runs: bool
    started_here: bool
    ended_at: datetime | None


def enquiries(discussed: Iterable[Discussed]) -> list[list[Discussed]]:
    """The enquiries of one child, each as the discussions about it in their order.

    One that continues goes with the enquiry that was started last of those that ran at that time:
    a finished enquiry is not continued. Where none ran here, it is the first that is known of one.
    """
    found: list[list[Discussed]] = []
    for one in sorted(discussed, key=lambda each: (each.began_at, each.row_id)):
        if not one.enquiry_runs:
            continue
        running = [] if one.started_here else [each for each in found if _runs(each, one.began_at)]
        if running:
            running[-1].append(one)
        else:
            found.append([one])
    return found


def _runs(enquiry: list[Discussed], moment: datetime) -> bool:
    ends = [one.ended_at for one in enquiry if one.ended_at is not None]
    return not ends or ends[-1] >= moment
