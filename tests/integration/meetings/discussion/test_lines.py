"""What is added in a line of the chair's page, with htmx and without: an action, somebody else who
takes part, a disagreement (E1, E3, I3)."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import select

from app.core.session import reading
from app.directory.types import AgencyKind
from app.meetings.discussion.models import Action, Dissent
from app.meetings.models import Invitee
from tests.integration.meetings.discussion.posting import page_of, sent_by, token_in


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
