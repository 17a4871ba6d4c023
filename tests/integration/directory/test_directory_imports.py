"""People from a list: seen line by line, then applied; leavers end and history stays."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import reading
from app.directory.models import Agency, Professional
from app.directory.types import AgencyKind, ProfessionalRole
from tests.factories.directory import make_agency, make_professional
from tests.page_form import form_of

LIST = """agency,kind,name,role,email,telephone,team,days,from,to,left
Oakfield,education,Sara Lind,teacher,sara@oakfield.example,01632 960300,,Mon-Thu,9:00,15:30,
Northshire Police,,DS Holt,police_cait,holt@police.example,01632 960399,,,,,
Northshire Police,,Gone Away,,gone@police.example,,,,,,yes
Northshire Police,,Nobody Known,,,,,,,,yes
Northshire Police,,=cmd(),police_cait,x@police.example,,,,,,
Northshire Police,,DS Holt,police_cait,holt@police.example,01632 960399,,,,,
Nowhere,,New Person,gp,gp@surgery.example,,,,,,
"""


@pytest.fixture
def admin(signed_in):
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def people(change):
    with change() as session:
        police = make_agency(session, AgencyKind.POLICE, "Northshire Police")
        holt = make_professional(
            session, ProfessionalRole.POLICE_CAIT, police, "D.S. Holt", email="holt@police.example"
        )
        gone = make_professional(
            session, ProfessionalRole.POLICE_CAIT, police, "Gone Away", email="gone@police.example"
        )
        return holt.id, gone.id


def seen(browser, content):
    page = browser.get("/directory/import")
    fields = form_of(page.text, "/directory/import")
    upload = (io.BytesIO(content), "list.csv")
    data = {"csrf_token": fields["csrf_token"], "file": upload}
    return browser.post("/directory/import", data=data, content_type="multipart/form-data")


def test_each_line_is_told_and_nothing_changes_until_it_is_applied(app, admin, people):
    preview = seen(admin, LIST.encode())
    assert preview.status_code == 200
    for words in (
        "1 added, 1 changed, 1 ended",
        "4 lines have a mistake",
        "Oakfield (education)",
        "name: D.S. Holt becomes DS Holt; telephone: 01632 960200 becomes 01632 960399",
        "Nobody of that name and agency",
        "which a spreadsheet would run",
        "The same person stands on line 3 already",
        "Nowhere is new here: say which kind",
    ):
        assert words in preview.text, words
    with app.app_context():
        assert len(reading().execute(select(Professional)).scalars().all()) == 2
        assert reading().execute(select(Agency)).scalars().one().name == "Northshire Police"


def test_it_is_applied_once_and_written_down(app, admin, people):
    holt, gone = people
    fields = form_of(seen(admin, LIST.encode()).text, "/directory/import/apply")
    for _ in range(2):
        assert admin.post("/directory/import/apply", data=fields).status_code == 303
    with app.app_context():
        held = {one.name: one for one in reading().execute(select(Professional)).scalars()}
        assert set(held) == {"DS Holt", "Gone Away", "Sara Lind"}
        assert (held["DS Holt"].id, held["DS Holt"].telephone) == (holt, "01632 960399")
        assert held["Gone Away"].id == gone and held["Gone Away"].ended_at is not None
        sara = held["Sara Lind"]
        assert (sara.works_days, sara.works_from, sara.works_to) == ("1234", "09:00", "15:30")
        told = reading().execute(
            select(AuditEntry.details).where(AuditEntry.action == "directory imported")
        )
        (details,) = told.scalars()
        assert (details["add"], details["change"], details["end"], details["wrong"]) == (1, 1, 1, 4)
    again = seen(admin, LIST.encode()).text
    assert "nothing to do" in again
    assert "There is nothing to apply" in again
    back = LIST.replace(",,,,,,yes", ",,,,,,no")
    assert "Had ended; can be invited again" in seen(admin, back.encode()).text


def test_a_known_person_without_an_address_does_not_become_a_team_and_stops_no_other_line(
    app, admin, people, change
):
    with change() as session:
        police = session.get(Professional, people[0]).agency
        desk = make_professional(
            session, ProfessionalRole.POLICE_CAIT, police, "Night desk", email=None
        ).id
    content = (
        b"agency,name,email,telephone,team\n"
        b"Northshire Police,Night desk,,,yes\n"
        b"Northshire Police,Gone Away,,01632 960398,\n"
    )
    preview = seen(admin, content)
    assert "reached by its mailbox: give its address" in preview.text
    assert "1 line has a mistake" in preview.text
    fields = form_of(preview.text, "/directory/import/apply")
    assert admin.post("/directory/import/apply", data=fields).status_code == 303
    with app.app_context():
        assert reading().get(Professional, people[1]).telephone == "01632 960398"
        assert not reading().get(Professional, desk).is_team


def test_what_changed_meanwhile_is_shown_again_and_not_applied_unseen(app, admin, people, change):
    fields = form_of(seen(admin, LIST.encode()).text, "/directory/import/apply")
    with change() as session:
        session.get(Professional, people[0]).telephone = "01632 960399"
    answer = admin.post("/directory/import/apply", data=fields)
    assert answer.status_code == 409
    assert "The directory changed while you were looking" in answer.text
    with app.app_context():
        assert reading().get(Professional, people[1]).ended_at is None
    fields = form_of(answer.text, "/directory/import/apply")
    assert admin.post("/directory/import/apply", data=fields).status_code == 303


def test_a_file_that_is_no_list_and_none_at_all(admin):
    assert "Choose a file" in seen(admin, b"").text
    assert seen(admin, b"PK\x03\x04").status_code == 422
    page = admin.get("/directory/import").text
    fields = {"csrf_token": form_of(page, "/directory/import")["csrf_token"]}
    assert admin.post("/directory/import/apply", data=fields).location.endswith("/directory/import")


def test_the_empty_list_reads_back(admin):
    headings = admin.get("/directory/import/headings.csv")
    assert headings.mimetype == "text/csv"
    assert "no line below" in seen(admin, headings.data).text
