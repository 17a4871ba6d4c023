"""What several forms have in common, their head and sections, from the facts to words: pure."""

from __future__ import annotations

from collections.abc import Iterable

from app.core.clock import words_for_moment, words_for_time
from app.directory.types import AgencyKind
from app.meetings.papers.facts import FormFacts
from app.meetings.papers.types import Paper, Rows, Section, Table, Words
from app.protocols.types import NamedForm
from app.referrals.types import Flag

UNKNOWN = "Not known"


def rows(pairs: Iterable[tuple[str, str | None]]) -> Rows:
    """Label and value; what is not known says so, so that nobody takes a gap for a no."""
    return Rows(tuple((label, value or UNKNOWN) for label, value in pairs))


def paper(named: NamedForm, facts: FormFacts, title: str, sections: Iterable[Section]) -> Paper:
    """A form under its own title: what every one of them begins with, then its sections."""
    request = Section("The request", (asked_by(facts), rows(discussion(facts))))
    return Paper(
        name=named.name,
        title=title,
        reference=facts.meeting.ref,
        authority=facts.council.authority,
        source=named.source,
        made_at=facts.made_at,
        sections=(request, children(facts), *sections),
    )


def children(facts: FormFacts) -> Section:
    """Each child with what another agency needs to find them in its own files."""
    parts = [
        rows(
            (
                ("Name", child.name),
                ("Date of birth", child.birth),
                ("Gender", child.gender),
                ("Address", child.address),
                ("Language", child.language),
                ("Disability", child.disability),
                ("Case reference", child.case_reference),
            )
        )
        for child in facts.children
    ]
    return Section("The child" if len(parts) == 1 else "The children", tuple(parts))


def family(facts: FormFacts) -> Section:
    """The adults of the case, with what each is to the child."""
    adults = facts.adults
    if not adults:
        return Section("Family and household", (Words("No adult is recorded yet."),))
    return Section(
        "Family and household",
        (
            Table(
                ("Name", "Relationship", "Parental responsibility", "In the household", "Remarks"),
                tuple(
                    (
                        adult.name,
                        adult.relationship_to_child or UNKNOWN,
                        "Yes" if adult.parental_responsibility else "No",
                        "Yes" if adult.in_household else "No",
                        ", ".join(
                            words
                            for words, holds in (
                                ("alleged perpetrator", adult.alleged_perpetrator),
                                ("under 18", adult.under_18),
                            )
                            if holds
                        )
                        or "None",
                    )
                    for adult in adults
                ),
            ),
        ),
    )


def concern(facts: FormFacts) -> Section:
    """What is suspected, what was said, and what was done so far."""
    told = [
        rows(
            (
                ("Concerns", ", ".join(facts.concerns)),
                ("Marked as", "; ".join(facts.flags) or "Nothing further"),
                ("Where the child is", _where(facts)),
            )
        )
    ]
    parts: list[Rows | Table | Words] = [*told]
    if facts.referral and facts.referral.narrative:
        parts.append(Words(facts.referral.narrative))
    return Section("The concern", tuple(parts))


def professionals(facts: FormFacts, kinds: Iterable[AgencyKind] = tuple(AgencyKind)) -> Section:
    """Who works with the children, of these kinds of agency."""
    wanted = frozenset(kinds)
    named = {child.id: child.name for child in facts.children}
    found = tuple(
        (
            f"{one.professional.name}, {one.professional.title}",
            one.professional.agency.name,
            one.professional.telephone or one.professional.email or UNKNOWN,
            "Yes" if one.actively_involved else "No",
            named.get(one.child_id, ""),
        )
        for one in facts.involved
        if one.professional.agency.kind in wanted
    )
    if not found:
        return Section("Who works with the family", (Words("Nobody is recorded yet."),))
    columns = ("Name", "Agency", "Contact", "Actively involved", "Child")
    return Section("Who works with the family", (Table(columns, found),))


def asked_by(facts: FormFacts) -> Rows:
    """Who asks, and where to answer."""
    council = facts.council
    return rows(
        (
            ("Asked by", f"{facts.manager}, {council.authority}"),
            ("Telephone", facts.manager_telephone),
            ("Answer to", f"{council.desk_name}, {council.desk_telephone}, {council.desk_email}"),
            ("Out of hours", council.out_of_hours_telephone),
        )
    )


def discussion(facts: FormFacts) -> tuple[tuple[str, str | None], ...]:
    """When it is due and, where it is booked, when and how it is held."""
    meeting = facts.meeting
    held = "To be agreed"
    if meeting.starts_at and meeting.ends_at:
        held = f"{words_for_moment(meeting.starts_at)} to {words_for_time(meeting.ends_at)}"
        held += f", {meeting.format.label.lower()}"
    return (
        ("Strategy discussion", held),
        ("To be held by", words_for_moment(meeting.due_at) if meeting.due_at else None),
        ("Why", meeting.need_reason),
    )


def _where(facts: FormFacts) -> str:
    if facts.hospital:
        return f"In hospital: {facts.hospital}"
    if Flag.IN_HOSPITAL.label in facts.flags:
        return "In hospital: which one is not known"
    return "At the address above, as far as is known"
