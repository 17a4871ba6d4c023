"""One person on the booking page: who, why, and what to beware of (C2, C8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.clock import words_for_moment
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.booking import rules
from app.meetings.booking.addresses import Doubts
from app.meetings.booking.person_rows import PersonRow
from app.meetings.booking.slots import overlaps
from app.meetings.booking.types import CaseFacts, Diary, OnTheList, Person, Proposal
from app.referrals.employers import judge

MOST_SWAPS = 2
PERPETRATORS_AGENCY = (
    "{agency} employs the alleged perpetrator. Invite somebody from it only when you are sure that "
    "it cannot put the child or the enquiry at risk."
)


@dataclass(frozen=True, slots=True)
class RowShown:
    """One person on the page; `form` holds the fields."""

    form: PersonRow
    name: str
    detail: str  # what they do, their agency
    role: str
    why: str
    source: str
    warnings: tuple[str, ...]
    hours: str = ""  # when they work, where this is at another time
    required: bool = False
    can_swap: bool = False
    asks_address: bool = False
    can_drop: bool = False
    reason_label: str = "Why is this person not invited?"
    state: str = ""
    look_alike: str = ""  # asks for a tick before anything is sent
    swaps: tuple[Person, ...] = ()  # who takes the place at one press
    address: str = ""  # where the invitation goes, from the directory
    is_team: bool = False  # whoever reads it there may use the link
    options: tuple[tuple[int, str, bool], ...] = ()  # of the list: number, words, whether chosen


def row_shown(
    row: PersonRow,
    proposal: Proposal | None,
    invitee: OnTheList | None,
    people: Mapping[int, Person],
    case: CaseFacts,
    diary: Diary,
    at: datetime,
    end: datetime,
    doubts: Doubts,
) -> RowShown:
    person = people.get(row.professional_id or 0)
    options = proposal.options if proposal else ()
    if person is not None and person not in options:
        options = (*options, person)
    row.options = options
    # The list only where the buttons do not hold everybody.
    can_swap = bool(options) if person is None else len(options) > 1 + MOST_SWAPS
    listed = tuple(
        (one.id, f"{one.name}, {one.title or one.role.label}, {one.agency_name}", one is person)
        for one in (options if can_swap else ())
    )
    if invitee is not None:
        return RowShown(
            form=row,
            name=invitee.name,
            detail=f"{invitee.title}, {invitee.agency_name}",
            role=invitee.role.label,
            why=invitee.why,
            source="",
            warnings=(
                *of_perpetrators(case, invitee.agency_id, invitee.agency_name),
                *_busy(invitee.name, diary, at, end),
            ),
            hours=_hours(invitee.name, diary, at, end),
            reason_label=f"Why is {invitee.name} removed?",
            state=invitee.answer.label,
        )
    if person is not None:
        return RowShown(
            form=row,
            name=person.name,
            detail=f"{person.title or person.role.label}, {person.agency_name}",
            role=person.role.label,
            why=proposal.why if proposal else "Added by you.",
            source=proposal.source if proposal else "",
            warnings=_warnings(person, case, diary, at, end),
            hours=_hours(person.name, diary, at, end),
            required=bool(proposal and proposal.required),
            can_swap=can_swap,
            options=listed,
            swaps=tuple(one for one in options if one != person)[:MOST_SWAPS],
            look_alike=doubts.look_alike,
            asks_address=not person.email,
            address=person.email or "",
            is_team=person.is_team,
            can_drop=proposal is None,
            reason_label=f"Why is {person.name} not invited?",
        )
    nobody = proposal is not None and not row.is_typed
    name = row.name or (proposal.role.label if proposal else "Somebody")
    return RowShown(
        form=row,
        name=name,
        detail=_typed_detail(row) if row.is_typed else "Nobody found",
        role=proposal.role.label if proposal else "",
        why=proposal.why if proposal else "Added by you.",
        source=proposal.source if proposal else "",
        warnings=(*of_perpetrators(case, None, row.agency), *doubts.notes),
        look_alike=doubts.look_alike,
        required=bool(proposal and proposal.required),
        can_swap=can_swap,
        options=listed,
        swaps=options[:MOST_SWAPS],
        asks_address=not nobody,
        can_drop=proposal is None,
        reason_label=f"Why is nobody invited as {name}?"
        if nobody
        else f"Why is {name} not invited?",
    )


def _typed_detail(row: PersonRow) -> str:
    """What somebody does and where, without saying the name of a school twice."""
    agency = "" if row.agency == row.name else row.agency
    return f"{row.title or 'Not in the directory'}, {agency}".strip(", ")


def of_perpetrators(case: CaseFacts, agency_id: int | None, name: str) -> tuple[str, ...]:
    """The warning where an agency is, or by its name may be, the alleged perpetrator's (C2)."""
    return tuple(
        PERPETRATORS_AGENCY.format(agency=one)
        for one in judge(case.employers, agency_id, name).names
    )


