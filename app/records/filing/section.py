"""What of a referral and its records stands in the case system, on the referral's page (A2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.records.filing import queries
from app.records.filing.queries import RecordTick
from app.referrals.filing.queries import Filed, filed
from app.referrals.filing.rules import TickShown, tick_shown
from app.referrals.models import Referral
from app.referrals.sections import Part, Section
from app.referrals.shown import name_of


@dataclass(frozen=True, slots=True)
class ChildFiled:
    """One child of the referral: the reference, the referral's tick, the records' ticks."""

    ref: str
    name: str
    version: int
    reference: str
    referral: TickShown
    records: tuple[RecordTick, ...]


def load(session: Session, referral: Referral, now: datetime) -> Part:
    """Every tick of this referral: two statements."""
    ticks = {one.child_id: one for one in filed(session, referral.id)}
    records = queries.of_referral(session, referral.id)
    children = [row.child for row in referral.children]
    left = {one.id for one in children}
    gone: list[Filed] = [one for child_id, one in ticks.items() if child_id not in left]
    return Part(
        {
            "referral_ref": referral.ref,
            "children": [
                ChildFiled(
                    child.ref,
                    name_of(child),
                    child.version,
                    child.case_reference or "",
                    tick_shown(
                        ticks[child.id].tick if child.id in ticks else None, child.case_reference
                    ),
                    tuple(one for one in records if one.child_id == child.id),
                )
                for child in children
            ],
            "gone": gone,
        }
    )


referral_section = Section("records/filing/_section.html", "children", load)
