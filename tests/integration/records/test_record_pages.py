"""The record's pages, with and without htmx; what is wrong is said by the field."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import StaffSession
from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.clock import now
from app.core.config import Settings
from app.meetings.discussion.models import Entry
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.records import circulation, queries, releasing, service, worker
from app.records.models import Circulation
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.records import make_ended, make_releaser, make_signed, sign_as_chair
from tests.page_form import form_of

Change = Callable[[], AbstractContextManager[Session]]
Browser = Callable[..., FlaskClient]


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return found[1]


def posted(browser: FlaskClient, path: str, **values: str) -> tuple[int, str]:
    """Open the form, fill it in, send it as a browser does."""
    page = browser.get(path).get_data(as_text=True)
    kept = {name: hidden(page, name) for name in ("csrf_token", "seen", "number")
            if f'name="{name}"' in page}  # fmt: skip
    answer = browser.post(path, data=kept | values)
    return answer.status_code, answer.get_data(as_text=True)


@pytest.fixture
def chair(app: Flask) -> tuple[FlaskClient, int]:
    """A chair's browser, and who it is."""
    browser = app.test_client()
    with app.app_context():
        from app.core.session import transaction

        with transaction() as session:
            staff_id = make_staff(session, Role.CHAIR, name="Helen Marsh").id
        sign_in_as(browser, staff_id)
    return browser, staff_id


def ended(change: Change, chair_id: int | None = None, **how: int | bool) -> str:
    """A discussion that ended an hour ago; its reference."""
    with change() as session:
        meeting = make_ended(session, start=now() - timedelta(hours=2), **how)  # type: ignore[arg-type]
        if chair_id is not None:
            meeting.chair_id = chair_id
        return meeting.ref


def test_the_gate_leads_to_each_place_on_the_chairs_page(
    change: Change, chair: tuple[FlaskClient, int]
) -> None:
    browser, chair_id = chair
    ref = ended(change, chair_id, complete=False)
    page = browser.get(f"/discussions/{ref}/record").get_data(as_text=True)
    assert f'href="/discussions/{ref}/hold#invitee-' in page
    assert "Sign the record" not in page
    with change() as session:
        assert session.query(AuditView).filter_by(subject_ref=ref).count() == 1


def test_signing_asks_for_the_password_again(
    app: Flask, change: Change, chair: tuple[FlaskClient, int]
) -> None:
    browser, chair_id = chair
    ref = ended(change, chair_id)
    token = hidden(browser.get(f"/discussions/{ref}/record/sign").text, "csrf_token")
    with change() as session:
        for one in session.query(StaffSession):
            one.reauthenticated_at = now() - timedelta(minutes=6)
    for answer in (
        browser.get(f"/discussions/{ref}/record/sign"),
        browser.post(f"/discussions/{ref}/record/sign", data={"csrf_token": token}),
    ):
        assert answer.status_code == 303
        assert "/re" in answer.headers["Location"]
        assert "record/sign" in answer.headers["Location"].replace("%2F", "/")


def test_the_chair_signs_what_the_page_showed(
    change: Change, chair: tuple[FlaskClient, int]
) -> None:
    browser, chair_id = chair
    ref = ended(change, chair_id)
    path = f"/discussions/{ref}/record/sign"
    page = browser.get(path).get_data(as_text=True)
    assert "I, Helen Marsh, chair of the discussion, sign this" in page
    token, seen = hidden(page, "csrf_token"), hidden(page, "seen")
    answer = browser.post(path, data={"csrf_token": token, "seen": "f" * 64})
    assert answer.status_code == 422
    assert "changed after you opened" in answer.get_data(as_text=True)
    answer = browser.post(path, data={"csrf_token": token, "seen": seen})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/record/circulate")
    again = browser.post(path, data={"csrf_token": token, "seen": seen})
    assert again.status_code == 303
    with change() as session:
        meeting = session.query(Meeting).filter_by(ref=ref).one()
        assert meeting.state is MeetingState.SIGNED
        assert queries.newest_number(session, meeting.id) == 1


