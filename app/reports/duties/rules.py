"""What waits for whom beside cases: late first, then next due. Pure (G1, G6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time, timedelta

from app.accounts.rules import may
from app.accounts.types import Permission, Role
from app.core.clock import from_london, london_date, words_for_span
from app.meetings.early_notice.rules import NOTICE_SLOW
from app.meetings.received.types import NotRead
from app.reports.duties.types import Duty, Installation, Quality
from app.reports.quality.periods import quarter_before
from app.reports.rules import state_of

WORKER_AWAY = timedelta(minutes=5)
MAIL_SLOW = MAILBOX_AWAY = timedelta(minutes=10)
# Views are bound within a minute (H3).
VIEWS_WAIT = timedelta(minutes=5)
BACKUP_OLD = timedelta(hours=26)
# Reviewed while people remember what happened.
NEAR_MISS_REVIEWED = timedelta(days=14)
# After the end of the month or quarter.
SAMPLE_DRAWN, REPORT_MADE = timedelta(days=10), timedelta(days=30)
# The children in need census of a year to March is collected until 31 July.
CENSUS_SHOWN, CENSUS_DUE = (6, 1), (7, 31)
_BACK_UP = "Take one with flask backup, then see to its timer."


def in_order(duties: Iterable[Duty]) -> list[Duty]:
    """What is wrong now, then late, then next due."""
    return sorted(
        duties,
        key=lambda one: (
            one.due_at is not None,
            one.state != "late",
            one.due_at.timestamp() if one.due_at else 0.0,
        ),
    )


def of_installation(held: Installation, now: datetime, staff_href: str) -> Iterator[Duty]:
    """What the system administrator sees to; nothing of a case."""
    if held.worker_seen is None or now - held.worker_seen > WORKER_AWAY:
        seen = "never" if held.worker_seen is None else f"{_ago(held.worker_seen, now)} ago"
        yield _wrong(
            "The worker does not run",
            f"Last seen: {seen}. No mail leaves and no reminder goes out until it runs. Start it; "
            "flask doctor says more.",
        )
    if held.mail_held is not None:
        yield _wrong(
            "Mail is held since a backup was restored",
            f"For {_ago(held.mail_held, now)}. flask mail release --help says what to do.",
        )
    elif held.mail_oldest is not None and now - held.mail_oldest > MAIL_SLOW:
        yield _wrong(
            "Mail does not leave",
            f"The oldest letter waits for {_ago(held.mail_oldest, now)}. Look whether the mail "
            "server answers; flask doctor says more.",
        )
    if held.mail_failed:
        yield _wrong(
            "Letters did not arrive",
            f"{_many(held.mail_failed, 'letter')} that nobody has seen to. An administrator marks "
            "each under Deliveries; if there are many, look at the mail server.",
        )
    yield from of_mailbox(held.mailbox, now, "Look at IMAP_URL; flask doctor says more.")
    if held.notice_oldest is not None and now - held.notice_oldest > NOTICE_SLOW:
        yield _wrong(
            "The quality service is not told of a conference",
            f"A letter to it is due for {_ago(held.notice_oldest, now)} and cannot be made. It is "
            "tried again every minute; the worker's log says why (quality service not told). Ask "
            "the desk to telephone the service.",
        )
    if held.views_oldest is not None and now - held.views_oldest > VIEWS_WAIT:
        yield _wrong(
            "Views of cases are not bound into the audit",
            f"For {_ago(held.views_oldest, now)}. The worker does this twice a minute: see that "
            "it runs.",
        )
    if held.backup is None:
        yield _wrong(
            "No backup was ever taken", "Take one with flask backup, then see to its timer."
        )
    elif now - held.backup > BACKUP_OLD:
        yield _wrong(
            "The last backup is old",
            f"Taken {_ago(held.backup, now)} ago. {_BACK_UP}",
        )
    if held.backup is not None and held.backup_problems:
        yield _wrong(
            "The database or the audit is not whole",
            f"The backup taken {_ago(held.backup, now)} ago found "
            f"{_many(held.backup_problems, 'problem')}. Keep every older backup; flask backup "
            "verify FILE names them, flask audit verify says what became of the audit.",
        )
    if held.paused:
        yield _wrong(
            "Accounts are paused",
            f"{_many(held.paused, 'account')} after five wrong passwords or codes. Each opens by "
            "itself after 15 minutes; ask its owner whether it was them.",
            staff_href,
        )


def of_mailbox(held: NotRead | None, now: datetime, next_step: str) -> Iterator[Duty]:
    """A mailbox that cannot be read for some time: nobody's silence says anything (D6)."""
    if held is not None and now - held.since > MAILBOX_AWAY:
        yield _wrong(
            "Answers by mail are not read",
            f"For {_ago(held.since, now)}. {held.problem} Who answered by their calendar shows as "
            f"not answered, and letters that came back show as sent. {next_step}",
        )


