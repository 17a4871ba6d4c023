"""A child is added to a referral after it was entered, or taken off it (A2, A3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading
from app.referrals import keys, queries
from app.referrals.joining.models import ChildTakenOff
from app.referrals.models import Child, ReferralChild
from tests.factories.referrals import make_child, make_referral
from tests.integration.referrals.typing_in import HTMX, small
from tests.page_form import form_of

WREN = {
    "children-0-given_name": "Wren", "children-0-family_name": "Fernsby",
    "children-0-date_of_birth-day": "27", "children-0-date_of_birth-month": "3",
    "children-0-date_of_birth-year": "2019",
}  # fmt: skip


@pytest.fixture
def ref(change, desk):
    with change() as session:
        return make_referral(session, 2, received_at=now()).ref


@pytest.fixture
def known(change, desk):
    """A known child like the one that is typed, on an earlier referral."""
    with change() as session:
        child = make_child(session, "Wren", "Fernsby")
        keys.index(session, child.id, keys.identity(child))
        earlier = make_referral(session, 0, received_at=now() - timedelta(days=30))
        earlier.children = [ReferralChild(child=child, position=0)]
        return child.ref


def path(ref):
    return f"/referrals/{ref}/children/add"


def shown(browser, ref):
    return form_of(browser.get(path(ref)).text, "")


def on_it(app, ref):
    with app.app_context():
        return [row.child.ref for row in queries.by_ref(reading(), ref).children]


def actions(app):
    with app.app_context():
        return list(reading().execute(select(AuditEntry.action)).scalars())


def test_a_new_child_joins_and_sending_it_twice_adds_one(app, triage, ref):
    form = shown(triage, ref) | WREN
    for _ in range(2):
        answer = triage.post(path(ref), data=form)
        assert (answer.status_code, answer.location) == (303, f"/referrals/{ref}")
    assert len(on_it(app, ref)) == 3
    page = triage.get(answer.location).text
    assert "Wren Fernsby is on the referral" in page
    assert "Child joined the referral" in page


def test_a_likely_match_is_asked_about_before_anything_is_saved(app, triage, ref, known):
    asked = triage.post(path(ref), data=shown(triage, ref) | WREN)
    assert asked.status_code == 200
    assert "Before saving: is this a child who is known already?" in asked.text
    assert f'hx-post="{path(ref)}"' in asked.text
    assert len(on_it(app, ref)) == 2
    form = form_of(asked.text, "")
    silent = triage.post(path(ref), data=form)
    assert silent.status_code == 422
    assert "Say whether Wren Fernsby is one of these children" in silent.text
    held = triage.post(path(ref), data=form | {"press": "addresses"}, headers=HTMX)
    assert "1 Example Street" in held.text
    assert triage.post(path(ref), data=form | {"children-0-same_as": known}).status_code == 303
    assert on_it(app, ref)[-1] == known
    with app.app_context():
        assert queries.by_ref(reading(), ref).earlier_referral_id is not None
    page = triage.get(f"/referrals/{ref}").text
    assert "Re-referral" in page
    assert "It is another child" in page  # it can be undone
    again = form_of(triage.post(path(ref), data=shown(triage, ref) | WREN).text, "")
    twice = triage.post(path(ref), data=again | {"children-0-same_as": known})
    assert twice.status_code == 422
    assert "That child is on this referral already" in twice.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"children-0-given_name": "", "children-0-family_name": ""}, "Enter the child"),
        ({"children-0-date_of_birth-month": "13"}, "real date"),
        ({"children-0-date_of_birth-year": "2099"}, "in the future"),
        ({"children-0-date_of_birth-year": "1990"}, "tick that they stay"),
        ({"children-0-address": "x" * 501}, "Shorten this to 500"),
    ],
)
def test_what_cannot_stand_is_said_and_nothing_typed_is_lost(app, triage, ref, changes, said):
    answer = triage.post(path(ref), data=shown(triage, ref) | WREN | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="27"' in answer.text
    assert len(on_it(app, ref)) == 2


def test_two_who_add_the_same_child_at_once_add_one(app, triage, signed_in, ref):
    other = signed_in(Role.CHAIR)
    mine, theirs = shown(triage, ref) | WREN, shown(other, ref) | WREN
    assert other.post(path(ref), data=theirs).status_code == 303
    asked = triage.post(path(ref), data=mine)  # the guard knows the child by now
    late = triage.post(path(ref), data=form_of(asked.text, "") | {"children-0-same_as": "new"})
    assert late.status_code == 409
    assert "Somebody else changed this referral" in late.text
    assert len(on_it(app, ref)) == 3


def leave(ref, child):
    return f"children/{child}/take-off"


def test_a_child_entered_by_mistake_is_taken_off_with_the_reason(app, triage, ref):
    stays, goes = on_it(app, ref)
    without = small(triage, ref, leave(ref, goes), reason=" ")
    assert without.status_code == 422
    assert "Say why the child does not belong" in without.text
    answer = small(triage, ref, leave(ref, goes), reason="The neighbour’s child")
    assert answer.status_code == 303
    assert on_it(app, ref) == [stays]
    page = triage.get(answer.location).text
    assert f"{goes} was entered by mistake and taken off by" in page
    assert "The neighbour’s child" in page
    assert "take-off" not in page, "the only child"
    assert small(triage, ref, leave(ref, stays), reason="x").status_code == 422
    assert triage.get(f"/referrals/{ref}/{leave(ref, goes)}").status_code == 404
    with app.app_context():
        assert reading().execute(select(func.count(Child.id))).scalar() == 2, "still known"
        assert reading().execute(select(func.count(ChildTakenOff.id))).scalar() == 1
        details = reading().execute(select(AuditEntry.details)).scalars().all()
    assert "neighbour" not in str(details)


def test_no_child_leaves_once_something_was_decided(app, triage, ref):
    goes = on_it(app, ref)[1]
    small(triage, ref, "decision", outcome="no_further_action", reason="Settled")
    assert "take-off" not in triage.get(f"/referrals/{ref}").text
    assert "does not speak of this child" in triage.get(path(ref)).text
    answer = small(triage, ref, leave(ref, goes), reason="The neighbour’s child")
    assert answer.status_code == 422
    assert "The child stays: a decision was taken" in answer.text
    assert len(on_it(app, ref)) == 2


def test_whoever_takes_off_sees_what_was_changed_meanwhile(app, triage, signed_in, ref):
    goes = on_it(app, ref)[1]
    where = f"/referrals/{ref}/{leave(ref, goes)}"
    mine = form_of(triage.get(where).text, "") | {"reason": "The neighbour’s child"}
    other = signed_in(Role.CHAIR)
    assert other.post(path(ref), data=shown(other, ref) | WREN).status_code == 303
    late = triage.post(where, data=mine)
    assert late.status_code == 409
    assert "Child joined the referral" in late.text
    assert "The neighbour’s child" in late.text
    assert triage.post(where, data=form_of(late.text, "")).status_code == 303
    assert goes not in on_it(app, ref)


def test_a_re_referral_because_of_the_wrong_child_is_none_any_more(app, triage, change, ref, known):
    asked = form_of(triage.post(path(ref), data=shown(triage, ref) | WREN).text, "")
    assert triage.post(path(ref), data=asked | {"children-0-same_as": known}).status_code == 303
    assert small(triage, ref, leave(ref, known), reason="Another family").status_code == 303
    with app.app_context():
        assert queries.by_ref(reading(), ref).earlier_referral_id is None
    assert "child taken off the referral" in actions(app)
