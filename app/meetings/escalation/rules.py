"""How a disagreement goes up the ladder, by when, and where it ends (E4; IMAP 9): pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.refusal import Refused
from app.meetings.escalation.types import Ending, Ladder, Step
from app.protocols.rules import due_after
from app.protocols.types import Force, Protocol, Unit
from app.protocols.working_days import BankHolidaysUnknown

NOT_STRUCK = (
    "A disagreement can be struck while it stands in no signed record and at the first step, has "
    "not ended, and did not come by link"
)
# Where a protocol's bank holidays end, a step is counted as so many days: never without a clock.
_BEYOND = timedelta(days=7)


def ladder_of(protocol: Protocol) -> dict[str, Any]:
    """The ladder of a protocol as a disagreement keeps it, so that a later edit of the file
    changes nothing that is under way (B1)."""
    return {
        "protocol": protocol.name,
        "version": protocol.version,
        "steps": [
            {
                "id": step.id,
                "who": step.who,
                "unit": step.unit.value,
                "within": step.within,
                "force": step.force.value if step.force else None,
                "source": step.source,
                "reason": step.reason,
            }
            for step in protocol.escalation
        ],
    }


def kept_ladder(kept: Mapping[str, Any]) -> Ladder:
    """The ladder again, from what `ladder_of` made."""
    return Ladder(
        protocol=kept["protocol"],
        version=kept["version"],
        steps=tuple(
            Step(
                id=step["id"],
                who=step["who"],
                unit=Unit(step["unit"]),
                within=step["within"],
                force=Force(step["force"]) if step["force"] else None,
                source=step["source"],
                reason=step["reason"],
            )
            for step in kept["steps"]
        ),
    )


def due_of(step: Step, since: datetime) -> datetime:
    """By when (UTC) a step resolves what reached it at `since`, or hands it on."""
    try:
        return due_after(step.unit, step.within, since)
    except BankHolidaysUnknown:
        return since + _BEYOND


def check_next(ladder: Ladder, step: int) -> None:
    """Raises Refused at the last step: its decision ends the disagreement."""
    if not ladder.has_next(step):
        raise Refused(
            "move", f"{ladder.steps[step].who} is the last step: record how it ended there"
        )


def check_ending(ending: Ending | None) -> Ending:
    """Raises Refused where it is not said how the disagreement ended."""
    if ending is None:
        raise Refused("ending", "Choose how it ended")
    return ending


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a disagreement was recorded, and what became of it. `signed`: it stands in a version of
    the record that was signed, which a correction leaves as it is."""

    by_link: bool
    signed: bool
    struck: bool
    handed_on: bool
    ended: bool


def may_be_struck(one: Recorded) -> bool:
    """Whether a disagreement can be struck, as long as the record may be written."""
    return not (one.by_link or one.signed or one.struck or one.handed_on or one.ended)


def check_strike(reason: str, one: Recorded) -> None:
    """Raises Refused (fields `page`, `reason`) for what cannot be struck: what somebody wrote by
    their own link is theirs, and what was signed or went up the ladder was no slip of the pen:
    these end on the ladder alone; and without a reason."""
    if one.by_link:
        raise Refused(
            "page", "They wrote this themselves, by their link: record how it is resolved instead"
        )
    if one.struck or one.ended:
        raise Refused("page", "This disagreement was struck, or has ended, already")
    if one.signed:
        raise Refused("page", "This stands in the signed record: record how it is resolved instead")
    if one.handed_on:
        raise Refused(
            "page", "This was taken to the next step: record how it is resolved there instead"
        )
    if not reason:
        raise Refused("reason", "Say why it is struck: the reason stays with the case")


def is_late(due_at: datetime, now: datetime) -> bool:
    """Whether a step's time is over."""
    return now > due_at
