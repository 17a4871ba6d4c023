"""Who sees no case opens one with a reason, restricted or not, and reads it alone (H2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.accounts.types import Role
from app.audit.models import AuditEntry, AuditView
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.restricted.models import BrokenGlass, CaseRestriction
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.referrals.models import Referral
from tests.factories.accounts import make_staff
from tests.factories.meetings import make_meeting
from tests.integration.meetings.restricted.conftest import NAME

REASON = "The record cannot be opened by anybody: ticket 4471"


@pytest.fixture
def system(someone):
    return someone(Role.SYSTEM)


def opened(browser, path, reason=REASON):
    door = browser.get(path).location
    page = browser.get(door).text
    hidden = dict(re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
    return browser.post(door, data={**hidden, "reason": reason})


def rows(app, statement):
    with app.app_context():
        return list(reading().execute(statement).scalars())


def test_without_a_reason_it_reads_nothing(app, system, case):
    for path in (f"/referrals/{case[0]}", f"/discussions/{case[1]}"):
        answer = system.get(path)
        assert answer.location.startswith("/restricted/open/")
        assert NAME not in answer.text + system.get(answer.location).text
    refused = opened(system, f"/referrals/{case[0]}", reason=" ")
    assert refused.status_code == 422
    assert "Say why you need to see this case now" in refused.text
    assert rows(app, select(BrokenGlass.id)) == []
    assert rows(app, select(AuditView.id)) == []


def test_with_a_reason_it_reads_for_an_hour_and_changes_nothing(app, system, case):
    assert opened(system, f"/discussions/{case[1]}").location == f"/discussions/{case[1]}"
    shown = system.get(f"/referrals/{case[0]}")
    assert shown.status_code == 200
    assert NAME in shown.text
    assert "This case is not yours. You opened it with a reason" in shown.text
    assert system.get(f"/discussions/{case[1]}").status_code == 200
    token = system.get("/session/token").text
    for path in (
        f"/referrals/{case[0]}/rating", f"/referrals/{case[0]}/restricted",
        f"/discussions/{case[1]}/cancel", f"/referrals/{case[0]}",
    ):  # fmt: skip
        answer = system.post(path, headers={"X-CSRFToken": token}, data={"reason": "x"})
        assert answer.status_code in (403, 405), path
    assert rows(app, select(Meeting.state)) == [MeetingState.BOOKED]
    with app.app_context(), transaction() as session:
        session.execute(update(BrokenGlass).values(ends_at=now() - timedelta(seconds=1)))
    assert system.get(f"/referrals/{case[0]}").location.startswith("/restricted/open/")


def test_another_case_stays_shut_and_another_person_too(app, system, someone, case):
    with app.app_context(), transaction() as session:
        other = make_meeting(session, MeetingState.BOOKED, 2, at=now()).ref
    opened(system, f"/referrals/{case[0]}")
    assert system.get(f"/discussions/{other}").location.startswith("/restricted/open/")
    again = someone(Role.SYSTEM).get(f"/referrals/{case[0]}")
    assert again.location.startswith("/restricted/open/")
    for page in ("/referrals/", "/search", "/actions"):
        assert system.get(page).status_code == 403, page
    assert someone(Role.ANALYST).get(f"/referrals/{case[0]}").status_code == 403


def test_it_is_told_audited_and_reviewed_by_another(app, system, someone, case):
    with app.app_context(), transaction() as session:
        make_staff(session, Role.CHAIR)
    opened(system, f"/referrals/{case[0]}")
    told = rows(app, select(OutboxMessage).where(OutboxMessage.kind == "notice"))
    assert {one.subject for one in told} == {f"A case was opened by break-glass: {case[0]}"}
    chairs = select(func.count()).where(AuditEntry.action == "glass broken")
    assert rows(app, chairs) == [1]
    assert len(told) == 2  # the chair of the discussion, and the other one
    assert not any(NAME in one.content.decode() for one in told)
    system.get(f"/referrals/{case[0]}")
    assert "referrals.referral, behind broken glass" in rows(app, select(AuditView.page))
    [number] = rows(app, select(BrokenGlass.id))
    own = system.get("/restricted/").text
    assert "You opened it yourself" in own
    chair = someone(Role.CHAIR)
    assert 'id="glass-waits"' in chair.get("/").text
    page = chair.get("/restricted/").text
    assert REASON in page
    token = chair.get("/session/token").text
    kept = chair.post(
        f"/restricted/openings/{number}", headers={"X-CSRFToken": token}, data={"review": "Right"}
    )
    assert kept.status_code == 303
    assert 'id="glass-waits"' not in chair.get("/").text


def test_a_restricted_case_is_opened_once_for_both(app, system, someone, hidden):
    answer = opened(system, f"/referrals/{hidden[0]}")
    assert answer.location == f"/referrals/{hidden[0]}"
    shown = system.get(answer.location)
    assert shown.status_code == 200
    assert "This case is restricted. You opened it" in shown.text
    assert system.get(f"/discussions/{hidden[1]}").status_code == 200
    [held] = rows(app, select(BrokenGlass))
    assert (held.referral_id, held.meeting_id) == (None, None)
    assert rows(app, select(CaseRestriction.id)) == [held.restriction_id]


def test_a_restriction_set_within_the_hour_shuts_it_again(app, system, case):
    opened(system, f"/referrals/{case[0]}")
    with app.app_context(), transaction() as session:
        reader = make_staff(session, Role.CHAIR).id
        referral = session.execute(select(Referral.id).where(Referral.ref == case[0])).scalar_one()
        session.add(
            CaseRestriction(
                referral_id=referral, meeting_id=None, reason="A colleague's", set_by_id=reader,
                set_at=now(), lifted_at=None, lift_reason=None,
            )
        )  # fmt: skip
    assert system.get(f"/referrals/{case[0]}").location.startswith("/restricted/open/")
    opened(system, f"/referrals/{case[0]}", reason="Again, it was restricted meanwhile")
    assert system.get(f"/referrals/{case[0]}").status_code == 200


def test_the_discussion_of_an_open_case_is_opened_by_itself(app, system, case):
    with app.app_context(), transaction() as session:
        session.execute(update(Meeting).values(referral_id=None))
    opened(system, f"/discussions/{case[1]}")
    assert system.get(f"/discussions/{case[1]}").status_code == 200
    assert system.get(f"/referrals/{case[0]}").location.startswith("/restricted/open/")


def test_the_way_from_a_reference_to_the_door(system, someone, case):
    assert 'href="/restricted/open"' in system.get("/").text
    assert 'id="open-a-case"' not in someone(Role.ANALYST).get("/").text
    page = system.get("/restricted/open").text
    assert "There is a problem" not in page
    for ref, place in zip(case, ("referrals", "discussions"), strict=True):
        found = system.get("/restricted/open", query_string={"reference": f" {ref.lower()} "})
        assert found.location == f"/restricted/open/{place}/{ref}"
        assert system.get(found.location).status_code == 200
    for typed, told in (("", "Enter the reference"), ("RF-0000-0000", "There is no case")):
        wrong = system.get("/restricted/open", query_string={"reference": typed})
        assert wrong.status_code == 422
        assert told in wrong.text
    assert system.get("/restricted/open/referrals/RF-0000-0000").status_code == 404
    assert someone(Role.ANALYST).get("/restricted/open").status_code == 403
