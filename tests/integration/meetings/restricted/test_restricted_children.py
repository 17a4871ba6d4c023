"""A child with a restricted case comes up again: who may not see the case learns that there is one
and whom to ask, and nothing more (A3, A11, H2), on both engines."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import in_london, now
from app.core.session import reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.referrals.allocation.models import ReferralAllocation
from app.referrals.models import Child, Referral
from tests.factories.accounts import make_staff
from tests.factories.directory import make_settings
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_child, make_referral
from tests.integration.meetings.restricted.conftest import BORN, GIVEN, KEEPER, NAME
from tests.integration.referrals.typing_in import send, token
from tests.page_form import form_of

HOUR = timedelta(hours=1)
SECRET = "9 Secret Row"


@pytest.fixture
def child(app, hidden):
    """The reference of the child of the restricted case, of whom an address is held; and a source
    for the next referral."""
    with app.app_context(), transaction() as session:
        make_settings(session)
        held = session.execute(select(Referral).where(Referral.ref == hidden[0])).scalar_one()
        found = held.children[0].child
        found.address = found.ethnicity = SECRET
        return found.ref, held.source_agency_id


def same_child(browser, source, **changes):
    typed = {
        "children-0-given_name": GIVEN, "children-0-family_name": NAME,
        "children-0-date_of_birth-day": BORN.day, "children-0-date_of_birth-month": BORN.month,
        "children-0-date_of_birth-year": BORN.year,
    }  # fmt: skip
    return send(browser, source, **(typed | changes))


def held(app, statement):
    with app.app_context():
        return list(reading().execute(statement).scalars())


def test_it_may_be_the_child_and_whoever_keeps_the_case_is_asked(app, hidden, someone, child):
    ref, source = child
    worker, before = someone(Role.TRIAGE), held(app, select(Child.id))
    asked = same_child(worker, source)
    assert f"ask {KEEPER}" in asked.text
    assert "known of this child is restricted" in asked.text
    # That it is the same child is nothing for who may not see the case, whatever is sent.
    answers = {"children-0-asked": token(asked.text, "children-0-asked")}
    forged = same_child(worker, source, **answers, **{"children-0-same_as": ref})
    assert forged.status_code == 422
    assert len(held(app, select(Referral.id))) == 1
    saved = same_child(worker, source, **answers, **{"children-0-same_as": f"perhaps:{ref}"})
    assert saved.status_code == 303
    page = worker.get(saved.location).text
    assert f"Ask {KEEPER} if it is the same child" in page
    assert SECRET not in page
    [new] = set(held(app, select(Child.id))) - set(before)
    assert new
    [letter] = held(app, select(OutboxMessage).where(OutboxMessage.kind == "notice"))
    new_ref = saved.location.rpartition("/")[2]
    assert letter.subject == f"Only you can say: {new_ref}"
    words = letter.content.decode()
    for told in (hidden[0], hidden[1], NAME, GIVEN, ref, "strategy discussion"):
        assert told not in words
    # Whoever keeps the case sees both, and links them.
    assert SECRET in someone(hidden[2]).get(saved.location).text


def test_who_may_see_the_case_says_that_it_is_the_child(app, hidden, someone, child):
    ref, source = child
    keeper, count = someone(hidden[2]), len(held(app, select(Child.id)))
    asked = same_child(keeper, source)
    answers = {"children-0-asked": token(asked.text, "children-0-asked")}
    saved = same_child(keeper, source, **answers, **{"children-0-same_as": ref})
    assert saved.status_code == 303
    assert len(held(app, select(Child.id))) == count
    assert held(app, select(OutboxMessage).where(OutboxMessage.kind == "notice")) == []


def test_a_re_referral_of_a_restricted_one_gives_no_day(app, hidden, someone, child):
    with app.app_context(), transaction() as session:
        first = session.execute(select(Referral).where(Referral.ref == hidden[0])).scalar_one()
        later = make_referral(session, 1)
        later.earlier_referral_id = first.id
        ref = later.ref
    path = f"/referrals/{ref}"
    assert "within 12 months is restricted" in someone(Role.TRIAGE).get(path).text
    assert "was received on" in someone(hidden[2]).get(path).text


def test_an_open_case_does_not_begin_with_a_restricted_child(app, hidden, someone, child):
    ref, here = child[0], "/discussions/new"
    chair, keeper = someone(Role.CHAIR), someone(hidden[2])
    words = {"given_name": GIVEN, "family_name": NAME, "do": "find"}
    found = chair.post(here, data=form_of(chair.get(here).text, "") | words).text
    assert f"ask {KEEPER}" in found
    assert "LCS-778899" not in found
    assert f'value="{ref}"' not in found
    theirs = keeper.post(here, data=form_of(keeper.get(here).text, "") | words).text
    assert "LCS-778899" in theirs
    assert f'value="{ref}"' in theirs
    count = len(held(app, select(Meeting.id)))
    for pressed in ("start", "needed"):
        form = form_of(chair.get(f"{here}?child={ref}").text, "")
        answer = chair.post(here, data=form | {"do": pressed, "reason": "Harm"})
        assert answer.status_code == 422
        assert f"ask {KEEPER}" in answer.text
    assert len(held(app, select(Meeting.id))) == count
    with app.app_context(), transaction() as session:
        other = make_child(session).ref
    form = form_of(chair.get(f"{here}?child={other}").text, "")
    assert chair.post(here, data=form | {"do": "start"}).status_code == 303


@pytest.mark.parametrize("begun", ["start", "needed", "keep"])
def test_whoever_keeps_the_case_is_asked_about_a_child_entered_as_new(
    app, hidden, someone, child, begun
):
    here = "/discussions/already-held" if begun == "keep" else "/discussions/new"
    typed = {"given_name": GIVEN, "family_name": NAME, "reason": "Harm", "concerns": "neglect"}
    chair = someone(Role.CHAIR)
    listed = chair.post(here, data=form_of(chair.get(here).text, "") | typed | {"do": "add-new"})
    form = form_of(listed.text, "") | {"do": begun, "reason": "Harm", "concerns": "neglect"}
    if begun == "keep":
        form |= {"others-0-name": "Sam Typed", "others-0-email": "sam@police.example"}
        form["others-0-kind"] = "police"
        for name, moment in (("started_at", HOUR), ("ended_at", HOUR / 2)):
            at = in_london(now() - moment)
            form |= {
                f"{name}-day": str(at.day), f"{name}-month": str(at.month),
                f"{name}-year": str(at.year), f"{name}-time": f"{at:%H:%M}",
            }  # fmt: skip
    begins = chair.post(here, data=form)
    assert begins.status_code == 303, begins.text
    [letter] = held(app, select(OutboxMessage).where(OutboxMessage.kind == "notice"))
    [ref] = set(held(app, select(Meeting.ref))) - {hidden[1]}
    assert letter.subject == f"Only you can say: {ref}"
    words = letter.content.decode()
    assert f"/discussions/{ref}" in words
    for told in (hidden[0], hidden[1], NAME, GIVEN, child[0]):
        assert told not in words
    keeper = someone(hidden[2])
    assert keeper.get(f"/discussions/{ref}").status_code == 200


def test_who_works_on_a_case_is_ticked_when_it_is_restricted(app, hidden, someone):
    """The chair of its discussion and the social worker who has it; the tick may be taken off."""
    with app.app_context(), transaction() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, 3, at=now())
        worker, other = (make_staff(session, Role.SOCIAL_WORKER) for _ in range(2))
        session.add(
            ReferralAllocation(
                referral_id=meeting.referral_id, social_worker_id=worker.id, note=None,
                allocated_by_id=worker.id, allocated_at=now(), taken_at=None, ended_at=None,
            )
        )  # fmt: skip
        ref = session.get_one(Referral, meeting.referral_id).ref
        working, idle = {meeting.chair_id, worker.id}, other.id
    path, chair = f"/referrals/{ref}/restricted", someone(Role.CHAIR)
    page = chair.get(path).text
    ticked = {
        int(number) for number in re.findall(r'name="readers"[^>]*value="(\d+)"[^>]* checked', page)
    }
    assert ticked == working
    assert idle not in ticked
    assert "has the referral" in page
    assert "chairs it" in page
    form = form_of(page, "") | {"readers": [str(worker.id)], "reason": "About the chair"}
    assert chair.post(path, data=form).status_code == 303
    again = chair.get(path).text
    assert re.search(rf'value="{worker.id}"[^>]* checked', again)
    assert not re.search(rf'value="{meeting.chair_id}"[^>]* checked', again)
