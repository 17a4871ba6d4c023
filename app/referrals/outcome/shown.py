"""What stands beside the decisions on a referral's page, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_moment
from app.protocols.types import Protocol
from app.referrals.models import Referral
from app.referrals.outcome import queries, rules
from app.referrals.outcome.models import DecisionGround
from app.referrals.queries import Decided


@dataclass(frozen=True, slots=True)
class Ground:
    """`notes` by the number of a decision; `outcome` in the area's own words."""

    outcome: str
    notes: dict[int, tuple[str, ...]]
    onward: tuple[tuple[str, str], ...]
    reopened: tuple[tuple[str, str], ...]
    reopened_at: datetime | None  # last


def ground_of(
    session: Session, referral: Referral, protocol: Protocol, decisions: Sequence[Decided]
) -> Ground:
    """Grounds, onward referrals and reopenings of a referral."""
    reopenings = queries.reopenings(session, referral.id)
    return Ground(
        outcome=rules.name_of(protocol, referral.outcome) if referral.outcome else "",
        notes={one.decision.id: _notes(one.ground) for one in decisions if one.ground},
        onward=tuple(_onward(one) for one in queries.onward(session, referral.id)),
        reopened=tuple(
            (
                one.reopening.reason,
                f"{words_for_moment(one.reopening.reopened_at)}, {one.by}. Until then: "
                f"{rules.name_of(protocol, one.reopening.was_outcome)}",
            )
            for one in reopenings
        ),
        reopened_at=reopenings[0].reopening.reopened_at if reopenings else None,
    )


def _notes(ground: DecisionGround) -> tuple[str, ...]:
    first = [
        *(["a child may not be seen"] if ground.unseen else []),
        *(["a child is under three"] if ground.under_three else []),
        *(["a child is educated at home"] if ground.home_educated else []),
    ]
    return (
        *([f"No referral: {ground.filtered.label}"] if ground.filtered else []),
        *([f"Comes first: {', '.join(first)}"] if first else []),
        *(["Consent was overridden by whoever decided"] if ground.overrode else []),
    )


def _onward(one: queries.Onward) -> tuple[str, str]:
    """About what and to whom; when, by whom, with which reference."""
    held = one.onward
    reference = f", reference {held.reference}" if held.reference else ""
    note = f". {held.note}" if held.note else ""
    return (
        f"{held.about.label}: {one.agency or held.to_name}",
        f"{words_for_moment(held.referred_at)}{reference}, {one.by}{note}",
    )
