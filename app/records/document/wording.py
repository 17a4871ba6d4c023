"""The words of the printed record: times in London, ages, states of deadlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from app.core.clock import ends_day, london_date, words_for_moment, words_for_time
from app.core.paper.drawable import LINE_ENDS
from app.records.document.types import (
    KIND_WORDS,
    Change,
    Child,
    ClockLine,
    Disclosed,
    ExtractKind,
    Presence,
    Prose,
    ReaderRecord,
    RecordView,
    Shown,
    Withheld,
)

PRESENCE_WORDS: dict[Presence, str] = {
    Presence.IN_PERSON: "In person",
    Presence.BY_PHONE: "By phone",
    Presence.JOINED_LATE: "Joined late",
    Presence.REPORT_ONLY: "Sent a report",
    Presence.ABSENT: "Did not attend",
    Presence.NOT_KNOWN: "Not known",
}
COLUMNS = 4  # of answers side by side
SHORT = 60  # characters of an answer that takes a line or two
NOT_ASKED = "Not asked"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch of text on paper: open, protected (with a note of its kind), or withheld."""

    text: str
    style: str = "open"
    note: str = ""


def one_address(view: RecordView) -> Shown | None:
    """The address that the children share: it stands once, so that what was decided still has its
    place on the first page. None for a child alone, and where one lives elsewhere."""
    found = {child.address for child in view.children}
    return found.pop() if len(view.children) > 1 and len(found) == 1 else None


def address_heading(address: Shown) -> str:
    """What stands above it. To whom they are withheld, all addresses look alike: nothing says that
    the children share one."""
    return "Addresses" if isinstance(address, Withheld) else "Address of all of them"


def paragraphs(prose: Prose[Shown]) -> tuple[Paragraph, ...]:
    """Running text as paragraphs; an empty line parts two, and so does a protected passage."""
    parts: list[Paragraph] = []
    for passage in prose:
        if isinstance(passage, str):
            texts = (text.strip() for text in LINE_ENDS.split(passage))
            parts.extend(Paragraph(text) for text in texts if text)
        else:
            parts.append(passage_on_paper(passage))
    return tuple(parts)


def passage_on_paper(passage: str | Shown) -> Paragraph:
    """A passage as this reader sees it, or the words that stand in its place."""
    if isinstance(passage, str):
        return Paragraph(passage)
    if isinstance(passage, Withheld):
        return Paragraph(passage.label, style="withheld")
    return Paragraph(passage.text, "protected", f"Protected: {KIND_WORDS[passage.kind]}")


def day(value: date) -> str:
    """`19 November 2026`"""
    return f"{value.day} {value:%B %Y}"


def due(value: datetime | date) -> str:
    """`Thu 19 November 2026, 3:30 pm`; a day without an hour stays a day."""
    if isinstance(value, datetime):
        return f"{london_date(value):%a} {day(london_date(value))}, {words_for_time(value)}"
    return f"{value:%a} {day(value)}"


def action_due(value: datetime | date) -> str:
    """By when an action is to be done: the end of a day is printed as that day."""
    if isinstance(value, datetime) and ends_day(value):
        return due(london_date(value))
    return due(value)


def held(view: RecordView) -> str:
    """When the discussion was held: start, and end by the clock where it is the same day."""
    start, end = view.meeting.started_at, view.meeting.ended_at
    same_day = london_date(start) == london_date(end)
    began, ended = words_for_moment(start), (words_for_time if same_day else words_for_moment)(end)
    return f"{began} to {ended}"


def how_held(view: RecordView) -> str:
    """The format and, where there is one, the place as this reader sees it."""
    place = passage_on_paper(view.meeting.place).text
    return ", ".join(part for part in (view.meeting.format, place) if part)


def born(child: Child[Shown]) -> str:
    """The date of birth, or the due date of an unborn child."""
    if child.date_of_birth is not None:
        return day(child.date_of_birth)
    return f"Due {day(child.due_date)}" if child.due_date else "Not known"


def age(child: Child[Shown], on: date) -> str:
    """How old the child was on the day of the discussion; empty where nobody knows."""
    born_on = child.date_of_birth
    if born_on is None:
        return "Unborn" if child.due_date else ""
    months = (on.year - born_on.year) * 12 + on.month - born_on.month - (on.day < born_on.day)
    if months < 0:
        return "Born after the discussion"
    if months >= 24:
        return f"Aged {months // 12}"
    return f"Aged {months} month{'' if months == 1 else 's'}"


