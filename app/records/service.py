"""Signing a record, correcting it, releasing its copies (F1, F2, F5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.rules import may
from app.accounts.types import Permission, StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.refusal import Refused
from app.directory.queries import council
from app.meetings.after import service as after
from app.meetings.discussion import queries as discussion
from app.meetings.discussion.content import gate_of
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import staff_name
from app.meetings.types import MeetingState
from app.outbox import service as outbox
from app.records import queries, rules
from app.records.assembly import record_of
from app.records.circulation import keep_first_circulated, refresh_expiry
from app.records.document.canonical import (
    canonical_bytes,
    canonical_sha256,
    from_canonical,
    new_blinding,
)
from app.records.document.seal import Sealer, Statement, sign_hash
from app.records.document.types import Protected, Record, RecordContent, SignOff
from app.records.keys import VersionCipher, cipher_of, new_key
from app.records.models import Circulation, RecordCorrection, RecordVersion
from app.records.recall.queries import is_recalled
from app.records.types import InviteeFacts


def draft_of(session: Session, meeting: Meeting, now: datetime) -> Record[Protected]:
    """The record as it would be signed now: the next version, with nobody's name under it."""
    correction = queries.open_correction(session, meeting.id)
    return _record(
        session,
        meeting,
        SignOff(rules.NOBODY_YET.name, rules.NOBODY_YET.role, now),
        queries.newest_number(session, meeting.id) + 1,
        correction.reason if correction else "",
        now,
    )


def sign(
    session: Session,
    staff: StaffMember,
    meeting: Meeting,
    seen: str,
    absence_reason: str,
    sealer: Sealer,
    now: datetime,
) -> RecordVersion:
    """Sign off the record: its content, its hash and the authority's signature, for good (F2).

    `seen` is `rules.seen_digest` of the draft that the signer had on the screen. Everything is
    written in the caller's one transaction; the worker then makes the copies. Raises Incomplete
    while something is missing, and Refused (fields `page`, `absence_reason`) where the discussion
    has not ended, is signed, was changed meanwhile, or the chair's absence has no reason.
    Sources: F1, F2, F3; TIMING.
    """
    rules.check_signable(meeting.state, gate_of(session, meeting))
    rules.check_seen(seen, rules.seen_digest(draft_of(session, meeting, now)))
    if meeting.chair_id is None:
        meeting.chair_id = staff.id  # the page said so: who signs says that they chaired
    chair = staff_name(session, meeting.chair_id)
    signing = rules.signing_as(staff.id, staff.name, meeting.chair_id, chair, absence_reason)
    correction = queries.open_correction(session, meeting.id)
    number = queries.newest_number(session, meeting.id) + 1
    keep_first_circulated(session, meeting)
    reason = correction.reason if correction else ""
    sign_off = SignOff(signing.name, signing.role, now, signing.absence_reason)
    record = _record(session, meeting, sign_off, number, reason, now)
    content = RecordContent(record, new_blinding())
    sha256 = canonical_sha256(content)
    statement = Statement(meeting.ref, number, signing.name, signing.role, now, sha256)
    key = new_key(session)
    cipher = VersionCipher(key.key)
    version = RecordVersion(
        meeting_id=meeting.id,
        number=number,
        key_id=key.id,
        content=cipher.close(canonical_bytes(content)),
        sha256=sha256,
        statement=statement.spelled().decode(),
        signature=sign_hash(sealer, statement),
        signed_by_id=staff.id,
        signed_at=now,
        signed_for=signing.signed_for or None,
        absence_reason=cipher.close_text(signing.absence_reason) if signing.signed_for else None,
        correction_reason=cipher.close_text(reason) if correction else None,
    )
    session.add(version)
    if correction:
        correction.closed_at = now
    meeting.state = MeetingState.SIGNED
    meeting.signed_at = now
    meeting.circulated_at = None  # every version is circulated
    after.follow(session, staff.actor, meeting, now)
    audit.record(
        session,
        staff.actor,
        "signed the record",
        _subject(meeting),
        now,
        {"version": number, "sha256": sha256, "for_absent_chair": bool(signing.signed_for)},
    )
    return version


def content_of(session: Session, version: RecordVersion) -> RecordContent:
    """What was signed. Raises CanonicalError or UnreadableRecord where it was touched since."""
    return from_canonical(cipher_of(session, version.key_id).open(version.content))


def former_of(session: Session, meeting: Meeting, number: int) -> RecordContent | None:
    """The version that version `number` corrects, or would; None for the first (F2)."""
    former = queries.version_of(session, meeting.id, number - 1)
    return content_of(session, former) if former else None


