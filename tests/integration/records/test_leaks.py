"""Every protected field, every reader, every output: nothing where it must not be, everything where
it must (F4, D2, H6, H7)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser

import pikepdf
import pypdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import transaction
from app.directory.queries import council
from app.invitations.models import Invitation
from app.meetings.booking.people import add_person
from app.meetings.booking.queries import case_facts
from app.meetings.booking.rules import who_must_come
from app.meetings.booking.types import Chosen
from app.meetings.discussion.models import Dissent, Entry
from app.meetings.discussion.queries import children_of
from app.meetings.discussion.types import MEETING, child_scope, dissent_scope
from app.meetings.escalation import service as escalation
from app.meetings.models import Invitee, Meeting
from app.meetings.restricted.models import CaseRestriction
from app.meetings.types import Attendance, Format, MeetingState
from app.outbox.models import OutboxMessage
from app.protocols.exchange import restore, snapshot
from app.protocols.types import Clock, Due
from app.records import circulation, releasing, service, worker
from app.records.document.readers import view_for
from app.records.document.types import SHORTEST_BLINDING, RecordContent, Withheld
from app.records.document.verify import attached_record
from app.referrals import keys
from app.referrals.models import Child, Referral
from app.reports.dataset.worker import work_out
from tests.factories.guests import Phone, make_guest_session, make_link
from tests.factories.meetings import make_meeting, shipped_protocols
from tests.factories.records import (
    ADDRESS_CANARY,
    CANARIES,
    HEALTH_CANARY,
    REFERRER_CANARY,
    make_action,
    make_ended,
    make_releaser,
    sign_as_chair,
    write,
)
from tests.integration.records.circulating import AFTER, LATER, settings_of, unpacked
from tests.unit.records.contents import SCHOOL

# An address in an action of the school's, the health of others in what the police disagree with.
ACTION_CANARY = "7 Larch Mews"
DISSENT_CANARY = "afraid of the neighbour"
# What concerns the whole discussion: its agenda, why it went on, why it was started at once,
# why its times were corrected.
AGENDA_CANARY = "the aunt who rang us"
QUORUM_CANARY = "his methadone runs out"
START_CANARY = "3 Elm Row tonight"
TIMES_CANARY = "nobody was let in at 3 Rowan Way"
# Answers of one line, about one child.
SEEN_CANARY = "her uncle at 5 Alder Way"
LEAD_CANARY = "DS Holt, back from surgery"
# Why it was booked late: for social care alone (C7).
LATE_CANARY = "the duty manager was off sick"
OF_A_CHILD = (("seen_by", SEEN_CANARY, "address"), ("police_lead", LEAD_CANARY, "health_of_others"))
OF_ALL = (
    ("agenda", AGENDA_CANARY, "referrer"),
    ("quorum_reason", QUORUM_CANARY, "health_of_others"),
    ("start_reason", START_CANARY, "address"),
    ("times_reason", TIMES_CANARY, "address"),
)
ALL = (
    *CANARIES, ACTION_CANARY, DISSENT_CANARY, LATE_CANARY,
    *(canary for _, canary, _ in (*OF_ALL, *OF_A_CHILD))
)  # fmt: skip
MAY_SEE = {
    "social_care": {*ALL},
    "police": {ADDRESS_CANARY, REFERRER_CANARY, ACTION_CANARY, DISSENT_CANARY, AGENDA_CANARY,
               START_CANARY, TIMES_CANARY, SEEN_CANARY},
    "health": {HEALTH_CANARY, DISSENT_CANARY, QUORUM_CANARY, LEAD_CANARY},
    "education": {ACTION_CANARY},
}  # fmt: skip
# What somebody has to do, or said themselves, whatever it names.
OWN = {"education": {ACTION_CANARY}, "police": {DISSENT_CANARY}}
EXPORTS = (
    (Role.CHAIR, "/dataset/figures.csv"), (Role.CHAIR, "/returns/list5.csv"),
    (Role.CHAIR, "/returns/section47.xml"), (Role.ANALYST, "/dataset/figures.csv"),
    (Role.SYSTEM, "/audit/"), (Role.SYSTEM, "/audit/?what=views"),
)  # fmt: skip
TABLES = ("audit_entry", "audit_view", "record_version", "record_copy", "record_extract",
          "circulation", "outbox_message")  # fmt: skip


def found_in(content: str | bytes) -> set[str]:
    """The canaries in a text, or in bytes in any of the spellings that a PDF may use."""
    if isinstance(content, str):
        return {canary for canary in ALL if canary in " ".join(content.split())}
    spellings = ("utf-8", "utf-16-be", "utf-16-le")
    return {
        canary
        for canary in ALL
        if any(canary.encode(spelling) in content for spelling in spellings)
    }


def say_more(session: Session, meeting: Meeting) -> None:
    """An action, a disagreement and words about the whole, marked as not for every reader."""
    _, police, _, school = meeting.invitees
    # The reason why it went on stands in the record only of one without quorum.
    police.attendance = Attendance.ABSENT
    action = make_action(meeting, school, 9)
    action.what, action.protects = f"Fetch her from {ACTION_CANARY}", "address"
    dissent = Dissent(
        meeting_id=meeting.id, invitee_id=police.id,
        what=f"That she goes to her mother, {DISSENT_CANARY}", why="She is afraid herself",
        recorded_by_id=meeting.chair_id, recorded_at=AFTER,
        struck_at=None, struck_by_id=None, struck_reason=None,
    )  # fmt: skip
    book_late(meeting)
    session.add_all([action, dissent])
    session.flush()
    escalation.open_for(session, meeting, dissent, AFTER)
    write(session, meeting, dissent_scope(dissent.id), "dissent.protected", "health_of_others")
    for field, canary, kind in OF_ALL:
        write(session, meeting, MEETING, field, f"Because of {canary}")
        write(session, meeting, MEETING, f"{field}.protected", kind)
    scope = child_scope(children_of(session, meeting)[0].id)
    held = {(e.scope, e.field): e for e in session.query(Entry).filter_by(meeting_id=meeting.id)}
    for field, canary, kind in OF_A_CHILD:
        held[scope, field].value = f"It is {canary}"
        write(session, meeting, scope, f"{field}.protected", kind)


def book_late(meeting: Meeting) -> None:
    """It began after its deadline, and whoever booked it had to say why."""
    assert meeting.started_at is not None
    kept = restore(meeting.clocks)
    due = kept.clocks[Clock.STRATEGY_DISCUSSION]
    assert isinstance(due, Due)
    dues = kept.clocks | {
        Clock.STRATEGY_DISCUSSION: replace(due, due_at=meeting.started_at - timedelta(hours=1))
    }
    meeting.clocks = snapshot(shipped_protocols()[kept.protocol_id], kept.facts, dues)
    meeting.late_reason = f"Because {LATE_CANARY}"


def entered(session: Session, invitee: Invitee) -> str:
    """Their session, whatever the day is: a link ends fourteen days after the record."""
    invitation = session.get_one(Invitation, invitee.invitation_id)
    invitation.expires_at = now() + timedelta(hours=1)
    return make_guest_session(session, invitee)


def seen(app: Flask, path: str, browser: FlaskClient) -> TestResponse:
    """What is answered, as to a stranger to the request before it."""
    with app.app_context():
        return browser.get(path, follow_redirects=True)


def outputs_of(pdf: bytes) -> dict[str, str]:
    """What a copy shows: its pages, what it says of itself, the data that it carries."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    with pikepdf.open(io.BytesIO(pdf)) as document:
        metadata = document.Root.Metadata.read_bytes().decode() + repr(dict(document.docinfo))
        names = repr(list(document.attachments)) + repr(document.open_outline().root)
    return {
        "text": " ".join(page.extract_text() for page in pages),
        "record.json": repr(attached_record(pdf)),
        "metadata": metadata + names,
    }


