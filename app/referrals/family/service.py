"""Changing who stands round the children of a referral (A2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.refusal import Refused
from app.directory import queries as directory
from app.referrals.models import Referral, ReferralAdult
from app.referrals.types import AdultGiven, ChangedMeanwhile


class AdultKept(NamedTuple):
    """An adult as typed, and the row they stand in; None for one who is new."""

    row: int | None
    given: AdultGiven


def set_adults(
    session: Session,
    actor: Actor,
    referral: Referral,
    adults: Sequence[AdultKept],
    now: datetime,
    version: int | None = None,
) -> None:
    """Parents, others in the household, an alleged perpetrator: these and nobody else (A2).

    `version` is the referral's as the form showed it. Raises Refused by the field
    (`adults-0-name`), ChangedMeanwhile where somebody changed the referral first.
    """
    if version is not None and version != referral.version:
        raise ChangedMeanwhile
    for place, one in enumerate(adults):
        if not one.given.name:
            raise Refused(
                f"adults-{place}-name", "Enter the adult's name, or “not known” if nobody said"
            )
        employer = one.given.employer_id
        if employer is not None and directory.agency(session, employer) is None:
            raise Refused(f"adults-{place}-employer_id", "Choose the agency from the list")
    held = {row.id: row for row in referral.adults}
    added = changed = 0
    kept: set[int] = set()
    for one in adults:
        row = held.get(one.row) if one.row is not None and one.row not in kept else None
        if row is None:
            referral.adults.append(ReferralAdult(**asdict(one.given)))
            added += 1
            continue
        kept.add(row.id)
        fresh = {
            name: value for name, value in asdict(one.given).items() if getattr(row, name) != value
        }
        for name, value in fresh.items():
            setattr(row, name, value)
        changed += bool(fresh)
    gone = [row for key, row in held.items() if key not in kept]
    for row in gone:
        referral.adults.remove(row)
    if not (added or changed or gone):
        return
    # The adults are part of the referral: whoever changes it at the same time has to see this.
    flag_modified(referral, "concerns")
    session.flush()
    record(
        session, actor, "adults changed", Subject("referral", referral.ref), now,
        {"adults_added": added, "adults_changed": changed, "adults_removed": len(gone)},
    )  # fmt: skip
