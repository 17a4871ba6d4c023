"""Who signs, who gets a copy, how far it has come, and what a check says: pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.meetings.discussion.types import Missing
from app.meetings.types import Attendance, MeetingState
from app.outbox.types import MessageState
from app.protocols.panel import SOON
from app.records.document.canonical import canonical_bytes
from app.records.document.types import (
    SHORTEST_BLINDING,
    Child,
    Protected,
    Record,
    RecordContent,
    RecordView,
    SignOff,
)
from app.records.readers import left_out
from app.records.types import (
    Found,
    Incomplete,
    InviteeFacts,
    LedgerLine,
    NoCopy,
    Recipient,
    SigningAs,
    Stage,
    Step,
    Verdict,
)

CHAIR = "Chair of the discussion"
OTHER_MANAGER = "Authorised manager"
NOBODY_YET = SignOff("Nobody yet", "draft", datetime(2000, 1, 1, tzinfo=UTC))
LONGEST_REASON = 2_000
SIGNABLE = frozenset({MeetingState.ENDED})


def signing_as(
    staff_id: int, staff_name: str, chair_id: int | None, chair_name: str, absence_reason: str
) -> SigningAs:
    """In which capacity this person signs (F1, TIMING).

    The chair signs as chair. Another authorised manager may sign for an absent chair with the
    reason, which then stands in the record. Where nobody was named as chair, whoever signs is.
    Raises Refused (field `absence_reason`).
    """
    if chair_id is None or chair_id == staff_id:
        return SigningAs(staff_name, CHAIR)
    reason = absence_reason.strip()
    if not reason:
        raise Refused("absence_reason", f"Say why {chair_name} does not sign the record")
    return SigningAs(staff_name, OTHER_MANAGER, chair_name, reason)


def check_signable(state: MeetingState, missing: Sequence[Missing]) -> None:
    """Raises Refused before the discussion has ended and after sign-off, Incomplete while
    something is missing (F1, F2)."""
    if state is MeetingState.SIGNED:
        raise Refused("page", "The record is signed already: correct it instead")
    if state not in SIGNABLE:
        raise Refused("page", "End the discussion first: the record is signed after it")
    if missing:
        raise Incomplete(missing)


def check_seen(shown: str, now_there: str) -> None:
    """Raises Refused where the record changed after the signer read it (F2)."""
    if shown != now_there:
        raise Refused(
            "page",
            "The record was changed after you opened this page: read it again, then sign it",
        )


def check_correctable(state: MeetingState, reason: str) -> None:
    """Raises Refused where no signed record stands, or without a reason (F2)."""
    if state is not MeetingState.SIGNED:
        raise Refused("reason", "There is no signed record to correct")
    if not reason.strip():
        raise Refused("reason", "Say what is wrong with the signed record")


def seen_digest(record: Record[Protected]) -> str:
    """A mark of what the signer has before them: everything but who signs, and the deadlines,
    whose state moves with the clock alone."""
    still = replace(record, sign_off=NOBODY_YET, clocks=())
    content = RecordContent(still, "0" * SHORTEST_BLINDING)
    return hashlib.sha256(canonical_bytes(content)).hexdigest()


def kept_protected(record: Record[Protected], former: Record[Protected]) -> Record[Protected]:
    """A corrected record: a place that was protected stays so, though the family has moved since
    and nothing tells any more that it was their home (F2, F4)."""
    was, held = former.meeting.place, record.meeting
    if isinstance(was, Protected) and was.text == held.place:
        return replace(record, meeting=replace(held, place=was))
    return record


def body_digest(record: Record[Protected]) -> str:
    """A mark of what the chair's page holds, whichever version says it: not of what the case, the
    booking or the directory says, which goes on changing after a record is signed (A2)."""
    held = replace(record.meeting, format="", place="", chair_name="", chair_role="")
    said = replace(
        record,
        version=0,
        correction_reason="",
        authority="",
        meeting=held,
        protocol="",
        protocol_version="",
        children=tuple(Child("", None, None, "", None, one.decisions) for one in record.children),
        actions=tuple(replace(one, child="") for one in record.actions),
        referrer=None,
    )
    return seen_digest(said)


def statement_words(
    reference: str, number: int, signing: SigningAs, held: str, children: int, actions: int
) -> str:
    """The sentence that is signed, as it stands above the button (F2)."""
    instead = f", in place of the chair, {signing.signed_for}," if signing.signed_for else ""
    what = f"I, {signing.name}, {signing.role.lower()}, sign this{instead} as the true record"
    about = "1 child" if children == 1 else f"{children} children"
    work = "no action" if not actions else "1 action" if actions == 1 else f"{actions} actions"
    return (
        f"{what} of strategy discussion {reference}, version {number}, held {held}. "
        f"It is about {about} and holds {work}. I know that it is final: it cannot be changed "
        "after this, only corrected by a new version, with a reason, sent to everyone again."
    )


def recipients(
    people: Sequence[InviteeFacts], had: Collection[int] = ()
) -> tuple[tuple[InviteeFacts, ...], tuple[NoCopy, ...]]:
    """Who gets a copy and who does not (F5).

    Everyone invited and not removed, whether they attended, sent a report or were absent; a
    deputy in the place of the person who was invited, unless that person took part after all; in
    a deputy's place the deputy's own.
    A colleague who has left gets none: nobody reads their mail.
    `had` are those who were given an earlier version: they get the one that puts it right (F2).
    """
    here = [person for person in people if not person.removed]
    stands_in = {person.deputy_for: person for person in here if person.deputy_for is not None}
    getting: list[InviteeFacts] = []
    without: list[NoCopy] = []
    for person in people:
        if person.wrong_address:
            continue  # nobody who was invited: whose address it was not stands here themselves
        if person.removed:
            without.append(NoCopy(person.name, person.agency_name, "Removed from the invitation"))
            continue
        if person.has_left:
            without.append(NoCopy(person.name, person.agency_name, "Has left the council"))
            continue
        deputy = _in_place_of(person, stands_in, had)
        if deputy is None:
            getting.append(person)
        else:
            without.append(NoCopy(person.name, person.agency_name, _instead(deputy)))
    return tuple(getting), tuple(without)


def _in_place_of(
    person: InviteeFacts, stands_in: Mapping[int, InviteeFacts], had: Collection[int]
) -> InviteeFacts | None:
    """Who gets the copy in this person's place, at the end of a chain of deputies; None where it
    is the person's own."""
    last, seen = person, {person.id}
    while _absent(last) and last.id not in had:
        deputy = stands_in.get(last.id)
        if deputy is None or deputy.id in seen:
            break
        last = deputy
        seen.add(last.id)
    return None if last is person else last


