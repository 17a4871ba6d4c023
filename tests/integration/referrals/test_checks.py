"""Requests to agencies: asked in one go, answered by link, chased, each only with its own (A6)."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy.exc import IntegrityError

from app.accounts.types import Role
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.types import AgencyKind
from app.invitations.models import Invitation
from app.invitations.wording import forbidden_words
from app.referrals import queries as referrals
from app.referrals.checks import ending, queries, service
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.shown import shown_check
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.rating.service import rate
from app.referrals.types import ConsentState, Rating
from tests.factories.checks import (
    SENDER,
    Fresh,
    asked_browser,
    link_of,
    mails,
    make_check,
    open_link,
    press,
    staff_actor,
)
from tests.factories.directory import make_agency, make_professional, make_settings
from tests.factories.guests import codes_sent
from tests.factories.referrals import make_adult, make_referral
from tests.integration.mail_journey.canary import decoded
from tests.page_form import form_of


@pytest.fixture(autouse=True)
def fresh_browsers(app):
    app.test_client_class = Fresh


@pytest.fixture
def held(in_app):
    """A red referral in Sandwell that came in now."""
    with transaction() as session:
        referral = make_referral(session, received_at=now(), rating=Rating.RED)
        make_settings(session, "sandwell")
        return referral


def ask(held, *people, **more):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        return service.ask(
            session, staff_actor(session), current, [one.id for one in people],
            "What do you hold?", SENDER, more.pop("at", None) or now(), **more,
        )  # fmt: skip


def people(count=2, **more):
    with transaction() as session:
        return [make_professional(session, **more) for _ in range(count)]


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


def answer(check, held, words="", at=None, via=AnswerVia.TELEPHONE):
    with transaction() as session:
        current = session.get_one(AgencyCheck, check.id)
        given = AnswerGiven(held, words, "Pat Answerer", "Nurse", via)
        service.answer(session, staff_actor(session), current, given, at or now())


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


# By link


def test_an_agency_reads_its_own_request_and_answers_with_one_press(app, held):
    with transaction() as session:
        current = referrals.by_ref(session, held.ref)
        mine, other = make_check(session, current), make_check(session, current)
        token = open_link(session, mine.invitation_id)
    answer(other, Held.SOMETHING, "Larkspur secret")
    browser = asked_browser(app, token)
    page = browser.get("/request").text
    assert mine.ref in page
    assert held.children[0].child.family_name in page
    for hidden in (other.ref, "Larkspur secret", "Robin Referrer", "1 Example Street", held.ref):
        assert hidden not in page
    assert queries.checks_on(reading(), held.id)[0].check.opened_at
    said = press(browser, "/request", "/request/answer", held="nothing")
    assert said.status_code == 303
    assert "We received your answer" in browser.get("/request").text
    [asked, _] = queries.checks_on(reading(), held.id)
    assert [one.answer.held for one in asked.answers] == [Held.NOTHING]


def test_an_agency_is_told_of_the_adults_and_the_address_that_were_chosen(app, triage, held):
    with transaction() as session:
        team = make_professional(session, is_team=False)
        current = referrals.by_ref(session, held.ref)
        mother = make_adult(session, current, name="Marigold Testwell", in_household=True)
        other = make_adult(session, current, name="Basil Elsewhere", in_household=False,
                           parental_responsibility=False)  # fmt: skip
        ids = (mother.id, other.id)
    here = f"/referrals/{held.ref}/checks/ask"
    page = triage.get(here + f"?find={team.name}").text
    shown = form_of(page, here)
    assert shown["adults"] == str(ids[0])
    assert "address" not in shown
    sent = triage.post(here, data=shown | {"people": str(team.id), "address": "y"})
    assert sent.status_code == 303
    [asked] = queries.checks_on(reading(), held.id)
    with transaction() as session:
        token = open_link(session, asked.check.invitation_id)
        # Kept as shared: a later change is not told to whoever was asked before.
        current = referrals.by_ref(session, held.ref)
        for row in current.children:
            row.child.address = "9 Refuge Road"
        current.adults[0].name = "Marigold Renamed"
    read = asked_browser(app, token).get("/request").text
    for words in ("Marigold Testwell", "1 Example Street"):
        assert words in read
        assert words in triage.get(f"/referrals/{held.ref}/checks").text
    for words in ("Basil Elsewhere", "9 Refuge Road", "Renamed"):
        assert words not in read


def test_a_child_that_no_agency_can_look_up_is_pointed_out(triage, held):
    here = f"/referrals/{held.ref}/checks/ask"
    assert "is known. An agency cannot tell" not in triage.get(here).text
    with transaction() as session:
        child = referrals.by_ref(session, held.ref).children[0].child
        child.family_name, child.date_of_birth = "", None
    assert "An agency cannot tell which child is meant" in triage.get(here).text


def test_what_is_held_is_written_and_nothing_is_lost_on_the_wrong_button(app, held):
    with transaction() as session:
        check = make_check(session, referrals.by_ref(session, held.ref))
        token = open_link(session, check.invitation_id)
    browser = asked_browser(app, token)
    wrong = press(browser, "/request", "/request/answer", held="nothing", words="Known since May")
    assert wrong.status_code == 422
    assert "Known since May" in wrong.text
    empty = press(browser, "/request", "/request/answer", held="something", words=" ")
    assert empty.status_code == 422
    press(browser, "/request", "/request/answer", held="something", words="Known since May")
    press(browser, "/request", "/request/answer", held="something", words="And June")
    [asked] = queries.checks_on(reading(), held.id)
    assert [one.answer.words for one in asked.answers] == ["And June", "Known since May"]


def test_behind_a_team_address_name_and_role_come_first(app, held):
    with transaction() as session:
        check = make_check(session, referrals.by_ref(session, held.ref), is_team=True)
        token = open_link(session, check.invitation_id)
    browser = asked_browser(app, token)
    shown = browser.get("/request").text
    assert held.children[0].child.family_name not in shown
    press(browser, "/request", "/request/name", name="Jo Duty", role="Duty sergeant")
    press(browser, "/request", "/request/answer", held="nothing")
    [asked] = queries.checks_on(reading(), held.id)
    assert asked.answers[0].answer.by_name == "Jo Duty"


def test_link_and_code_open_the_request_and_every_link_looks_the_same(app, held):
    ask(held, *people(1))
    browser = asked_browser(app)
    link = link_of(mails(reading(), "request")[0])
    real = browser.get(link)
    unknown = browser.get("/r/" + "x" * 32)
    assert real.status_code == unknown.status_code == 200
    # But for the tokens of link and form there is no difference.
    assert [re.sub(r"[\w.-]{30,}", "", unescape(page.text)) for page in (real, unknown)] == [
        re.sub(r"[\w.-]{30,}", "", unescape(unknown.text))
    ] * 2
    assert press(browser, link, f"{link}/code-request").status_code == 303
    [(_, code)] = codes_sent(reading())
    other = "000000" if code != "000000" else "111111"
    wrong = press(browser, f"{link}/code", f"{link}/code", code=other)
    assert wrong.status_code == 422
    assert press(browser, f"{link}/code", f"{link}/code", code=code).status_code == 303
    assert browser.get("/request").status_code == 200
    press(browser, "/request", "/request/leave")
    assert browser.get("/request").status_code == 401


def test_a_page_opened_before_a_colleague_wrote_hides_nothing_they_wrote(app, held):
    with transaction() as session:
        check = make_check(session, referrals.by_ref(session, held.ref))
        token = open_link(session, check.invitation_id)
    browser = asked_browser(app, token)
    stale = form_of(browser.get("/request").text, "/request/answer")
    press(browser, "/request", "/request/answer", held="something", words="Known since May")
    late = browser.post("/request/answer", data=stale | {"held": "nothing"})
    assert late.status_code == 409
    assert "A colleague of yours answered while this page was open" in late.text
    assert "Known since May" in late.text
    mine = browser.post("/request/answer", data=stale | {"held": "something", "words": "And June"})
    assert mine.status_code == 409
    assert "And June" in form_of(mine.text, "/request/answer")["words"]
    again = form_of(mine.text, "/request/answer") | {"held": "something"}
    assert browser.post("/request/answer", data=again).status_code == 303
    [asked] = queries.checks_on(reading(), held.id)
    assert [one.answer.words for one in asked.answers] == ["And June", "Known since May"]


# Staff pages


@pytest.fixture
def triage(signed_in, held):
    return signed_in(Role.TRIAGE)


def test_the_page_asks_shows_side_by_side_and_reminds(app, triage, held):
    here = f"/referrals/{held.ref}/checks"
    with transaction() as session:
        team = make_professional(session, is_team=True, name="Police desk")
        make_professional(session, name="Somebody Else")
    page = triage.get(f"{here}/ask").text
    assert "Police desk" in page
    assert "Somebody Else" not in page
    found = press(triage, f"{here}/ask", f"{here}/ask", press="find", find="somebody")
    assert found.status_code == 200
    assert "Somebody Else" in found.text
    assert press(triage, f"{here}/ask", f"{here}/ask").status_code == 422
    sent = press(triage, f"{here}/ask", f"{here}/ask", people=str(team.id))
    assert sent.status_code == 303
    shown = triage.get(here).text
    assert "0 of 1 agency has answered" in shown
    [asked] = queries.checks_on(reading(), held.id)
    ref = asked.check.ref
    press(triage, here, f"{here}/{ref}/remind")
    assert "less than 15 minutes ago" in triage.get(here).text
    answered = f"{here}/{ref}/answer"
    given = press(triage, answered, answered, held="something", words="Two visits", by_name="Jo",
                  via="telephone")  # fmt: skip
    assert given.status_code == 303
    assert "Two visits" in triage.get(here).text
    assert "1 of 1 agency has answered" in triage.get(f"/referrals/{held.ref}").text


def test_an_answer_is_written_down_once_and_on_top_of_what_was_seen(triage, held):
    [check] = ask(held, *people(1))
    page = f"/referrals/{held.ref}/checks/{check.ref}/answer"
    typed = {"held": "nothing", "words": "", "by_name": "Jo", "via": "telephone"}
    fields = form_of(triage.get(page).text, page) | typed
    stale = form_of(triage.get(page).text, page) | typed
    assert triage.post(page, data=fields).status_code == 303
    assert triage.post(page, data=fields).status_code == 303
    [asked] = queries.checks_on(reading(), held.id)
    assert len(asked.answers) == 1
    late = triage.post(page, data=stale | {"words": "Nothing at all"})
    assert late.status_code == 422
    assert "since you opened this page" in late.text
    assert "Jo, by telephone" in late.text
    assert triage.post(page, data=form_of(late.text, page)).status_code == 303
    [asked] = queries.checks_on(reading(), held.id)
    assert [one.answer.words for one in asked.answers] == ["Nothing at all", None]


def test_an_alleged_perpetrators_agency_is_pointed_out(triage, held):
    with transaction() as session:
        agency = make_agency(session, AgencyKind.EDUCATION)
        make_professional(session, agency=agency, is_team=True)
        current = referrals.by_ref(session, held.ref)
        make_adult(session, current, alleged_perpetrator=True, employer=agency)
    page = triage.get(f"/referrals/{held.ref}/checks/ask").text
    assert "an alleged perpetrator works for this agency" in page


def test_so_is_one_that_was_only_typed(triage, held):
    with transaction() as session:
        agency = make_agency(session, AgencyKind.EDUCATION)
        make_professional(session, agency=agency, is_team=True)
        current = referrals.by_ref(session, held.ref)
        make_adult(session, current, employer_typed=agency.name)
    page = f"/referrals/{held.ref}/checks/ask"
    assert "an alleged perpetrator" not in triage.get(page).text
    for typed, words in ((agency.name.upper(), "works for"), (f"{agency.name} East", "may work")):
        with transaction() as session:
            (adult,) = referrals.by_ref(session, held.ref).adults
            adult.alleged_perpetrator, adult.employer_typed = True, typed
        assert f"an alleged perpetrator {words}" in triage.get(page).text


def test_a_request_of_another_referral_is_no_page_here(triage, held):
    [check] = ask(held, *people(1))
    with transaction() as session:
        other = make_referral(session).ref
    for page in ("answer", "withdraw"):
        assert triage.get(f"/referrals/{other}/checks/{check.ref}/{page}").status_code == 404


def test_two_withdraw_and_answer_at_once_and_both_see_it(triage, held):
    [check] = ask(held, *people(1))
    page = f"/referrals/{held.ref}/checks/{check.ref}/withdraw"
    fields = form_of(triage.get(page).text, page)
    answer(check, Held.NOTHING)
    late = triage.post(page, data=fields | {"reason": "Not needed"})
    assert late.status_code == 422
    assert "Not needed" in late.text
    assert "answered or chased meanwhile" in late.text
    assert queries.checks_on(reading(), held.id)[0].check.withdrawn_at is None
