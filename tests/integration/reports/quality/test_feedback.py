"""Feedback by link: asked once, without a name, shown from five on (G6)."""

from __future__ import annotations

import email
import re
from datetime import timedelta
from email import policy

from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import Attendance, Route
from app.outbox.models import OutboxMessage
from app.protocols.registry import active
from app.referrals.models import Referral
from app.referrals.sender import Sender
from app.reports.quality.feedback import rules, service
from app.reports.quality.feedback.models import FeedbackAnswer, FeedbackLink
from app.reports.quality.feedback.queries import to_ask
from app.reports.quality.feedback.types import View
from app.reports.quality.periods import (
    quarter_before,
    quarter_of,
)  # fmt: skip
from tests.clock import FRIDAY
from tests.factories.quality import id_of
from tests.page_form import press

SENDER = Sender("desk@example.org", "https://desk.example.org")


NAME, WORDS = "Quillfeather", "Thank you for the parking."


def ask(app) -> list[str]:
    """Ask everybody; the links that went out."""
    with app.app_context():
        moment = now()
        found = to_ask(reading(), moment)
        for meeting_id in found:
            with transaction() as session:
                service.ask(session, meeting_id, SENDER, moment)
        return [
            found
            for body in (one.content for one in _letters())
            for found in re.findall(rb"/feedback/([\w-]+)", _plain(body))
        ]


def _letters() -> list[OutboxMessage]:
    statement = select(OutboxMessage).where(OutboxMessage.kind == "feedback")
    return list(reading().execute(statement).scalars())


def _plain(content: bytes | None) -> bytes:
    message = email.message_from_bytes(content or b"", policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).encode()


def test_who_took_part_is_asked_once(app, held) -> None:
    tokens = ask(app)
    assert len(tokens) == 4 - _staff(app)
    assert len(set(tokens)) == len(tokens)
    assert ask(app) == tokens


def test_nobody_is_asked_before_it_is_noted_who_took_part(app, change, held) -> None:
    def note(attendance: Attendance | None) -> None:
        with change() as session:
            for one in session.execute(select(Meeting)).scalar_one().invitees[1:3]:
                one.attendance = attendance

    note(None)
    assert ask(app) == []
    note(Attendance.JOINED_LATE)
    assert len(ask(app)) == 4 - _staff(app)


def test_who_is_known_is_asked_before_the_day_is_over(app, change, held) -> None:
    def end(ago: timedelta) -> None:
        with change() as session:
            meeting = session.execute(select(Meeting)).scalar_one()
            meeting.invitees[1].attendance = None
            meeting.started_at, meeting.ended_at = now() - rules.NOT_LATER, now() - ago

    end(rules.WAIT - timedelta(minutes=1))
    assert ask(app) == []
    end(rules.WAIT)
    assert len(ask(app)) == 3 - _staff(app)


def test_a_discussion_begun_at_once_waits_for_its_people(app, change, held) -> None:
    """They are entered afterwards, one by one (C11)."""
    with change() as session:
        session.execute(select(Meeting)).scalar_one().route = Route.STARTED_NOW
    assert ask(app) == []
    with change() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        meeting.started_at, meeting.ended_at = now() - rules.NOT_LATER, now() - rules.WAIT
    assert len(ask(app)) == 4 - _staff(app)


def _staff(app) -> int:
    """Colleagues among those who took part, who are not asked."""
    with app.app_context():
        meeting = reading().execute(select(Meeting)).scalar_one()
        return sum(one.staff_id is not None for one in meeting.invitees[:-1])


def test_the_letter_says_nothing_of_the_meeting(app, held) -> None:
    ask(app)
    with app.app_context():
        meeting = reading().execute(select(Meeting)).scalar_one()
        children = reading().get_one(Referral, meeting.referral_id).children
        names = {one.child.family_name for one in children}
        for letter in _letters():
            text = _plain(letter.content).decode() + letter.subject
            assert held not in text
            assert "strategy" not in text.casefold()
            assert not [name for name in names if name in text]


