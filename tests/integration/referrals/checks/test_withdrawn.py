"""A request that is withdrawn: the agency is told in one line, and its link ends (A6, D3)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.invitations.models import Invitation
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals import queries as referrals
from app.referrals.checks import ending
from app.referrals.checks.models import AgencyCheck
from tests.factories.checks import SENDER, make_check, staff_actor
from tests.page_form import form_of


def ask(held):
    with transaction() as session:
        return make_check(session, referrals.by_ref(session, held.ref))


def letters(check):
    rows = select(OutboxMessage).where(OutboxMessage.subject.contains(check.ref))
    found = list(reading().execute(rows.order_by(OutboxMessage.id)).scalars())
    return [(one.kind, one.state) for one in found], found[-1]


def withdraw(check, at):
    with transaction() as session:
        current = session.get_one(AgencyCheck, check.id)
        ending.withdraw(
            session, staff_actor(session), current, "Wrong agency", SENDER, at, current.version
        )
    db.session.remove()


def sent_as(check, state):
    with transaction() as session:
        session.get_one(
            OutboxMessage, session.get_one(AgencyCheck, check.id).message_id
        ).state = state
    db.session.remove()


def test_an_agency_is_told_when_its_request_is_withdrawn_and_its_link_ends(held):
    check = ask(held)
    name = held.children[0].child.family_name
    sent_as(check, MessageState.SENT)
    at = now()
    withdraw(check, at)
    found, last = letters(check)
    assert found == [
        ("request", MessageState.SENT), ("request_withdrawn", MessageState.QUEUED),
    ]  # fmt: skip
    message = message_from_bytes(last.content, policy=policy.default)
    body = message.get_body(("plain",)).get_content()
    assert str(message["Subject"]) == f"Withdrawn: request for information {check.ref}"
    assert f"Request {check.ref} is withdrawn: your answer is no longer needed." in body
    for told in (name, "Wrong agency", "/r/", held.ref):
        assert told not in message.as_string() and told not in body
    with transaction() as session:
        assert session.get_one(Invitation, check.invitation_id).expires_at == at + timedelta(days=1)


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.BOUNCED])
def test_whom_no_letter_reached_gets_none_that_takes_it_back(held, state):
    check = ask(held)
    sent_as(check, state)
    withdraw(check, now())
    left = MessageState.WITHDRAWN if state is MessageState.QUEUED else state
    assert letters(check)[0] == [("request", left)]


def test_a_decision_tells_those_whose_requests_it_withdraws(signed_in, held):
    triage = signed_in(Role.TRIAGE)
    told, wanted = ask(held), ask(held)
    for one in (told, wanted):
        sent_as(one, MessageState.SENT)
    page = f"/referrals/{held.ref}/decision"
    fields = form_of(triage.get(page).text, page)
    answer = triage.post(
        page,
        data=fields
        | {"outcome": "advice", "reason": "Told whom to ring", "wanted": [wanted.ref],
           "wanted_because": "The school knows more"},
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    assert [kind for kind, _ in letters(told)[0]] == ["request", "request_withdrawn"]
    assert [kind for kind, _ in letters(wanted)[0]] == ["request"]
