"""Two workers on one referral: neither overwrites the other, and both see it (A5, A7)."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select, text

from app.accounts.types import Role
from app.audit.service import record
from app.audit.types import SYSTEM, Actor, ActorKind, Subject
from app.core.clock import now
from app.core.session import transaction
from app.referrals.abuse import begun
from app.referrals.abuse import service as abuse
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import AssessmentGiven
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.service import answer
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held, Unanswered
from app.referrals.joining.service import join
from app.referrals.lists import queries, service
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.lists.types import Said
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.outcome.service import decide, reopen
from app.referrals.outcome.types import FilterReason, Ground
from app.referrals.page import latest_change
from app.referrals.service import change_concerns, enter_referral, rate
from app.referrals.types import (
    Channel,
    ChildGiven,
    Concern,
    ConcernsGiven,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Intake,
    LawfulBasis,
    Outcome,
    Rating,
)
from tests.clock import FRIDAY
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.checks import make_check, staff_actor
from tests.factories.referrals import make_referral
from tests.page_form import form_of


@pytest.fixture
def ref(change) -> str:
    with change() as session:
        return make_referral(session, received_at=now() - timedelta(hours=1)).ref


def rated_by_another(change, ref: str) -> None:
    with change() as session:
        other = make_staff(session, Role.CHAIR, name="Ola Manager")
        held = session.query(Referral).filter_by(ref=ref).one()
        actor = Actor(ActorKind.STAFF, other.id, other.name)
        rate(session, actor, held, Rating.RED, "Two injuries in a week.", now())


@pytest.mark.parametrize("page", ["", "/rating", "/decision", "/concerns", "/consent"])
def test_a_page_left_open_says_who_changed_what(change, signed_in, ref, page) -> None:
    worker = signed_in(Role.TRIAGE)
    shown = worker.get(f"/referrals/{ref}{page}").text
    with change() as session:
        latest = latest_change(session, session.query(Referral).filter_by(ref=ref).one())
    where = f"/referrals/{ref}/changes?after={latest}"
    assert f'hx-get="{where}"' in shown
    asked = {"HX-Request": "true", "X-Background": "1"}
    assert "<strong>" not in worker.get(where, headers=asked).text
    rated_by_another(change, ref)
    answer = worker.get(where, headers=asked).text
    assert "<strong>Rated</strong> by Ola Manager" in answer
    assert f'href="/referrals/{ref}"' in answer
    assert "<!DOCTYPE" not in answer
    assert "Rated" in worker.get(where).text  # without scripts: a page of its own


def test_the_second_to_save_sees_both_texts_and_loses_none(change, signed_in, ref) -> None:
    worker, where = signed_in(Role.TRIAGE), f"/referrals/{ref}/rating"
    typed = form_of(worker.get(where).text, "") | {
        "rating": "amber",
        "rating_reason": "One old bruise.",
    }
    rated_by_another(change, ref)
    answer = worker.post(where, data=typed)
    assert answer.status_code == 409
    assert "Two injuries in a week." in answer.text
    assert "One old bruise." in answer.text
    with change() as session:
        assert session.query(Referral).filter_by(ref=ref).one().rating is Rating.RED
    again = form_of(answer.text, "") | {"rating": "amber", "rating_reason": "One old bruise."}
    assert worker.post(where, data=again).status_code == 303
    page = worker.get(f"/referrals/{ref}").text
    assert "Two injuries in a week." in page
    assert "One old bruise." in page


NONE = Ground(filtered=FilterReason.OTHER_AREA)


def _before(session, actor, referral):
    """What stands already: a discussion of the case under way, a request that was answered."""
    service.open_discussion(session, actor, session.query(AbuseCase).one(), FRIDAY)
    given = AnswerGiven(Held.NOTHING, "", "R. Reed", "", AnswerVia.TELEPHONE)
    answer(session, actor, make_check(session, referral, FRIDAY), given, FRIDAY).unread = True
    make_check(session, referral, FRIDAY)


def _agreed(session, actor, referral):
    sitting = session.query(ListSitting).one()
    said = Said("", Outcome.NO_FURTHER_ACTION, "Agreed with the DS.")
    entry = queries.entry(session, sitting.id, 1)
    service.keep_said(session, actor, sitting, entry, said, FRIDAY)


def _assessed(session, actor, referral):
    given = AssessmentGiven(DomesticAbuseRisk.MEDIUM, "The officer corrected the account.")
    abuse.assess(session, actor, session.query(AbuseCase).one(), given, FRIDAY)


def _without_risk(session, actor, referral):
    told = ConcernsGiven((Concern.NEGLECT,), frozenset(), "No violence after all.")
    change_concerns(session, actor, referral, told, FRIDAY)


def _decided(session, actor, referral):
    refs = session.query(AgencyCheck.ref).filter_by(answered_at=None)
    ended = Unanswered(named=tuple(ref for (ref,) in refs))
    nothing = Outcome.NO_FURTHER_ACTION
    decide(session, actor, referral, nothing, "Elm.", FRIDAY, ground=NONE, requests=ended)


def _overridden(session, actor, referral):
    """It is a referral after all, so another on its child is a re-referral: the consent that is
    overridden stands in the audit before that."""
    consent = ConsentGiven(ConsentState.OVERRIDDEN, LawfulBasis.SIGNIFICANT_HARM, "Marks.")
    ground = Ground(override=consent)
    decide(session, actor, referral, Outcome.EARLY_HELP, "Ours.", FRIDAY, ground=ground)


def _joined(session, actor, referral):
    """By a child who is known, and of whom more is known by now."""
    known = session.query(ReferralChild).filter(ReferralChild.referral_id != referral.id).first()
    child = known.child
    given = ChildGiven(child.given_name, "", same_as=child.ref, address="1 Elm Lane")
    join(session, actor, referral, given, FRIDAY)


def _entered(session, actor, referral):
    """Another referral on children who are known, and of whom more is known by now."""
    children = [row.child for row in referral.children]
    intake = Intake(
        received_at=FRIDAY,
        channel=Channel.PHONE,
        children=tuple(
            ChildGiven(one.given_name, "", same_as=one.ref, address="1 Elm Lane")
            for one in children
        ),
        source_agency_id=referral.source_agency_id,
        concerns=(Concern.NEGLECT,),
        narrative="Seen at registration.",
    )
    enter_referral(session, actor, intake, FRIDAY)


def _opened_again(session, actor, referral):
    reopen(session, actor, referral, "It is ours.", FRIDAY, referral.version)


LAST_CHILD = select(func.max(ReferralChild.child_id)).scalar_subquery()
LATER_ONE = Referral.received_at > FRIDAY


@pytest.mark.parametrize(
    ("change_it", "held"),
    [
        (_agreed, select(Referral.id)),
        (_agreed, select(ListEntry.id)),
        (_agreed, select(AbuseCase.id)),
        (_assessed, select(Referral.id)),
        (_without_risk, select(AbuseCase.id)),
        (_decided, select(AbuseCase.id)),
        (_decided, select(AgencyCheck.id)),
        (_decided, select(Referral.id)),
        (_opened_again, select(AbuseCase.id)),
        (_opened_again, select(Referral.id).where(LATER_ONE)),
        (_overridden, select(Referral.id).where(LATER_ONE)),
        (_joined, select(Referral.id).where(LATER_ONE)),
        (_entered, select(Child.id).where(Child.id == LAST_CHILD)),
    ],
)
def test_who_holds_a_row_of_it_and_comes_for_the_audit_is_waited_for(
    app, change, engine_name, change_it, held
) -> None:
    """Otherwise each waits for the other, and the database ends one of them with an error."""
    if engine_name == "sqlite":
        pytest.skip("SQLite lets one in at a time")
    with change() as session:
        referral = make_referral(session, domestic_abuse=DomesticAbuseRisk.HIGH)
        use_protocol(session, "derby")
        actor = staff_actor(session)
        begun.case_of_referral(session, actor, referral, FRIDAY)
        begun.count_again(session, referral)
        _before(session, actor, referral)
        later = make_referral(session, 1, received_at=FRIDAY + timedelta(days=1))
        if change_it is not _joined:
            later.children[:] = [ReferralChild(child=referral.children[0].child, position=0)]
        if change_it in (_opened_again, _overridden):
            _decided(session, actor, referral)
    failed: list[Exception] = []

    def work() -> None:
        try:
            with app.app_context(), transaction() as session:
                first = session.query(Referral).order_by(Referral.id).first()
                change_it(session, actor, first)
        except Exception as problem:  # whatever it is, the test names it
            failed.append(problem)

    waits = text(
        "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    with app.app_context(), transaction() as session:
        session.execute(held.with_for_update(key_share=True)).all()
        worker = Thread(target=work)
        worker.start()
        while worker.is_alive() and session.execute(waits).first() is None:
            worker.join(0.02)
        record(session, SYSTEM, "kept", Subject("test", "1"), FRIDAY)
    worker.join()
    assert failed == []
