"""The letters of a change as its page shows them: who gets an update, who an invitation, who a
cancellation, and who nothing (C7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.core.refusal import Refused
from app.directory import queries as directory
from app.invitations.letters import previews
from app.invitations.types import Addressee, Appointment, Change, DialIn, LetterKind
from app.meetings import messages
from app.meetings.appointment import PARTSTATS, appointment_of, location_told
from app.meetings.booking.concerned import (
    NEW_PIN,
    Held,
    check_locked_out,
    expected,
    freed,
    is_updated,
)
from app.meetings.booking.forms import KEEP_TIME, BookingForm
from app.meetings.booking.ground import Ground
from app.meetings.booking.letters_shown import (
    CHAIRS_ADDRESS,
    LINK_IN_WORDS,
    PIN_IN_WORDS,
    Letter,
)
from app.meetings.booking.prepared import left_behind
from app.meetings.booking.rows import RowShown
from app.meetings.booking.types import ChangeOrder, Diary
from app.meetings.models import Invitee, Meeting
from app.meetings.queries import place_of
from app.meetings.rules import after_move
from app.meetings.types import Answer, Format, dial_in_parts
from app.referrals.sender import Sender, desk_of

NEW_PIN_IN_WORDS = "(a new PIN stands here)"
_FORMATS = frozenset(each.value for each in Format)


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """Every letter, and in words why others get none."""

    letters: list[Letter]
    silent: tuple[str, ...]
    why_none: str


def order_of(form: BookingForm, meeting: Meeting, adder: str) -> ChangeOrder:
    """What the form asks to change of this booking; `adder` stands as the reason of who is new."""
    minutes = 0
    if meeting.starts_at is not None and meeting.ends_at is not None:
        minutes = int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
    dial_in = meeting.typed_dial_in
    return form.changes(meeting.format, meeting.place, dial_in, minutes, meeting.chair_id, adder)


def change_shown(
    ground: Ground,
    form: BookingForm,
    rows: Sequence[RowShown],
    sender: Sender,
    diary: Diary,
) -> ChangeShown:
    """Exactly what each person will get for what the form holds now; a PIN is told in words."""
    if form.slot.data != KEEP_TIME and form.start is None:
        return ChangeShown([], (), "Choose a time to see who gets what.")
    if form.format.data not in _FORMATS:
        return ChangeShown([], (), "Choose how it is held to see who gets what.")
    order = order_of(form, ground.booked, "")
    try:
        after = expected(ground.booked, order, diary)
    except Refused as refused:
        return ChangeShown([], (), f"{refused.message}, to see who gets what.")
    return _Post(ground, order, after, sender).shown(_added(rows), _chair_name(form, order))


class _Post:
    """The letters of one change."""

    def __init__(self, ground: Ground, order: ChangeOrder, after: Held, sender: Sender) -> None:
        self.ground = ground
        self.meeting = ground.booked
        self.order = order
        self.after = after
        self.changes = Held.of(ground.booked).changes_to(after)
        self.desk = desk_of(ground.council, sender)

    def shown(self, added: list[tuple[str, str, bool]], chair: str) -> ChangeShown:
        """Everybody: who leaves, who stays, who is new."""
        there = [one for one in self.meeting.invitees if one.removed_at is None]
        gone = [one for one in there if self._leaves(one, handed_over=bool(chair))]
        stay = [one for one in there if one not in gone]
        back = freed(gone, stay)
        told = [one for one in stay if one not in back and is_updated(one, self.changes)]
        fresh = [(name, email, is_team) for name, email, is_team in added if email]
        if chair:
            fresh.insert(0, (chair, CHAIRS_ADDRESS, False))
        letters = [
            *self._letters(
                LetterKind.CANCELLATION,
                [_addressee(one, one.answer) for one in gone if one.invitation_id is not None],
            ),
            *self._updates(told),
            *self._letters(
                LetterKind.INVITATION,
                [
                    Addressee("", 0, name, email, LINK_IN_WORDS, is_team=is_team)
                    for name, email, is_team in fresh
                ],
            ),
        ]
        by_telephone = [one.name for one in (*gone, *told) if not one.gets_letters]
        by_telephone += [name for name, email, _is_team in added if not email]
        others = [one for one in stay if one not in back]
        silent = (
            *_silent(others, told, by_telephone, back),
            *self._asked(gone),
            *left_behind(self.ground.session, self.meeting.id, gone),
        )
        if not letters and not by_telephone:
            return ChangeShown([], (), "Nothing is changed yet: nobody gets a letter.")
        return ChangeShown(letters, silent, "")

    def _asked(self, gone: Sequence[Invitee]) -> tuple[str, ...]:
        """What is asked before a typed dial-in is left to somebody who knows it."""
        before, after = self.meeting.typed_dial_in, self.after.dial_in[2]
        try:
            check_locked_out([one.name for one in gone], before, after, self.order.dial_in_kept)
        except Refused as refused:
            return (f"{refused.message}.",)
        return ()

    def _leaves(self, invitee: Invitee, *, handed_over: bool) -> bool:
        chairs = invitee.staff_id is not None and invitee.staff_id == self.meeting.chair_id
        removed = {removal.invitee_id for removal in self.order.removals}
        return (handed_over and chairs) or invitee.id in removed

    def _updates(self, told: Sequence[Invitee]) -> list[Letter]:
        """Whose last letter is still here gets one that tells the whole, not the one change."""
        late = messages.unaware(self.ground.session, told)
        written = [one for one in told if one.gets_letters]
        aware = [one for one in written if one.id not in late]
        others = [one for one in written if one.id in late]
        return [
            *self._letters(LetterKind.UPDATE, [self._stays(one) for one in aware]),
            *self._letters(LetterKind.UPDATE, [self._stays(one) for one in others], ()),
        ]

    def _stays(self, invitee: Invitee) -> Addressee:
        moved = Change.TIME in self.changes
        return _addressee(invitee, after_move(invitee.answer) if moved else invitee.answer)

    def _letters(
        self,
        kind: LetterKind,
        people: list[Addressee],
        changes: Collection[Change] | None = None,
    ) -> list[Letter]:
        if not people:
            return []
        appointment = self._before() if kind is LetterKind.CANCELLATION else self._appointment()
        news = self.changes if changes is None else changes
        made = previews(kind, self.desk, appointment, people, news)
        what = _KINDS[kind]
        return [
            Letter(one.name, one.email, preview, what)
            for one, preview in zip(people, made, strict=True)
        ]

    def _before(self) -> Appointment:
        """Who is removed knows the old time alone, and learns no new one."""
        held = self.meeting
        place = place_of(self.ground.session, held)
        return appointment_of(held, place, self._location(held.format, held.place))

    def _appointment(self) -> Appointment:
        if self.after.starts_at is None or self.after.ends_at is None:
            raise ValueError("a booked discussion has a time")
        format_ = self.order.format or self.meeting.format
        place = self.meeting.place if self.order.format is None else self.order.place
        return Appointment(
            reference=self.meeting.ref,
            starts_at=self.after.starts_at,
            ends_at=self.after.ends_at,
            location=self._location(format_, place),
            dial_in=self._dial_in(),
        )

    def _location(self, format_: Format, place: str | None) -> str:
        return location_told(self.ground.session, self.meeting.id, format_, place)

    def _dial_in(self) -> DialIn | None:
        line_id, pin_id, typed = self.after.dial_in
        if line_id is None:
            return DialIn(*dial_in_parts(typed)) if typed else None
        line = directory.line(self.ground.session, line_id)
        words = NEW_PIN_IN_WORDS if pin_id == NEW_PIN else PIN_IN_WORDS
        return DialIn(line.telephone, words) if line else None


_KINDS = {
    LetterKind.CANCELLATION: "Cancellation",
    LetterKind.UPDATE: "Update",
    LetterKind.INVITATION: "Invitation",
}


def _addressee(invitee: Invitee, answer: Answer) -> Addressee:
    return Addressee(
        uid="",
        sequence=0,
        name=invitee.name,
        email=invitee.email or "",
        link=LINK_IN_WORDS,
        partstat=PARTSTATS[answer],
        is_team=invitee.is_team,
    )


def _added(rows: Sequence[RowShown]) -> list[tuple[str, str, bool]]:
    """Name, address (empty: to be telephoned) and whether a team reads it, of who is new."""
    found = []
    for shown in rows:
        row = shown.form
        if row.come and not row.key.startswith("invitee-"):
            address = "" if row.telephone_only else shown.address or row.email
            found.append((shown.name, address, shown.is_team))
    return found


def _chair_name(form: BookingForm, order: ChangeOrder) -> str:
    """Who chairs from now on; empty where the chair stays."""
    if order.chair_id is None:
        return ""
    return str(dict(form.chair.choices or []).get(str(order.chair_id), ""))


def _silent(
    stay: Sequence[Invitee],
    told: Sequence[Invitee],
    by_telephone: Sequence[str],
    back: Sequence[Invitee],
) -> tuple[str, ...]:
    deputised = [one.name for one in stay if one.answer is Answer.DEPUTY]
    same = [one.name for one in stay if one not in told and one.name not in deputised]
    return tuple(
        f"{why}: {', '.join(names)}."
        for why, names in (
            ("No letter, because nothing in their entry changes", same),
            ("No letter, because a colleague comes instead", deputised),
            ("Please telephone", by_telephone),
            (
                "No letter, and no colleague any more: invite them again afterwards, or telephone",
                [one.name for one in back],
            ),
        )
        if names
    )
