"""The letters an invited person gets (D1, D2): pure, from facts to finished bytes.

Subject and text hold nothing of a child or family; the link leads there, after a code. What is
the same in twelve letters is made once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from string import ascii_letters

from app.core.clock import words_for_day, words_for_moment, words_for_time
from app.core.mail import FinishedMessage, header_text
from app.invitations.calendar import description, location, shared_entry, summary
from app.invitations.envelope import frame
from app.invitations.rendering import (
    Block,
    Facts,
    Heading,
    Large,
    Link,
    Number,
    Rendering,
    Text,
    unbroken,
)
from app.invitations.types import (
    Addressee,
    Appointment,
    CalendarMethod,
    Change,
    Desk,
    LetterKind,
    PartStat,
    Preview,
)
from app.invitations.wording import called, neutral, one_line, telephone_uri

# How a meeting letter's subject begins, and which calendar method it carries. A reminder carries
# none: a second REQUEST with the same SEQUENCE would ask people to answer again.
_MEETING: dict[LetterKind, tuple[str, CalendarMethod | None]] = {
    LetterKind.INVITATION: ("Invitation", CalendarMethod.REQUEST),
    LetterKind.UPDATE: ("Changed", CalendarMethod.REQUEST),
    LetterKind.CANCELLATION: ("Cancelled", CalendarMethod.CANCEL),
    LetterKind.REMINDER: ("Reminder", None),
}
# The others still meet: whoever reads only the subject must not tell them that it is off.
_NOT_ASKED = "You need not attend"
_CHANGES = {
    Change.TIME: "a new time",
    Change.PLACE: "a new place",
    Change.DIAL_IN: "a new telephone number or PIN",
    Change.CHILDREN: "more for you to look up, behind your link",
}


def letters(
    kind: LetterKind,
    desk: Desk,
    appointment: Appointment,
    addressees: Sequence[Addressee],
    now: datetime,
    changed: Collection[Change] = (),
) -> list[FinishedMessage]:
    """One message for each addressee, in their order: invitation, update, cancellation, reminder.

    `now` becomes Date and DTSTAMP; SEQUENCE, UID, link and answer come with the addressee.
    `changed` is named in an update. The reminder carries no calendar part, the cancellation no
    PIN, no number and no link (D2). Raises UnsafeHeader where an address is none; a name never
    stops a letter.
    """
    method = _MEETING[kind][1]
    off = Change.CALLED_OFF in changed
    made = frame(kind, desk, _subject(kind, appointment, off), now, method)
    entry = shared_entry(method, desk, appointment, now, called_off=off) if method else None
    written = _Written(kind, desk, appointment, changed)
    return [
        made.fill(
            person.name,
            person.email,
            written.text(person),
            written.html(person),
            entry.for_person(person) if entry else None,
        )
        for person in addressees
    ]


def preview(
    kind: LetterKind,
    desk: Desk,
    appointment: Appointment,
    person: Addressee,
    changed: Collection[Change] = (),
) -> Preview:
    """What `letters` would send to this person, for the booking page (C1).

    Give a dial-in whose PIN is in words where the PIN itself is not to be shown.
    """
    return previews(kind, desk, appointment, [person], changed)[0]


def previews(
    kind: LetterKind,
    desk: Desk,
    appointment: Appointment,
    people: Sequence[Addressee],
    changed: Collection[Change] = (),
) -> list[Preview]:
    """The same for several people, in their order; what they have in common is written once."""
    method = _MEETING[kind][1] or CalendarMethod.REQUEST
    written = _Written(kind, desk, appointment, changed)
    subject = _subject(kind, appointment, Change.CALLED_OFF in changed)
    entry = (
        ("Title", summary(appointment)),
        ("When", _when(appointment)),
        ("Where", location(appointment)),
        ("Notes", description(method, desk, appointment, called_off=Change.CALLED_OFF in changed)),
        ("In the calendar", "Taken out")
        if method is CalendarMethod.CANCEL
        else ("Shown to others as", "Private, busy"),
    )
    return [Preview(subject=subject, text=written.text(person), entry=entry) for person in people]


class _Written:
    """A meeting letter written once for everybody it says the same to, with a mark where each
    person's name and link go. The marks are random, so nobody's name can hold one."""

    def __init__(
        self, kind: LetterKind, desk: Desk, appointment: Appointment, changed: Collection[Change]
    ) -> None:
        self._facts = kind, desk, appointment, changed
        self._name, self._link = _mark(), _mark()
        self._writes = Rendering()
        self._blocks: dict[tuple[bool, PartStat], list[Block]] = {}
        self._texts: dict[tuple[bool, PartStat], str] = {}
        self._pages: dict[tuple[bool, PartStat], str] = {}

    def text(self, person: Addressee) -> str:
        alike = person.is_team, person.partstat
        if alike not in self._texts:
            self._texts[alike] = self._writes.as_text(self._blocks_for(person))
        plain = self._texts[alike].replace(self._name, _called(person.name))
        return plain.replace(self._link, person.link)

    def html(self, person: Addressee) -> str:
        alike = person.is_team, person.partstat
        if alike not in self._pages:
            kind, _desk, appointment, changed = self._facts
            subject = _subject(kind, appointment, Change.CALLED_OFF in changed)
            self._pages[alike] = self._writes.as_html(subject, self._blocks_for(person))
        page = self._pages[alike].replace(self._name, escape(_called(person.name)))
        return page.replace(self._link, escape(person.link))

    def _blocks_for(self, person: Addressee) -> list[Block]:
        alike = person.is_team, person.partstat
        if alike not in self._blocks:
            kind, desk, appointment, changed = self._facts
            anybody = replace(person, name=self._name, link=self._link)
            self._blocks[alike] = _blocks(kind, desk, appointment, anybody, changed)
        return self._blocks[alike]


def _mark() -> str:
    # Letters alone: six digits in a row would be taken for a telephone number, not for a name.
    return "".join(secrets.choice(ascii_letters) for _ in range(32))


def code_letter(desk: Desk, name: str, email: str, code: str, now: datetime) -> FinishedMessage:
    """The six digits that open the page behind a link; not in the subject, which a locked
    telephone shows (D3)."""
    subject = "Your code"
    blocks = [
        Text(greeting(name)),
        Text("Type this code into the page that asked for it:"),
        Large(code),
        Text(
            "It works once, for ten minutes, in the browser you asked from. "
            "Nobody from the desk will ever ask you for it."
        ),
        Text(
            "If you did not ask for a code, somebody else has your link. "
            "Tell nobody the code, and telephone the desk."
        ),
        *closing(desk),
    ]
    made = frame(LetterKind.CODE, desk, subject, now)
    writes = Rendering()
    return made.fill(name, email, writes.as_text(blocks), writes.as_html(subject, blocks))


def _subject(kind: LetterKind, appointment: Appointment, off: bool) -> str:
    begins = _MEETING[kind][0] if kind is not LetterKind.CANCELLATION or off else _NOT_ASKED
    return header_text(
        f"{begins}: multi-agency meeting {appointment.reference}, "
        f"{words_for_moment(appointment.starts_at)}"
    )


def _when(appointment: Appointment) -> str:
    return (
        f"{words_for_day(appointment.starts_at)}, {words_for_time(appointment.starts_at)} to "
        f"{words_for_time(appointment.ends_at)} (UK time)"
    )


def _called(name: str) -> str:
    return called(name, "colleague")


def greeting(name: str) -> str:
    """How every letter begins."""
    return f"Dear {_called(name)},"


def _blocks(
    kind: LetterKind,
    desk: Desk,
    appointment: Appointment,
    person: Addressee,
    changed: Collection[Change],
) -> list[Block]:
    blocks: list[Block] = [
        Text(greeting(person.name)),
        *_opening(kind, appointment, person, changed),
    ]
    rows: list[tuple[str, str | Number]] = [("When", _when(appointment))]
    reference = ("Reference", appointment.reference)
    if kind is LetterKind.CANCELLATION:
        blocks += [
            Facts((*rows, reference)),
            Text(
                "This message takes the entry out of your calendar; delete it if it is still "
                "there. Your earlier link no longer works, and there is nothing more for you to do."
            ),
            *closing(desk),
        ]
        return blocks
    rows.append(("Where", location(appointment)))
    if appointment.dial_in is not None:
        number = one_line(appointment.dial_in.telephone)
        rows.append(("Dial in", Number(number, telephone_uri(number))))
        if appointment.dial_in.pin:
            rows.append(("PIN", one_line(appointment.dial_in.pin)))
    unanswered = person.partstat is PartStat.NEEDS_ACTION
    # What was said of the old time says nothing of the new one.
    asked = unanswered or Change.TIME in changed
    own = "The link and the PIN are" if rows[-1][0] == "PIN" else "The link is"
    blocks += [
        Facts((*rows, reference)),
        Heading(
            "Please answer now"
            if unanswered
            else "Please answer again"
            if asked
            else "We have your answer"
        ),
        Link("Answer and prepare" if asked else "Prepare, or change your answer", person.link),
        Text(
            "The link first sends a code to this address. It then says what the meeting is about "
            "and what to look up and bring. If you can't take part, send a report there or name "
            "a colleague who comes instead."
        ),
        Text(
            "You can also accept or decline in your calendar."
            if asked
            else "You can also change your answer in your calendar."
        ),
        Text(
            "Whoever takes part from your team may use this link, and gives name and role there. "
            "Please do not pass this message on outside your team."
            if person.is_team
            else f"{own} yours alone: please do not pass this message on."
        ),
        *closing(desk),
    ]
    return blocks


def _opening(
    kind: LetterKind, appointment: Appointment, person: Addressee, changed: Collection[Change]
) -> list[Block]:
    match kind:
        case LetterKind.INVITATION:
            words = "You are asked to take part in a multi-agency meeting."
        case LetterKind.UPDATE:
            words = "The multi-agency meeting you were asked to take part in has changed."
            what = [new for change, new in _CHANGES.items() if change in changed]
            if what:
                *first, last = what
                words += f" It has {', '.join(first)}{' and ' if first else ''}{last}."
            words += " This message brings your calendar entry up to date."
        case LetterKind.CANCELLATION:
            words = (
                "This multi-agency meeting is cancelled: it does not take place."
                if Change.CALLED_OFF in changed
                else "You are no longer asked to take part in this multi-agency meeting. "
                "It may take place without you."
            )
        case _:
            words = "This is a reminder of a multi-agency meeting."
            if person.partstat is PartStat.NEEDS_ACTION:
                words += " We do not have your answer yet."
    return [Text(words)]


def closing(desk: Desk) -> list[Block]:
    """How to ask back, and who writes: the end of every letter."""
    ask = "Reply"
    if desk.telephone:
        late = f", outside office hours on {unbroken(one_line(desk.out_of_hours))}"
        ask = (
            f"Telephone the desk on {unbroken(one_line(desk.telephone))}"
            f"{late if desk.out_of_hours else ''}, or reply"
        )
    return [
        Text(f"Questions? {ask} to this message. Please name no child or family in an email."),
        Text(neutral(desk.name, "The desk")),
    ]