def test_somebody_else_needs_the_reason_and_keeps_what_they_typed(
    change: Change, signed_in: Browser
) -> None:
    ref = ended(change)
    browser = signed_in(Role.CHAIR)
    path = f"/discussions/{ref}/record/sign"
    status, page = posted(browser, path, absence_reason="  ")
    assert status == 422
    assert "does not sign the record" in page
    status, page = posted(browser, path, absence_reason="x" * 2_001)
    assert status == 422
    assert "x" * 2_001 in page
    status, _ = posted(browser, path, absence_reason="She went home unwell.")
    assert status == 303


def test_an_administrator_may_not_sign(change: Change, signed_in: Browser) -> None:
    ref = ended(change)
    browser = signed_in(Role.ADMINISTRATOR)
    assert browser.get(f"/discussions/{ref}/record/sign").status_code == 403
    data = {"csrf_token": hidden(browser.get("/verify").text, "csrf_token")}
    assert browser.post(f"/discussions/{ref}/record/sign", data=data).status_code == 403
    assert browser.get(f"/discussions/{ref}/record").status_code == 200


def test_a_draft_says_that_it_is_one_and_is_not_kept(
    app: Flask, change: Change, signed_in: Browser
) -> None:
    import pypdf

    from app.records.models import RecordCopy

    ref = ended(change, invitees=2, children=1)
    browser = signed_in(Role.CHAIR)
    answer = browser.get(f"/discussions/{ref}/record/draft.pdf")
    assert answer.mimetype == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.data))
    pages = [" ".join(one.extract_text().split()) for one in reader.pages]
    assert all("Draft, not signed" in page for page in pages)
    assert "Nobody has signed it" in pages[-1]
    assert "SHA-256" not in " ".join(pages)
    assert not reader.attachments
    with change() as session:
        assert session.query(RecordCopy).count() == 0
    assert browser.get(f"/discussions/{ref}/record/draft.pdf?reader=999999").status_code == 404


def test_a_correction_needs_a_reason_and_opens_the_fields(
    app: Flask, change: Change, signed_in: Browser
) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), now())
        ref = meeting.ref
    browser = signed_in(Role.CHAIR)
    path = f"/discussions/{ref}/record/correct"
    status, page = posted(browser, path, reason="")
    assert status == 422
    assert "Say what is wrong" in page
    status, _ = posted(browser, path, reason="The date of the medical is wrong.")
    assert status == 303
    page = browser.get(f"/discussions/{ref}/record").get_data(as_text=True)
    assert "The date of the medical is wrong." in page
    assert "Version 2 is being prepared" in page
    token = hidden(page, "csrf_token")
    answer = browser.post(f"/discussions/{ref}/record/leave", data={"csrf_token": token})
    assert answer.status_code == 303
    with change() as session:
        assert session.query(Meeting).filter_by(ref=ref).one().state is MeetingState.SIGNED


def test_release_by_the_field_then_the_ledger(
    app: Flask, change: Change, signed_in: Browser
) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), now())
        ref, person = meeting.ref, meeting.invitees[1]
    browser = signed_in(Role.ADMINISTRATOR, Role.CHAIR)
    path = f"/discussions/{ref}/record/circulate"
    status, page = posted(browser, path, **{f"withhold_{person.id}": "y", "checked": "y"})
    assert status == 422
    assert f"Say why the copy for {person.name} is withheld" in page
    status, page = posted(
        browser, path, **{f"withhold_{person.id}": "y", f"reason_{person.id}": "By hand, Monday"}
    )
    assert status == 422
    assert "Tick that you have checked" in page
    assert "By hand, Monday" in page
    status, _ = posted(
        browser,
        path,
        **{f"withhold_{person.id}": "y", f"reason_{person.id}": "By hand", "checked": "y"},
    )
    assert status == 303
    page = browser.get(path).get_data(as_text=True)
    assert "Ledger of version 1" in page
    assert "Copy being made" in page
    assert "By hand" in page
    status, page = posted(browser, path, checked="y")
    assert status == 422
    part = browser.get(path, headers={"HX-Request": "true", "X-Background": "1"})
    assert part.get_data(as_text=True).lstrip().startswith('<div id="ledger"')
    with change() as session:
        assert session.query(Circulation).count() == 4
        views = session.query(AuditView).filter_by(
            subject_ref=ref, page="circulation of the record"
        )
        before = views.count()
    browser.get(path, headers={"HX-Request": "true", "X-Background": "1"})
    with change() as session:
        assert views.with_session(session).count() == before


