"""One child's record and one agency's actions as sealed files that verification knows (F6, F7)."""

from __future__ import annotations

import io

import pypdf
from flask import Flask
from markupsafe import escape

from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.session import transaction
from app.meetings.models import Meeting
from app.records.document.types import ExtractKind
from app.records.extracts import service
from app.records.extracts.models import RecordExtract
from app.records.models import RecordVersion
from app.records.recall.service import recall
from app.records.sealing import certificates_of
from app.records.service import content_of
from app.records.types import Found
from app.records.verification import verify_file
from app.referrals.sender import Sender
from tests.factories.records import CANARIES, make_releaser, make_signed
from tests.integration.records.circulating import AFTER, release, settings_of, unpacked


def text_of(pdf: bytes) -> str:
    pages = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(" ".join(pages).split())


def test_each_part_is_made_once_kept_and_verified(in_app: Flask, signed_in) -> None:
    with transaction() as session:
        meeting, version = make_signed(session, settings_of(in_app), AFTER, invitees=3, children=2)
        parts = service.parts_of(content_of(session, version))
        names = [one.name for one in content_of(session, version).record.children]
    assert [(one.kind, one.place) for one in parts] == [
        (ExtractKind.CHILD, 0),
        (ExtractKind.CHILD, 1),
        *((ExtractKind.ACTIONS, place) for place in range(3)),
    ]
    chair = signed_in(Role.CHAIR)
    path = f"/discussions/{meeting.ref}/record"
    page = chair.get(path).text
    assert all(str(escape(part.name)) in page for part in parts)
    files = [
        chair.get(f"{path}/1/{kind}.pdf") for kind in ("children/1", "actions/2", "children/1")
    ]
    assert {answer.status_code for answer in files} == {200}
    child, actions, again = (answer.data for answer in files)
    assert child == again
    assert names[1] in text_of(child)
    assert f"extract: {names[1]}" in text_of(child)
    assert "-child-2.pdf" in files[0].headers["Content-Disposition"]
    assert not any(name in files[0].headers["Content-Disposition"] for name in names)
    for canary in CANARIES:
        assert canary.encode() not in unpacked(actions)
        assert canary not in text_of(actions)
    with transaction() as session:
        assert session.query(RecordExtract).count() == 2
        pages = session.query(AuditView.page).filter(AuditView.page.startswith("part of"))
        assert sorted(page for (page,) in pages) == [
            "part of the record, version 1: actions 3",
            "part of the record, version 1: child 2",
            "part of the record, version 1: child 2",
        ]
        for pdf, part in ((child, "One child"), (actions, "The actions of one agency")):
            verdict = verify_file(session, pdf, certificates_of(settings_of(in_app)))
            assert verdict.found is Found.GENUINE
            assert verdict.part.startswith(part)
            broken = bytearray(pdf)
            broken[len(broken) // 2] ^= 1
            assert not verify_file(
                session, bytes(broken), certificates_of(settings_of(in_app))
            ).genuine


def test_parts_that_are_not_there_are_not_found(in_app: Flask, signed_in) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
    chair, path = signed_in(Role.CHAIR), f"/discussions/{meeting.ref}/record"
    for missing in ("1/children/0", "1/actions/9", "2/actions/0"):
        assert chair.get(f"{path}/{missing}.pdf").status_code == 404


def test_no_part_of_a_recalled_version_is_handed_on(in_app: Flask, signed_in) -> None:
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
        release(session, meeting)
    chair, path = signed_in(Role.CHAIR), f"/discussions/{meeting.ref}/record"
    assert f"{path}/1/actions/0.pdf" in chair.get(path).text
    assert "Parts taken out" not in chair.get(f"{path}/recall").text
    assert chair.get(f"{path}/1/actions/1.pdf").status_code == 200
    assert chair.get(f"{path}/1/actions/9.pdf").status_code == 404
    with transaction() as session:
        [part] = [
            one
            for one in service.parts_of(content_of(session, session.query(RecordVersion).one()))
            if (one.kind, one.place) == (ExtractKind.ACTIONS, 1)
        ]
        page = "part of the record, version 1: actions 2"
        view = session.query(AuditView).filter_by(page=page).one()
        # As it was noted before it was noted which part.
        session.add(
            AuditView(
                at=AFTER,
                actor_kind=view.actor_kind,
                actor_id=view.actor_id,
                actor_label="Dev Patel",
                subject_kind="meeting",
                subject_ref=meeting.ref,
                page="part of the record, version 1",
            )
        )
    taken = chair.get(f"{path}/recall").text.partition("Parts taken out")[2]
    assert f"{escape(view.actor_label)}: actions of {escape(part.name)}, " in taken
    assert "Dev Patel: a part, of which it was not noted which, " in taken
    assert "actions 10" not in taken
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        sender = Sender("rna-desk@example.org", "http://desk.example.org")
        recall(session, make_releaser(session), held, 1, "Wrong", sender, AFTER)
    assert "/1/actions/" not in chair.get(path).text
    answer = chair.get(f"{path}/1/actions/0.pdf")
    assert answer.status_code == 303
    assert "Version 1 was recalled: no part of it is handed on" in chair.get(path).text
    with transaction() as session:
        assert session.query(RecordExtract).count() == 1
