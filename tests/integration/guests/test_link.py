"""Before the code: nothing of the case, and no difference between links (D3)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry, AuditView
from app.core.clock import now
from app.core.crypto import new_token
from app.guests import service
from app.invitations.models import AccessCode, GuestSession, Invitation
from app.invitations.service import redeem_code, revoke, set_expiry
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import Answer, Format, MeetingState, MessageKind
from app.outbox.models import OutboxMessage
from app.referrals.sender import Sender
from tests.factories.guests import Phone, codes_sent, make_link
from tests.factories.meetings import make_meeting

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")
COUNTED = (
    AccessCode, AuditEntry, AuditView, Delivery, GuestSession, Invitation, Invitee, OutboxMessage,
)  # fmt: skip


@pytest.fixture
def links(change: Any) -> dict[str, str]:
    """One link of each kind: only the first finds somebody who may still come in."""
    with change() as session:
        meeting = make_meeting(session, invitees=4)
        _chair, police, health, school = meeting.invitees
        found = {
            "valid": make_link(session, police),
            "expired": make_link(session, health),
            "revoked": make_link(session, school),
            "unknown": new_token(),
            "not even a token": "nothing-like-it",
        }
        set_expiry(session, _invitation(session, health), now() - timedelta(minutes=1))
        revoke(session, _invitation(session, school), now())
    return found


def _invitation(session: Any, invitee: Invitee) -> Invitation:
    found: Invitation = session.get_one(Invitation, invitee.invitation_id)
    return found


def _counts(session: Any) -> list[int]:
    return [session.execute(select(func.count()).select_from(one)).scalar() for one in COUNTED]


def _same(text: str, token: str) -> str:
    """A page without what belongs to the browser: its forgery token and its own address."""
    return re.sub(r'(csrf_token" value=")[^"]+|(CSRFToken": ")[^"]+', "", text).replace(token, "T")


@pytest.mark.parametrize("page", ["/i/{}", "/i/{}/code"])
def test_every_link_shows_the_same_page(app: Any, links: dict[str, str], page: str) -> None:
    seen = set()
    for token in links.values():
        answer = Phone(app).get(page.format(token))
        headers = {name: value for name, value in answer.headers if name not in ("Set-Cookie",)}
        headers.pop("Content-Length")
        seen.add((answer.status_code, _same(answer.text, token), tuple(sorted(headers.items()))))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 200


def test_looking_changes_nothing(app: Any, change: Any, links: dict[str, str]) -> None:
    with change() as session:
        before = _counts(session)
    for token in links.values():
        for method in ("get", "head"):
            for page in (f"/i/{token}", f"/i/{token}/code"):
                assert getattr(Phone(app).client, method)(page).status_code == 200
    with change() as session:
        assert _counts(session) == before


def test_nothing_of_the_case_is_shown_before_the_code(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    phone = Phone(app)
    base = f"/i/{links['valid']}"
    answers = [
        phone.get(base),
        phone.get(f"{base}/code"),
        phone.post(f"{base}/answer", base, "answer", take_part="yes"),
        phone.get(base),
        phone.post(f"{base}/code-request", base),
        phone.get(f"{base}/code"),
        phone.post(f"{base}/code", f"{base}/code", code="000000"),
        phone.get("/attend"),
        phone.get("/attend/colleague-invited"),
    ]
    with change() as session:
        meeting = session.execute(select(Meeting)).scalar_one()
        words = [meeting.ref, meeting.need_reason, "Amara", "Okonjo", "2019", "November"]
        words += [word for one in meeting.invitees for word in (one.name, one.agency_name)]
    for answer in answers:
        said = answer.text + str(answer.headers)
        assert not [word for word in words if word in said]
        assert "strategy discussion" not in said.lower()


def test_headers_keep_the_link_to_itself(app: Any, links: dict[str, str]) -> None:
    answer = Phone(app).get(f"/i/{links['valid']}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert links["valid"] not in re.findall("<title>(.*?)</title>", answer.text)[0]


def test_a_code_goes_to_the_invitees_own_address_and_opens_a_clean_address(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    base, phone = f"/i/{links['valid']}", Phone(app)
    asked = phone.post(f"{base}/code-request", base)
    assert (asked.status_code, asked.location) == (303, f"{base}/code")
    with change() as session:
        police = session.execute(select(Invitee).order_by(Invitee.id).offset(1).limit(1)).scalar()
        [(recipient, code)] = codes_sent(session)
        [delivery] = session.execute(select(Delivery)).scalars()
        assert recipient == police.email
        assert (delivery.invitee_id, delivery.kind) == (police.id, MessageKind.CODE)
    entered = phone.post(f"{base}/code", f"{base}/code", code=f"{code[:3]} {code[3:]}")
    assert (entered.status_code, entered.location) == (303, "/attend")
    cookie = next(one for one in entered.headers.getlist("Set-Cookie") if one.startswith("guest="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert links["valid"] not in cookie and code not in cookie
    assert "Amara" in phone.get("/attend").text


def test_asking_and_trying_look_the_same_for_every_link(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    seen = set()
    for token in links.values():
        base, phone = f"/i/{token}", Phone(app)
        asked = phone.post(f"{base}/code-request", base)
        tried = phone.post(f"{base}/code", f"{base}/code", code="000000")
        noted = phone.post(f"{base}/answer", base, "answer", take_part="no")
        after = phone.get(base)
        seen.add(
            tuple(
                (one.status_code, _same(one.text, token), (one.location or "").replace(token, "T"))
                for one in (asked, tried, noted, after)
            )
        )
    [(asked_, tried_, noted_, after_)] = seen
    assert (asked_[0], tried_[0], noted_[0], after_[0]) == (303, 422, 303, 200)
    assert "The desk will see it if this link is in use" in after_[1]
    with change() as session:
        assert len(codes_sent(session)) == 1


def test_a_code_works_once_and_only_in_its_browser(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    base, phone, other = f"/i/{links['valid']}", Phone(app), Phone(app)
    phone.post(f"{base}/code-request", base)
    with change() as session:
        [(_to, code)] = codes_sent(session)
    assert other.post(f"{base}/code", f"{base}/code", code=code).status_code == 422
    assert phone.post(f"{base}/code", f"{base}/code", code=code).status_code == 303
    assert phone.post(f"{base}/code", f"{base}/code", code=code).status_code == 422


def test_a_replaced_code_is_dead(app: Any, change: Any, links: dict[str, str]) -> None:
    base, phone = f"/i/{links['valid']}", Phone(app)
    phone.post(f"{base}/code-request", base)
    phone.post(f"{base}/code-request", base)
    with change() as session:
        (_to, old), (_to, new) = codes_sent(session)
    if old != new:
        assert phone.post(f"{base}/code", f"{base}/code", code=old).status_code == 422
    assert phone.post(f"{base}/code", f"{base}/code", code=new).status_code == 303


def test_five_wrong_tries_end_a_code(app: Any, change: Any, links: dict[str, str]) -> None:
    base, phone = f"/i/{links['valid']}", Phone(app)
    phone.post(f"{base}/code-request", base)
    with change() as session:
        [(_to, code)] = codes_sent(session)
    wrong = "000000" if code != "000000" else "111111"
    pages = {phone.post(f"{base}/code", f"{base}/code", code=wrong).text for _ in range(5)}
    last = phone.post(f"{base}/code", f"{base}/code", code=code)
    assert last.status_code == 422
    assert {_same(page, "T") for page in pages} == {_same(last.text, "T")}
    assert "guest=" not in str(last.headers)


def test_a_late_code_opens_nothing(in_app: Any, change: Any, links: dict[str, str]) -> None:
    asked = now()
    with change() as session:
        service.request_code(session, links["valid"], "browser", SENDER, asked)
        [(_to, code)] = codes_sent(session)
    with change() as session:
        late = asked + timedelta(minutes=10)
        assert redeem_code(session, links["valid"], "browser", code, late) is None
    with change() as session:
        soon = asked + timedelta(minutes=9, seconds=59)
        assert redeem_code(session, links["valid"], "browser", code, soon) is not None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000\n000000"])
def test_what_is_no_code_is_refused_by_the_field(
    app: Any, links: dict[str, str], typed: str
) -> None:
    base = f"/i/{links['valid']}"
    answer = Phone(app).post(f"{base}/code", f"{base}/code", code=typed)
    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text


@pytest.mark.parametrize(
    ("press", "format_", "expected"),
    [
        ("yes", Format.CALL, Answer.DIAL_IN),
        ("yes", Format.MEETING, Answer.ATTEND),
        ("no", Format.CALL, Answer.DECLINED),
    ],
)
def test_the_two_buttons_note_attendance_alone(
    app: Any, change: Any, press: str, format_: Format, expected: Answer
) -> None:
    with change() as session:
        meeting = make_meeting(session)
        meeting.format = format_
        invitee = meeting.invitees[1]
        token, invitee_id = make_link(session, invitee), invitee.id
    base = f"/i/{token}"
    answer = Phone(app).post(f"{base}/answer", base, "answer", take_part=press)
    assert "guest=" not in str(answer.headers)
    with change() as session:
        assert session.get(Invitee, invitee_id).answer is expected
        entry = session.execute(select(AuditEntry).order_by(AuditEntry.id.desc())).scalars().first()
        assert "without a code" in entry.actor_label
        assert not session.execute(select(GuestSession)).scalars().all()


def test_a_press_without_a_choice_is_refused(app: Any, links: dict[str, str]) -> None:
    base = f"/i/{links['valid']}"
    assert Phone(app).post(f"{base}/answer", base, "answer").status_code == 422


def test_a_signed_in_guest_sees_nothing_at_the_link_either(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    base, phone = f"/i/{links['valid']}", Phone(app)
    phone.post(f"{base}/code-request", base)
    with change() as session:
        [(_to, code)] = codes_sent(session)
    phone.post(f"{base}/code", f"{base}/code", code=code)
    here = _same(phone.get(base).text, links["valid"])
    assert here == _same(Phone(app).get(base).text, links["valid"])


def test_an_answer_without_a_code_is_said_back(app: Any, links: dict[str, str]) -> None:
    base, phone = f"/i/{links['valid']}", Phone(app)
    for pressed, words in (("yes", "you will take part"), ("no", "you cannot take part")):
        phone.post(f"{base}/answer", base, "answer", take_part=pressed)
        assert f"You said that {words}. The desk will see it" in phone.get(base).text


def test_presses_need_a_forgery_token(app: Any, links: dict[str, str]) -> None:
    client = app.test_client()
    for path in ("code-request", "code", "answer"):
        assert client.post(f"/i/{links['valid']}/{path}").status_code == 400


def test_a_press_after_the_meeting_is_answered_in_the_same_words(app: Any, change: Any) -> None:
    with change() as session:
        invitee = make_meeting(session, MeetingState.ENDED).invitees[1]
        token, invitee_id = make_link(session, invitee), invitee.id
    base, phone = f"/i/{token}", Phone(app)
    assert phone.post(f"{base}/answer", base, "answer", take_part="yes").status_code == 303
    assert "The desk will see it if this link is in use" in phone.get(base).text
    with change() as session:
        assert session.get_one(Invitee, invitee_id).answer is Answer.NONE


def test_no_link_stands_in_the_log(
    app: Any, links: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    base, phone = f"/i/{links['valid']}", Phone(app)
    phone.post(f"{base}/code-request", base)
    phone.post(f"{base}/code", f"{base}/code", code="000000")
    app.test_client().post(f"{base}/code")  # refused: a log line is written
    app.test_client().put(base)
    said = "".join(capfd.readouterr())
    assert "form refused" in said
    assert links["valid"] not in said


def test_a_browser_that_a_code_opened_is_known_again_by_a_mark_that_opens_nothing(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    phone, base = Phone(app), f"/i/{links['valid']}"

    def marks(answer: Any) -> list[str]:
        return [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("browser=")]

    [mark] = marks(phone.post(f"{base}/code-request", base))
    assert "Max-Age" not in mark
    with change() as session:
        [(_to, code)] = codes_sent(session)
    [known] = marks(phone.post(f"{base}/code", f"{base}/code", code=code))
    assert known.split(";")[0] == mark.split(";")[0]
    assert f"Max-Age={180 * 24 * 3600}" in known and "HttpOnly" in known
    # Asking again takes nothing of that back.
    assert marks(phone.post(f"{base}/code-request", base)) == []
    phone.client.delete_cookie("guest")
    assert phone.get("/attend").status_code == 401


def test_the_page_says_how_many_codes_there_are_and_what_to_do(
    app: Any, links: dict[str, str]
) -> None:
    for link in ("valid", "unknown"):
        said = " ".join(Phone(app).get(f"/i/{links[link]}/code").text.split())
        assert "Four codes are sent in any hour and 16 in any 24 hours, whoever asks" in said
        assert "the link in your newest email" in said
        assert "Telephone the desk on" in said


def test_a_fifth_code_in_an_hour_is_not_sent_and_looks_the_same(
    app: Any, change: Any, links: dict[str, str]
) -> None:
    for token, sent in ((links["valid"], 4), (links["unknown"], 4)):
        base, answers = f"/i/{token}", set()
        for phone in [Phone(app), Phone(app)]:
            answers |= {phone.post(f"{base}/code-request", base).status_code for _ in range(6)}
        assert answers == {303}
        with change() as session:
            assert len(codes_sent(session)) == sent
