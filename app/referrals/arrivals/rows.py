"""What came by the public form, as the referral pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.clock import words_for_moment
from app.protocols.panel import DeadlinePanel, deadline_state
from app.protocols.wording import time_left
from app.referrals.arrivals.queries import MOST, After, Closed, Waiting, how_many_wait, waiting
from app.referrals.public.queries import by_ref
from app.referrals.shown import ListRow
from app.referrals.types import Channel


@dataclass(frozen=True, slots=True)
class ArrivedRow:
    """One line: not taken in yet."""

    ref: str
    children: str
    source: str
    received: str
    risk_now: bool
    deadline: DeadlinePanel


@dataclass(frozen=True, slots=True)
class Arrived:
    """What waits to be taken in. `more` is how many wait beyond these, `after` the key of the
    last one shown, for the next page; both are empty where all are shown."""

    rows: list[ArrivedRow]
    more: int = 0
    after: str = ""


def arrived(session: Session, now: datetime, after: str = "") -> Arrived:
    """What waits to be taken in: who may be at risk now first, then the most overdue.

    `after` is the key of the last row of the page before; a broken one is the first page.
    """
    key = _key(after)
    found = waiting(session, key)
    if len(found) < MOST:
        return Arrived(_rows(found, now))
    last = found[-1]
    more = how_many_wait(session) - len(found) if key is None else len(waiting(session, _of(last)))
    return Arrived(
        _rows(found, now),
        more,
        f"{int(last.risk_now)},{last.decision_due_at.isoformat()},{last.id}" if more else "",
    )


def _of(row: Waiting) -> After:
    return After(row.risk_now, row.decision_due_at, row.id)


def _key(typed: str) -> After | None:
    try:
        risk_now, due, last = typed.split(",")
        moment = datetime.fromisoformat(due.replace(" ", "+"))
        return After(risk_now == "1", moment, int(last)) if moment.tzinfo is not None else None
    except ValueError:
        return None


def _rows(found: list[Waiting], now: datetime) -> list[ArrivedRow]:
    return [
        ArrivedRow(
            ref=one.ref,
            children=one.children,
            source=one.source,
            received=words_for_moment(one.sent_at),
            risk_now=one.risk_now,
            deadline=_deadline(one.decision_due_at, now),
        )
        for one in found
    ]


def closed_row(one: Closed) -> ListRow:
    """A form that was closed as no referral, as a line among all referrals."""
    return ListRow(
        ref=one.ref,
        children=(one.children,),
        deadline=DeadlinePanel(
            title="Decide by",
            state="met",
            state_text="Closed as no referral",
            due_at=None,
            due_text="",
            left_text="",
            rule="",
            reason="",
            source="",
            force_text="",
            others=(),
        ),
        received=words_for_moment(one.sent_at),
        source=f"{one.source}, {Channel.FORM.label.lower()}",
        concerns="",
        rating="",
        rating_colour="",
        outcome=one.filtered.label,
        re_referral=False,
        risk_now=False,
        as_sent=True,
    )


class CameByForm(NamedTuple):
    """That a referral came by the public form, and what its sender said of a risk now."""

    sent_at: datetime
    risk_now: bool


def came_by_form(session: Session, ref: str) -> CameByForm | None:
    """How the referral of this reference came by the public form; None where it did not."""
    held = by_ref(session, ref)
    if held is None or held.sent_at is None:
        return None
    return CameByForm(held.sent_at, held.risk_now)


def _deadline(due: datetime, now: datetime) -> DeadlinePanel:
    state, words = deadline_state(due, now, None)
    return DeadlinePanel(
        title="Decide by",
        state=state,
        state_text=words,
        due_at=due,
        due_text=words_for_moment(due),
        left_text=time_left(due, now),
        rule="",
        reason="",
        source="",
        force_text="",
        others=(),
    )
