"""A reader's own copy: telling them, opening, acknowledging, and how long the link lives (F5, D3).

For the worker, which tells each reader, and for the pages of invited people.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.audit import service as audit
from app.audit.types import SYSTEM, Actor, Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.invitations import rules as invitation_rules
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.discussion.models import Action
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import ActionState, MeetingState, MessageKind
from app.records import ledger, queries
from app.records.copies import SealedCopy
from app.records.keys import cipher_of
from app.records.models import (
    Circulation,
    RecordCopy,
    RecordFault,
    RecordVersion,
)
from app.records.recall.models import RecordRecall
from app.records.recall.queries import is_recalled, recalled_at
from app.records.rules import file_name, may_attach, reached_everyone
from app.records.types import CopyFile, GuestRecord
from app.referrals.sender import Sender

_LATER = aliased(Circulation)
_RECALLED = aliased(RecordVersion)
_OWN = (
    select(Circulation, RecordVersion)
    .join(RecordVersion, RecordVersion.id == Circulation.version_id)
    .join(
        RecordCopy,
        (RecordCopy.version_id == Circulation.version_id)
        & (RecordCopy.invitee_id == Circulation.invitee_id),
    )
    .where(
        Circulation.withheld_reason.is_(None),
        # Whose newer copy is withheld has no older one to read either.
        ~exists().where(
            _LATER.id > Circulation.id,
            _LATER.invitee_id == Circulation.invitee_id,
            _LATER.withheld_reason.is_not(None),
        ),
        # What was recalled is read by nobody, nor what it had taken the place of.
        ~exists().where(
            RecordRecall.version_id == _RECALLED.id,
            _RECALLED.meeting_id == RecordVersion.meeting_id,
            _RECALLED.number >= RecordVersion.number,
        ),
    )
    .order_by(RecordVersion.number.desc())
    .limit(1)
)
_LAST_MESSAGE = (
    select(Delivery.message_id)
    .where(Delivery.kind == MessageKind.RECORD)
    .order_by(Delivery.id.desc())
    .limit(1)
)


def record_for_invitee(session: Session, invitee_id: int) -> GuestRecord | None:
    """What stands about an invitee's newest copy on their page; None before there is one.

    Read without the copy itself, which is decrypted only when it is opened.
    """
    row = _own(session, invitee_id)
    if row is None:
        return None
    held, version = row
    return GuestRecord(
        version=version.number,
        signed_at=version.signed_at,
        released_at=held.released_at,
        newer_coming=_newer_coming(session, version),
        opened_at=held.opened_at,
        downloaded_at=held.downloaded_at,
        acknowledged_at=held.acknowledged_at,
    )


def copy_for_invitee(session: Session, invitee_id: int) -> CopyFile | None:
    """The invitee's own copy of the newest version released to them, or None (F4, F5).

    Nothing is noted here: call `mark_opened` or `mark_downloaded` in the same request.
    """
    row = _own(session, invitee_id)
    if row is None:
        return None
    _, version = row
    copy = queries.copy_for(session, version.id, invitee_id)
    meeting = session.get_one(Meeting, version.meeting_id)
    if copy is None:
        return None
    pdf = cipher_of(session, version.key_id).open(copy.pdf)
    return CopyFile(file_name(meeting.ref, version.number), pdf, version.number)


def mark_opened(session: Session, actor: Actor, invitee_id: int, now: datetime) -> None:
    """The reader opened the page of their record: noted once for each version (F5)."""
    held = _to_change(session, invitee_id)
    if held.opened_at is None:
        held.opened_at = now
        _note(session, actor, "opened the record", held, now)


def mark_downloaded(session: Session, actor: Actor, invitee_id: int, now: datetime) -> None:
    """The reader took the file: noted once for each version; it was thereby opened too (F5)."""
    held = _to_change(session, invitee_id)
    held.opened_at = held.opened_at or now
    if held.downloaded_at is None:
        held.downloaded_at = now
        _note(session, actor, "downloaded the record", held, now)


def acknowledge(session: Session, actor: Actor, invitee_id: int, now: datetime) -> None:
    """The reader says that they have read it; saying so twice changes nothing (F5).

    Raises Refused (field `record`) where there is no copy for them, or it was never opened.
    """
    held = _to_change(session, invitee_id)
    if held.opened_at is None:
        raise Refused(
            "record",
            "Open the record before you say that you have read it: press “Read the record”",
        )
    if held.acknowledged_at is None:
        held.acknowledged_at = now
        _note(session, actor, "acknowledged the record", held, now)


def refresh_expiry(session: Session, invitee: Invitee, now: datetime) -> None:
    """Set when the invitee's link ends: 14 days after the record, or a day after their last action
    closed, if later; none while an action is open or no record is out (D3). Who has no copy of a
    record that was recalled has 14 days from that.

    Call it whenever one of the invitee's actions closes. A link that has ended already stays so.
    """
    if invitee.invitation_id is None:
        return
    issued = session.execute(
        select(func.max(Circulation.released_at)).where(Circulation.invitee_id == invitee.id)
    ).scalar_one() or recalled_at(session, invitee.meeting_id)
    invitation = session.get_one(Invitation, invitee.invitation_id)
    if issued is None or not invitation_rules.link_is_open(
        now, revoked=invitation.revoked_at, expires=invitation.expires_at
    ):
        return
    own = select(Action.state, Action.closed_at).where(
        Action.owner_id == invitee.id, Action.removed_at.is_(None)
    )
    actions = session.execute(own).all()
    closed = [row.closed_at for row in actions if row.closed_at is not None]
    expires = (
        None
        if any(row.state is ActionState.OPEN for row in actions)
        else invitation_rules.expiry(issued, max(closed, default=None))
    )
    invitations.set_expiry(session, invitation, expires)


def limit_link(session: Session, invitee: Invitee, now: datetime) -> None:
    """A link that was just sent anew ends as the one before it would have, or 14 days from now
    where that is over (D3)."""
    refresh_expiry(session, invitee, now)
    if invitee.invitation_id is None:
        return
    held = invitations.invitation(session, invitee.invitation_id)
    if held.expires_at is not None and held.expires_at <= now:
        invitations.set_expiry(session, held, invitation_rules.expiry(now, None))


def store_and_tell(
    session: Session,
    circulation_id: int,
    copy: SealedCopy | None,
    sender: Sender,
    now: datetime,
) -> bool:
    """Keep a reader's copy and queue the letter with their link, both or neither (H4).

    `copy` is None where it was stored before. Returns False where the reader was told meanwhile
    or is not to be told any more, so that a repeat after a crash does nothing; and where a
    correction was opened while the copy was printed (F2).
    """
    waiting = session.get_one(Circulation, circulation_id)
    version = session.get_one(RecordVersion, waiting.version_id)
    # The discussion first, as everywhere, and held: no correction opens before this is told.
    meeting = session.get_one(
        Meeting, version.meeting_id, with_for_update={"read": True}, populate_existing=True
    )
    held = queries.circulation_for_change(session, circulation_id)
    if held is None or held.sent_at is not None or held.withheld_reason is not None:
        return False
    newest = queries.newest_number(session, meeting.id)
    if meeting.state is not MeetingState.SIGNED or version.number != newest:
        return False
    if is_recalled(session, version.id):
        return False
    invitee = session.get_one(Invitee, held.invitee_id)
    if invitee.wrong_address or invitee.links_withdrawn_at is not None:
        return False
    if not queries.has_copy(session, version.id, invitee.id):
        if copy is None:
            return False
        keep_copy(session, version, invitee.id, copy, now)
    messages.end_dead_invitation(session, invitee, now)
    enclosed = _to_enclose(session, held, invitee, copy)
    if not messages.send_links(
        session, LetterKind.RECORD, meeting, [invitee], sender, now, enclosed
    ):
        why = "has left" if invitee.has_left else "has no email address"
        raise Refused("page", f"{invitee.name} {why}: withhold the copy")
    held.sent_at = now
    held.message_id = session.execute(
        _LAST_MESSAGE.where(Delivery.invitee_id == invitee.id)
    ).scalar_one()
    limit_link(session, invitee, now)
    mend_fault(session, version.id, invitee.id)
    _note(session, SYSTEM, "queued the record for a reader", held, now)
    return True


def _to_enclose(
    session: Session, held: Circulation, invitee: Invitee, copy: SealedCopy | None
) -> bytes | None:
    """The copy itself where it was to go with the letter and the address still may have it (F5).

    The address is the one that the letter goes to, and the secure list is the council's of now.
    """
    if not held.attached:
        return None
    invitation = messages.ensure_invitation(session, invitee, held.released_at)
    if invitation is None or not may_attach(invitation.email, council(session).secure_domains):
        held.attached = False  # by link and code after all, and the ledger says so
        return None
    if copy is not None:
        return copy.pdf
    stored = queries.copy_for(session, held.version_id, invitee.id)
    version = session.get_one(RecordVersion, held.version_id)
    return cipher_of(session, version.key_id).open(stored.pdf) if stored else None


def keep_copy(
    session: Session,
    version: RecordVersion,
    invitee_id: int | None,
    copy: SealedCopy,
    now: datetime,
) -> None:
    """Store one sealed copy; None is the council's own. The database lets each exist once."""
    session.add(
        RecordCopy(
            version_id=version.id,
            invitee_id=invitee_id,
            pdf=cipher_of(session, version.key_id).close(copy.pdf),
            sha256=copy.sha256,
            made_at=now,
        )
    )
    session.flush()
    mend_fault(session, version.id, invitee_id)


