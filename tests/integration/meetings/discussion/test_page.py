"""The chair's page: a field at a time with its script, and as one plain form (E1, I3)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import event, select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.session import db, reading
from app.meetings.discussion.models import Entry
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from tests.factories.accounts import sign_in_as
from tests.integration.meetings.discussion.posting import page_of, save, sent_by, token_in


def test_the_page_and_its_view_in_the_audit(app, browser, case):
    page = page_of(browser, case)
    assert "Decisions for Amara Okonjo" in page
    assert "Decisions for Tobi Okonjo" in page
    assert f'data-autosave="/discussions/{case.ref}/hold/field"' in page
    title = re.search(r"<title>(.*?)</title>", page, re.S)
    assert title and "Okonjo" not in title[1]
    with app.app_context():
        view = reading().execute(select(AuditView)).scalars().one()
        assert (view.subject_kind, view.subject_ref) == ("meeting", case.ref)


def test_an_unknown_discussion_is_not_found(browser):
    assert browser.get("/discussions/SD-0000-0000/hold").status_code == 404
    assert browser.get("/discussions/SD-0000-0000/hold/changes").status_code == 404


def test_the_page_costs_the_same_with_more_written(app, browser, case):
    def statements() -> int:
        seen: list[str] = []

        def note(_c, _cursor, statement, *_rest) -> None:
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        page_of(browser, case)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    page_of(browser, case)
    before = statements()
    for number, field in enumerate(("harm", "section_47", "medical", "conference")):
        value = {"section_47": "started", "medical": "needed", "conference": "likely"}
        save(browser, case, case.child(number % 2), field, value.get(field, "yes"))
    assert statements() == before


def test_a_field_is_saved_and_its_questions_come(browser, case):
    answer = save(browser, case, case.child(), "section_47", "started")
    assert answer.status_code == 200
    assert answer.json["version"] == 1
    assert answer.json["saved"].startswith("Saved at ")
    place = case.child().replace(":", "-")
    assert f"ask-{place}-enquiry" in answer.json["shown"]
    assert f"why-{place}-section_47" in answer.json["shown"]
    assert f"ask-{place}-medical_plan" not in answer.json["shown"]
    page = page_of(browser, case)
    assert re.search(rf'id="ask-{place}-enquiry" data-block>', page)
    assert re.search(rf'id="ask-{place}-medical_plan" data-block hidden>', page)


def test_two_in_one_field_get_both_texts(browser, colleague, case):
    assert save(browser, case, "meeting", "analysis", "Mine").status_code == 200
    clash = save(colleague, case, "meeting", "analysis", "Theirs", 0)
    assert clash.status_code == 409
    assert (clash.json["theirs"], clash.json["who"], clash.json["version"]) == (
        "Mine",
        "Helen Marsh",
        1,
    )


def test_what_cannot_be_kept_says_so(browser, case):
    assert save(browser, case, case.child(), "section_47", "perhaps").status_code == 422
    long = save(browser, case, "meeting", "analysis", "x" * 20_001)
    assert long.status_code == 422
    assert "20,000" in long.json["message"]


def test_signed_out_says_401_and_the_page_stays(app, case):
    answer = app.test_client().post(
        f"/discussions/{case.ref}/hold/field", data={}, headers={"X-Autosave": "1"}
    )
    assert answer.status_code in (400, 401)
    looked = app.test_client().get(
        f"/discussions/{case.ref}/hold/changes", headers={"X-Autosave": "1"}
    )
    assert looked.status_code == 401


def test_others_see_what_was_written_and_by_whom(browser, colleague, case):
    save(browser, case, "meeting", "analysis", "Two accounts")
    save(browser, case, case.invitee(1), "attendance", "by_phone")
    news = colleague.get(f"/discussions/{case.ref}/hold/changes").json
    fields = {one["name"]: one for one in news["fields"]}
    assert fields["meeting/analysis"]["value"] == "Two accounts"
    assert fields["meeting/analysis"]["written"].startswith("Helen Marsh, ")
    assert fields[f"{case.invitee(1)}/attendance"]["value"] == "by_phone"
    assert news["here"] == "1 of 4 here"
    later = "2999-01-01T00:00:00+00:00"
    quiet = colleague.get(
        f"/discussions/{case.ref}/hold/changes", query_string={"since": later}
    ).json
    assert "meeting/analysis" not in {one["name"] for one in quiet["fields"]}


def test_without_script_the_whole_page_is_one_form(app, browser, case, entries):
    form = sent_by(page_of(browser, case))
    form["meeting/hypotheses"] = "A fall, or not\r\na fall"
    form[f"{case.child()}/harm"] = "yes"
    form[f"{case.invitee(0)}/attendance"] = "in_person"
    form["do"] = f"save {case.child().replace(':', '-')}"
    answer = browser.post(f"/discussions/{case.ref}/hold", data=form)
    assert answer.status_code == 303
    assert answer.location.endswith(f"/hold#{case.child().replace(':', '-')}")
    assert entries() == {
        ("meeting", "hypotheses"): "A fall, or not\na fall",
        (case.child(), "harm"): "yes",
    }
    with app.app_context():
        assert reading().get_one(Invitee, case.invitees[0]).attendance.value == "in_person"


def test_without_script_a_clash_shows_both_and_saves_the_rest(browser, colleague, case, entries):
    mine, theirs = sent_by(page_of(browser, case)), sent_by(page_of(colleague, case))
    theirs["meeting/analysis"] = "Said the colleague"
    assert colleague.post(f"/discussions/{case.ref}/hold", data=theirs).status_code == 303
    mine["meeting/analysis"] = "Said the chair"
    mine["meeting/hypotheses"] = "Elsewhere"
    answer = browser.post(f"/discussions/{case.ref}/hold", data=mine)
    assert answer.status_code == 409
    assert "Said the colleague" in answer.text
    assert "Said the chair" in answer.text
    assert "Dev Patel wrote here" in answer.text
    assert entries()["meeting", "hypotheses"] == "Elsewhere"
    again = sent_by(answer.text)
    again["do"] = "both meeting/analysis"
    assert browser.post(f"/discussions/{case.ref}/hold", data=again).status_code == 303
    assert entries()["meeting", "analysis"] == "Said the colleague\n\nSaid the chair"


def test_without_script_an_older_page_takes_back_no_attendance(app, browser, colleague, case):
    def noted() -> list[str | None]:
        with app.app_context():
            found = [reading().get_one(Invitee, one).attendance for one in case.invitees]
            return [one and one.value for one in found]

    url, names = f"/discussions/{case.ref}/hold", [
        f"{case.invitee(place)}/attendance" for place in range(4)
    ]  # fmt: skip
    for before, after in (("", "absent"), ("absent", "by_phone")):
        older, newer = sent_by(page_of(colleague, case)), sent_by(page_of(browser, case))
        assert [older.get(name, "") for name in names] == [before] * 4
        newer |= dict.fromkeys(names, after)
        assert browser.post(url, data=newer).status_code == 303
        older["meeting/analysis"] = f"Written when they were {before}"
        assert colleague.post(url, data=older).status_code == 303
        assert noted() == [after] * 4
    older |= {names[0]: "in_person"}
    clash = colleague.post(url, data=older)
    assert clash.status_code == 409
    assert "Somebody else wrote here" in clash.text
    assert '<p class="app-conflict__text">By phone</p>' in clash.text
    assert noted() == ["by_phone"] * 4
    mine = sent_by(clash.text)
    assert mine[names[0]] == "in_person"
    theirs = mine | {"do": f"theirs {names[0]}"}
    assert colleague.post(url, data=theirs).status_code == 303
    assert noted() == ["by_phone"] * 4
    assert colleague.post(url, data=mine).status_code == 303
    assert noted() == ["in_person", *["by_phone"] * 3]


def test_start_and_end(app, client, make_case):
    case = make_case(MeetingState.BOOKED, invitees=3)
    with app.app_context():
        sign_in_as(client, case.chair.id)
    form = sent_by(page_of(client, case)) | {"do": "start"}
    assert client.post(f"/discussions/{case.ref}/hold", data=form).status_code == 303
    form = sent_by(page_of(client, case)) | {"do": "end", "meeting/analysis": "Last words"}
    answer = client.post(f"/discussions/{case.ref}/hold", data=form)
    confirm = client.get(answer.location)
    assert "The record's clock starts when the discussion ended" in unescape(confirm.text)
    assert "Say whether" in confirm.text
    ended = client.post(answer.location, data={"csrf_token": token_in(confirm.text)})
    assert ended.status_code == 303
    again = client.post(answer.location, data={"csrf_token": token_in(confirm.text)})
    assert again.status_code == 422
    with app.app_context():
        assert reading().get_one(Meeting, case.meeting_id).state is MeetingState.ENDED
    page = page_of(client, case)
    assert "Check and sign" in page
    assert "Last words" in page


@pytest.mark.parametrize("state", [MeetingState.SIGNED, MeetingState.CANCELLED])
def test_what_is_final_is_shown_and_not_written(app, client, make_case, state: MeetingState):
    case = make_case(state, invitees=3)
    with app.app_context():
        sign_in_as(client, case.chair.id)
    page = page_of(client, case)
    assert "data-autosave" not in page
    assert 'name="do"' not in page
    form = sent_by(page) | {"meeting/analysis": "Later"}
    answer = client.post(f"/discussions/{case.ref}/hold", data=form)
    assert answer.status_code == 422
    assert save(client, case, "meeting", "analysis", "Later").status_code == 422


def test_only_writers_may(signed_in, case):
    for role in (Role.ANALYST, Role.SYSTEM, Role.ADMINISTRATOR):
        assert signed_in(role).get(f"/discussions/{case.ref}/hold").status_code == 403


@pytest.mark.parametrize("state", [MeetingState.SIGNED, MeetingState.CANCELLED])
def test_what_was_typed_is_shown_where_it_cannot_be_saved_any_more(app, browser, case, state):
    """Somebody signed or called it off meanwhile: without script there is the answer alone."""
    with app.app_context(), db.session.begin():
        db.session.get_one(Invitee, case.invitees[1]).is_team = True
    typed = sent_by(page_of(browser, case)) | {
        "meeting/analysis": "The bruise is older than was said",
        "action-what": "Ring the school nurse",
        f"invitee:{case.invitees[1]}/attended_name": "Their locum, Dr Okoro",
    }
    with app.app_context(), db.session.begin():
        meeting = db.session.get_one(Meeting, case.meeting_id)
        meeting.state, meeting.started_at = state, meeting.started_at
        if state is MeetingState.CANCELLED:
            meeting.cancelled_at = meeting.created_at
    answer = browser.post(f"/discussions/{case.ref}/hold", data=typed)
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert "The bruise is older than was said" in page and "copy your words from here" in page
    assert "Their locum, Dr Okoro" in page and page.count("copy your words from here") == 4
    assert "not saved: Ring the school nurse" in page
    assert "Everything else on this page is saved" not in page
    with app.app_context():
        kept = select(Entry.value).where(Entry.field == "analysis")
        assert reading().execute(kept).scalars().all() == []
