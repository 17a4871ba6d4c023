"""Reading a discussion for the chair's page."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import JSON, bindparam, func, select
from sqlalchemy.orm import Session, defer

from app.accounts.models import Staff
from app.directory.models import ConferenceLine, LinePin
from app.meetings.discussion.models import Action, Dissent, Entry, EntryHistory
from app.meetings.early_notice import queries as notices
from app.meetings.early_notice.shown import told_words
from app.meetings.escalation.models import Escalation
from app.meetings.escalation.queries import of_dissents
from app.meetings.models import Invitee, Meeting, MeetingChild, Report
from app.meetings.open_case.models import OpenCase
from app.meetings.standing import invitees_here, removed_senders
from app.referrals.models import Child, Referral

_BY_REF = select(Meeting).where(Meeting.ref == bindparam("ref"))
_BY_REF_TO_CHANGE = _BY_REF.with_for_update().execution_options(populate_existing=True)
# Saves may pass each other; sign-off, which changes the row, must not pass between them.
_BY_REF_TO_WRITE = _BY_REF.with_for_update(read=True).execution_options(populate_existing=True)
_CHILDREN = (
    select(Child)
    .join(MeetingChild, MeetingChild.child_id == Child.id)
    .where(MeetingChild.meeting_id == bindparam("meeting_id"))
    .order_by(MeetingChild.position)
)
_ENTRIES = (
    select(Entry, Staff.name)
    .join(Staff, Staff.id == Entry.written_by_id)
    .where(Entry.meeting_id == bindparam("meeting_id"))
)
_ENTRY = (
    select(Entry)
    .where(
        Entry.meeting_id == bindparam("meeting_id"),
        Entry.scope == bindparam("scope"),
        Entry.field == bindparam("field"),
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
_EARLIER = select(EntryHistory.value).where(
    EntryHistory.entry_id == bindparam("entry_id"), EntryHistory.version == bindparam("version")
)
_HISTORY = (
    select(EntryHistory)
    .where(EntryHistory.entry_id == bindparam("entry_id"))
    .order_by(EntryHistory.version)
)
_ACTIONS = (
    select(Action)
    .where(Action.meeting_id == bindparam("meeting_id"), Action.removed_at.is_(None))
    .order_by(Action.id)
)
_ALL_ACTIONS = (
    select(Action).where(Action.meeting_id == bindparam("meeting_id")).order_by(Action.id)
)
_ACTION = select(Action).where(
    Action.meeting_id == bindparam("meeting_id"),
    Action.id == bindparam("action_id"),
    Action.removed_at.is_(None),
)
_ACTION_TO_CHANGE = _ACTION.with_for_update().execution_options(populate_existing=True)
_DISSENTS = (
    select(Dissent).where(Dissent.meeting_id == bindparam("meeting_id")).order_by(Dissent.id)
)
_STANDING_DISSENTS = _DISSENTS.where(Dissent.struck_at.is_(None))
# The file itself is read only when somebody opens it.
_REPORTS = (
    select(Report)
    .join(Invitee, Invitee.id == Report.invitee_id)
    .where(Invitee.meeting_id == bindparam("meeting_id"))
    .order_by(Report.id)
    .options(defer(Report.file, raiseload=True))
)
_SETTING = (
    select(
        func.coalesce(Referral.flags, OpenCase.flags, type_=JSON()),
        Staff.name,
        ConferenceLine.telephone,
        LinePin.pin,
    )
    .select_from(Meeting)
    .outerjoin(Referral, Referral.id == Meeting.referral_id)
    .outerjoin(OpenCase, OpenCase.meeting_id == Meeting.id)
    .outerjoin(Staff, Staff.id == Meeting.chair_id)
    .outerjoin(ConferenceLine, ConferenceLine.id == Meeting.line_id)
    .outerjoin(LinePin, LinePin.id == Meeting.pin_id)
    .where(Meeting.id == bindparam("meeting_id"))
)


class Written(NamedTuple):
    """A field as it stands, and who wrote it."""

    value: str
    version: int
    who: str
    at: datetime


class Setting(NamedTuple):
    """What surrounds a discussion: the flags of the case, the chair, the line."""

    flags: frozenset[str]
    chair: str
    telephone: str
    pin: str


Entries = dict[tuple[str, str], Written]


class Held(NamedTuple):
    """Everything the chair's page is made of, in one hand."""

    meeting: Meeting
    children: list[Child]
    invitees: list[Invitee]
    entries: Entries
    actions: list[Action]
    dissents: list[Dissent]  # those that were struck among them
    reports: list[Report]
    removed: list[Invitee]  # whose reports count all the same
    setting: Setting
    escalations: dict[int, Escalation]  # by dissent
    told: dict[int, str]  # by child, what the quality service was told by mail

    @property
    def disagree(self) -> int:
        """How many disagreements stand."""
        return sum(one.struck_at is None for one in self.dissents)


