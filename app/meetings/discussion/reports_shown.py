"""The reports on the chair's page: beside whoever sent them, also where they were removed (D5)."""

from __future__ import annotations

from collections.abc import Collection

from app.core.clock import words_for_moment
from app.meetings.discussion.controls import Painter, withheld
from app.meetings.discussion.queries import Held
from app.meetings.discussion.questions import INFORMATION
from app.meetings.discussion.shown import RemovedShown, ReportShown
from app.meetings.discussion.types import person_scope
from app.meetings.models import Invitee, Report
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


def heard_though_removed(row: Held, painter: Painter) -> tuple[RemovedShown, ...]:
    """Who was removed after they had sent a report, or something was written of what their agency
    knows: it is heard too. The reports of who came back stand beside them."""
    shown = (_removed(row, painter, one) for one in row.removed)
    return tuple(one for one in shown if one.reports or one.information)


def _removed(row: Held, painter: Painter, invitee: Invitee) -> RemovedShown:
    scope = person_scope(invitee.id)
    back = any(same_person(invitee, here) for here in row.invitees)
    written = (scope, INFORMATION.key) in row.entries
    label = f"What {invitee.agency_name} knows"
    return RemovedShown(
        invitee.name,
        invitee.agency_name,
        () if back else reports_by(row, {invitee.id}),
        painter.control(scope, INFORMATION.key, "text", label) if written else None,
        withheld(painter, scope, INFORMATION),
    )


def _received(report: Report) -> str:
    """When it came; and when an earlier discussion was given it, as it may be out of date."""
    words = words_for_moment(report.received_at)
    if report.first_given_at is None:
        return words
    return (
        f"{words}; first given {words_for_moment(report.first_given_at)}, for an earlier discussion"
    )