def of_quality(
    held: Quality, roles: Collection[Role], now: datetime, hrefs: dict[str, str]
) -> Iterator[Duty]:
    """What is open in quality, for whoever does it."""
    today = london_date(now)
    last_quarter = quarter_before(today)
    if held.near_misses and held.near_miss_oldest and may(roles, Permission.NEAR_MISS_REVIEW):
        yield _due(
            "Review near misses",
            f"{_many(held.near_misses, 'near miss', 'near misses')} on the log.",
            held.near_miss_oldest + NEAR_MISS_REVIEWED,
            now,
            hrefs["near_misses"],
        )
    if not may(roles, Permission.QUALITY_SEE):
        return
    if held.undrawn:
        oldest, months = held.undrawn[-1], len(held.undrawn)
        waits = f" {months} months wait." if months > 1 else ""
        yield _due(
            f"Draw the sample of {oldest.words} for case audit",
            f"Two cases of each outcome, at random.{waits}",
            _end_of(oldest.end + SAMPLE_DRAWN),
            now,
            hrefs["samples"],
        )
    if held.oldest_open is not None and may(roles, Permission.CASE_AUDIT):
        of_samples = f" of {held.samples_open} samples" if held.samples_open > 1 else ""
        next_month = (held.oldest_open.end + timedelta(days=32)).replace(day=1)
        yield _due(
            f"Review the cases of the sample of {held.oldest_open.words}",
            f"{_many(held.to_review, 'case')}{of_samples} to review, by somebody who did not work "
            "on them.",
            _end_of(next_month - timedelta(days=1)),
            now,
            hrefs["sample"],
        )
    if not held.report_made and Role.ANALYST in roles:
        yield _due(
            "Make the report to the board",
            f"{last_quarter.words}. Read the figures, then download it.",
            _end_of(last_quarter.end + REPORT_MADE),
            now,
            hrefs["report"],
        )


def in_census_season(today: date) -> bool:
    """Whether the census of the year that ended last is spoken of."""
    return CENSUS_SHOWN <= (today.month, today.day) <= CENSUS_DUE


def of_census(exported_at: datetime | None, now: datetime, href: str) -> Iterator[Duty]:
    """The census of the year to March, for whoever makes returns, until its file was made.

    What was taken away before the year was over was not whole.
    """
    today = london_date(now)
    over_at = from_london(datetime.combine(date(today.year, 4, 1), time()))
    done = exported_at is not None and exported_at >= over_at
    if in_census_season(today) and not done:
        yield _due(
            "Send the children in need census",
            f"For the year to 31 March {today.year}. Mend what keeps it back, then save the file.",
            _end_of(date(today.year, *CENSUS_DUE)),
            now,
            href,
        )


def _wrong(words: str, details: str, href: str = "") -> Duty:
    return Duty(words, details, None, "late", "Now", "", href)


def _due(words: str, details: str, due: datetime, now: datetime, href: str) -> Duty:
    state, state_text, left = state_of(due, now)
    return Duty(words, details, due, state, state_text, left, href)


def _end_of(day: date) -> datetime:
    return from_london(datetime.combine(day, time(23, 59)))


def _ago(since: datetime, now: datetime) -> str:
    return words_for_span(now - since)


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"
