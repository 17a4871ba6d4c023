"""Nobody whom the desk removed is let in again as somebody's colleague (C4, C7, D4)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings import answers
from app.meetings.models import Invitee
from app.outbox.models import OutboxMessage
from tests.clock import FRIDAY
from tests.factories.booking import SENDER
from tests.factories.meetings import make_meeting, make_person
from tests.integration.guests.attending import Invited
from tests.page_form import form_of

GUEST = Actor(ActorKind.GUEST, 1, "Invitee")
WHY = "Partner of the alleged perpetrator"


def _remove(session: Any, invitee: Invitee) -> tuple[str, str]:
    invitee.removed_at, invitee.removed_reason = now(), WHY
    session.flush()
    return invitee.name, invitee.email or ""


def test_a_guest_is_sent_to_the_desk_and_learns_nothing(app: Any, change: Any) -> None:
    police = Invited(app, change)
    with change() as session:
        name, email = _remove(session, police.invitee(session).meeting.invitees[3])
    typed = {"name": name, "role": "Nurse", "email": email.upper(), "decides": "no"}
    # The tick of the desk's own page is no field here.
    typed |= {"checked": "y", "after_all": "y"}
    refused = police.phone.post("/attend/colleague", "/attend", "colleague", **typed)
    assert refused.status_code == 422
    assert "This colleague can only be invited by the desk: telephone it" in refused.text
    assert WHY not in refused.text and "removed" not in refused.text
    with change() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
        assert not [one for one in police.invitee(session).meeting.invitees if one.deputy_for_id]


def test_an_address_that_was_changed_in_the_directory_lets_nobody_in(in_app: None) -> None:
    with transaction() as session:
        first, *_rest, last = make_meeting(session, invitees=4).invitees[1:]
        person = make_person(session)
        last.professional_id = person.id
        _remove(session, last)
        person.email = "new.address@nhs-trust.example"
        ids = first.id
    with pytest.raises(Refused) as refused, transaction() as session:
        typed = answers.Deputy("Jo Deputy", "new.address@nhs-trust.example", checked=True)
        invitee = session.get(Invitee, ids)
        answers.name_deputy(session, invitee, typed, SENDER, GUEST, FRIDAY)
    assert refused.value.field == "email"


def test_nor_whoever_reads_an_address_that_was_wrong(in_app: None) -> None:
    with transaction() as session:
        first, *_rest, last = make_meeting(session, invitees=4).invitees[1:]
        _remove(session, last)
        last.wrong_address = True
        ids, email = first.id, last.email or ""
    with pytest.raises(Refused), transaction() as session:
        typed = answers.Deputy("Jo Deputy", email, checked=True)
        answers.name_deputy(session, session.get(Invitee, ids), typed, SENDER, GUEST, FRIDAY)


def test_the_desk_is_told_why_and_ticks_that_they_may_come(app: Any, desk: Any) -> None:
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, invitees=4)
        first, *_rest, last = meeting.invitees[1:]
        name, email = _remove(session, last)
        ref, first_id, last_id = meeting.ref, first.id, last.id
    page = f"/discussions/{ref}/invitees/{first_id}/colleague"
    shown = desk.get(page).text
    assert 'name="after_all"' not in shown
    typed = form_of(shown, page) | {"name": name, "role": "Nurse", "decides": "yes"}
    typed |= {"email": email, "checked": "y"}
    refused = desk.post(page, data=typed)
    assert refused.status_code == 422 and 'name="after_all"' in refused.text
    assert f"{name} was removed from this discussion ({WHY}): check who it is" in refused.text
    again = form_of(refused.text, page) | typed | {"after_all": "y"}
    assert desk.post(page, data=again).status_code == 303
    assert "Was removed from this discussion before." in desk.get(f"/discussions/{ref}").text
    with app.app_context():
        rows = reading().execute(select(AuditEntry).where(AuditEntry.action == "colleague named"))
        assert rows.scalars().one().details["removed_before"] == last_id


def test_by_telephone_alone_the_number_tells_who_it_is(in_app: None) -> None:
    staff = Actor(ActorKind.STAFF, None, "Desk")
    with transaction() as session:
        first, *_rest, last = make_meeting(session, invitees=4).invitees[1:]
        last.telephone = "01632 960321"
        _remove(session, last)
        ids = first.id
    typed = answers.Deputy("Jo Deputy", "", "DS", "01632 960321")
    with pytest.raises(Refused) as refused, transaction() as session:
        answers.name_deputy(session, session.get(Invitee, ids), typed, SENDER, staff, FRIDAY)
    assert refused.value.field == "after_all"
