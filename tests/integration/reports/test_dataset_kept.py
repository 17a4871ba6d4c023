"""What deleted cases had added to the figures is kept, and says no more than before (G3, H8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.audit.service import record
from app.audit.types import SYSTEM, Subject
from app.core.session import reading, transaction
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.abuse.models import AbuseCase
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Referral, ReferralRating
from app.referrals.types import Outcome, Rating, RatingStage, ReferralState
from app.reports.dataset import service
from app.reports.dataset.counting import count
from app.reports.dataset.measures import LOST_WITH_CASE
from app.reports.dataset.models import DatasetFigure, DatasetKept, DatasetMonth
from app.reports.dataset.page import choose, page_of
from app.reports.dataset.rules import month_of
from app.reports.dataset.types import Measure
from app.reports.dataset.worker import work_out
from app.retention.cases import CaseRows
from app.retention.erasing import erase
from tests.clock import FRIDAY
from tests.factories.abuse import make_abuse_case
from tests.factories.checks import make_check
from tests.factories.meetings import make_case, make_council, make_meeting

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def count_all(app, moment) -> None:
    while work_out(app.extensions["settings"], moment):
        pass


def shown(moment, *, protected: bool):
    """Every cell of the page, and whether it says that something is kept."""
    page = page_of(reading(), choose(reading(), {}, moment), protected=protected, now=moment)
    return [table.rows for part in page.sections for table in part.tables], page.kept


def whole_case(session, number: int) -> CaseRows:
    """A case with everything that is deleted with it: ratings, requests, what followed."""
    meeting = make_meeting(session, MeetingState.SIGNED, children=1, at=FRIDAY - number * DAY)
    referral = session.get_one(Referral, meeting.referral_id)
    referral.state, referral.outcome = ReferralState.DECIDED, Outcome.STRATEGY_DISCUSSION
    referral.decided_at = referral.received_at + HOUR
    child = meeting.children[0].child_id
    session.add(
        ReferralRating(
            referral_id=referral.id, rating=Rating.RED, stage=RatingStage.BEFORE, reason="Seen.",
            early_because=None, rated_by_id=referral.recorded_by_id, rated_at=referral.received_at,
        )
    )  # fmt: skip
    check = make_check(session, referral, FRIDAY)
    check.answered_at, check.next_reminder_at = FRIDAY + HOUR, None
    unanswered = make_check(session, referral, FRIDAY)
    unanswered.next_reminder_at = None
    # Asked when its time was over, it had an hour.
    unanswered.withdrawn_at = max(unanswered.due_at, FRIDAY) + 2 * HOUR
    unanswered.withdrawn_reason = "The referral is decided"
    session.add(
        ChildAfter(
            meeting_id=meeting.id, child_id=child, enquiry_runs=True,
            conference=Conference.REQUIRED, conference_decided_later=False, clocks={},
            assessment_runs=True, icpc_referral_due_at=FRIDAY + HOUR, icpc_referred_at=FRIDAY,
            icpc_due_at=FRIDAY + DAY, icpc_held_at=FRIDAY + 2 * DAY,
            assessment_due_at=FRIDAY + DAY, assessment_completed_at=FRIDAY,
        )
    )  # fmt: skip
    session.flush()
    return CaseRows(referral.id, referral.id, [meeting.id], [child])


@pytest.fixture
def cases(in_app):
    """Seven whole cases, one referral without, and a domestic abuse case; counted."""
    with transaction() as session:
        make_council(session)
        found = [whole_case(session, number) for number in range(7)]
        make_case(session, children=1, at=FRIDAY)
        abuse = make_abuse_case(session, at=FRIDAY)
        abuse.due_at = FRIDAY + HOUR
        session.flush()
        found.append(CaseRows(abuse.id, 0, [], [], abuse.id))
    count_all(in_app, FRIDAY + 3 * DAY)
    return found


def deleted(app, rows: CaseRows, moment) -> None:
    """Delete one as `flask retention delete` does, and tell the audit."""
    with transaction() as session:
        service.keep_counted(session, rows, moment)
        refs = [session.get_one(Referral, rows.referral_id).ref] if rows.referral_id else []
        erase(session, rows, moment)
        for ref in refs:
            record(session, SYSTEM, "deleted the case", Subject("referral", ref), moment)


@pytest.mark.parametrize("protected", [False, True])
def test_nothing_is_seen_of_a_deletion_but_that_figures_are_kept(in_app, cases, protected) -> None:
    """Before and after are the same: there is nothing to subtract."""
    moment = FRIDAY + 4 * DAY
    before, kept = shown(moment, protected=protected)
    assert not kept
    for number, rows in enumerate(cases[2:]):
        deleted(in_app, rows, moment + number * HOUR)
    later = moment + DAY
    count_all(in_app, later)
    worked = reading().execute(select(func.min(DatasetMonth.worked_at))).scalar_one()
    assert worked > moment
    assert shown(later, protected=protected) == (before, True)


def test_what_goes_with_a_case_is_what_is_kept(in_app, cases) -> None:
    """A measure that would lose something by a deletion must be among those that are kept."""
    for rows in cases:
        deleted(in_app, rows, FRIDAY + 4 * DAY)
    assert reading().execute(select(func.count()).select_from(AgencyCheck)).scalar_one() == 0
    assert reading().execute(select(func.count()).select_from(AbuseCase)).scalar_one() == 0
    months = reading().execute(select(DatasetMonth.month)).scalars().all()
    for measure in (one for one in Measure if one not in (*LOST_WITH_CASE, Measure.GATHERING)):
        for month in months:
            held = select(DatasetFigure.ward_id, DatasetFigure.key, DatasetFigure.count).where(
                DatasetFigure.month == month, DatasetFigure.measure == measure.value
            )
            counted = count(reading(), measure, month, FRIDAY + 3 * DAY)
            assert sorted(counted) == sorted(map(tuple, reading().execute(held))), measure
    kept = reading().execute(select(DatasetKept.measure).distinct()).scalars()
    assert set(kept) == {one.value for one in LOST_WITH_CASE}


def test_what_was_read_before_a_deletion_is_not_added_to_what_is_kept(in_app, cases) -> None:
    """The worker counts while a case goes: what it read is thrown away."""
    moment = FRIDAY + 4 * DAY
    before, _ = shown(moment, protected=False)
    month = month_of(reading().get_one(Meeting, cases[2].meetings[0]).need_decided_at)
    with transaction() as session:
        session.get_one(DatasetMonth, month).changed_at = moment
    asked = service.MEASURES.index(Measure.ASKED)
    while (part := service.next_part(reading(), moment)).number < asked:
        work_out(in_app.extensions["settings"], moment)
    assert part == service.Part(month, asked)
    counted = count(reading(), part.measure, part.month, moment)
    reading().rollback()
    deleted(in_app, cases[2], moment)
    with transaction() as session:
        assert not service.keep(session, part, counted, 0.1, moment, moment)
    count_all(in_app, moment + HOUR)
    assert shown(moment + HOUR, protected=False)[0] == before


def test_a_change_of_another_case_is_counted_beside_what_is_kept(in_app, cases) -> None:
    moment = FRIDAY + 4 * DAY
    deleted(in_app, cases[2], moment)
    with transaction() as session:
        another = make_case(session, children=1, at=FRIDAY)
        check = make_check(session, another, FRIDAY)
        check.answered_at, check.next_reminder_at = FRIDAY + HOUR, None
        record(session, SYSTEM, "asked", Subject("referral", another.ref), moment)
    count_all(in_app, moment + HOUR)
    asked = select(func.sum(DatasetFigure.count)).where(
        DatasetFigure.measure == Measure.ASKED.value
    )
    assert reading().execute(asked).scalar_one() == 7 + 7 + 1
