"""Signing a record and correcting it (F1, F2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.refusal import Refused
from app.meetings.after import service as after
from app.meetings.discussion import queries as discussion
from app.meetings.discussion.content import gate_of
from app.meetings.models import Meeting
from app.meetings.queries import staff_name
from app.meetings.types import MeetingState
from app.outbox import service as outbox
from app.records import queries, rules
from app.records.assembly import record_of
from app.records.circulation import keep_first_circulated
from app.records.document.canonical import (
    canonical_bytes,
    canonical_sha256,
    from_canonical,
    new_blinding,
)
from app.records.document.seal import Sealer, Statement, sign_hash
from app.records.document.types import Protected, Record, RecordContent, SignOff
from app.records.keys import VersionCipher, cipher_of, new_key
from app.records.models import RecordCorrection, RecordVersion


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


def _subject(meeting: Meeting) -> Subject:
    return Subject("meeting", meeting.ref)
