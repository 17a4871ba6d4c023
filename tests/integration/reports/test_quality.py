"""Feedback, near misses, case audit and the report to the board (G6)."""

from __future__ import annotations

import email
import io
import re
from datetime import timedelta
from email import policy

import pytest
from sqlalchemy import select, update

from app.accounts.models import StaffSession
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import SYSTEM
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import Attendance, MeetingState
from app.outbox.models import OutboxMessage
from app.referrals.models import Referral
from app.referrals.sender import Sender
from app.referrals.types import Outcome
from app.reports.dataset.worker import work_out
from app.reports.duties.queries import quality
from app.reports.quality.board.content import report
from app.reports.quality.board.paper import printed
from app.reports.quality.board.service import make
from app.reports.quality.feedback import rules, service
from app.reports.quality.feedback.models import FeedbackAnswer, FeedbackLink
from app.reports.quality.feedback.queries import to_ask
from app.reports.quality.feedback.types import View
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.periods import (
    month_before,
    quarter_before,
    quarter_of,
    quarters_of,
    year,
    year_of,
)  # fmt: skip
from app.reports.quality.sample import queries as samples
from app.reports.quality.sample import rules as lots
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.types import QUESTIONS
from tests.factories.directory import make_agency
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral
from tests.page_form import form_of

SENDER = Sender("desk@example.org", "https://desk.example.org")
NAME, WORDS = "Quillfeather", "Thank you for the parking."


def press(browser, page: str, action: str, **changes: object):
    fields = form_of(browser.get(page).text, action)
    return browser.post(action, data=fields | changes)


