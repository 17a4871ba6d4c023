"""What a referrer does with the public form: begin, answer, put aside, come back, send (A1, D3).

Nothing is matched here and nothing becomes known: the wrong-child guard is run by staff when they
take the referral in (A3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import PUBLIC, SYSTEM, Subject
from app.core.crypto import keyed_digest, new_reference, new_token, token_digest
from app.core.installation import index_key
from app.core.refusal import Refused
from app.core.uploads import Upload
from app.directory import queries as directory
from app.directory.models import CouncilSettings
from app.invitations import service as invitations
from app.invitations.types import Desk
from app.outbox import service as outbox
from app.protocols.registry import active
from app.protocols.types import Facts
from app.referrals.public import letters, queries, rules
from app.referrals.public.models import Arrival, ArrivalFile, FormLetter
from app.referrals.public.types import ChangedElsewhere, Draft, Flooded, Step, Told
from app.referrals.rules import decision_due

NO_ROOM = (
    "There is no room for this file now: send the form without it, then telephone us to say "
    "which file you have"
)
_HELD = select(Arrival).with_for_update().execution_options(populate_existing=True)
BATCH = 100


def desk_of(council: CouncilSettings | None, mail_from: str) -> Desk:
    """Who writes to the referrer, and whom to telephone."""
    if council is None:
        return Desk("The desk", mail_from, "")
    return Desk(
        council.desk_name, mail_from, council.desk_telephone, council.out_of_hours_telephone
    )


def start(session: Session, told: Told, network: str, now: datetime, page: str = "") -> str:
    """Begin a form with its first answers; returns the token of the browser that writes it.

    `network` is where it came from, kept as a digest for a day. `page` is the random mark of the
    page that was sent: pressed twice it begins one form, and what was typed last holds. Raises
    Flooded where too many were started from there within an hour.
    """
    token = _digest(session, "page", page) if page else new_token()
    begun = session.execute(_HELD.where(Arrival.token_digest == token_digest(token))).scalar()
    if begun is not None and rules.is_second_press(now, begun.started_at, begun.sent_at):
        first = queries.draft_of(begun)
        answer(session, first, Step.YOU, lambda held: replace(held, you=told.you), now)
        return token
    if begun is not None:
        token = new_token()
    digest = _digest(session, "network", network)
    if not rules.may_start(queries.started_lately(session, digest, now - rules.HOUR)):
        raise Flooded
    held = Arrival(
        ref=new_reference("RF"),
        answers=told.with_done(Step.YOU).as_text(),
        token_digest=token_digest(token),
        network_digest=digest,
        address_digest=_address(session, told.you.email),
        started_at=now,
        changed_at=now,
        risk_now=False,
    )
    session.add(held)
    session.flush()
    record(session, PUBLIC, "form started", _subject(held), now)
    return token


def answer(
    session: Session,
    draft: Draft,
    step: Step,
    change: Callable[[Told], Told],
    now: datetime,
    *,
    done: bool = True,
    seen: str | None = None,
    of: str = "",
) -> Told:
    """Keep the answers of one step; `done` where the step is finished. Returns what is told now.

    `change` puts this step's answers into what is told, and nothing else: it is given what stands
    there under the lock, so that two windows never overwrite each other's steps. `seen` is the
    mark of what the page was filled from, `of` the key of the child or adult it is about. Raises
    ChangedElsewhere where those answers are others by now, and Refused (field `sent`) once the
    referral was sent.
    """
    held = _held(session, draft)
    current = Told.from_text(held.answers)
    fresh = change(current)
    if seen is not None and seen != current.mark(step, of) != fresh.mark(step, of):
        raise ChangedElsewhere(current)
    fresh = fresh.with_done(step) if done else fresh
    if fresh.as_text() == held.answers:
        return fresh
    held.answers = fresh.as_text()
    held.changed_at = now
    if fresh.you.email != current.you.email:
        _readdress(session, held, fresh.you.email)
    session.flush()
    record(session, PUBLIC, "form answered", _subject(held), now, {"step": step.value})
    return fresh


def put_aside(session: Session, draft: Draft, base_url: str, desk: Desk, now: datetime) -> datetime:
    """Send the link that leads back to the address given; returns until when it is kept.

    Raises Refused (field `email`) for an address that is none, Flooded where too many links went
    to it within a day.
    """
    held = _held(session, draft)
    you = draft.told.you
    lately = queries.letters_lately(session, held.address_digest, now - rules.DAY)
    if not rules.may_write_to(lately):
        raise Flooded
    if held.invitation_id is None:
        held.invitation_id = invitations.invite(session, you.name, you.email, False, now).id
    held.changed_at = now
    session.flush()
    until = rules.kept_until(now)
    invitation = invitations.invitation(session, held.invitation_id)
    invitations.set_expiry(session, invitation, until)
    link = f"{base_url}/refer/back/{invitations.new_link(session, invitation, now)}"
    held.message_id = outbox.enqueue(session, letters.way_back(desk, you, link, until, now), now).id
    session.add(FormLetter(address_digest=held.address_digest, queued_at=now))
    session.flush()
    record(session, PUBLIC, "form put aside", _subject(held), now)
    return until


def request_code(session: Session, token: str, browser: str, desk: Desk, now: datetime) -> None:
    """Send a code to the referrer's own address, if the link is in use; else do the same work for
    nobody (D3). The caller answers in the same words in both cases."""
    made = invitations.request_code(session, token, browser, desk, now)
    if made is None:
        return
    # For nobody the same is done, and then undone: how long it takes tells nothing.
    attempt = session.begin_nested()
    known = queries.by_invitation(session, made.invitation_id or 0) is not None
    outbox.enqueue(session, made.letter, now)
    if not known:
        attempt.rollback()


def add_file(session: Session, draft: Draft, upload: Upload, now: datetime) -> None:
    """Keep a file that was checked. Raises Refused (field `file`) where there are too many, or
    where the files of unfinished forms take too much room. Two sent at one moment may go over by
    one of them: nobody waits for another form."""
    held = _held(session, draft)
    if len(queries.files_of(session, held.id)) >= rules.MOST_FILES:
        raise Refused("file", f"Send {rules.MOST_FILES} files or fewer: remove one first")
    network = held.network_digest
    of_network = queries.bytes_held(session, network) if network is not None else 0
    in_all = queries.bytes_held(session)
    if not rules.may_keep(len(upload.content), of_network=of_network, in_all=in_all):
        raise Refused("file", NO_ROOM)
    kept = ArrivalFile(
        arrival_id=held.id,
        name=upload.name,
        media_type=upload.media_type,
        size=len(upload.content),
        content=upload.content,
        added_at=now,
    )
    session.add(kept)
    held.changed_at = now
    session.flush()
    record(session, PUBLIC, "file added", _subject(held), now, {"size": kept.size})


def remove_file(session: Session, draft: Draft, number: int, now: datetime) -> None:
    """Take a file away again before sending; one that is not there is gone already."""
    held = _held(session, draft)
    kept = queries.file_of(session, held.id, number)
    if kept is None:
        return
    session.delete(kept)
    held.changed_at = now
    session.flush()
    record(session, PUBLIC, "file removed", _subject(held), now)


def send(
    session: Session, draft: Draft, desk: Desk, now: datetime, seen: str | None = None
) -> None:
    """Send the referral: it stands in the desk's list at once, and the referrer gets a receipt.

    `seen` is the mark of the answers that the writer was shown. Sent twice it acts once. What was
    told is bound into the audit by a keyed digest, so that the original can be shown to be the
    original. Raises ChangedElsewhere where the answers are others by now, Refused by the step,
    Flooded where too many came from this address within a day.
    """
    held = _locked(session, draft)
    if held.sent_at is not None:
        return
    told = Told.from_text(held.answers)
    if seen is not None and seen != told.mark():
        raise ChangedElsewhere(told)
    for step, problem in rules.problems(told, now):
        raise Refused(step.value, problem.message)
    if not rules.may_send(queries.sent_lately(session, held.address_digest, now - rules.DAY)):
        raise Flooded
    settings = directory.council(session)
    held.sent_at = held.changed_at = now
    held.children = rules.names_in_short(told, now)
    held.source = told.you.organisation
    held.risk_now = rules.asks_for_call(told)
    held.decision_due_at = decision_due(active(settings.protocol_id), Facts(received_at=now))
    if held.invitation_id is not None:
        # Whoever came back by the link still has to see that it was sent.
        invitation = invitations.invitation(session, held.invitation_id)
        invitations.set_expiry(session, invitation, now + rules.RECEIPT_SHOWN)
    session.flush()
    held.message_id = outbox.enqueue(
        session, letters.receipt(desk, told.you, held.ref, now), now
    ).id
    session.flush()
    record(
        session, PUBLIC, "referral sent by form", _subject(held), now,
        {
            "children": len(told.children),
            "adults": len(told.adults),
            "concerns": list(told.concerns),
            "files": len(queries.files_of(session, held.id)),
            "decision_due_at": held.decision_due_at.isoformat(),
            "answers": _digest(session, "answers", held.answers),
        },
    )  # fmt: skip


def forget(session: Session, draft: Draft, now: datetime) -> None:
    """End this browser's session; the link, if one was sent, goes on working."""
    held = _locked(session, draft)
    held.token_digest = None
    session.flush()
    record(session, PUBLIC, "form closed on this computer", _subject(held), now)


