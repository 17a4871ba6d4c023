"""Requests to agencies: asked in one go, answered, chased, moved by a new rating (A6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.invitations.models import Invitation
from app.invitations.wording import forbidden_words
from app.referrals import queries as referrals
from app.referrals.checks import ending, queries, service
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.shown import shown_check
from app.referrals.checks.types import Held
from app.referrals.rating.service import rate
from app.referrals.types import ConsentState, Rating
from tests.factories.checks import (
    SENDER,
    asked_browser,
    mails,
    open_link,
    staff_actor,
)
from tests.integration.mail_journey.canary import decoded
from tests.integration.referrals.checks.asking import answer, ask, people
from tests.page_form import form_of


def test_several_are_asked_at_once_each_by_a_letter_that_names_nobody(held):
    first, second = people()
    checks = ask(held, first, second)
    assert [check.due_at - held.received_at for check in checks] == [timedelta(hours=4)] * 2
    assert {check.due_rule for check in checks} == {"rag-red"}
    letters = mails(reading(), "request")
    assert {letter.recipient for letter in letters} == {first.email, second.email}
    names = [row.child.given_name for row in held.children]
    names += [row.child.family_name for row in held.children]
    for letter in letters:
        words = decoded(letter.content)
        assert not forbidden_words(letter.subject)
        assert not forbidden_words(words)
        assert not [name for name in (*names, held.ref, "Physical") if name in words]


@pytest.mark.parametrize("consent", [None, ConsentState.REFUSED])
def test_nobody_is_asked_without_consent_or_a_basis(held, consent):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        current.consent, current.lawful_basis = consent, None
    with pytest.raises(Refused) as refusal:
        ask(held, *people(1))
    assert refusal.value.field == "people"
    assert mails(reading(), "request") == []


def test_nobody_is_asked_twice_at_once(held):
    [person] = people(1)
    ask(held, person)
    with pytest.raises(Refused):
        ask(held, person)
    [check] = queries.checks_on(reading(), held.id)
    copy = {c.name: getattr(check.check, c.name) for c in AgencyCheck.__table__.columns}
    del copy["id"]
    # And where two do so at the same moment, the database refuses the second.
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(AgencyCheck(**(copy | {"ref": "IR-OTHR-0000", "invitation_id": None})))


def test_somebody_without_an_address_is_to_be_telephoned(held):
    [check] = ask(held, *people(1, email=None))
    assert check.invitation_id is None
    assert mails(reading(), "request") == []
    with transaction() as session, pytest.raises(Refused):
        service.remind(session, staff_actor(session), session.merge(check), SENDER, now())


def test_a_late_answer_is_marked_and_earlier_ones_stay(held):
    [check] = ask(held, *people(1))
    answer(check, Held.NOTHING, at=check.due_at + timedelta(minutes=1))
    answer(check, Held.SOMETHING, "Known after all", at=check.due_at + timedelta(minutes=2))
    [asked] = queries.checks_on(reading(), held.id)
    assert asked.check.answered_at == check.due_at + timedelta(minutes=1)
    assert [one.answer.held for one in asked.answers] == [Held.SOMETHING, Held.NOTHING]


def test_a_colleagues_nothing_held_hides_nothing(held):
    [check] = ask(held, *people(1))
    answer(check, Held.SOMETHING, "Known to us since spring", at=check.due_at - timedelta(hours=1))
    answer(check, Held.NOTHING, at=check.due_at - timedelta(minutes=30))
    [asked] = queries.checks_on(reading(), held.id)
    assert shown_check(asked, check.due_at).state == "Answered"


def test_reminders_come_by_themselves_twice_and_never_after_an_answer(held):
    start = held.received_at
    first, second = ask(held, *people(), at=start)
    answer(second, Held.NOTHING, at=start)

    def due(at):
        with transaction() as session:
            return service.remind_due(session, SENDER, at)

    assert not due(start + timedelta(hours=2, minutes=59))
    assert due(start + timedelta(hours=3))
    assert not due(start + timedelta(hours=3, minutes=1))
    assert due(first.due_at)
    assert not due(first.due_at + timedelta(days=1))
    assert len(mails(reading(), "request_reminder")) == 2


def test_a_reminder_weeks_later_brings_a_link_that_opens(held):
    [check] = ask(held, people()[0], at=held.received_at)
    weeks_later = held.received_at + timedelta(days=20)
    with transaction() as session:
        mine = session.get_one(AgencyCheck, check.id)
        service.remind(session, staff_actor(session), mine, SENDER, weeks_later)
        assert session.get_one(Invitation, mine.invitation_id).expires_at > weeks_later


def test_a_request_after_its_time_wants_the_answer_at_once_and_names_no_past_day(app, held):
    in_time, late = people()
    ask(held, in_time)
    [check] = ask(held, late, at=held.received_at + timedelta(hours=5))
    said = {one.recipient: decoded(one.content) for one in mails(reading(), "request")}
    assert "wanted at once" in said[late.email]
    assert "wanted at once" not in said[in_time.email]
    with transaction() as session:
        session.get_one(AgencyCheck, check.id).due_at = now() - timedelta(hours=1)
        token = open_link(session, check.invitation_id)
    page = asked_browser(app, token).get("/request").text
    assert "Please answer <strong>at once</strong>" in page
    assert "Please answer by" not in page


def test_a_new_rating_moves_the_clock_of_those_who_have_not_answered(held):
    waiting, answered = ask(held, *people())
    answer(answered, Held.NOTHING)
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        rate(session, staff_actor(session), current, Rating.GREEN, "Calmer", now())
    due = {one.check.id: one.check.due_rule for one in queries.checks_on(reading(), held.id)}
    assert due == {waiting.id: "rag-green", answered.id: "rag-red"}


def test_a_withdrawn_request_says_so_and_nothing_of_the_case(app, held):
    [check] = ask(held, *people(1))
    with transaction() as session:
        token = open_link(session, check.invitation_id)
    browser = asked_browser(app, token)
    name = held.children[0].child.family_name
    answering = form_of(browser.get("/request").text, "/request/answer")
    assert name in browser.get("/request").text
    with transaction() as session:
        current = session.get_one(AgencyCheck, check.id)
        ending.withdraw(
            session, staff_actor(session), current, "Wrong agency", SENDER, now(), current.version
        )
        session.get_one(AgencyCheck, check.id).opened_at = None
    page = browser.get("/request").text
    assert "Your answer is no longer needed" in page
    for told in (name, "What is held?", "Wrong agency", check.concerns[0]):
        assert told not in page
    # What was typed meanwhile is not lost, and not kept either.
    late = browser.post("/request/answer", data=answering | {"words": "Seen twice in spring"})
    assert late.status_code == 422
    assert "Seen twice in spring" in late.text
    assert name not in late.text
    [asked] = queries.checks_on(reading(), held.id)
    assert (asked.answers, asked.check.opened_at) == ([], None)
