"""Somebody who is asked again finds what they reported before: they alone, and to give again or to
write anew (D5, H2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.uploads import Upload
from app.directory.models import Professional
from app.meetings import answers
from app.meetings.models import Invitee, Meeting, Report
from app.meetings.restricted.models import CaseRestriction
from app.meetings.types import Answer, MeetingState, ReportVia
from app.records import releasing
from app.referrals.models import Referral
from tests.factories.guests import Phone, make_guest_session
from tests.factories.meetings import make_invitee, make_known_child, make_meeting, make_person
from tests.factories.records import make_releaser, make_signed
from tests.integration.guests.attending import PDF
from tests.integration.records.circulating import AFTER, settings_of
from tests.page_form import form_of

WORDS = "Seen with a bruise on Tuesday <b>"
SHOWN = "Seen with a bruise on Tuesday"
OFFER = "You reported before"


class Asked:
    """A health visitor who reported to a first discussion and is asked for a second."""

    def __init__(self, session: Session, upload: Upload | None = None) -> None:
        self.session = session
        self.first = make_meeting(session)
        self.referral = session.get_one(Referral, self.first.referral_id)
        self.person = make_person(session)
        self.before = make_invitee(session, self.first, person=self.person)
        self.report = answers.add_report(
            session, self.before, WORDS, upload, ReportVia.LINK, SYSTEM, now()
        )
        self.first.state = MeetingState.CANCELLED
        self.second = make_meeting(session, referral=self.referral)
        self.again = make_invitee(session, self.second, person=self.person)


def test_it_is_shown_and_given_again_once(app: Flask, change: Any, signed_in: Any) -> None:
    with change() as session:
        asked = Asked(session, Upload("note.pdf", "application/pdf", PDF))
        phone = Phone(app, make_guest_session(session, asked.again))
        ref, number = asked.second.ref, asked.report.id
        me, before = asked.again.id, asked.before.id
    page = phone.get("/attend").text
    assert OFFER in page and "use it again, or write anew" in page
    assert f"{SHOWN} &lt;b&gt;" in page
    there = f"/attend/earlier-reports/{number}"
    assert phone.get(there).data == PDF
    pressed = form_of(page, there)
    unsent = phone.client.post(there, data={**pressed, f"again-{number}-nonce": ""})
    assert unsent.status_code == 422
    for nonce in ("n" * 32, "n" * 32, "m" * 32):
        sent = phone.client.post(there, data={**pressed, f"again-{number}-nonce": nonce})
        assert (sent.status_code, sent.location) == (303, "/attend#answer")
    with change() as session:
        held = session.execute(select(Report).order_by(Report.id)).scalars().all()
        assert [(one.invitee_id, one.body, one.file) for one in held] == [
            (before, WORDS, PDF),
            (me, WORDS, PDF),
        ]
        assert held[1].first_given_at == held[0].received_at
        assert session.get_one(Invitee, me).answer is Answer.NONE
    page = phone.get("/attend").text
    assert OFFER not in page and "You first gave it for an earlier meeting" in page
    heard = signed_in(Role.CHAIR).get(f"/discussions/{ref}/hold").text
    assert "for an earlier discussion" in heard


def test_given_again_it_may_come_instead_of_them(app: Flask, change: Any) -> None:
    with change() as session:
        asked = Asked(session)
        phone = Phone(app, make_guest_session(session, asked.again))
        number, me = asked.report.id, asked.again.id
    there = f"/attend/earlier-reports/{number}"
    pressed = form_of(phone.get("/attend").text, there)
    assert f"again-{number}-instead" not in pressed  # nothing is ticked for them
    sent = phone.client.post(there, data={**pressed, f"again-{number}-instead": "y"})
    assert sent.status_code == 303
    with change() as session:
        assert session.get_one(Invitee, me).answer is Answer.REPORT


def test_after_the_meeting_it_is_neither_shown_nor_taken(app: Flask, change: Any) -> None:
    with change() as session:
        asked = Asked(session)
        phone = Phone(app, make_guest_session(session, asked.again))
        number, second = asked.report.id, asked.second.id
    there = f"/attend/earlier-reports/{number}"
    pressed = form_of(phone.get("/attend").text, there)
    with change() as session:
        session.get_one(Meeting, second).state = MeetingState.ENDED
    assert SHOWN not in phone.get("/attend").text
    sent = phone.client.post(there, data=pressed)
    assert sent.status_code == 422 and "The meeting is over" in sent.text


def _a_colleague(asked: Asked) -> None:
    asked.again.professional_id = make_person(asked.session, agency=asked.person.agency).id


def _another_address(asked: Asked) -> None:
    asked.again.email = "new.address@agency.example"


def _no_address(asked: Asked) -> None:
    asked.before.email = asked.again.email = None


def _a_wrong_address_then(asked: Asked) -> None:
    asked.before.removed_at, asked.before.wrong_address = now(), True


def _other_children(asked: Asked) -> None:
    for one in list(asked.second.children):
        one.child_id = make_known_child(asked.session).id


def _another_referral(asked: Asked) -> None:
    asked.second.referral_id = make_meeting(asked.session).referral_id


def _an_open_case_now(asked: Asked) -> None:
    asked.second.referral_id = None


def _a_restricted_open_case_then(asked: Asked) -> None:
    asked.first.referral_id = asked.second.referral_id = None
    asked.session.add(
        CaseRestriction(
            meeting_id=asked.first.id, referral_id=None, reason="A colleague's child",
            set_by_id=asked.first.chair_id, set_at=now(), lifted_at=None, lift_reason=None,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "differs",
    [
        _a_colleague,
        _another_address,
        _no_address,
        _a_wrong_address_then,
        _other_children,
        _another_referral,
        _an_open_case_now,
        _a_restricted_open_case_then,
    ],
    ids=lambda one: one.__name__.strip("_"),
)
def test_nobody_else_finds_it(app: Flask, change: Any, differs: Callable[[Asked], None]) -> None:
    with change() as session:
        asked = Asked(session, Upload("note.pdf", "application/pdf", PDF))
        phone = Phone(app, make_guest_session(session, asked.again))
        differs(asked)
        number = asked.report.id
    page = phone.get("/attend").text
    assert OFFER not in page and SHOWN not in page and "note.pdf" not in page
    there = f"/attend/earlier-reports/{number}"
    assert phone.get(there).status_code == 404
    pressed = form_of(page, "/attend/report")
    again = {f"again-{number}-{name[7:]}": value for name, value in pressed.items()}
    assert phone.client.post(there, data=pressed | again).status_code == 404
    with change() as session:
        assert len(session.execute(select(Report)).all()) == 1


def test_every_other_invitee_of_either_discussion_finds_nothing(app: Flask, change: Any) -> None:
    with change() as session:
        asked = Asked(session)
        everyone = [*asked.first.invitees, *asked.second.invitees]
        own = {asked.before.id, asked.again.id}
        phones = [
            Phone(app, make_guest_session(session, one)) for one in everyone if one.id not in own
        ]
        number = asked.report.id
    assert len(phones) == 6
    for phone in phones:
        assert SHOWN not in phone.get("/attend").text
        assert phone.get(f"/attend/earlier-reports/{number}").status_code == 404


def test_from_whom_the_record_was_withheld_has_no_report_of_it(in_app: Flask, change: Any) -> None:
    with change() as session:
        first, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
        before = first.invitees[1]
        session.add(
            Report(
                invitee_id=before.id, body=WORDS, file=None, file_name=None, media_type=None,
                via=ReportVia.LINK, added_by_id=None, received_at=now(), first_given_at=None,
            )
        )  # fmt: skip
        second = make_meeting(session, referral=session.get_one(Referral, first.referral_id))
        person = session.get_one(Professional, before.professional_id)
        again = make_invitee(session, second, person=person)
        phone = Phone(in_app, make_guest_session(session, again))
        number, reader = first.id, before.id
    assert SHOWN in phone.get("/attend").text
    with change() as session:
        held = session.get_one(Meeting, number)
        kept_back = {reader: "Works there"}
        releasing.release(session, make_releaser(session), held, 1, kept_back, True, AFTER)
    assert SHOWN not in phone.get("/attend").text
