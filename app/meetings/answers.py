"""What an invitee does: answers, names a colleague, sends a report (D4, D5).

The invitee is given as `queries.invitee_for_change` reads them: what is decided on stays true.
Called for guests by link and for staff who were told by telephone or secure email; who it was
stands in the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, ActorKind, Subject
from app.core.refusal import Refused
from app.core.uploads import Upload
from app.directory.models import Professional
from app.directory.queries import council
from app.directory.rules import normal_email, normal_telephone
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.meetings import messages, rules
from app.meetings.booking.addresses import Known, domain_of, like_another, twin_of
from app.meetings.booking.could_come import known_addresses
from app.meetings.models import Invitee, Meeting, Report
from app.meetings.types import Answer, ReportVia
from app.referrals.sender import Sender

LONGEST_REPORT = 50_000
_BY_ADDRESS = select(Professional.id).where(
    Professional.email == bindparam("email"),
    Professional.is_team.is_(False),
    Professional.ended_at.is_(None),
)
_CHECK = "check the address letter by letter, then tick here, or mend it"
COLLEAGUE_NAMED = "colleague named"  # in the audit
MOST_REPORTS = 20  # of one invitee: a stuck button must not fill the disk


@dataclass(frozen=True, slots=True)
class Deputy:
    """The colleague who comes instead, as typed."""

    name: str
    email: str
    title: str = ""
    telephone: str = ""
    checked: bool = False  # an address that looks like another was read again letter by letter
    decides: bool = False  # for their agency, as whoever names them says (C8)
    after_all: bool = False  # was removed from this discussion, and staff say that they may come


def answer(
    session: Session,
    invitee: Invitee,
    given: Answer,
    note: str | None,
    actor: Actor,
    now: datetime,
    given_at: datetime | None = None,
) -> None:
    """Keep what an invitee says: attends, dials in, perhaps, a report instead, cannot (D4).

    `note` is their word to the desk: None where this answer brings none, and what they wrote
    before stays; empty where they take it back. `given_at` is for what was said a while before it
    arrived here. Raises Refused (field `answer`)
    once the meeting is over, for somebody removed, and where a colleague comes instead. The last
    answer holds.
    """
    _check(session, invitee, given)
    before = invitee.answer
    invitee.answer, invitee.answered_at = given, given_at or now
    invitee.earlier_answer = invitee.earlier_answer_at = None
    _audit(session, actor, "invitation answered", invitee, now,
           {"answer": given.value, "before": before.value} | _noted(invitee, note))  # fmt: skip


def _noted(invitee: Invitee, note: str | None) -> dict[str, object]:
    """Keep the note, and say for the audit what became of the one there was: its words are
    protected and stand in no audit."""
    held = invitee.answer_note
    if note is None or note == (held or ""):
        return {}
    invitee.answer_note = note or None
    return {"note": "given" if held is None else "replaced" if note else "taken back"}


def answer_to_earlier_time(
    session: Session, invitee: Invitee, given: Answer, actor: Actor, now: datetime
) -> None:
    """Somebody answered by the link of a letter that told another time than the meeting has now:
    noted as that, and no answer to the time that they have not seen (D6, as RFC 5546 has it for an
    older SEQUENCE). What they pressed stands beside the answer there is, where the two differ,
    until they answer again. Raises Refused as `answer` does."""
    _check(session, invitee, given)
    if invitee.answer is Answer.NONE:
        invitee.answered_at = now  # shown beside them: ask again
    if given is not invitee.answer:
        invitee.earlier_answer, invitee.earlier_answer_at = given, now
    _audit(session, actor, "answered to an earlier time", invitee, now, {"answer": given.value})


def take_answer_off(invitee: Invitee) -> None:
    """They have not answered, whatever was said in their name before."""
    invitee.answer, invitee.answered_at, invitee.answer_note = Answer.NONE, None, None
    invitee.earlier_answer = invitee.earlier_answer_at = None


def name_deputy(
    session: Session,
    invitee: Invitee,
    deputy: Deputy,
    sender: Sender,
    actor: Actor,
    now: datetime,
) -> Invitee:
    """A colleague comes instead, with an invitation of their own (D4).

    The entry of whoever was invited first is cancelled and their link ends. The PIN stays: nobody
    was sent away. Told to staff, the colleague may have a telephone number alone: then nobody but
    a call asks them, as where the discussion was started at once (C11). Raises Refused by the
    field: the chair, whom another chair replaces at the desk; no name; an address that is none, is
    on the list, or looks like another and was not checked; neither address nor number; somebody
    who was removed from this discussion, unless staff say that they may come after all (C7).
    """
    meeting = invitee.meeting
    _check(session, invitee, Answer.DECLINED)
    if invitee.staff_id is not None and invitee.staff_id == meeting.chair_id:
        raise Refused("name", "You chair this discussion: telephone the desk for another chair")
    if not deputy.name:
        raise Refused("name", "Enter the name of the colleague who comes instead")
    telephone = normal_telephone(deputy.telephone) if deputy.telephone else None
    email = None
    if deputy.email or telephone is None or actor.kind is not ActorKind.STAFF:
        email = normal_email(deputy.email, "email")
        if not deputy.checked:
            _check_address(session, invitee, email)
    if email and any(
        (one.email or "").lower() == email and one.removed_at is None for one in meeting.invitees
    ):
        raise Refused("email", "Somebody on the list has that address: enter the colleague's own")
    known = _known(session, email) if email else []
    removed = _removed(meeting, email, telephone, known)
    if removed is not None and not (deputy.after_all and actor.kind is ActorKind.STAFF):
        _refuse_removed(removed, actor)
    colleague = Invitee(
        meeting_id=meeting.id,
        professional_id=_not_on_list(meeting, known),
        invitation_id=(
            invitations.invite(session, deputy.name, email, False, now).id
            if email and asks_by_letter(meeting)
            else None
        ),
        name=deputy.name,
        title=deputy.title or invitee.title,
        role=invitee.role,
        agency_id=invitee.agency_id,
        agency_name=invitee.agency_name,
        agency_kind=invitee.agency_kind,
        email=email,
        telephone=telephone,
        is_team=False,
        decision_maker=deputy.decides,
        rule_id=invitee.rule_id,
        why=f"Comes instead of {invitee.name}.",
        invited_at=now,
        answer=Answer.NONE,
        links_withdrawn_at=meeting.links_withdrawn_from(email),
        deputy_for_id=invitee.id,
    )
    meeting.invitees.append(colleague)
    invitee.answer, invitee.answered_at = Answer.DEPUTY, now
    session.flush()
    if asks_by_letter(meeting):
        messages.send(session, LetterKind.CANCELLATION, meeting, [invitee], sender, now)
        messages.send(session, LetterKind.INVITATION, meeting, [colleague], sender, now)
    elif invitee.invitation_id is not None:
        held = session.get(Invitation, invitee.invitation_id)
        if held is not None:
            invitations.revoke(session, held, now)
    details: dict[str, object] = {"deputy": colleague.id}
    if removed is not None:
        details["removed_before"] = removed.id
    _audit(session, actor, COLLEAGUE_NAMED, invitee, now, details)
    return colleague


def asks_by_letter(meeting: Meeting) -> bool:
    """Whether letters ask people to come: not to one that was started at once, which has no time
    to be invited to. There everybody is telephoned (C11)."""
    return meeting.starts_at is not None


def add_report(
    session: Session,
    invitee: Invitee,
    body: str,
    upload: Upload | None,
    via: ReportVia,
    actor: Actor,
    now: datetime,
    first_given_at: datetime | None = None,
    *,
    instead: bool = False,
) -> Report:
    """Keep a report, typed or as a checked file (see `app.core.uploads`); D5, BROMLEY 2.

    `first_given_at` is when an earlier discussion was given the same. `instead` is what the
    invitee said: the report is their answer. Whoever did not say so may come beside it, and is
    asked like everybody. The chair sees it; other agencies see nothing before the meeting. Raises
    Refused by the field.
    """
    if invitee.removed_at is not None:
        raise Refused("body", "You are no longer invited: telephone the desk if that is wrong")
    if invitee.meeting.state not in rules.OPEN_TO_INVITEES:
        raise Refused("body", "The meeting is over or was cancelled: telephone the desk instead")
    if not body and upload is None:
        raise Refused("body", "Write the report, or choose a file")
    if len(body) > LONGEST_REPORT:
        raise Refused("body", f"Shorten this to {LONGEST_REPORT:,} characters, or send a file")
    held = session.execute(select(Report.id).where(Report.invitee_id == invitee.id)).all()
    if len(held) >= MOST_REPORTS:
        raise Refused("body", "There are many reports from you already: telephone the desk")
    report = Report(
        invitee_id=invitee.id,
        body=body or None,
        file=upload.content if upload else None,
        file_name=upload.name if upload else None,
        media_type=upload.media_type if upload else None,
        via=via,
        added_by_id=actor.id if actor.kind is ActorKind.STAFF else None,
        received_at=now,
        first_given_at=first_given_at,
    )
    session.add(report)
    session.flush()
    _audit(
        session, actor, "report received", invitee, now,
        {"via": via.value, "file": report.media_type, "report": report.id,
         "given_again": first_given_at is not None},
    )  # fmt: skip
    if instead:
        answer(session, invitee, Answer.REPORT, None, actor, now)
    return report


def deputy_of(session: Session, invitee: Invitee) -> Invitee | None:
    """Who comes instead of this invitee, if anybody does."""
    return session.execute(
        select(Invitee)
        .where(Invitee.deputy_for_id == invitee.id, Invitee.removed_at.is_(None))
        .order_by(Invitee.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def _known(session: Session, email: str) -> list[int]:
    """Who has this address in the directory, so that their other meetings are known."""
    return list(session.execute(_BY_ADDRESS, {"email": email}).scalars())


def _not_on_list(meeting: Meeting, known: Sequence[int]) -> int | None:
    """The first of these who is not on the list already; None for nobody."""
    there = {one.professional_id for one in meeting.invitees if one.removed_at is None}
    return next((one for one in known if one not in there), None)


def _removed(
    meeting: Meeting, email: str | None, telephone: str | None, known: Sequence[int]
) -> Invitee | None:
    """Who was taken off this discussion and has this address or entry in the directory, or this
    number where no address is given; whoever reads an address that was wrong is one of them."""
    return next(
        (
            one
            for one in meeting.invitees
            if one.removed_at is not None
            and (
                (email is not None and (one.email or "").lower() == email)
                or (email is None and telephone is not None and one.telephone == telephone)
                or one.professional_id in known
            )
        ),
        None,
    )


def _refuse_removed(removed: Invitee, actor: Actor) -> None:
    """Nobody whom the desk removed is let in again by a colleague (C7). Who was removed and why is
    told to staff alone."""
    if actor.kind is not ActorKind.STAFF:
        raise Refused("email", "This colleague can only be invited by the desk: telephone it")
    if removed.wrong_address:
        told = f"{removed.email} was not the address of {removed.name}"
    else:
        reason = (removed.removed_reason or "").rstrip(".")
        told = f"{removed.name} was removed from this discussion ({reason})"
    raise Refused("after_all", f"{told}: check who it is, then tick here, or enter somebody else")


def _check_address(session: Session, invitee: Invitee, email: str) -> None:
    """Raise Refused for an address that could be mistaken for another. Whose the other is, is told
    only where it is like their own: the directory is not theirs to read."""
    domain, own = domain_of(email), domain_of(invitee.email or "")
    if own and like_another(domain, [own]):
        raise Refused("checked", f"{domain} looks like {own}, but it is another: {_CHECK}")
    secure = council(session).secure_domains
    known = [Known(invitee.name, invitee.agency_name, invitee.email), *known_addresses(session)]
    if twin_of(email, known, secure):
        raise Refused("checked", f"{domain} looks almost like another one known here: {_CHECK}")


def _check(session: Session, invitee: Invitee, given: Answer) -> None:
    rules.check_answer(
        invitee.meeting.state,
        given,
        invitee.answer,
        removed=invitee.removed_at is not None,
        has_deputy=deputy_of(session, invitee) is not None,
    )


def _audit(
    session: Session,
    actor: Actor,
    action: str,
    invitee: Invitee,
    now: datetime,
    details: dict[str, object],
) -> None:
    meeting: Meeting = invitee.meeting
    subject = Subject("meeting", meeting.ref)
    record(session, actor, action, subject, now, {"invitee": invitee.id, **details})
