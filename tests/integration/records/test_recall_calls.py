"""Whom no letter tells of a recall is work until somebody has telephoned them (F5, G1)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.records import worker
from app.records.recall import service
from app.records.recall.models import RecallCall
from app.records.service import correct
from app.referrals.sender import Sender
from app.reports.circulating import TO_TELL
from tests.factories.records import make_releaser, make_signed, sign_as_chair
from tests.integration.records.circulating import AFTER, LATER, deliver, release, settings_of
from tests.page_form import form_of

WORK = "Recalled, and no letter tells them: telephone them"
SENDER = Sender("rna-desk@example.org", "http://desk.example.org")


@pytest.fixture
def withheld(in_app: Flask) -> tuple[str, int, int]:
    """A record taken back of which one copy was withheld: its reference, who had a letter and who
    had none."""
    with transaction() as session:
        held, _ = make_signed(session, settings_of(in_app), AFTER, invitees=3, children=1)
        _, told, untold = held.invitees
        untold.telephone, untold.email = "020 7946 0321", None
        release(session, held, {untold.id: "Read to her by telephone"})
        found = held.ref, told.id, untold.id
        number = held.id
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliver(session)
        meeting = session.get_one(Meeting, number)
        service.recall(session, make_releaser(session), meeting, 1, "Wrong", SENDER, LATER)
    return found


def test_whom_no_letter_tells_is_work_until_they_were_telephoned(withheld, signed_in) -> None:
    ref, told, untold = withheld
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/record/recall/telephone"
    assert f'href="{here}">{WORK}' in desk.get("/").text
    assert f'href="{here}"' in desk.get(f"/discussions/{ref}/record/circulate").text
    page = desk.get(here).text
    assert f'id="person-{untold}"' in page and f'id="person-{told}"' not in page
    assert "tel:+442079460321" in page and "Read to her by telephone" in page
    press = f"{here}/{untold}"
    sent = dict(form_of(page, press))
    long = desk.post(press, data=sent | {"said": "a" * 1001})
    assert long.status_code == 422 and "a" * 1001 in long.text and "Shorten this" in long.text
    assert desk.post(press, data=sent | {"said": "Burnt her notes"}).status_code == 303
    assert WORK not in desk.get("/").text
    after = desk.get(here).text
    assert "Nobody waits for a call." in after and "Burnt her notes" in after
    [row] = reading().query(AuditEntry).filter_by(action="told somebody of the recall")
    assert row.details == {"invitee": untold} and row.subject_ref == ref
    # The same form again changes nothing; one from an older page is told so.
    assert desk.post(press, data=sent | {"said": "Again"}).status_code == 303
    assert reading().query(AuditEntry).filter_by(action=row.action).count() == 1
    late = desk.post(press, data=sent | {"nonce": "another"})
    assert late.status_code == 422


def test_nobody_else_is_noted_as_told(withheld, in_app: Flask) -> None:
    ref, told, _ = withheld
    with transaction() as session:
        meeting = session.query(Meeting).filter_by(ref=ref).one()
        with pytest.raises(Refused, match="noted already"):
            service.told(session, make_releaser(session), meeting, told, "", LATER)
        assert [one.told_at for one in session.query(RecallCall)] == [None]


def test_one_call_tells_of_every_recall(withheld, in_app: Flask) -> None:
    ref, _, untold = withheld
    with transaction() as session:
        meeting = session.query(Meeting).filter_by(ref=ref).one()
        staff = make_releaser(session)
        correct(session, staff, meeting, "A wrong date", LATER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        release(session, meeting, {untold: "Read to her again"})
        service.recall(session, staff, meeting, 2, "Wrong again", SENDER, LATER)
        assert session.query(RecallCall).filter_by(told_at=None).count() == 2
        service.told(session, staff, meeting, untold, "Knows", LATER)
        assert session.query(RecallCall).filter_by(told_at=None).count() == 0


def test_it_is_asked_of_the_few_calls_and_not_of_every_discussion(in_app: Flask) -> None:
    session = reading()
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads an empty table without any index")
    query = TO_TELL.limit(26).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = [str(row[3]) for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert any("meeting USING INTEGER PRIMARY KEY" in one for one in plan), plan
    assert any("ix_recall_call_untold" in one for one in plan), plan
