"""What is noted on the referral after a discussion was decided may make it due sooner: everybody
who acts on it is told, and the chair takes the deadline (B1, B2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.need import service as need
from app.meetings.need.types import Occasion
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.protocols.exchange import restore
from app.protocols.types import Clock
from app.protocols.working_days import end_of_day
from app.referrals.types import Flag
from app.reports.booked import DUE_SOONER
from app.reports.types import WorkKind
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.booking import make_member
from tests.factories.meetings import make_invitee
from tests.factories.referrals import make_referral
from tests.page_form import form_of

TOLD = "it must be held earlier"


@pytest.fixture
def waiting(change):
    """A discussion that was decided just now on a referral of the same minute."""
    with change() as session:
        referral = make_referral(session, 1, received_at=now())
        use_protocol(session, "london")
        ref = referral.ref
        staff = make_member(make_staff(session, Role.CHAIR))
    with change() as session:
        occasion = Occasion(referral_ref=ref)
        meeting = need.decide_needed(session, staff, occasion, "Bruises", now(), now())
        return ref, meeting.ref, meeting.due_at


def noted(browser, ref, **changes):
    path = f"/referrals/{ref}/concerns"
    form = form_of(browser.get(path).text, path)
    form["flags"] = [flag.value for flag in changes.get("flags", ())]
    answer = browser.post(path, data=form)
    assert answer.status_code == 303, answer.text


def meeting_in(app, ref):
    with app.app_context(), transaction() as session:
        return session.execute(select(Meeting).where(Meeting.ref == ref)).scalar_one()


def press(browser, ref):
    path = f"/discussions/{ref}/earlier-deadline"
    page = browser.get(f"/discussions/{ref}").text
    return browser.post(path, data=form_of(page, path), follow_redirects=True)


def test_graver_facts_are_told_wherever_somebody_acts_on_it_and_taken_with_one_press(
    app, waiting, signed_in
):
    ref, discussion, due = waiting
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    today = end_of_day(london_date(meeting_in(app, discussion).created_at))
    pages = (f"/discussions/{discussion}", f"/discussions/{discussion}/book")
    assert not any("it must be held" in browser.get(one).text for one in pages)
    noted(browser, ref, flags=[Flag.SERIOUS_HARM])
    kept = meeting_in(app, discussion)
    assert (kept.due_at, kept.sooner_due_at) == (due, today)
    told = browser.get(pages[0]).text
    assert TOLD in told and "serious-harm" in told and "Take the earlier deadline" in told
    for page in (pages[1], f"/referrals/{ref}"):
        assert f'<time datetime="{today.isoformat()}">' in browser.get(page).text
    assert WorkKind.SOONER.words in browser.get("/").text

    assert "The earlier deadline is taken" in press(browser, discussion).text
    taken = meeting_in(app, discussion)
    assert (taken.due_at, taken.limit_at, taken.sooner_due_at) == (today, today, None)
    assert restore(taken.clocks).clocks[Clock.STRATEGY_DISCUSSION].rule == "serious-harm"
    # What it was decided on stays (B1).
    before = restore(taken.clocks["earlier"]).clocks[Clock.STRATEGY_DISCUSSION]
    assert before.due_at == due and before.rule == "three-working-days"
    assert not any(TOLD in browser.get(one).text for one in pages)
    assert WorkKind.SOONER.words not in browser.get("/").text
    with app.app_context():
        rows = (
            reading()
            .execute(
                select(AuditEntry.action, AuditEntry.details)
                .where(AuditEntry.subject_ref == discussion)
                .order_by(AuditEntry.id)
            )
            .all()
        )
    assert [row.action for row in rows][-2:] == [
        "deadline may be earlier",
        "earlier deadline taken",
    ]
    assert rows[-1].details["before"] == due.isoformat()
    # Pressed a second time on a page that was open still.
    noted(browser, ref, flags=[Flag.SERIOUS_HARM, Flag.COMPLEX])
    assert meeting_in(app, discussion).sooner_due_at is None


def test_what_is_taken_back_on_the_referral_is_no_earlier_deadline(app, waiting, signed_in):
    ref, discussion, due = waiting
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    noted(browser, ref, flags=[Flag.SERIOUS_HARM])
    path, page = (
        f"/discussions/{discussion}/earlier-deadline",
        browser.get(f"/discussions/{discussion}"),
    )
    form = form_of(page.text, path)
    noted(browser, ref, flags=[])
    assert meeting_in(app, discussion).sooner_due_at is None
    answer = browser.post(path, data=form, follow_redirects=True)
    assert "not earlier any more" in answer.text
    assert meeting_in(app, discussion).due_at == due


@pytest.mark.parametrize("state", [MeetingState.BOOKED, MeetingState.UNDER_WAY])
def test_a_booked_one_is_told_of_too_and_one_under_way_is_not(app, waiting, signed_in, state):
    ref, discussion, _due = waiting
    with app.app_context(), transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        meeting.state = state
        meeting.starts_at = now() + timedelta(days=2)
        meeting.ends_at = meeting.starts_at + timedelta(hours=1)
        if state is MeetingState.UNDER_WAY:
            meeting.started_at = now()
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    noted(browser, ref, flags=[Flag.SERIOUS_HARM])
    told = state is MeetingState.BOOKED
    assert (TOLD in browser.get(f"/discussions/{discussion}").text) is told
    assert (WorkKind.SOONER.words in browser.get("/").text) is told


def test_the_first_page_reads_them_by_their_own_index(in_app):
    session = reading()
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads an empty table without any index")
    query = DUE_SOONER.limit(26).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = session.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert any("ix_meeting_sooner" in str(row) for row in plan), plan


def test_one_booked_for_later_than_the_deadline_taken_is_work_until_it_is_said_why(
    app, waiting, signed_in
):
    """Or until it is moved; whoever decided that it is needed is told (B2, C7)."""
    ref, discussion, _due = waiting
    with app.app_context(), transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        chair = make_staff(session, Role.CHAIR)
        meeting.state, meeting.chair_id = MeetingState.BOOKED, chair.id
        meeting.starts_at = now() + timedelta(hours=40)
        meeting.ends_at = meeting.starts_at + timedelta(hours=1)
        make_invitee(session, meeting, staff=chair)
        make_invitee(session, meeting)
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    noted(browser, ref, flags=[Flag.SERIOUS_HARM])
    pages, change = ("/", f"/discussions/{discussion}"), f"/discussions/{discussion}/change"
    words = (WorkKind.BOOKED_LATE.words, "Booked after its deadline")
    assert not any(said in browser.get(page).text for page, said in zip(pages, words, strict=True))
    letters = letters_in(app)
    press(browser, discussion)
    assert letters_in(app) == letters + 1
    assert all(said in browser.get(page).text for page, said in zip(pages, words, strict=True))

    form = form_of(browser.get(change).text, change)
    assert form["slot"] == "keep" and form["late_reason"] == ""
    form |= {"late_reason": "The consultant is away until then.", "do": "send"}
    answer = browser.post(change, data=form)
    assert answer.status_code == 303, answer.text
    assert meeting_in(app, discussion).late_reason == "The consultant is away until then."
    assert words[0] not in browser.get("/").text
    page = browser.get(pages[1]).text
    assert "The consultant is away until then." in page and "say why it stays" not in page
    # Neither the people nor the manager are told of what did not move.
    assert letters_in(app) == letters + 1


def letters_in(app):
    with app.app_context():
        return reading().execute(select(func.count(OutboxMessage.id))).scalar_one()


def test_why_it_was_booked_late_says_nothing_of_a_deadline_that_is_far_earlier(
    app, waiting, signed_in
):
    """It is asked anew, and whoever decided that it is needed is told again (B2, C7)."""
    ref, discussion, due = waiting
    with app.app_context(), transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        chair = make_staff(session, Role.CHAIR)
        meeting.state, meeting.chair_id = MeetingState.BOOKED, chair.id
        meeting.starts_at, meeting.late_reason = due + timedelta(hours=1), "The GP comes then."
        meeting.ends_at = meeting.starts_at + timedelta(hours=1)
        make_invitee(session, meeting, staff=chair)
    browser = signed_in(Role.CHAIR, Role.ADMINISTRATOR)
    noted(browser, ref, flags=[Flag.SERIOUS_HARM])
    letters = letters_in(app)
    press(browser, discussion)
    assert letters_in(app) == letters + 1
    assert meeting_in(app, discussion).late_reason is None
    assert WorkKind.BOOKED_LATE.words in browser.get("/").text
    assert "say why it stays" in browser.get(f"/discussions/{discussion}").text