def test_the_leak_matrix(
    in_app: Flask, signed_in, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with transaction() as session:
        meeting = make_ended(session, invitees=4, children=2)
        say_more(session, meeting)
        meeting.format, meeting.place = Format.MEETING, f"{ADDRESS_CANARY}, the kitchen"
        sign_as_chair(session, settings_of(in_app), meeting, AFTER)
        people = {one.id: one.agency_kind.value for one in meeting.invitees}
        emails = {one.email: one.agency_kind.value for one in meeting.invitees}
        council(session).secure_domains = sorted(
            {address.rpartition("@")[2] for address in emails if address}
        )
        # A copy attached must be as bare as the one behind the link.
        staff = make_releaser(session)
        releasing.release(session, staff, meeting, 1, {}, True, AFTER, set(people))
    assert set(people.values()) == set(MAY_SEE)
    assert worker.make_copies(settings_of(in_app), LATER) == 4

    with transaction() as session:
        files = {one: circulation.copy_for_invitee(session, one) for one in people}
    for invitee_id, kind in people.items():
        file = files[invitee_id]
        assert file is not None
        pdf = file.pdf
        shown = outputs_of(pdf)
        assert found_in(shown["text"]) == MAY_SEE[kind], kind
        assert found_in(shown["record.json"]) == MAY_SEE[kind], kind
        assert found_in(shown["metadata"]) == set(), kind
        assert found_in(unpacked(pdf)) <= MAY_SEE[kind], kind

    with transaction() as session:
        for row in session.query(OutboxMessage).filter_by(kind="record"):
            assert row.content is not None
            message = BytesParser(policy=policy.default).parsebytes(row.content)
            *words, enclosed = (part for part in message.walk() if not part.is_multipart())
            assert found_in(row.subject + repr(message.items())) == set()
            assert found_in("".join(part.get_content() for part in words)) == set()
            kind = emails[row.recipient]
            assert found_in(outputs_of(enclosed.get_content())["record.json"]) == MAY_SEE[kind]

    chair, path = signed_in(Role.CHAIR), f"/discussions/{meeting.ref}/record"
    whole = chair.get(f"{path}/1.pdf").data
    assert found_in(outputs_of(whole)["text"]) == {*ALL}
    parts = [chair.get(f"{path}/1/actions/{place}.pdf").data for place in range(4)]
    assert [found_in(outputs_of(one)["text"]) for one in parts] == [set(), set(), set(),
                                                                    {ACTION_CANARY}]  # fmt: skip
    assert [found_in(unpacked(one)) for one in parts[:3]] == [set()] * 3
    with transaction() as session:
        # What stands at rest, in the clear, is no place for any of them.
        for table in TABLES:
            rows = session.execute(text(f"SELECT * FROM {table}")).all()
            assert rows, table
            assert found_in(repr(rows)) == set(), table
        sessions = {
            one.agency_kind.value: entered(session, one)
            for one in session.get_one(Meeting, meeting.id).invitees
        }
    for kind, token in sessions.items():
        page = seen(in_app, "/attend", Phone(in_app, token).client)
        assert page.status_code == 200
        assert "record" in page.text
        assert found_in(page.text) == OWN.get(kind, set()), kind
        copy = seen(in_app, "/attend/record", Phone(in_app, token).client)
        assert found_in(outputs_of(copy.data)["text"]) == MAY_SEE[kind]
    while work_out(settings_of(in_app), LATER):
        continue
    for role, path in EXPORTS:
        answer = seen(in_app, path, signed_in(role))
        assert answer.status_code == 200, path
        assert found_in(answer.text) == set(), path
    said = "".join(capfd.readouterr()) + caplog.text
    assert found_in(said) == set()


def test_the_page_behind_the_link_before_the_record(in_app: Flask) -> None:
    """Before the code nothing; before the meeting the reason for whoever may read everything; from
    its end on what is one's own."""
    with transaction() as session:
        meeting = make_ended(session, invitees=4, children=1)
        say_more(session, meeting)
        meeting.need_reason, meeting.state = " ".join(ALL), MeetingState.BOOKED
        ended_at, meeting.ended_at, meeting.started_at = meeting.ended_at, None, None
        links = {one.agency_kind.value: make_link(session, one) for one in meeting.invitees}
        sessions = {one.agency_kind.value: entered(session, one) for one in meeting.invitees}
        name = children_of(session, meeting)[0].given_name
    for token in links.values():
        asked = seen(in_app, f"/i/{token}", in_app.test_client())
        assert asked.status_code == 200
        assert name not in asked.text
        assert found_in(asked.text) == set()
    before = {"social_care": {*ALL}, "education": {ACTION_CANARY}}
    closed = seen(in_app, "/attend", in_app.test_client())
    assert found_in(closed.text) == set()
    for kind, token in sessions.items():
        page = seen(in_app, "/attend", Phone(in_app, token).client).text
        assert name in page
        assert found_in(page) == before.get(kind, set()), kind
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        held.state, held.started_at, held.ended_at = MeetingState.ENDED, ended_at, ended_at
    for kind, token in sessions.items():
        page = seen(in_app, "/attend", Phone(in_app, token).client).text
        assert found_in(page) == OWN.get(kind, set()), kind


def test_whom_the_rules_invite_as_the_referrer_is_not_called_so(in_app: Flask) -> None:
    """The title of an invitee stands unprotected in the table of who took part."""
    with transaction() as session:
        meeting = make_ended(session)
        session.get_one(Referral, meeting.referral_id).referrer_role = None
        facts = case_facts(session, meeting.referral_id, [one.child_id for one in meeting.children])
        (found,) = [one for one in who_must_come(facts, [], AFTER) if one.key == "referrer"]
        chosen = Chosen(found.why, typed=found.typed, rule_id=found.rule_id)
        invitee = add_person(session, meeting, chosen, AFTER, invite=False)
        invitee.attendance = Attendance.BY_PHONE
        draft = service.draft_of(session, meeting, AFTER)
    view = view_for(RecordContent(draft, "0" * SHORTEST_BLINDING), SCHOOL)
    assert isinstance(view.referrer, Withheld)
    (line,) = [one for one in view.attendance if one.name == REFERRER_CANARY]
    assert line.role
    assert "referr" not in repr(view.attendance).lower()


SEARCHES = {Role.ADMINISTRATOR, Role.CHAIR, Role.TRIAGE, Role.SOCIAL_WORKER, Role.OUT_OF_HOURS}


@pytest.mark.parametrize("role", Role)
def test_search_shows_no_role_what_is_protected_or_restricted(
    in_app: Flask, signed_in, role: Role
) -> None:
    """By whatever it is asked, also by the protected words themselves (G5, H2)."""
    with transaction() as session:
        meeting = make_ended(session, invitees=4, children=1)
        say_more(session, meeting)
        hidden = make_meeting(session, children=1)
        on_them = [one.children[0].child_id for one in (meeting, hidden)]
        children = [session.get_one(Child, one) for one in on_them]
        children[1].given_name, children[1].family_name = "Ottoline", "Brackenbury"
        for child in children:
            keys.index(session, child.id, keys.identity(child))
        session.add(
            CaseRestriction(
                referral_id=hidden.referral_id, meeting_id=None, reason="A colleague's child",
                set_by_id=hidden.chair_id, set_at=now(), lifted_at=None, lift_reason=None,
            )
        )  # fmt: skip
        kept = {meeting.referral_id: meeting.ref, hidden.referral_id: hidden.ref}
        refs = {one.id: one.ref for one in session.query(Referral).where(Referral.id.in_([*kept]))}
        police = meeting.invitees[1].agency_name
    browser = signed_in(role)
    if role not in SEARCHES:
        assert browser.get("/search").status_code == 403
        token = browser.get("/session/token").text
        headers = {"X-CSRFToken": token}
        assert browser.post("/search", headers=headers, data={"text": police}).status_code == 403
        return
    asked = ("27/3/2013", police, *ALL)
    shown = {}
    for typed in asked:
        headers = {"X-CSRFToken": browser.get("/session/token").text}
        with in_app.app_context():
            answer = browser.post(
                "/search", headers=headers, data={"text": typed}, follow_redirects=True
            )
        assert answer.status_code == 200, typed
        shown[typed] = answer.text
        # What was typed stands in the box, and in the words that say what was looked for.
        assert found_in(answer.text) <= {typed}, typed
        assert "Brackenbury" not in answer.text and kept[hidden.referral_id] not in answer.text
    of_the_day = shown["27/3/2013"]
    assert refs[meeting.referral_id] in of_the_day and kept[meeting.referral_id] in of_the_day
    # "Restricted" on the day of birth would tell whose case it is.
    assert refs[hidden.referral_id] not in of_the_day
    with transaction() as session:
        assert found_in(repr(session.execute(text("SELECT * FROM search_asked")).all())) == set()