def test_one_press_answers_without_a_name(app, held) -> None:
    token = ask(app)[0].decode()
    browser = app.test_client()
    address = f"/feedback/{token}"
    given = {"prepared": "yes", "heard": "partly", "words": WORDS}
    assert "Thank you" in press(browser, address, address, **given).text
    again = press(browser, address, address, **given)
    assert again.status_code == 422
    assert service.CLOSED in again.text
    with app.app_context():
        answer = reading().execute(select(FeedbackAnswer)).scalar_one()
        assert (answer.prepared, answer.heard, answer.words) == (View.YES, View.PARTLY, WORDS)
        raw = reading().connection().exec_driver_sql("SELECT words FROM feedback_answer")
        assert WORDS not in raw.scalar_one()
        entry = (
            reading()
            .execute(select(AuditEntry).where(AuditEntry.action == "feedback given"))
            .scalar_one()
        )
        assert (entry.actor_id, entry.subject_ref, entry.details) == (None, "answer", {})


def test_every_link_looks_the_same_and_a_wrong_one_is_told_after_sending(app, held) -> None:
    token = ask(app)[0].decode()
    pages = []
    for one in (token, "nobody-knows-this-one"):
        page = app.test_client().get(f"/feedback/{one}").text.replace(one, "")
        pages.append(re.sub(r'(value|content|hx-headers)=(".*?"|\'.*?\')', "", page))
    assert pages[0] == pages[1]
    browser = app.test_client()
    wrong = press(browser, "/feedback/x", "/feedback/x", prepared="yes", heard="yes")
    assert wrong.status_code == 422
    empty = press(browser, "/feedback/x", "/feedback/x", words=WORDS)
    assert WORDS in empty.text  # nothing typed is lost


def test_a_link_ends_after_two_weeks(app, held) -> None:
    ask(app)
    with app.app_context():
        with transaction() as session:
            assert service.forget(session, now()) == 0
            assert service.forget(session, now() + rules.OPEN_FOR) > 0
        assert reading().execute(select(FeedbackLink)).first() is None


def _answered(change, count: int, chair_id: int | None, quarter) -> None:
    with change() as session:
        for number in range(count):
            session.add(
                FeedbackAnswer(
                    quarter=quarter.start,
                    chair_id=chair_id,
                    prepared=View.YES,
                    heard=View.NO,
                    words=f"{WORDS} {number}",
                )
            )


def test_answers_are_shown_from_five_on_and_when_their_quarter_is_closed(change, signed_in) -> None:
    chair, analyst = signed_in(Role.CHAIR), signed_in(Role.ANALYST)
    running = quarter_of(london_date(now()))
    closed = quarter_before(quarter_before(running.start).start)
    address = f"/quality/feedback?period={closed.key}"
    _answered(change, rules.LEAST, None, running)
    assert WORDS not in chair.get(f"/quality/feedback?period={running.key}").text
    _answered(change, rules.LEAST - 1, None, closed)
    page = chair.get(address).text
    assert WORDS not in page
    assert "none to show" in page
    _answered(change, 1, None, closed)
    page = chair.get(address).text
    assert WORDS in page
    assert "All 5 answers" in page
    assert "Answers of discussions that you chaired are shown by themselves once" in page
    page = analyst.get(address).text
    assert "All 5 answers" in page
    assert WORDS not in page


def test_ones_own_answers_leave_no_rest_that_is_somebody_elses(app, change, signed_in) -> None:
    chair = signed_in(Role.CHAIR)
    closed = quarter_before(quarter_before(london_date(now())).start)
    address = f"/quality/feedback?period={closed.key}"
    _answered(change, 5, id_of(app, chair), closed)
    _answered(change, 1, None, closed)
    assert "Of discussions that you chaired" not in chair.get(address).text
    _answered(change, 4, None, closed)
    assert "Of discussions that you chaired" in chair.get(address).text


def test_what_was_written_goes_after_as_long_as_a_case_is_kept(app, change) -> None:
    """The ticks stay for the board (G6)."""
    kept = active("bromley").retention
    quarter = quarter_of(FRIDAY.date())
    with change() as session:
        session.add(
            FeedbackAnswer(
                quarter=quarter.start, chair_id=None, prepared=View.YES, heard=View.NO, words=WORDS
            )
        )
    years = min(rule.years for rule in kept)
    until = quarter.moments[1].replace(year=quarter.end.year + years)
    with change() as session:
        assert service.forget_words(session, kept, until - timedelta(days=1)) == 0
        assert service.forget_words(session, kept, until + timedelta(days=1)) == 1
        assert service.forget_words(session, kept, until + timedelta(days=1)) == 0
    with app.app_context():
        answer = reading().execute(select(FeedbackAnswer)).scalar_one()
        assert (answer.prepared, answer.heard, answer.words) == (View.YES, View.NO, None)