def clock_state(clock: ClockLine[Shown]) -> str:
    """Whether a deadline was met, in words. A reason that is protected stands below it."""
    if clock.met is None:
        return "Running when signed"
    if clock.met:
        return "Met"
    if isinstance(clock.reason_late, Withheld):
        return "Late. The reason is kept by the council."
    if clock.reason_late and isinstance(clock.reason_late, str):
        return f"Late: {clock.reason_late}"
    return "Late"


def clock_reason(clock: ClockLine[Shown]) -> tuple[Paragraph, ...]:
    """Why it was late, for a reader who may see what others may not."""
    reason = clock.reason_late
    return (passage_on_paper(reason),) if isinstance(reason, Disclosed) else ()


def signature(copy: ReaderRecord) -> str:
    """The sentence above the hash: who signed, as what, when, and why not the chair."""
    sign_off = copy.view.sign_off
    when = words_for_moment(sign_off.signed_at)
    statement = f"Signed by {sign_off.name}, {sign_off.role}, on {when}"
    if sign_off.instead_of_chair:
        chair = copy.view.meeting.chair_name
        return f"{statement}, in place of the chair, {chair}: {sign_off.instead_of_chair}"
    return f"{statement}."


def title(copy: ReaderRecord) -> str:
    """The file's title; an extract says that it is one, and names no child."""
    view = copy.view
    of = f"strategy discussion {view.reference}, version {view.version}"
    if copy.extract is None:
        return f"Record of {of}"
    return f"Actions from {of}" if copy.extract.kind is ExtractKind.ACTIONS else f"Extract of {of}"


def change_place(change: Change) -> str:
    """Where it stands: the section, and the place in it where that may be named."""
    if change.label in ("", change.section):
        return change.section
    return f"{change.section}. {change.label}"


def change_now(change: Change) -> str:
    """What stands there now."""
    if change.now:
        return change.now
    return f"{change.count} taken out" if change.count > 1 else "Taken out"


def copy_for(copy: ReaderRecord) -> str:
    """Whose copy it is, as it stands on every page."""
    reader = copy.reader
    parts = (reader.name, reader.role, reader.agency)
    return "Copy for " + ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Headlines:
    """The decisions of the first page, said once for all children for whom they are the same."""

    names: str
    decisions: tuple[tuple[str, str], ...]


def headlines(view: RecordView) -> tuple[Headlines, ...]:
    """What was decided, as questions and answers, by child or by children with equal answers."""
    names_by_decisions: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for child in view.children:
        answers = tuple((d.question, d.answer) for d in child.decisions if d.headline)
        if answers:
            names_by_decisions.setdefault(answers, []).append(child.name)
    return tuple(
        Headlines(_listed(names), answers) for answers, names in names_by_decisions.items()
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """Children of whom something else was decided, side by side. A row is a question with an answer
    for each of them, or with one where it is the same for each; what takes many lines stands last,
    so that it pushes nothing to the next page."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def compared(lines: tuple[Headlines, ...]) -> tuple[Compared, ...]:
    """The decisions of the first page in few lines, so that they stand on it whole: as many tables
    as are needed for columns that can be read. Empty where nothing differs."""
    if len(lines) < 2:
        return ()
    tables = -(-len(lines) // COLUMNS)
    return tuple(
        _side_by_side(lines[len(lines) * n // tables : len(lines) * (n + 1) // tables])
        for n in range(tables)
    )


def _side_by_side(lines: tuple[Headlines, ...]) -> Compared:
    answers = [dict(_numbered(line.decisions)) for line in lines]
    asked: list[tuple[str, int]] = []
    for each in answers:
        place = 0
        for question in each:
            if question not in asked:
                asked.insert(place, question)
            place = asked.index(question) + 1
    rows = []
    for question in asked:
        said = tuple(each.get(question, NOT_ASKED) for each in answers)
        rows.append((question[0], said[:1] if len(set(said)) == 1 else said))
    rows.sort(key=lambda row: max(map(len, row[1])) > SHORT)  # else in the order of the chair
    return Compared(tuple(line.names for line in lines), tuple(rows))


def _numbered(decisions: tuple[tuple[str, str], ...]) -> Iterator[tuple[tuple[str, int], str]]:
    """Each answer by its question and, where two are worded alike, their order."""
    seen: Counter[str] = Counter()
    for question, answer in decisions:
        yield (question, seen[question]), answer
        seen[question] += 1


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
