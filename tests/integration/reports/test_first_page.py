"""What the first page speaks of: also of what would otherwise be forgotten (G1)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from app.accounts.types import Role
from app.core.clock import london_date, now
from app.meetings.models import Delivery
from app.meetings.types import MeetingState, MessageKind
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.protocols.registry import active
from app.protocols.working_days import this_or_next_working_day
from app.referrals import listing
from app.referrals.abuse.models import AbuseCase
from app.referrals.lists.service import end_list, open_discussion
from app.referrals.models import Referral
from app.referrals.rating.models import RatingDispute
from app.referrals.rating.service import dispute, rate
from app.referrals.service import change_concerns
from app.referrals.types import (
    Concern,
    ConcernsGiven,
    DomesticAbuseRisk,
    Flag,
    Outcome,
    Rating,
)
from app.reports.names import Names
from app.reports.queries import work
from app.reports.routes import todays_lists, work_shown
from app.reports.rules import kinds_for
from app.reports.types import MOST, WorkKind
from tests.clock import FRIDAY
from tests.factories.abuse import make_abuse_case, make_list, series_of, use_protocol
from tests.factories.accounts import make_staff
from tests.factories.arrivals import TOLD, make_arrival
from tests.factories.booking import make_member
from tests.factories.checks import (
    staff_actor,
)
from tests.factories.directory import make_settings
from tests.factories.mail import make_message
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral
from tests.integration.reports.first_page import line_of


def test_domestic_abuse_cases_stand_by_their_clock_and_without_a_name(change, signed_in) -> None:
    """G1, late first; IMAP 5: the information is used at the list alone."""
    high, medium, standard = DomesticAbuseRisk
    with change() as session:
        soon = make_abuse_case(session, medium, at=now(), protocol="derby")
        late = make_abuse_case(session, high, at=now() - timedelta(days=9), protocol="derby")
        listed = make_abuse_case(session, standard, at=now(), protocol="north-lincolnshire")
        make_meeting(session, MeetingState.NEEDED, at=now())
        soon_ref, late_ref, listed_ref = soon.ref, late.ref, listed.ref
    triage = signed_in(Role.TRIAGE).get("/").text
    line = r'href="/domestic-abuse/([\w-]+)">Discuss or screen.*?app-work__who">(.*?) <span'
    shown = re.findall(line, triage, re.S)
    assert shown == [(late_ref, "High risk"), (soon_ref, "Medium risk")]
    assert re.search(rf"{late_ref}.*?app-due--late.*?days.*? late.*?{soon_ref}", triage, re.S)
    assert listed_ref not in triage  # the list is its time
    for role in (Role.SOCIAL_WORKER, Role.ANALYST):
        assert "/domestic-abuse/" not in signed_in(role).get("/").text
    with change() as session:
        case = session.query(AbuseCase).filter_by(ref=late_ref).one()
        case.outcome, case.closed_at = Outcome.NO_FURTHER_ACTION, now()
    assert late_ref not in signed_in(Role.TRIAGE).get("/").text


AT_RISK = "May be at risk now: take in what came by the form"


def test_a_form_marked_may_be_at_risk_now_stands_above_everything(change, signed_in) -> None:
    with change() as session:
        make_settings(session)
        late = make_referral(session, 1, received_at=now() - timedelta(hours=25)).ref
        soon = make_referral(session, 1, received_at=now() - timedelta(hours=23)).ref
        at_risk = make_arrival(session, now(), replace(TOLD, risk_now="yes")).ref
    triage = signed_in(Role.TRIAGE)
    assert triage.get("/").text.count(f'href="/referrals/{at_risk}/as-sent"') == 1
    with change() as session:
        for number in range(MOST):  # enough to fill a list of their own
            you = replace(TOLD.you, email=f"dsl{number}@oakfield.example")
            make_arrival(session, now() - timedelta(hours=2), replace(TOLD, you=you))
    page = triage.get("/").text
    assert page.count(AT_RISK) == 1
    assert f'href="/referrals/{at_risk}/as-sent">{AT_RISK}' in page
    places = [page.index(f'href="/referrals/{ref}') for ref in (at_risk, late, soon)]
    assert places == sorted(places)
    assert "Wren Fernsby" in page[places[0] : places[1]]
    assert AT_RISK in signed_in(Role.ADMINISTRATOR).get("/").text.partition("Waits on")[2]


def test_a_referral_marked_may_be_at_risk_now_stands_above_everything(change, signed_in) -> None:
    """A1: also once it was taken in, behind any number of late ones."""
    with change() as session:
        late = [make_referral(session, 1, received_at=now() - timedelta(days=3)).ref for _ in "ab"]
        at_risk = make_referral(session, 1, received_at=now(), flags=(Flag.RISK_NOW,)).ref
    triage = signed_in(Role.TRIAGE)
    for page in (triage.get("/").text, triage.get("/referrals/").text):
        places = [page.index(f'href="/referrals/{ref}"') for ref in (at_risk, *late)]
        assert places == sorted(places)
    assert line_of(triage.get("/").text, at_risk).startswith("May be at risk now: decide")
    with change() as session:
        for _ in range(MOST):
            make_referral(session, 1, received_at=now() - timedelta(days=2))
    page = triage.get("/").text
    assert f'href="/referrals/{at_risk}"' in page
    assert "2 more referrals wait</a> for a decision" in page
    assert f'href="/referrals/{at_risk}"' in triage.get("/referrals/").text
    with change() as session:
        current = session.query(Referral).filter_by(ref=at_risk).one()
        given = ConcernsGiven((Concern.NEGLECT,), frozenset(), current.narrative)
        change_concerns(session, staff_actor(session), current, given, now())
    assert f'href="/referrals/{at_risk}"' not in triage.get("/").text  # in turn again


def test_the_queue_turns_its_pages_through_those_at_risk_now(change) -> None:
    with change() as session:
        for place in range(5):
            flags = (Flag.RISK_NOW,) if place in (1, 4) else ()
            make_referral(session, 1, received_at=now() - timedelta(hours=place), flags=flags)
    found, after, more = [], None, True
    while more:
        with change() as session:
            page = listing.open_referrals(session, after, size=1)
        found, more, last = [*found, *page.rows], page.more, page.rows[-1]
        after = last.queue_place, last.act_by_at, last.id
    assert [one.queue_place for one in found] == [0, 0, 1, 1, 1]
    for some in (found[:2], found[2:]):
        assert [one.act_by_at for one in some] == sorted(one.act_by_at for one in some)


SETTLE = "A rating is disagreed with: settle it"


def test_a_disagreement_over_a_rating_waits_for_whom_the_protocol_names(change, signed_in) -> None:
    """A5; HO2014 Nottinghamshire: social care, then the Operational Manager."""
    with change() as session:
        referral = make_referral(session, 1, received_at=now())
        use_protocol(session, "nottinghamshire")
        rate(session, staff_actor(session), referral, Rating.GREEN, "Calm", now())
        dispute(session, staff_actor(session), referral, "Police", Rating.RED, "Not so", now())
        ref = referral.ref
    triage, chair = signed_in(Role.TRIAGE), signed_in(Role.CHAIR)
    mine = triage.get("/").text.partition("Waits on colleagues")[0]
    assert f'href="/referrals/{ref}/rating/settle">{SETTLE}' in mine
    with change() as session:
        session.query(RatingDispute).one().step = 1
    page = triage.get("/").text
    assert SETTLE not in page.partition("Waits on colleagues")[0] and SETTLE in page
    assert SETTLE in chair.get("/").text.partition("Waits on colleagues")[0]
    with change() as session:
        session.query(RatingDispute).one().settled_at = now()
    assert SETTLE not in triage.get("/").text


def test_a_disagreement_that_is_settled_while_the_page_is_made_is_left_out(app, change) -> None:
    with change() as session:
        referral = make_referral(session, 1, received_at=now())
        use_protocol(session, "nottinghamshire")
        rate(session, staff_actor(session), referral, Rating.GREEN, "Calm", now())
        dispute(session, staff_actor(session), referral, "Police", Rating.RED, "Not so", now())
        staff = make_member(make_staff(session, Role.TRIAGE))
        rows = work(session, [WorkKind.SETTLE_RATING], now(), now(), staff.id)
        assert [row.kind for row in rows] == [WorkKind.SETTLE_RATING]
        session.query(RatingDispute).one().settled_at = now()
        session.flush()
        with app.test_request_context():
            protocol = active("nottinghamshire")
            shown = work_shown(session, rows, Names({}, {}, {}), staff, protocol, now())
        assert [one.ref for one in shown if one.kind is WorkKind.SETTLE_RATING] == []


def test_the_list_of_today_stands_until_it_has_ended(app, change) -> None:
    """C10, G1; IMAP 5: of what stands on it nothing is said. Of a working day."""
    day = this_or_next_working_day(london_date(now()))
    at = datetime.combine(day, time(10), tzinfo=UTC)
    with change() as session:
        make_settings(session, "north-lincolnshire")
        protocol = active("north-lincolnshire")
        with app.test_request_context():
            assert todays_lists(session, protocol, at) == []
            make_abuse_case(session, at=at)
            [line] = todays_lists(session, protocol, at)
            assert (line.ref, line.href, line.details) == ("", "/lists/", ())
            assert line.children == (series_of().name,)
            sitting = make_list(session, at)
            assert [one.href for one in todays_lists(session, protocol, at)] == [
                f"/lists/{sitting.ref}"
            ]
            # Whoever forgot to end it is asked until somebody does: no other list has its cases.
            [left] = todays_lists(session, protocol, at + timedelta(days=30))
            assert (left.kind, left.state, left.ref) == (WorkKind.LIST_LEFT, "late", sitting.ref)
            assert "1 case without an outcome" in left.details[0]
            end_list(session, staff_actor(session), sitting, "Ann, Bo", at)
            assert todays_lists(session, protocol, at) == []


def test_what_was_left_open_stands_there_whatever_became_of_its_series(app, change) -> None:
    """C10: a list of a series that the area has no longer, and a discussion of one case."""
    with change() as session:
        make_settings(session, "north-lincolnshire")
        make_abuse_case(session)
        gone = make_list(session)
        gone.series_id = "gone"
        alone = make_abuse_case(session, DomesticAbuseRisk.HIGH)
        held = open_discussion(session, staff_actor(session), alone, FRIDAY)
        session.flush()
        with app.test_request_context():
            later = FRIDAY + timedelta(days=30)
            found = todays_lists(session, active("north-lincolnshire"), later)
            assert {one.ref for one in found} == {gone.ref, held.ref}
            assert {one.kind for one in found} == {WorkKind.LIST_LEFT}


def test_whoever_does_not_go_through_the_list_is_told_of_none() -> None:
    for roles in ([Role.SOCIAL_WORKER], [Role.ANALYST], [Role.SYSTEM]):
        assert WorkKind.LIST_TODAY not in kinds_for(roles)
    assert WorkKind.LIST_TODAY in kinds_for([Role.TRIAGE])


def test_a_receipt_of_the_public_form_that_did_not_arrive(change, signed_in) -> None:
    with change() as session:
        make_settings(session)
        arrival = make_arrival(session, now())
        message = session.get_one(OutboxMessage, arrival.message_id)
        assert message.kind == "form_received"
        message.state, message.problem = MessageState.BOUNCED, "Unknown."
    lost = "A mail to somebody who uses the public form did not arrive"
    page = signed_in(Role.ADMINISTRATOR).get("/").text
    assert f'href="/deliveries#failures">{lost}' in page
    assert lost not in signed_in(Role.TRIAGE).get("/").text


def _failed(session, at) -> str:
    """A discussion whose invitation did not arrive."""
    meeting = make_meeting(session, MeetingState.BOOKED, 3, at=at)
    sent = outbox.enqueue(session, make_message(), at)
    session.flush()
    session.get_one(OutboxMessage, sent.id).state = MessageState.REFUSED
    session.add(
        Delivery(
            invitee_id=meeting.invitees[1].id, message_id=sent.id, kind=MessageKind.INVITATION,
            at=at,
        )
    )  # fmt: skip
    session.flush()
    return meeting.ref


def test_a_new_failure_stands_on_top_of_any_number_that_nobody_saw(change, signed_in) -> None:
    """D7, G1: on the first page within a minute, and the page says that it is cut."""
    words = f"{WorkKind.MAIL.words}: there are more than the {MOST} shown"
    administrator = signed_in(Role.ADMINISTRATOR)
    with change() as session:
        make_settings(session)
        early = make_meeting(session, MeetingState.BOOKED, 3, at=now())
        refs = [_failed(session, now()) for _ in range(MOST)]
        newest_invitee, newest = early.invitees[1].id, early.ref
    page = administrator.get("/").text
    assert all(f'href="/discussions/{ref}">{WorkKind.MAIL.words}' in page for ref in refs)
    assert words not in page
    with change() as session:
        sent = outbox.enqueue(session, make_message(), now())
        session.flush()
        session.get_one(OutboxMessage, sent.id).state = MessageState.BOUNCED
        kind = MessageKind.INVITATION
        session.add(Delivery(invitee_id=newest_invitee, message_id=sent.id, kind=kind, at=now()))
    page = administrator.get("/").text
    lines = re.findall(rf'href="/discussions/([\w-]+)">{WorkKind.MAIL.words}', page)
    assert lines == [newest, *reversed(refs[1:])]
    assert re.search(rf'{words}\. <a class="govuk-link" href="/deliveries">See all', page)


def test_a_list_that_is_cut_says_so(change, signed_in) -> None:
    with change() as session:
        make_settings(session)
        for _ in range(MOST):
            make_meeting(session, MeetingState.NEEDED, at=now())
            make_meeting(session, MeetingState.BOOKED, at=now())
    chair = signed_in(Role.CHAIR)
    cut = (f"{WorkKind.BOOK.words}: there are more than the {MOST} shown", "More are booked after")
    page = chair.get("/").text
    assert not any(words in page for words in cut)
    with change() as session:
        make_meeting(session, MeetingState.NEEDED, at=now())
        make_meeting(session, MeetingState.BOOKED, at=now())
    page = chair.get("/").text
    assert all(words in page for words in cut)
    assert page.count(WorkKind.BOOK.words + "<") == MOST


def test_a_dead_worker_stands_above_the_cases_of_a_chair_who_runs_the_installation(
    change, signed_in
) -> None:
    with change() as session:
        make_settings(session)
        ref = make_meeting(session, MeetingState.NEEDED, at=now()).ref
    page = signed_in(Role.CHAIR, Role.SYSTEM).get("/").text
    places = [page.index(one) for one in ("The installation<", "The worker does not run", ref)]
    assert places == sorted(places)
    assert "The worker does not run" not in page.partition(">Quality</h2>")[2]
    assert "The worker does not run" in signed_in(Role.SYSTEM).get("/").text
    assert "The installation<" not in signed_in(Role.CHAIR).get("/").text
