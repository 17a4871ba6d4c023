"""What people do with a request to an agency: ask, chase, answer (A6).

Each request is one agency's own: what it asks and what is answered is shared with nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import SYSTEM, Actor, Subject
from app.core.crypto import new_reference
from app.core.refusal import Refused
from app.directory import queries as directory
from app.directory.models import Professional
from app.invitations import service as invitations
from app.invitations.link_letters import link_letters
from app.invitations.models import Invitation
from app.invitations.types import LetterKind
from app.outbox import service as outbox
from app.protocols.registry import active
from app.protocols.types import Protocol
from app.referrals import queries as referrals
from app.referrals.acting import staff_id, subject_of, taken_first, unchanged
from app.referrals.checks import queries, rules
from app.referrals.checks.clock import due_for
from app.referrals.checks.models import AgencyCheck, AgencyCheckChild, CheckAnswer
from app.referrals.checks.types import NOTHING_MORE, AnswerGiven, AnswerVia, Told
from app.referrals.consent.rules import sharing_problem
from app.referrals.models import Referral
from app.referrals.sender import Sender, desk_of
from app.referrals.types import ChangedMeanwhile


def ask(
    session: Session,
    actor: Actor,
    referral: Referral,
    people: Sequence[int],
    question: str,
    sender: Sender,
    now: datetime,
    version: int | None = None,
    told: Told = NOTHING_MORE,
) -> list[AgencyCheck]:
    """Ask several people of the directory at once, each by a link of their own (A6).

    `people` are their numbers; `told` is whom they are told of beside the children, kept as it is
    now. Needs consent or a lawful basis, and where the area says so that
    the family was told (A4). Somebody without an address is to be telephoned. Raises Refused,
    ChangedMeanwhile where somebody changed the referral first.
    """
    unchanged(referral, version)
    rules.check_ask(people, question)
    protocol = active(directory.council(session).protocol_id)
    if problem := _sharing_problem(session, protocol, referral):
        raise Refused("people", problem)
    found = [one for one in directory.professionals(session, set(people)) if one.ended_at is None]
    if len(found) < len(set(people)):
        raise Refused("people", "Somebody chosen has left the directory: choose again")
    waited_for = queries.waited_for(session, referral.id)
    for person in found:
        if person.id in waited_for:
            raise Refused("people", f"{person.name} is asked already and has not answered yet")
    due = due_for(session, protocol, referral)
    by_mail = [person for person in found if person.email]
    invited = invitations.invite_all(
        session,
        [(person.name, person.email or "", person.is_team) for person in by_mail],
        now,
        expires_at=now + rules.LINK_LIFE,
    )
    links = dict(zip((person.id for person in by_mail), invited, strict=True))
    asked = []
    for person in found:
        invitation = links.get(person.id)
        check = AgencyCheck(
            ref=new_reference("IR"),
            referral_id=referral.id,
            agency_id=person.agency_id,
            professional_id=person.id,
            invitation_id=invitation.id if invitation else None,
            question=question,
            concerns=list(referral.concerns),
            shared_adults="\n".join(told.adults) or None,
            shared_address=told.address or None,
            asked_by_id=staff_id(actor),
            asked_at=now,
            due_at=due.at,
            due_rule=due.rule,
            due_force=due.force,
            due_source=due.source,
            next_reminder_at=rules.first_reminder(now, due.at) if invitation else None,
            reminders=0,
        )
        session.add(check)
        asked.append(check)
    session.flush()
    for check in asked:
        _about(session, check, referral)
        _send(session, LetterKind.REQUEST, check, sender, now)
    record(
        session, actor, "agencies asked", subject_of(referral), now,
        {"requests": [check.ref for check in asked], "agencies": [one.agency_id for one in found]},
    )  # fmt: skip
    return asked


def answer(
    session: Session,
    actor: Actor,
    check: AgencyCheck,
    given: AnswerGiven,
    now: datetime,
    seen: int | None = None,
) -> CheckAnswer:
    """Keep an agency's answer, by its link or written down by staff; earlier ones stay (A6).

    `seen` is the number of the newest answer on the page that was answered, 0 where there was
    none. Raises ChangedMeanwhile where somebody has answered since, Refused where nothing is said
    to be held, or the request was withdrawn.
    """
    if seen is not None and seen != queries.newest_answer(session, check.id):
        raise ChangedMeanwhile
    rules.check_answer(given, withdrawn=check.withdrawn_at is not None)
    kept = CheckAnswer(
        check_id=check.id,
        held=given.held,
        words=given.words or None,
        by_name=given.by_name or None,
        by_role=given.by_role or None,
        via=given.via,
        recorded_by_id=None if given.via is AnswerVia.LINK else staff_id(actor),
        unread=session.get_one(Referral, check.referral_id).decided_at is not None,
        at=now,
    )
    session.add(kept)
    check.answered_at = check.answered_at or now
    check.next_reminder_at = None
    session.flush()
    record(
        session, actor, "agency answered", _subject(session, check), now,
        {
            "request": check.ref,
            "held": given.held.value,
            "via": given.via.value,
            "in_time": now <= rules.late_from(check.asked_at, check.due_at),
        },
    )  # fmt: skip
    return kept


def answers_read(
    session: Session, actor: Actor, referral: Referral, now: datetime, newest: int | None = None
) -> None:
    """Somebody who decides on referrals read what came in after the decision (A6, A7). `newest` is
    the number of the last answer on the page that was read; what came since stays unread."""
    unread = [
        one for one in queries.unread_on(session, referral.id) if newest is None or one.id <= newest
    ]
    for one in unread:
        one.unread = False
    if unread:
        session.flush()
        record(
            session, actor, "answers after the decision read", subject_of(referral), now,
            {"answers": [one.id for one in unread]},
        )  # fmt: skip


def opened(session: Session, actor: Actor, check: AgencyCheck, now: datetime) -> None:
    """The agency opened its request: from now on it is shared with it. Noted once, and not of one
    that was withdrawn, which tells nothing."""
    if check.opened_at is None and check.withdrawn_at is None:
        check.opened_at = now
        session.flush()
        record(
            session, actor, "agency opened its request", _subject(session, check), now,
            {"request": check.ref},
        )  # fmt: skip


def remind(
    session: Session, actor: Actor, check: AgencyCheck, sender: Sender, now: datetime
) -> None:
    """Chase an open request by mail, at a press (A6). Raises Refused where it cannot be."""
    rules.check_remind(
        now,
        check.reminded_at or check.asked_at,
        open_=check.answered_at is None and check.withdrawn_at is None,
        by_mail=check.invitation_id is not None,
    )
    _remind(session, actor, check, sender, now)


def send_again(
    session: Session,
    actor: Actor,
    check: AgencyCheck,
    email: str,
    sender: Sender,
    now: datetime,
    version: int,
    *,
    with_changes: bool = False,
) -> None:
    """Send a request again, to another address where the first one was wrong (A6, D7).

    `with_changes`: from now on the agency is told of the referral's children and concerns as they
    are now; without it, of those it was asked about, whatever came since. Another address gets a
    link of its own, and those that were sent end: they may have reached a stranger. A failure is
    seen to by that. Raises Refused (field `email`) for an address that is none and once the
    request was answered or withdrawn, (field `with_changes`) where nothing more may be shared,
    ChangedMeanwhile where it was answered, chased or withdrawn in between.
    """
    taken_first(session, check.referral_id)
    if check.version != version:
        raise ChangedMeanwhile
    if check.answered_at is not None or check.withdrawn_at is not None:
        raise Refused("email", "This request is answered or withdrawn: there is nothing to send")
    if with_changes:
        referral = session.get_one(Referral, check.referral_id)
        protocol = active(directory.council(session).protocol_id)
        if problem := _sharing_problem(session, protocol, referral):
            raise Refused("with_changes", problem)
        check.concerns = list(referral.concerns)
        _about(session, check, referral)
    held = session.get(Invitation, check.invitation_id) if check.invitation_id else None
    person = session.get_one(Professional, check.professional_id)
    moved = held is None or held.email.casefold() != email.strip().casefold()
    if moved:
        if held is not None:
            invitations.revoke(session, held, now)
        made = invitations.invite(session, person.name, email, person.is_team, now)
        check.invitation_id = made.id
        # Whoever opened it at the other address was not the one who was asked.
        check.opened_at = None
    if check.next_reminder_at is None and check.reminders < rules.AUTOMATIC:
        check.next_reminder_at = rules.first_reminder(now, check.due_at)
    if check.message_id is not None:
        outbox.seen_to(session, actor, [check.message_id], now)
    _send(session, LetterKind.REQUEST, check, sender, now)
    record(
        session, actor, "request sent again", _subject(session, check), now,
        {"request": check.ref, "other_address": moved, "told_of_changes": with_changes},
    )  # fmt: skip


def remind_due(session: Session, sender: Sender, now: datetime) -> bool:
    """Chase the request whose reminder is due longest; False where none is due (A6)."""
    check = queries.next_to_remind(session, now)
    if check is None:
        return False
    _remind(session, SYSTEM, check, sender, now)
    return True


def _sharing_problem(session: Session, protocol: Protocol, referral: Referral) -> str | None:
    newest = referrals.consents(session, referral.id)[:1]
    return sharing_problem(
        protocol,
        referral.consent,
        referral.lawful_basis,
        told=bool(newest and newest[0].consent.family_told),
    )


def _about(session: Session, check: AgencyCheck, referral: Referral) -> None:
    """From now on the request is about the children who stand on the referral now."""
    session.execute(delete(AgencyCheckChild).where(AgencyCheckChild.check_id == check.id))
    session.add_all(
        AgencyCheckChild(check_id=check.id, child_id=row.child_id) for row in referral.children
    )
    session.flush()


def _remind(
    session: Session, actor: Actor, check: AgencyCheck, sender: Sender, now: datetime
) -> None:
    check.reminders += 1
    check.reminded_at = now
    check.next_reminder_at = rules.next_reminder(now, check.due_at, check.reminders)
    _send(session, LetterKind.REQUEST_REMINDER, check, sender, now)
    session.flush()
    record(
        session, actor, "agency reminded", _subject(session, check), now,
        {"request": check.ref, "reminders": check.reminders},
    )  # fmt: skip


def _send(
    session: Session, kind: LetterKind, check: AgencyCheck, sender: Sender, now: datetime
) -> None:
    if check.invitation_id is None:
        return
    invitation = session.get_one(Invitation, check.invitation_id)
    # Each letter's link lives from that letter on: a reminder never brings one that has ended.
    invitations.set_expiry(session, invitation, now + rules.LINK_LIFE)
    link = f"{sender.base_url}/r/{invitations.new_link(session, invitation, now)}"
    desk = desk_of(directory.council(session), sender)
    letters = link_letters(
        kind,
        desk,
        check.ref,
        [(invitation.name, invitation.email, link)],
        now,
        at_once=rules.wanted_at_once(now, check.due_at),
    )
    [check.message_id] = outbox.enqueue_all(session, letters, now)
    session.flush()


def _subject(session: Session, check: AgencyCheck) -> Subject:
    return subject_of(session.get_one(Referral, check.referral_id))
