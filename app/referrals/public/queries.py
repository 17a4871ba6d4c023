"""Finding a referral on its way in: by the browser that writes it, by link, for the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from app.core.crypto import token_digest
from app.core.database import UTCDateTime
from app.invitations.queries import guest_by_session
from app.referrals.public import rules
from app.referrals.public.models import Arrival, ArrivalFile, FormLetter
from app.referrals.public.types import Draft, Told

_BY_TOKEN = select(Arrival).where(Arrival.token_digest == bindparam("digest"))
_BY_INVITATION = select(Arrival).where(Arrival.invitation_id == bindparam("invitation"))
_BY_REF = select(Arrival).where(Arrival.ref == bindparam("ref"), Arrival.sent_at.is_not(None))
_STARTED = (
    select(func.count())
    .select_from(Arrival)
    .where(
        Arrival.network_digest == bindparam("network"),
        Arrival.started_at > bindparam("since", type_=UTCDateTime()),
    )
)
_SENT = (
    select(func.count())
    .select_from(Arrival)
    .where(
        Arrival.address_digest == bindparam("address"),
        Arrival.sent_at > bindparam("since", type_=UTCDateTime()),
    )
)
_LETTERS = (
    select(func.count())
    .select_from(FormLetter)
    .where(
        FormLetter.address_digest == bindparam("address"),
        FormLetter.queued_at > bindparam("since", type_=UTCDateTime()),
    )
)
_HELD = (
    select(func.coalesce(func.sum(ArrivalFile.size), 0))
    .join(Arrival, Arrival.id == ArrivalFile.arrival_id)
    .where(Arrival.sent_at.is_(None))
)
_HELD_OF_NETWORK = _HELD.where(Arrival.network_digest == bindparam("network"))
_FILES = (
    select(
        ArrivalFile.id,
        ArrivalFile.name,
        ArrivalFile.media_type,
        ArrivalFile.size,
        ArrivalFile.added_at,
    )
    .where(ArrivalFile.arrival_id == bindparam("arrival", type_=Integer()))
    .order_by(ArrivalFile.id)
)


def draft_by_session(session: Session, token: str, now: datetime) -> Draft | None:
    """The form that this browser writes, while its session lasts: by its own cookie, or by the
    one that link and code opened."""
    held = session.execute(_BY_TOKEN, {"digest": token_digest(token)}).scalar_one_or_none()
    if held is not None:
        over = rules.is_over(now, started=held.started_at, last_seen=held.changed_at)
        return None if over else draft_of(held)
    guest = guest_by_session(session, token, now)
    if guest is None:
        return None
    held = session.execute(_BY_INVITATION, {"invitation": guest.invitation_id}).scalar_one_or_none()
    return draft_of(held) if held is not None else None


def draft_of(held: Arrival) -> Draft:
    """The form as its writer sees it."""
    return Draft(held.id, held.ref, Told.from_text(held.answers), held.started_at, held.sent_at)


def by_invitation(session: Session, invitation_id: int) -> Arrival | None:
    """The form that an invitation leads back to."""
    return session.execute(_BY_INVITATION, {"invitation": invitation_id}).scalar_one_or_none()


def by_ref(session: Session, ref: str) -> Arrival | None:
    """A referral that was sent, by its reference; an unfinished one is its writer's alone."""
    return session.execute(_BY_REF, {"ref": ref.strip().upper()}).scalar_one_or_none()


def started_lately(session: Session, network: str, since: datetime) -> int:
    """How many forms were started from a network, given as its digest."""
    return session.execute(_STARTED, {"network": network, "since": since}).scalar_one()


def sent_lately(session: Session, address: str, since: datetime) -> int:
    """How many referrals were sent with an email address, given as its digest."""
    return session.execute(_SENT, {"address": address, "since": since}).scalar_one()


def letters_lately(session: Session, address: str, since: datetime) -> int:
    """How many links went to an email address, given as its digest."""
    return session.execute(_LETTERS, {"address": address, "since": since}).scalar_one()


def bytes_held(session: Session, network: str | None = None) -> int:
    """How many bytes the files of forms that are not sent take: of one network, given as its
    digest, or of all."""
    if network is None:
        return int(session.execute(_HELD).scalar_one())
    return int(session.execute(_HELD_OF_NETWORK, {"network": network}).scalar_one())


class KeptFile(NamedTuple):
    """A file without its content."""

    id: int
    name: str
    media_type: str
    size: int
    added_at: datetime


def files_of(session: Session, arrival_id: int) -> Sequence[KeptFile]:
    """The files of a referral from outside, the first first."""
    return [KeptFile(*row) for row in session.execute(_FILES, {"arrival": arrival_id})]


def file_of(session: Session, arrival_id: int, number: int) -> ArrivalFile | None:
    """One file of this referral with its content; never one of another."""
    held = session.get(ArrivalFile, number)
    return held if held is not None and held.arrival_id == arrival_id else None
