"""When a case may be closed, until when it is kept, when it may be deleted: pure (H8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from app.core.clock import london_date, words_for_moment
from app.core.refusal import Refused
from app.protocols.types import KeptCase, KeptFrom, RetentionRule
from app.protocols.working_days import end_of_day, start_of_day
from app.retention.types import CaseFacts, Kept, Stage

# No document gives times. What came to nothing leaves the lists by itself after a while; between
# the approval of a deletion and the deletion somebody may still change their mind.
ARCHIVE_AFTER = timedelta(days=90)
GRACE = timedelta(days=14)
MOST_NAMED = 3
LONGEST_LONGER = timedelta(days=366 * 30)


def keep_until(rules: Iterable[RetentionRule], facts: CaseFacts, closed_at: datetime) -> Kept:
    """Until when a case that was closed then is kept: the latest end of the periods that hold,
    on a tie that of the rule listed first. Source: that of the rule.

    Years from birth are counted for the youngest child; whose birthday nobody knows was born at
    the latest on the day when the case began. The end is that of the day in London. Raises
    ValueError where no rule holds.
    """
    found: Kept | None = None
    for rule in rules:
        if not _holds(rule, facts):
            continue
        start = london_date(closed_at) if rule.start is KeptFrom.CLOSED else youngest(facts)
        until = end_of_day(years_on(start, rule.years))
        if found is None or until > found.until:
            found = Kept(until, rule.id, rule.reason, rule.source, rule.document)
    if found is None:
        raise ValueError("no period of retention holds for this case")
    return found


def youngest(facts: CaseFacts) -> date:
    """The last of the children's birthdays, as far as they are known."""
    began = london_date(facts.began_at)
    return max((born or began for born in facts.births), default=began)


def still_open(facts: CaseFacts) -> list[str]:
    """What has to end before a case can be closed, in words; nothing where it may be."""
    counted = (
        (not facts.decided, "It is not decided"),
        (facts.meetings_open, "A strategy discussion is needed, booked or not signed yet"),
        (facts.records_not_circulated, "A record is not with everyone yet"),
        (facts.corrections, "A correction of the record is under way"),
        (facts.actions_open, "Actions are open"),
        (facts.steps_open, "Something still follows for a child: see what follows the discussion"),
        (facts.disagreements_open, "A disagreement is not resolved yet"),
        (
            facts.children_unspoken,
            "No discussion speaks of a child who joined: book one, or say that none is needed",
        ),
        (facts.checks_open, "An agency has not answered yet"),
        (facts.assessments_open, "The section 17 assessment is not complete"),
        (facts.abuse_cases_open, "A domestic abuse case is open"),
    )
    return [words for holds, words in counted if holds]


def check_closable(facts: CaseFacts) -> None:
    """Raise Refused (field `page`) while something of the case is open."""
    waits = still_open(facts)
    if waits:
        raise Refused("page", f"The case cannot be closed yet. {'. '.join(waits)}.")


def stage_of(
    *,
    keep_until: datetime,
    held: bool,
    approved: bool,
    deleted: bool,
    now: datetime,
) -> Stage:
    """Where a closed case stands; a hold goes before everything but the deletion itself."""
    if deleted:
        return Stage.DELETED
    if held:
        return Stage.HELD
    if approved:
        return Stage.APPROVED
    return Stage.DUE if now > keep_until else Stage.KEPT


def check_deletable(stage: Stage, others_open: int) -> None:
    """Raise Refused (field `page`) where a deletion may not be approved: before the time is over,
    under a legal hold, and while another case about one of the children is open (H8)."""
    if stage is not Stage.DUE:
        raise Refused("page", f"Only what is to be reviewed can be deleted: {stage.label.lower()}")
    if others_open:
        raise Refused(
            "page",
            "Another case about one of these children is open: keep this one until it is closed",
        )


def check_second_person(
    approver: int | None, lifters: Collection[int], others: Sequence[str]
) -> None:
    """Raise Refused (field `page`) where one person alone would undo the protection of a case:
    whoever lifted its legal hold does not approve its deletion (H8). `others` may."""
    if approver in lifters:
        raise Refused(
            "page",
            "You lifted the legal hold on this case: somebody else has to review its deletion. "
            + who_else(others),
        )


def who_else(names: Sequence[str]) -> str:
    """Who may review the deletion instead, or what to do where nobody may."""
    if not names:
        return (
            "Nobody else may yet: ask a system administrator to give somebody the role of chair. "
            "Until then the case is kept."
        )
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} or another chair may."
    most = ", ".join(names[:-1])
    return f"{most} or {names[-1]} may." if most else f"{names[-1]} may."


def check_longer(until: datetime, before: datetime, now: datetime) -> None:
    """Raise Refused (field `until`) for a later end that is none, or beyond thirty years."""
    if until <= max(before, now):
        raise Refused("until", f"Choose a day after {words_for_moment(max(before, now))}")
    if until - now > LONGEST_LONGER:
        raise Refused("until", "Choose a day within thirty years: then it is looked at again")


def check_reason(reason: str) -> None:
    """Raise Refused (field `reason`) where none is given: each of these stands in the audit."""
    if not reason:
        raise Refused("reason", "Say why")


def may_go(approved_at: datetime, now: datetime) -> bool:
    """Whether the time to change one's mind is over."""
    return now >= approved_at + GRACE


def _holds(rule: RetentionRule, facts: CaseFacts) -> bool:
    return {
        KeptCase.EVERY: True,
        KeptCase.DISCUSSED: facts.discussed,
        KeptCase.LOOKED_AFTER: facts.looked_after,
    }[rule.case]


def kept_from(kept: Sequence[RetentionRule], now: datetime) -> datetime:
    """What was written of no case is kept from this moment on: as long as a case at least."""
    years = max(rule.years for rule in kept if rule.case is KeptCase.EVERY)
    return start_of_day(years_on(london_date(now), -years))


def years_on(day: date, years: int) -> date:
    """The same day so many years later, or earlier; 1 March in the place of 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, month=3, day=1)
