"""What a corrected version says otherwise than the one before it, for one reader (F2, F4).

Both versions are compared as this reader may see them, so nothing that is withheld can show in the
difference. What the former version said is given to the council alone: words are often taken out
because they should never have been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.records.document import wording
from app.records.document.types import Action, Change, Child, RecordView, Shown

CONTEXT = 5  # words shown on either side of those that differ
ADDED, REWORDED, TAKEN_OUT = "Added", "Changed", "Taken out"


@dataclass(frozen=True, slots=True)
class _Said:
    """One place of a record and what stands there. `label` may name people, `section` never."""

    section: str
    label: str
    text: str


def changes(former: RecordView, view: RecordView, *, former_words: bool) -> tuple[Change, ...]:
    """Each place that differs, in reading order; empty where this reader sees no difference.

    With `former_words` each also says what stood there. Without, what was taken out is counted by
    its section, and nothing of it is named. Who signed and the deadlines are no content.
    Source: F2, F4.
    """
    before, after = _places(former), _places(view)
    found = []
    for key, said in after.items():
        old = before.get(key)
        if old is None:
            found.append(Change(said.section, said.label, ADDED, said.text))
        elif old.text != said.text:
            was, now = differing(old.text, said.text)
            found.append(
                Change(said.section, said.label, REWORDED, now, was if former_words else "")
            )
    gone = [said for key, said in before.items() if key not in after]
    if former_words:
        found += [Change(one.section, one.label, TAKEN_OUT, "", one.text) for one in gone]
    else:
        counted = Counter(one.section for one in gone)
        found += [
            Change(section, "", TAKEN_OUT, "", count=number) for section, number in counted.items()
        ]
    sections = list(dict.fromkeys(one.section for one in (*after.values(), *before.values())))
    return tuple(sorted(found, key=lambda one: sections.index(one.section)))


def said_in(view: RecordView) -> Iterator[tuple[str, str]]:
    """Each place of a record, in words, with what stands there for this reader, in reading order.
    Who signed and the deadlines are no content."""
    for _, said in _said(view):
        yield (
            wording.change_place(Change(said.section, said.label, "", said.text)),
            f"{said.label} {said.text}",
        )


def differing(before: str, after: str) -> tuple[str, str]:
    """The stretch of each text that differs, with some words around it; whole if it is short."""
    old, new = before.split(), after.split()
    shortest = min(len(old), len(new))
    start = next((i for i in range(shortest) if old[i] != new[i]), shortest)
    rest = shortest - start
    end = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    return _around(old, start, end), _around(new, start, end)


def _around(words: Sequence[str], start: int, end: int) -> str:
    first, last = max(0, start - CONTEXT), min(len(words), len(words) - end + CONTEXT)
    shown = " ".join(words[first:last])
    return f"{'… ' if first else ''}{shown}{' …' if last < len(words) else ''}"


def _places(view: RecordView) -> dict[tuple[str, str, int], _Said]:
    """Every place by section, label and, where two are labelled alike, their order."""
    seen: Counter[tuple[str, str]] = Counter()
    places = {}
    for key, said in _said(view):
        places[said.section, key, seen[said.section, key]] = said
        seen[said.section, key] += 1
    return places


def _said(view: RecordView) -> Iterator[tuple[str, _Said]]:
    """Each place with the key by which it is found in the other version."""

    def place(section: str, label: str, text: str, key: str = "") -> tuple[str, _Said]:
        return key or label, _Said(section, label, text)

    yield place("The meeting", "Held", f"{wording.held(view)}. {wording.how_held(view)}")
    yield place("The meeting", "Chair", view.meeting.chair_name)
    for number, child in enumerate(view.children):
        yield from _of_child(number, child)
    for action in view.actions:
        text = _action(action)
        yield place("Actions", f"No. {action.number}", text)
    for person in view.attendance:
        told = (person.role, person.agency, wording.PRESENCE_WORDS[person.presence], person.note)
        decides = "could decide for the agency" if person.decision_maker else ""
        yield place("Who took part", person.name, _listed(*told, decides))
    went_on = wording.passage_on_paper(view.quorum.reason).text
    yield place("Quorum", "Quorum", f"{view.quorum.summary} {went_on}".strip())
    if view.referrer:
        yield place("Referrer", "Referrer", wording.passage_on_paper(view.referrer).text)
    for item in view.information:
        label = _listed(item.agency, item.given_by)
        yield place("Information by agency", label, _text(wording.paragraphs(item.text)))
    for part in view.analysis:
        yield place("Analysis", part.heading, _text(wording.paragraphs(part.text)))
    if view.dissent_not_asked:
        yield place("Dissent", "Nobody was asked, because", view.dissent_not_asked)
    for said in view.dissent:
        about = wording.passage_on_paper(said.about).text
        text = f"{about} {_text(wording.paragraphs(said.reason))}"
        yield place("Dissent", _listed(said.name, said.agency), text.strip())


def _of_child(number: int, child: Child[Shown]) -> Iterator[tuple[str, _Said]]:
    """A child by its place, so that a name put right is one change and not two children."""
    facts = (
        ("Name", child.name),
        ("Date of birth", wording.born(child)),
        ("Case reference", child.case_reference or "None yet"),
        ("Address", wording.passage_on_paper(child.address).text if child.address else "None"),
    )
    for what, text in facts:
        yield f"{number} {what}", _Said("Who was discussed", f"{child.name}: {what}", text)
    asked: Counter[str] = Counter()
    for decision in child.decisions:
        text = _listed(decision.answer, _text(wording.paragraphs(decision.reason)), parted=". ")
        key = f"{number} {decision.question} {asked[decision.question]}"
        asked[decision.question] += 1
        yield key, _Said("Decisions", f"{child.name}: {decision.question}", text)


def _action(action: Action[Shown]) -> str:
    who = _listed(action.who, action.agency)
    what, why = (wording.passage_on_paper(words).text for words in (action.what, action.why))
    told = (what, who, f"by {wording.action_due(action.due)}", why, action.child)
    return _listed(*told, parted="; ")


def _text(paragraphs: Sequence[wording.Paragraph]) -> str:
    return " ".join(part.text for part in paragraphs)


def _listed(*parts: str, parted: str = ", ") -> str:
    return parted.join(part for part in parts if part)