def _absent(person: InviteeFacts) -> bool:
    return person.attendance in (None, Attendance.ABSENT)


def _instead(deputy: InviteeFacts) -> str:
    """Why somebody whose place this deputy took gets no copy; who did not come is not said to have
    come."""
    did = f"{deputy.name} {'was invited' if _absent(deputy) else 'came'} instead"
    return f"{did} and has left the council" if deputy.has_left else f"{did} and gets the copy"


def check_release(
    readers: Sequence[InviteeFacts], withheld: dict[int, str], *, checked: bool
) -> None:
    """Raises Refused without the tick that the recipients were checked, for a copy withheld
    without a reason, and for a reader without an address whose copy is not withheld (F5)."""
    for reader in readers:
        reason = withheld.get(reader.id)
        if reason is not None and not reason.strip():
            raise Refused(f"reason_{reader.id}", f"Say why the copy for {reader.name} is withheld")
        if reason is None and not reader.has_address:
            raise Refused(
                f"withhold_{reader.id}",
                f"{reader.name} has no email address: withhold the copy and say how they get it",
            )
    if not checked:
        raise Refused("checked", "Tick that you have checked the recipients")


def check_attachments(
    readers: Sequence[InviteeFacts], attached: Collection[int], secure_domains: Collection[str]
) -> None:
    """Raises Refused for a copy that would travel by mail to a domain which is not on the
    council's secure list (F5)."""
    for reader in readers:
        if reader.id in attached and not may_attach(reader.email, secure_domains):
            raise Refused(
                f"attach_{reader.id}",
                f"{reader.name}'s address is not on the secure list: untick this, and the copy "
                "goes by link and code",
            )


def may_attach(email: str, secure_domains: Collection[str]) -> bool:
    """Whether a copy may travel by mail to this address: its domain is on the secure list (F5)."""
    return email.rpartition("@")[2].lower() in secure_domains


def as_recipient(person: InviteeFacts, view: RecordView, deputy_for: str = "") -> Recipient:
    """A reader in the list that is checked before release (F4, F5)."""
    took_part = {
        Attendance.REPORT_ONLY: "Sent a report",
        Attendance.ABSENT: "Was absent",
    }.get(person.attendance or Attendance.IN_PERSON, "")
    note = f"In place of {deputy_for}" if deputy_for else took_part
    return Recipient(person, left_out(view), note)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of one copy: the ledger's moments and the state of its message."""

    withheld: bool
    queued_at: datetime | None
    message_state: MessageState | None
    opened_at: datetime | None
    downloaded_at: datetime | None
    acknowledged_at: datetime | None


def step_of(progress: Progress) -> Step:
    """How far a copy has come, the furthest first: who has read it has received it (F5)."""
    if progress.withheld:
        return Step.WITHHELD
    for moment, step in (
        (progress.acknowledged_at, Step.ACKNOWLEDGED),
        (progress.downloaded_at, Step.DOWNLOADED),
        (progress.opened_at, Step.OPENED),
    ):
        if moment is not None:
            return step
    if progress.queued_at is None:
        return Step.WAITING
    state = progress.message_state
    if state is not None and (state.failed or state is MessageState.WITHDRAWN):
        return Step.FAILED
    return Step.SENT if state is MessageState.SENT else Step.QUEUED


