"""The chair's page: with its script, with htmx, and as one plain form (E1, I3)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.session import db, reading
from app.directory.types import AgencyKind
from app.meetings.models import Action, Dissent, Invitee, Meeting
from app.meetings.types import MeetingState
from tests.factories.accounts import sign_in_as


@pytest.fixture
def browser(app, case, client) -> FlaskClient:
    """The chair's."""
    with app.app_context():
        sign_in_as(client, case.chair.id)
    return client


@pytest.fixture
def colleague(app, case) -> FlaskClient:
    browser = app.test_client()
    with app.app_context():
        sign_in_as(browser, case.writer.id)
    return browser


def page_of(browser: FlaskClient, case) -> str:
    answer = browser.get(f"/discussions/{case.ref}/hold")
    assert answer.status_code == 200
    return answer.text


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def sent_by(page: str) -> dict[str, str]:
    """What a browser without script would send, untouched."""
    form: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]+>", page):
        parts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind = parts.get("type")
        if "name" in parts and (kind in ("hidden", "text") or " checked" in tag):
            form[unescape(parts["name"])] = unescape(parts.get("value", ""))
    texts = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.S)
    for name, text in texts:
        form[unescape(name)] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in values if selected] or [values[0][0]]
        form[unescape(name)] = unescape(chosen[0])
    return form


def save(browser: FlaskClient, case, scope: str, field: str, value: str, version: int = 0):
    return browser.post(
        f"/discussions/{case.ref}/hold/field",
        data={
            "scope": scope,
            "field": field,
            "value": value,
            "version": version,
            "csrf_token": token_in(page_of(browser, case)),
        },
        headers={"X-Autosave": "1"},
    )


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


