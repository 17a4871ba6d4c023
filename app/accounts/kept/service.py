"""Keeping a form that came too late, giving it back once, forgetting it (E1, H1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.kept import rules
from app.accounts.models import KeptForm
from app.audit import service as audit
from app.audit.types import SYSTEM, Actor, Subject


def keep(
    session: Session,
    actor: Actor,
    staff_id: int,
    address: str,
    fields: Sequence[tuple[str, str]],
    had_file: bool,
    now: datetime,
) -> int:
    """Keep the fields of a form for this person, encrypted; returns its number.

    `address` is where it was going. The oldest beyond `rules.MOST` give way.
    """
    kept = KeptForm(
        staff_id=staff_id,
        address=address,
        fields=json.dumps(list(fields)),
        had_file=had_file,
        kept_at=now,
    )
    session.add(kept)
    session.flush()
    beyond = (
        select(KeptForm.id)
        .where(KeptForm.staff_id == staff_id)
        .order_by(KeptForm.id.desc())
        .offset(rules.MOST)
    )
    too_many = list(session.execute(beyond).scalars())
    if too_many:
        session.execute(delete(KeptForm).where(KeptForm.id.in_(too_many)))
    audit.record(
        session, actor, "form kept until signed in again", Subject("staff", str(staff_id)), now,
        {"form": kept.id},
    )  # fmt: skip
    return kept.id


def give_back(session: Session, actor: Actor, staff_id: int, kept_id: int, now: datetime) -> bool:
    """The form is sent once more by the browser that shows it, so it is kept no longer.

    False where it was sent before, is somebody else's or its time is over.
    """
    row = session.execute(
        select(KeptForm)
        .where(KeptForm.id == kept_id, KeptForm.staff_id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None or rules.is_over(row.kept_at, now):
        return False
    session.delete(row)
    audit.record(
        session, actor, "kept form sent", Subject("staff", str(staff_id)), now, {"form": kept_id}
    )
    return True


def forget_overdue(session: Session, now: datetime) -> int:
    """Delete the forms whose time is over; returns how many."""
    done = session.execute(
        delete(KeptForm)
        .where(KeptForm.kept_at < now - rules.KEPT_FOR)
        .returning(KeptForm.id)
        .execution_options(synchronize_session=False)
    )
    forgotten = len(done.all())
    if forgotten:
        subject = Subject("kept forms", "all")
        audit.record(session, SYSTEM, "kept forms forgotten", subject, now, {"forms": forgotten})
    return forgotten
