"""What somebody who is asked again reported to an earlier discussion of the same case: their own
words, read again by them alone (D5, H2)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.guests.types import OwnReport, Visitor
from app.meetings.models import Invitee, Meeting, MeetingChild, Report
from app.meetings.restricted.models import CaseRestriction
from app.meetings.standing import same_person
from app.records.models import Circulation

_me, _before = aliased(Invitee), aliased(Invitee)
_now, _then = aliased(Meeting), aliased(Meeting)
_here, _there = aliased(MeetingChild), aliased(MeetingChild)
_SAME_CHILD = exists().where(
    _here.meeting_id == _now.id,
    _there.meeting_id == _then.id,
    _there.child_id == _here.child_id,
)
# A discussion of an open case is a case of its own: what was said in a restricted one is not
# carried by a press to those who may see another (H2).
_OPEN_TO_THIS = or_(
    _then.referral_id == _now.referral_id,
    _then.referral_id.is_(None)
    & _now.referral_id.is_(None)
    & ~exists().where(
        CaseRestriction.meeting_id == _then.id, CaseRestriction.lifted_at.is_(None)
    ),
)  # fmt: skip
# From whom the chair withheld the record of a discussion has nothing of it here either (F5).
_NOT_WITHHELD = ~exists().where(
    Circulation.invitee_id == _before.id, Circulation.withheld_reason.is_not(None)
)
_ASKED_BEFORE = (
    select(_me, _before)
    .join(_now, _now.id == _me.meeting_id)
    .join(_then, _then.id < _now.id)
    .join(_before, _before.meeting_id == _then.id)
    .where(
        _me.id == bindparam("invitee_id"),
        _SAME_CHILD,
        _OPEN_TO_THIS,
        _before.wrong_address.is_(False),
        _NOT_WITHHELD,
        exists().where(Report.invitee_id == _before.id),
    )
)
_SENT = (
    select(Report.id, Report.body, Report.file_name, Report.received_at, Report.first_given_at)
    .where(Report.invitee_id.in_(bindparam("invitees", expanding=True)))
    .order_by(Report.id.desc())
)
_ONE = select(Report).where(Report.id == bindparam("report_id"))


def earlier_reports(session: Session, visitor: Visitor) -> list[OwnReport]:
    """What this person sent, from this address, to earlier discussions of a same child in the same
    case, the newest first; without files, and without what they have given again already."""
    own = _own_rows(session, visitor.invitee_id)
    if not own:
        return []
    held = session.execute(_SENT, {"invitees": [visitor.invitee_id]})
    seen = {row.first_given_at for row in held}
    found: list[OwnReport] = []
    for row in session.execute(_SENT, {"invitees": own}):
        given = row.first_given_at or row.received_at
        if given not in seen:
            seen.add(given)
            found.append(OwnReport(row.id, row.body or "", row.file_name or "", given))
    return found


def earlier_report(session: Session, visitor: Visitor, report_id: int) -> Report | None:
    """One of these, with its file; nobody else's is ever found (H2)."""
    found = session.execute(_ONE, {"report_id": report_id}).scalar_one_or_none()
    if found is None or found.invitee_id not in _own_rows(session, visitor.invitee_id):
        return None
    return found


def _own_rows(session: Session, invitee_id: int) -> Collection[int]:
    """Who they were in the discussions before: the same person at the same address."""
    return [
        before.id
        for me, before in session.execute(_ASKED_BEFORE, {"invitee_id": invitee_id})
        if same_person(me, before) and me.email and me.email.lower() == (before.email or "").lower()
    ]
