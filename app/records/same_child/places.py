"""On what a child stands who may be a known one: a referral, or the discussion of an open case
(A3, A11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import abort, url_for
from sqlalchemy.orm import Session

from app.audit.types import Subject
from app.meetings import queries as meetings
from app.meetings.open_case.routes import without_referral
from app.referrals import queries as referrals
from app.referrals.finding import found
from app.referrals.models import Child
from app.referrals.same_child import queries as same_child


@dataclass(frozen=True, slots=True)
class Place:
    """A referral or discussion with its children; `back` is its page, `undo_at` the endpoint that
    tells a child of it apart again."""

    subject: Subject
    title: str
    here: str
    back: str
    undo_at: str
    children: Sequence[Child]

    def child(self, child_ref: str) -> Child:
        """A child of it, else no such page."""
        wanted = child_ref.upper()
        return next((one for one in self.children if one.ref == wanted), None) or abort(404)

    def said(self, session: Session, match_id: int) -> same_child.Said:
        """A match that holds for a child of it, else no such page."""
        of_these = same_child.said_of(session, [one.id for one in self.children])
        holds = (one for one in of_these if one.match.undone_at is None)
        return next((one for one in holds if one.match.id == match_id), None) or abort(404)


Find = Callable[[Session, str], Place]


def referral(session: Session, ref: str) -> Place:
    """A referral, else no such page."""
    held = found(session, ref)
    return Place(
        subject=Subject("referral", held.ref),
        title=f"Referral {held.ref}",
        here="On this referral",
        back=url_for("referrals.referral", ref=held.ref),
        undo_at="same_child.undo",
        children=[row.child for row in held.children],
    )


def open_case(session: Session, ref: str) -> Place:
    """The discussion of an open case, else no such page; of a referral's the referral is asked."""
    held = without_referral(session, ref)
    on_it = (
        referrals.child_by_ref(session, one.ref) for one in meetings.children_of(session, held.id)
    )
    return Place(
        subject=Subject("meeting", held.ref),
        title=f"Discussion {held.ref}",
        here="In this discussion",
        back=url_for("meetings.overview", ref=held.ref),
        undo_at="same_child.undo_of_open_case",
        children=[one for one in on_it if one is not None],
    )
