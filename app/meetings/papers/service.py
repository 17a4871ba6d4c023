"""Sending a form, and following it until somebody has answered (C6)."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.clock import words_for_moment
from app.core.mail import FinishedMessage
from app.core.refusal import Refused
from app.directory.models import CouncilSettings
from app.directory.queries import council
from app.invitations import service as invitations
from app.invitations.enclosures import form_letter
from app.invitations.models import Invitation
from app.meetings import queries as meetings
from app.meetings.models import Meeting
from app.meetings.papers import queries, rules
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.outbox import service as outbox
from app.protocols.types import FormKind, NamedForm
from app.referrals.sender import Sender, desk_of


def address_for(settings: CouncilSettings, kind: FormKind) -> str:
    """Where this form goes, by the council's settings; empty where they do not say."""
    if kind is FormKind.MEDICAL:
        return settings.medical_form_email
    return settings.police_form_email


def send(
    session: Session,
    staff: StaffMember,
    ref: str,
    named: NamedForm,
    pdf: bytes,
    sender: Sender,
    now: datetime,
) -> SentForm:
    """Send the form as printed to the address in the council's settings (C6).

    As an attachment to the secure list alone, else by link and code. An earlier one that nobody
    has answered is replaced. Raises Refused where the discussion is over or there is no address.
    """
    meeting = _locked(session, ref)
    settings = council(session)
    email = address_for(settings, named.kind)
    rules.check_sendable(meeting.state, email)
    before = queries.form_for_change(session, meeting.id, named.kind)
    if before is not None and before.state is FormState.SENT:
        before.state, before.chase_at = FormState.REPLACED, None
        outbox.withdraw(session, [before.message_id])
        _close_link(session, before, now)
    attached = rules.goes_as_attachment(email, settings.secure_domains)
    # A desk reads it, or whoever is on call: whoever opens it gives name and role (D3).
    invitation = None if attached else invitations.invite(session, named.name, email, True, now)
    if invitation is not None:
        invitations.set_expiry(session, invitation, rules.link_ends(now))
    letter = _letter(session, settings, meeting, email, pdf, invitation, sender, now, again=False)
    form = SentForm(
        meeting_id=meeting.id,
        kind=named.kind,
        number=before.number + 1 if before else 1,
        name=named.name,
        pdf=pdf,
        sha256=sha256(pdf).hexdigest(),
        email=email,
        attached=attached,
        invitation_id=invitation.id if invitation else None,
        message_id=outbox.enqueue(session, letter, now).id,
        sent_at=now,
        sent_by_id=staff.id,
        state=FormState.SENT,
        chase_at=rules.chase_at(now, by_telephone=named.call_again_after is not None),
        chases=0,
        settled_at=None,
        reply=None,
    )
    session.add(form)
    session.flush()
    _record(session, staff.actor, "form sent", meeting, form, now,
            sha256=form.sha256, attached=attached)  # fmt: skip
    return form


def chase(
    session: Session, staff: StaffMember, ref: str, kind: FormKind, sender: Sender, now: datetime
) -> SentForm:
    """Send the same form again with a word that nobody has answered.

    Raises Refused where an answer has come or the discussion is over.
    """
    meeting, form = _awaited(session, ref, kind)
    rules.check_sendable(meeting.state, form.email)
    invitation = session.get(Invitation, form.invitation_id) if form.invitation_id else None
    letter = _letter(
        session, council(session), meeting, form.email, form.pdf, invitation, sender, now,
        again=True,
    )  # fmt: skip
    if invitation is not None:
        invitations.set_expiry(session, invitation, rules.link_ends(now))
    # The same form with a word more: one that has not left yet would be a second copy.
    outbox.withdraw(session, [form.message_id])
    form.message_id = outbox.enqueue(session, letter, now).id
    form.chases += 1
    form.chase_at = now + rules.CHASE_AFTER
    _record(session, staff.actor, "form chased", meeting, form, now, chases=form.chases)
    return form


def acknowledge(
    session: Session, actor: Actor, ref: str, kind: FormKind, who: str, now: datetime
) -> SentForm:
    """Somebody has it and acts on it; `who` as they said. Raises Refused where none is awaited."""
    if not who:
        raise Refused("reply", "Enter who acknowledged it, and what they will do")
    return _settled(session, actor, ref, kind, FormState.ACKNOWLEDGED, who, now)


