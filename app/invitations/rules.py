"""Links, codes and the sessions they open (D3): pure, every moment is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

CODE_LIFE = timedelta(minutes=10)
TRIES = 5
CODES_AN_HOUR = 6
CODES_A_DAY = 24
# Of these, kept twice from whoever else holds a link: see may_ask_for_code.
KEPT_OF_AN_HOUR = 1
KEPT_OF_A_DAY = 4
# How long a browser that a code opened is known: as long as most links live.
MARK_LIFE = timedelta(days=180)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
# A link lives on after the record went out, so that it can be read and reported on.
AFTER_RECORD = timedelta(days=14)
# And after the last action closed, so that "done" pressed by mistake can be taken back.
AFTER_LAST_ACTION = timedelta(days=1)
# A session is marked as seen at most this often: reading a page must not cost a write each time.
TOUCH = timedelta(minutes=1)


def link_is_open(now: datetime, *, revoked: datetime | None, expires: datetime | None) -> bool:
    """Whether the link still finds its invitation: not revoked, not past its end (D3)."""
    return revoked is None and (expires is None or now < expires)


def expiry(record_issued: datetime, last_action_closed: datetime | None) -> datetime:
    """When a link ends: 14 days after the record, or a day after the invitee's last action closed,
    if later (D3). While an action is open there is no end: do not call this yet."""
    end = record_issued + AFTER_RECORD
    return end if last_action_closed is None else max(end, last_action_closed + AFTER_LAST_ACTION)


def may_ask_for_code(
    now: datetime,
    asked: Sequence[tuple[datetime, str]],
    link: str,
    *,
    is_newest: bool,
    came_in: bool,
) -> bool:
    """Whether one more code may be sent for this invitation, by this link.

    `asked` says when each was asked for and by which link; `is_newest` whether the newest letter
    brought this one, `came_in` whether a code opened this browser before. Whoever else holds a link
    cannot use all of them up (D3), however many browsers they seem to have: four in an hour are for
    anybody, one is for the newest letter, as far as nothing was asked for by it, and one for
    whoever came in before; of a day sixteen, four and four.
    """
    limits = ((HOUR, CODES_AN_HOUR, KEPT_OF_AN_HOUR), (DAY, CODES_A_DAY, KEPT_OF_A_DAY))
    for span, most, kept in limits:
        within = [by for moment, by in asked if now - moment < span]
        if not came_in:
            most -= kept
        if not came_in and not (is_newest and within.count(link) < kept):
            most -= kept
        if len(within) >= most:
            return False
    return True


def code_is_live(
    now: datetime,
    *,
    expires: datetime,
    tries: int,
    used: datetime | None,
    replaced: datetime | None,
) -> bool:
    """Whether a code may be tried: ten minutes, once, five tries, the newest only (D3)."""
    return used is None and replaced is None and tries < TRIES and now < expires


def session_is_over(
    now: datetime, *, started: datetime, last_seen: datetime, ended: datetime | None
) -> bool:
    """Whether a guest's session has ended, was idle for 30 minutes or has run for 12 hours."""
    return ended is not None or now - last_seen > IDLE or now - started > LONGEST_SESSION
