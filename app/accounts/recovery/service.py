"""Making recovery codes and taking one (H1).

Kept are digests under the installation's index key, which FIELD_KEYS protect: the database alone
gives no code away, and ten slow hashes at each try would hold up everybody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.recovery.models import RecoveryCode
from app.accounts.recovery.rules import as_code, new_codes
from app.accounts.types import StaffMember
from app.audit import service as audit
from app.audit.types import Subject
from app.core.crypto import keyed_digest
from app.core.installation import index_key


def make(session: Session, member: StaffMember, now: datetime) -> list[str]:
    """A new set for oneself, to be shown this once. The former set opens nothing any more."""
    forget(session, member.id)
    codes = new_codes()
    for code in codes:
        digest = _digest(session, member.id, as_code(code) or "")
        session.add(RecoveryCode(staff_id=member.id, digest=digest, made_at=now, used_at=None))
    audit.record(
        session, member.actor, "recovery codes made", Subject("staff", str(member.id)), now,
        {"number": len(codes)},
    )  # fmt: skip
    return codes


def take(session: Session, staff_id: int, typed: str, now: datetime) -> bool:
    """Whether this is a code of theirs that was not used; if so it is used now.

    The caller holds the person's row, so that one code is never taken twice, and audits.
    """
    code = as_code(typed)
    if code is None:
        return False
    held = session.execute(
        select(RecoveryCode).where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.digest == _digest(session, staff_id, code),
            RecoveryCode.used_at.is_(None),
        )
    ).scalar_one_or_none()
    if held is None:
        return False
    held.used_at = now
    session.flush()
    return True


def forget(session: Session, staff_id: int) -> None:
    """Their codes open nothing any more. The caller audits why."""
    session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.staff_id == staff_id)
        .execution_options(synchronize_session=False)
    )


def _digest(session: Session, staff_id: int, code: str) -> str:
    return keyed_digest(index_key(session), "recovery code", str(staff_id), code)