def refuse(
    session: Session, actor: Actor, ref: str, kind: FormKind, reasons: str, now: datetime
) -> SentForm:
    """The agency refuses; its reasons stay with the case (C6). Raises Refused without them."""
    if not reasons:
        raise Refused("reply", "Enter who refused it and why: the reasons stay with the case")
    return _settled(session, actor, ref, kind, FormState.REFUSED, reasons, now)


def pressed(
    session: Session, actor: Actor, form: SentForm, now: datetime, *, takes_part: bool
) -> bool:
    """One of the two buttons that need no code was pressed at the link of this form (C6, D3).

    Who pressed it is not known, so it settles nothing: it stands with the form, which goes on
    waiting, and whoever cannot take part is to be followed up at once. Returns whether it was
    noted: not where the form was answered before. `form` is locked.
    """
    # The number alone: as much is read as for a link that leads nowhere (D3).
    ref = session.execute(select(Meeting.ref).where(Meeting.id == form.meeting_id)).scalar_one()
    subject, told = Subject("meeting", ref), {"form": form.kind.value, "number": form.number}
    if form.state is not FormState.SENT:
        record(session, actor, "pressed an answer too late", subject, now, told)
        return False
    said = "I will take part" if takes_part else "I cannot take part"
    form.reply = f"“{said}”, pressed {words_for_moment(now)} without a code: telephone them"
    if not takes_part:
        form.chase_at = now
    session.flush()
    told["answer"] = "takes part" if takes_part else "cannot"
    record(session, actor, "form answered without a code", subject, now, told)
    return True


def withdraw_all(session: Session, meeting: Meeting, now: datetime) -> None:
    """The discussion was called off: no form of it is asked after, sent or opened any more."""
    for form in queries.forms_for_change(session, meeting.id):
        form.chase_at = None
        outbox.withdraw(session, [form.message_id])
        _close_link(session, form, now)
    session.flush()


def wait_until(session: Session, form: SentForm, again: datetime | None) -> None:
    """When the form is due to be followed up again; None once somebody was spoken to."""
    form.chase_at = again
    session.flush()


def _settled(
    session: Session,
    actor: Actor,
    ref: str,
    kind: FormKind,
    state: FormState,
    reply: str,
    now: datetime,
) -> SentForm:
    meeting, form = _awaited(session, ref, kind)
    form.state, form.settled_at, form.reply, form.chase_at = state, now, reply, None
    if form.invitation_id is not None:
        held = session.get_one(Invitation, form.invitation_id)
        invitations.set_expiry(session, held, rules.link_ends(now))
    session.flush()
    _record(session, actor, f"form {state.value}", meeting, form, now)
    return form


def _locked(session: Session, ref: str) -> Meeting:
    meeting = meetings.meeting_for_change(session, ref)
    if meeting is None:
        raise Refused("note", "There is no such discussion: load the page again")
    return meeting


def _awaited(session: Session, ref: str, kind: FormKind) -> tuple[Meeting, SentForm]:
    meeting = _locked(session, ref)
    form = queries.form_for_change(session, meeting.id, kind)
    if form is None:
        raise Refused("reply", "The form was not sent yet")
    rules.check_open(form.state)
    return meeting, form


def _close_link(session: Session, form: SentForm, now: datetime) -> None:
    if form.invitation_id is not None:
        invitations.revoke(session, session.get_one(Invitation, form.invitation_id), now)


def _letter(
    session: Session,
    settings: CouncilSettings,
    meeting: Meeting,
    email: str,
    pdf: bytes,
    invitation: Invitation | None,
    sender: Sender,
    now: datetime,
    *,
    again: bool,
) -> FinishedMessage:
    desk = desk_of(settings, sender)
    if invitation is None:
        return form_letter(desk, meeting.ref, email, now, pdf=pdf, again=again)
    link = f"{sender.base_url}/i/{invitations.new_link(session, invitation, now)}"
    return form_letter(desk, meeting.ref, email, now, link=link, again=again)


def _record(
    session: Session,
    actor: Actor,
    action: str,
    meeting: Meeting,
    form: SentForm,
    now: datetime,
    **details: object,
) -> None:
    told = {"form": form.kind.value, "number": form.number, **details}
    record(session, actor, action, Subject("meeting", meeting.ref), now, told)
