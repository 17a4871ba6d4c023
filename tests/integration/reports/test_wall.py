"""The wall: its link, its cookie, what it shows and what never (G2)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from app.accounts.types import Role
from app.core.clock import london_date, now
from app.core.session import db, reading
from app.directory.models import Agency
from app.directory.types import AgencyKind
from app.meetings.types import Answer, MeetingState
from app.referrals.lists.service import open_discussion
from app.referrals.models import Referral
from app.referrals.types import DomesticAbuseRisk, Flag, Outcome, Rating, ReferralState
from app.reports.wall import queries
from app.reports.wall.models import WallDisplay
from app.reports.wall.service import make_display, revoke_display
from app.reports.wall.types import Awaited, Screen
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, make_abuse_case, make_list, use_protocol
from tests.factories.arrivals import TOLD, make_arrival
from tests.factories.checks import make_check
from tests.factories.directory import make_agency, make_settings
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral
from tests.page_form import form_of


@pytest.fixture
def wall(app, change):
    """`wall(Screen.TRIAGE)`: a browser on the wall, and its display's number."""

    def opened(screen=Screen.TRIAGE):
        with change() as session:
            made = make_display(session, actor_of(session), "Team room", screen, now())
        browser = app.test_client()
        answer = browser.get(f"/wall/open/{made.token}")
        assert (answer.status_code, answer.location) == (303, f"/wall/{made.id}")
        return browser, made.id

    return opened


def statements(app, screen):
    """How many selects a screen takes."""
    seen = []

    def note(*given):
        seen.append(given[2].lstrip())

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        queries.standing(reading(), screen)
        queries.counted(reading(), screen, now())
        event.remove(db.engine, "before_cursor_execute", note)
    return len([one for one in seen if one.startswith("SELECT")])


def test_a_link_opens_its_screen_and_leaves_a_clean_address(wall, change):
    with change() as session:
        ref = make_referral(session, rating=Rating.RED, received_at=now()).ref
    browser, number = wall()
    page = browser.get(f"/wall/{number}")
    assert page.status_code == 200
    assert ref in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    cookie = browser.get_cookie("wall", path=f"/wall/{number}")
    assert cookie is not None and cookie.http_only and cookie.path == f"/wall/{number}"
    with change() as session:
        held = session.get_one(WallDisplay, number)
        assert held.last_seen_at is not None
        assert cookie.value not in held.token_digest


def test_the_cookie_opens_nothing_else(wall):
    browser, _number = wall()
    for path in ("/", "/referrals/", "/displays/", "/domestic-abuse/", "/meeting"):
        assert browser.get(path).status_code in (303, 401, 404), path


def test_revoked_it_goes_blank_and_the_link_is_like_an_unknown_one(app, wall, change):
    browser, number = wall()
    with change() as session:
        token = browser.get_cookie("wall", path=f"/wall/{number}").value
        revoke_display(session, actor_of(session), number, now())
    for asked in ({}, {"HX-Request": "true"}):
        page = browser.get(f"/wall/{number}", headers=asked)
        assert page.status_code == 401
        assert "This display is closed" in page.text
    revoked = app.test_client().get(f"/wall/open/{token}")
    unknown = app.test_client().get("/wall/open/unknown")
    assert (revoked.status_code, revoked.text) == (unknown.status_code, unknown.text)
    assert "Set-Cookie" not in revoked.headers


@pytest.mark.parametrize("screen", list(Screen))
def test_no_name_of_a_person_or_school_stands_on_it(wall, change, screen):
    with change() as session:
        make_referral(session, rating=Rating.AMBER, received_at=now())
        meeting = make_meeting(session, MeetingState.BOOKED, 4, at=now())
        names = [one.name for one in meeting.invitees] + [
            one.agency_name for one in meeting.invitees
        ]
        meeting_ref = meeting.ref
    browser, number = wall(screen)
    text = browser.get(f"/wall/{number}").text
    assert "Testwell" not in text
    shown = re.sub(r"<[^>]+>", " ", text)
    assert [name for name in names if name in shown] == []
    assert (meeting_ref in text) is (screen is Screen.DISCUSSIONS)


def test_one_booked_for_after_its_deadline_is_late_on_top_and_counted(wall, change):
    """G2 "how late": the deadline has passed, its time has not come."""
    with change() as session:
        calm = make_meeting(session, at=now(), start=now() + timedelta(hours=1))
        late = make_meeting(session, at=now(), start=now() + timedelta(days=1, hours=11))
        calm.due_at, late.due_at = None, now() - timedelta(days=2, minutes=5)
        refs = [late.ref, calm.ref]
    browser, number = wall(Screen.DISCUSSIONS)
    page = browser.get(f"/wall/{number}").text
    assert re.findall(r'class="wall-ref">([^<]+)<', page) == refs
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "1 late" in text and "Booked late" in text and "2 days 0 h late" in text


