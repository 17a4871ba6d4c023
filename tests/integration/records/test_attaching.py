"""A copy travels by mail to the secure list alone; readers are reminded (F5)."""

from __future__ import annotations

from datetime import timedelta
from email import policy
from email.parser import BytesParser

import pytest
from flask import Flask

from app.accounts.types import Role
from app.core.refusal import Refused
from app.core.session import transaction
from app.directory.queries import council
from app.invitations.models import Invitation
from app.meetings.models import Meeting
from app.outbox.models import OutboxMessage
from app.records import circulation, ledger, queries, releasing, reminding, service, worker
from app.records.models import Circulation
from app.records.sealing import certificates_of
from app.records.types import Found
from app.records.verification import verify_file
from tests.factories.records import make_releaser, make_signed
from tests.integration.records.circulating import (
    AFTER,
    GUEST,
    LATER,
    deliver,
    released,
    settings_of,
)
from tests.page_form import form_of

DAY = timedelta(days=1)


def domain_of(meeting: Meeting, place: int) -> str:
    return (meeting.invitees[place].email or "").rpartition("@")[2]


@pytest.fixture
def signed(in_app: Flask) -> Meeting:
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
        council(session).secure_domains = [domain_of(meeting, 1)]
        meeting.invitees[0].email = "chair@elsewhere.example"
    return meeting


def letters() -> dict[str, list[tuple[str, bytes]]]:
    """By recipient, the parts of the letter about the record: content type and content."""
    found = {}
    with transaction() as session:
        for row in session.query(OutboxMessage).filter_by(kind="record"):
            assert row.content is not None
            message = BytesParser(policy=policy.default).parsebytes(row.content)
            found[row.recipient] = [
                (part.get_content_type(), part.get_payload(decode=True))
                for part in message.walk()
                if not part.is_multipart()
            ]
    return found


def test_only_the_secure_list_gets_the_copy_attached(in_app: Flask, signed: Meeting) -> None:
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        chair, police = (one.id for one in meeting.invitees)
        address = meeting.invitees[1].email
        staff = make_releaser(session)
        with pytest.raises(Refused, match="not on the secure list") as refused:
            releasing.release(session, staff, meeting, 1, {}, True, AFTER, {chair})
        assert refused.value.field == f"attach_{chair}"
        releasing.release(session, staff, meeting, 1, {}, True, AFTER, {police})
    assert worker.make_copies(settings_of(in_app), LATER) == 2
    made = letters()
    (_, pdf) = made[address][-1]
    assert [kind for kind, _ in made[address]] == ["text/plain", "text/html", "application/pdf"]
    with transaction() as session:
        copy = circulation.copy_for_invitee(session, police)
        assert copy is not None
        assert pdf == copy.pdf
        verdict = verify_file(session, pdf, certificates_of(settings_of(in_app)))
        assert verdict.found is Found.GENUINE
        lines = ledger.ledger_of(session, queries.newest_version(session, signed.id).id)
        assert {line.invitee_id: line.attached for line in lines} == {chair: False, police: True}
    others = [parts for to, parts in made.items() if to != address]
    assert [[kind for kind, _ in parts] for parts in others] == [["text/plain", "text/html"]]


def test_an_address_that_left_the_list_meanwhile_gets_the_link_alone(
    in_app: Flask, signed: Meeting
) -> None:
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        police = meeting.invitees[1].id
        releasing.release(session, make_releaser(session), meeting, 1, {}, True, AFTER, {police})
        council(session).secure_domains = []
    worker.make_copies(settings_of(in_app), LATER)
    assert all(len(parts) == 2 for parts in letters().values())
    with transaction() as session:
        assert not any(row.attached for row in session.query(Circulation))


def test_the_page_offers_it_where_the_list_allows(
    in_app: Flask, signed: Meeting, signed_in
) -> None:
    with transaction() as session:
        chair, police = (one.id for one in session.get_one(Meeting, signed.id).invitees)
    desk = signed_in(Role.ADMINISTRATOR)
    path = f"/discussions/{signed.ref}/record/circulate"
    page = desk.get(path).text
    assert f'name="attach_{police}"' in page
    assert f'name="attach_{chair}"' not in page
    given = dict(form_of(page, path)) | {"checked": "y"}
    forged = desk.post(path, data=given | {f"attach_{chair}": "y"})
    assert forged.status_code == 422
    assert "not on the secure list" in forged.text
    assert desk.post(path, data=given | {f"attach_{police}": "y"}).status_code == 303
    assert "Attached to the email" in desk.get(path).text


def test_readers_are_reminded_twice_until_they_say_that_they_read_it(in_app: Flask) -> None:
    meeting = released(in_app, invitees=2)
    settings = settings_of(in_app)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        deliver(session)
        _, second = (one.id for one in session.get_one(Meeting, meeting.id).invitees)
        circulation.mark_opened(session, GUEST, second, LATER)
        circulation.acknowledge(session, GUEST, second, LATER)
        # Their actions are open, so their links do not end.
        assert {row.expires_at for row in session.query(Invitation)} == {None}
    days = [worker.remind_readers(settings, LATER + DAY * day) for day in (2, 3, 4, 7, 8, 40)]
    assert days == [0, 1, 0, 1, 0, 0]
    with transaction() as session:
        sent = session.query(OutboxMessage).filter_by(kind="record_reminder").all()
        assert len(sent) == 2
        assert all(row.subject.startswith("Reminder: the record of") for row in sent)


@pytest.mark.parametrize("what", ["withheld", "correcting", "removed"])
def test_nobody_is_reminded_of_what_does_not_hold_any_more(in_app: Flask, what: str) -> None:
    meeting = released(in_app, invitees=2)
    settings = settings_of(in_app)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        deliver(session)
        held, staff = session.get_one(Meeting, meeting.id), make_releaser(session)
        if what == "correcting":
            service.correct(session, staff, held, "A wrong date", LATER)
        for row in session.query(Circulation):
            if what == "withheld":
                releasing.withhold(session, staff, held, row.id, "Not theirs", LATER)
        for one in held.invitees:
            one.removed_at = LATER if what == "removed" else None
    assert worker.remind_readers(settings, LATER + 3 * DAY) == 0


def test_who_waits_for_the_second_reminder_keeps_nobody_from_the_first(in_app: Flask) -> None:
    released(in_app)
    settings = settings_of(in_app)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        first, second = session.query(Circulation).order_by(Circulation.id)
        first.reminders = 1
        ids = (first.id, second.id)
        session.flush()
        assert reminding.unread(session, LATER + 3 * DAY - timedelta(minutes=1), 1) == []
        assert reminding.unread(session, LATER + 4 * DAY, 1) == [ids[1]]
        assert reminding.unread(session, LATER + 7 * DAY, 2) == list(ids)
