"""The reports on the chair's page: beside whoever sent them, also where they were removed (D5)."""

from __future__ import annotations

from collections.abc import Collection

from app.core.clock import words_for_moment
from app.meetings.discussion.queries import Held
from app.meetings.discussion.shown import RemovedShown, ReportShown
from app.meetings.models import Report
from app.meetings.standing import same_person


def reports_by(row: Held, sent_by: Collection[int]) -> tuple[ReportShown, ...]:
    """What these people sent, by their numbers, oldest first."""
    return tuple(
        ReportShown(
            report.id,
            report.body or "",
            report.file_name or "",
            report.via.value,
            _received(report),
        )
        for report in row.reports
        if report.invitee_id in sent_by
    )


def heard_though_removed(row: Held) -> tuple[RemovedShown, ...]:
    """Who sent a report and was removed, and did not come back: what they said is heard too."""
    gone = [one for one in row.removed if not any(same_person(one, here) for here in row.invitees)]
    shown = (RemovedShown(one.name, one.agency_name, reports_by(row, {one.id})) for one in gone)
    return tuple(one for one in shown if one.reports)


def _received(report: Report) -> str:
    """When it came; and when an earlier discussion was given it, as it may be out of date."""
    words = words_for_moment(report.received_at)
    if report.first_given_at is None:
        return words
    return (
        f"{words}; first given {words_for_moment(report.first_given_at)}, for an earlier discussion"
    )