def note_fault(session: Session, version_id: int, invitee_id: int | None, now: datetime) -> None:
    """A copy could not be made; None is the council's own. Shown to people until it is (H4)."""
    if session.execute(_fault(version_id, invitee_id)).first() is None:
        session.add(RecordFault(version_id=version_id, invitee_id=invitee_id, since=now))
        audit.record(
            session, SYSTEM, "a copy of the record could not be made",
            Subject("record version", str(version_id)), now, {"invitee": invitee_id},
        )  # fmt: skip


def mend_fault(session: Session, version_id: int, invitee_id: int | None) -> None:
    """It was made, and its reader told, after all."""
    for row in session.execute(_fault(version_id, invitee_id)).scalars():
        session.delete(row)


def _fault(version_id: int, invitee_id: int | None) -> Select[RecordFault]:
    of = RecordFault.invitee_id
    reader = of.is_(None) if invitee_id is None else of == invitee_id
    return select(RecordFault).where(RecordFault.version_id == version_id, reader)


def note_circulated(session: Session, meeting_id: int, now: datetime) -> bool:
    """Set when the newest version reached everyone who is to have it: when the last of its
    messages left (F5, BROMLEY 5). Returns False while one is missing."""
    meeting = session.get_one(Meeting, meeting_id, with_for_update=True, populate_existing=True)
    version = queries.newest_version(session, meeting_id)
    if version is None or meeting.circulated_at is not None or is_recalled(session, version.id):
        return False
    reached = reached_everyone(ledger.ledger_of(session, version.id))
    if reached is None:
        return False
    meeting.circulated_at = reached
    keep_first_circulated(session, meeting)
    audit.record(
        session, SYSTEM, "record circulated to everyone", Subject("meeting", meeting.ref), now,
        {"version": version.number, "at": reached.isoformat()},
    )  # fmt: skip
    return True


