"""Withdrawn links leave nobody without one who is to have one: no letter leads to a dead link, and
whoever withdraws sends a fresh one, whatever the state (D3, E3, F5)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.session import reading, transaction
from app.invitations.queries import invitation_by_token
from app.invitations.types import LetterKind
from app.meetings import messages
from app.meetings.answers import Deputy, name_deputy
from app.meetings.discussion.models import Action
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import ledger, queries, releasing, reminding, worker
from app.records.address.queries import lines_of
from app.records.recall.page import recall_page
from app.records.recall.service import recall
from app.records.types import Step
from app.records.withdrawing.service import Fresh, fresh_letter, withdraw_links
from app.referrals.sender import Sender
from tests.factories.meetings import make_meeting
from tests.factories.records import make_ended, make_releaser
from tests.integration.records.circulating import AFTER, LATER, deliver, released, settings_of
from tests.page_form import form_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
FRESH = 'name="fresh"'


def letters() -> list[tuple[str, MessageState]]:
    return [(one.kind, one.state) for one in reading().query(OutboxMessage).order_by("id")]


def token_in(message: OutboxMessage) -> str:
    assert message.content is not None
    body = message_from_bytes(message.content, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).split("/i/")[1].split()[0]


def in_state(state: MeetingState) -> tuple[str, int]:
    """A discussion whose second invitee has a letter that waits to leave."""
    with transaction() as session:
        if state is MeetingState.ENDED:
            meeting = make_ended(session, start=now() - timedelta(hours=2))
        else:
            start = now() + timedelta(hours=2 if state is MeetingState.BOOKED else -1)
            meeting = make_meeting(session, state, start=start, at=now() - timedelta(hours=3))
        person = meeting.invitees[1]
        kind = LetterKind.INVITATION
        if state is MeetingState.ENDED:
            kind = LetterKind.ACTIONS
            messages.send_links(session, kind, meeting, [person], SENDER, now())
            for action in session.query(Action).filter_by(owner_id=person.id):
                action.told_at = None
        else:
            messages.send(session, kind, meeting, [person], SENDER, now())
        return meeting.ref, person.id


WAITS = {
    MeetingState.BOOKED: "invitation",
    MeetingState.UNDER_WAY: "invitation",
    MeetingState.ENDED: "actions",
}


@pytest.mark.parametrize("state", WAITS)
def test_a_letter_that_waits_is_withdrawn_with_the_links(in_app, signed_in, state) -> None:
    ref, number = in_state(state)
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    assert letters() == [(WAITS[state], MessageState.WITHDRAWN)]
    overview = desk.get(f"/discussions/{ref}").text
    assert "Links withdrawn" in overview and "Email queued" not in overview

    page = desk.get(here).text  # later, once the mailbox is safe
    assert "Send a fresh link to" in page
    assert desk.post(here, data=form_of(page, here)).status_code == 303
    assert letters() == [
        (WAITS[state], MessageState.WITHDRAWN),
        (WAITS[state], MessageState.QUEUED),
    ]
    row = (
        reading()
        .execute(select(AuditEntry).where(AuditEntry.action == "fresh link sent"))
        .scalar_one()
    )
    assert row.details == {"invitee": number, "links": 0, "sent": WAITS[state]}


@pytest.mark.parametrize("state", WAITS)
def test_a_fresh_link_to_the_same_address_opens(in_app, signed_in, state) -> None:
    ref, number = in_state(state)
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    form = form_of(desk.get(here).text, here) | {"fresh": "y"}
    [old] = [token_in(one) for one in reading().query(OutboxMessage)]
    assert desk.post(here, data=form).status_code == 303
    [new] = [
        token_in(one) for one in reading().query(OutboxMessage).filter_by(state=MessageState.QUEUED)
    ]
    assert invitation_by_token(reading(), old, now()) is None
    found = invitation_by_token(reading(), new, now())
    assert found is not None
    assert found.id == reading().get_one(Invitee, number).invitation_id
    told = reading().query(Action).filter_by(owner_id=number)
    assert all(one.told_at for one in told)
    assert bool(told.count()) is (state is MeetingState.ENDED)


@pytest.mark.parametrize("by_link", [True, False])
def test_whoever_was_named_by_such_a_link_is_pointed_out(in_app, signed_in, by_link) -> None:
    """They have a link and the dial-in of their own (D4, D7)."""
    ref, number = in_state(MeetingState.BOOKED)
    with transaction() as session:
        invitee = session.get_one(Invitee, number)
        guest = Actor(ActorKind.GUEST, invitee.invitation_id, "invitee: Police")
        staff = make_releaser(session).actor
        eve = Deputy(name="Eve Holt", email="eve@other.example", checked=True)
        colleague = name_deputy(
            session, invitee, eve, SENDER, guest if by_link else staff, now()
        ).id
        name = invitee.name
    page = signed_in(Role.ADMINISTRATOR).get(f"/discussions/{ref}/invitees/{number}/links").text
    assert f"{name} stays invited" not in page
    assert ("Eve Holt was named to come instead" in page) is by_link
    assert (f"/discussions/{ref}/invitees/{colleague}/links" in page) is by_link


def test_copies_that_no_letter_may_tell_of_keep_nobody_from_theirs(in_app, monkeypatch) -> None:
    released(in_app)
    monkeypatch.setattr(worker, "BATCH", 1)
    with transaction() as session:
        first, *_ = sorted(queries.circulation_to_send(session, 9), key=lambda line: line.id)
        session.get_one(Invitee, first.invitee_id).links_withdrawn_at = now()
    assert worker.make_copies(settings_of(in_app), AFTER) == 1
    waits = {
        line.invitee_id: line.sent_at is None for line in lines_of(reading(), first.invitee_id)
    }
    assert waits == {first.invitee_id: True}


def test_whoever_has_nothing_to_do_after_the_end_waits_for_the_record(in_app, signed_in) -> None:
    ref, number = in_state(MeetingState.ENDED)
    with transaction() as session:
        for action in session.query(Action).filter_by(owner_id=number):
            action.removed_at, action.removed_reason = now(), "Not agreed"
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    page = desk.get(here).text
    assert FRESH not in page and "No letter is due to them now" in page
    refused = desk.post(here, data=form_of(page, here) | {"fresh": "y"})
    assert refused.status_code == 422 and "No letter is due to them now" in refused.text


def test_the_letter_about_a_signed_record_is_sent_anew_and_the_ledger_knows(
    in_app, signed_in
) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), AFTER)
    with transaction() as session:
        reader = session.get_one(Meeting, meeting.id).invitees[1]
        ref, number = meeting.ref, reader.id
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    assert step(meeting.id, number) is Step.FAILED

    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    assert step(meeting.id, number) is Step.WAITING
    worker.make_copies(settings_of(in_app), LATER)
    assert step(meeting.id, number) is Step.QUEUED
    with transaction() as session:
        deliver(session)
    assert step(meeting.id, number) is Step.SENT


def test_whoever_nothing_tells_any_more_is_telephoned(in_app, signed_in) -> None:
    """C7, G1: what waited to leave was taken back, and no reminder goes there."""
    ref, number = in_state(MeetingState.BOOKED)
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    desk.post(here, data=form_of(desk.get(here).text, here))
    name = reading().get_one(Invitee, number).name
    told = f"not told of it since their links were withdrawn: {name}."
    page = desk.get("/").text
    assert told in page and f'href="/discussions/{ref}/calls"' in page
    calls = f"/discussions/{ref}/calls/{number}"
    said = form_of(desk.get(f"/discussions/{ref}/calls").text, calls) | {"outcome": "spoke"}
    assert desk.post(calls, data=said).status_code == 303
    assert told not in desk.get("/").text


def step(meeting_id: int, number: int) -> Step:
    session = reading()
    version = queries.newest_version(session, meeting_id)
    assert version is not None
    lines = ledger.ledger_of(session, version.id)
    return next(one.step for one in lines if one.invitee_id == number)


def test_no_copy_and_no_reminder_goes_there_until_it_is_sent_again(in_app, signed_in) -> None:
    meeting = released(in_app)
    with transaction() as session:
        reader = session.get_one(Meeting, meeting.id).invitees[1]
        number = reader.id
        ensured = messages.ensure_invitation(session, reader, AFTER)
        assert ensured is not None
        reader.links_withdrawn_at = AFTER
    worker.make_copies(settings_of(in_app), AFTER)
    assert step(meeting.id, number) is Step.WAITING
    assert [kind for kind, _ in letters()] == ["record"]  # the chair's alone

    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        [line] = [one for one in lines_of(session, number) if one.sent_at is None]
        releasing.send_again(session, make_releaser(session), held, line.id, LATER)
    worker.make_copies(settings_of(in_app), LATER)
    assert step(meeting.id, number) is Step.QUEUED
    with transaction() as session:
        deliver(session)
        reader = session.get_one(Invitee, number)
        assert reader.links_withdrawn_at is None
        reader.links_withdrawn_at = LATER
        in_time = LATER + timedelta(days=4)
        due = reminding.unread(session, in_time, 50)
        assert len(due) == 1  # the chair's
        [line] = lines_of(session, number)
        assert reminding.remind(session, line.id, SENDER, in_time) == 0


def test_a_recall_does_not_write_there_and_says_whom_to_telephone(in_app) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliver(session)
        held = session.get_one(Meeting, meeting.id)
        person = held.invitees[1]
        person.links_withdrawn_at = LATER
        session.flush()
        [line] = recall_page(session, held).not_by_email
        assert (line.invitee_id, line.why_no_letter) == (person.id, "Their links are withdrawn")
        done = recall(session, make_releaser(session), held, 1, "Wrong", SENDER, LATER)
        assert (done.told, done.not_by_email) == (1, (person.name,))
        assert fresh_letter(session, held, person, LATER) is Fresh.ACTIONS
        staff = make_releaser(session)
        withdraw_links(session, staff, held.ref, person.id, SENDER, LATER, fresh=True)
    assert letters()[-1] == ("actions", MessageState.QUEUED)


@pytest.mark.parametrize("state", WAITS)
def test_the_row_says_so_until_a_fresh_link_goes(in_app, signed_in, state) -> None:
    ref, number = in_state(state)
    with transaction() as session:
        deliver(session)
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    row = row_of(desk.get(f"/discussions/{ref}").text, number)
    assert "send a fresh link, or telephone." in row
    assert "Send a fresh link<" in row and "Withdraw the links" not in row

    assert desk.post(here, data=form_of(desk.get(here).text, here)).status_code == 303
    row = row_of(desk.get(f"/discussions/{ref}").text, number)
    assert "Links withdrawn" not in row
    assert "Withdraw the links" in row


def row_of(page: str, number: int) -> str:
    before, after = page.split(f'id="links-{number}"')
    return before.rsplit("<tr", 1)[1] + after.split("</tr>", 1)[0]


def test_the_ledger_says_so_until_the_copy_is_sent_again(in_app, signed_in) -> None:
    meeting = released(in_app)
    worker.make_copies(settings_of(in_app), AFTER)
    with transaction() as session:
        deliver(session)
        ref, number = meeting.ref, session.get_one(Meeting, meeting.id).invitees[1].id
    desk, here = signed_in(Role.ADMINISTRATOR), f"/discussions/{ref}/invitees/{number}/links"
    circulation = f"/discussions/{ref}/record/circulate"
    page = desk.get(here).text
    assert f'href="{circulation}"' in page
    assert desk.post(here, data=form_of(page, here)).status_code == 303
    ledger_page = desk.get(circulation).text
    assert ledger_page.count("send again or telephone") == 1
    [line] = lines_of(reading(), number)
    again = f"{circulation}/{line.id}/again"
    assert desk.post(again, data=form_of(ledger_page, again)).status_code == 303
    assert "send again or telephone" not in desk.get(circulation).text
