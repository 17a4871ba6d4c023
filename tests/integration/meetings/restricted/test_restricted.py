"""Cases that only named people may see, and breaking the glass (H2), on both engines."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.models import Staff
from app.accounts.types import Role
from app.audit.models import AuditEntry, AuditView
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.models import Meeting, MeetingChild
from app.meetings.need.service import record_held, start_now
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.open_case.types import About
from app.meetings.restricted.models import BrokenGlass, CaseRestriction, RestrictionReader
from app.meetings.types import Attendance, Format, MeetingState
from app.outbox.models import OutboxMessage
from app.referrals import keys
from app.referrals.models import Child, ChildProfessional, Referral, ReferralChild
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Concern
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.booking import SENDER, make_member
from tests.factories.directory import make_professional
from tests.factories.referrals import make_referral
from tests.integration.meetings.restricted.conftest import NAME
from tests.page_form import form_of


@pytest.fixture
def staff(app):
    """Browsers of a chair, a colleague, an out-of-hours worker and a system administrator."""
    found = {}
    roles = {
        "chair": Role.CHAIR, "colleague": Role.SOCIAL_WORKER, "night": Role.OUT_OF_HOURS,
        "system": Role.SYSTEM, "other chair": Role.CHAIR, "desk": Role.ADMINISTRATOR,
    }  # fmt: skip
    with app.app_context():
        for who, role in roles.items():
            with transaction() as session:
                number = make_staff(session, role, name=who.title()).id
            found[who] = (app.test_client(), number)
            sign_in_as(found[who][0], number)
    return found


def post(client, path, **fields):
    page = client.get(fields.pop("page", path)).text
    hidden = dict(re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
    return client.post(path, data={**hidden, **fields})


@pytest.fixture
def restricted(case, staff):
    """The chair lets the colleague see it, and nobody else."""
    path = f"/referrals/{case[0]}/restricted"
    chosen = [str(staff["colleague"][1])]
    done = post(staff["chair"][0], path, readers=chosen, reason="The child of somebody here")
    assert done.location == f"/referrals/{case[0]}"
    return case


def rows(app, statement):
    with app.app_context():
        return list(reading().execute(statement).scalars())


def break_glass(browser, ref, reason="A child is in danger tonight"):
    door = browser.get(f"/referrals/{ref}").location
    return door, post(browser, door, reason=reason)


def test_only_those_who_were_named_see_any_page_of_it(app, staff, restricted):
    referral, meeting = restricted
    pages = (
        f"/referrals/{referral}", f"/referrals/{referral}/checks", f"/discussions/{meeting}",
        f"/discussions/{meeting}/now", f"/discussions/{meeting}/record",
        f"/referrals/{referral.lower()}",
    )  # fmt: skip
    for page in pages:
        assert staff["colleague"][0].get(page).status_code == 200, page
        for who in ("night", "other chair", "desk"):
            answer = staff[who][0].get(page)
            assert answer.status_code == 303, (who, page)
            assert answer.location.startswith("/restricted/open/"), (who, page)
    # Whose role sees no case stands before the same door.
    assert staff["system"][0].get(pages[0]).location.startswith("/restricted/open/")


def test_nothing_is_changed_from_outside_either(app, staff, restricted):
    browser = staff["night"][0]
    token = browser.get("/session/token").text
    for path in (f"/discussions/{restricted[1]}/cancel", f"/referrals/{restricted[0]}/rating"):
        answer = browser.post(path, headers={"X-CSRFToken": token}, data={"reason": "x"})
        assert answer.location.startswith("/restricted/open/")
    assert rows(app, select(Meeting.state)) == [MeetingState.BOOKED]


def test_a_restriction_is_not_lifted_by_a_chair_who_is_not_named(app, staff, restricted):
    path = f"/referrals/{restricted[0]}/restricted"
    browser = staff["other chair"][0]
    token = browser.get("/session/token").text
    answer = browser.post(path, headers={"X-CSRFToken": token}, data={"reason": "x", "lift": "yes"})
    assert answer.location.startswith("/restricted/open/")
    assert rows(app, select(CaseRestriction.lifted_at)) == [None]


def test_lists_and_the_first_page_show_the_reference_alone(staff, restricted):
    for who in ("desk", "night", "other chair"):
        for page in ("/", "/referrals/?show=all", "/actions"):
            text = staff[who][0].get(page).text
            assert NAME not in text, (who, page)
    assert restricted[0] in staff["desk"][0].get("/referrals/?show=all").text
    assert NAME in staff["colleague"][0].get("/referrals/?show=all").text
    assert NAME in staff["colleague"][0].get("/").text


def test_the_restriction_can_be_changed_and_lifted(app, staff, restricted):
    path = f"/referrals/{restricted[0]}/restricted"
    chair = staff["chair"][0]
    assert "Enter the reason" in post(chair, path, reason=" ").text
    post(chair, path, readers=[str(staff["night"][1])], reason="Changed")
    assert staff["night"][0].get(f"/referrals/{restricted[0]}").status_code == 200
    assert staff["colleague"][0].get(f"/referrals/{restricted[0]}").status_code == 303
    readers = set(rows(app, select(RestrictionReader.staff_id)))
    assert readers == {staff["chair"][1], staff["night"][1]}  # never without who restricts it
    post(chair, path, reason="They moved away", lift="yes")
    assert staff["colleague"][0].get(f"/referrals/{restricted[0]}").status_code == 200
    done = select(AuditEntry.action).where(AuditEntry.action.like("%restrict%"))
    assert rows(app, done.order_by(AuditEntry.id)) == [
        "case restricted", "restriction changed", "restriction lifted",
    ]  # fmt: skip


def found_by_name(session, ref):
    """The first child of a referral, with an address, found by name from now on."""
    held = session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()
    child = held.children[0].child
    child.address, child.ethnicity = "9 Secret Row", "Secretish"
    keys.index(session, child.id, keys.identity(child))
    return child


def test_an_hour_behind_the_glass_does_not_make_a_reader(app, staff, restricted):
    other, path = staff["other chair"][0], f"/referrals/{restricted[0]}/restricted"
    break_glass(other, restricted[0])
    assert "The child of somebody here" not in other.get(path).text
    token = other.get("/session/token").text
    for more in ({}, {"lift": "yes"}):
        data = {"reason": "Mine now", **more}
        answer = other.post(path, headers={"X-CSRFToken": token}, data=data)
        assert answer.location == f"/referrals/{restricted[0]}"
    named = {staff["chair"][1], staff["colleague"][1]}
    assert set(rows(app, select(RestrictionReader.staff_id))) == named
    assert rows(app, select(CaseRestriction.lifted_at)) == [None]
    # Where nobody is left who may change it, the next chair can.
    with app.app_context(), transaction() as session:
        session.execute(update(Staff).where(Staff.id == staff["chair"][1]).values(ended_at=now()))
    post(other, path, readers=[str(staff["colleague"][1])], reason="The chair has left")
    named = {staff["other chair"][1], staff["colleague"][1]}
    assert set(rows(app, select(RestrictionReader.staff_id))) == named


def test_who_starts_a_discussion_behind_the_glass_can_finish_it(app, staff, restricted):
    """C11: at night there is one person, and the discussion lasts longer than the hour."""
    night, referral = staff["night"][0], restricted[0]
    break_glass(night, referral)
    path = f"/referrals/{referral}/start-now"
    form = form_of(night.get(path).text, path)
    begun = night.post(path, data=form | {"reason": "The child cannot go home"})
    assert begun.status_code == 303, begun.text
    with app.app_context(), transaction() as session:
        session.execute(update(BrokenGlass).values(ends_at=now() - timedelta(seconds=1)))
    assert night.get(begun.location).status_code == 200
    assert night.get(f"/referrals/{referral}").status_code == 200
    named = {staff[who][1] for who in ("chair", "colleague", "night")}
    assert set(rows(app, select(RestrictionReader.staff_id))) == named
    told = select(OutboxMessage.subject).where(OutboxMessage.subject.startswith("Who may see"))
    assert len(rows(app, told)) == 2  # the readers from before
    assert staff["desk"][0].get(f"/referrals/{referral}").status_code == 303


def test_so_can_who_writes_down_one_that_was_held(app, staff, restricted):
    with app.app_context(), transaction() as session:
        member = make_member(session.get_one(Staff, staff["night"][1]))
        nurse = Present(Attendance.BY_PHONE, professional_id=make_professional(session).id)
        ended = now() - timedelta(minutes=5)
        given = HeldAlready(
            started_at=ended - timedelta(minutes=20), ended_at=ended, reason="At once",
            format=Format.CALL, place="", people=(nurse,),
        )  # fmt: skip
        occasion = Occasion(referral_ref=restricted[0])
        ref = record_held(session, member, occasion, given, SENDER, now()).ref
    assert staff["night"][0].get(f"/discussions/{ref}/hold").status_code == 200


def test_readers_are_told_when_that_changes(app, staff, restricted):
    chair, path = staff["chair"][0], f"/referrals/{restricted[0]}/restricted"
    told = select(OutboxMessage).where(OutboxMessage.kind == "notice").order_by(OutboxMessage.id)
    assert rows(app, told) == []
    post(chair, path, readers=[str(staff["night"][1])], reason="Changed")
    letters = rows(app, told)
    assert {one.subject for one in letters} == {f"Who may see case {restricted[0]} has changed"}
    assert len(letters) == 2  # who was put out, and who came in
    assert not any(NAME in one.content.decode() for one in letters)
    post(chair, path, reason="They moved away", lift="yes")
    assert len(rows(app, told)) == 3


def open_case_cancelled(app, staff, case):
    with app.app_context(), transaction() as session:
        session.execute(update(Meeting).values(referral_id=None))
    chosen = [str(staff["colleague"][1])]
    path = f"/discussions/{case[1]}/restricted"
    post(staff["chair"][0], path, readers=chosen, reason="A colleague's family")
    with app.app_context(), transaction() as session:
        session.execute(update(Meeting).values(state=MeetingState.CANCELLED))


def test_booked_again_it_is_restricted_like_the_one_before(app, staff, case):
    open_case_cancelled(app, staff, case)
    answer = post(staff["chair"][0], f"/discussions/{case[1]}/again")
    ref = answer.location.split("/")[2]
    assert ref != case[1]
    assert staff["chair"][0].get(f"/discussions/{ref}").status_code == 200
    assert staff["colleague"][0].get(f"/discussions/{ref}").status_code == 200
    assert staff["desk"][0].get(f"/discussions/{ref}").status_code == 303


def test_another_discussion_in_the_place_of_a_restricted_one_is_restricted(app, staff, case):
    open_case_cancelled(app, staff, case)
    with app.app_context(), transaction() as session:
        child = session.execute(
            select(Child.ref).where(Child.id.in_(select(MeetingChild.child_id))).limit(1)
        ).scalar_one()
        member = make_member(session.get_one(Staff, staff["other chair"][1]))
        occasion = Occasion(child_refs=(child,), about=About((Concern.NEGLECT,)))
        ref = start_now(session, member, occasion, Started(), SENDER, now()).ref
    for who in ("chair", "colleague", "other chair"):
        assert staff[who][0].get(f"/discussions/{ref}").status_code == 200, who
    assert staff["desk"][0].get(f"/discussions/{ref}").status_code == 303


def test_another_referral_shows_of_a_restricted_child_name_and_birth_alone(app, staff, restricted):
    with app.app_context(), transaction() as session:
        child, other = found_by_name(session, restricted[0]), make_referral(session, 1)
        alike, ref = other.children[0].child, other.ref
        alike.given_name, alike.family_name = child.given_name, child.family_name
        alike.date_of_birth = child.date_of_birth
        alike_ref, child_ref = alike.ref, child.ref
    desk = staff["desk"][0]
    known = f"/referrals/{ref}/children/{alike_ref}/known"
    for page in (f"/referrals/{ref}", known):
        text = desk.get(page).text
        assert NAME in text, page
        assert child_ref in text, page
        assert "Secret" not in text, page
        assert "not decided yet" not in text, page
        assert "9 Secret Row" in staff["colleague"][0].get(page).text, page
    answer = post(desk, known, known="reference", reference=child_ref, reason="The same")
    assert answer.status_code == 422
    assert "Somebody who may see the restricted case" in answer.text
    assert rows(app, select(ChildMatch.id)) == []
    # Who may see it links them; from outside that is not undone.
    post(staff["colleague"][0], known, known=child_ref, reason="The same")
    [match] = rows(app, select(ChildMatch.id))
    undo = f"/referrals/{ref}/matches/{match}/undo"
    assert desk.get(undo).location == f"/referrals/{ref}"
    assert staff["colleague"][0].get(undo).status_code == 200


def test_another_referral_leaves_out_siblings_and_how_discussions_stand(app, staff, restricted):
    with app.app_context(), transaction() as session:
        held = session.execute(select(Referral).where(Referral.ref == restricted[0])).scalar_one()
        other = make_referral(session, 1)
        ref, child_id = other.ref, other.children[0].child_id
        session.add(ReferralChild(referral_id=held.id, child_id=child_id, position=9))
        meeting = session.execute(select(Meeting)).scalar_one()
        session.add(MeetingChild(meeting_id=meeting.id, child_id=child_id, position=9))
    text = staff["desk"][0].get(f"/referrals/{ref}").text
    assert NAME not in text
    assert restricted[0] in text
    assert re.search(rf"{restricted[1]}</a>: restricted", text)
    assert NAME in staff["colleague"][0].get(f"/referrals/{ref}").text


def test_the_wrong_child_guard_keeps_the_address_of_a_restricted_child(app, staff, restricted):
    with app.app_context(), transaction() as session:
        child = found_by_name(session, restricted[0])
        typed, born = (child.given_name, child.family_name), child.date_of_birth
    for who, shown in (("desk", False), ("colleague", True)):
        browser = staff[who][0]
        page = browser.get("/referrals/new").text
        fields = dict(re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', page))
        start = "children-0-"
        answer = browser.post(
            "/referrals/new",
            data={
                **fields,
                f"{start}given_name": typed[0], f"{start}family_name": typed[1],
                f"{start}date_of_birth-day": born.day, f"{start}date_of_birth-month": born.month,
                f"{start}date_of_birth-year": born.year, f"{start}asked": "CH-X",
                "press": "addresses", "csrf_token": browser.get("/session/token").text,
            },
        )  # fmt: skip
        assert restricted[0] in answer.text, who
        assert ("9 Secret Row" in answer.text) is shown, who
        assert ("not decided yet" in answer.text) is shown, who


def test_the_directory_leaves_out_restricted_children(app, staff, restricted):
    with app.app_context(), transaction() as session:
        child = found_by_name(session, restricted[0])
        person = make_professional(session).id
        session.add(
            ChildProfessional(
                child_id=child.id, professional_id=person, actively_involved=True, lead=False
            )
        )
    path = f"/directory/people/{person}/children"
    text = staff["desk"][0].get(path).text
    assert NAME not in text
    assert "Children with a restricted case are left out" in text
    assert NAME in staff["colleague"][0].get(path).text


def test_breaking_the_glass_opens_it_for_an_hour_and_tells(app, staff, restricted):
    night, ref = staff["night"][0], restricted[0]
    door, done = break_glass(night, ref)
    page = night.get(door)
    assert done.location == f"/referrals/{ref}"
    shown = night.get(done.location)
    assert shown.status_code == 200
    assert "You opened it with a reason" in shown.text
    assert night.get(f"/discussions/{restricted[1]}").status_code == 200
    assert page.status_code == 303  # open: the door leads in
    told = rows(app, select(OutboxMessage).where(OutboxMessage.kind == "notice"))
    assert {one.subject for one in told} == {f"A case was opened by break-glass: {ref}"}
    assert (
        len(told) == 4
    )  # three chairs, one of them of the discussion, and the system administrator
    assert not any(NAME in one.content.decode() for one in told)
    seen = rows(app, select(AuditView.page).where(AuditView.actor_id == staff["night"][1]))
    assert "referrals.referral, behind broken glass" in seen
    assert "meetings.overview, behind broken glass" in seen
    assert staff["other chair"][0].get(f"/referrals/{ref}").status_code == 303


def test_a_header_takes_the_mark_off_no_view(app, staff, restricted):
    """H3: a page that fetches itself says so; whoever says so of another page is noted too."""
    night, ref = staff["night"][0], restricted[0]
    break_glass(night, ref)
    for _ in range(3):
        night.get(f"/referrals/{ref}/checks", headers={"X-Background": "1"})
    marked = select(AuditView.page).where(AuditView.actor_id == staff["night"][1])
    seen = rows(app, marked)
    assert seen.count("checks.checks, behind broken glass") == 1


def test_it_ends_by_itself(app, staff, restricted):
    night, ref = staff["night"][0], restricted[0]
    break_glass(night, ref)
    with app.app_context(), transaction() as session:
        session.execute(update(BrokenGlass).values(ends_at=now() - timedelta(seconds=1)))
    assert night.get(f"/referrals/{ref}").status_code == 303
    assert NAME not in night.get("/referrals/?show=all").text


def test_no_reason_no_opening(app, staff, restricted):
    night = staff["night"][0]
    door = night.get(f"/referrals/{restricted[0]}").location
    answer = post(night, door, reason="  ")
    assert answer.status_code == 422
    assert "Say why you need to see this case now" in answer.text
    assert NAME not in answer.text
    assert "The child of somebody here" not in answer.text
    assert rows(app, select(BrokenGlass.id)) == []


def test_the_form_sent_twice_opens_once(app, staff, restricted):
    night = staff["night"][0]
    door = night.get(f"/referrals/{restricted[0]}").location
    hidden = dict(
        re.findall(r'type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', night.get(door).text)
    )
    for _ in range(2):
        night.post(door, data={**hidden, "reason": "At once"})
    assert len(rows(app, select(BrokenGlass.id))) == 1


def test_somebody_else_looks_at_it_afterwards(app, staff, restricted):
    other = staff["other chair"][0]
    break_glass(other, restricted[0])
    [number] = rows(app, select(BrokenGlass.id))
    path = f"/restricted/openings/{number}"
    assert "You opened it yourself" in other.get("/restricted/").text
    own = post(other, path, page="/account", review="It was right")
    assert own.status_code == 422
    assert 'id="glass-waits"' not in other.get("/").text
    system = staff["system"][0]
    assert 'id="glass-waits"' in system.get("/").text
    assert "A child is in danger tonight" in system.get("/restricted/").text
    assert 'href="/audit/"' in system.get("/restricted/").text
    assert "have a system administrator see in the audit" in other.get("/restricted/").text
    assert "Say what you found" in post(system, path, page="/restricted/", review="").text
    assert post(system, path, page="/restricted/", review="It was right").status_code == 303
    assert 'id="glass-waits"' not in system.get("/").text
    assert "It was right" in system.get("/restricted/").text
    assert staff["night"][0].get("/restricted/").status_code == 403
    again = post(system, path, page="/restricted/", review="It was wrong")
    assert again.status_code == 422
    assert "broken glass reviewed" in rows(app, select(AuditEntry.action))


def test_the_discussion_of_an_open_case_is_restricted_by_itself(app, staff, case):
    with app.app_context(), transaction() as session:
        session.execute(update(Meeting).values(referral_id=None))
    path = f"/discussions/{case[1]}/restricted"
    assert (
        post(staff["chair"][0], path, readers=[], reason="A colleague's family").status_code == 303
    )
    child = rows(app, select(Child.ref).join(MeetingChild, MeetingChild.child_id == Child.id))[0]
    for page in (f"/discussions/{case[1]}", f"/discussions/{case[1]}/children/{child}"):
        assert staff["chair"][0].get(page).status_code == 200
        assert "/restricted" in staff["desk"][0].get(page).location
    assert staff["desk"][0].get(f"/referrals/{case[0]}").status_code == 200