def test_a_cancelled_one_that_nothing_took_the_place_of_stands_on_it(wall, change):
    """Its clock runs on, whoever cancelled it (G1, G2)."""
    with change() as session:
        meeting = make_meeting(session, MeetingState.CANCELLED, at=now())
        meeting.due_at = now() - timedelta(days=2, minutes=5)
        referral = session.get_one(Referral, meeting.referral_id)
        referral.outcome, referral.state = Outcome.STRATEGY_DISCUSSION, ReferralState.DECIDED
        referral.decided_at = now()
        ref, other = meeting.ref, make_meeting(session, MeetingState.CANCELLED, at=now())
        other.not_needed_at, other = now(), other.ref
    browser, number = wall(Screen.DISCUSSIONS)
    page = browser.get(f"/wall/{number}").text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert ref in text and "Cancelled, to settle" in text and "2 days 0 h late" in text
    assert other not in text


def test_who_has_not_answered_is_named_by_kind(change):
    with change() as session:
        meeting = make_meeting(session, MeetingState.BOOKED, 3, at=now())
        outside = [one for one in meeting.invitees if one.staff_id is None]
        for one in meeting.invitees:
            one.answer = Answer.ATTEND
        outside[0].answer = Answer.NONE
        session.flush()
        (standing,) = queries.standing(session, Screen.DISCUSSIONS)
        assert standing.awaited == (Awaited(outside[0].agency_kind),)


def test_agencies_that_were_asked_and_have_not_answered_stand_with_their_clock(wall, change):
    """HO2014 Nottinghamshire: who is involved, and whether partners reply in time."""
    with change() as session:
        referral = make_referral(session, rating=Rating.RED, received_at=now())
        late, answered, withdrawn, waiting = (make_check(session, referral) for _ in range(4))
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(minutes=125)
        answered.answered_at, answered.next_reminder_at = now(), None
        withdrawn.withdrawn_at, withdrawn.withdrawn_reason = now(), "Asked by mistake."
        withdrawn.next_reminder_at = None
        session.flush()
        (standing,) = queries.standing(session, Screen.TRIAGE)
        agencies = [session.get_one(Agency, one.agency_id) for one in (late, waiting)]
        assert standing.awaited == tuple(
            Awaited(agency.kind, one.due_at)
            for agency, one in zip(agencies, (late, waiting), strict=True)
        )
        names = [agency.name for agency in agencies]
        kind = agencies[0].kind.label
    browser, number = wall()
    text = re.sub(r"<[^>]+>", " ", browser.get(f"/wall/{number}").text)
    assert f"{kind} 2 h late" in text
    assert [name for name in names if name in text] == []


def test_two_screens_stand_side_by_side_in_one_browser(app, change):
    browser, numbers = app.test_client(), []
    for screen in Screen:
        with change() as session:
            made = make_display(session, actor_of(session), screen.label, screen, now())
        browser.get(f"/wall/open/{made.token}")
        numbers.append(made.id)
    shown = [browser.get(f"/wall/{number}").text for number in numbers]
    assert [screen.label in text for screen, text in zip(Screen, shown, strict=True)] == [True] * 2
    # A screen's cookie opens that screen alone, whatever address it is sent to.
    stranger = app.test_client()
    stranger.set_cookie("wall", browser.get_cookie("wall", path=f"/wall/{numbers[0]}").value)
    assert stranger.get(f"/wall/{numbers[0]}").status_code == 200
    assert stranger.get(f"/wall/{numbers[1]}").status_code == 401


def test_forms_that_wait_stand_on_it_and_a_child_at_risk_now_on_top(wall, change):
    with change() as session:
        make_settings(session)
        red = make_referral(session, rating=Rating.RED, received_at=now() - timedelta(days=3)).ref
        calm = make_arrival(session, now()).ref
        risk = make_arrival(session, now(), replace(TOLD, risk_now="yes")).ref
        make_arrival(session, now(), sent=False)
        taken = make_arrival(session, now() - timedelta(hours=30), replace(TOLD, risk_now="yes"))
        taken.settled_at, taken.closed_because = now(), "Not a child of ours."
    browser, number = wall()
    page = browser.get(f"/wall/{number}").text
    assert re.findall(r'class="wall-ref">([^<]+)<', page) == [risk, red, calm]
    assert page.count("To be taken in") == 2
    assert page.count("May be at risk now") == 1
    with change() as session:
        taken_in = session.query(Referral).filter_by(ref=red).one()
        taken_in.flags = [*taken_in.flags, Flag.RISK_NOW.value]
    page = browser.get(f"/wall/{number}").text
    assert re.findall(r'class="wall-ref">([^<]+)<', page) == [red, risk, calm]
    assert page.count("May be at risk now") == 2
    for name in ("Fernsby", "Lindqvist", "Oakfield"):
        assert name not in page


