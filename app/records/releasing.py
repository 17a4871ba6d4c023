"""Releasing the copies of a signed record, withholding one, sending it again (F5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.rules import may
from app.accounts.types import Permission, StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.outbox import service as outbox
from app.records import ledger, queries, rules
from app.records.circulation import refresh_expiry
from app.records.models import Circulation, RecordVersion
from app.records.recall.queries import is_recalled
from app.records.types import InviteeFacts, Step


def release(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    number: int,
    withheld: Mapping[int, str],
    checked: bool,
    now: datetime,
    attached: Collection[int] = (),
) -> int:
    """Release the newest version to everyone who is to have it; returns to how many (F5).

    `withheld` gives, by invitee, the reason why a copy is kept back; `checked` says that the
    person has checked the recipients, which then stands in the ledger with their name;
    `attached` names those to whom the copy itself goes with the letter, at addresses on the secure
    list. Readers released before are left as they are. Raises Refused by the field: `page`,
    `checked`, `withhold_<invitee>`, `reason_<invitee>`, `attach_<invitee>`.
    """
    version = queries.newest_version(session, meeting.id)
    if version is None or meeting.state is not MeetingState.SIGNED:
        raise Refused("page", "Sign the record first: only a signed record is circulated")
    if version.number != number:
        raise Refused("page", "The record was corrected meanwhile: load the page again")
    _check_not_recalled(session, version)
    readers = to_release(session, meeting, version.id)
    if not readers:
        raise Refused("page", "This version was released already: the list below shows how it went")
    kept_back = {one.id: withheld[one.id] for one in readers if one.id in withheld}
    rules.check_withholding(
        readers,
        kept_back,
        ledger.withheld_before(session, meeting.id, version.number),
        may_withhold=may(staff.roles, Permission.RECORD_SIGN),
    )
    rules.check_attachments(readers, attached, council(session).secure_domains)
    rules.check_release(readers, kept_back, checked=checked)
    for reader in readers:
        reason = kept_back.get(reader.id)
        session.add(
            Circulation(
                version_id=version.id,
                invitee_id=reader.id,
                checked_by_id=staff.id,
                released_at=now,
                withheld_reason=reason.strip() if reason else None,
                attached=reader.id in attached and reader.id not in kept_back,
            )
        )
    _end_links(session, kept_back, now)
    audit.record(
        session,
        staff.actor,
        "checked the recipients and released the record",
        Subject("meeting", meeting.ref),
        now,
        {
            "version": number,
            "released_to": sorted(one.id for one in readers if one.id not in kept_back),
            "withheld_from": sorted(kept_back),
            "attached_to": sorted(one.id for one in readers if one.id in attached),
        },
    )
    return len(readers) - len(kept_back)


def to_release(session: Session, meeting: Meeting, version_id: int) -> tuple[InviteeFacts, ...]:
    """Those who get a copy and are not in the ledger of this version yet."""
    if is_recalled(session, version_id):
        return ()
    known = {line.invitee_id for line in ledger.ledger_of(session, version_id)}
    number = session.get_one(RecordVersion, version_id).number
    had = ledger.had_before(session, meeting.id, number)
    getting, _ = rules.recipients(queries.invitees_of(meeting), had)
    return tuple(one for one in getting if one.id not in known)


def awaits_copy(session: Session, meeting_id: int, invitee_id: int) -> bool:
    """Whether a copy of the newest version is still to come to this invitee: it was not released to
    them yet, or is not made. Not to whom it was withheld from, nor to whoever gets none."""
    newest = queries.newest_version(session, meeting_id)
    if newest is None:
        return False
    lines = {one.invitee_id: one for one in ledger.ledger_of(session, newest.id)}
    if invitee_id in lines:
        return not lines[invitee_id].withheld_reason
    meeting = session.get_one(Meeting, meeting_id)
    return any(one.id == invitee_id for one in to_release(session, meeting, newest.id))


def withhold(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    circulation_id: int,
    reason: str,
    now: datetime,
) -> None:
    """Keep back a copy that was released, for example because its message came back and it is
    handed over in another way (F5). The reader's link no longer opens it.

    Raises Refused (field `reason`).
    """
    held = _of_meeting(session, meeting, circulation_id)
    if not reason.strip():
        raise Refused("reason", "Say why the copy is withheld, or how it is handed over")
    if held.message_id is not None:
        outbox.withdraw(session, [held.message_id])
    held.withheld_reason = reason.strip()
    held.sent_at = None
    _end_links(session, [held.invitee_id], now)
    audit.record(
        session, staff.actor, "withheld a copy of the record", Subject("meeting", meeting.ref), now,
        {"invitee": held.invitee_id},
    )  # fmt: skip


def release_after_all(
    session: Session, staff: StaffMember, meeting: Meeting, circulation_id: int, now: datetime
) -> None:
    """Let a copy go that was withheld: the worker makes it and tells its reader (F5).

    Raises Refused (field `page`) where it is not withheld, nobody could be told, or a correction
    is under way.
    """
    held = _of_meeting(session, meeting, circulation_id)
    if held.withheld_reason is None:
        raise Refused("page", "That copy is not withheld: see how it stands below")
    if meeting.state is not MeetingState.SIGNED:
        raise Refused("page", "A correction is under way: only a signed record is circulated")
    reader = session.get_one(Invitee, held.invitee_id)
    if not reader.email and reader.invitation_id is None:
        raise Refused("page", f"{reader.name} has no email address to which a link could go")
    held.withheld_reason = None
    held.sent_at = None
    held.message_id = None
    held.after_all_at = held.released_at = now
    held.checked_by_id = staff.id
    audit.record(
        session, staff.actor, "released a copy of the record that was withheld",
        Subject("meeting", meeting.ref), now, {"invitee": held.invitee_id},
    )  # fmt: skip


def send_again(
    session: Session, staff: StaffMember, meeting: Meeting, circulation_id: int, now: datetime
) -> None:
    """Tell a reader once more, with a fresh link to the same copy (F5).

    Raises Refused for a copy that is withheld or whose letter is still on its way, and while a
    correction is under way.
    """
    held = _of_meeting(session, meeting, circulation_id)
    if meeting.state is not MeetingState.SIGNED:
        raise Refused(
            "page",
            "A correction is under way: no copy of the wrong version goes out. Sign the corrected "
            "record, then release that",
        )
    lines = ledger.ledger_of(session, held.version_id)
    step = next(line.step for line in lines if line.circulation_id == held.id)
    reader = session.get_one(Invitee, held.invitee_id)
    waits = step is Step.WAITING and reader.links_withdrawn_at is not None
    if not (step.may_send_again or waits):
        raise Refused("page", "There is nothing to send again yet: see how it stands below")
    held.sent_at = reader.links_withdrawn_at = None  # the worker takes it from here
    audit.record(
        session, staff.actor, "sent the record again", Subject("meeting", meeting.ref), now,
        {"invitee": held.invitee_id},
    )  # fmt: skip


def _end_links(session: Session, invitee_ids: Iterable[int], now: datetime) -> None:
    """Who gets no letter has a link that ends all the same (D3); the others' is set when told."""
    for invitee_id in invitee_ids:
        refresh_expiry(session, session.get_one(Invitee, invitee_id), now)


def _of_meeting(session: Session, meeting: Meeting, circulation_id: int) -> Circulation:
    held = queries.circulation_for_change(session, circulation_id)
    newest = queries.newest_version(session, meeting.id)
    if held is None or newest is None or held.version_id != newest.id:
        raise Refused("page", "That copy is not part of this record: load the page again")
    if session.get_one(Invitee, held.invitee_id).wrong_address:
        raise Refused("page", "That copy went to a wrong address: nothing more goes there")
    _check_not_recalled(session, newest)
    return held


def _check_not_recalled(session: Session, version: RecordVersion) -> None:
    if is_recalled(session, version.id):
        raise Refused("page", "This version was recalled: correct the record, then sign and send")