def delete_abandoned(session: Session, now: datetime) -> int:
    """Delete forms that nobody finished within a week, with their files and links; forget from
    which network others came, and to which addresses letters went. Returns how many were
    deleted."""
    before = now - rules.KEEP_UNFINISHED
    session.execute(
        update(Arrival)
        .where(Arrival.network_digest.is_not(None), Arrival.started_at < now - rules.KEEP_NETWORKS)
        .values(network_digest=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(FormLetter)
        .where(FormLetter.queued_at < now - rules.DAY)
        .execution_options(synchronize_session=False)
    )
    old = session.execute(
        select(Arrival)
        .where(Arrival.sent_at.is_(None), Arrival.changed_at < before)
        .order_by(Arrival.changed_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalars()
    gone = 0
    for held in list(old):
        session.execute(delete(ArrivalFile).where(ArrivalFile.arrival_id == held.id))
        invitation_id, subject = held.invitation_id, _subject(held)
        session.delete(held)
        session.flush()
        if invitation_id is not None:
            invitations.delete(session, invitation_id)
        record(session, SYSTEM, "unfinished form deleted", subject, now)
        gone += 1
    return gone


def _held(session: Session, draft: Draft) -> Arrival:
    held = _locked(session, draft)
    if held.sent_at is not None:
        raise Refused("sent", "This referral was sent already: telephone to add something")
    return held


def _locked(session: Session, draft: Draft) -> Arrival:
    return session.execute(_HELD.where(Arrival.id == draft.id)).scalar_one()


def _readdress(session: Session, held: Arrival, email: str) -> None:
    """Another address: links to the one before end, it may have been somebody else's."""
    held.address_digest = _address(session, email)
    if held.invitation_id is not None:
        gone, held.invitation_id = held.invitation_id, None
        session.flush()
        invitations.delete(session, gone)


def _address(session: Session, email: str) -> str:
    return _digest(session, "address", email.strip().lower())


def _digest(session: Session, kind: str, text: str) -> str:
    return keyed_digest(index_key(session), f"public form {kind}", text)


def _subject(held: Arrival) -> Subject:
    return Subject("referral", held.ref)