def test_more_than_fit_turn_in_pages_and_are_counted_above_a_hundred(wall, change):
    with change() as session:
        school = make_agency(session, AgencyKind.EDUCATION)
        for place in range(104):
            rating = Rating.RED if place % 2 else Rating.GREEN
            referral = make_referral(session, rating=rating, received_at=now(), source=school)
            referral.act_by_at = now() - timedelta(minutes=5) if place < 103 else referral.act_by_at
    browser, number = wall()
    page = browser.get(f"/wall/{number}").text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "103 late" in text
    assert "Red 52 Green 52" in text
    assert "Page 1 of 12" in text
    assert "4 more stand on no page" in text
    assert f'hx-get="/wall/{number}?page=2"' in page
    assert f'content="20;url=/wall/{number}?page=2"' in page
    seen = []
    for turn in range(1, 13):
        shown = browser.get(f"/wall/{number}?page={turn}", headers={"HX-Request": "true"}).text
        seen += re.findall(r'class="wall-ref">([^<]+)<', shown)
    assert f'hx-get="/wall/{number}?page=1"' in shown
    assert len(seen) == len(set(seen)) == 100
    beyond = browser.get(f"/wall/{number}?page=99").text
    assert "Page 12 of 12" in beyond


def test_what_is_under_way_is_counted_and_never_late(change):
    with change() as session:
        for state in (MeetingState.UNDER_WAY, MeetingState.NEEDED):
            make_meeting(session, state, 2, at=now() - timedelta(days=9))
        cases = queries.counted(session, Screen.DISCUSSIONS, now())
    assert (sum(one.cases for one in cases), sum(one.late for one in cases)) == (2, 1)


def test_it_says_that_a_list_of_today_waits_and_nothing_of_what_stands_on_it(change):
    friday = london_date(FRIDAY)
    with change() as session:
        use_protocol(session, "north-lincolnshire")
        assert queries.lists_waiting(session, Screen.TRIAGE, friday) == []
        case = make_abuse_case(session)
        [name] = queries.lists_waiting(session, Screen.TRIAGE, friday)
        assert name == "Daily domestic abuse list"
        # On a Saturday no daily list is gone through.
        assert queries.lists_waiting(session, Screen.TRIAGE, friday + timedelta(days=1)) == []
        assert queries.lists_waiting(session, Screen.DISCUSSIONS, friday) == []
        held = make_list(session, FRIDAY)
        assert queries.lists_waiting(session, Screen.TRIAGE, friday) == [name]
        assert case.ref not in name
        held.ended_at, held.took_part = FRIDAY, "Everybody"
        session.flush()
        assert queries.lists_waiting(session, Screen.TRIAGE, friday) == []


def test_what_was_left_open_waits_there_whatever_became_of_its_series(change):
    """C10: a list of a series that the area has no longer, and a discussion of one case."""
    later = london_date(FRIDAY) + timedelta(days=7)
    with change() as session:
        use_protocol(session, "north-lincolnshire")
        make_abuse_case(session)
        make_list(session, FRIDAY).series_id = "gone"
        alone = make_abuse_case(session, DomesticAbuseRisk.HIGH)
        session.flush()
        held = open_discussion(session, actor_of(session), alone, FRIDAY)
        waits = queries.lists_waiting(session, Screen.TRIAGE, later)
        assert waits == ["Daily domestic abuse list", queries.ALONE]
        assert alone.ref not in " ".join(waits)
        assert queries.lists_waiting(session, Screen.TRIAGE, london_date(FRIDAY)) == []
        held.ended_at, held.took_part = FRIDAY, "Everybody"
        session.flush()
        assert queries.lists_waiting(session, Screen.TRIAGE, later) == waits[:1]


@pytest.mark.parametrize("screen", list(Screen))
def test_as_many_statements_for_twenty_as_for_two(app, change, screen):
    counted = []
    for more in (2, 18):
        with change() as session:
            school = make_agency(session, AgencyKind.EDUCATION, f"School with {more}")
            for _ in range(more):
                make_meeting(session, MeetingState.BOOKED, 2, at=now())
                make_check(session, make_referral(session, received_at=now(), source=school))
        counted.append(statements(app, screen))
    assert counted[0] == counted[1] <= 4


def test_staff_make_one_see_its_link_once_and_revoke_it(signed_in, app):
    desk = signed_in(Role.ADMINISTRATOR)
    page = desk.get("/displays/")
    sent = form_of(page.text, "/displays/") | {"name": "Team room", "screen": "discussions"}
    made = desk.post("/displays/", data=sent)
    link = re.search(r"http://desk\.example\.org(/wall/open/[\w-]+)", made.text)
    assert link is not None
    assert app.test_client().get(link[1]).status_code == 303
    assert link[1] not in desk.get("/displays/").text
    again = desk.post("/displays/", data=sent)
    assert again.status_code == 303
    assert "was made already" in desk.get("/displays/").text
    with app.app_context():
        (held,) = reading().execute(select(WallDisplay)).scalars()
        assert (held.name, held.screen) == ("Team room", Screen.DISCUSSIONS)
    token = form_of(desk.get("/displays/").text, f"/displays/{held.id}/revoke")
    desk.post(f"/displays/{held.id}/revoke", data=token)
    assert app.test_client().get(link[1]).status_code == 404
    assert "Revoked" in desk.get("/displays/").text


def test_a_display_without_a_place_is_asked_for_it(signed_in):
    desk = signed_in(Role.ADMINISTRATOR)
    sent = form_of(desk.get("/displays/").text, "/displays/")
    answer = desk.post("/displays/", data=sent | {"name": " "})
    assert answer.status_code == 422
    assert "Say where it hangs" in answer.text
