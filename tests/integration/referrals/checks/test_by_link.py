"""What an agency sees and does by its own link and code: its own request and no other (A6, D3)."""

from __future__ import annotations

import re
from html import unescape

from app.core.session import reading, transaction
from app.referrals import queries as referrals
from app.referrals.checks import queries
from app.referrals.checks.types import Held
from tests.factories.checks import (
    asked_browser,
    link_of,
    mails,
    make_check,
    open_link,
    press,
)
from tests.factories.directory import make_professional
from tests.factories.guests import codes_sent
from tests.factories.referrals import make_adult
from tests.integration.referrals.checks.asking import answer, ask, people
from tests.page_form import form_of


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
