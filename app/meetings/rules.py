"""What may be done with a discussion in which state: pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.meetings.types import Answer, Format, MeetingState

# Invitees may answer and send reports until the discussion has ended (D4, D5).
OPEN_TO_INVITEES = frozenset({MeetingState.BOOKED, MeetingState.UNDER_WAY})
LONGEST_HELD = timedelta(hours=12)


def check_to_be_booked(state: MeetingState) -> None:
    """Raise Refused where a discussion is not waiting to be booked (C1)."""
    if state is MeetingState.NEEDED:
        return
    if state is MeetingState.BOOKED:
        raise Refused("slot", "Somebody else has booked it: change the booking instead")
    raise Refused("slot", f"It cannot be booked any more: {state.label.lower()}")


def check_changeable(state: MeetingState) -> None:
    """Raise Refused where a booking can no longer be changed or called off (C7)."""
    if state is not MeetingState.BOOKED:
        raise Refused("slot", f"The booking cannot be changed any more: {state.label.lower()}")


def mendable_late(state: MeetingState, signed_at: datetime | None) -> bool:
    """Whether a wrong address can be mended though the discussion has begun (D7): until its record
    is signed, whose copies go to the addresses there are. After that see `mendable_signed`."""
    return state in (MeetingState.UNDER_WAY, MeetingState.ENDED) and signed_at is None


def mendable_signed(state: MeetingState, signed_at: datetime | None) -> bool:
    """Whether a record was signed, which may have gone to a wrong address (F5): also while it is
    being corrected."""
    return state in (MeetingState.ENDED, MeetingState.SIGNED) and signed_at is not None


def check_cancellable(state: MeetingState) -> None:
    """Raise Refused where there is nothing left to call off (C7)."""
    if state not in (MeetingState.NEEDED, MeetingState.BOOKED):
        raise Refused("reason", f"It cannot be cancelled any more: {state.label.lower()}")


def check_start(start: datetime, now: datetime) -> None:
    """Raise Refused for a slot in the past; both moments are aware."""
    if start < now:
        raise Refused(
            "slot", f"{words_for_moment(start)} is in the past: choose a time still to come"
        )


def who_said(name: str, person_name: str | None, person_role: str | None) -> str:
    """Who said something, invited by `name`: behind a team's link the person who sat there, and
    for whom (D3, E4): `Bella Boss, Inspector, for Police duty desk`."""
    person = ", ".join(part for part in (person_name, person_role) if part)
    return f"{person}, for {name}" if person else name


def check_held(started_at: datetime, ended_at: datetime, now: datetime) -> None:
    """Raise Refused (fields `started_at`, `ended_at`) for times that no discussion can have."""
    for field, what, moment in (
        ("started_at", "The start", started_at),
        ("ended_at", "The end", ended_at),
    ):
        if moment > now:
            raise Refused(field, f"{what} is in the future: correct the date or the time")
    if ended_at <= started_at:
        raise Refused("ended_at", "The end must be after the start")
    if ended_at - started_at > LONGEST_HELD:
        raise Refused("ended_at", "Check the end: it is more than 12 hours after the start")


def check_under_way(started_at: datetime, now: datetime) -> None:
    """Raise Refused (field `page`) where a discussion that nobody ended began too long ago to be
    still going on."""
    if now - started_at > LONGEST_HELD:
        raise Refused("page", "It began more than 12 hours ago: end it first, then correct both")


def check_answer(
    state: MeetingState, answer: Answer, held: Answer, *, removed: bool, has_deputy: bool
) -> None:
    """Raise Refused where an invitee may not give this answer now (D4)."""
    if removed:
        raise Refused("answer", "You are no longer invited: telephone the desk if that is wrong")
    if state not in OPEN_TO_INVITEES:
        raise Refused("answer", "The meeting is over or was cancelled: no answer is needed")
    if answer in (Answer.NONE, Answer.DEPUTY):
        raise Refused("answer", "Say whether you attend, dial in, send a report or cannot come")
    if held is Answer.DEPUTY or has_deputy:
        raise Refused("answer", "A colleague comes instead: telephone the desk to change that")


def takes_part_as(format_of_meeting: Format) -> Answer:
    """What "I will take part" means where nothing more was said: by telephone for a
    telephone conference, else in person. Source: D3, D4, D6."""
    return Answer.DIAL_IN if format_of_meeting is Format.CALL else Answer.ATTEND


def after_move(answer: Answer) -> Answer:
    """What remains of an answer when the time moves: who would come is asked again (C7)."""
    return answer if answer in (Answer.REPORT, Answer.DEPUTY) else Answer.NONE


def gives_away(place: str, names: Collection[str], phrases: Iterable[str]) -> bool:
    """Whether a place names a child or family, their home or a child's school: then it stands in
    no letter and no calendar (D2). `names` are looked for word by word, `phrases` as a whole; a
    postcode with or without its blank. A name of two letters counts where the place writes it as
    a name, with a capital: in small letters it may be a word of any place."""
    said = _plain(place)
    parts = {part for name in names for part in _plain(name).split()} - _NO_NAMES
    if any(len(part) > 2 for part in parts & set(said.split())):
        return True
    if not _short_names(names).isdisjoint(_WORD.findall(place)):
        return True
    solid = said.replace(" ", "")
    return any(
        one and (f" {one} " in f" {said} " or (_POSTCODE.fullmatch(one) and one in solid))
        for one in map(_plain, phrases)
    )


def _short_names(names: Iterable[str]) -> set[str]:
    """The words of two letters among names, as a place would write them, however they were typed:
    Ng, Li, Wu."""
    words = {word for name in names for word in _WORD.findall(name) if len(word) == 2}
    short = {word for word in words if word.isalpha() and word.casefold() not in _NO_NAMES}
    return {written for word in short for written in (word.capitalize(), word.upper())}


def phrases_of_home(address: str) -> set[str]:
    """What of an address tells where a family lives: its first line, each line with a number, the
    street, the postcode. Not the town, which hospitals are named after."""
    rest = address.casefold()
    found = set()
    for code in _POSTCODE_IN_WORDS.findall(rest):
        found.add(code.replace(" ", ""))
        rest = rest.replace(code, "")
    lines = [_plain(line) for line in re.split(r"[,\n]", rest)]
    found |= {line for line in lines[:1] if not line.isdecimal()}
    for line in lines:
        words = line.split()
        if len(words) > 1 and any(map(_numbers, words)):
            found.add(line)
        for end, word in enumerate(words):
            if word in _STREETS:
                start = max((n + 1 for n in range(end) if _numbers(words[n])), default=0)
                found.add(" ".join(words[max(start, end - 3) : end + 1]))
    return {one for one in found if len(one) > 3 and one not in _STREETS}


def _numbers(word: str) -> bool:
    return any(map(str.isdigit, word))


def _plain(text: str) -> str:
    """Words alone, in small letters, with what streets are called written out."""
    return " ".join(_SHORT.get(word, word) for word in _WORD.findall(text.casefold()))


_WORD = re.compile(r"\w+")
_POSTCODE = re.compile(r"[a-z]{1,2}[0-9][a-z0-9]?[0-9][a-z]{2}")
_POSTCODE_IN_WORDS = re.compile(r"\b[a-z]{1,2}[0-9][a-z0-9]? ?[0-9][a-z]{2}\b")
_SHORT = {
    "ave": "avenue", "cl": "close", "cres": "crescent", "ct": "court", "dr": "drive",
    "gdns": "gardens", "gr": "grove", "ln": "lane", "pl": "place", "rd": "road", "st": "street",
    "sq": "square", "ter": "terrace",
}  # fmt: skip
_STREETS = frozenset(_SHORT.values()) | {
    "alley", "bank", "crossing", "drove", "field", "fields", "gate", "green", "hill", "meadow",
    "mews", "parade", "park", "path", "rise", "row", "view", "walk", "way", "wharf", "yard",
}  # fmt: skip
# What stands for a name that nobody knows, and what stands before one.
_NO_NAMES = frozenset(
    {"not", "known", "unknown", "the", "and", "mrs", "miss", "partner", "mr", "ms", "dr"}
)
