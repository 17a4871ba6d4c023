"""What lists tell of a case to those who may not see it: its reference (H2), on both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Staff
from app.accounts.signed_in import StaffMay
from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.clock import in_london, now
from app.core.session import reading, transaction
from app.directory.models import Agency
from app.invitations.replies.types import MailKind
from app.meetings.discussion.models import Action
from app.meetings.received.models import ReceivedMail
from app.meetings.received.types import Outcome as MailOutcome
from app.meetings.received.types import Why
from app.meetings.types import ActionState, MeetingState
from app.referrals.checks.service import answer
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held
from app.referrals.lists.models import ListEntry, ListSitting
from app.referrals.models import Referral
from app.referrals.rating.service import rate
from app.referrals.types import DomesticAbuseRisk, Outcome, Rating
from app.reports.quality.near_misses.models import NearMiss
from app.reports.quality.near_misses.service import Told
from app.reports.quality.near_misses.service import report as tell
from app.reports.quality.near_misses.types import NearMissKind
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.types import Grade
from app.retention.models import LegalHold
from app.retention.types import CaseKind
from app.web.access import access_of
from tests.factories.abuse import make_abuse_case
from tests.factories.checks import make_check
from tests.factories.directory import make_professional
from tests.integration.meetings.restricted.conftest import (
    GIVEN,
    KEEPER,
    NAME,
    meeting_of,
    views,
)
from tests.page_form import press

TOLD = "Father is our duty officer"


def referral_of(session, hidden) -> Referral:
    return session.execute(select(Referral).where(Referral.ref == hidden[0])).scalar_one()


def search(browser, text: str, **asked: str) -> str:
    token = browser.get("/session/token").text
    answer = browser.post("/search", data={"text": text, "csrf_token": token})
    page = browser.get(answer.location, query_string=asked).text
    # The box keeps what was typed, and below stands whatever was found.
    return page.partition("</form>\n")[2].partition("</form>")[2] or page


def test_the_list_of_a_day(app, hidden, someone):
    with app.app_context(), transaction() as session:
        referral = referral_of(session, hidden)
        held = ListSitting(
            ref="LS-AAAA-BBBB", series_id=None, name="MASH meeting", source="", day=now().date(),
            opened_at=now(), opened_by_id=hidden[2], took_part=None, ended_at=None,
            ended_by_id=None,
        )  # fmt: skip
        session.add(held)
        session.flush()
        session.add(
            ListEntry(
                sitting_id=held.id, number=1, referral_id=referral.id, case_id=None,
                outcome=None, information=None, reason=None, agency_id=None, carried=True,
                decided_at=None, decided_by_id=None,
            )
        )  # fmt: skip
    page = someone(Role.ADMINISTRATOR).get("/lists/LS-AAAA-BBBB").text
    assert hidden[0] in page
    for told in (NAME, GIVEN, "Carried over", "Not rated"):
        assert told not in page
    assert NAME in someone(hidden[2]).get("/lists/LS-AAAA-BBBB").text


def test_the_archive(app, hidden, someone):
    with app.app_context(), transaction() as session:
        session.add(
            LegalHold(
                kind=CaseKind.REFERRAL, ref=hidden[0], reason=TOLD, held_at=now(),
                held_by_id=hidden[2], lifted_at=None, lifted_by_id=None, lift_reason=None,
            )
        )  # fmt: skip
    page = someone(Role.CHAIR).get("/retention").text
    assert hidden[0] in page
    assert TOLD not in page
    assert views(app, "archive") == set()
    assert TOLD in someone(hidden[2]).get("/retention").text
    assert views(app, "archive") == {hidden[0]}


def test_case_audit(app, hidden, someone):
    with app.app_context(), transaction() as session:
        sample = AuditSample(
            month=date(2026, 1, 1), seed="x", population=1, sha256="0" * 64,
            drawn_by_id=hidden[2], drawn_at=now(),
        )  # fmt: skip
        session.add(sample)
        session.flush()
        session.add(
            AuditedCase(
                sample_id=sample.id, position=1, referral_id=referral_of(session, hidden).id,
                outcome=Outcome.STRATEGY_DISCUSSION, answers={}, grade=Grade.GOOD, findings=TOLD,
                reviewer_id=hidden[2], reviewed_at=now(),
            )
        )  # fmt: skip
    path, other = "/quality/samples/2026-01", someone(Role.CHAIR)
    page = other.get(path).text.partition("<tbody")[2].partition("</tbody")[0]
    assert hidden[0] in page
    assert Outcome.STRATEGY_DISCUSSION.label not in page
    assert Grade.GOOD.label not in page
    door = f"/restricted/open/referrals/{hidden[0]}"
    assert other.get(f"{path}/1").location == door
    token = other.get("/session/token").text
    assert other.post(f"{path}/1", data={"csrf_token": token}).location == door
    assert TOLD in someone(hidden[2]).get(f"{path}/1").text


@pytest.mark.parametrize(
    "typed",
    [NAME, f"{GIVEN} {NAME}", "9/4/2017", f"{NAME} 9/4/2017", f"{NAME} 1/1/2011", "LCS-778899"],
)
def test_search_does_not_say_whether_a_child_has_a_restricted_case(app, hidden, someone, typed):
    page = search(someone(Role.ADMINISTRATOR), typed)
    assert "Nothing found" in page
    assert hidden[0] not in page
    assert "Nobody of that name" not in page
    assert views(app, "search") == set()
    assert hidden[0] in search(someone(hidden[2]), typed)
    assert views(app, "search") == {hidden[0]}


def test_search_by_the_reference_of_a_child(app, hidden, someone):
    with app.app_context():
        ref = referral_of(reading(), hidden).children[0].child.ref
    assert hidden[0] not in search(someone(Role.ADMINISTRATOR), ref)
    assert hidden[0] in search(someone(hidden[2]), ref)


def test_the_lists_of_an_agency_and_of_a_person_leave_it_out(app, hidden, someone):
    with app.app_context(), transaction() as session:
        referral = referral_of(session, hidden)
        agency = session.get_one(Agency, referral.source_agency_id)
        person = make_professional(session, agency=agency)
        referral.referrer_professional_id = person.id
        for invitee in meeting_of(session, hidden).invitees[:1]:
            invitee.agency_id, invitee.professional_id = agency.id, person.id
        lists = [
            (agency.name, f"from-agency-{agency.id}"),
            (agency.name, f"with-agency-{agency.id}"),
            (person.name, f"from-person-{person.id}"),
            (person.name, f"with-person-{person.id}"),
        ]
        received = f"{in_london(referral.received_at):%-d %B %Y}"
    other, reader = someone(Role.ADMINISTRATOR), someone(hidden[2])
    for typed, show in lists:
        page = search(other, typed, show=show)
        for told in (hidden[0], hidden[1], NAME, "Booked", "To be decided"):
            assert told not in page
        page = search(reader, typed, show=show)
        assert hidden[1] in page
    assert received in search(reader, lists[0][0])


def test_the_discussions_of_a_day_keep_the_bare_reference(app, hidden, someone):
    with app.app_context():
        meeting = meeting_of(reading(), hidden)
        day = f"{in_london(meeting.starts_at or meeting.started_at):%-d %B %Y}"
    page = search(someone(Role.ADMINISTRATOR), day, show="day")
    assert hidden[1] in page
    for told in (hidden[0], NAME, "Booked"):
        assert told not in page


def test_the_referrals_of_a_day_leave_it_out(app, hidden, someone):
    with app.app_context():
        day = f"{in_london(referral_of(reading(), hidden).received_at):%-d %B %Y}"
    page = search(someone(Role.ADMINISTRATOR), day, show="came-in")
    for told in (hidden[0], NAME):
        assert told not in page
    assert hidden[0] in search(someone(hidden[2]), day, show="came-in")


def test_mail_that_came_in(app, hidden, someone):
    with app.app_context(), transaction() as session:
        invitee = meeting_of(session, hidden).invitees[0]
        who = invitee.name
        values = dict.fromkeys(one.key for one in ReceivedMail.__mapper__.columns)
        values |= {
            "ref": "IM-AAAA-BBBB", "digest": "0" * 64, "received_at": now(), "size": 1,
            "kind": MailKind.WRITTEN, "outcome": MailOutcome.LOOK, "invitee_id": invitee.id,
            "meeting_id": invitee.meeting_id, "why": Why.WRITTEN, "subject": TOLD,
            "sender": "aunt@example.org",
        }  # fmt: skip
        columns = {one.key for one in ReceivedMail.__mapper__.columns} - {"id", "version"}
        session.add(ReceivedMail(**{name: values[name] for name in columns}))
    page = someone(Role.ADMINISTRATOR).get("/mail").text
    assert hidden[1] in page
    for told in (TOLD, "aunt@example.org", who):
        assert told not in page
    assert TOLD in someone(hidden[2]).get("/mail").text


WRITTEN = "Zyxwv"
PAGES = ("/", "/referrals/", "/referrals/?show=all", "/actions", "/domestic-abuse/")
OUTSIDE = (Role.ADMINISTRATOR, Role.CHAIR, Role.TRIAGE)


def test_a_row_of_work_tells_nothing_that_was_written(app, hidden, someone):
    with app.app_context(), transaction() as session:
        referral, meeting = referral_of(session, hidden), meeting_of(session, hidden)
        session.get_one(Agency, referral.source_agency_id).name = WRITTEN
        referral.rating = Rating.RED
        session.get_one(Staff, meeting.chair_id).name = WRITTEN
        for one in meeting.invitees:
            one.name = one.title = one.agency_name = one.telephone = WRITTEN
        session.add(
            Action(
                meeting_id=meeting.id, child_id=None, what=WRITTEN, why=WRITTEN,
                owner_id=meeting.invitees[0].id, due_at=now() - timedelta(hours=1),
                state=ActionState.OPEN, progress=WRITTEN, closed_at=None, removed_at=None,
                added_by_id=hidden[2], added_at=now(), told_at=now(),
            )
        )  # fmt: skip
        case = make_abuse_case(session, DomesticAbuseRisk.HIGH, at=now())
        case.referral_id, case_ref = referral.id, case.ref
    outside = {role: someone(role) for role in OUTSIDE}
    told = (NAME, GIVEN, WRITTEN, f">{Rating.RED.label}<", f">{DomesticAbuseRisk.HIGH.label}<",
            f">{DomesticAbuseRisk.HIGH.label} ", "Greywether", "May be at risk now")  # fmt: skip
    seen = ""
    for state in (MeetingState.BOOKED, MeetingState.ENDED):
        with app.app_context(), transaction() as session:
            meeting_of(session, hidden).state = state
            meeting_of(session, hidden).ended_at = now() if state is MeetingState.ENDED else None
        for role, browser in outside.items():
            for page in PAGES:
                main = browser.get(page).text.partition("<main")[2]
                seen += main
                assert [one for one in told if one in main] == [], (state, role, page)
    assert hidden[0] in seen
    assert hidden[1] in seen
    assert case_ref in seen


def near_miss(session, hidden, ref: str) -> NearMiss:
    """Of a case, told by the chair who may see it."""
    actor = Actor(ActorKind.STAFF, hidden[2], "A chair")
    told = Told(NearMissKind.WRONG_RECIPIENT, now().date(), WRITTEN, WRITTEN, WRITTEN, ref)
    return tell(session, actor, hidden[2], told, now())


@pytest.mark.parametrize("place", [0, 1])
def test_the_near_miss_log(app, hidden, someone, place):
    """Neither the list nor the page tells of it, nor is it reviewed, by whom may not see it."""
    with app.app_context(), transaction() as session:
        ref = near_miss(session, hidden, hidden[place]).ref
    outside, log = someone(Role.CHAIR), "/quality/near-misses"
    page = outside.get(log).text
    assert ref in page
    for told in (WRITTEN, NearMissKind.WRONG_RECIPIENT.label, KEEPER):
        assert told not in page.partition("<main")[2]
    door = outside.get(f"{log}/{ref}")
    assert door.location.startswith("/restricted/open/")
    assert door.location.endswith(hidden[place])
    token = outside.get("/session/token").text
    answer = outside.post(f"{log}/{ref}", data={"review": "Read", "csrf_token": token})
    assert answer.location == door.location
    assert someone(Role.ANALYST).get(f"{log}/{ref}").status_code == 404
    assert views(app, "near") == set()
    within = someone(hidden[2])
    assert WRITTEN in within.get(log).text
    assert views(app, "near_misses.log") == {hidden[place]}
    assert WRITTEN in within.get(f"{log}/{ref}").text
    assert views(app, "near miss") == {ref, hidden[place]}


def test_who_reports_of_a_case_they_may_not_see_is_led_to_the_log(app, hidden, someone):
    worker, new = someone(Role.SOCIAL_WORKER), "/quality/near-misses/new"
    day = {f"happened_on-{part}": f"{getattr(now(), part)}" for part in ("day", "month", "year")}
    told = {"kind": "other", "what": WRITTEN, "stopped": WRITTEN, "case_ref": hidden[0], **day}
    assert press(worker, new, new, **told).location == "/quality/near-misses"
    assert WRITTEN not in worker.get("/quality/near-misses").text


LISTS = (
    "/quality/near-misses?show=all",
    "/referrals/?show=all",
    "/referrals/?show=waiting",
    "/domestic-abuse/?show=closed",
)


def test_no_page_or_search_tells_of_it_who_may_not_see_it(app, hidden, someone):
    """Every page that staff open without a reference, whatever comes to be one (H2)."""
    with app.app_context(), transaction() as session:
        referral, meeting = referral_of(session, hidden), meeting_of(session, hidden)
        agency = session.get_one(Agency, referral.source_agency_id).name
        for row in referral.children:
            child = row.child
            child.address = child.school_typed = child.gp_typed = child.disability = WRITTEN
        referral.narrative = referral.referrer_name = referral.hospital = WRITTEN
        meeting.need_reason = meeting.place = meeting.late_reason = WRITTEN
        for one in meeting.invitees:
            one.name = one.title = one.agency_name = one.telephone = WRITTEN
        actor = Actor(ActorKind.STAFF, hidden[2], "A chair")
        rate(session, actor, referral, Rating.RED, WRITTEN, now())
        check = make_check(session, referral)
        check.question = check.shared_address = WRITTEN
        check.due_at = check.asked_at = now() - timedelta(hours=3)
        given = AnswerGiven(Held.SOMETHING, WRITTEN, WRITTEN, "", AnswerVia.TELEPHONE)
        answer(session, actor, make_check(session, referral), given, now())
        session.add(
            Action(
                meeting_id=meeting.id, child_id=None, what=WRITTEN, why=WRITTEN,
                owner_id=meeting.invitees[0].id, due_at=now() - timedelta(hours=1),
                state=ActionState.OPEN, progress=WRITTEN, closed_at=None, removed_at=None,
                added_by_id=hidden[2], added_at=now(), told_at=now(),
            )
        )  # fmt: skip
        case = make_abuse_case(session, DomesticAbuseRisk.HIGH, at=now(), account=WRITTEN)
        case.referral_id = referral.id
        for ref in hidden[:2]:
            near_miss(session, hidden, ref)
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and isinstance(access_of(app, rule.endpoint), StaffMay)
    ]
    assert len(pages) > 30
    told, seen = (NAME, GIVEN, WRITTEN, "LCS-778899", "Greywether"), ""
    for role in Role:
        browser = someone(role)
        for page in (*pages, *LISTS):
            shown = browser.get(page).text
            seen += shown
            assert [one for one in told if one in shown] == [], (role, page)
        if browser.get("/referrals/").status_code != 200:
            continue
        day = f"{now():%-d/%-m/%Y}"
        for typed in (*hidden[:2], f"{GIVEN} {NAME}", NAME, "LCS-778899", agency, day, WRITTEN):
            shown = search(browser, typed)
            assert [one for one in told if one in shown and one not in typed] == [], (role, typed)
    assert hidden[0] in seen
    assert hidden[1] in seen
