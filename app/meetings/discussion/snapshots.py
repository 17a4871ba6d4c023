"""From rows to the plain values that the rules look at. No query is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.meetings.discussion.models import Action
from app.meetings.discussion.queries import Entries
from app.meetings.discussion.questions import NOT_KNOWN
from app.meetings.discussion.types import (
    MEETING,
    ActionLine,
    ChildAnswers,
    Circumstances,
    DiscussionSnapshot,
    PersonHere,
    child_scope,
    person_scope,
)
from app.meetings.models import Invitee
from app.meetings.standing import standing
from app.meetings.types import STARTED_AT_ONCE
from app.referrals.models import Child
from app.referrals.shown import told_apart
from app.referrals.types import Flag


def answers_in(entries: Entries, scope: str) -> dict[str, str]:
    """Everything written in one scope that is not empty."""
    return {
        field: written.value
        for (where, field), written in entries.items()
        if where == scope and written.value
    }


def circumstances_of(child: Child, entries: Entries, flags: frozenset[str]) -> Circumstances:
    return Circumstances(
        answers=answers_in(entries, child_scope(child.id)),
        unborn=child.date_of_birth is None and child.due_date is not None,
        in_hospital=Flag.IN_HOSPITAL.value in flags,
    )


def people_in(
    invitees: Sequence[Invitee], entries: Entries | None = None
) -> tuple[PersonHere, ...]:
    """Those who count as taking part or not: a deputy in the place of whoever was invited.
    `entries` say why it is not known."""
    return tuple(
        PersonHere(
            id=invitee.id,
            name=invitee.name,
            kind=invitee.agency_kind,
            attendance=invitee.attendance,
            is_team=invitee.is_team,
            attended_name=invitee.attended_name or "",
            not_known=not_known(entries or {}, invitee.id),
        )
        for invitee in standing(invitees)
    )


def not_known(entries: Entries, invitee_id: int) -> str:
    """Why nobody knows whether somebody took part; empty where that was not said."""
    written = entries.get((person_scope(invitee_id), NOT_KNOWN.key))
    return written.value if written else ""


def snapshot_of(
    children: Iterable[Child],
    invitees: Sequence[Invitee],
    entries: Entries,
    actions: Iterable[Action],
    dissents: int,
    flags: frozenset[str],
    need_reason: str,
) -> DiscussionSnapshot:
    """What the sign-off gate looks at (F1). `invitees` are those who were not removed: an action
    of anybody else has no owner any more."""
    here, them = {invitee.id for invitee in invitees}, list(children)
    names = told_apart(them)
    return DiscussionSnapshot(
        meeting=answers_in(entries, MEETING),
        children=tuple(
            ChildAnswers(child.id, names[child.id], circumstances_of(child, entries, flags))
            for child in them
        ),
        people=people_in(invitees, entries),
        actions=tuple(
            ActionLine(
                action.id,
                action.what,
                action.owner_id if action.owner_id in here else None,
                action.due_at,
            )
            for action in actions
        ),
        dissents=dissents,
        start_reason_owed=need_reason == STARTED_AT_ONCE,
    )
