"""What the example area knows of its own quality: near misses, answers after meetings (G6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffRole
from app.accounts.types import Role
from app.cli.example.area import Area
from app.core.clock import london_date
from app.core.refusal import Refused
from app.meetings.models import Meeting
from app.reports.quality.feedback.models import FeedbackAnswer
from app.reports.quality.feedback.types import View
from app.reports.quality.near_misses import service as near_misses
from app.reports.quality.near_misses.service import Told
from app.reports.quality.near_misses.types import NearMissKind
from app.reports.quality.periods import month_before, quarter_before
from app.reports.quality.sample import service as samples

# Role of who tells, days ago, kind, what, what stopped harm, what changed.
_TOLD = (
    (
        Role.TRIAGE, 5, NearMissKind.WRONG_CHILD,
        "Two cousins with the same first name and dates of birth a month apart were on the line at "
        "once. The report on one was nearly read out for the other.",
        "The health visitor asked for the date of birth.",
        "We now say name and date of birth before each report.",
    ),
    (
        Role.ADMINISTRATOR, 3, NearMissKind.WRONG_RECIPIENT,
        "An invitation was typed to a colleague of the same surname at another trust.",
        "The address was shown once more before sending.",
        "",
    ),
    (
        Role.SOCIAL_WORKER, 2, NearMissKind.NOT_ASKED,
        "The school was left out because it was half-term. Its lead had seen the bruise.",
        "The chair asked who sees the child every day.",
        "",
    ),
    (
        Role.OUT_OF_HOURS, 1, NearMissKind.SYSTEM,
        "The conference line cut everybody off after an hour.",
        "All were telephoned back within five minutes.",
        "",
    ),
)  # fmt: skip
_ANSWERS = (
    (View.YES, View.YES, "Clear and quick. Thank you for keeping to time."),
    (View.YES, View.YES, ""),
    (View.PARTLY, View.YES, "It would help to have the questions the day before."),
    (View.YES, View.PARTLY, ""),
    (View.NO, View.YES, "I was told an hour before and had no time to look anything up."),
    (View.YES, View.YES, ""),
    (View.YES, View.NO, "I was cut off and nobody noticed."),
)


def fill_quality(session: Session, area: Area, now: datetime) -> None:
    """Some near misses, the first of them reviewed; some answers; last month's sample, if any."""
    told = []
    for role, days, kind, what, stopped, changed in _TOLD:
        at = now - timedelta(days=days)
        case = session.execute(
            select(Meeting.ref).where(Meeting.created_at < at).order_by(Meeting.id.desc()).limit(1)
        ).scalar_one_or_none()
        one = Told(
            kind, london_date(at), what, stopped, changed,
            (case or "") if kind is NearMissKind.NOT_ASKED else "",
        )  # fmt: skip
        told.append(near_misses.report(session, area.actor(role), _staff(session, role), one, at))
    chair = area.actor(Role.CHAIR)
    near_misses.review(
        session, chair, _staff(session, Role.CHAIR), told[0],
        "Talked through in the team. Nobody was harmed.", "", now - timedelta(days=4),
    )  # fmt: skip
    session.add_all(
        FeedbackAnswer(
            quarter=quarter_before(london_date(now)).start,
            chair_id=_staff(session, Role.CHAIR),
            prepared=prepared,
            heard=heard,
            words=words or None,
        )
        for prepared, heard, words in _ANSWERS
    )
    try:
        month = month_before(london_date(now))
        samples.draw(session, chair, _staff(session, Role.CHAIR), month, now)
    except Refused:
        return  # the week began this month: there is nothing to draw from


def _staff(session: Session, role: Role) -> int:
    found = select(Staff.id).join(StaffRole).where(StaffRole.role == role).order_by(Staff.id)
    return session.execute(found.limit(1)).scalar_one()