def all_sent(steps: Sequence[Step]) -> bool:
    """Whether everyone who is to have a copy was sent one; with nobody, nothing was circulated."""
    due = [step for step in steps if step is not Step.WITHHELD]
    return bool(due) and not any(step in (Step.WAITING, Step.QUEUED, Step.FAILED) for step in due)


def reached_everyone(lines: Sequence[LedgerLine]) -> datetime | None:
    """When the last of those who are to have a version was sent it; None while one waits (F5).

    A copy that was withheld, and released after all, says nothing about the others, nor does one
    that went to a wrong address: whom it was for has a line of their own. Where every
    copy is withheld nobody waits for one: then it is when that was decided.
    """
    counted = [line for line in lines if not line.after_all and not line.wrong_address]
    if counted and all(line.step is Step.WITHHELD for line in counted):
        return max(line.released_at for line in counted)
    if not all_sent([line.step for line in counted]):
        return None
    return max(moment for line in counted if (moment := line.sent_at or line.opened_at))


def stage_of(due: datetime, now: datetime) -> Stage | None:
    """Whether a record that is not with everyone wants a warning: from four hours before (F5)."""
    if now > due:
        return Stage.LATE
    return Stage.SOON if due - now <= SOON else None


def check_withholding(
    readers: Sequence[InviteeFacts],
    withheld: Collection[int],
    before: Collection[int],
    *,
    may_withhold: bool,
) -> None:
    """Raises Refused where somebody who is no chair keeps a copy back, or lets one go that the
    chair kept back from the version before (F5). A copy that nobody can send is not withheld by
    choice: how it is handed over may be noted by whoever circulates."""
    if may_withhold:
        return
    for reader in readers:
        field = f"withhold_{reader.id}"
        if reader.id in before and reader.id not in withheld:
            raise Refused(field, "The chair withheld this copy: only a chair releases it")
        if reader.id in withheld and reader.id not in before and reader.has_address:
            raise Refused(field, "Only a chair withholds a copy: ask the chair, or untick this")


def verdict_words(verdict: Verdict) -> tuple[str, tuple[str, ...]]:
    """A heading and what it means, for the page and the command; no child is ever named (F7)."""
    issued = f"Issued {words_for_moment(verdict.issued_at)}." if verdict.issued_at else ""
    signed = f"Signed {words_for_moment(verdict.signed_at)}." if verdict.signed_at else ""
    what = f"{verdict.part} of record" if verdict.part else "Record"
    which = f"{what} {verdict.reference}, version {verdict.version}."
    newer = verdict.newest > verdict.version
    corrected = f"It was corrected: version {verdict.newest} has taken its place."
    if verdict.genuine and verdict.erased_at is not None:
        return "This file is genuine, but its case has been deleted", (
            f"{which} It is, byte for byte, a copy that was issued.{f' {corrected}' * newer}",
            f"{signed} {issued}".strip(),
            f"The case was deleted {words_for_moment(verdict.erased_at)}, when its time was over: "
            "nobody here can read the record any more. Destroy your copy unless a rule of your own "
            "keeps it.",
        )
    match verdict.found:
        case Found.GENUINE:
            return "This file is genuine", (
                f"{which} It is, byte for byte, a copy that was issued.",
                f"{signed} {issued}".strip(),
                f"The SHA-256 of what was signed is {verdict.sha256}.",
            )
        case Found.SUPERSEDED:
            return "This file is genuine, but a newer version exists", (
                f"{which} {corrected}",
                f"{signed} {issued}".strip(),
                f"The SHA-256 of what was signed is {verdict.sha256}.",
            )
        case Found.RECALLED:
            return "This file is genuine, but it was recalled", (
                f"{which} The authority has taken it back: do not rely on it, and delete it.",
                f"{signed} {issued} {corrected * newer}".strip(),
                "Telephone the authority's desk if you need to know what holds.",
            )
        case Found.CHANGED:
            return "This file was changed", (
                "It bears our seal or names a record of ours, but it is not, byte for byte, "
                "a copy that was issued.",
                "Do not rely on it. Open the record again through your own link.",
            )
        case Found.UNKNOWN:
            return "This file is not known here", (
                verdict.problem or "It was not issued by this authority through this service.",
                "Do not rely on it as a record of a meeting.",
            )
        case Found.BROKEN:
            return "Our own register does not agree with this file", (
                "The file was issued here, but what is stored of it no longer fits its signature.",
                "Tell the system administrator at once: the register was damaged or changed.",
            )


def check_page(base_url: str) -> str:
    """Where a stranger has a file checked, as it is printed on every copy (F7)."""
    return f"{base_url.rstrip('/')}/verify"


def file_name(reference: str, number: int, part: str = "") -> str:
    """The name of a copy as a file: reference, version and which part of it; nothing of a child
    or family."""
    return f"record-{reference}-version-{number}{f'-{part}' if part else ''}.pdf"
