"""What the worker sends by itself, as time goes by after the discussion."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.session import db, transaction
from app.directory.models import CouncilSettings
from app.meetings.actions.worker import remind_owners
from app.meetings.after import service as after
from app.meetings.discussion.models import Dissent, Entry
from app.meetings.early_notice.worker import tell_early
from app.meetings.escalation import service as escalation
from app.meetings.escalation.models import Escalation
from app.meetings.escalation.worker import warn_late
from app.meetings.models import Meeting
from app.meetings.types import Attendance, MeetingState
from app.records import worker as records
from app.referrals.sender import Sender
from app.reports.quality.feedback.worker import ask_for_feedback
from tests.factories.records import make_action, write
from tests.integration.mail_journey.case import (
    NARRATIVE,
    QUALITY,
    REASON,
)
from tests.integration.mail_journey.stage import Stage


class ByTheWorker(Stage):
    def _record_due_in(self, left: timedelta) -> None:
        """As if it had been held after all: the worker looks at the clock of its record."""
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.state, meeting.record_due_at = MeetingState.ENDED, now() + left
            assert records.warn(self.app.extensions["settings"], now()) == 1
            db.session.remove()

    def _conference(self, decided: str) -> None:
        """For both children, in all the words of the case; an answer has settled."""
        with self.app.app_context():
            with transaction() as session:
                session.get_one(CouncilSettings, 1).quality_email = QUALITY
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.ended_at = meeting.ended_at or now() - timedelta(hours=1)
                session.execute(delete(Entry).where(Entry.field.startswith("conference")))
                for child in meeting.children:
                    for field, value in (("conference", decided), ("conference.reason", REASON)):
                        write(session, meeting, f"child:{child.child_id}", field, value)
                after.follow(session, SYSTEM, meeting, meeting.ended_at + timedelta(minutes=1))
            assert tell_early(self.app.extensions["settings"], now()) == 1
            db.session.remove()

    def _actions_due_in(self, left: timedelta) -> None:
        """An invitee and the chair each took one on, in all the words of the case."""
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.ended_at = now() - timedelta(days=3)
                owners = [one for one in meeting.invitees if one.removed_at is None]
                for owner in (owners[1], next(one for one in owners if one.staff_id)):
                    action = make_action(meeting, owner)
                    action.what, action.why, action.due_at = REASON, NARRATIVE, now() + left
                    session.add(action)
            assert remind_owners(self.app.extensions["settings"], now()) == 2
            db.session.remove()

    def _somebody_disagrees(self) -> None:
        """By their link, with all the words of the case, which the chair reads after signing in."""
        settings = self.app.extensions["settings"]
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                dissent = Dissent(
                    meeting_id=meeting.id,
                    invitee_id=meeting.invitees[1].id,
                    what=REASON,
                    why=NARRATIVE,
                    recorded_by_id=None,
                    recorded_at=now(),
                )
                session.add(dissent)
                session.flush()
                sender = Sender(settings.mail_from, settings.base_url)
                escalation.open_for(session, meeting, dissent, now(), sender)
            db.session.remove()

    def _nobody_resolves_it(self) -> None:
        with self.app.app_context():
            with transaction() as session:
                session.execute(update(Escalation).values(due_at=now() - timedelta(minutes=1)))
            assert warn_late(self.app.extensions["settings"], now()) == 1
            db.session.remove()

    def _ask_for_feedback(self) -> None:
        """Everybody took part, and it ended two hours ago."""
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.ended_at = now() - timedelta(hours=2)
                for one in meeting.invitees:
                    one.attendance = Attendance.BY_PHONE
            assert ask_for_feedback(self.app.extensions["settings"], now()) > 1
            db.session.remove()
