"""From which facts a discussion's clocks run, and what may be recorded as already held: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from app.core.refusal import Refused
from app.invitations.wording import is_address
from app.meetings import rules as meetings
from app.meetings.need.types import Present
from app.protocols.types import Facts
from app.referrals.outcome.types import Decided
from app.referrals.types import Outcome

LONGEST_AGO = timedelta(days=31)
# A decision on a contact takes a day at most (IMAP 5): what replaces it within one is the same
# decision put right, and the referral's own clock goes on.
PUT_RIGHT_WITHIN = timedelta(hours=24)


def facts_for(
    referral: Facts | None,
    *,
    is_first: bool,
    decided_at: datetime,
    information_at: datetime | None,
    identified_at: datetime | None,
    cancelled: Facts | None = None,
    open_case: Facts | None = None,
) -> Facts:
    """The facts of one discussion (B1). All moments are aware. `open_case` is what is said of the
    case of one without a referral (A11).

    The first discussion of a referral runs from what the referral says. For an open case or a
    later discussion `received_at` is when the triggering information arrived, else absent: never
    the months-old referral; what was identified then does not start this clock either.

    `cancelled` are the facts of a discussion that was called off and in whose place this one comes.
    Its need was never met, so its clock runs on from the first decision (BROMLEY 1), whoever
    decides anew and when; only newer information starts another.
    """
    said = referral or open_case
    if said is not None and referral is not None and not is_first:
        # Of a referral's later discussion it is an action of long ago.
        said = replace(said, immediate_action_at=None)
    if cancelled is not None and runs_on(cancelled, information_at):
        first = cancelled.need_identified_at or decided_at
        if referral is None or not is_first or referral.need_identified_at != first:
            return _with_new_flags(cancelled, said, identified_at)
        # As the referral has it now: when it was received may have been corrected meanwhile.
        decided_at, information_at = first, None
    if referral is not None and is_first and information_at is None:
        return replace(
            referral,
            need_identified_at=decided_at,
            identified_at=identified_at or referral.identified_at,
        )
    return replace(
        said or Facts(),
        received_at=information_at,
        identified_at=identified_at or information_at or decided_at,
        need_identified_at=decided_at,
        meeting_ended_at=None,
        section47_started_at=None,
        icpc_decided_at=None,
    )


def decided_otherwise(decisions: Iterable[Decided], at: datetime) -> datetime | None:
    """When a referral was last decided as something else and that took its course, as seen at the
    moment `at` of another decision; None where it never did (B1).

    `decisions` are those since the referral was last opened again, the oldest first. Such a
    decision took its course where it, or what replaced it, stood for more than a day.
    """
    took_course = _otherwise(decisions, at)
    return took_course[-1][1] if took_course else None


def decided_away(decisions: Iterable[Decided], since: datetime, at: datetime) -> datetime | None:
    """When the need that stood at `since` was first decided otherwise, where that took its course
    as `decided_otherwise` has it; None where it never was."""
    return next((first for first, last in _otherwise(decisions, at) if last >= since), None)


def _otherwise(decisions: Iterable[Decided], at: datetime) -> list[tuple[datetime, datetime]]:
    """The first and the last of decisions as something else that followed each other, where what
    they began stood for more than a day."""
    found: list[tuple[datetime, datetime]] = []
    began = last = None
    for one in decisions:
        if one.outcome is not Outcome.STRATEGY_DISCUSSION:
            began, last = began or one.at, one.at
            continue
        if began is not None and last is not None and one.at - began > PUT_RIGHT_WITHIN:
            found.append((began, last))
        began = None
    if began is not None and last is not None and at - began > PUT_RIGHT_WITHIN:
        found.append((began, last))
    return found


def runs_on(cancelled: Facts, information_at: datetime | None) -> bool:
    """Whether the clock of a cancelled discussion goes on: not where information that makes another
    one needed has arrived since that was decided."""
    first = cancelled.need_identified_at
    return information_at is None or (first is not None and information_at <= first)


def _with_new_flags(kept: Facts, said: Facts | None, identified_at: datetime | None) -> Facts:
    kept = replace(kept, identified_at=identified_at or kept.identified_at)
    if said is None:
        return kept
    return replace(
        kept,
        flags=said.flags,
        rag=said.rag,
        domestic_abuse=said.domestic_abuse,
        immediate_action_at=kept.immediate_action_at or said.immediate_action_at,
    )


def check_decided_at(decided_at: datetime, now: datetime, received_at: datetime | None) -> None:
    """Raise Refused for a decision in the future, or before there was anything to decide on."""
    if decided_at > now:
        raise Refused("decided_at", "The decision is in the future: correct the date or the time")
    # The form gives whole minutes: a decision in the minute of the referral is not before it.
    if received_at is not None and decided_at < received_at.replace(second=0, microsecond=0):
        raise Refused(
            "decided_at", "The decision is before the referral was received: correct one of them"
        )
    if now - decided_at > LONGEST_AGO:
        raise Refused("decided_at", "Check the date: this is more than a month ago")


def check_not_in_future(moment: datetime | None, now: datetime, field: str, what: str) -> None:
    """Raise Refused where something that happened lies in the future."""
    if moment is not None and moment > now:
        raise Refused(field, f"{what} is in the future: correct the date or the time")


def warnings_about(people: Iterable[Present]) -> list[str]:
    """What was typed of people who took part and needs a look: told, never in the way (C11)."""
    found = []
    for one in people:
        if one.professional_id is not None:
            continue
        if one.email and not is_address(one.email):
            found.append(
                f"“{one.email}” is no email address, so {one.name} has none here: find it before "
                "the record is circulated."
            )
        if not one.agency_name:
            found.append(f"The agency of {one.name} is missing: {one.agency_kind.label} stands.")
    return found


def check_held(started_at: datetime, ended_at: datetime, now: datetime) -> None:
    """Raise Refused for times that a discussion already held cannot have (C11)."""
    meetings.check_held(started_at, ended_at, now)
    if now - started_at > LONGEST_AGO:
        raise Refused("started_at", "Check the date: this is more than a month ago")
