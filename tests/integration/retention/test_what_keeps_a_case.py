"""What keeps a case from its deletion, and what is left of one that was deleted (F7, H8)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.accounts.models import Staff
from app.accounts.types import Role
from app.cli.retention import retention
from app.core.refusal import Erased, Refused
from app.core.session import db, reading, transaction
from app.meetings.models import Invitee, Meeting
from app.meetings.need.service import decide_needed
from app.meetings.need.types import Occasion
from app.meetings.restricted.models import CaseRestriction, RestrictionReader
from app.records.circulation import copy_for_invitee
from app.records.rules import verdict_words
from app.records.same_child import service as same_child
from app.records.sealing import certificates_of
from app.records.verification import verify_file
from app.referrals.abuse.begun import close as close_abuse_case
from app.referrals.abuse.models import AbuseCase, AbusePerson
from app.referrals.arrivals import service as arrivals
from app.referrals.joining.models import ChildTakenOff
from app.referrals.models import Child, Referral
from app.referrals.outcome.types import FilterReason
from app.referrals.public.models import Arrival
from app.referrals.types import Outcome, ReferralState
from app.reports.dataset.models import DatasetKept
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.service import Told, report
from app.reports.quality.near_misses.types import NearMissKind
from app.retention import cases, holds, service
from app.retention.models import ClosedCase
from app.retention.reviewing import reviewers
from app.retention.types import CaseKey, CaseKind
from app.retention.worker import archive, reopen_for_work
from tests.clock import FRIDAY
from tests.factories.abuse import make_abuse_case
from tests.factories.arrivals import make_arrival
from tests.factories.meetings import make_case, make_council, make_known_child
from tests.factories.records import make_releaser
from tests.integration.retention.test_retention import DAY, LATER, act, closed
from tests.page_form import form_of

__all__ = ["closed"]


@pytest.fixture
def advice(in_app):
    """A referral that came to advice, closed; two chairs."""
    with transaction() as session:
        make_council(session)
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.ADVICE
        key = CaseKey(CaseKind.REFERRAL, referral.ref)
        chairs = make_releaser(session), make_releaser(session)
        service.close(session, chairs[0].actor, key, FRIDAY)
    return key, *chairs


def case(key):
    session = reading()
    session.expire_all()
    return session.execute(select(ClosedCase).where(ClosedCase.ref == key.ref)).scalar_one_or_none()


def delete(key, now):
    with transaction() as session:
        return service.delete(session, key, now)


def needed(staff, key, now):
    with transaction() as session:
        return decide_needed(session, staff, Occasion(referral_ref=key.ref), "Bruises", now, now)


def closed_form(session, chair):
    form = make_arrival(session, FRIDAY)
    arrivals.close(session, chair.actor, form.ref, FilterReason.OTHER_AREA, "Moved", FRIDAY)
    return form


def test_new_work_opens_a_closed_case_again_and_it_is_kept_from_its_new_end(in_app, advice):
    key, chair, _ = advice
    until = case(key).keep_until
    over = until + DAY
    needed(chair, key, FRIDAY + 95 * DAY)
    # Even before the worker comes by.
    with pytest.raises(Refused, match="A strategy discussion is needed"):
        act(service.approve, key, chair.actor, "Its time is over.", over)
    settings = in_app.extensions["settings"]
    assert reopen_for_work(settings, FRIDAY + 95 * DAY) == 1
    assert case(key) is None
    assert reopen_for_work(settings, FRIDAY + 95 * DAY) == 0


def test_work_that_came_after_the_approval_stops_the_deletion(advice):
    key, chair, _ = advice
    over = case(key).keep_until + DAY
    act(service.approve, key, chair.actor, "Its time is over.", over)
    needed(chair, key, over + DAY)
    assert not delete(key, over + 15 * DAY)


def test_a_birthday_that_was_put_right_is_counted_at_the_review(closed):
    key, chair = closed
    over = case(key).keep_until + DAY
    with transaction() as session:
        session.execute(update(Child).values(looked_after=True))
    with transaction() as session:
        assert not service.approve(session, chair, key, "Its time is over.", over)
    kept = case(key)
    assert kept.rule["id"] == "looked-after-75y" and kept.keep_until > over
    assert kept.approved_at is None


def test_whoever_lifted_a_hold_does_not_approve_the_deletion(advice):
    key, one, other = advice
    over = case(key).keep_until + DAY
    act(service.hold, key, one.actor, "The court asked.", over)
    act(service.lift, key, one.actor, "It has ended.", over + DAY)
    # Nor after it was opened and closed again.
    act(service.reopen, key, one.actor, "Looked at.", over + DAY)
    act(service.close, key, one.actor, over + DAY)
    later = case(key).keep_until + DAY
    with pytest.raises(Refused, match=f"somebody else .*{other.name} may"):
        act(service.approve, key, one.actor, "Its time is over.", later)
    act(service.approve, key, other.actor, "Its time is over.", later)
    assert case(key).approved_by_id == other.id


def test_where_nobody_else_may_review_it_the_refusal_says_what_to_do(advice):
    key, one, other = advice
    over = case(key).keep_until + DAY
    with transaction() as session:
        session.get(Staff, other.id).ended_at = FRIDAY
    act(service.hold, key, one.actor, "The court asked.", over)
    act(service.lift, key, one.actor, "It has ended.", over + DAY)
    with pytest.raises(Refused, match="ask a system administrator to give somebody the role"):
        act(service.approve, key, one.actor, "Its time is over.", over + 2 * DAY)


def test_of_a_restricted_case_only_its_readers_are_named(advice):
    key, one, other = advice
    with transaction() as session:
        rows = cases.rows_of(session, key)
        assert reviewers(session, rows, {one.id}) == [other.name]
        restriction = CaseRestriction(
            referral_id=rows.referral_id,
            reason="A colleague's child",
            set_by_id=one.id,
            set_at=FRIDAY,
        )
        session.add(restriction)
        session.flush()
        session.add(RestrictionReader(restriction_id=restriction.id, staff_id=one.id))
        session.flush()
        assert reviewers(session, rows, {one.id}) == []


@pytest.mark.parametrize("others", [0, 1])
def test_who_reviews_the_deletion_is_said_before_a_hold_is_lifted(app, change, signed_in, others):
    with change() as session:
        make_council(session)
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.ADVICE
        names = [make_releaser(session).name for _ in range(others)]
        path = f"/referrals/{referral.ref}/retention"
    browser = signed_in(Role.CHAIR)

    def press(do, **typed):
        fields = form_of(browser.get(path).get_data(as_text=True), path)
        return browser.post(path, data=fields | {"do": do} | typed)

    assert "may not review the deletion" not in browser.get(path).get_data(as_text=True)
    assert press("hold", reason="The court asked.").status_code == 303
    page = browser.get(path).get_data(as_text=True)
    assert "may not review the deletion" in page
    assert (f"{names[0]} may." if names else "ask a system administrator") in page


def test_a_hold_keeps_every_case_about_the_child_and_open_ones_too(closed):
    key, chair = closed
    with transaction() as session:
        about = make_case(session, children=1)  # open
        shared = session.execute(select(Meeting)).scalar_one().children[0].child_id
        about.children[0].child_id = shared
        other = CaseKey(CaseKind.REFERRAL, about.ref)
    act(service.hold, other, chair, "The ombudsman asked.", LATER - DAY)
    assert case(other) is None and case(key).held_at == LATER - DAY
    with transaction() as session:
        about = session.execute(select(Referral).where(Referral.ref == other.ref)).scalar_one()
        about.state, about.decided_at = ReferralState.DECIDED, FRIDAY
        about.outcome = Outcome.NO_FURTHER_ACTION
    act(service.close, other, chair, LATER)
    assert case(other).held_at == LATER - DAY
    for held in (key, other):
        with pytest.raises(Refused, match="hold"):
            act(service.approve, held, chair, "Its time is over.", LATER + 50 * 365 * DAY)
    with pytest.raises(Refused, match=f"it was put on {other.ref}"):
        act(service.lift, key, chair, "It has ended.", LATER)
    act(service.lift, other, chair, "It has ended.", LATER)
    assert case(key).held_at is None and case(other).held_at is None


def test_a_hold_follows_a_child_whose_other_record_is_found(advice):
    key, one, _ = advice
    act(service.hold, key, one.actor, "The court asked.", FRIDAY + DAY)
    with transaction() as session:
        known = make_known_child(session, "Amara", "Okonjo")
        mine = session.execute(select(Referral)).scalar_one().children[0].child
        same_child.link(session, one.actor, mine, known, "The same NHS number", FRIDAY + 2 * DAY)
        new = make_case(session, children=1)
        new.children[0].child_id = known.id
        session.flush()
        session.refresh(new)
        other = CaseKey(CaseKind.REFERRAL, new.ref)
        rows = cases.rows_of(session, other)
        assert [shown.hold.ref for shown in holds.active(session, other, rows)] == [key.ref]


def test_a_deleted_case_takes_nothing_and_says_so(app, change, signed_in):
    with change() as session:
        make_council(session)
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.ADVICE
        referral.referrer_professional_id = None
        key = CaseKey(CaseKind.REFERRAL, referral.ref)
        chair = make_releaser(session)
        off = make_known_child(session, "Wrong", "Takenoff")
        twice = make_known_child(session, "Amara", "Okonjo-Twice")
        session.add(ChildTakenOff(referral_id=referral.id, child_id=off.id, reason="Not theirs",
                                  by_id=chair.id, at=FRIDAY))  # fmt: skip
        same_child.link(session, chair.actor, twice, referral.children[0].child, "Same", FRIDAY)
        service.close(session, chair.actor, key, FRIDAY)
    over = FRIDAY + 7 * 366 * DAY
    with change() as session:
        service.approve(session, chair.actor, key, "Its time is over.", over)
    with change() as session:
        assert service.delete(session, key, over + 15 * DAY)
    with app.app_context():
        assert reading().execute(select(Child)).first() is None
        with pytest.raises(Erased), transaction() as session:
            decide_needed(session, chair, Occasion(referral_ref=key.ref), "New", over, over)
    browser = signed_in(Role.CHAIR)
    for path in ("", "/strategy-discussion", "/start-now", "/already-held"):
        answer = browser.get(f"/referrals/{key.ref}{path}")
        assert answer.status_code == 410, path
        assert b"This case has been deleted" in answer.data
    assert b"What was written is gone" in browser.get(f"/referrals/{key.ref}/retention").data


def test_a_file_of_a_deleted_case_is_genuine_and_nothing_names_who_was_there(closed, in_app):
    key, chair = closed
    certificates = certificates_of(in_app.extensions["settings"])
    with transaction() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        pdf = copy_for_invitee(session, meeting.invitees[1].id).pdf
        referral = session.get_one(Referral, meeting.referral_id)
        referral.referrer_professional_id = meeting.invitees[1].professional_id
    act(service.approve, key, chair, "Its time is over.", LATER)
    assert delete(key, LATER + 14 * DAY)
    db.session.remove()
    session = reading()
    verdict = verify_file(session, pdf, certificates)
    heading, words = verdict_words(verdict)
    assert verdict.genuine and heading == "This file is genuine, but its case has been deleted"
    assert "was deleted" in words[2]
    assert not verify_file(session, pdf[:-1] + b"?", certificates).genuine
    referral = session.execute(select(Referral)).scalar_one()
    assert referral.referrer_professional_id is None and referral.erased_at == LATER + 14 * DAY
    assert referral.outcome is Outcome.STRATEGY_DISCUSSION and referral.concerns
    for one in session.execute(select(Invitee)).scalars():
        assert (one.professional_id, one.staff_id, one.agency_name) == (None, None, "")
        assert one.agency_kind


def test_domestic_abuse_cases_and_forms_are_kept_reviewed_and_deleted(in_app):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        make_council(session)
        chair = make_releaser(session)
        abuse = make_abuse_case(session)
        close_abuse_case(session, chair.actor, abuse, Outcome.NO_FURTHER_ACTION, FRIDAY)
        form = closed_form(session, chair)
        keys = CaseKey(CaseKind.ABUSE, abuse.ref), CaseKey(CaseKind.FORM, form.ref)
    assert archive(settings, FRIDAY + 90 * DAY) == 0
    assert archive(settings, FRIDAY + 91 * DAY) == 2
    for key in keys:
        over = case(key).keep_until + DAY
        assert case(key).rule["id"] == "every-case-6y"
        act(service.approve, key, chair.actor, "Its time is over.", over)
        assert delete(key, over + 14 * DAY)
        assert case(key).deleted_at and case(key).arrival_id is None
    for model in (AbuseCase, AbusePerson, Arrival):
        assert reading().execute(select(model)).first() is None


def test_a_form_that_is_opened_again_leaves_the_archive(in_app):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        make_council(session)
        chair = make_releaser(session)
        form = closed_form(session, chair)
        key = CaseKey(CaseKind.FORM, form.ref)
    assert archive(settings, FRIDAY + 91 * DAY) == 1
    with transaction() as session:
        arrivals.reopen(session, chair.actor, key.ref, "It is about a child here.", FRIDAY)
    assert reopen_for_work(settings, FRIDAY + 92 * DAY) == 1
    assert case(key) is None


def test_one_bad_row_does_not_keep_the_others(app, advice, monkeypatch):
    key, one, _ = advice
    with transaction() as session:
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.ADVICE
        other = CaseKey(CaseKind.REFERRAL, referral.ref)
        told = Told(NearMissKind.OTHER, FRIDAY.date(), "What happened", "Luck", "", other.ref)
        report(session, one.actor, one.id, told, FRIDAY)
        service.close(session, one.actor, other, FRIDAY - 20 * 365 * DAY)
        session.execute(update(ClosedCase).values(
            closed_at=FRIDAY - 20 * 365 * DAY, keep_until=FRIDAY - 366 * DAY,
            approved_at=FRIDAY - 60 * DAY, approved_reason="", approved_by_id=one.id,
        ))  # fmt: skip
    delete_one = service.delete

    def fails_once(session, wanted, *rest):
        if wanted == key:
            raise RuntimeError("a row that cannot be read")
        return delete_one(session, wanted, *rest)

    monkeypatch.setattr(service, "delete", fails_once)
    done = app.test_cli_runner().invoke(retention, ["delete", "--yes"])
    assert done.exit_code == 1 and key.ref in done.output
    assert f"{other.ref}: deleted" in done.output
    assert case(other).deleted_at and not case(key).deleted_at
    # What other rooms keep and forget with a case, in the same breath.
    assert reading().execute(select(DatasetKept.measure)).scalars().all() == ["rating"]
    assert [(one.case_ref, one.what) for one in reading().execute(select(NearMiss)).scalars()] == [
        (other.ref, "")
    ]
