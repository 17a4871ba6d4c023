"""What the administrator did today in the example area: calls, and forms to other agencies."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.types import Role
from app.cli.example.area import Area
from app.core.config import Settings
from app.core.session import reading, transaction
from app.directory.queries import council
from app.meetings.calls import service as calls
from app.meetings.calls.types import Outcome
from app.meetings.models import Invitee, Meeting
from app.meetings.papers import queries, service
from app.meetings.papers.page import paper_of
from app.meetings.papers.printing import printed
from app.meetings.types import Answer, MeetingState
from app.protocols.registry import active
from app.protocols.types import FormKind
from app.referrals.sender import Sender

_BOOKED = (
    select(Meeting)
    .where(Meeting.state == MeetingState.BOOKED)
    .order_by(Meeting.starts_at, Meeting.id)
    .limit(12)
)
FORMS = 3
_SAID = (
    (Outcome.SPOKE, "Will dial in and brings what the team holds."),
    (Outcome.NO_ANSWER, ""),
    (Outcome.MESSAGE_LEFT, "With the practice manager, desk's number left."),
)


def desks_day(area: Area, settings: Settings, now: datetime) -> None:
    """Calls to whoever has not answered, form 87A twice, and one medical form on its ladder.

    After the week is committed, because forms are printed outside any transaction.
    """
    first_sent = now - timedelta(minutes=70)
    found = reading().execute(_BOOKED).scalars()
    booked = [one for one in found if one.created_at <= first_sent]
    # First whoever has the most calls to make.
    refs = [one.ref for one in sorted(booked, key=lambda one: -len(_silent(one)))]
    for place, ref in enumerate(refs[:FORMS]):
        sent_at = first_sent + timedelta(minutes=25 * place)
        _send(area, settings, ref, FormKind.POLICE_REQUEST, sent_at)
        if place == 1:
            with transaction() as session:
                actor = area.actor(Role.ADMINISTRATOR)
                words = "DS Karen Holt has it and takes part; a joint enquiry is likely."
                service.acknowledge(session, actor, ref, FormKind.POLICE_REQUEST, words,
                                    now - timedelta(minutes=20))  # fmt: skip
    if refs:
        _send(area, settings, refs[0], FormKind.MEDICAL, now - timedelta(minutes=16))
        _ring_about(area, refs[0], now - timedelta(minutes=6))
        _ring(area, refs[0], now)


def _send(area: Area, settings: Settings, ref: str, kind: FormKind, at: datetime) -> None:
    session = reading()
    named = active(council(session).protocol_id).form(kind)
    meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
    if named is None:
        return
    pdf = printed(paper_of(session, meeting, named, "", at))
    sender = Sender(settings.mail_from, settings.base_url)
    with transaction() as session:
        service.send(session, area.one(Role.ADMINISTRATOR), ref, named, pdf, sender, at)


def _ring_about(area: Area, ref: str, at: datetime) -> None:
    with transaction() as session:
        meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        form = queries.form_for_change(session, meeting.id, FormKind.MEDICAL)
        if form is None:
            return
        wait = timedelta(minutes=10)
        calls.telephoned_about(
            session, area.one(Role.ADMINISTRATOR), meeting, form, Outcome.NO_ANSWER, "", wait, at
        )
        service.wait_until(session, form, at + wait)


def _ring(area: Area, ref: str, now: datetime) -> None:
    with transaction() as session:
        meeting = session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()
        for place, invitee in enumerate(_silent(meeting)[: len(_SAID)]):
            outcome, said = _SAID[place]
            at = now - timedelta(minutes=14 - 4 * place)
            calls.telephoned(session, area.one(Role.ADMINISTRATOR), invitee, outcome, said, at)


def _silent(meeting: Meeting) -> list[Invitee]:
    """Who has not answered yet."""
    return [
        one
        for one in meeting.invitees
        if one.staff_id is None and one.removed_at is None and one.answer is Answer.NONE
    ]
