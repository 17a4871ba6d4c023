"""An invitee sends a report, typed or as a file (D4, D5)."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.invitations.types import PartStat
from app.meetings.calls.page import to_telephone
from app.meetings.messages import PARTSTATS
from app.meetings.models import Report
from app.meetings.types import Answer
from tests.integration.guests.attending import EXE, PDF, Invited


def test_a_typed_report_gets_a_receipt_and_stands_for_the_answer(police: Invited) -> None:
    """Where they say that it comes instead of them, and not otherwise."""
    words = "Zoë said: <script>alert(1)</script> 👧🏽 " + "x" * 10_000
    sent = police.phone.post("/attend/report", "/attend", "report", body=words, instead="y")
    assert (sent.status_code, sent.location) == (303, "/attend#reports")
    page = police.phone.get("/attend").text
    assert "We received your report at" in page
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    with police.change() as session:
        [report] = session.execute(select(Report)).scalars()
        assert report.body == words
        assert police.invitee(session).answer is Answer.REPORT
        noted = select(AuditEntry.details).where(AuditEntry.action == "invitation answered")
        [said] = session.execute(noted).scalars()
        assert (said["answer"], said["before"]) == ("report", "none")


def test_a_report_before_any_answer_leaves_it_open(police: Invited, signed_in: Any) -> None:
    """Who prepares it first may well come: the desk goes on asking them (C5, D4)."""
    sent = police.phone.post("/attend/report", "/attend", "report", body="What we know")
    assert (sent.status_code, sent.location) == (303, "/attend#answer")  # where it is asked
    page = police.phone.get("/attend").text
    assert "Please say whether you take part as well" in page
    assert "do not take part yourself" not in page
    with police.change() as session:
        invitee = police.invitee(session)
        assert (invitee.answer, invitee.answered_at) == (Answer.NONE, None)
        assert PARTSTATS[invitee.answer] is PartStat.NEEDS_ACTION
        assert invitee in to_telephone(invitee.meeting, ())
    desk = signed_in(Role.ADMINISTRATOR)
    overview = desk.get(f"/discussions/{police.ref}").text
    assert "Nobody is expected from police" not in overview


@pytest.mark.parametrize("held", [Answer.ATTEND, Answer.DIAL_IN, Answer.DECLINED])
def test_a_report_alone_keeps_the_answer(police: Invited, held: Answer) -> None:
    police.phone.post("/attend/answer", "/attend", "answer", answer=held.value)
    police.phone.post("/attend/report", "/attend", "report", body="What we know")
    with police.change() as session:
        assert police.invitee(session).answer is held
    assert "Please say whether" not in police.phone.get("/attend").text


def test_who_would_come_may_send_a_report_instead_after_all(police: Invited) -> None:
    police.phone.post("/attend/answer", "/attend", "answer", answer="attend", note="By train")
    police.phone.post("/attend/report", "/attend", "report", body="What we know", instead="y")
    with police.change() as session:
        assert police.invitee(session).answer is Answer.REPORT
    # It is their answer now: nothing more is asked with the next one.
    assert 'name="report-instead"' not in police.phone.get("/attend").text


def test_what_was_ticked_stays_where_the_report_is_refused(police: Invited) -> None:
    sent = police.phone.post("/attend/report", "/attend", "report", body="", instead="y")
    assert sent.status_code == 422
    assert re.search(r'name="report-instead"[^>]* checked', sent.text)
    with police.change() as session:
        assert police.invitee(session).answer is Answer.NONE


def test_several_reports_and_a_file_comes_back_as_sent(police: Invited) -> None:
    police.phone.post("/attend/report", "/attend", "report", body="First")
    police.phone.post(
        "/attend/report", "/attend", "report", body="", file=(io.BytesIO(PDF), "../../läb.pdf")
    )
    with police.change() as session:
        first, second = session.execute(select(Report).order_by(Report.id)).scalars()
        assert (second.file, second.media_type) == (PDF, "application/pdf")
    page = police.phone.get("/attend").text
    assert page.count("Received</strong>") == 2
    sent = police.phone.get(f"/attend/reports/{second.id}")
    assert sent.data == PDF
    assert sent.headers["Content-Disposition"].startswith("attachment;")
    assert ".." not in sent.headers["Content-Disposition"]
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert police.phone.get(f"/attend/reports/{first.id}").status_code == 404


@pytest.mark.parametrize(
    ("content", "name"), [(EXE, "report.pdf"), (b"", "empty.pdf"), (b"<html>", "report.docx")]
)
def test_a_file_of_another_kind_is_refused_and_the_words_stay(
    police: Invited, content: bytes, name: str
) -> None:
    sent = police.phone.post(
        "/attend/report", "/attend", "report", body="Typed 🚸 words",
        file=(io.BytesIO(content), name),
    )  # fmt: skip
    assert sent.status_code == 422
    assert 'id="report-file-error"' in sent.text and 'href="#report-file"' in sent.text
    assert "Typed 🚸 words" in sent.text
    with police.change() as session:
        assert not session.execute(select(Report)).scalars().all()


@pytest.mark.parametrize("size", [16, 25])
def test_a_file_that_is_too_large_costs_no_words(police: Invited, size: int) -> None:
    """The request may be larger than the file: the page refuses it, with the words in place."""
    page = police.phone.get("/attend").text
    assert 'data-largest="15728640"' in page and "js/files.js" in page
    sent = police.phone.post(
        "/attend/report", "/attend", "report", body="Typed 🚸 words",
        file=(io.BytesIO(PDF + bytes(size * 1024 * 1024)), "scan.pdf"),
    )  # fmt: skip
    assert sent.status_code == 422
    assert "larger than 15 MB" in sent.text and "Typed 🚸 words" in sent.text


def test_what_is_larger_still_leads_back_to_the_own_page(police: Invited) -> None:
    sent = police.phone.post(
        "/attend/report", "/attend", "report", body="Words",
        file=(io.BytesIO(bytes(41 * 1024 * 1024)), "scan.pdf"),
    )  # fmt: skip
    assert sent.status_code == 413
    assert "15 MB or less" in sent.text
    assert 'href="/attend"' in sent.text and 'href="/"' not in sent.text


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("/attend/record", "/attend"),
        ("/attend/nothing", "/attend"),
        ("/form/nothing", "/form"),
        ("/request/nothing", "/request"),
        ("/formless", "/"),
    ],
)
def test_behind_a_link_no_error_page_leads_to_the_sign_in_of_staff(
    police: Invited, path: str, home: str
) -> None:
    answer = police.phone.get(path)
    assert answer.status_code == 404
    assert f'href="{home}"' in answer.text
    assert (home == "/") == ('href="/"' in answer.text)


def test_an_empty_report_is_refused(police: Invited) -> None:
    sent = police.phone.post("/attend/report", "/attend", "report", body="  \n ")
    assert sent.status_code == 422
    assert 'id="report-body-error"' in sent.text


def test_a_report_sent_twice_is_kept_once(police: Invited) -> None:
    for _ in range(2):
        police.phone.post("/attend/report", "/attend", "report", body="Once", nonce="n" * 32)
    with police.change() as session:
        assert len(session.execute(select(Report)).scalars().all()) == 1
