"""Who else may review the deletion of a case: whoever lifted its legal hold may not (H8)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.accounts.queries import staff_who_may
from app.accounts.types import Permission
from app.meetings.restricted import queries as restricted
from app.retention.cases import CaseRows


def reviewers(session: Session, rows: CaseRows, without: Collection[int]) -> list[str]:
    """The names of those who may, `without` these; of a restricted case only who may see it."""
    found = [one for one in staff_who_may(session, Permission.CASE_CLOSE) if one.id not in without]
    held = restricted.standing(
        session, referral_id=rows.referral_id, meeting_id=next(iter(rows.meetings), 0)
    )
    if held is not None:
        readers = {one for one, _name in restricted.readers(session, held.id)}
        found = [one for one in found if one.id in readers]
    return [one.name for one in found]
