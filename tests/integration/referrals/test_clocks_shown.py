"""What the referral's page says of its clocks once there is a discussion or an assessment (B2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import in_london, now
from app.meetings.after.models import ChildAfter
from app.meetings.models import Meeting
from app.meetings.need import service as need
from app.meetings.need.types import Occasion, Started
from app.meetings.types import MeetingState
from app.referrals.models import Referral
from app.referrals.outcome.service import decide, reopen
from app.referrals.types import ConsentState, Outcome, Rating
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.factories.booking import SENDER, make_member
from tests.factories.checks import staff_actor
from tests.factories.referrals import make_referral
from tests.page_form import form_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def panels(browser, ref):
    """The clocks on the referral's page, in words."""
    text = browser.get(f"/referrals/{ref}").text
    text = text.split("app-columns__main")[0]
    found = re.split(r'<div class="app-deadline ', text)[1:]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)) for one in found]


def of_clock(browser, ref, words):
    return next((one for one in panels(browser, ref) if words in one), "")


@pytest.fixture
def held(change):
    """A referral of twenty days ago whose discussion was held the same day."""

    def made(protocol, *, ended=True):
        with change() as session:
            then = now() - 20 * DAY
            referral = make_referral(session, 1, received_at=then)
            use_protocol(session, protocol)
            ref = referral.ref
            staff = make_member(make_staff(session, Role.CHAIR))
        with change() as session:
            at = then + 3 * HOUR
            need.decide_needed(session, staff, Occasion(referral_ref=ref), "Bruises", at, at)
            started = Started(reason="Now")
            meeting = need.start_now(
                session, staff, Occasion(referral_ref=ref), started, SENDER, at + HOUR
            )
            if ended:
                meeting.state, meeting.ended_at = MeetingState.ENDED, at + 2 * HOUR
        return ref

    return made


@pytest.mark.parametrize("protocol", ["bromley", "london"])
def test_a_discussion_held_in_time_is_not_late_for_ever(held, signed_in, protocol):
    ref = held(protocol)
    shown = of_clock(signed_in(Role.CHAIR), ref, "Hold the strategy discussion")
    assert "Met" in shown and "Late" not in shown
    if protocol == "bromley":
        assert "bromley-24h" in shown  # from the manager's decision, as it was kept


def test_the_assessment_after_a_discussion_is_followed_there(held, change, signed_in):
    """Where the discussion decided none, no clock of one runs; where it did, it is met there."""
    ref, chair = held("bromley"), signed_in(Role.CHAIR)
    assert not of_clock(chair, ref, "assessment")
    with change() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        [child] = meeting.children
        session.add(after_row(meeting, child.child_id))
    assert "In time" in of_clock(chair, ref, "assessment")
    with change() as session:
        session.execute(select(ChildAfter)).scalar_one().assessment_completed_at = now() - DAY
    assert "Met" in of_clock(chair, ref, "assessment")


def after_row(meeting, child_id):
    return ChildAfter(
        meeting_id=meeting.id, child_id=child_id, enquiry_runs=False,
        conference_decided_later=False, assessment_runs=True, carries=True, from_others=[],
        clocks=meeting.clocks,
    )  # fmt: skip


@pytest.fixture
def assessed(change):
    with change() as session:
        then = now() - 100 * DAY
        referral = make_referral(session, 1, received_at=then, consent=ConsentState.GIVEN)
        use_protocol(session, "london")
        decide(session, staff_actor(session), referral, Outcome.SECTION_17, "Assess", then + HOUR)
        return referral.ref


def typed(browser, path, at):
    at = in_london(at)
    form = form_of(browser.get(path).text, path) | {
        "completed_at-day": str(at.day), "completed_at-month": str(at.month),
        "completed_at-year": str(at.year), "completed_at-time": f"{at:%H:%M}",
    }  # fmt: skip
    return browser.post(path, data=form)


def test_a_section_17_assessment_is_complete_when_somebody_says_so(assessed, change, signed_in):
    browser, path = signed_in(Role.SOCIAL_WORKER, Role.CHAIR), f"/referrals/{assessed}/assessment"
    assert "Late" in of_clock(browser, assessed, "assessment")
    page = browser.get(f"/referrals/{assessed}").text
    assert f'href="{path}"' in page and "It is complete" in page
    for at, words in (
        (now() + DAY, "in the future"),
        (now() - 101 * DAY, "before the referral was received"),
    ):
        refused = typed(browser, path, at)
        assert refused.status_code == 422 and words in refused.text
    assert typed(browser, path, now() - 60 * DAY).status_code == 303
    shown = of_clock(browser, assessed, "assessment")
    assert "Met" in shown and "late" not in shown.lower()
    with change() as session:
        [row] = session.execute(
            select(AuditEntry).where(AuditEntry.action == "assessment completed")
        ).scalars()
        assert row.subject_ref == assessed and row.actor_label
    # A mistyped date is noted anew, and both stay.
    assert typed(browser, path, now() - DAY).status_code == 303
    assert "Met late" in of_clock(browser, assessed, "assessment")
    assert browser.get(f"/referrals/{assessed}").text.count('<p class="govuk-body">Complete') == 2
    assert "Correct the date" in browser.get(f"/referrals/{assessed}").text
    # Opened again, it is another one.
    with change() as session:
        referral = session.execute(select(Referral)).scalar_one()
        actor = staff_actor(session)
        reopen(session, actor, referral, "The school rang", now(), referral.version)
        decide(session, actor, referral, Outcome.SECTION_17, "Assess again", now())
    assert "Met" not in of_clock(browser, assessed, "assessment")


def test_nothing_is_noted_where_no_assessment_was_decided(change, signed_in):
    with change() as session:
        ref = make_referral(session, 1, received_at=now() - DAY).ref
    answer = typed(signed_in(Role.SOCIAL_WORKER), f"/referrals/{ref}/assessment", now() - HOUR)
    assert answer.status_code == 422 and "No section 17 assessment is decided" in answer.text


@pytest.mark.parametrize("protocol", ["london", "bury", "sandwell"])
def test_opened_again_the_page_counts_as_the_queue_does_and_says_since_when(
    change, signed_in, protocol
):
    """B2: every clock of it, not the decision's alone, and a reason that is true."""
    with change() as session:
        then, at = now() - 60 * DAY, now() - HOUR / 2
        referral = make_referral(session, 1, received_at=then, rating=Rating.AMBER)
        use_protocol(session, protocol)
        actor = staff_actor(session)
        decide(session, actor, referral, Outcome.NO_FURTHER_ACTION, "Nothing", then + HOUR)
        reopen(session, actor, referral, "The school rang", at, referral.version)
        ref, act_by = referral.ref, referral.act_by_at
    browser = signed_in(Role.CHAIR)
    text = browser.get(f"/referrals/{ref}").text
    assert f'<time datetime="{act_by.isoformat()}"' in text
    shown = panels(browser, ref)
    assert len(shown) == (3 if protocol == "sandwell" else 2)
    for one in shown:
        assert "deadline--late" not in one and "It was opened again then" in one
    # So says what the discussion keeps, once it is decided.
    path = f"/referrals/{ref}/strategy-discussion"
    assert "It was opened again then" in browser.get(path).text
    with change() as session:
        staff = make_member(make_staff(session, Role.CHAIR))
        asked = Occasion(referral_ref=ref)
        need.decide_needed(session, staff, asked, "Bruises", now(), now())
    assert "It was opened again then" in of_clock(browser, ref, "Hold the strategy discussion")