def test_an_action_in_one_line(app, browser, case):
    page = page_of(browser, case)
    form = {
        "csrf_token": token_in(page),
        "action-nonce": sent_by(page)["action-nonce"],
        "action-what": "Visit <b>the school</b>",
        "action-owner": str(case.invitees[1]),
        "action-due": "in 3 working days",
        "action-child": "",
        "action-why": "",
    }
    url = f"/discussions/{case.ref}/hold/actions"
    answer = browser.post(url, data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Visit &lt;b&gt;the school&lt;/b&gt;" in answer.text
    assert 'name="action-what" value=""' in answer.text
    # Sent again by an impatient finger: still one action.
    again = browser.post(url, data=form, headers={"HX-Request": "true"})
    assert again.status_code == 200
    with app.app_context():
        assert len(reading().execute(select(Action)).all()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action-owner": ""}, "Choose who does this"),
        ({"action-due": ""}, "Say by when"),
        ({"action-due": "asap"}, "is no date"),
        ({"action-owner": "999999"}, "Not a valid choice"),
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_an_action_that_lacks_something_keeps_what_was_typed(
    browser, case, changes: dict[str, str], message: str, htmx: bool
):
    form = sent_by(page_of(browser, case)) | {
        "action-what": "Ring the GP",
        "action-owner": str(case.invitees[1]),
        "action-due": "tomorrow",
        "do": "action",
        **changes,
    }
    url = f"/discussions/{case.ref}/hold" + ("/actions" if htmx else "")
    answer = browser.post(url, data=form, headers={"HX-Request": "true"} if htmx else {})
    assert answer.status_code == 422
    assert message in unescape(answer.text)
    assert 'value="Ring the GP"' in answer.text
    assert ("<html" in answer.text) is not htmx


def test_enter_without_script_adds_the_action_and_saves_the_words(app, browser, case, entries):
    form = sent_by(page_of(browser, case)) | {
        "meeting/analysis": "Unsaved so far",
        "action-what": "Ring the GP",
        "action-owner": str(case.invitees[0]),
        "action-due": "tomorrow",
        "do": "save",
    }
    assert browser.post(f"/discussions/{case.ref}/hold", data=form).status_code == 303
    assert entries()["meeting", "analysis"] == "Unsaved so far"
    with app.app_context():
        assert reading().execute(select(Action.what)).scalar_one() == "Ring the GP"


def test_a_date_in_words_is_shown_in_full(browser, case):
    url = f"/discussions/{case.ref}/hold/due"
    assert "3:00 pm" in browser.get(url, query_string={"action-due": "tomorrow 3pm"}).text
    assert "is no date" in browser.get(url, query_string={"action-due": "asap"}).text


def test_an_action_is_changed_and_struck_out(app, browser, case):
    form = sent_by(page_of(browser, case)) | {
        "action-what": "Ring the GP",
        "action-owner": str(case.invitees[0]),
        "action-due": "tomorrow",
    }
    browser.post(f"/discussions/{case.ref}/hold", data=form)
    with app.app_context():
        number = reading().execute(select(Action.id)).scalar_one()
    form = sent_by(page_of(browser, case)) | {"do": f"change {number}"}
    answer = browser.post(f"/discussions/{case.ref}/hold", data=form)
    assert answer.location.endswith(f"/hold/actions/{number}")
    page = browser.get(answer.location).text
    change = sent_by(page) | {"owner": str(case.invitees[1]), "due": "no idea"}
    refused = browser.post(answer.location, data=change)
    assert refused.status_code == 422
    assert 'value="no idea"' in refused.text
    change["due"] = "in a week"
    assert browser.post(answer.location, data=change).status_code == 303
    form = sent_by(page_of(browser, case)) | {"do": f"strike {number}"}
    assert browser.post(f"/discussions/{case.ref}/hold", data=form).status_code == 303
    with app.app_context():
        action = reading().get_one(Action, number)
        assert action.removed_at is not None
        assert action.owner_id == case.invitees[1]


def test_somebody_joins_and_somebody_disagrees(app, browser, case):
    form = sent_by(page_of(browser, case)) | {
        "person-name": "DS Ann Green",
        "person-agency_name": "County Police",
        "person-agency_kind": "police",
        "person-role": "police_officer",
        "dissent-who": str(case.invitees[1]),
        "dissent-what": "The timescale",
        "dissent-why": "",
        "do": "person",
    }
    answer = browser.post(f"/discussions/{case.ref}/hold", data=form)
    assert answer.status_code == 422
    assert "Say why they disagree" in answer.text
    assert "DS Ann Green" in answer.text  # she is on the page; only the dissent lacks something
    form = sent_by(answer.text) | {
        "dissent-who": str(case.invitees[1]),
        "dissent-what": "The timescale",
        "dissent-why": "Too slow",
        "do": "dissent",
    }
    assert browser.post(f"/discussions/{case.ref}/hold", data=form).status_code == 303
    with app.app_context():
        assert reading().execute(select(Dissent.why)).scalar_one() == "Too slow"
        names = set(reading().execute(select(Invitee.name)).scalars())
        assert len([name for name in names if name == "DS Ann Green"]) == 1
        everybody = reading().execute(select(Invitee)).scalars()
        (number,) = [one.id for one in everybody if one.name == "DS Ann Green"]
    form = sent_by(page_of(browser, case)) | {"do": f"off {number}"}
    assert browser.post(f"/discussions/{case.ref}/hold", data=form).status_code == 303
    assert "DS Ann Green" not in page_of(browser, case)
    form = sent_by(page_of(browser, case)) | {"do": f"off {case.invitees[1]}"}
    refused = browser.post(f"/discussions/{case.ref}/hold", data=form)
    assert refused.status_code == 422
    assert "was invited: note how they took part" in refused.text


def test_nobody_is_of_a_kind_of_agency_that_was_not_chosen(app, browser, case):
    """Quorum and who reads what in the record hang on the kind (E5, F4)."""
    page = page_of(browser, case)
    assert sent_by(page)["person-agency_kind"] == ""
    typed = {"person-name": "Sam Green", "person-agency_name": "Night shelter", "do": "person"}
    refused = browser.post(f"/discussions/{case.ref}/hold", data=sent_by(page) | typed)
    assert refused.status_code == 422
    assert "“Kind of agency”: Choose what kind of agency they are from" in refused.text
    assert 'id="person-agency_kind-error"' in refused.text
    again = sent_by(refused.text)
    assert (again["person-name"], again["person-agency_name"]) == ("Sam Green", "Night shelter")
    chosen = again | {"person-agency_kind": "voluntary", "do": "person"}
    assert browser.post(f"/discussions/{case.ref}/hold", data=chosen).status_code == 303
    with app.app_context():
        green = reading().execute(select(Invitee).where(Invitee.name == "Sam Green")).scalar_one()
        assert green.agency_kind is AgencyKind.VOLUNTARY


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


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"action-what": "Visit the home"}, "New action, “Who”: Choose who does this"),
        ({"action-due": "tomorrow"}, "New action, “What”: Say what is to be done"),
        ({"person-agency_name": "Night shelter"}, "Somebody else on the line, “Name”: Enter"),
        ({"dissent-why": "Too late"}, "Somebody disagrees, “Who disagrees”: Choose"),
    ],
)
def test_a_half_typed_line_says_why_the_discussion_has_not_ended(browser, case, typed, told):
    form = sent_by(page_of(browser, case)) | typed | {"do": "end"}
    answer = browser.post(f"/discussions/{case.ref}/hold", data=form)
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert "The discussion has not ended yet. Complete or empty what is named here" in text
    assert told in text
    (name, value), *_ = typed.items()
    assert sent_by(answer.text)[name] == value
