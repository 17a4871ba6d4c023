"""Restricting a case, opening one that is not one's own, looking at that afterwards (H2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.queries import Reachable, staff_who_may
from app.accounts.types import Permission, StaffMember
from app.audit import service as audit
from app.audit.types import Actor, Subject
from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.directory.queries import council
from app.invitations.link_letters import notice_letters
from app.invitations.types import Notice
from app.meetings.models import Meeting
from app.meetings.restricted import queries
from app.meetings.restricted.models import BrokenGlass, CaseRestriction, RestrictionReader
from app.meetings.restricted.rules import GLASS, Restricted
from app.meetings.restricted.whole_case import Case
from app.outbox import service as outbox
from app.referrals.acting import staff_id
from app.referrals.models import Referral
from app.referrals.sender import Sender, desk_of

_PLACES = {"meeting": "discussions", "referral": "referrals"}


def restrict(
    session: Session,
    actor: Actor,
    subject: Subject,
    readers: Collection[int],
    reason: str,
    sender: Sender,
    now: datetime,
    *,
    referral_id: int | None = None,
    meeting_id: int | None = None,
) -> None:
    """Only these people, and whoever does this, may see the case from now on; done again it
    changes who they are, which those from before and from now on are told. Names nobody's reason
    outside the case: the audit keeps who and when."""
    by = staff_id(actor)
    held = queries.standing(session, referral_id=referral_id, meeting_id=meeting_id)
    action = "restriction changed"
    if held is None:
        action = "case restricted"
        held = CaseRestriction(
            referral_id=referral_id, meeting_id=meeting_id, reason=reason, set_by_id=by,
            set_at=now, lifted_at=None, lift_reason=None,
        )  # fmt: skip
        session.add(held)
        session.flush()
    held.reason = reason
    before = {one for one, _name in queries.readers(session, held.id)}
    session.execute(
        delete(RestrictionReader)
        .where(RestrictionReader.restriction_id == held.id)
        .execution_options(synchronize_session=False)
    )
    wanted = sorted({*readers, by})
    session.add_all(RestrictionReader(restriction_id=held.id, staff_id=one) for one in wanted)
    audit.record(session, actor, action, subject, now, {"readers": wanted})
    if before and before != set(wanted):
        _tell(session, {*before, *wanted} - {by}, subject, sender, now)


def _tell(
    session: Session, people: Collection[int], subject: Subject, sender: Sender, now: datetime
) -> None:
    """Those of these people who still work here: who may see the case was changed."""
    able = staff_who_may(session, Permission.REFERRAL_SEE)
    readers = [one for one in able if one.id in people]
    _notify(session, Notice.READERS_CHANGED, readers, subject.ref, now, sender, now, _at(subject))


def _notify(
    session: Session,
    notice: Notice,
    people: Sequence[Reachable],
    ref: str,
    moment: datetime,
    sender: Sender,
    now: datetime,
    path: str,
) -> None:
    """Queue a notice to each of these people; `moment` is the one that it names."""
    letters = notice_letters(
        notice,
        desk_of(council(session), sender),
        ref,
        words_for_moment(moment),
        f"{sender.base_url}{path}",
        [(one.name, one.email) for one in people],
        now,
    )
    outbox.enqueue_all(session, letters, now)


def _at(subject: Subject) -> str:
    return f"/{_PLACES[subject.kind]}/{subject.ref}"


def ask_keepers(
    session: Session,
    actor: Actor,
    child_refs: Collection[str],
    subject: Subject,
    sender: Sender,
    now: datetime,
) -> None:
    """A new referral or discussion may be about a child whose restricted case whoever
    entered it may not see: those who may are told at once, and say whether it is the same child
    (A3, A11). Where none of them works here any more, whoever may restrict cases is told."""
    readers = queries.readers_of_children(session, child_refs)
    told = [one for one in staff_who_may(session, Permission.REFERRAL_SEE) if one.id in readers]
    told = told or staff_who_may(session, Permission.CASE_RESTRICT)
    _notify(session, Notice.PERHAPS_KNOWN, told, subject.ref, now, sender, now, _at(subject))
    audit.record(
        session, actor, "keepers of a restricted case asked", subject, now,
        {"children": sorted(child_refs), "told": [one.id for one in told]},
    )  # fmt: skip


def take_over(
    session: Session,
    actor: Actor,
    before: Meeting,
    meeting: Meeting,
    now: datetime,
    *,
    others: Collection[int] = (),
) -> None:
    """A discussion of an open case takes the place of another: it is restricted like that one, to
    the same people and to `others`. Does nothing where that is not restricted."""
    held = queries.standing(session, meeting_id=before.id)
    if held is None:
        return
    copied = CaseRestriction(
        referral_id=None, meeting_id=meeting.id, reason=held.reason, set_by_id=held.set_by_id,
        set_at=held.set_at, lifted_at=None, lift_reason=None,
    )  # fmt: skip
    session.add(copied)
    session.flush()
    wanted = sorted({*(one for one, _name in queries.readers(session, held.id)), *others})
    session.add_all(RestrictionReader(restriction_id=copied.id, staff_id=one) for one in wanted)
    subject = Subject("meeting", meeting.ref)
    details = {"readers": wanted, "in_place_of": before.ref}
    audit.record(session, actor, "case restricted", subject, now, details)


def admit_chair(
    session: Session, actor: Actor, meeting: Meeting, sender: Sender, now: datetime
) -> None:
    """Whoever was put in the chair of a restricted case may see it from now on, and its readers
    are told. One who is no reader, and broke the glass, makes nobody a reader."""
    held = queries.standing(session, referral_id=meeting.referral_id)
    held = held or queries.standing(session, meeting_id=meeting.id)
    if held is None or meeting.chair_id is None:
        return
    session.refresh(held, with_for_update=True)
    before = {one for one, _name in queries.readers(session, held.id)}
    if held.lifted_at or meeting.chair_id in before or staff_id(actor) not in before:
        return
    subject = Subject("meeting", meeting.ref)
    if held.referral_id is not None:
        subject = Subject("referral", session.get_one(Referral, held.referral_id).ref)
    _admit(session, actor, held, before, meeting.chair_id, subject, sender, now)


def admit_holder(
    session: Session, actor: Actor, referral: Referral, sender: Sender, now: datetime
) -> None:
    """Whoever starts a discussion of a restricted referral at once, or writes down one that was
    held, has to be able to finish it: behind broken glass they become a reader, and the readers
    are told, who can put them out. The referral is locked; `actor` is whoever holds it."""
    held = queries.standing(session, referral_id=referral.id)
    if held is None:
        return
    session.refresh(held, with_for_update=True)
    before = {one for one, _name in queries.readers(session, held.id)}
    if held.lifted_at or staff_id(actor) in before:
        return
    subject = Subject("referral", referral.ref)
    _admit(session, actor, held, before, staff_id(actor), subject, sender, now)


def _admit(
    session: Session,
    actor: Actor,
    held: CaseRestriction,
    before: set[int],
    chair_id: int,
    subject: Subject,
    sender: Sender,
    now: datetime,
) -> None:
    session.add(RestrictionReader(restriction_id=held.id, staff_id=chair_id))
    session.flush()
    wanted = {*before, chair_id}
    audit.record(
        session, actor, "restriction changed", subject, now,
        {"readers": sorted(wanted), "chairs": chair_id},
    )  # fmt: skip
    _tell(session, wanted - {staff_id(actor)}, subject, sender, now)


def lift(
    session: Session,
    actor: Actor,
    subject: Subject,
    reason: str,
    sender: Sender,
    now: datetime,
    *,
    referral_id: int | None = None,
    meeting_id: int | None = None,
) -> None:
    """Everybody whose role allows it may see the case again, which its readers are told. Raises
    Refused where they may."""
    held = queries.standing(session, referral_id=referral_id, meeting_id=meeting_id)
    if held is None:
        raise Refused("reason", "This case is not restricted: load the page again")
    held.lifted_at, held.lift_reason = now, reason
    audit.record(session, actor, "restriction lifted", subject, now)
    readers = {one for one, _name in queries.readers(session, held.id)}
    _tell(session, readers - {staff_id(actor)}, subject, sender, now)


def break_glass(
    session: Session,
    member: StaffMember,
    found: Sequence[Restricted],
    subject: Subject,
    reason: str,
    reviewers: Sequence[Reachable],
    sender: Sender,
    now: datetime,
    opened: Case | None = None,
) -> datetime:
    """Open a case for an hour; returns when that ends. `reviewers` are told at once, and somebody
    else has to look at it afterwards. `opened` is the case for who sees none otherwise: it is
    opened by itself where no restriction is passed."""
    ends_at = now + GLASS
    passed: list[dict[str, int | None]] = [
        {"restriction_id": one.restriction_id} for one in found if not one.is_reader
    ]
    if not passed and opened is not None:
        passed = [opened._asdict()]
    session.add_all(
        BrokenGlass(
            **one, staff_id=member.id, ref=subject.ref, reason=reason, opened_at=now,
            ends_at=ends_at, reviewed_at=None, reviewed_by_id=None, review=None,
        )
        for one in passed
    )  # fmt: skip
    told = [one for one in reviewers if one.id != member.id]
    _notify(session, Notice.GLASS_BROKEN, told, subject.ref, ends_at, sender, now, "/restricted/")
    audit.record(
        session, member.actor, "glass broken", subject, now,
        {"until": ends_at.isoformat(), "told": [one.id for one in told]},
    )  # fmt: skip
    return ends_at


def review(session: Session, member: StaffMember, number: int, words: str, now: datetime) -> None:
    """Say what an opening was. Raises Refused for one's own, or one that was looked at before."""
    held = session.execute(
        select(BrokenGlass)
        .where(BrokenGlass.id == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if held is None or held.reviewed_at is not None:
        raise Refused("review", "Somebody has already looked at this: load the page again")
    if held.staff_id == member.id:
        raise Refused("review", "You opened it yourself: somebody else has to look at it")
    held.reviewed_at, held.reviewed_by_id, held.review = now, member.id, words
    audit.record(
        session, member.actor, "broken glass reviewed", Subject("broken glass", str(number)), now,
        {"opened_by": held.staff_id, "ref": held.ref},
    )  # fmt: skip
