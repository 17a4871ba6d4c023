"""What no link leads to: pages on the way in or behind a link, and what a press leaves behind."""

from __future__ import annotations

import re
from datetime import date, timedelta

from playwright.sync_api import Page
from sqlalchemy import Select, func, select, update

from app.accounts.models import Staff, StaffSession
from app.accounts.sign_on.routes import AGAIN
from app.accounts.types import Role
from app.core.clock import now
from app.core.crypto import new_token, token_digest
from app.invitations.models import GuestSession, Invitation
from app.meetings.models import Invitee, Meeting, MeetingChild
from app.meetings.papers.models import SentForm
from app.meetings.restricted.models import CaseRestriction
from app.meetings.types import MeetingState
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Outcome
from app.reports.quality.sample.models import AuditedCase, AuditSample
from tests.e2e.addresses import WHO
from tests.e2e.census import Census
from tests.e2e.conftest import PASSWORD
from tests.e2e.entering import STAFF_COOKIE, changed, enter, signed
from tests.factories.accounts import open_session


def _sign_in(census: Census, page: Page) -> None:
    """A new member of staff, at their first sign-in; then somebody at a later one."""
    enter(page, census.area, WHO[Role.SYSTEM], fresh=True)
    page.goto("/staff/new")
    page.get_by_label("Full name").fill("Bea Newcombe")
    page.get_by_label("Work email address").fill("new@council.example")
    page.locator(f"[name='roles'][value='{Role.TRIAGE.value}']").check()
    page.get_by_role("button", name="Add and show").click()
    password = page.locator(".app-one-time").inner_text()
    page.context.clear_cookies()
    _give_password(page, "new@council.example", password)
    census.look("accounts.own_password", page)
    for label in ("New password", "The new password again"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/sign-in/second-factor")
    census.look("accounts.set_up", page)
    _give_password(page, WHO[Role.SOCIAL_WORKER], PASSWORD)
    page.wait_for_url("**/sign-in/code")
    census.look("accounts.code", page)


def _give_password(page: Page, address: str, password: str) -> None:
    page.goto("/sign-in")
    page.locator("summary", has_text="Sign in with a password").click()
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/sign-in/*")


def _search(census: Census, page: Page) -> None:
    enter(page, census.area, WHO[Role.TRIAGE])
    page.goto("/search")
    page.locator("main [name='text']").fill("Okafor")
    page.locator("main").get_by_role("button", name="Search").click()
    page.wait_for_url("**/search/*")
    census.look("search.found", page)


def _kept(census: Census, page: Page) -> None:
    """Sent after the session had ended, and kept for its sender."""
    enter(page, census.area, WHO[Role.OUT_OF_HOURS])
    page.goto("/quality/near-misses/new")
    page.locator("main textarea").first.fill("A letter nearly went to the wrong address.")
    ended = update(StaffSession).where(StaffSession.ended_at.is_(None))
    with changed(census.area) as session:
        session.execute(ended.values(ended_at=now()))
    page.locator("main button[type='submit']").first.click()
    page.wait_for_url(re.compile("/sign-in"))
    enter(page, census.area, WHO[Role.OUT_OF_HOURS])
    page.goto("/session/kept/1")
    census.look("kept.show", page)


def _open_case(census: Census, page: Page) -> None:
    """A discussion without a referral, of which alone these pages are shown."""
    enter(page, census.area, WHO[Role.CHAIR])
    page.goto("/discussions/new")
    page.locator("#given_name").fill("Rosalind")
    page.locator("#family_name").fill("Falconbridge")
    page.get_by_role("button", name="Find the child").click()
    page.get_by_role("button", name="Add as a new child").click()
    page.locator("[name='concerns'][value='physical_abuse']").check()
    page.locator("#reason").fill("Seen with a bruise during the assessment.")
    page.get_by_role("button", name="A discussion is needed").click()
    page.wait_for_url("**/book")
    meeting = page.url.removesuffix("/book")
    for endpoint, place in (("open_case.about", "about"), ("restricted.meeting", "restricted")):
        page.goto(f"{meeting}/{place}")
        census.look(endpoint, page)
    page.goto(meeting)
    page.get_by_role("link", name="what is known of Rosalind").click()
    page.wait_for_url("**/children/*")
    census.look("open_case_child.child", page)
    # Called off, it is needed all the same.
    page.goto(f"{meeting}/cancel")
    page.locator("main textarea").fill("The chair is ill.")
    page.locator("main button[type='submit']").last.click()
    page.get_by_text("nobody had been invited").wait_for()
    page.goto(f"{meeting}/again")
    census.look("again.again", page)
    # The child of another open case is the same after all, and then is not.
    booked = (
        select(Meeting.ref, Child.ref)
        .join(MeetingChild, MeetingChild.meeting_id == Meeting.id)
        .join(Child, Child.id == MeetingChild.child_id)
        .where(Meeting.referral_id.is_(None), Meeting.state == MeetingState.BOOKED)
    )
    with changed(census.area) as session:
        other, known = session.execute(booked.limit(1)).one()
    page.goto(meeting)
    page.get_by_role("link", name="Compare Rosalind").click()
    page.wait_for_url("**/known")
    census.look("same_child.known_of_open_case", page)
    page.locator("[name='known'][value='reference']").check()
    page.locator("[name='reference']").fill(known)
    page.locator("main textarea").fill("The mother says so.")
    page.locator("main button[type='submit']").click()
    page.wait_for_url(meeting)
    page.goto(f"{meeting}/children/{known}/known")
    page.locator("main a[href$='/undo']").click()
    page.wait_for_url("**/undo")
    census.look("same_child.undo_of_open_case", page)
    # What is booked about that child is overtaken by one that is held at once.
    page.goto(f"/discussions/new?child={known}")
    page.get_by_role("button", name="Start now").click()
    page.wait_for_url("**/hold")
    page.goto(f"/discussions/{other}/keep")
    census.look("keeping.keep", page)


def _joined_later(census: Census, page: Page) -> None:
    """A child joins a referral whose discussion is over."""
    over = (
        select(Referral.ref, Meeting.ref)
        .join(Meeting, Meeting.referral_id == Referral.id)
        .where(Meeting.state == MeetingState.SIGNED)
        .order_by(Meeting.id.desc())
    )
    with changed(census.area) as session:
        ref, meeting = session.execute(over.limit(1)).one()
    enter(page, census.area, WHO[Role.TRIAGE])
    page.goto(f"/referrals/{ref}/children/add")
    page.locator("main [name$='given_name']").fill("Rosalind")
    page.locator("main [name$='family_name']").fill("Pemberton")
    page.locator("main button[type='submit']").last.click()
    page.wait_for_url(f"**/referrals/{ref}*")
    enter(page, census.area, WHO[Role.CHAIR])
    page.goto(f"/discussions/{meeting}/children/none-needed")
    census.look("joined.none_needed", page)


def _left_open(census: Census, page: Page) -> None:
    """A discussion is over, and nobody said what becomes of a request that was made for it."""
    over = (
        select(Referral.id, Referral.ref, func.max(Meeting.ended_at))
        .join(Meeting, Meeting.referral_id == Referral.id)
        .where(Referral.outcome == Outcome.STRATEGY_DISCUSSION)
        .group_by(Referral.id, Referral.ref)
        .having(func.max(Meeting.ended_at).is_not(None))
    )
    is_open = select(AgencyCheck.id).where(
        AgencyCheck.answered_at.is_(None), AgencyCheck.withdrawn_at.is_(None)
    )
    with changed(census.area) as session:
        referral_id, ref, ended_at = session.execute(over.limit(1)).one()
        check_id = session.execute(is_open.limit(1)).scalar_one()
        session.execute(
            update(AgencyCheck)
            .where(AgencyCheck.id == check_id)
            .values(
                referral_id=referral_id,
                asked_at=ended_at - timedelta(hours=1),
                wanted_because=None,
            )
        )
    enter(page, census.area, WHO[Role.TRIAGE])
    page.goto(f"/referrals/{ref}/checks/after")
    census.look("checks.after", page)


def _sign_on(census: Census, page: Page) -> None:
    """The provider does not answer; and our own code after one that did (H1)."""
    page.goto("/sign-on/")
    census.look("sign_on.start", page)
    with changed(census.area) as session:
        chair = select(Staff.id).where(Staff.email == WHO[Role.CHAIR])
        token = open_session(session, session.execute(chair).scalar_one(), now())
        session.flush()
        opened = session.execute(select(func.max(StaffSession.id))).scalar_one()
    again = {"at": now().isoformat(), "session": opened, "after": "/account"}
    held = {"_user_id": token, "_fresh": True, AGAIN: again}
    cookie = {"name": STAFF_COOKIE, "value": signed(census.area, held), "url": census.area.url}
    page.context.add_cookies([cookie])
    page.goto("/sign-on/code")
    census.look("sign_on.code", page)


def _same_child(census: Census, page: Page) -> None:
    """Two records of which somebody said that they are one child."""
    said = (
        select(ChildMatch.id, Referral.ref)
        .join(ReferralChild, ReferralChild.child_id == ChildMatch.child_id)
        .join(Referral, Referral.id == ReferralChild.referral_id)
        .where(ChildMatch.undone_at.is_(None))
    )
    with changed(census.area) as session:
        match_id, ref = session.execute(said.limit(1)).one()
    enter(page, census.area, WHO[Role.TRIAGE])
    page.goto(f"/referrals/{ref}/matches/{match_id}/undo")
    census.look("same_child.undo", page)


def _restricted(census: Census, page: Page) -> None:
    """Lists leave such a case out: whoever has its address from elsewhere comes to the door."""
    with changed(census.area) as session:
        held = select(Referral.ref).join(CaseRestriction)
        ref = session.execute(held.where(CaseRestriction.lifted_at.is_(None))).scalars().first()
    enter(page, census.area, WHO[Role.ADMINISTRATOR])
    page.goto(f"/referrals/{ref}")
    census.look("restricted.open_case", page)


def _sample(census: Census, page: Page) -> None:
    """Drawn in a month of long ago: whether there is anything to draw depends on the day."""
    with changed(census.area) as session:
        decided = select(Referral.id, Referral.outcome).where(Referral.outcome.is_not(None))
        referral_id, outcome = session.execute(decided.limit(1)).one()
        chair = select(Staff.id).where(Staff.email == WHO[Role.CHAIR])
        sample = AuditSample(
            month=date(2020, 1, 1),
            seed="seed",
            population=1,
            sha256="0" * 64,
            drawn_by_id=session.execute(chair).scalar_one(),
            drawn_at=now(),
        )
        session.add(sample)
        session.flush()
        session.add(
            AuditedCase(
                sample_id=sample.id,
                position=1,
                referral_id=referral_id,
                outcome=outcome,
                answers={},
            )
        )
    enter(page, census.area, WHO[Role.TRIAGE])
    page.goto("/quality/samples/2020-01")
    census.look("samples.sample", page)
    page.locator("td a").first.click()
    page.wait_for_url("**/2020-01/1")
    census.look("samples.case", page)


def _action(census: Census, page: Page) -> None:
    """Without scripts an action is changed on a page of its own."""
    enter(page, census.area, WHO[Role.CHAIR])
    held = census.addresses.of("discussion.hold")[0].path
    page.goto(held)
    page.locator("[name='action-what']").fill("See the child alone at school")
    page.locator("[name='action-owner']").select_option(index=1)
    page.locator("[name='action-due']").fill("tomorrow 5 pm")
    page.get_by_role("button", name="Add action").click()
    change = page.locator("[name='do'][value^='change ']").last
    change.wait_for()
    number = (change.get_attribute("value") or "").removeprefix("change ")
    page.goto(f"{held}/actions/{number}")
    census.look("discussion_live.change_action", page)
    # A disagreement that was recorded by mistake, while people talk.
    page.goto(held)
    page.locator("#dissent summary").click()
    page.locator("#dissent select").select_option(index=1)
    page.locator("#dissent [data-line] input[type='text']").fill("Who sees the child")
    page.locator("#dissent [data-line] textarea").fill("The school knows her.")
    page.get_by_role("button", name="Record it").click()
    page.locator("#dissent a", has_text="Strike it").last.click()
    census.look("escalation.strike", page)


def _invited(census: Census, page: Page) -> None:
    invited = select(Invitation.id).join(Invitee, Invitee.invitation_id == Invitation.id)
    _behind_a_link(census, page, invited.where(Invitee.removed_at.is_(None)), "guests.meeting")


def _form(census: Census, page: Page) -> None:
    reader = select(Invitation.id).join(SentForm, SentForm.invitation_id == Invitation.id)
    _behind_a_link(census, page, reader, "guests.form")


def _asked(census: Census, page: Page) -> None:
    asked = select(Invitation.id).join(AgencyCheck, AgencyCheck.invitation_id == Invitation.id)
    _behind_a_link(census, page, asked, "requests.request_page", cookie="request")


def _behind_a_link(
    census: Census,
    page: Page,
    invitations: Select[tuple[int]],
    endpoint: str,
    *,
    cookie: str = "guest",
) -> None:
    """The page that the newest link in use of these opens, once its code was given."""
    token, moment = new_token(), now()
    newest = invitations.where(
        Invitation.revoked_at.is_(None), func.coalesce(Invitation.expires_at, moment) >= moment
    ).order_by(Invitation.is_team, Invitation.id.desc())
    with changed(census.area) as session:
        session.add(
            GuestSession(
                token_digest=token_digest(token),
                invitation_id=session.execute(newest.limit(1)).scalar_one(),
                person_name=None,
                person_role=None,
                started_at=moment,
                last_seen_at=moment,
                ended_at=None,
            )
        )
    page.context.add_cookies([{"name": cookie, "value": token, "url": census.area.url}])
    page.goto(census.addresses.of(endpoint)[0].path)
    census.look(endpoint, page)


def _recalled(census: Census, page: Page) -> None:
    """A record that was taken back, where no corrected version follows."""
    enter(page, census.area, WHO[Role.CHAIR])
    page.goto(census.addresses.of("record_recall.recall")[0].path)
    page.get_by_label("Why the record is recalled").fill("It was about another family.")
    page.locator("main button[type='submit']").click()
    circulation = page.url
    page.goto(circulation.replace("/circulate", "/recall/telephone"))
    census.look("record_recall.calls", page)
    page.goto(circulation)
    page.get_by_role("link", name="close it with a reason").click()
    page.wait_for_url("**/recall/close")
    census.look("record_recall.close", page)


BY_HAND = (
    _sign_in,
    _search,
    _kept,
    _open_case,
    _sign_on,
    _same_child,
    _restricted,
    _sample,
    _action,
    _invited,
    _form,
    _asked,
    _joined_later,
    _left_open,
    _recalled,
)
