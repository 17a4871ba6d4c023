"""What was recorded by mistake is struck before the record is signed, and never deleted (E4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.meetings.discussion import people
from app.meetings.discussion.content import content_of, discussion_snapshot
from app.meetings.discussion.models import Dissent
from app.meetings.discussion.types import DissentOrder
from app.meetings.escalation.models import Escalation
from app.meetings.escalation.service import hand_on
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.records.service import correct
from tests.factories.records import make_ended, make_releaser, sign_as_chair
from tests.integration.guests.attending import Invited
from tests.page_form import form_of

MINUTE = timedelta(minutes=1)
WHAT, WHY = "No joint enquiry for Kofi", "The burn on his arm is a crime"
REASON = "It was said by health, not by the police"


@pytest.fixture
def recorded(app, change):
    """The chair recorded a disagreement of the police; the record is not signed."""
    invited = Invited(app, change)
    invited.set_state(MeetingState.ENDED)
    with change() as session:
        meeting = session.get_one(Meeting, invited.meeting_id)
        police = meeting.invitees[1]
        chair = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
        order = DissentOrder(police.id, WHAT, WHY)
        people.add_dissent(session, chair, meeting, order, now() - timedelta(minutes=5))
        invited.escalation_id = session.execute(select(Escalation.id)).scalar_one()
    return invited


def address(case: Invited) -> str:
    return f"/discussions/{case.ref}/disagreements"


def strike(browser, case: Invited, reason: str = REASON):
    there = f"{address(case)}/{case.escalation_id}/strike"
    typed = form_of(browser.get(there).text, there)
    return browser.post(there, data=typed | {"reason": reason})


def test_it_stays_with_the_case_struck_through_and_the_record_is_without_it(recorded, signed_in):
    chair = signed_in(Role.CHAIR)
    assert "Strike it" in chair.get(f"/discussions/{recorded.ref}/hold").text
    assert "Resolve the disagreement" in chair.get("/").text
    asked = chair.get(f"{address(recorded)}/{recorded.escalation_id}/strike").text
    back = (
        f'<a class="govuk-link" href="{address(recorded)}#disagreement-{recorded.escalation_id}">'
    )
    assert f"{back}Leave it as it is</a>" in asked
    empty = strike(chair, recorded, "")
    assert empty.status_code == 422 and "Say why it is struck" in empty.text
    assert strike(chair, recorded).status_code == 303
    for page in (address(recorded), f"/discussions/{recorded.ref}/hold"):
        shown = chair.get(page).text
        assert f'<s class="app-typed">{WHAT}</s>' in shown and ">Struck</strong>" in shown
        assert REASON in shown and "Strike it" not in shown and WHY in shown
    # Its clock has ended.
    assert "Resolve the disagreement" not in chair.get("/").text
    with recorded.change() as session:
        meeting = session.get_one(Meeting, recorded.meeting_id)
        assert content_of(session, meeting).dissents == ()
        assert discussion_snapshot(session, meeting).dissents == 0
        row = session.execute(select(Dissent)).scalar_one()
        assert (row.what, row.struck_reason) == (WHAT, REASON)
        assert session.execute(select(Escalation.ended_at)).scalar_one() == row.struck_at
        entry = session.execute(
            select(AuditEntry).where(AuditEntry.action == "struck a disagreement")
        ).scalar_one()
        assert entry.actor_id == row.struck_by_id and REASON not in str(entry.details)
    assert WHAT not in recorded.phone.get("/attend").text


def test_once_the_record_is_signed_nothing_is_struck(recorded, signed_in):
    chair = signed_in(Role.CHAIR)
    there = f"{address(recorded)}/{recorded.escalation_id}/strike"
    typed = form_of(chair.get(there).text, there) | {"reason": REASON}
    recorded.set_state(MeetingState.SIGNED)
    late = chair.post(there, data=typed)
    assert late.status_code == 422 and "signed and final" in late.text and REASON in late.text
    assert chair.get(there).status_code == 303
    assert "Strike it" not in chair.get(address(recorded)).text


def test_a_correction_strikes_nothing_that_stands_in_the_signed_record(app, change, signed_in):
    with change() as session:
        meeting = make_ended(session)
        chair = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
        order = DissentOrder(meeting.invitees[1].id, WHAT, WHY)
        start = meeting.ended_at
        people.add_dissent(session, chair, meeting, order, start + MINUTE)
        sign_as_chair(session, app.extensions["settings"], meeting, start + 2 * MINUTE)
        correct(session, make_releaser(session), meeting, "A wrong date", start + 3 * MINUTE)
        # What is recorded for the corrected record is not signed yet.
        people.add_dissent(session, chair, meeting, order, start + 4 * MINUTE)
        ref = meeting.ref
        signed, new = session.execute(select(Escalation.id).order_by(Escalation.id)).scalars()
    browser = signed_in(Role.CHAIR)
    there = [f"/discussions/{ref}/disagreements/{one}/strike" for one in (signed, new)]
    for page in (f"/discussions/{ref}/disagreements", f"/discussions/{ref}/hold"):
        shown = browser.get(page).text
        assert there[0] not in shown and there[1] in shown
    assert browser.get(there[0]).status_code == 303
    typed = form_of(browser.get(there[1]).text, there[1]) | {"reason": REASON}
    late = browser.post(there[0], data=typed)
    assert late.status_code == 422 and "stands in the signed record" in late.text
    assert browser.post(there[1], data=typed).status_code == 303


def test_what_went_up_the_ladder_is_not_struck(recorded, signed_in):
    chair = signed_in(Role.CHAIR)
    there = f"{address(recorded)}/{recorded.escalation_id}/strike"
    typed = form_of(chair.get(there).text, there) | {"reason": REASON}
    with recorded.change() as session:
        held = session.get_one(Escalation, recorded.escalation_id)
        meeting = session.get_one(Meeting, recorded.meeting_id)
        actor = Actor(ActorKind.STAFF, meeting.chair_id, "Chair")
        hand_on(session, actor, meeting, held, "Spoken, in vain.", held.version, now())
    late = chair.post(there, data=typed)
    assert late.status_code == 422 and "next step" in late.text
    assert chair.get(there).status_code == 303
    assert "Strike it" not in chair.get(address(recorded)).text


def test_what_somebody_wrote_by_their_link_is_theirs(recorded, signed_in):
    chair = signed_in(Role.CHAIR)
    recorded.phone.post("/attend/disagree", "/attend", "disagree", what="Mine", why="Because")
    with recorded.change() as session:
        mine = session.execute(select(Escalation.id).order_by(Escalation.id.desc())).scalars()
        recorded.escalation_id = next(iter(mine))
    there = f"{address(recorded)}/{recorded.escalation_id}/strike"
    assert chair.get(there).status_code == 303
    page = chair.get(address(recorded)).text
    assert page.count("Strike it") == 1  # the one that the chair recorded


def test_it_is_struck_once_and_not_over_what_was_recorded_meanwhile(recorded, signed_in):
    chair = signed_in(Role.CHAIR)
    there = f"{address(recorded)}/{recorded.escalation_id}/strike"
    typed = form_of(chair.get(there).text, there) | {"reason": REASON}
    with recorded.change() as session:
        session.get_one(Escalation, recorded.escalation_id).warned_step = 0
    late = chair.post(there, data=typed)
    assert late.status_code == 422 and "Somebody else recorded something" in late.text
    assert strike(chair, recorded).status_code == 303
    again = chair.post(there, data=form_of(late.text, there) | {"reason": "Again"})
    assert again.status_code == 422 and "already" in again.text


def test_who_may_only_read_cannot_strike(recorded, signed_in):
    desk = signed_in(Role.ADMINISTRATOR)
    assert "Strike it" not in desk.get(address(recorded)).text
    assert desk.get(f"{address(recorded)}/{recorded.escalation_id}/strike").status_code == 403
