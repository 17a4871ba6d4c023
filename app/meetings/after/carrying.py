"""What follows for a child, worked out over all of its discussions (F8).

Each row holds what its own discussion decided and what was noted with it. Of one enquiry the last
discussion takes over what was said and noted before: dates and choices, never words, because
another discussion may be restricted to other people. `ChildAfter.from_others` names what came so,
and it is taken back before anything is worked out again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from app.directory.queries import council
from app.meetings.after import queries, rules
from app.meetings.after.enquiries import Discussed, enquiries
from app.meetings.after.models import ChildAfter
from app.meetings.after.queries import Followed
from app.meetings.after.types import Conference, Decided, Standing
from app.meetings.discussion.queries import entries_of
from app.meetings.discussion.snapshots import answers_in
from app.meetings.discussion.types import child_scope
from app.meetings.models import Meeting
from app.protocols import registry
from app.protocols.exchange import restore, snapshot
from app.protocols.rules import clocks
from app.protocols.types import Clock, ClockError, Due, Facts, Protocol

CLOCKS = (Clock.ICPC_REFERRAL, Clock.ICPC_HELD, Clock.ASSESSMENT)
# What a later discussion about the same enquiry takes over where nothing of its own is there.
TAKEN_OVER = (
    "section47_started_at", "enquiry_outcome", "enquiry_ended_at", "quality_told_at",
    "icpc_referred_at", "icpc_booked_for", "icpc_held_at", "icpc_outcome", "assessment_days",
    "assessment_completed_at",
)  # fmt: skip
_OUTCOME = ("enquiry_outcome", "enquiry_ended_at")
_HELD = ("icpc_held_at", "icpc_outcome")


@dataclass(frozen=True, slots=True)
class Kept:
    """One row with the discussion it follows, and what that decided for the child."""

    row: ChildAfter
    meeting: Meeting
    decided: Decided

    @property
    def ended_at(self) -> datetime:
        assert self.meeting.ended_at is not None
        return self.meeting.ended_at


def held(session: Session, child_ids: Iterable[int]) -> list[Kept]:
    """All that follows for these children, locked until the transaction ends."""
    rows = queries.of_children_to_change(session, sorted(set(child_ids)))
    said = {meeting.id: entries_of(session, meeting) for _, meeting in rows}
    return [
        Kept(row, meeting, rules.decided_in(
            answers_in(said[meeting.id], child_scope(row.child_id)), meeting.ended_at
        ))
        for row, meeting in rows
        if meeting.ended_at is not None
    ]  # fmt: skip


def work_out(session: Session, kept: Sequence[Kept]) -> list[Kept]:
    """Work out what follows from what was decided and noted; returns whose row is another now.

    `kept` is everything of these children, as `held` gave it.
    """
    by_child: defaultdict[int, list[Kept]] = defaultdict(list)
    for one in kept:
        by_child[one.row.child_id].append(one)
    with session.no_autoflush:
        for mine in by_child.values():
            _work_out_child(session, mine)
        return [one for one in kept if session.is_modified(one.row)]


def enquiries_of(followed: Iterable[Followed]) -> list[list[Followed]]:
    """The section 47 enquiries of one child, each as what follows its discussions, in order."""
    rows = {one.row.id: one for one in followed if one.meeting.ended_at is not None}
    found = enquiries(_discussed(one.row, one.meeting) for one in rows.values())
    return [[rows[one.row_id] for one in group] for group in found]


def continued_by(followed: Iterable[Followed], began_at: datetime) -> list[Followed]:
    """The section 47 enquiry of one child that a discussion continues which began then and still
    runs: its discussions in their order, none where no enquiry ran."""
    rows = {one.row.id: one for one in followed if one.meeting.ended_at is not None}
    this = Discussed(0, began_at, enquiry_runs=True, started_here=False, ended_at=None)
    found = enquiries([*(_discussed(one.row, one.meeting) for one in rows.values()), this])
    group = next(group for group in found if this in group)
    return [rows[one.row_id] for one in group if one is not this]


def conference_limit(session: Session, meeting: Meeting) -> datetime | None:
    """By when a conference has to be held, were the enquiry to begin with this discussion."""
    facts = replace(_facts_held(meeting.clocks), section47_started_at=meeting.started_at)
    return _due(_clocks(_protocol_of(session, meeting), facts), Clock.ICPC_HELD)


def take_back(row: ChildAfter) -> None:
    """Leave what this discussion decided and what was noted with it, and nothing else."""
    for name in row.from_others:
        setattr(row, name, None)
    if row.from_others:
        row.from_others = []


def standing_of(row: ChildAfter, ended_at: datetime) -> Standing:
    """A row as the rules look at it."""
    return Standing(
        ended_at=ended_at,
        enquiry_runs=row.enquiry_runs,
        enquiry_outcome=row.enquiry_outcome,
        conference=row.conference,
        quality_told_at=row.quality_told_at,
        icpc_referred_at=row.icpc_referred_at,
        icpc_booked_for=row.icpc_booked_for,
        icpc_held_at=row.icpc_held_at,
        assessment_runs=row.assessment_runs,
        assessment_completed_at=row.assessment_completed_at,
        review_at=row.review_at,
        review_held_at=row.review_held_at,
        icpc_referral_due_at=row.icpc_referral_due_at,
        icpc_due_at=row.icpc_due_at,
        assessment_due_at=row.assessment_due_at,
        enquiry_from_elsewhere=row.enquiry_runs
        and row.section47_started_at in (None, row.enquiry_began_at),
    )


def _work_out_child(session: Session, kept: Sequence[Kept]) -> None:
    first = {one.row.id: one for one in kept}
    for one in kept:
        take_back(one.row)
        _take(one)
        one.row.carries = True
    rows = {one.row.id: one for one in kept}
    for group in enquiries(_discussed(one.row, one.meeting) for one in kept):
        of_one = [rows[each.row_id] for each in group]
        _begin_elsewhere(of_one)
        for before, after in pairwise(of_one):
            _carry_on(before, after)
            before.row.carries = False
        last = of_one[-1].row
        for before in of_one[:-1]:
            # What was noted with it stays, with its reason; without either it has the last one's.
            if before.row.enquiry_outcome is None or "enquiry_outcome" in before.row.from_others:
                _give(before.row, {name: getattr(last, name) for name in _OUTCOME})
        first |= {one.row.id: of_one[0] for one in of_one}
    # The others have the limits of the discussion with which their enquiry began: that one first.
    for one in sorted(kept, key=lambda each: first[each.row.id] is not each):
        _limit(session, one, first[one.row.id])


def _begin_elsewhere(of_one: Sequence[Kept]) -> None:
    """Where no discussion started this enquiry, it began when somebody noted last that it did."""
    if of_one[0].decided.started_here:
        return
    noted = (one.row.enquiry_began_at for one in reversed(of_one))
    began_at = next((at for at in noted if at is not None), None)
    for one in of_one:
        _give(one.row, {"section47_started_at": began_at})
    if of_one[-1].row.enquiry_began_at is None:
        _give(of_one[-1].row, {"enquiry_began_at": began_at})


def _discussed(row: ChildAfter, meeting: Meeting) -> Discussed:
    own = {*_OUTCOME, "section47_started_at"}.difference(row.from_others)
    began_at = meeting.started_at or meeting.ended_at
    assert began_at is not None
    return Discussed(
        row_id=row.id,
        began_at=began_at,
        enquiry_runs=row.enquiry_runs,
        started_here="section47_started_at" in own and row.section47_started_at is not None,
        ended_at=row.enquiry_ended_at if "enquiry_ended_at" in own else None,
    )


def _take(one: Kept) -> None:
    """What this discussion decided."""
    row, decided = one.row, one.decided
    row.enquiry_runs = decided.enquiry_runs
    row.section47_started_at = one.meeting.started_at if decided.started_here else None
    if decided.started_here:
        row.enquiry_began_at = None
    if not row.conference_decided_later:
        if row.icpc_held_at is None:
            row.conference = decided.conference
            required = decided.conference is Conference.REQUIRED
            # What a discussion decides is decided when it ends.
            row.icpc_decided_at = one.meeting.ended_at if required else None
        elif row.conference is None:
            row.conference = Conference.REQUIRED  # one that was held was required
    row.quality_told_at = row.quality_told_at or decided.quality_told_at
    row.assessment_days = decided.assessment_days
    row.assessment_runs = decided.enquiry_runs or decided.assessment_days is not None
    if row.review_held_at is None:
        row.review_at = decided.review_at


def _carry_on(before: Kept, after: Kept) -> None:
    """A later discussion about the same enquiry takes over what was said and noted before."""
    was, row = before.row, after.row
    # Where it was decided later that none is needed, one that was held stays with its discussion.
    left = _HELD if row.conference is Conference.NOT_NEEDED else ()
    _give(row, {
        name: getattr(was, name)
        for name in TAKEN_OVER
        if name not in left and getattr(row, name) is None
    })  # fmt: skip
    if row.conference is None:
        _give(row, {"conference": was.conference, "icpc_decided_at": was.icpc_decided_at})
        if was.conference is Conference.NOT_NEEDED:
            words = f"As decided after discussion {before.meeting.ref}"
            at = was.conference_decided_at
            _give(row, {"conference_reason": words, "conference_decided_at": at})
    elif was.conference is Conference.REQUIRED and not row.conference_decided_later:
        # What was required stays so, from then on, until somebody says why it is not needed.
        _give(row, {"conference": was.conference, "icpc_decided_at": was.icpc_decided_at})
    ahead = was.review_at is not None and was.review_at > after.ended_at
    if ahead and was.review_held_at is None and row.review_at is None:
        _give(row, {"review_at": was.review_at})


def _give(row: ChildAfter, values: Mapping[str, Any]) -> None:
    """Write down what another discussion said, and that it did."""
    came = {name: value for name, value in values.items() if value is not None}
    changed = {name: value for name, value in came.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.from_others = sorted({*row.from_others, *changed})


def _limit(session: Session, one: Kept, first: Kept) -> None:
    """Its limits by the protocol and the facts of the discussion with which the enquiry began,
    and what comes next."""
    row = one.row
    _keep_clocks(session, row, first)
    dues = restore(row.clocks).clocks
    row.icpc_referral_due_at = _due(dues, Clock.ICPC_REFERRAL)
    row.icpc_due_at = _due(dues, Clock.ICPC_HELD)
    limit = dues.get(Clock.ASSESSMENT)
    start = limit.start_at if isinstance(limit, Due) else one.ended_at
    row.assessment_due_at = rules.assessment_due(
        _due(dues, Clock.ASSESSMENT), row.assessment_days, start
    )
    waiting = rules.pending(standing_of(row, one.ended_at)) if row.carries else []
    row.next_step = waiting[0].step if waiting else None
    row.next_due_at = waiting[0].due_at if waiting else None


def _keep_clocks(session: Session, row: ChildAfter, first: Kept) -> None:
    """Keep each limit as it was worked out with the first discussion, with its rule and source,
    whatever was edited in the protocol since (B1). Only what other facts change is worked out
    anew, by the protocol as it is loaded now; so is what could not be worked out then."""
    facts = _facts_of(first.meeting.clocks, row)
    kept = first.row.clocks or row.clocks
    if not kept:
        protocol = _protocol_of(session, first.meeting)
        row.clocks = snapshot(protocol, facts, _clocks(protocol, facts))
        return
    was = restore(kept)
    unknown = {clock for clock, due in was.clocks.items() if isinstance(due, ClockError)}
    if was.facts == facts and not unknown:
        row.clocks = kept
        return
    protocol = _protocol_of(session, first.meeting)
    before, after = _clocks(protocol, was.facts), _clocks(protocol, facts)
    found = {
        clock: was.clocks.get(clock)
        if clock not in unknown and before.get(clock) == after.get(clock)
        else after.get(clock)
        for clock in CLOCKS
    }
    made = snapshot(protocol, facts, {clock: due for clock, due in found.items() if due})
    if was.protocol_digest != protocol.digest:
        made["earlier"] = dict(kept)
    row.clocks = made


def _clocks(protocol: Protocol, facts: Facts) -> dict[Clock, Due | ClockError]:
    return {clock: due for clock, due in clocks(protocol, facts).items() if clock in CLOCKS}


def _due(dues: Mapping[Clock, Due | ClockError], clock: Clock) -> datetime | None:
    found = dues.get(clock)
    return found.due_at if isinstance(found, Due) else None


def _facts_of(kept: Mapping[str, object], row: ChildAfter) -> Facts:
    """The discussion's own facts with what is this child's alone."""
    return replace(
        _facts_held(kept),
        section47_started_at=row.section47_started_at,
        icpc_decided_at=row.icpc_decided_at,
    )


def _facts_held(kept: Mapping[str, object]) -> Facts:
    return restore(kept).facts if "format" in kept else Facts()


def _protocol_of(session: Session, meeting: Meeting) -> Protocol:
    kept = meeting.clocks.get("protocol", {}).get("id", "")
    try:
        return registry.active(kept)
    except registry.UnknownProtocol:
        return registry.active(council(session).protocol_id)
