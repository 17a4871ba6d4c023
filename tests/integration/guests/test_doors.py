"""Doors stay shut: other meetings, other invitees, ended invitations, no session (D3, H2)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.accounts.types import Role
from app.core.clock import now
from app.invitations.models import GuestSession, Invitation
from app.invitations.service import revoke, set_expiry
from app.meetings.discussion.models import Action, Dissent
from app.meetings.models import Invitee, Report
from app.meetings.types import ActionState, Answer, MeetingState, ReportVia
from app.web.access import Everyone, access_of
from tests.conftest import settings_for
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_meeting
from tests.integration.guests.attending import own_action
from tests.page_form import mark_of

CLOSED_PAGES = (
    "/attend", "/attend/reports/1", "/attend/record", "/attend/record/download",
    "/attend/earlier-reports/1", "/form", "/form.pdf",
)  # fmt: skip
CLOSED_POSTS = (
    "/attend/name", "/attend/answer", "/attend/report", "/attend/colleague",
    "/attend/actions/1", "/attend/disagree", "/attend/record/read", "/attend/leave", "/form/name",
    "/attend/earlier-reports/1",
)  # fmt: skip


class Two:
    """Two meetings; the first invitee of A looks for what belongs to others."""

    def __init__(self, app: Flask, change: Any) -> None:
        self.change = change
        with change() as session:
            one = make_meeting(session, MeetingState.ENDED, invitees=3)
            other = make_meeting(session, MeetingState.ENDED, invitees=3)
            self.own, self.colleague, self.stranger = (
                one.invitees[1].id, one.invitees[2].id, other.invitees[1].id,
            )  # fmt: skip
            self.other_ref = other.ref
            self.phone = Phone(app, make_guest_session(session, one.invitees[1]))
            self.reports = {who: _report(session, who) for who in self.everyone}
            self.actions = {
                invitee.id: own_action(session, meeting, invitee.id, f"action-{invitee.id}-")
                for meeting in (one, other)
                for invitee in meeting.invitees[1:]
            }
            for meeting in (one, other):
                for invitee in meeting.invitees[1:]:
                    session.add(
                        Dissent(
                            meeting_id=meeting.id,
                            invitee_id=invitee.id,
                            what=f"dissent-{invitee.id}-",
                            why="why",
                            recorded_by_id=None,
                            recorded_at=now(),
                        )
                    )

    @property
    def everyone(self) -> tuple[int, int, int]:
        return (self.own, self.colleague, self.stranger)

    @property
    def others(self) -> tuple[int, int]:
        return (self.colleague, self.stranger)


def _report(session: Any, invitee_id: int) -> int:
    report = Report(
        invitee_id=invitee_id,
        body=f"report-{invitee_id}-",
        file=b"%PDF-1.7 of " + str(invitee_id).encode(),
        file_name=f"file-{invitee_id}-.pdf",
        media_type="application/pdf",
        via=ReportVia.LINK,
        added_by_id=None,
        received_at=now(),
    )
    session.add(report)
    session.flush()
    return report.id


@pytest.fixture
def two(app: Flask, change: Any) -> Two:
    return Two(app, change)


def test_the_page_holds_ones_own_and_nobody_elses(two: Two) -> None:
    page = two.phone.get("/attend").text
    for kind in ("report", "action", "dissent", "file"):
        assert f"{kind}-{two.own}-" in page
        for other in two.others:
            assert f"{kind}-{other}-" not in page
    assert two.other_ref not in page


def test_files_of_others_are_not_found(two: Two) -> None:
    assert two.phone.get(f"/attend/reports/{two.reports[two.own]}").status_code == 200
    for other in two.others:
        assert two.phone.get(f"/attend/reports/{two.reports[other]}").status_code == 404


def test_actions_of_others_are_not_found(two: Two) -> None:
    page = two.phone.get("/attend").text
    csrf, mark = re.search(r'csrf_token" value="([^"]+)"', page), mark_of(page)
    assert csrf
    for who in two.everyone:
        number = two.actions[who]
        sent = two.phone.client.post(
            f"/attend/actions/{number}",
            data={
                f"action-{number}-csrf_token": csrf[1],
                f"action-{number}-state": "done",
                f"action-{number}-version": "1",
                **mark,
            },
        )
        assert sent.status_code == (303 if who == two.own else 404)
    for who in two.others:
        bad = two.phone.client.post(
            f"/attend/actions/{two.actions[who]}", data={"csrf_token": csrf[1], **mark}
        )
        assert bad.status_code == 404
    with two.change() as session:
        states = {who: session.get_one(Action, two.actions[who]).state for who in two.everyone}
    assert states == {
        two.own: ActionState.DONE,
        two.colleague: ActionState.OPEN,
        two.stranger: ActionState.OPEN,
    }


def test_what_was_struck_out_is_gone(two: Two) -> None:
    with two.change() as session:
        session.get_one(Action, two.actions[two.own]).removed_at = now()
    assert f"action-{two.own}-" not in two.phone.get("/attend").text


def _revoked(session: Any, invitation: Invitation) -> None:
    revoke(session, invitation, now())


def _expired(session: Any, invitation: Invitation) -> None:
    set_expiry(session, invitation, now() - timedelta(seconds=1))


def _idle(session: Any, invitation: Invitation) -> None:
    for held in session.execute(select(GuestSession)).scalars():
        held.last_seen_at = now() - timedelta(minutes=31)


def _removed(session: Any, invitation: Invitation) -> None:
    invitee = session.execute(
        select(Invitee).where(Invitee.invitation_id == invitation.id)
    ).scalar_one()
    invitee.removed_at, invitee.removed_reason = now(), "Not needed"


@pytest.mark.parametrize("ending", [_revoked, _expired, _idle, _removed])
def test_what_ends_the_invitation_ends_the_session_at_once(
    app: Flask, change: Any, ending: Callable[[Any, Invitation], None]
) -> None:
    with change() as session:
        invitee = make_meeting(session).invitees[1]
        invitee_id = invitee.id
        phone = Phone(app, make_guest_session(session, invitee))
    shown = phone.get("/attend").text
    csrf = re.search(r'csrf_token" value="([^"]+)"', shown)
    assert "Okonjo" in shown and csrf
    with change() as session:
        held = session.get_one(Invitee, invitee_id)
        ending(session, session.get_one(Invitation, held.invitation_id))
    assert phone.get("/attend").status_code == 401
    sent = phone.client.post(
        "/attend/report",
        data={
            "report-csrf_token": csrf[1],
            "report-nonce": "n",
            "report-body": "Typed <i>long</i>",
        },
    )
    assert sent.status_code == 401
    assert "It was not sent." in sent.text and "Typed &lt;i&gt;long" in sent.text
    assert "Okonjo" not in sent.text
    with change() as session:
        assert not session.execute(select(Report)).scalars().all()
        assert session.get_one(Invitee, invitee_id).answer is Answer.NONE


def test_without_a_session_every_door_is_shut(app: Flask) -> None:
    phone = Phone(app)
    link = phone.get("/i/anything").text
    csrf = re.search(r'csrf_token" value="([^"]+)"', link)
    assert csrf
    for path in CLOSED_PAGES:
        assert phone.get(path).status_code == 401
        assert phone.client.head(path).status_code == 401
    for path in CLOSED_POSTS:
        assert phone.client.post(path, data={"csrf_token": csrf[1]}).status_code == 401
        assert phone.client.post(path).status_code == 400


def test_every_route_is_named_in_this_test(app: Flask) -> None:
    behind = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("guests.")
        and not isinstance(access_of(app, rule.endpoint), Everyone)
    }
    tried = {path.replace("/1", "/<int:number>") for path in CLOSED_PAGES + CLOSED_POSTS}
    assert behind == tried


def test_a_member_of_staff_is_no_guest(signed_in: Callable[..., Any]) -> None:
    assert signed_in(Role.CHAIR).get("/attend").status_code == 401


def test_a_guest_is_no_member_of_staff(app: Flask, two: Two) -> None:
    for rule in app.url_map.iter_rules():
        described = access_of(app, rule.endpoint)
        if described is None or not described.describe().startswith("staff"):
            continue
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        if rule.methods and "GET" in rule.methods:
            answer = two.phone.get(path)
            assert answer.status_code in (302, 303) and "sign-in" in (answer.location or ""), path


def test_made_up_sessions_open_nothing(app: Flask) -> None:
    for token in ("", "x", "' OR 1=1 --", "é", "a" * 4000):
        assert Phone(app, token).get("/attend").status_code == 401


def test_in_production_cookies_are_bound_to_the_host(tmp_path: Any) -> None:
    production = create_app(
        settings_for(tmp_path, "sqlite://", example=False, base_url="https://desk.example.org")
    )
    from app.guests.visitors import open_door

    with production.test_request_context("/"):
        response = production.make_response("")
        open_door(response, "t")
    [cookie] = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-guest=t;")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_a_large_file_is_refused_in_words(app: Flask, change: Any) -> None:
    with change() as session:
        phone = Phone(app, make_guest_session(session, make_meeting(session).invitees[1]))
    sixteen = b"%PDF-1.7\n" + b"0" * (16 * 1024 * 1024)
    sent = phone.post(
        "/attend/report", "/attend", "report", body="kept", file=(io.BytesIO(sixteen), "a.pdf")
    )
    assert sent.status_code == 422
    assert "larger than 15 MB" in sent.text and "kept" in sent.text


def test_a_file_too_large_to_be_read_leads_back_to_the_own_page(app: Flask, change: Any) -> None:
    with change() as session:
        phone = Phone(app, make_guest_session(session, make_meeting(session).invitees[1]))
    # The browser says it before anything travels.
    shown = phone.get("/attend").text
    assert f'data-largest="{15 * 1024 * 1024}"' in shown and "js/files.js" in shown
    huge = b"%PDF-1.7\n" + b"0" * (41 * 1024 * 1024)
    sent = phone.post(
        "/attend/report", "/attend", "report", body="typed", file=(io.BytesIO(huge), "a.pdf")
    )
    assert sent.status_code == 413
    assert "Send a file of 15 MB or less" in sent.text and "20 MB" not in sent.text
    assert 'href="/attend"' in sent.text and "nor what you typed" in sent.text
    assert 'href="/"' not in sent.text and "sign-in" not in sent.text


def test_what_is_not_there_leads_back_to_the_own_page(app: Flask, change: Any) -> None:
    with change() as session:
        phone = Phone(app, make_guest_session(session, make_meeting(session).invitees[1]))
    page = phone.get("/attend/record")
    assert page.status_code == 404 and "telephone the desk if you expected it" in page.text
    assert 'href="/attend"' in page.text and 'href="/"' not in page.text
    # What was typed for something that was struck out meanwhile comes back.
    typed = phone.post("/attend/actions/9", "/attend", "report", progress="My own words")
    assert typed.status_code == 404 and "My own words" in typed.text
    assert 'href="/attend"' in typed.text and 'href="/"' not in typed.text
