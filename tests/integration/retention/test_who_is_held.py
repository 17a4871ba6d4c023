"""What a legal hold keeps when children join, leave or are told apart, and when a case becomes a
referral (H8)."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.referrals.abuse import service as abuse
from app.referrals.abuse.begun import close as abuse_closed
from app.referrals.abuse.types import Release, ReleaseGiven
from app.referrals.joining import service as joining
from app.referrals.models import Child, Referral
from app.referrals.same_child import service as same_child
from app.referrals.types import ChildGiven, Outcome, ReferralState
from app.retention import cases, holds, service
from app.retention.models import ClosedCase, LegalHold
from app.retention.types import CaseKey, CaseKind
from app.retention.worker import hold_newcomers
from tests.clock import FRIDAY
from tests.factories.abuse import make_abuse_case
from tests.factories.arrivals import make_arrival
from tests.factories.meetings import make_case, make_council, make_known_child
from tests.factories.records import make_releaser
from tests.integration.retention.test_retention import DAY, act

LONG = FRIDAY + 40 * 365 * DAY


def decided(session, referral):
    referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
    referral.outcome = Outcome.ADVICE
    session.flush()
    return CaseKey(CaseKind.REFERRAL, referral.ref)


def of(session, key):
    return session.execute(select(Referral).where(Referral.ref == key.ref)).scalar_one()


def case(key):
    session = reading()
    session.expire_all()
    return session.execute(select(ClosedCase).where(ClosedCase.ref == key.ref)).scalar_one()


def keeping(session, key):
    """The cases whose holds keep this one."""
    return [one.on for one in holds.active(session, key, cases.rows_of(session, key))]


@pytest.fixture
def two(in_app):
    """Two closed referrals, each about a child of its own; a chair."""
    with transaction() as session:
        make_council(session)
        chair = make_releaser(session).actor
        keys = [decided(session, make_case(session, children=1)) for _ in range(2)]
        for key in keys:
            service.close(session, chair, key, FRIDAY)
    return *keys, chair


def move(child_of, to):
    """Put the only child of one referral on the other one too, as somebody known."""
    with transaction() as session:
        session.expire_all()
        given = of(session, child_of).children[0].child
        joining.join(
            session, make_releaser(session).actor, of(session, to),
            ChildGiven(given.given_name, given.family_name, same_as=given.ref), FRIDAY + 2 * DAY,
        )  # fmt: skip


def test_a_child_who_joins_a_held_case_is_held_with_every_other_case(two, in_app):
    held, other, chair = two
    act(service.hold, held, chair, "The court asked.", FRIDAY + DAY)
    assert keeping(reading(), other) == []
    db.session.remove()
    move(other, held)
    with pytest.raises(Refused, match="hold"):
        act(service.approve, other, chair, "Its time is over.", LONG)
    assert keeping(reading(), other) == [held]
    # The lists and the database know it as soon as the worker came by, once.
    assert case(other).held_at is None
    settings = in_app.extensions["settings"]
    assert [hold_newcomers(settings, FRIDAY + 3 * DAY) for _ in range(2)] == [1, 0]
    assert case(other).held_at == FRIDAY + 3 * DAY


def test_a_child_who_left_a_held_case_is_let_go_when_the_hold_is_lifted(two):
    held, other, chair = two
    move(other, held)
    act(service.hold, held, chair, "The court asked.", FRIDAY + 3 * DAY)
    assert case(other).held_at
    with transaction() as session:
        left = of(session, other).children[0].child
        joining.leave(session, chair, of(session, held), left, "Entered twice", FRIDAY + 4 * DAY)
    act(service.lift, held, chair, "It has ended.", FRIDAY + 5 * DAY)
    assert case(held).held_at is None and case(other).held_at is None


@pytest.mark.parametrize("what", ["hold", "lift"])
def test_closed_cases_are_locked_once_and_in_one_order(two, what):
    """Two holds on siblings' cases at once wait for each other, whichever came first."""
    held, other, chair = two
    move(other, held)
    if what == "lift":
        act(service.hold, held, chair, "The court asked.", FRIDAY + 3 * DAY)
    locked = []

    def note(connection, cursor, statement, *rest):
        if "FROM closed_case" in statement and "FOR UPDATE" in statement:
            locked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    act(getattr(service, what), held, chair, "The court asked.", FRIDAY + 4 * DAY)
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(locked) == (db.engine.dialect.name == "postgresql")
    assert all("ORDER BY closed_case.id" in one for one in locked)


