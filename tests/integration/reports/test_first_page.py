"""What the first page speaks of: also of what would otherwise be forgotten (G1)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import london_date, now
from app.core.session import reading, transaction
from app.directory.models import Agency
from app.invitations.models import Invitation
from app.meetings.models import Meeting, MeetingChild
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.protocols.registry import active
from app.protocols.working_days import this_or_next_working_day
from app.referrals import queries as referrals
from app.referrals.abuse.models import AbuseCase
from app.referrals.checks import service as checks
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import AfterDecision, AnswerGiven, AnswerVia, Held
from app.referrals.letters.queries import letters
from app.referrals.letters.service import send
from app.referrals.lists.models import ListSitting
from app.referrals.lists.queries import entry
from app.referrals.lists.service import end_list, keep_said
from app.referrals.lists.types import Said
from app.referrals.models import Referral
from app.referrals.outcome.service import decide
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
    RatingStage,
    ReferralState,
)
from app.reports.queries import MOST, Names, work
from app.reports.routes import todays_lists, work_shown
from app.reports.rules import kinds_for
from app.reports.types import WorkKind
from tests.factories.abuse import make_abuse_case, make_list, series_of, use_protocol
from tests.factories.accounts import make_staff
from tests.factories.arrivals import TOLD, make_arrival
from tests.factories.booking import make_member
from tests.factories.checks import (
    SENDER,
    Fresh,
    asked_browser,
    mails,
    make_check,
    open_link,
    press,
    staff_actor,
)
from tests.factories.directory import make_settings
from tests.factories.meetings import make_known_child, make_meeting
from tests.factories.referrals import make_referral
from tests.page_form import form_of

CANCELLED = "Cancelled: say what follows"


def _cancelled(session) -> Meeting:
    meeting = make_meeting(session, MeetingState.CANCELLED, at=now())
    assert meeting.referral_id is not None
    session.get_one(Referral, meeting.referral_id).outcome = Outcome.STRATEGY_DISCUSSION
    return meeting


def test_a_cancelled_discussion_is_spoken_of_until_it_is_settled(change, signed_in) -> None:
    with change() as session:
        meeting = _cancelled(session)
        meeting_id, referral_id = meeting.id, meeting.referral_id
        ref = session.get_one(Referral, referral_id).ref
    chair, desk = signed_in(Role.CHAIR), signed_in(Role.ADMINISTRATOR)
    page = chair.get("/").text
    assert CANCELLED in page
    assert f'href="/referrals/{ref}"' in page
    assert CANCELLED in desk.get("/").text.partition("Waits on colleagues")[2]
    with change() as session:
        referral = session.get_one(Referral, referral_id)
        make_meeting(session, MeetingState.NEEDED, at=now(), referral=referral)
    assert CANCELLED not in chair.get("/").text
    with change() as session:
        later = session.query(Meeting).filter(Meeting.id != meeting_id).one()
        later.state = MeetingState.CANCELLED
    assert chair.get("/").text.count(CANCELLED) == 1
    with change() as session:
        session.get_one(Referral, referral_id).outcome = Outcome.SECTION_17
    assert CANCELLED not in chair.get("/").text


def test_one_that_was_held_is_not_asked_for_again(change, signed_in) -> None:
    with change() as session:
        meeting = _cancelled(session)
        referral = session.get_one(Referral, meeting.referral_id)
        make_meeting(session, MeetingState.SIGNED, at=now(), referral=referral)
    assert CANCELLED not in signed_in(Role.CHAIR).get("/").text


AGAIN = "Cancelled: book it again"


def _cancelled_open_case(change) -> str:
    with change() as session:
        meeting = _cancelled(session)
        meeting.referral_id = None
        return meeting.ref


def test_a_cancelled_discussion_of_an_open_case_is_booked_again_on_the_same_clock(
    change, signed_in
) -> None:
    ref = _cancelled_open_case(change)
    desk = signed_in(Role.ADMINISTRATOR)
    assert f'href="/discussions/{ref}/again">{AGAIN}' in desk.get("/").text
    page = desk.get(f"/discussions/{ref}/again").text
    assert "No other discussion is needed" not in page  # for the manager to say
    answer = desk.post(f"/discussions/{ref}/again", data=form_of(page, f"/discussions/{ref}/again"))
    assert answer.status_code == 303
    assert AGAIN not in desk.get("/").text
    with change() as session:
        old, new = session.query(Meeting).order_by(Meeting.id).all()
        assert answer.location == f"/discussions/{new.ref}/book"
        assert new.state is MeetingState.NEEDED
        assert (new.due_at, new.clocks, new.need_reason) == (
            old.due_at, old.clocks, old.need_reason,
        )  # fmt: skip
        assert [one.child_id for one in new.children] == [one.child_id for one in old.children]
    assert desk.get(f"/discussions/{ref}/again").status_code == 303


def test_a_later_discussion_of_one_child_does_not_hide_a_cancelled_one_of_another(
    change, signed_in
) -> None:
    ref = _cancelled_open_case(change)
    with change() as session:
        siblings = session.query(Meeting).one()
        brother = make_known_child(session, "Left", "Alone")
        taken, alone = [one.child_id for one in siblings.children], brother.id
        siblings.children.append(MeetingChild(child_id=alone, position=9))
        later = make_meeting(session, MeetingState.NEEDED, at=now())
        later.children = [
            MeetingChild(child_id=one, position=place) for place, one in enumerate(taken)
        ]
    desk = signed_in(Role.ADMINISTRATOR)
    here = f"/discussions/{ref}/again"
    assert f'href="{here}">{AGAIN}' in desk.get("/").text
    page = desk.get(here).text
    assert "Left Alone" in page
    answer = desk.post(here, data=form_of(page, here))
    assert answer.status_code == 303 and answer.location.endswith("/book")
    with change() as session:
        newest = session.query(Meeting).order_by(Meeting.id).all()[-1]
        assert [one.child_id for one in newest.children] == [alone]
    assert AGAIN not in desk.get("/").text
    assert desk.get(here).status_code == 303


def test_a_manager_says_why_no_other_discussion_is_needed(change, signed_in) -> None:
    ref = _cancelled_open_case(change)
    chair = signed_in(Role.CHAIR)
    page = chair.get(f"/discussions/{ref}/again").text
    without = chair.post(
        f"/discussions/{ref}/not-needed", data=form_of(page, f"/discussions/{ref}/not-needed")
    )
    assert without.status_code == 422
    assert "Say why no other discussion is needed" in without.text
    given = form_of(page, f"/discussions/{ref}/not-needed") | {
        "settled-reason": "The child moved to another area."
    }
    assert chair.post(f"/discussions/{ref}/not-needed", data=given).status_code == 303
    assert AGAIN not in chair.get("/").text


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


@pytest.fixture
def asked(in_app):
    """A red referral in Sandwell, rated as it came in, and two agencies that were asked."""
    in_app.test_client_class = Fresh
    with transaction() as session:
        held = make_referral(session, received_at=now(), rating=Rating.RED)
        make_settings(session, "sandwell")
        rate(session, staff_actor(session), held, Rating.RED, "As it came in", now())
        return held, [make_check(session, held) for _ in range(2)]


def _answered(check) -> None:
    with transaction() as session:
        current = session.get_one(AgencyCheck, check.id)
        given = AnswerGiven(Held.NOTHING, "", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), current, given, now())


def _line(page: str, ref: str) -> str:
    """What the first page says of a referral, in words."""
    [found] = [one for one in page.split('<li class="app-work__item')[1:] if ref in one]
    words = re.sub(r"<[^>]+>", " ", found.split(">", 1)[1].partition("</li>")[0])
    return " ".join(words.split())


def test_answers_of_agencies_move_what_is_to_be_done_with_a_referral(asked, signed_in) -> None:
    """A5, A6; HO2014 Sandwell: rated again after the meeting that the answers are compiled for."""
    held, (first, second) = asked
    triage, other = signed_in(Role.TRIAGE), signed_in(Role.SOCIAL_WORKER)
    assert _line(triage.get("/").text, held.ref).startswith("Decide on the referral")
    with transaction() as session:
        late = session.get_one(AgencyCheck, second.id)
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(minutes=121)
        agency = session.get_one(Agency, late.agency_id).name
    _answered(first)
    page = triage.get("/").text
    assert _line(page, held.ref).startswith("An agency is late: chase it")
    assert f"{agency}: 2 hours" in _line(page, held.ref)
    assert f'href="/referrals/{held.ref}/checks"' in page
    _answered(second)
    line = _line(triage.get("/").text, held.ref)
    assert line.startswith("Read the answers, then hold the meeting on the referral")
    assert "All 2 agencies have answered." in line
    here = f"/referrals/{held.ref}"
    assert "/lists/LS-" in press(triage, here, f"{here}/meeting").location
    assert "Under way" in triage.get(here).text and f"{here}/meeting" not in triage.get(here).text
    assert triage.get(f"{here}/rating").text.count('value="before" checked') == 1
    with transaction() as session:
        sitting = session.query(ListSitting).one()
        said = Said("Health saw her twice", Outcome.SECTION_17, "A safe adult is there")
        actor = staff_actor(session)
        keep_said(session, actor, sitting, entry(session, sitting.id, 1), said, now())
        end_list(session, actor, sitting, "Ann, Bo", now())
    line = _line(triage.get("/").text, held.ref)
    assert line.startswith("Read the answers, then rate the referral again")
    assert "The meeting on it has ended." in line
    assert f'href="{here}/rating">' in triage.get("/").text
    assert triage.get(f"{here}/rating").text.count('value="after" checked') == 1
    page = other.get(here).text  # what was said stands on the referral, for everybody who sees it
    assert "Health saw her twice" in page and "A safe adult is there" in page
    assert "/lists/" not in page.partition('id="met"')[2].partition("</section>")[0]
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        after = RatingStage.AFTER
        rate(session, staff_actor(session), current, Rating.GREEN, "Calm", now(), stage=after)
    assert _line(triage.get("/").text, held.ref).startswith("Read the answers, then decide")
    assert held.ref in other.get("/").text.partition("Waits on colleagues")[2]


def test_a_late_answer_that_is_still_wanted_outlives_the_decision(asked, signed_in) -> None:
    held, (first, _second) = asked
    triage = signed_in(Role.TRIAGE)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        current.outcome, current.decided_at = Outcome.ADVICE, now()
        current.state = ReferralState.DECIDED
        late = session.get_one(AgencyCheck, first.id)
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(hours=1)
    assert held.ref not in triage.get("/").text
    with transaction() as session:
        session.get_one(AgencyCheck, first.id).wanted_because = "For the school"
    assert "An agency is late" in _line(triage.get("/").text, held.ref)
    _answered(first)
    assert "An agency is late" not in _line(triage.get("/").text, held.ref)


def test_requests_go_on_for_a_strategy_discussion_and_late_ones_are_chased(asked, signed_in):
    held, (first, _second) = asked
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
        late = session.get_one(AgencyCheck, first.id)
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(hours=1)
    triage = signed_in(Role.TRIAGE)
    assert "An agency is late" in _line(triage.get("/").text, held.ref)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        make_meeting(session, MeetingState.ENDED, at=now(), referral=current, invitees=0)
    assert "An agency is late" not in triage.get("/").text
    with transaction() as session:
        session.get_one(AgencyCheck, first.id).wanted_because = "For the school"
    assert "An agency is late" in _line(triage.get("/").text, held.ref)


SINCE = "An agency answered after the decision: read it"


def test_an_answer_after_the_decision_is_spoken_of_until_it_is_read(asked, signed_in) -> None:
    held, (first, second) = asked
    triage, desk = signed_in(Role.TRIAGE), signed_in(Role.ADMINISTRATOR)
    _answered(first)  # in time for the decision
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        because = AfterDecision((second.ref,), (second.ref,), "The police know him")
        decide(
            session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now(),
            requests=because,
        )  # fmt: skip
    assert SINCE not in triage.get("/").text
    _answered(second)
    page = triage.get("/").text
    assert _line(page, held.ref).startswith(SINCE) and "nothing held" in _line(page, held.ref)
    assert SINCE in desk.get("/").text.partition("Waits on colleagues")[2]
    here = f"/referrals/{held.ref}/checks"
    assert f'href="{here}">{SINCE}' in page
    assert "After the decision" in triage.get(here).text
    assert "the decision stands" not in desk.get(here).text
    assert triage.post(f"{here}/read").status_code == 400
    assert press(triage, here, f"{here}/read").status_code == 303
    assert SINCE not in triage.get("/").text
    assert "After the decision" not in triage.get(here).text


def test_what_comes_while_somebody_reads_stays_unread(asked, signed_in) -> None:
    held, (first, second) = asked
    triage = signed_in(Role.TRIAGE)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
    _answered(first)
    here = f"/referrals/{held.ref}/checks"
    fields = form_of(triage.get(here).text, f"{here}/read")
    _answered(second)
    triage.post(f"{here}/read", data=fields)
    assert SINCE in triage.get("/").text


def test_a_decision_that_is_changed_was_taken_with_all_that_had_come(asked, signed_in) -> None:
    held, (first, _second) = asked
    triage = signed_in(Role.TRIAGE)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
    _answered(first)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        actor, after, because = staff_actor(session), RatingStage.AFTER, "Nobody else is asked"
        rate(session, actor, current, Rating.RED, "So", now(), None, after, because)
        decide(session, actor, current, Outcome.SECTION_17, "So it is", now())
    assert SINCE not in triage.get("/").text


def test_the_discussions_pages_show_what_agencies_answered(asked, signed_in) -> None:
    held, (first, _second) = asked
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        ref = make_meeting(session, MeetingState.UNDER_WAY, at=now(), referral=current).ref
        check = session.get_one(AgencyCheck, first.id)
        given = AnswerGiven(Held.SOMETHING, "Known for arson", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), check, given, now())
    chair = signed_in(Role.CHAIR)
    for page in (f"/discussions/{ref}", f"/discussions/{ref}/hold"):
        text = chair.get(page).text
        assert "What 1 agency answered" in text and "Known for arson" in text


def test_a_referral_marked_may_be_at_risk_now_stands_above_everything(change, signed_in) -> None:
    """A1: also once it was taken in, behind any number of late ones."""
    with change() as session:
        late = [make_referral(session, 1, received_at=now() - timedelta(days=3)).ref for _ in "ab"]
        at_risk = make_referral(session, 1, received_at=now(), flags=(Flag.RISK_NOW,)).ref
    triage = signed_in(Role.TRIAGE)
    for page in (triage.get("/").text, triage.get("/referrals/").text):
        places = [page.index(f'href="/referrals/{ref}"') for ref in (at_risk, *late)]
        assert places == sorted(places)
    assert _line(triage.get("/").text, at_risk).startswith("May be at risk now: decide")
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
            page = referrals.open_referrals(session, after, size=1)
        found, more, last = [*found, *page.rows], page.more, page.rows[-1]
        after = last.queue_place, last.act_by_at, last.id
    assert [one.queue_place for one in found] == [0, 0, 1, 1, 1]
    for some in (found[:2], found[2:]):
        assert [one.act_by_at for one in some] == sorted(one.act_by_at for one in some)


def test_one_held_before_does_not_hide_that_the_next_was_cancelled(change, signed_in) -> None:
    """The manager says whether another is needed, as in an open case; the decision stands."""
    with change() as session:
        held = make_meeting(session, MeetingState.SIGNED, at=now())
        referral = session.get_one(Referral, held.referral_id)
        referral.outcome = Outcome.STRATEGY_DISCUSSION
        ref = make_meeting(session, MeetingState.CANCELLED, at=now(), referral=referral).ref
        other = make_meeting(session, MeetingState.CANCELLED, at=now(), referral=referral).ref
    chair = signed_in(Role.CHAIR)
    page = chair.get("/").text
    assert page.count(AGAIN) == 1 and CANCELLED not in page
    assert f'href="/discussions/{other}/again">{AGAIN}' in page
    assert chair.get(f"/discussions/{ref}/again").status_code == 303  # a later one speaks for it
    here = f"/discussions/{other}/again"
    assert chair.post(here, data=form_of(chair.get(here).text, here)).status_code == 303
    assert AGAIN not in chair.get("/").text
    with change() as session:
        last = session.query(Meeting).order_by(Meeting.id.desc()).first()
        assert (last.state, last.referral_id) == (MeetingState.NEEDED, referral.id)
        last.state = MeetingState.CANCELLED
        here = f"/discussions/{last.ref}/again"
    settled = f"/discussions/{last.ref}/not-needed"
    given = form_of(chair.get(here).text, settled) | {"settled-reason": "He was found"}
    assert chair.post(settled, data=given).status_code == 303
    assert AGAIN not in chair.get("/").text


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
            end_list(session, staff_actor(session), sitting, "Ann, Bo", at)
            assert todays_lists(session, protocol, at) == []


def test_whoever_does_not_go_through_the_list_is_told_of_none() -> None:
    for roles in ([Role.SOCIAL_WORKER], [Role.ANALYST], [Role.SYSTEM]):
        assert WorkKind.LIST_TODAY not in kinds_for(roles)
    assert WorkKind.LIST_TODAY in kinds_for([Role.TRIAGE])


def _fails(message_id: int | None) -> None:
    with transaction() as session:
        message = session.get_one(OutboxMessage, message_id)
        message.state, message.problem = MessageState.REFUSED, "No such mailbox."


REQUEST_LOST = "A request for information did not arrive"


def test_a_request_that_did_not_arrive_is_sent_to_another_address(app, asked, signed_in) -> None:
    held, (check, _other) = asked
    triage, worker = signed_in(Role.TRIAGE), signed_in(Role.SOCIAL_WORKER)
    assert REQUEST_LOST not in triage.get("/").text
    lost = check.message_id
    _fails(lost)
    page = triage.get("/").text
    assert f'href="/referrals/{held.ref}/checks">{REQUEST_LOST}' in page
    assert "No such mailbox. Telephone 01632" in page
    page = worker.get("/").text
    assert held.ref in page
    assert REQUEST_LOST not in page
    here = f"/referrals/{held.ref}/checks"
    assert "The mail did not arrive." in triage.get(here).text
    with transaction() as session:
        old = session.get_one(AgencyCheck, check.id).invitation_id
        token = open_link(session, old)
    again = f"{here}/{check.ref}/send-again"
    bad = press(triage, again, again, email="nobody")
    assert bad.status_code == 422
    fields = form_of(triage.get(again).text, again) | {"email": "right@health.example"}
    assert triage.post(again, data=fields).status_code == 303
    assert triage.post(again, data=fields).status_code == 303
    letters = mails(reading(), "request")
    assert [one.recipient for one in letters][-1] == "right@health.example"
    assert len(letters) == 3
    # The link that may have reached a stranger is dead, with whatever it had opened.
    assert asked_browser(app, token).get("/request").status_code == 401
    assert reading().get_one(Invitation, old).revoked_at is not None
    assert reading().get_one(OutboxMessage, lost).seen_at is not None
    page = triage.get("/").text
    assert REQUEST_LOST not in page
    assert "The mail did not arrive." not in triage.get(here).text
    _fails(mails(reading(), "request")[-1].id)
    _answered(check)
    assert REQUEST_LOST not in triage.get("/").text


def test_a_letter_that_did_not_arrive_is_written_again_or_seen_to(asked, signed_in) -> None:
    held, _checks = asked
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        current.referrer_email = "first@oakfield.example"
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
        letter = send(session, staff_actor(session), current, "referrer", "", SENDER, now())
    triage = signed_in(Role.TRIAGE)
    lost = "A letter about a referral did not arrive"
    assert lost not in triage.get("/").text
    _fails(letter.message_id)
    here = f"/referrals/{held.ref}/letters"
    assert f'href="{here}">{lost}' in triage.get("/").text
    assert "Did not arrive" in triage.get(here).text
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        current.referrer_email = "second@oakfield.example"
        send(session, staff_actor(session), current, "referrer", "", SENDER, now())
    assert lost not in triage.get("/").text
    _fails(mails(reading(), "outcome")[-1].id)
    assert lost in triage.get("/").text
    [newest, *_] = letters(reading(), held.id)
    seen = f"{here}/{newest.letter.ref}/seen"
    assert press(triage, here, seen).status_code == 303
    assert lost not in triage.get("/").text


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