def held(session: Session, meeting: Meeting) -> Held:
    """Read it: one statement for each kind of row, at any number of rows."""
    dissents = list(session.execute(_DISSENTS, {"meeting_id": meeting.id}).scalars())
    children = children_of(session, meeting)
    letters = notices.shown(session, [child.id for child in children])
    return Held(
        meeting=meeting,
        children=children,
        invitees=invitees_here(meeting.invitees),
        entries=entries_of(session, meeting),
        actions=actions_of(session, meeting),
        dissents=dissents,
        reports=reports_of(session, meeting),
        removed=removed_senders(meeting.invitees),
        setting=setting_of(session, meeting),
        escalations=of_dissents(session, [one.id for one in dissents]),
        told=told_words(one for one in letters if one.ref == meeting.ref),
    )


def meeting_by_ref(session: Session, ref: str) -> Meeting | None:
    """The discussion with its children and invitees, or None."""
    return session.execute(_BY_REF, {"ref": ref}).scalar_one_or_none()


def meeting_to_write(session: Session, ref: str) -> Meeting | None:
    """The same, read anew; it cannot be signed or cancelled until the transaction ends."""
    return session.execute(_BY_REF_TO_WRITE, {"ref": ref}).scalar_one_or_none()


def meeting_to_change(session: Session, ref: str) -> Meeting | None:
    """The same, read anew and locked until the transaction ends."""
    return session.execute(_BY_REF_TO_CHANGE, {"ref": ref}).scalar_one_or_none()


def children_of(session: Session, meeting: Meeting) -> list[Child]:
    return list(session.execute(_CHILDREN, {"meeting_id": meeting.id}).scalars())


def entries_of(session: Session, meeting: Meeting) -> Entries:
    """Everything written, by scope and field."""
    rows = session.execute(_ENTRIES, {"meeting_id": meeting.id})
    return {
        (entry.scope, entry.field): Written(entry.value, entry.version, who, entry.written_at)
        for entry, who in rows
    }


def entry_to_change(session: Session, meeting: Meeting, scope: str, field: str) -> Entry | None:
    """One field, read anew and locked until the transaction ends."""
    return session.execute(
        _ENTRY, {"meeting_id": meeting.id, "scope": scope, "field": field}
    ).scalar_one_or_none()


def earlier_value(session: Session, entry: Entry, version: int) -> str | None:
    """What a field said in an earlier version; version 0 is the empty field.

    None for one that was never written, of which a forged form may speak.
    """
    if version == 0:
        return ""
    if not 0 < version <= entry.version:
        return None
    return session.execute(
        _EARLIER, {"entry_id": entry.id, "version": version}
    ).scalar_one_or_none()


def history_of(session: Session, entry: Entry) -> list[EntryHistory]:
    """What a field said before, oldest first."""
    return list(session.execute(_HISTORY, {"entry_id": entry.id}).scalars())


def staff_name(session: Session, staff_id: int) -> str:
    staff = session.get(Staff, staff_id)
    return staff.name if staff else ""


def actions_of(session: Session, meeting: Meeting) -> list[Action]:
    """The actions that stand, in the order in which they were agreed."""
    return list(session.execute(_ACTIONS, {"meeting_id": meeting.id}).scalars())


def numbered_actions_of(session: Session, meeting: Meeting) -> list[tuple[int, Action]]:
    """The actions that stand, each with its number for good: one that is struck out leaves a gap,
    so that a correction says of no other that it changed (F2)."""
    agreed = session.execute(_ALL_ACTIONS, {"meeting_id": meeting.id}).scalars()
    return [
        (number, action)
        for number, action in enumerate(agreed, start=1)
        if action.removed_at is None
    ]


def action_of(session: Session, meeting: Meeting, action_id: int) -> Action | None:
    return session.execute(
        _ACTION, {"meeting_id": meeting.id, "action_id": action_id}
    ).scalar_one_or_none()


def action_to_change(session: Session, meeting: Meeting, action_id: int) -> Action | None:
    """The same, read anew and locked until the transaction ends."""
    return session.execute(
        _ACTION_TO_CHANGE, {"meeting_id": meeting.id, "action_id": action_id}
    ).scalar_one_or_none()


def dissents_of(session: Session, meeting: Meeting) -> list[Dissent]:
    """Who disagrees, without what was struck."""
    return list(session.execute(_STANDING_DISSENTS, {"meeting_id": meeting.id}).scalars())


def reports_of(session: Session, meeting: Meeting) -> list[Report]:
    """What the agencies sent in writing, without the files."""
    return list(session.execute(_REPORTS, {"meeting_id": meeting.id}).scalars())


def setting_of(session: Session, meeting: Meeting) -> Setting:
    flags, chair, telephone, pin = session.execute(_SETTING, {"meeting_id": meeting.id}).one()
    return Setting(frozenset(flags or ()), chair or "", telephone or "", pin or "")
