"""An invitee sends a report, typed or as a file (D4, D5)."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from app.meetings.models import Report
from app.meetings.types import Answer
from tests.integration.guests.attending import EXE, PDF, Invited


def test_a_typed_report_gets_a_receipt_and_stands_for_the_answer(police: Invited) -> None:
    words = "Zoë said: <script>alert(1)</script> 👧🏽 " + "x" * 10_000
    sent = police.phone.post("/attend/report", "/attend", "report", body=words)
    assert (sent.status_code, sent.location) == (303, "/attend#reports")
    page = police.phone.get("/attend").text
    assert "We received your report at" in page
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    with police.change() as session:
        [report] = session.execute(select(Report)).scalars()
        assert report.body == words
        assert police.invitee(session).answer is Answer.REPORT


def test_a_report_beside_taking_part_keeps_the_answer(police: Invited) -> None:
    police.phone.post("/attend/answer", "/attend", "answer", answer="dial_in")
    police.phone.post("/attend/report", "/attend", "report", body="What we know")
    with police.change() as session:
        assert police.invitee(session).answer is Answer.DIAL_IN


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


def test_an_empty_report_is_refused(police: Invited) -> None:
    sent = police.phone.post("/attend/report", "/attend", "report", body="  \n ")
    assert sent.status_code == 422
    assert 'id="report-body-error"' in sent.text


def test_a_report_sent_twice_is_kept_once(police: Invited) -> None:
    for _ in range(2):
        police.phone.post("/attend/report", "/attend", "report", body="Once", nonce="n" * 32)
    with police.change() as session:
        assert len(session.execute(select(Report)).scalars().all()) == 1
