"""What an answer by calendar does (D6; RFC 5546): pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.invitations.replies.types import CalendarAnswer, MailKind
from app.invitations.types import PartStat
from app.meetings.received.types import Held, Outcome, Verdict, Why
from app.meetings.rules import OPEN_TO_INVITEES, takes_part_as
from app.meetings.types import Answer, Format

# The original of a mail that somebody closed, and of one that needed nobody.
ORIGINAL_KEPT = timedelta(days=90)

_AS_PARTSTAT = {
    Answer.ATTEND: PartStat.ACCEPTED,
    Answer.DIAL_IN: PartStat.ACCEPTED,
    Answer.TENTATIVE: PartStat.TENTATIVE,
    Answer.REPORT: PartStat.DECLINED,
    Answer.DECLINED: PartStat.DECLINED,
}


def judge_answer(
    kind: MailKind, said: CalendarAnswer, sender: str, held: Held | None, now: datetime
) -> Verdict:
    """What becomes of a REPLY or COUNTER. `held` is what its UID leads to, if anything.

    It counts only for the one person who was invited with that entry, sent from their own address
    (D6). It says who comes and nothing else: it never moves a time and never adds a person. An
    answer to an earlier SEQUENCE is kept as such; of several to one SEQUENCE the one given last
    holds, in whatever order they arrive (RFC 5546 2.1.5).
    """
    if held is None:
        return Verdict(Outcome.LOOK, Why.NOT_ON_FILE)
    if said.attendee != held.email.lower():
        return Verdict(Outcome.LOOK, Why.OTHER_PERSON)
    if sender != said.attendee:
        return Verdict(Outcome.LOOK, Why.OTHER_SENDER)
    if held.removed or held.replaced:
        return Verdict(Outcome.LOOK, Why.NO_LONGER_INVITED)
    given = meant(said.partstat, held.answer, held.format)
    if held.state not in OPEN_TO_INVITEES:
        no_need = kind is MailKind.ANSWER and given in (Answer.DECLINED, Answer.REPORT)
        return Verdict(Outcome.NO_EFFECT) if no_need else Verdict(Outcome.LOOK, Why.OVER)
    never_sent = said.sequence > held.sequence or said.sequence < 0
    counts = not (never_sent or _is_older(said, held) or is_overtaken(said, held, now))
    if kind is MailKind.COUNTER:
        return Verdict(Outcome.LOOK, Why.COUNTER, given if counts else None)
    if said.partstat is PartStat.DELEGATED:
        return Verdict(Outcome.LOOK, Why.DELEGATED)
    if given is None:
        return Verdict(Outcome.LOOK, Why.NO_ANSWER)
    if never_sent:
        return Verdict(Outcome.LOOK, Why.OTHER_VERSION)
    if _is_older(said, held):
        if held.answer in (Answer.NONE, given):
            return Verdict(Outcome.OLDER)
        if not is_overtaken(said, held, now):
            # Said after the answer that stands, and against it: who looks at the answer alone
            # would wait for somebody who has declined.
            return Verdict(Outcome.LOOK, Why.OTHER_VERSION)
    if not counts:
        return Verdict(Outcome.OVERTAKEN)
    return Verdict(Outcome.NOTED, answer=given)


def meant(partstat: PartStat | None, held: Answer, format_: Format) -> Answer | None:
    """The answer that a calendar's word stands for.

    A calendar knows yes, no and perhaps. Where that agrees with a fuller answer given before (by
    telephone rather than in person, a report instead), the fuller one stays.
    """
    if partstat is not None and _AS_PARTSTAT.get(held) is partstat:
        return held
    match partstat:
        case PartStat.ACCEPTED:
            return takes_part_as(format_)
        case PartStat.TENTATIVE:
            return Answer.TENTATIVE
        case PartStat.DECLINED:
            return Answer.DECLINED
        case _:
            return None


def given_at(said: CalendarAnswer, now: datetime) -> datetime:
    """When an answer was given: DTSTAMP, or now where there is none or it lies ahead."""
    return min(said.stamped_at, now) if said.stamped_at else now


def is_overtaken(said: CalendarAnswer, held: Held, now: datetime) -> bool:
    """Whether an answer that was given later stands already, by calendar, link or telephone."""
    if held.answer is Answer.NONE or held.answered_at is None:
        return False
    # DTSTAMP counts whole seconds.
    return given_at(said, now) < held.answered_at.replace(microsecond=0)


def _is_older(said: CalendarAnswer, held: Held) -> bool:
    return 0 <= said.sequence < held.sequence
