"""Who would have to come now and was not asked, and whose agency is now known to be the alleged
perpetrator's: what became known once it was booked (C2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.meetings.booking import queries
from app.meetings.booking.could_come import people_with
from app.meetings.booking.rows import of_perpetrators
from app.meetings.booking.rules import roles_asked_for, who_must_come
from app.meetings.booking.types import CaseFacts, Proposal
from app.meetings.models import Invitee, LeftOut, Meeting
from app.meetings.types import MeetingState

# Each of these is about one person or place of several: the same post elsewhere is another.
_EACH = frozenset({"school", "involved", "health-involved", "referrer"})


def since_booked(
    session: Session, meeting: Meeting, left_out: Sequence[LeftOut], now: datetime
) -> tuple[str, ...]:
    """The same for the page of a discussion, in words; nothing where it is not booked."""
    if meeting.state is not MeetingState.BOOKED:
        return ()
    read = queries.read(session, meeting.ref)
    if read is None:
        return ()
    directory = people_with(session, roles_asked_for(read.case))
    proposals = who_must_come(read.case, directory, meeting.starts_at or now)
    return in_words(read.case, proposals, meeting.invitees, left_out)


def in_words(
    case: CaseFacts,
    proposals: Sequence[Proposal],
    invitees: Sequence[Invitee],
    left_out: Sequence[LeftOut],
) -> tuple[str, ...]:
    """What stands beside the list as it is: who is to be added, whose agency to beware of."""
    there = [one for one in invitees if one.removed_at is None and one.staff_id is None]
    warned = dict.fromkeys(
        words for one in there for words in of_perpetrators(case, one.agency_id, one.agency_name)
    )
    wanted = (
        f"To be asked too, as the case is now: {_who(one)}. {one.why}"
        for one in missing(proposals, invitees, left_out)
    )
    return (*wanted, *warned)


def missing(
    proposals: Sequence[Proposal], invitees: Sequence[Invitee], left_out: Sequence[LeftOut]
) -> list[Proposal]:
    """The proposals that nobody ever took: neither who was proposed nor somebody in their place
    was invited, be it that they were removed again, and nobody said why they are left out."""
    asked = {one.professional_id for one in invitees}
    open_, answered = [], set[int | None]()
    for proposal in proposals:
        could = {one.id for one in (proposal.person, *proposal.options) if one is not None}
        answered |= could & asked
        if could.isdisjoint(asked):
            open_.append(proposal)
    others = [one for one in invitees if one.professional_id not in answered]
    taken = Counter([one.rule_id for one in others] + [one.rule_id for one in left_out])
    posts = Counter((one.agency_kind, one.role) for one in others if one.rule_id is None)
    left = []
    for proposal in open_:
        post = (proposal.agency_kind, proposal.role)
        if taken[proposal.rule_id]:
            taken[proposal.rule_id] -= 1
        elif proposal.rule_id not in _EACH and posts[post]:
            posts[post] -= 1
        else:
            left.append(proposal)
    return left


def _who(proposal: Proposal) -> str:
    if proposal.person is not None:
        return f"{proposal.person.name}, {proposal.person.agency_name}"
    if proposal.typed is not None:
        return f"{proposal.typed.name}, {proposal.typed.agency_name}"
    return proposal.role.label