def test_the_hold_goes_with_a_domestic_abuse_case_that_becomes_a_referral(two):
    *_, chair = two
    with transaction() as session:
        abused = make_abuse_case(session)
        began = CaseKey(CaseKind.ABUSE, abused.ref)
        service.hold(session, chair, began, "The court asked.", FRIDAY)
        consent = ReleaseGiven(Release.CONSENT, "Agreed.")
        referral = abuse.release(session, chair, abused, consent, FRIDAY)
        key = decided(session, referral)
        abuse_closed(session, chair, abused, Outcome.ADVICE, FRIDAY)
        service.close(session, chair, key, FRIDAY)
    assert case(key).held_at
    # The list leads to the case as it is now, and the hold is lifted there.
    assert [one.on for one in holds.all_active(reading(), 5)] == keeping(reading(), key) == [key]
    db.session.remove()
    with pytest.raises(Refused, match="There is a hold on it already"):
        act(service.hold, key, chair, "Once more.", FRIDAY + DAY)
    with pytest.raises(Refused, match="hold"):
        act(service.approve, key, chair, "Its time is over.", LONG)
    act(service.lift, key, chair, "It has ended.", FRIDAY + 2 * DAY)
    assert case(key).held_at is None and holds.all_active(reading(), 5) == []
    with transaction() as session:
        holds.forget_words(session, key, cases.rows_of(session, key))
    row = reading().execute(select(LegalHold)).scalar_one()
    assert (row.ref, row.reason, row.lift_reason) == (began.ref, "", "")


def test_holds_on_other_cases_are_not_those_of_a_former_domestic_abuse_case(two):
    other, _, chair = two
    with transaction() as session:
        abused = make_abuse_case(session)
        began = CaseKey(CaseKind.ABUSE, abused.ref)
        service.hold(session, chair, began, "The court asked.", FRIDAY)
        service.hold(session, chair, other, "The police asked.", FRIDAY)
        consent = ReleaseGiven(Release.CONSENT, "Agreed.")
        key = decided(session, abuse.release(session, chair, abused, consent, FRIDAY))
        assert keeping(session, key) == [key]
        holds.forget_words(session, key, cases.rows_of(session, key))
    assert set(reading().execute(select(LegalHold.ref, LegalHold.reason))) == {
        (began.ref, ""), (other.ref, "The police asked."),
    }  # fmt: skip


def test_the_hold_goes_with_a_form_that_becomes_a_referral(two):
    *_, chair = two
    with transaction() as session:
        form = make_arrival(session, FRIDAY)
        key = CaseKey(CaseKind.FORM, form.ref)
        service.hold(session, chair, key, "The court asked.", FRIDAY)
        referral = make_case(session, children=0)
        referral.ref, form.referral_id = form.ref, referral.id
        session.flush()
        taken_in = CaseKey(CaseKind.REFERRAL, form.ref)
        assert keeping(session, taken_in) == [taken_in]


def test_a_match_that_was_undone_deletes_nobody(two):
    key, _, chair = two
    with transaction() as session:
        known = of(session, key).children[0].child
        stranger = make_known_child(session, "Wren", "Fernsby")
        match = same_child.link(session, chair, stranger, known, "The same name", FRIDAY)
        same_child.undo(session, chair, match.id, "Another birthday", FRIDAY + DAY)
        ids = known.id, stranger.id
    act(service.approve, key, chair, "Its time is over.", LONG)
    with transaction() as session:
        assert service.delete(session, key, LONG + 15 * DAY)
    db.session.remove()
    assert [reading().get(Child, one) is None for one in ids] == [True, False]
