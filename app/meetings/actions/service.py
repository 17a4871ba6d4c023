"""Reminding owners of their actions (E3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.core.clock import words_for_due
from app.directory.queries import council
from app.invitations.link_letters import notice_letters
from app.invitations.types import LetterKind, Notice
from app.meetings import messages
from app.meetings.actions import queries, rules
from app.meetings.actions.models import ActionReminder
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import meeting_for_change
from app.outbox import service as outbox
from app.referrals.sender import Sender, desk_of


def remind(session: Session, ref: str, sender: Sender, now: datetime) -> int:
    """Send the reminders of a discussion's open actions whose time has come, one letter to each
    owner; returns how many.

    Invitees get their link again, members of staff where to look. Who is passed over is settled
    as well: whoever has no address or no link that opens, or is no longer invited, stands on the
    desk's page to be telephoned, and a colleague who has left stands there as such. The reminders'
    rows and their letters commit together.
    """
    meeting = meeting_for_change(session, ref)
    if meeting is None or meeting.ended_at is None:
        return 0
    sent = queries.steps_sent(session, meeting.id)
    late: dict[int, tuple[Invitee, datetime]] = {}
    soon: dict[int, tuple[Invitee, datetime]] = {}
    reminded = []
    for action, owner in queries.open_with_owners(session, meeting.id):
        step = rules.step_due(action.due_at, now)
        if step is None or step <= sent.get((action.id, action.due_at), -1):
            continue
        wanted = rules.wants_reminder(step, action.due_at, action.told_at or now)
        written = wanted and owner.can_be_written
        session.add(_reminder(action, step, now, by_letter=written))
        if not written:
            continue
        reminded.append(action.id)
        # The first due of each owner stands for all of them in the letter.
        (soon if step == rules.SOON else late).setdefault(owner.id, (owner, action.due_at))
    session.flush()
    if not reminded:
        return 0
    for owner_id in late:
        soon.pop(owner_id, None)  # one letter is enough, and says the worse
    queued = _tell(session, LetterKind.ACTIONS_LATE, Notice.ACTIONS_LATE, meeting, late, sender,
                   now)  # fmt: skip
    queued += _tell(session, LetterKind.ACTIONS_SOON, Notice.ACTIONS_SOON, meeting, soon, sender,
                    now)  # fmt: skip
    record(
        session,
        SYSTEM,
        "reminded of actions",
        Subject("meeting", meeting.ref),
        now,
        {"actions": reminded, "letters": queued},
    )
    return queued


def settle_for(
    session: Session,
    meeting: Meeting,
    action: Action,
    owner: Invitee,
    sender: Sender,
    now: datetime,
) -> int:
    """Tell whoever takes an action over, and begin anew with its reminders: what was due to go so
    far is settled by this letter. Returns how many letters; none where there is no address."""
    session.execute(delete(ActionReminder).where(ActionReminder.action_id == action.id))
    step = rules.step_due(action.due_at, now)
    if step is not None:
        # The letter that hands it over is no reminder.
        session.add(_reminder(action, step, now, by_letter=False))
    action.told_at = now
    session.flush()
    taker = {owner.id: (owner, action.due_at)}
    return _tell(session, LetterKind.ACTIONS_HANDED, Notice.ACTIONS_HANDED, meeting, taker, sender,
                 now)  # fmt: skip


def _reminder(action: Action, step: int, now: datetime, *, by_letter: bool) -> ActionReminder:
    return ActionReminder(
        action_id=action.id, due_at=action.due_at, step=step, sent_at=now, by_letter=by_letter
    )


def tell(session: Session, ref: str, sender: Sender, now: datetime) -> int:
    """Tell the owners of actions that were noted or changed after the end (E3); returns how many
    letters. The letters and that they were told commit together."""
    meeting = meeting_for_change(session, ref)
    if meeting is None or meeting.ended_at is None:
        return 0
    queued = messages.tell_owners(session, meeting, sender, now)
    record(
        session, SYSTEM, "told owners of actions", Subject("meeting", meeting.ref), now,
        {"letters": queued},
    )  # fmt: skip
    return queued


def _tell(
    session: Session,
    kind: LetterKind,
    notice: Notice,
    meeting: Meeting,
    owners: dict[int, tuple[Invitee, datetime]],
    sender: Sender,
    now: datetime,
) -> int:
    invited = [owner for owner, _ in owners.values() if owner.staff_id is None]
    for owner in invited:
        messages.end_dead_invitation(session, owner, now)
    queued = messages.send_links(session, kind, meeting, invited, sender, now)
    for owner, due_at in owners.values():
        if owner.staff_id is None or not owner.email:
            continue
        finished = notice_letters(
            notice,
            desk_of(council(session), sender),
            meeting.ref,
            words_for_due(due_at),
            f"{sender.base_url}/discussions/{meeting.ref}/after",
            [(owner.name, owner.email)],
            now,
        )
        queued += len(outbox.enqueue_all(session, finished, now))
    return queued
