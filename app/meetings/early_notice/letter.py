"""The letter to the quality service (BROMLEY 1): a reference, how many children, by when. Whom it
is about is said on the telephone (D2)."""

from __future__ import annotations

from datetime import datetime

from app.core.clock import words_for_day
from app.core.mail import FinishedMessage, header_text
from app.invitations.envelope import frame
from app.invitations.letters import closing, greeting
from app.invitations.rendering import Block, Rendering, Text
from app.invitations.types import Desk, LetterKind
from app.meetings.after.types import Conference

NAME = "Quality service"


def early_notice(
    said: Conference,
    desk: Desk,
    reference: str,
    children: int,
    held_by: datetime | None,
    email: str,
    now: datetime,
    *,
    corrects: bool,
    adds: bool,
) -> FinishedMessage:
    """What is expected of the conference of this many children. `corrects`: an earlier letter was
    about the same children; `adds`: one of the same discussion was about others."""
    subject = header_text(f"{_begins(said, corrects)}: multi-agency meeting {reference}")
    whom = "one child" if children == 1 else f"{children} children"
    blocks: list[Block] = [Text(greeting(NAME)), Text(_says(said, reference, whom))]
    if corrects:
        blocks.append(Text("This corrects what we wrote before under this reference."))
    elif adds:
        blocks.append(Text("This is beside what we wrote before under this reference."))
    if said is Conference.NOT_NEEDED:
        blocks.append(Text("A date that you kept for it is not needed any more."))
    elif held_by is not None:
        day = words_for_day(held_by)
        blocks.append(Text(f"Please look for a date now. The conference has to be held by {day}."))
    else:
        blocks.append(Text("Please look for a date now."))
    if said is not Conference.NOT_NEEDED:
        blocks.append(
            Text("The referral itself follows, if it is required. Telephone us to hear who it is.")
        )
    blocks += closing(desk)
    writes = Rendering()
    made = frame(LetterKind.EARLY_NOTICE, desk, subject, now)
    return made.fill(NAME, email, writes.as_text(blocks), writes.as_html(subject, blocks))


def _begins(said: Conference, corrects: bool) -> str:
    if said is Conference.NOT_NEEDED:
        return "Early notice withdrawn"
    return "Early notice changed" if corrects else "Early notice"


def _says(said: Conference, reference: str, whom: str) -> str:
    match said:
        case Conference.REQUIRED:
            return f"A conference is required for {whom} after multi-agency meeting {reference}."
        case Conference.LIKELY:
            return (
                f"A conference is likely to be needed for {whom} after multi-agency meeting "
                f"{reference}. It is not decided yet."
            )
        case _:
            return (
                f"The conference that we told you of after multi-agency meeting {reference} is "
                f"not needed, or not expected any more, for {whom}."
            )
