"""The public form pressed twice, and filled in in two windows at once (A1, I3)."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import timedelta

from sqlalchemy import select

from app.core.clock import now
from app.core.session import reading, transaction
from app.referrals.public import service
from app.referrals.public.models import Arrival
from app.referrals.public.queries import draft_of
from app.referrals.public.types import Step, Told
from tests.factories.arrivals import TOLD, YOU, older_stamp
from tests.page_form import form_of


def told_of(app, writer):
    with app.app_context():
        return Told.from_text(writer.arrival().answers)


def shown(browser, path):
    return form_of(browser.get(path).text, "")


def test_a_second_press_on_the_first_page_begins_no_second_form(app, writer):
    browser, tokens = writer.browser, []
    fields = form_of(browser.get("/refer/you").text, "") | asdict(YOU)
    fields["shown"] = older_stamp(app.secret_key, 60)

    def press(email: str) -> None:
        # The answer to an earlier press, and the cookie in it, did not arrive.
        browser.delete_cookie("refer")
        assert browser.post("/refer/you", data=fields | {"email": email}).status_code == 303
        tokens.append(browser.get_cookie("refer").value)

    press(YOU.email)
    press("dsl2@oakfield.example")
    assert tokens[0] == tokens[1]
    with app.app_context():
        [arrival] = reading().execute(select(Arrival)).scalars()
        assert Told.from_text(arrival.answers).you.email == "dsl2@oakfield.example"
        with transaction() as session:
            session.get_one(Arrival, arrival.id).started_at = now() - timedelta(minutes=6)
    # A page that somebody left open begins another form, and reads nothing of the one before.
    press(YOU.email)
    assert tokens[2] != tokens[0]


def test_a_second_press_on_remove_takes_nobody_else_away(app, writer):
    writer.everything()
    writer.post("/refer/children/b2", given_name="Tom", family_name="Fernsby")
    page = writer.browser.get("/refer/children").text
    first = re.search(r"/refer/children/(\w+)/remove", page)[0]
    data = form_of(page, first)
    for _ in range(2):
        assert writer.browser.post(first, data=data).status_code == 303
    assert [one.given_name for one in told_of(app, writer).children] == ["Tom"]


def test_a_second_press_on_continue_adds_nobody_twice(app, writer):
    writer.everything()
    asked = writer.post("/refer/children", more="yes")
    assert re.fullmatch(r"/refer/children/[a-z0-9]{8}", asked.location)
    fields = shown(writer.browser, asked.location) | {"given_name": "Tom"}
    for _ in range(2):
        assert writer.browser.post(asked.location, data=fields).status_code == 303
    assert [one.given_name for one in told_of(app, writer).children] == ["Wren", "Tom"]


def test_two_windows_do_not_overwrite_each_others_steps(app, writer):
    writer.everything()
    with app.app_context():
        before = draft_of(writer.arrival())
        for step, change in (
            (Step.STORY, lambda told: replace(told, narrative="From one window")),
            (Step.CONCERNS, lambda told: replace(told, concerns=("neglect",))),
        ):
            # Both were opened on the same answers; each keeps its own step alone.
            with transaction() as session:
                service.answer(session, before, step, change, now(), seen=before.told.mark(step))
    told = told_of(app, writer)
    assert (told.narrative, told.concerns) == ("From one window", ("neglect",))


def test_the_second_window_is_told_what_changed_and_keeps_its_words(app, writer):
    writer.everything()
    one = shown(writer.browser, "/refer/what-happened") | {"narrative": "From one window"}
    other = shown(writer.browser, "/refer/what-happened") | {"narrative": "From the other"}
    assert writer.browser.post("/refer/what-happened", data=one).status_code == 303
    late = writer.browser.post("/refer/what-happened", data=other)
    assert late.status_code == 409
    assert "This was changed in another window" in late.text
    assert "From one window" in late.text
    assert form_of(late.text, "")["narrative"] == "From the other"
    assert told_of(app, writer).narrative == "From one window"
    kept = writer.browser.post("/refer/what-happened", data=form_of(late.text, ""))
    assert kept.status_code == 303
    assert told_of(app, writer).narrative == "From the other"


def test_a_child_removed_in_one_window_is_not_lost_in_the_other(app, writer):
    writer.everything()
    path = "/refer/children/1"
    typed = shown(writer.browser, path) | {"address": "1 Mill Lane"}
    page = writer.browser.get("/refer/children").text
    data = form_of(page, f"{path}/remove")
    writer.browser.post(f"{path}/remove", data=data)
    late = writer.browser.post(path, data=typed)
    assert late.status_code == 409
    assert "It was removed there" in late.text
    assert writer.browser.post(path, data=form_of(late.text, "")).status_code == 303
    assert [one.address for one in told_of(app, writer).children] == ["1 Mill Lane"]


def test_what_was_changed_after_it_was_read_is_not_sent_unread(app, writer):
    writer.everything()
    check = shown(writer.browser, "/refer/check")
    writer.post("/refer/what-happened", narrative="Changed elsewhere.")
    asked = writer.browser.post("/refer/check", data=check)
    assert asked.status_code == 409
    assert "read them again" in asked.text
    assert "Changed elsewhere." in asked.text
    sent = writer.browser.post("/refer/check", data=form_of(asked.text, ""))
    assert sent.location == "/refer/sent"


def test_a_form_of_an_earlier_release_keeps_its_children_by_their_place():
    text = TOLD.as_text().replace('"key": ""', '"nokey": ""')
    told = Told.from_text(text)
    assert [one.key for one in told.children] == ["1"]
    rest = told.with_person(Step.CHILDREN, replace(told.children[0], key="b")).without(
        Step.CHILDREN, "1"
    )
    assert [one.key for one in Told.from_text(rest.as_text()).children] == ["b"]
