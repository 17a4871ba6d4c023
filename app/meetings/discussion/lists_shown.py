"""The lists and lines of the chair's page that are shown by themselves too, or told its script."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.clock import words_for_due
from app.meetings.discussion import rules
from app.meetings.discussion.models import Action, Dissent
from app.meetings.discussion.questions import PROTECTIONS
from app.meetings.discussion.shown import ActionShown
from app.meetings.discussion.snapshots import people_in
from app.meetings.models import Invitee, Meeting
from app.meetings.standing import invitees_here, standing
from app.referrals.models import Child
from app.referrals.shown import told_apart

# Whoever was to do it has been removed since.
NOBODY = "Nobody: name who does this"
# Why words are withheld from most readers, without whom that is.
_PROTECTS = {one.value: one.label.partition(":")[0].lower() for one in PROTECTIONS if one.value}


def actions_shown(
    actions: Sequence[Action], invitees: Sequence[Invitee], children: Sequence[Child]
) -> tuple[ActionShown, ...]:
    names = told_apart(children, given=True)
    return tuple(
        ActionShown(
            id=action.id,
            what=action.what,
            why=action.why or "",
            owner=name_of_invitee(invitees, action.owner_id) or NOBODY,
            due=words_for_due(action.due_at),
            due_at=action.due_at,
            child=names.get(action.child_id or 0, ""),
            protects=_PROTECTS.get(action.protects, ""),
        )
        for action in actions
    )


def actions_mark(actions: Sequence[Action]) -> str:
    """Changes whenever the list of actions does."""
    return "-".join(f"{action.id}.{action.version}" for action in actions)


def people_mark(invitees: Sequence[Invitee], dissents: Sequence[Dissent]) -> str:
    """Changes when somebody joins, leaves or disagrees, or what was recorded of that is struck:
    then the page is to be loaded again."""
    said = f"{len(dissents)}.{sum(one.struck_at is not None for one in dissents)}"
    return f"{'-'.join(str(invitee.id) for invitee in standing(invitees))}.{said}"


def owners(invitees: Sequence[Invitee]) -> list[tuple[str, str]]:
    """Who can take an action: everyone who counts, with their agency."""
    return [(str(one.id), f"{one.name} ({one.agency_name})") for one in standing(invitees)]


def names_of_owners(meeting: Meeting, actions: Sequence[Action]) -> list[str]:
    """Who has something to do, each once; nobody who was removed, who is not told of it."""
    here = {one.id for one in invitees_here(meeting.invitees)}
    owned = {action.owner_id for action in actions} & here
    return sorted({name_of_invitee(meeting.invitees, owner_id) for owner_id in owned})


def without_owner(meeting: Meeting, actions: Sequence[Action]) -> list[str]:
    """What nobody does who still takes part."""
    here = {one.id for one in invitees_here(meeting.invitees)}
    return [action.what for action in actions if action.owner_id not in here]


def names_of_children(children: Sequence[Child]) -> list[tuple[str, str]]:
    """For whom an action can be."""
    return [(str(id_), name) for id_, name in told_apart(children, given=True).items()]


def here_words(invitees: Sequence[Invitee]) -> str:
    """`3 of 8 here`."""
    counted = standing(invitees)
    here = sum(invitee.attendance in rules.TOOK_PART for invitee in counted)
    return f"{here} of {len(counted)} here"


def quorum_words(invitees: Sequence[Invitee]) -> str:
    """Who of social care, police and health takes no part, as a sentence; empty when all do."""
    absent = rules.not_here(people_in(invitees))
    if not absent:
        return ""
    names = rules.listed([kind.label for kind in absent])
    return f"Not here: {names}. The chair may go on, with a reason that stands in the record."


def name_of_invitee(invitees: Sequence[Invitee], invitee_id: int | None) -> str:
    """Empty for somebody who is not among them."""
    return next((one.name for one in invitees if one.id == invitee_id), "")
