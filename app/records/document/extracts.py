"""Parts of a record for one purpose: a single child's, and the actions of one agency (F6).

An extract is cut from what its reader may see, never from the whole, and says on its first page
that it is one and what it leaves out.
"""

from __future__ import annotations

from dataclasses import replace

from app.records.document.types import (
    Action,
    Extract,
    ExtractKind,
    Quorum,
    ReaderRecord,
    RecordView,
    Shown,
    Withheld,
)

_NOTES = {
    ExtractKind.CHILD: (
        "The decisions, address and actions of the other children are left out. Information, "
        "analysis and dissent are those of the whole discussion and may speak of them."
    ),
    ExtractKind.ACTIONS: "It holds the actions of this agency alone. All else is left out.",
}


def agencies_with_actions(view: RecordView) -> tuple[str, ...]:
    """The agencies that took something on, each once, in the order of their first action."""
    return tuple(dict.fromkeys(action.agency for action in view.actions if action.agency))


def of_child(copy: ReaderRecord, place: int) -> ReaderRecord:
    """The copy with one child of several: their decisions, and the actions for them or for all.

    `place` counts from 0 in the order of the record. Raises IndexError where there is no such
    child. Source: F6; a record is filed for each child by itself.
    """
    if place < 0:
        raise IndexError("children are counted from 0")
    child = copy.view.children[place]
    view = replace(
        copy.view,
        meeting=replace(copy.view.meeting, place=_place(copy.view)),
        children=(child,),
        actions=tuple(
            replace(one, child_place=None if one.child_place is None else 0)
            for one in copy.view.actions
            if _is_for(one, place, child.name)
        ),
    )
    return _extract(copy, view, ExtractKind.CHILD, child.name)


def of_agency(copy: ReaderRecord, agency: str) -> ReaderRecord:
    """The actions of one agency, with the children whom they concern and nothing else.

    Raises LookupError where the agency took nothing on. Source: F6.
    """
    actions = tuple(one for one in copy.view.actions if one.agency == agency)
    if not actions:
        raise LookupError("that agency took no action on")
    left = [
        place
        for place, child in enumerate(copy.view.children)
        if any(_is_for(one, place, child.name) for one in actions)
    ]
    children = tuple(
        replace(copy.view.children[place], address=None, decisions=()) for place in left
    )
    actions = tuple(
        one if one.child_place is None else replace(one, child_place=left.index(one.child_place))
        for one in actions
    )
    view = replace(
        copy.view,
        clocks=(),
        children=children,
        attendance=(),
        quorum=Quorum(met=copy.view.quorum.met, summary=""),
        information=(),
        analysis=(),
        actions=actions,
        dissent=(),
        referrer=None,
        correction_reason="",
        dissent_not_asked=None,
        sign_off=replace(copy.view.sign_off, instead_of_chair=""),
    )
    return _extract(copy, view, ExtractKind.ACTIONS, agency)


def _place(view: RecordView) -> str | Shown:
    """Where it was held. A home is left out where it may be that of another child."""
    place = view.meeting.place
    if isinstance(place, str) or len({child.address for child in view.children}) == 1:
        return place
    return Withheld(place.kind)


def _is_for(action: Action[Shown], place: int, name: str) -> bool:
    """Whether an action is for this child: two of one name are told apart by their place."""
    if action.child_place is not None:
        return action.child_place == place
    return action.child in ("", name)


def _extract(copy: ReaderRecord, view: RecordView, kind: ExtractKind, subject: str) -> ReaderRecord:
    """What changed since an earlier version stands in the whole record, not in a part of it."""
    return replace(copy, view=view, changes=(), extract=Extract(kind, subject, _NOTES[kind]))
