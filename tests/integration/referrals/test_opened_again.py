"""What a referral that was opened again, or closed as none, means for clocks and lists (A3, A7,
A12, C10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.core.clock import now
from app.meetings.sooner.service import ahead
from app.referrals.came_in.service import change_came_in
from app.referrals.came_in.types import CameInGiven
from app.referrals.lists import queries, service, waiting_queries
from app.referrals.lists.types import Said
from app.referrals.models import Referral
from app.referrals.outcome.service import decide, reopen
from app.referrals.outcome.types import FilterReason, Ground
from app.referrals.re_referrals import earlier_of
from app.referrals.service import change_concerns
from app.referrals.types import Channel, Concern, ConcernsGiven, Flag, Outcome, Rating
from tests.clock import FRIDAY
from tests.factories.abuse import make_abuse_case, make_list, series_of, use_protocol
from tests.factories.checks import staff_actor
from tests.factories.referrals import make_referral

DAY = timedelta(days=1)
NONE = Ground(filtered=FilterReason.INFORMATION_REQUEST)


def opened_again(session):
    """Received, with action taken and harm seen, 20 days ago; decided; opened again an hour ago."""
    then = now() - 20 * DAY
    referral = make_referral(session, 1, received_at=then)
    actor = staff_actor(session)
    referral.identified_at = referral.immediate_action_at = then
    referral.flags = [Flag.IMMEDIATE_ACTION.value]
    decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "Nothing", then + DAY / 2)
    at = now() - timedelta(hours=1)
    reopen(session, actor, referral, "The school rang", at, referral.version)
    return referral, at


def test_whatever_is_changed_on_it_its_clock_runs_from_the_reopening(change):
    with change() as session:
        referral, at = opened_again(session)
        due = referral.act_by_at
        assert at < due <= at + 5 * DAY and referral.decision_due_at == at + DAY
        told = ConcernsGiven(
            (Concern.NEGLECT,), frozenset({Flag.IMMEDIATE_ACTION}), "More was said",
            identified_at=referral.identified_at,
            immediate_action_at=referral.immediate_action_at,
        )  # fmt: skip
        change_concerns(session, staff_actor(session), referral, told, now())
        assert referral.act_by_at == due
        came = CameInGiven(
            received_at=referral.received_at - timedelta(hours=2), channel=Channel.EMAIL,
            source_agency_id=referral.source_agency_id, source_agency_name="",
            source_agency_kind=None, referrer_name="", referrer_role="", referrer_email="",
            referrer_telephone="", referrer_professional_id=None,
        )  # fmt: skip
        change_came_in(session, staff_actor(session), referral, came, now(), None, ahead)
        assert referral.act_by_at == due and referral.decision_due_at == at + DAY


def test_what_was_closed_as_no_referral_is_no_earlier_one(change):
    """A12: a request for information is not what a re-referral comes after (A3)."""
    with change() as session:
        actor = staff_actor(session)
        first = make_referral(session, 1, received_at=now() - 30 * DAY)
        child = first.children[0].child
        second = make_referral(session, 1, received_at=now())
        second.children[0].child = child
        second.earlier_referral_id = first.id
        session.flush()
        closed = now() - 29 * DAY
        decide(session, actor, first, Outcome.NO_FURTHER_ACTION, "A request", closed, ground=NONE)
        assert second.earlier_referral_id is None
        assert earlier_of(session, [child.id], now(), second.id) is None
        reopen(session, actor, first, "It was one after all", now(), first.version)
        assert second.earlier_referral_id == first.id
        decide(session, actor, first, Outcome.ADVICE, "Told whom to ring", now())
        assert second.earlier_referral_id == first.id


def test_opened_again_it_is_taken_onto_a_list_again(change):
    """C10: what a list said before the reopening counts no more."""
    with change() as session:
        referral = make_referral(session, 1, received_at=now() - DAY, rating=Rating.RED)
        use_protocol(session, "bury")
        actor, series = staff_actor(session), series_of("bury")
        sitting = make_list(session, now(), "bury")
        said = Said("Six visits missed", Outcome.SECTION_17, "To be assessed")
        service.keep_said(
            session, actor, sitting, queries.entry(session, sitting.id, 1), said, now()
        )
        service.end_list(session, actor, sitting, "A, B", now())
        assert waiting_queries.waiting(session, series) == []
        decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "Nothing", now())
        reopen(session, actor, referral, "The school rang", now(), referral.version)
        assert waiting_queries.waiting(session, series) == [(referral.id, False)]


@pytest.mark.parametrize("of_referral", [True, False])
def test_one_case_on_a_list_is_a_view_of_that_case(change, signed_in, of_referral):
    """H3: the page shows everything about it."""
    with change() as session:
        if of_referral:
            case = make_referral(session, 1, received_at=now(), rating=Rating.RED)
            use_protocol(session, "bury")
            sitting = make_list(session, now(), "bury")
        else:
            case = make_abuse_case(session, at=now())
            sitting = make_list(session, now())
        where, subject = f"/lists/{sitting.ref}/1", ("referral" if of_referral else "abuse case")
        ref = case.ref
    assert signed_in(Role.TRIAGE).get(where).status_code == 200
    with change() as session:
        seen = session.execute(select(AuditView.subject_kind, AuditView.subject_ref)).all()
    assert (subject, ref) in {tuple(row) for row in seen}


def test_no_meeting_where_the_area_holds_none(change, signed_in):
    with change() as session:
        ref = make_referral(session, 1, received_at=now(), rating=Rating.GREEN).ref
        use_protocol(session, "sandwell")
    triage = signed_in(Role.TRIAGE)
    assert "Hold the MASH meeting" not in triage.get(f"/referrals/{ref}").text
    with change() as session:
        session.query(Referral).one().rating = Rating.AMBER
    assert "Hold the MASH meeting" in triage.get(f"/referrals/{ref}").text
    with change() as session:
        use_protocol(session, "camden")
    assert "Hold the MASH meeting" not in triage.get(f"/referrals/{ref}").text


def test_of_two_referrals_of_one_minute_the_first_written_is_the_earlier(change):
    """A school and the police tell of one incident: one of them is a re-referral, not both (A3)."""
    with change() as session:
        first = make_referral(session, 1, received_at=FRIDAY)
        second = make_referral(session, 1, received_at=FRIDAY)
        child_id = first.children[0].child_id
        second.children[0].child_id = child_id
        session.flush()
        found = [earlier_of(session, [child_id], FRIDAY, one.id) for one in (first, second)]
        assert found == [None, first.id]
        # One that is being entered comes after both.
        assert earlier_of(session, [child_id], FRIDAY) in (first.id, second.id)