def test_a_copy_withheld_before_a_correction_stays_withheld_unless_unticked(
    app: Flask, change: Change, signed_in: Browser
) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), now(), invitees=2, children=1)
        kept, told = meeting.invitees[1].id, meeting.invitees[0].id
        staff = make_releaser(session)
        releasing.release(session, staff, meeting, 1, {kept: "Left the agency"}, True, now())
        service.correct(session, staff, meeting, "A wrong date", now())
        sign_as_chair(session, settings_of(app), meeting, now())
        ref = meeting.ref
    browser, path = (
        signed_in(Role.ADMINISTRATOR, Role.CHAIR),
        f"/discussions/{ref}/record/circulate",
    )
    shown = form_of(browser.get(path).get_data(as_text=True), path)
    assert (shown[f"withhold_{kept}"], shown[f"reason_{kept}"]) == ("y", "Left the agency")
    assert f"withhold_{told}" not in shown
    unticked = {name: value for name, value in shown.items() if name != f"withhold_{kept}"}
    assert browser.post(path, data=unticked | {"checked": "y"}).status_code == 303
    with change() as session:
        newest = session.query(Circulation).filter_by(invitee_id=kept)
        assert [one.withheld_reason for one in newest.order_by(Circulation.id)] == [
            "Left the agency",
            None,
        ]


def test_withholding_later_needs_a_reason(app: Flask, change: Change, signed_in: Browser) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), now())
        releasing.release(session, make_releaser(session), meeting, 1, {}, True, now())
        line = session.query(Circulation).first()
        assert line is not None
        ref, line_id = meeting.ref, line.id
    browser = signed_in(Role.CHAIR)
    path = f"/discussions/{ref}/record/circulate/{line_id}/withhold"
    status, page = posted(browser, path, reason=" ")
    assert (status, "Give the reason" in page) == (422, True)
    status, _ = posted(browser, path, reason="Handed over on paper")
    assert status == 303
    assert browser.get(f"/discussions/{ref}/record/circulate/999999/withhold").status_code == 404
    other = ended(change)
    assert (
        browser.get(f"/discussions/{other}/record/circulate/{line_id}/withhold").status_code == 404
    )


def test_the_councils_copy_is_made_when_it_is_asked_for(
    app: Flask, change: Change, signed_in: Browser
) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), now(), invitees=2, children=1)
        ref = meeting.ref
    browser = signed_in(Role.SOCIAL_WORKER)
    first = browser.get(f"/discussions/{ref}/record/1.pdf")
    assert first.data.startswith(b"%PDF")
    assert f"record-{ref}-version-1.pdf" in first.headers["Content-Disposition"]
    assert browser.get(f"/discussions/{ref}/record/1.pdf").data == first.data
    assert browser.get(f"/discussions/{ref}/record/2.pdf").status_code == 404
    answer = browser.post("/verify", data={
        "csrf_token": hidden(browser.get("/verify").get_data(as_text=True), "csrf_token"),
        "file": (io.BytesIO(first.data), "copy.pdf"),
    })  # fmt: skip
    page = answer.get_data(as_text=True)
    assert "This file is genuine" in page
    assert ref in page
    assert "Okonjo" not in page