def keep_first_circulated(session: Session, meeting: Meeting) -> None:
    """Keep the moment at which a version first was with everyone, once for good: what follows, a
    correction, a recall or a copy that comes back, makes no record late that was in time (F2)."""
    if meeting.first_circulated_at is None:
        meeting.first_circulated_at = ledger.first_circulated(session, meeting)


def _own(session: Session, invitee_id: int) -> tuple[Circulation, RecordVersion] | None:
    row = session.execute(_OWN.where(Circulation.invitee_id == invitee_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def _to_change(session: Session, invitee_id: int) -> Circulation:
    row = _own(session, invitee_id)
    if row is None:
        raise Refused("record", "There is no record for you to read yet: telephone the desk")
    held = queries.circulation_for_change(session, row[0].id)
    assert held is not None
    return held


def _newer_coming(session: Session, version: RecordVersion) -> bool:
    if queries.newest_number(session, version.meeting_id) > version.number:
        return True
    return queries.open_correction(session, version.meeting_id) is not None


def _note(session: Session, actor: Actor, action: str, held: Circulation, now: datetime) -> None:
    version = session.get_one(RecordVersion, held.version_id)
    meeting = session.get_one(Meeting, version.meeting_id)
    audit.record(
        session,
        actor,
        action,
        Subject("meeting", meeting.ref),
        now,
        {"version": version.number, "invitee": held.invitee_id},
    )
