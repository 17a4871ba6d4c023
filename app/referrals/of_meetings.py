"""What referrals ask of meetings, which stand above them: the factory hands the answers in.

Each is given the referral's number.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.handed import Handed

# Carries what changed on the referral into what was locked.
TakesIn = Callable[[Actor, datetime], None]
WaitingDiscussions = Callable[[Session, int], TakesIn]

# The reference of a strategy discussion that waits to be booked, is booked or under way.
LIVE_DISCUSSION = Handed[Callable[[Session, int], str | None]]("live_discussion")
# When the last one that was held ended, aware.
DISCUSSION_OVER = Handed[Callable[[Session, int], datetime | None]]("discussion_over")
# Locks the discussions that wait to be booked.
WAITING_DISCUSSIONS = Handed[WaitingDiscussions]("waiting_discussions")
# Locks those that are still to be held; what comes back notes whether one is due sooner now.
DISCUSSIONS_AHEAD = Handed[Callable[[Session, int], TakesIn]]("discussions_ahead")