def test_anybody_may_have_a_file_checked(app: Flask, change: Change, client: FlaskClient) -> None:
    with change() as session:
        meeting, _ = make_signed(session, settings_of(app), now(), invitees=2, children=1)
        kept_back = {meeting.invitees[0].id: "Has the full copy"}
        releasing.release(session, make_releaser(session), meeting, 1, kept_back, True, now())
    with app.app_context():
        worker.make_copies(settings_of(app), now())
    with change() as session:
        file = circulation.copy_for_invitee(session, meeting.invitees[1].id)
        assert file is not None
    token = hidden(client.get("/verify").get_data(as_text=True), "csrf_token")

    def check(content: bytes) -> tuple[int, str]:
        data = {"csrf_token": token, "file": (io.BytesIO(content), "any name.pdf")}
        answer = client.post("/verify", data=data)
        return answer.status_code, answer.get_data(as_text=True)

    assert "This file is genuine" in check(file.pdf)[1]
    assert "This file was changed" in check(file.pdf[:-2] + b"\r\n")[1]
    assert "not known here" in check(b"%PDF-1.7 something else")[1]
    status, page = check(b"")
    assert (status, "Choose the PDF file" in page) == (422, True)
    answer = client.post("/verify", data={"csrf_token": token})
    assert answer.status_code == 422
    assert check(b"x" * (41 * 1024 * 1024))[0] == 413


def test_before_anything_was_sealed_the_check_says_so(client: FlaskClient) -> None:
    token = hidden(client.get("/verify").get_data(as_text=True), "csrf_token")
    data = {"csrf_token": token, "file": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}
    answer = client.post("/verify", data=data)
    assert answer.status_code == 422
    assert "cannot be checked here yet" in answer.get_data(as_text=True)


@pytest.mark.parametrize("tail", ["", "/sign", "/correct", "/circulate", "/draft.pdf", "/1.pdf"])
def test_an_unknown_discussion_is_not_found(change: Change, signed_in: Browser, tail: str) -> None:
    ended(change)
    browser = signed_in(Role.CHAIR)
    assert browser.get(f"/discussions/SD-0000-0000/record{tail}").status_code == 404


def test_a_discussion_that_was_not_held_has_no_record_yet(
    change: Change, signed_in: Browser
) -> None:
    from tests.factories.meetings import make_meeting

    with change() as session:
        refs = [make_meeting(session, state).ref for state in (
            MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.CANCELLED)]  # fmt: skip
    browser = signed_in(Role.CHAIR)
    for ref in refs:
        assert "There is no record yet" in browser.get(f"/discussions/{ref}/record").text
        assert browser.get(f"/discussions/{ref}/record/draft.pdf").status_code == 404
        assert browser.get(f"/discussions/{ref}/record/sign").status_code == 303
        assert "not signed yet" in browser.get(f"/discussions/{ref}/record/circulate").text


def test_roles_without_cases_see_nothing(change: Change, signed_in: Browser) -> None:
    ref = ended(change)
    analyst, system = signed_in(Role.ANALYST), signed_in(Role.SYSTEM)
    for path in (f"/discussions/{ref}/record", f"/discussions/{ref}/record/draft.pdf"):
        assert analyst.get(path).status_code == 403
        assert system.get(path).location.startswith("/restricted/open/")


def test_an_address_in_open_words_is_said_at_the_gate_and_before_release(
    app: Flask, change: Change, chair: tuple[FlaskClient, int]
) -> None:
    """It warns, and keeps nobody from signing (F4)."""
    browser, chair_id = chair
    ref = ended(change, chair_id)
    path, warning = f"/discussions/{ref}/record", "The address of a child stands in words"
    assert warning not in browser.get(path).text
    with change() as session:
        entry = session.query(Entry).filter_by(field="analysis").one()
        entry.value = "Nobody was seen at 12 Sycamore Cl."
    page = browser.get(path).text
    assert warning in page and "Nothing is missing." in page
    assert "mark them on the chair’s page" in page.lower()
    with change() as session:
        meeting = session.query(Meeting).filter_by(ref=ref).one()
        sign_as_chair(session, settings_of(app), meeting, now())
    assert warning in browser.get(f"{path}/circulate").text