@pytest.fixture
def held(change) -> str:
    """A discussion that ended two hours ago, with people who took part and one who did not."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.ENDED, 5)
        for one in meeting.invitees:
            one.attendance = Attendance.BY_PHONE
        meeting.invitees[-1].attendance = Attendance.ABSENT
        meeting.ended_at = now() - timedelta(hours=2)
        meeting.started_at = meeting.ended_at - timedelta(hours=1)
        return meeting.ref


def ask(app) -> list[str]:
    """Ask everybody; the links that went out."""
    with app.app_context():
        moment = now()
        found = to_ask(reading(), moment - rules.NOT_LATER, moment - rules.AFTER)
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
    _answered(change, 5, _id_of(app, chair), closed)
    _answered(change, 1, None, closed)
    assert "Of discussions that you chaired" not in chair.get(address).text
    _answered(change, 4, None, closed)
    assert "Of discussions that you chaired" in chair.get(address).text


TOLD = {
    "kind": "wrong_recipient", "what": f"{NAME} nearly got it", "stopped": "The second look",
    "happened_on-day": "1", "happened_on-month": "10", "happened_on-year": "2026",
}  # fmt: skip


def test_anybody_reports_a_near_miss_and_somebody_else_reviews_it(app, held, signed_in) -> None:
    worker, chair = signed_in(Role.SOCIAL_WORKER), signed_in(Role.CHAIR)
    new = "/quality/near-misses/new"
    assert "No case has this reference" in press(worker, new, new, **TOLD, case_ref="SD-X").text
    sent = press(worker, new, new, **TOLD, case_ref=held)
    address = sent.location
    assert NAME in worker.get(address).text
    assert NAME in chair.get("/quality/near-misses").text
    with app.app_context():
        raw = reading().connection().exec_driver_sql("SELECT what FROM near_miss").scalar_one()
        assert NAME not in raw
    assert worker.post(address, data={"review": "x"}).status_code in (400, 403)
    press(chair, address, address, review="The address book was mended.")
    assert NAME not in chair.get("/quality/near-misses").text
    page = chair.get("/quality/near-misses?show=all").text
    assert NAME in page
    assert "Reviewed" in page


def test_nobody_reviews_what_they_reported(signed_in) -> None:
    chair = signed_in(Role.CHAIR)
    new = "/quality/near-misses/new"
    address = press(chair, new, new, **TOLD).location
    assert "Review it" not in chair.get(address).text


def test_the_system_administrator_reads_of_the_system_alone(change, signed_in) -> None:
    other, system, worker = (
        signed_in(role) for role in (Role.TRIAGE, Role.SYSTEM, Role.SOCIAL_WORKER)
    )
    new = "/quality/near-misses/new"
    of_a_case = press(worker, new, new, **TOLD).location
    of_the_system = press(worker, new, new, **TOLD | {"kind": "system", "what": "Line dead"})
    assert system.get(of_a_case).status_code == 404
    assert other.get(of_a_case).status_code == 404
    page = system.get("/quality/near-misses").text
    assert NAME not in page
    assert "Line dead" in page
    assert "Review it" in system.get(of_the_system.location).text


def test_a_form_sent_twice_reports_once(app, signed_in) -> None:
    worker = signed_in(Role.TRIAGE)
    new = "/quality/near-misses/new"
    fields = form_of(worker.get(new).text, new) | TOLD
    assert worker.post(new, data=fields).location == worker.post(new, data=fields).location
    with app.app_context():
        assert len(reading().execute(select(NearMiss)).all()) == 1


@pytest.fixture
def month(change):
    """Referrals of last month, decided in several ways."""
    period = month_before(london_date(now()))
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        for number, outcome in enumerate([*Outcome][:4] * 4):
            at = period.moments[0] + timedelta(days=number)
            make_referral(session, 1, received_at=at, decided=outcome, source=school)
    return period


def drawn(app, browser, month) -> AuditSample:
    press(browser, "/quality/samples", "/quality/samples")
    with app.app_context():
        held = samples.of_month(reading(), month.start)
        assert held is not None
        return held


def test_a_sample_can_be_drawn_again_from_its_seed(app, month, signed_in) -> None:
    sample = drawn(app, signed_in(Role.ANALYST), month)
    with app.app_context():
        population = samples.population(reading(), *month.moments)
        cases = samples.cases(reading(), sample.id)
    assert len(population) == sample.population == 16
    assert lots.digest_of(one.ref for one in population) == sample.sha256
    again = lots.drawn(population, sample.seed)
    assert [one.ref for one in again] == [one.ref for one in cases]
    assert len(cases) == 8


def test_a_month_is_drawn_once_and_not_while_there_is_nothing(app, month, signed_in) -> None:
    analyst = signed_in(Role.ANALYST)
    fields = form_of(analyst.get("/quality/samples").text, "/quality/samples")
    drawn(app, analyst, month)
    again = analyst.post("/quality/samples", data=fields)
    assert again.status_code == 422
    assert "has been drawn" in again.text


def test_a_case_is_reviewed_by_somebody_who_did_not_work_on_it(
    app, change, month, signed_in
) -> None:
    chair, other = signed_in(Role.CHAIR), signed_in(Role.CHAIR)
    sample = drawn(app, chair, month)
    with change() as session:
        recorder = session.execute(select(Referral.recorded_by_id)).scalars().first()
        case = (
            session.execute(select(AuditedCase).where(AuditedCase.sample_id == sample.id))
            .scalars()
            .first()
        )
        make_meeting(
            session, MeetingState.ENDED, referral=session.get_one(Referral, case.referral_id)
        ).chair_id = _id_of(app, chair)
    assert recorder is not None
    address = f"/quality/samples/{month.key}/1"
    assert "You worked on this case" in chair.get(address).text
    fields = form_of(other.get(address).text, address)
    given = {f"answers-{one.key}": "yes" for one in QUESTIONS}
    missing = other.post(address, data=fields | {"findings": "All well.", "grade": "good"})
    assert missing.status_code == 422
    assert "All well." in missing.text
    stolen = chair.post(
        address,
        data=form_of(chair.get("/quality/near-misses/new").text, "/quality/near-misses/new")
        | given | {"findings": "Mine", "grade": "good"},
    )  # fmt: skip
    assert stolen.status_code == 422
    other.post(address, data=fields | given | {"findings": "All well.", "grade": "good"})
    page = other.get(f"/quality/samples/{month.key}").text
    assert "Good practice" in page
    assert "All well." in other.get(address).text


def _id_of(app, browser) -> int:
    from app.accounts.queries import staff_by_session_token

    with browser.session_transaction() as cookie:
        token = cookie["_user_id"]
    with app.app_context():
        return staff_by_session_token(reading(), token, now()).id


def test_the_analyst_sees_references_and_no_case(app, month, signed_in) -> None:
    analyst = signed_in(Role.ANALYST)
    drawn(app, analyst, month)
    page = analyst.get(f"/quality/samples/{month.key}")
    assert "RF-" in page.text
    assert "/referrals/" not in page.text
    assert analyst.get(f"/quality/samples/{month.key}/1").status_code == 403


def test_the_board_reads_no_name(app, month, held, signed_in) -> None:
    period = quarter_of(month.start)
    analyst = signed_in(Role.ANALYST)
    page = analyst.get(f"/quality/reports/{period.key}")
    assert page.status_code == 200
    assert "is counted yet" in page.text
    with app.app_context():
        for child in reading().execute(select(Referral)).scalars().first().children:
            assert child.child.family_name not in page.text
    assert analyst.get("/quality/reports/2099-Q1").status_code == 404


def _figures(app, period, moment):
    with app.app_context():
        while work_out(app.extensions["settings"], moment):
            pass
        found = report(reading(), period, moment)
    return found, {
        table.caption: {row.label: row.value for row in table.rows}
        for section in found.sections
        for table in section.tables
    }


def test_a_year_tells_the_board_no_more_than_its_quarters(app, change) -> None:
    """Five in one quarter are withheld, and two quarters with four each do not add up to eight."""
    moment = now()
    whole = year(year_of(london_date(moment)) - 1)
    first, second, third, _ = quarters_of(whole)
    plan = {
        first: {Outcome.ADVICE: 40, Outcome.EARLY_HELP: 4, Outcome.NO_FURTHER_ACTION: 5},
        second: {Outcome.ADVICE: 40, Outcome.EARLY_HELP: 4, Outcome.NO_FURTHER_ACTION: 12},
        third: {Outcome.ADVICE: 3},
    }
    with change() as session:
        school = make_agency(session, name="Oakfield Primary School")
        for period, outcomes in plan.items():
            at = period.moments[0] + timedelta(days=3)
            for outcome, count in outcomes.items():
                for _ in range(count):
                    make_referral(session, 1, received_at=at, decided=outcome, source=school)
    found, tables = _figures(app, whole, moment)
    outcomes = tables["Outcome"]
    assert outcomes["Early help"] == "Withheld"
    assert outcomes["No further action"] in ("Withheld", "12 or more")
    assert found.counted.startswith("Referrals and discussions as counted by")
    says = found.sections[0].says
    assert "Referrals that came in: 105 or more. Decided within 24 hours: withheld." in says
    quarter = _figures(app, first, moment)[1]
    assert quarter["Outcome"]["No further action"] == "Withheld"


def test_a_missed_target_is_no_missed_limit(app, change) -> None:
    moment = now()
    last = quarter_before(london_date(moment))
    with change() as session:
        for force, late in (("limit", False), ("target", True)):
            for _ in range(6):
                meeting = make_meeting(session, MeetingState.ENDED)
                meeting.created_at = last.moments[0] + timedelta(days=2)
                meeting.due_at = meeting.created_at + timedelta(hours=4)
                meeting.started_at = meeting.due_at + timedelta(hours=1 if late else -1)
                meeting.clocks = {"clocks": {"strategy_discussion": {"force": force}}}
    found, tables = _figures(app, last, moment)
    clocks = tables["Every clock"]
    assert clocks["Strategy discussion held"] == "100%, 6 of 6"
    assert clocks["Strategy discussion held (target)"] == "0%, 0 of 6"
    assert "Held within their limit: 100%, 6 of 6" in found.sections[1].says
    assert "Held within their target: 0%, 0 of 6" in found.sections[1].says


def test_the_report_is_printed_as_the_record_is(app, month, signed_in) -> None:
    chair = signed_in(Role.CHAIR)
    answer = chair.get(f"/quality/reports/{quarter_of(month.start).key}.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert b"OFFICIAL" not in answer.headers["Content-Disposition"].encode()
    with app.app_context():
        made = printed(report(reading(), quarter_of(month.start), now()), now())
        entry = (
            reading()
            .execute(select(AuditEntry).where(AuditEntry.action == "board report made"))
            .scalar_one()
        )
    assert entry.subject_ref == quarter_of(month.start).key
    from pikepdf import Pdf

    with Pdf.open(io.BytesIO(made)) as pdf:
        metadata = bytes(pdf.Root.Metadata.read_bytes())
        assert b"<pdfaid:part>3<" in metadata
        assert b"<pdfuaid:part>1<" in metadata
        assert pdf.Root.MarkInfo.Marked


def test_the_first_page_of_who_sees_no_case(app, change, month, signed_in) -> None:
    """What is due, without a name; drawn, and it waits no longer (G1)."""
    last = quarter_before(london_date(now()))
    with change() as session:
        make_referral(session, 1, received_at=last.moments[0])
    analyst, system = signed_in(Role.ANALYST), signed_in(Role.SYSTEM)
    assert f"Draw the sample of {month.words}" in analyst.get("/").text
    assert "Make the report to the board" in analyst.get("/").text
    drawn(app, analyst, month)
    analyst.get(f"/quality/reports/{last.key}.pdf")
    assert "Nothing waits for you" in analyst.get("/").text
    page = system.get("/").text
    assert "The worker does not run" in page
    assert "No backup was ever taken" in page
    assert "RF-" not in page


def test_what_was_downloaded_before_the_quarter_was_over_is_no_report(app, change) -> None:
    moment = now()
    last = quarter_before(london_date(moment))
    with change() as session:
        make_referral(session, 1, received_at=last.moments[0])
        make(session, SYSTEM, last, last.moments[1] - timedelta(hours=1))
    with app.app_context():
        assert not quality(reading(), [Role.ANALYST], moment).report_made
    with change() as session:
        make(session, SYSTEM, last, last.moments[1])
    with app.app_context():
        assert quality(reading(), [Role.ANALYST], moment).report_made


def test_the_file_is_taken_away_by_who_has_just_given_both_factors(
    change, month, signed_in
) -> None:
    chair = signed_in(Role.CHAIR)
    with change() as session:
        session.execute(update(StaffSession).values(reauthenticated_at=now() - timedelta(hours=8)))
    address = f"/quality/reports/{quarter_of(month.start).key}"
    assert chair.get(address).status_code == 200
    assert chair.get(f"{address}.pdf").status_code == 303
