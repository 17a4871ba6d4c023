"""Somebody disagrees by their link: the chair is told, and each step has its clock (E4)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select, update

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import db, reading
from app.meetings.escalation.models import Escalation, EscalationNote
from app.meetings.escalation.types import Ending
from app.meetings.escalation.worker import warn_late
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from tests.factories.accounts import make_staff
from tests.integration.guests.attending import Invited
from tests.page_form import form_of

WHAT, WHY = "No joint enquiry for Kofi", "The burn on his arm is a crime"


@pytest.fixture
def police(app, change) -> Invited:
    """Their record is signed already: nobody sits at the chair's page any more."""
    invited = Invited(app, change)
    invited.set_state(MeetingState.SIGNED)
    return invited


def disagree(police: Invited):
    return police.phone.post("/attend/disagree", "/attend", "disagree", what=WHAT, why=WHY)


def notices(session) -> list[tuple[list[str], str]]:
    """Recipients and text of each notice to staff, in order."""
    rows = session.execute(
        select(OutboxMessage).where(OutboxMessage.kind == "notice").order_by(OutboxMessage.id)
    ).scalars()
    found = []
    for row in rows:
        message = message_from_bytes(row.content, policy=policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        found.append(([row.recipient], f"{message['Subject']}\n{body.get_content()}"))
    return found


def address(police: Invited) -> str:
    return f"/discussions/{police.ref}/disagreements"


def send(browser, police: Invited, press: str, **typed: str):
    """Fill the form of the one disagreement and press a button."""
    with police.change() as session:
        [escalation_id] = session.execute(select(Escalation.id)).scalars()
    there = f"{address(police)}/{escalation_id}"
    prefix = f"step-{escalation_id}-"
    data = form_of(browser.get(address(police)).text, there)
    data = {name: value for name, value in data.items() if not name.endswith(("-next", "-end"))}
    data |= {prefix + name: value for name, value in typed.items()} | {prefix + press: "yes"}
    return browser.post(there, data=data)


def test_dissent_after_the_signature_tells_the_chair(police):
    assert disagree(police).status_code == 303
    with police.change() as session:
        chair = session.get_one(Staff, session.get_one(Meeting, police.meeting_id).chair_id)
        [(to, text)] = notices(session)
        assert to == [chair.email]
        assert f"/discussions/{police.ref}/disagreements" in text
        for word in (WHAT, WHY, "Kofi", "police", "Police"):
            assert word not in text
        escalation = session.execute(select(Escalation)).scalar_one()
        assert (escalation.step, escalation.ended_at) == (0, None)
        assert escalation.due_at > now()
    page = police.phone.get("/attend").text
    assert "How it is resolved: The practitioners themselves, with the chair, by" in page


def test_without_a_chair_every_manager_is_told(police):
    with police.change() as session:
        other = make_staff(session, Role.CHAIR)
        gone = session.get_one(Staff, session.get_one(Meeting, police.meeting_id).chair_id)
        gone.ended_at = now()
        email = other.email
    disagree(police)
    with police.change() as session:
        assert [to for to, _ in notices(session)] == [[email]]


def test_up_the_ladder_to_its_end(police, signed_in):
    chair = signed_in(Role.CHAIR)
    assert "Nobody has said that they disagree" in chair.get(address(police)).text
    disagree(police)
    page = chair.get(address(police)).text
    assert WHAT in page and WHY in page and "by their link" in page
    assert "practitioners" in page and "IMAP 9" in page and "Bromley, version" in page
    empty = send(chair, police, "next", words="")
    assert empty.status_code == 422 and "Say who spoke with whom" in empty.text
    assert send(chair, police, "next", words="Spoke with DS Rahman at 10").status_code == 303
    page = chair.get(address(police)).text
    assert "Spoke with DS Rahman at 10" in page and "agency-managers" in page
    how = send(chair, police, "end", words="The managers met")
    assert how.status_code == 422 and "Choose how it ended" in how.text
    assert "The managers met" in how.text
    send(chair, police, "next", words="The managers met")
    send(chair, police, "next", words="The partnership heard both")
    page = chair.get(address(police)).text
    assert "This is the last step" in page and "take it to the next step</button>" not in page
    last = send(chair, police, "next", words="Further up")
    assert last.status_code == 422 and "is the last step" in last.text
    ended = send(chair, police, "end", words="Joint after all", ending="changed")
    assert ended.status_code == 303
    page = chair.get(address(police)).text
    assert "The decision is changed" in page and "<textarea" not in page
    assert "The decision is changed" in police.phone.get("/attend").text
    with police.change() as session:
        escalation = session.execute(select(Escalation)).scalar_one()
        assert (escalation.step, escalation.ending) == (3, Ending.CHANGED)
        notes = session.execute(select(EscalationNote).order_by(EscalationNote.step)).scalars()
        assert [note.step for note in notes] == [0, 1, 2, 3]
        written = " ".join(str(row.details) for row in session.scalars(select(AuditEntry)))
        assert "Rahman" not in written and "senior-officers" in written


def test_two_who_record_at_once_do_not_skip_a_step(police, signed_in):
    disagree(police)
    chair = signed_in(Role.CHAIR)
    with police.change() as session:
        escalation_id = session.execute(select(Escalation.id)).scalar_one()
    there = f"{address(police)}/{escalation_id}"
    prefix = f"step-{escalation_id}-"
    open_page = form_of(chair.get(address(police)).text, there)
    send(chair, police, "next", words="First")
    stale = {name: value for name, value in open_page.items() if not name.endswith("-end")}
    stale |= {f"{prefix}words": "Second", f"{prefix}next": "yes"}
    late = chair.post(there, data=stale)
    assert late.status_code == 422 and "Somebody else recorded something" in late.text
    assert "Second" in late.text
    with police.change() as session:
        assert session.execute(select(Escalation.step)).scalar_one() == 1


def test_a_step_that_takes_too_long_is_told_once(in_app, police):
    disagree(police)
    settings = in_app.extensions["settings"]
    due_at = reading().execute(select(Escalation.due_at)).scalar_one()
    db.session.remove()

    def run(moment):
        told = warn_late(settings, moment)
        db.session.remove()
        return told

    assert run(due_at) == 0
    assert run(due_at + timedelta(seconds=1)) == 1
    assert run(due_at + timedelta(hours=1)) == 0
    with police.change() as session:
        assert "Late: a disagreement" in notices(session)[-1][1]
        # The next step has a time, and a warning, of its own.
        session.execute(update(Escalation).values(step=1, due_at=due_at + timedelta(days=1)))
    assert run(due_at + timedelta(hours=25)) == 1
    with police.change() as session:
        session.execute(update(Escalation).values(step=2, ended_at=due_at, ending=Ending.AGREED))
    assert run(due_at + timedelta(days=9)) == 0


def test_a_warning_that_reaches_nobody_goes_to_whoever_comes(in_app, police):
    """F1: where nobody may sign, nobody was told."""
    disagree(police)
    settings = in_app.extensions["settings"]
    due_at = reading().execute(select(Escalation.due_at)).scalar_one()
    db.session.remove()
    with police.change() as session:
        session.execute(update(Staff).values(ended_at=due_at))
    assert warn_late(settings, due_at + timedelta(hours=1)) == 0
    db.session.remove()
    with police.change() as session:
        assert session.execute(select(Escalation.warned_step)).scalar_one() is None
        make_staff(session, Role.CHAIR)
    assert warn_late(settings, due_at + timedelta(hours=2)) == 1
    db.session.remove()
    assert warn_late(settings, due_at + timedelta(hours=3)) == 0


def test_it_stands_on_the_first_page_and_the_chairs_page(police, signed_in):
    disagree(police)
    chair = signed_in(Role.CHAIR)
    page = chair.get("/").text
    assert "Resolve the disagreement" in page and address(police) in page
    assert address(police) in chair.get(f"/discussions/{police.ref}/hold").text
    assert address(police) in chair.get(f"/discussions/{police.ref}").text


def test_who_may_only_read_gets_no_form(police, signed_in):
    disagree(police)
    page = signed_in(Role.ADMINISTRATOR).get(address(police))
    assert page.status_code == 200 and "<textarea" not in page.text


def test_another_discussions_disagreement_is_not_found(police, signed_in, app, change):
    disagree(police)
    other = Invited(app, change)
    chair = signed_in(Role.CHAIR)
    with change() as session:
        escalation_id = session.execute(select(Escalation.id)).scalar_one()
    own = f"{address(police)}/{escalation_id}"
    data = form_of(chair.get(address(police)).text, own)
    data |= {f"step-{escalation_id}-words": "Not mine", f"step-{escalation_id}-next": "yes"}
    assert chair.post(f"{address(other)}/{escalation_id}", data=data).status_code == 404
    assert chair.post(own, data=data).status_code == 303
