"""What a system administrator does with the accounts of others (H1). All of it is audited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.accounts.models import Staff, StaffRole
from app.accounts.queries import Reachable, staff_who_may
from app.accounts.recovery import service as recovery
from app.accounts.rules import ALLOWED, may
from app.accounts.sessions import end_all_sessions, end_sessions
from app.accounts.telling import AccountEvent, Tell
from app.accounts.types import Permission, Role
from app.audit import service as audit
from app.audit.types import Actor, ActorKind, Subject
from app.core.refusal import Refused


def add(
    session: Session,
    actor: Actor,
    *,
    name: str,
    email: str,
    telephone: str | None,
    roles: Collection[Role],
    one_time_hash: str,
    tell: Tell,
    now: datetime,
) -> Staff:
    """Add somebody with a one-time password, whose hash is given; they set their own. Managers and
    system administrators are told of whoever may see cases from now on.

    Raises Refused when the address is taken, by a leaver too, or no role is given.
    """
    _some_role(roles)
    address = email.lower()
    held = session.execute(select(Staff).where(Staff.email == address)).scalar_one_or_none()
    if held is not None and held.ended_at is None:
        raise Refused("email", "This address has an account already: change that one")
    if held is not None:
        raise Refused(
            "email", "Somebody who has left had this address: open their page and let them return"
        )
    staff = Staff(
        name=name,
        email=address,
        telephone=telephone,
        password_hash=one_time_hash,
        must_set_password=True,
        failures=0,
        created_at=now,
        roles=[StaffRole(role=role) for role in _in_order(roles)],
    )
    session.add(staff)
    session.flush()
    told = _tell_of_cases(session, actor, staff, roles, tell, now)
    audit.record(
        session, actor, "staff added", _subject(staff), now, {"roles": _names(roles)} | told
    )
    return staff


def change_roles(
    session: Session,
    actor: Actor,
    staff_id: int,
    roles: Collection[Role],
    tell: Tell,
    now: datetime,
) -> None:
    """Give somebody exactly these roles. They hold from the next page on. Who saw no case until
    now and does from now on is told of to managers and system administrators: a system
    administrator could give such a role to themselves (H2).

    Raises Refused when no role is left, or where the last system administrator, or the last who may
    sign a record, would lose theirs.
    """
    _some_role(roles)
    staff = _locked(session, staff_id)
    _keep_the_last(session, staff, roles)
    before = {held.role for held in staff.roles}
    staff.roles = [held for held in staff.roles if held.role in roles]
    staff.roles.extend(StaffRole(role=role) for role in _in_order(set(roles) - before))
    session.flush()
    told = {} if _sees_cases(before) else _tell_of_cases(session, actor, staff, roles, tell, now)
    audit.record(
        session,
        actor,
        "roles changed",
        _subject(staff),
        now,
        {"from": _names(before), "to": _names(roles)} | told,
    )


def new_one_time_password(
    session: Session, actor: Actor, staff_id: int, one_time_hash: str, tell: Tell, now: datetime
) -> None:
    """Replace a forgotten password, sign the person out everywhere and lift a pause. They are told
    by mail: they may not have asked for it."""
    staff = _locked(session, staff_id)
    staff.password_hash = one_time_hash
    staff.must_set_password = True
    staff.failures = 0
    staff.paused_until = None
    ended = end_sessions(session, staff.id, now)
    tell(session, AccountEvent.PASSWORD_GIVEN, [_reachable(staff)], now)
    audit.record(
        session, actor, "one-time password given", _subject(staff), now, {"sessions ended": ended}
    )


def reset_second_factor(
    session: Session, actor: Actor, staff_id: int, reason: str, tell: Tell, now: datetime
) -> None:
    """Forget a lost telephone: the next sign-in sets up a new one. Signs out everywhere, takes the
    recovery codes away and tells the person, who may not have asked for it.

    Raises Refused for one's own: whoever sits at an open screen must not make it theirs.
    """
    if actor.kind is ActorKind.STAFF and actor.id == staff_id:
        raise Refused(
            "reason",
            "Another system administrator must reset your second factor. If there is none, it is "
            "done on the server with `flask staff reset-second-factor`",
        )
    staff = _locked(session, staff_id)
    staff.totp_secret = None
    staff.totp_confirmed_at = None
    staff.totp_last_step = None
    recovery.forget(session, staff.id)
    ended = end_sessions(session, staff.id, now)
    tell(session, AccountEvent.SECOND_FACTOR_RESET, [_reachable(staff)], now)
    audit.record(
        session, actor, "second factor reset", _subject(staff), now,
        {"sessions ended": ended, "reason": reason},
    )  # fmt: skip


def forget_sign_on(
    session: Session, actor: Actor, staff_id: int | None, reason: str, now: datetime
) -> int:
    """Forget by which subject the provider knows somebody, or everybody where `staff_id` is None:
    a provider that was changed, or a client registered anew, has others. Signs them out; the next
    single sign-on links the account anew, by its address, and tells the person.

    Returns of how many it was forgotten.
    """
    known = select(Staff).where(Staff.sign_on_subject.is_not(None)).with_for_update()
    if staff_id is not None:
        known = known.where(Staff.id == staff_id)
    linked = session.execute(known).scalars().all()
    for staff in linked:
        staff.sign_on_subject = None
        ended = end_sessions(session, staff.id, now)
        audit.record(
            session, actor, "single sign-on forgotten", _subject(staff), now,
            {"sessions ended": ended, "reason": reason},
        )  # fmt: skip
    return len(linked)


def sign_out_everywhere(session: Session, actor: Actor, staff_id: int, now: datetime) -> int:
    """End every session of somebody; returns how many there were."""
    staff = _locked(session, staff_id)
    ended = end_sessions(session, staff.id, now)
    audit.record(session, actor, "sessions ended", _subject(staff), now, {"sessions ended": ended})
    return ended


def sign_out_everybody(
    session: Session, actor: Actor, reason: str, now: datetime, *, but: int | None = None
) -> int:
    """End everybody's sessions, but that of the browser it is done in; returns how many ended."""
    ended = end_all_sessions(session, now, but=but)
    audit.record(
        session, actor, "everybody signed out", Subject("staff", "everybody"), now,
        {"sessions ended": ended, "reason": reason},
    )  # fmt: skip
    return ended


