"""A form's page: worked out here, so that the template only displays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.clock import words_for_moment, words_for_span
from app.invitations.wording import telephone_uri
from app.meetings.calls.queries import calls_of
from app.meetings.calls.types import CallShown
from app.meetings.invitee_line import DELIVERY, FAILED
from app.meetings.medical import content as medical
from app.meetings.medical.rules import Step, ladder, number_to_ring
from app.meetings.models import Meeting
from app.meetings.papers import queries, rules
from app.meetings.papers.facts import FormFacts, facts_of
from app.meetings.papers.queries import FormShown
from app.meetings.papers.service import address_for
from app.meetings.papers.types import FormState, Paper, Section, Words
from app.meetings.police_request import content as police_request
from app.protocols.types import FormKind, NamedForm

MAKES: dict[FormKind, Callable[[NamedForm, FormFacts], Paper]] = {
    FormKind.POLICE_REQUEST: police_request.paper,
    FormKind.MEDICAL: medical.paper,
}
COLOURS = {
    FormState.SENT: "yellow",
    FormState.ACKNOWLEDGED: "green",
    FormState.REFUSED: "red",
    FormState.REPLACED: "grey",
}


@dataclass(frozen=True, slots=True)
class SentLine:
    """One sending in words. `mail` is how the email stands, with its colour."""

    number: int
    state: str
    colour: str
    when: str
    how: str
    mail: str
    mail_colour: str
    problem: str
    settled: str
    reply: str
    pressed: str  # at its link without a code, which settles nothing
    awaited: bool
    chase: str
    chase_is_due: bool


@dataclass(frozen=True, slots=True)
class FormPage:
    meeting: Meeting
    named: NamedForm
    paper: Paper
    email: str
    attached: bool
    telephone: str
    telephone_uri: str | None
    sent: tuple[SentLine, ...]
    awaited: SentLine | None
    steps: tuple[Step, ...]
    may_ring: bool
    calls: tuple[CallShown, ...]


def paper_of(
    session: Session, meeting: Meeting, named: NamedForm, note: str, now: datetime
) -> Paper:
    """The form as it would be printed now, with what was added."""
    made = MAKES[named.kind](named, facts_of(session, meeting, now))
    if not note:
        return made
    return replace(made, sections=(*made.sections, Section("Added", (Words(note),))))


def page_of(
    session: Session, meeting: Meeting, named: NamedForm, note: str, now: datetime
) -> FormPage:
    """Everything the page of one form shows."""
    facts = facts_of(session, meeting, now)
    council = facts.council
    sent = [one for one in queries.forms_of(session, meeting.id) if one.kind is named.kind]
    newest = sent[0] if sent else None
    calls = tuple(
        one for one in calls_of(session, meeting.id) if newest and one.form_id == newest.id
    )
    telephone = council.police_form_telephone
    steps: tuple[Step, ...] = ()
    if named.call_again_after is not None:
        numbers = council.medical_telephone, council.medical_reception_telephone
        telephone = number_to_ring(calls, *numbers)
        if newest is not None:
            steps = ladder(newest.sent_at, calls, named.call_again_after, *numbers, now)
    lines = tuple(_line(one, now) for one in sent)
    awaited = lines[0] if lines and lines[0].awaited else None
    email = address_for(council, named.kind)
    return FormPage(
        meeting=meeting,
        named=named,
        paper=paper_of(session, meeting, named, note, now),
        email=email,
        attached=rules.goes_as_attachment(email, council.secure_domains),
        telephone=telephone,
        telephone_uri=telephone_uri(telephone) if telephone else None,
        sent=lines,
        awaited=awaited,
        steps=steps,
        may_ring=awaited is not None and any(one.state in ("now", "wait") for one in steps),
        calls=calls,
    )


def _line(one: FormShown, now: datetime) -> SentLine:
    words, colour = DELIVERY[one.mail]
    awaited = one.state is FormState.SENT
    due = one.chase_at if awaited else None
    chase = ""
    if due is not None:
        left = words_for_span(due - now)
        chase = f"Chase in {left}" if due > now else f"Chase now: {left} overdue"
    return SentLine(
        number=one.number,
        state=one.state.label,
        colour=COLOURS[one.state],
        when=f"{words_for_moment(one.sent_at)}, by {one.by}",
        how=f"To {one.email} {'as an attachment' if one.attached else 'by link and code'}"
        + (f", chased {one.chases} {'time' if one.chases == 1 else 'times'}" if one.chases else ""),
        mail=words,
        mail_colour=colour,
        problem=(one.problem or "") if one.mail in FAILED else "",
        settled=words_for_moment(one.settled_at) if one.settled_at else "",
        reply=(one.reply or "") if one.settled_at else "",
        pressed="" if one.settled_at else one.reply or "",
        awaited=awaited,
        chase=chase,
        chase_is_due=due is not None and due <= now,
    )