def correct(
    session: Session, staff: StaffMember, meeting: Meeting, reason: str, now: datetime
) -> RecordCorrection:
    """Open the discussion's fields again, to sign a corrected version (F2).

    What was signed stays as it is, and copies of it that are not yet sent are held back, also
    where their letter is queued. Raises Refused (field `reason`) where nothing is signed, or
    without a reason.
    """
    rules.check_correctable(meeting.state, reason)
    keep_first_circulated(session, meeting)
    correction = RecordCorrection(
        meeting_id=meeting.id,
        number=queries.newest_number(session, meeting.id) + 1,
        reason=reason.strip(),
        opened_by_id=staff.id,
        opened_at=now,
        closed_at=None,
    )
    session.add(correction)
    meeting.state = MeetingState.ENDED
    held_back, leaving = _hold_back(session, meeting)
    audit.record(
        session, staff.actor, "opened the record for correction", _subject(meeting), now,
        {"version": correction.number, "held_back": held_back, "leaving": leaving},
    )  # fmt: skip
    return correction


def _hold_back(session: Session, meeting: Meeting) -> tuple[list[int], list[int]]:
    """Take back the letters that have not left, so that a copy that is wrong goes to nobody else
    (F2). Returns the invitees who get none, and those whose letter a worker holds: that one may
    leave. Where the correction is given up, the worker tells the former after all."""
    newest = queries.newest_version(session, meeting.id)
    held_back: list[int] = []
    leaving: list[int] = []
    for line in queries.letters_on_their_way(session, newest.id) if newest else ():
        # One by one: what becomes of each says whether its reader was told.
        if line.message_id is not None and outbox.withdraw(session, [line.message_id]):
            line.sent_at = line.message_id = None
            held_back.append(line.invitee_id)
        else:
            leaving.append(line.invitee_id)
    return held_back, leaving


def leave_uncorrected(
    session: Session, staff: StaffMember, meeting: Meeting, now: datetime
) -> None:
    """Give a correction up: the signed version stands (F2).

    Raises Refused where none is open, or where the fields no longer say what was signed: then
    the working page and the signed record would differ and nobody would know.
    """
    correction = queries.open_correction(session, meeting.id)
    newest = queries.newest_version(session, meeting.id)
    if correction is None or newest is None:
        raise Refused("page", "No correction is under way: load the page again")
    signed = content_of(session, newest).record
    draft = _without_later_dissent(session, meeting, draft_of(session, meeting, now), newest)
    if rules.body_digest(draft) != rules.body_digest(signed):
        raise Refused(
            "page",
            "The fields no longer say what was signed: put them back, or sign the correction",
        )
    correction.closed_at = now
    meeting.state = MeetingState.SIGNED
    audit.record(
        session, staff.actor, "gave up the correction of the record", _subject(meeting), now,
        {"version": correction.number},
    )  # fmt: skip


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
        queries.withheld_before(session, meeting.id, version.number),
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
                after_all_at=None,
                attached=reader.id in attached and reader.id not in kept_back,
                sent_at=None,
                message_id=None,
                opened_at=None,
                downloaded_at=None,
                acknowledged_at=None,
                reminders=0,
                reminded_at=None,
            )
        )
    _end_links(session, kept_back, now)
    audit.record(
        session,
        staff.actor,
        "checked the recipients and released the record",
        _subject(meeting),
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
    known = {line.invitee_id for line in queries.ledger_of(session, version_id)}
    number = session.get_one(RecordVersion, version_id).number
    had = queries.had_before(session, meeting.id, number)
    getting, _ = rules.recipients(queries.invitees_of(meeting), had)
    return tuple(one for one in getting if one.id not in known)


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
        session, staff.actor, "withheld a copy of the record", _subject(meeting), now,
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
        _subject(meeting), now, {"invitee": held.invitee_id},
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
    lines = queries.ledger_of(session, held.version_id)
    step = next(line.step for line in lines if line.circulation_id == held.id)
    if not step.may_send_again:
        raise Refused("page", "There is nothing to send again yet: see how it stands below")
    held.sent_at = None  # the worker takes it from here
    audit.record(
        session, staff.actor, "sent the record again", _subject(meeting), now,
        {"invitee": held.invitee_id},
    )  # fmt: skip


def _record(
    session: Session, meeting: Meeting, sign_off: SignOff, number: int, reason: str, now: datetime
) -> Record[Protected]:
    """The record as it stands; what the version before protected stays protected."""
    record = record_of(session, meeting, sign_off, number, reason, now)
    former = former_of(session, meeting, number)
    return rules.kept_protected(record, former.record) if former else record


def _without_later_dissent(
    session: Session, meeting: Meeting, draft: Record[Protected], signed: RecordVersion
) -> Record[Protected]:
    """The draft without those who disagreed by their link after sign-off: that stands beside the
    record and changes no field of it (E4)."""
    beside = {one.id for one in queries.dissents_beside(session, meeting.id, signed.signed_at)}
    there = discussion.dissents_of(session, meeting)
    kept = tuple(
        said for row, said in zip(there, draft.dissent, strict=True) if row.id not in beside
    )
    return replace(draft, dissent=kept)


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


def _subject(meeting: Meeting) -> Subject:
    return Subject("meeting", meeting.ref)