def end(session: Session, actor: Actor, staff_id: int, now: datetime) -> None:
    """Somebody has left: they are signed out and can never sign in. Their name stays in history.

    Raises Refused for the last system administrator and the last who may sign a record.
    """
    staff = _locked(session, staff_id)
    _keep_the_last(session, staff, ())
    staff.ended_at = now
    staff.totp_secret = None
    staff.totp_confirmed_at = None
    staff.sign_on_subject = None
    recovery.forget(session, staff.id)
    ended = end_sessions(session, staff.id, now)
    audit.record(session, actor, "staff ended", _subject(staff), now, {"sessions ended": ended})


def let_return(
    session: Session, actor: Actor, staff_id: int, one_time_hash: str, tell: Tell, now: datetime
) -> None:
    """Somebody who had left is back, with a one-time password and the roles they had. Told like
    somebody who was added."""
    staff = session.execute(
        select(Staff)
        .where(Staff.id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if staff is None or staff.ended_at is None:
        raise Refused("staff", "This person has not left. Load the page again.")
    staff.ended_at = None
    staff.password_hash = one_time_hash
    staff.must_set_password = True
    staff.failures = 0
    staff.paused_until = None
    session.flush()
    roles = {held.role for held in staff.roles}
    told = _tell_of_cases(session, actor, staff, roles, tell, now)
    audit.record(session, actor, "staff returned", _subject(staff), now, told)


def _locked(session: Session, staff_id: int) -> Staff:
    staff = session.execute(
        select(Staff)
        .where(Staff.id == staff_id, Staff.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if staff is None:
        raise Refused("staff", "This person has left. Load the page again.")
    return staff


# Without the one nobody can let anybody in; without the other no record is ever signed (F1).
_LAST = {
    frozenset({Role.SYSTEM}): "This is the last system administrator: make somebody else one first",
    ALLOWED[Permission.RECORD_SIGN]: (
        "Nobody else may sign a record: give somebody else the role of chair first"
    ),
}


def _keep_the_last(session: Session, staff: Staff, keeps: Collection[Role]) -> None:
    """Raises Refused where nobody would be left of those there must be; `keeps`: the roles that
    this person holds from now on."""
    # Locked in one order: two administrators who remove each other at once cannot both succeed.
    holders = session.execute(
        select(Staff)
        .where(
            Staff.ended_at.is_(None),
            exists().where(
                StaffRole.staff_id == Staff.id, StaffRole.role.in_(frozenset().union(*_LAST))
            ),
        )
        .order_by(Staff.id)
        .with_for_update(of=Staff)
        .execution_options(populate_existing=True)
    ).scalars()
    held = {one.id: {each.role for each in one.roles} for one in holders}
    for roles, words in _LAST.items():
        if roles.isdisjoint(keeps) and {id_ for id_ in held if held[id_] & roles} == {staff.id}:
            raise Refused("roles", words)


def _sees_cases(roles: Collection[Role]) -> bool:
    return may(roles, Permission.REFERRAL_SEE)


def _tell_of_cases(
    session: Session,
    actor: Actor,
    staff: Staff,
    roles: Collection[Role],
    tell: Tell,
    now: datetime,
) -> dict[str, list[int]]:
    """Tell those who look at broken glass of somebody who sees cases without; returns whom, for the
    audit."""
    if not _sees_cases(roles):
        return {}
    doer = actor.id if actor.kind is ActorKind.STAFF else None
    told = [
        one
        for one in staff_who_may(session, Permission.GLASS_REVIEW)
        if one.id not in (doer, staff.id)
    ]
    if not told:
        return {}
    tell(session, AccountEvent.SEES_CASES_NOW, told, now, staff.name)
    return {"told": [one.id for one in told]}


def _reachable(staff: Staff) -> Reachable:
    return Reachable(staff.id, staff.name, staff.email)


def _some_role(roles: Collection[Role]) -> None:
    if not roles:
        raise Refused("roles", "Choose at least one role")


def _in_order(roles: Collection[Role]) -> list[Role]:
    return [role for role in Role if role in roles]


def _names(roles: Collection[Role]) -> list[str]:
    return [role.value for role in _in_order(roles)]


def _subject(staff: Staff) -> Subject:
    return Subject("staff", str(staff.id))
