"""Taking a released version back: nobody opens it any more, and those who had it are told (F5)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.refusal import Refused
from app.invitations import service as invitations
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState, MessageKind
from app.records import ledger
from app.records import queries as records
from app.records.circulation import keep_first_circulated, limit_link
from app.records.recall import queries, rules
from app.records.recall.models import RecallCall, RecordRecall
from app.referrals.sender import Sender

_LED_BY_THE_LINK = frozenset({MessageKind.RECORD, MessageKind.ACTIONS})


class Recalled(NamedTuple):
    """What taking a version back came to."""

    told: int  # by a letter
    not_by_email: tuple[str, ...]  # by name: their copy was withheld, or their links withdrawn


def recall(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    number: int,
    reason: str,
    sender: Sender,
    now: datetime,
) -> Recalled:
    """Take the version back; returns who is told to delete what they have, those of an earlier
    version among them, and who has to be telephoned.

    Every link that led to it dies at once, with the sessions behind it. Letters that have not left
    are withdrawn; everybody else is told, by a letter with a fresh link, because their actions
    still hold. Who was not reached and has an action open gets the letter about actions again,
    with a link that opens (E3). What was signed stays as it is: it is corrected by a new version.
    Raises Refused (fields `reason`, `page`). Source: F5.
    """
    version = records.version_of(session, meeting.id, number)
    if version is None or version.number != queries.newest_released(session, meeting.id):
        raise Refused("page", "Only the newest version that was released can be recalled")
    lines = ledger.ledger_of(session, version.id)
    rules.check_recall(reason, queries.is_recalled(session, version.id), bool(lines))
    # Who has an earlier version alone holds what this one put right: it is recalled with it.
    earlier = queries.earlier_not_recalled(session, meeting.id, version.number)
    older = (ledger.ledger_of(session, one.id) for one in reversed(earlier))
    lines = [*lines, *(line for of_one in older for line in of_one)]
    session.add_all(
        RecordRecall(version_id=one, reason=reason.strip(), by_id=staff.id, at=now)
        for one in (version.id, *(one.id for one in earlier))
    )
    # Nothing more goes to a wrong address, whose link is dead already.
    ids = dict.fromkeys(line.invitee_id for line in lines if not line.wrong_address)
    readers = [session.get_one(Invitee, one) for one in ids]
    # A letter about actions that waits leads to a link that dies here: a new one takes its place.
    messages.take_back(session, readers, _LED_BY_THE_LINK)
    reached = queries.may_have_letter(session, meeting.id)
    reached |= {line.invitee_id for line in lines if line.opened_at}
    written = [one for one in readers if one.links_withdrawn_at is None]
    told = [one for one in written if one.id in reached]
    not_by_email = rules.not_by_email(lines, reached)
    session.add_all(
        RecallCall(version_id=version.id, invitee_id=line.invitee_id, why=line.why_no_letter)
        for line in not_by_email
    )
    for one in readers:
        _end_links(session, one, now)
    queued = messages.send_links(session, LetterKind.RECORD_RECALLED, meeting, told, sender, now)
    owners = queries.owners_of_open_actions(session, meeting.id)
    untold = [
        one
        for one in written
        if one not in told and one.id in owners and not one.removed_at and one.staff_id is None
    ]
    messages.send_links(session, LetterKind.ACTIONS, meeting, untold, sender, now)
    for one in (*told, *untold):
        limit_link(session, one, now)
    keep_first_circulated(session, meeting)
    meeting.circulated_at = None
    audit.record(
        session, staff.actor, "recalled the record", Subject("meeting", meeting.ref), now,
        {
            "version": number,
            "earlier_versions": [one.number for one in earlier],
            "had_opened": sorted({line.invitee_id for line in lines if line.opened_at}),
            "told": sorted(one.id for one in told),
            "not_by_email": sorted(line.invitee_id for line in not_by_email),
            "told_of_actions": sorted(one.id for one in untold),
        },
    )  # fmt: skip
    return Recalled(queued, tuple(line.name for line in not_by_email))


def told(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    invitee_id: int,
    said: str,
    now: datetime,
) -> None:
    """Note that somebody whom no letter tells of a recall was told by telephone; of every version
    for which that waits. Raises Refused (field `said`) where it was noted before."""
    waits = queries.calls_to_make(session, meeting.id, invitee_id)
    if not waits:
        raise Refused("said", "That is noted already: load the page again")
    for call in waits:
        call.told_at, call.by_id, call.said = now, staff.id, said or None
    audit.record(
        session, staff.actor, "told somebody of the recall", Subject("meeting", meeting.ref), now,
        {"invitee": invitee_id},
    )  # fmt: skip


def close(
    session: Session, staff: StaffMember, meeting: Meeting, reason: str, now: datetime
) -> None:
    """Say that no corrected version follows a recall, so that the case can be archived (F8).

    What was signed stays, nobody opens it, and it may still be corrected. Raises Refused (fields
    `reason`, `page`).
    """
    version = records.newest_version(session, meeting.id)
    held = session.get(RecordRecall, version.id) if version else None
    # Under correction it is not what stands any more.
    if version is None or held is None or meeting.state is not MeetingState.SIGNED:
        raise Refused("page", "The newest version is not recalled: there is nothing to close")
    rules.check_close(reason, held.closed_at is not None)
    held.closed_at, held.closed_by_id, held.closed_reason = now, staff.id, reason.strip()
    audit.record(
        session, staff.actor, "closed the recalled record", Subject("meeting", meeting.ref), now,
        {"version": version.number},
    )  # fmt: skip


def _end_links(session: Session, invitee: Invitee, now: datetime) -> None:
    if invitee.invitation_id is None:
        return
    held = invitations.invitation(session, invitee.invitation_id)
    invitations.revoke(session, held, now)
    # The next letter makes a new invitation, to the address that the old one had.
    invitee.email = invitee.email or held.email
    invitee.invitation_id = None
    session.flush()
