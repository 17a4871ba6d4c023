"""Who reads a record, by which marks they are known, and what is withheld from them: pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from app.directory.types import AgencyKind as DirectoryKind
from app.records.document.types import (
    KIND_WORDS,
    Action,
    AgencyKind,
    Protected,
    ProtectedKind,
    Reader,
    Record,
    RecordView,
    Withheld,
)
from app.records.types import InviteeFacts


def reader_for(person: InviteeFacts) -> Reader:
    """An invitee as the reader of a copy (F4). Nobody is refused what they said themselves, so
    the marks are those that passages carry: `agency_mark` and `person_marks`."""
    return Reader(
        name=person.name,
        role=person.title,
        agency=person.agency_name,
        agency_kind=document_kind(person.agency_kind),
        agency_id=agency_mark(person.agency_id, person.agency_name),
        person_id=person_marks(
            professional_id=person.professional_id,
            staff_id=person.staff_id,
            invitee_id=person.id,
            email=person.email,
            name=person.name,
            agency_name=person.agency_name,
        ),
    )


def council_reader(authority: str) -> Reader:
    """The reader of the council's own full copy, for the child's file."""
    return Reader(
        name=authority,
        role="full copy for the case file",
        agency="",
        agency_kind=AgencyKind.SOCIAL_CARE,
        agency_id="",
        person_id="",
        is_council=True,
    )


def agency_reader(agency: str, record: Record[Protected]) -> Reader:
    """The reader of one agency's actions: the agency, whoever holds the file there (F6). What it
    has to do is its own, so it is known by the mark that its protected actions bear."""
    own = (one for action in record.actions if action.agency == agency for one in _marked(action))
    return Reader(
        name=agency,
        role="actions of this agency",
        agency="",
        agency_kind=AgencyKind.OTHER,
        agency_id=next(own, ""),
        person_id="",
    )


def _marked(action: Action[Protected]) -> tuple[str, ...]:
    passages = (one for one in (action.what, action.why) if isinstance(one, Protected))
    return tuple(one.agency_id for one in passages if one.agency_id)


def document_kind(kind: DirectoryKind) -> AgencyKind:
    """The kind of agency as the record's readers know it; what it does not name may see least."""
    try:
        return AgencyKind(kind.value)
    except ValueError:
        return AgencyKind.OTHER


def agency_mark(agency_id: int | None, agency_name: str) -> str:
    """An agency in a passage and in a reader; one that is not in the directory goes by name."""
    if agency_id is not None:
        return f"agency:{agency_id}"
    return f"named:{agency_name.strip().lower()}" if agency_name.strip() else ""


def person_marks(
    *,
    professional_id: int | None = None,
    staff_id: int | None = None,
    invitee_id: int | None = None,
    email: str = "",
    name: str = "",
    agency_name: str = "",
) -> str:
    """A person in a passage and in a reader, parted by blanks: the row in a directory, the place
    among the invited, and for whom somebody typed in by hand the address, and the name together
    with the agency. Two who share one mark are one person; a name alone is not enough."""
    called = f"{_run_together(name)}@{_run_together(agency_name)}"
    marks = (
        f"professional:{professional_id}" if professional_id is not None else "",
        f"staff:{staff_id}" if staff_id is not None else "",
        f"invitee:{invitee_id}" if invitee_id is not None else "",
        f"email:{_run_together(email)}" if email.strip() else "",
        f"called:{called}" if name.strip() and agency_name.strip() else "",
    )
    return " ".join(filter(None, marks))


def _run_together(words: str) -> str:
    return "-".join(words.casefold().split())


def left_out(view: RecordView) -> tuple[str, ...]:
    """The kinds of passage that this view withholds, in words, in a fixed order (F4)."""
    found: set[ProtectedKind] = set()
    _collect(view, found)
    return tuple(KIND_WORDS[kind] for kind in ProtectedKind if kind in found)


def _collect(value: object, found: set[ProtectedKind]) -> None:
    if isinstance(value, Withheld):
        found.add(value.kind)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, found)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            _collect(getattr(value, field.name), found)
