"""What came by the public form, as the referral pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_moment
from app.protocols.panel import DeadlinePanel, deadline_state
from app.protocols.wording import moment_in_words, time_left
from app.referrals.arrivals.queries import waiting
from app.referrals.public.queries import by_ref


@dataclass(frozen=True, slots=True)
class ArrivedRow:
    """One line: not taken in yet."""

    ref: str
    children: str
    source: str
    received: str
    risk_now: bool
    deadline: DeadlinePanel


def arrived_rows(session: Session, now: datetime) -> list[ArrivedRow]:
    """What waits to be taken in, the most overdue first."""
    return [
        ArrivedRow(
            ref=one.ref,
            children=one.children,
            source=one.source,
            received=words_for_moment(one.sent_at),
            risk_now=one.risk_now,
            deadline=_deadline(one.decision_due_at, now),
        )
        for one in waiting(session)
    ]


def came_by_form(session: Session, ref: str) -> bool:
    """Whether the referral of this reference came by the public form."""
    return by_ref(session, ref) is not None


def _deadline(due: datetime, now: datetime) -> DeadlinePanel:
    state, words = deadline_state(due, now, None)
    return DeadlinePanel(
        title="Decide by",
        state=state,
        state_text=words,
        due_at=due,
        due_text=moment_in_words(due),
        left_text=time_left(due, now),
        rule="",
        reason="",
        source="",
        force_text="",
        others=(),
    )