def _warnings(
    person: Person, case: CaseFacts, diary: Diary, at: datetime, end: datetime
) -> tuple[str, ...]:
    found = [*of_perpetrators(case, person.agency_id, person.agency_name)]
    if person.away_until is not None and person.away_until > at:
        found.append(f"Away until {words_for_moment(person.away_until)}.")
    found.extend(_busy(person.name, diary, at, end))
    return tuple(found)


def _busy(name: str, diary: Diary, at: datetime, end: datetime) -> tuple[str, ...]:
    if any(overlaps((at, end), span) for span in diary.people.get(name, ())):
        return ("In another discussion at this time.",)
    return ()


def _hours(name: str, diary: Diary, at: datetime, end: datetime) -> str:
    """No warning: in the evening and at weekends it is so with most of them."""
    found = (words.words for who, words in diary.hours if who == name and not words.cover(at, end))
    return next((f"Works {words}: not at this time." for words in found), "")


def cautions(
    rows: Sequence[RowShown],
    people: Mapping[int, Person],
    invitees: Mapping[str, OnTheList],
) -> tuple[str, ...]:
    """Quorum and decision-makers, of those who are ticked (C2, C8)."""
    coming: list[tuple[str, bool]] = []
    kinds = [rules.QUORUM[0]]  # the chair is there for social care
    posts: set[tuple[AgencyKind, ProfessionalRole]] = set()
    for shown in rows:
        row = shown.form
        if not row.come:
            continue
        person, invitee = people.get(row.professional_id or 0), invitees.get(row.key)
        if invitee is not None:
            coming.append((invitee.agency_name, invitee.decision_maker))
            kinds.append(invitee.agency_kind)
            # By what they were proposed for: the key of who is invited says nothing of it.
            if not (invitee.rule_id or "").startswith(rules.BESIDE_MASH):
                posts.add((invitee.agency_kind, invitee.role))
        elif person is not None:
            coming.append((person.agency_name, person.decision_maker))
            kinds.append(person.agency_kind)
            if not row.key.startswith(rules.BESIDE_MASH):
                posts.add((person.agency_kind, person.role))
        elif row.is_typed:
            coming.append((row.agency or row.name, row.decides))
            kinds.append(row.agency_kind)
    found = [
        f"Nobody is invited from {kind.label.lower()}: without them the chair can go on only "
        "with a reason (TIMING)."
        for kind in rules.quorum_missing(kinds)
    ]
    mash = (AgencyKind.HEALTH, rules.MASH)
    if mash in posts and any(rules.can_know_the_child(*post) for post in posts):
        found.append(
            "The MASH health visitor is asked only where no health professional who knows the "
            "child can give immediate input, and one of these is invited (BROMLEY 1)."
        )
    without = rules.agencies_without_decision_maker(coming)
    if without:
        found.append(
            f"Nobody who can decide on behalf of {_listed(without)} is invited (BROMLEY 2)."
        )
    return tuple(found)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
