"""One discussion from the referral to its cancellation, as staff press it and as mail brings it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.clock import in_london, now
from app.core.session import db, reading, transaction
from app.directory.models import CouncilSettings, LinePin
from app.directory.service import add_line
from app.meetings.actions.worker import remind_owners
from app.meetings.after import service as after
from app.meetings.early_notice.worker import tell_early
from app.meetings.escalation import service as escalation
from app.meetings.escalation.models import Escalation
from app.meetings.escalation.worker import warn_late
from app.meetings.messages import Sender
from app.meetings.models import Dissent, Entry, Meeting
from app.meetings.types import Attendance, MeetingState
from app.outbox.delivery import deliver_due
from app.records import worker as records
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral
from app.reports.quality.feedback.worker import ask_for_feedback
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.arrivals import Writer
from tests.factories.directory import make_agency, make_professional, make_settings
from tests.factories.records import make_action, write
from tests.integration.mail_journey.case import (
    ADDRESS,
    ADULTS,
    BORN,
    CASE_NUMBER,
    CHILDREN,
    COLLEAGUE,
    HEALTH,
    NARRATIVE,
    PEOPLE,
    PINS,
    POLICE,
    QUALITY,
    REASON,
    RIGHT,
    SCHOOL,
    SCHOOL_LEAD,
)
from tests.integration.mail_journey.letter import Letter
from tests.integration.mail_journey.seen import Journey
from tests.page_form import form_of
from tests.smtp import MailServer

_ADDRESSES = re.compile(r'\s(?:href|src|action|formaction|hx-get|hx-post)="([^"]*)"')


LATE = "After its deadline"


def _watched(urls: list[str]) -> type[FlaskClient]:
    """A browser that notes every address it asks for, is sent to, or is shown."""

    class Watched(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> TestResponse:
            answer = super().open(*args, **kwargs)
            urls.extend([answer.request.url, answer.headers.get("Location", "")])
            urls.extend(_ADDRESSES.findall(answer.text))
            return answer

    return Watched


class Player:
    def __init__(self, app: Flask, mailbox: MailServer, journey: Journey) -> None:
        self.app = app
        self.mailbox = mailbox
        self.journey = journey
        self.people: dict[str, int] = {}

    def play(self) -> None:
        self._council()
        self._case()
        with self._step("booked"):
            self._book()
        with self._step("moved"):
            self._move()
        with self._step("removed"):
            self._remove()
        self._answer_with_code()
        with self._step("reminded"):
            self._press("remind")
        with self._step("resent"):
            self._send_again("Sara Lind")
        self._name_colleague()
        with self._step("corrected"):
            self._send_again("Leo Baptist", email=RIGHT)
        with self._step("cancelled"):
            self._press("cancel", reason=REASON)
        with self._step("record due"):
            self._record_due_in(timedelta(hours=1))
        with self._step("record late"):
            self._record_due_in(timedelta(minutes=-1))
        with self._step("conference likely"):
            self._conference("likely")
        with self._step("conference not needed"):
            self._conference("not_likely")
        with self._step("actions due"):
            self._actions_due_in(timedelta(hours=2))
        with self._step("actions late"):
            self._actions_due_in(timedelta(minutes=-1))
        with self._step("disagrees"):
            self._somebody_disagrees()
        with self._step("disagreement late"):
            self._nobody_resolves_it()
        with self._step("feedback"):
            self._ask_for_feedback()
        with self._step("asked"):
            self._ask()
        with self._step("chased"):
            self._chase()
        with self._step("written"):
            self._write()
        self._refer_by_the_form()
        for page in ("/", "/deliveries", "/referrals/", "/metrics"):
            assert self.desk.get(page).status_code == 200

    def _browser(self, staff_id: int) -> FlaskClient:
        browser = _watched(self.journey.staff_urls)(self.app, self.app.response_class)
        with self.app.app_context():
            sign_in_as(browser, staff_id)
        return browser

    def _council(self) -> None:
        with self.app.app_context(), transaction() as session:
            self.journey.desk = self.app.extensions["settings"].mail_from
            make_settings(session, "bromley").desk_name = "R&A desk"
            agencies: dict[str, Any] = {}
            for name, role, kind, agency, email in PEOPLE:
                if agency not in agencies:
                    agencies[agency] = make_agency(session, kind, agency)
                person = make_professional(
                    session, role, agencies[agency], name, email=email, decision_maker=True
                )
                self.people[email] = person.id
            add_line(session, SYSTEM, "Line", "0808 157 0100", "\n".join(PINS), now())
            chair = make_staff(session, Role.CHAIR, name="Helen Marsh")
            administrator = make_staff(session, Role.ADMINISTRATOR, name="Amina Cole")
            self.journey.chair = chair.email
            self.school = agencies[SCHOOL].id
            ids = chair.id, administrator.id
        self.chair, self.desk = map(self._browser, ids)

    def _case(self) -> None:
        """The referral by the form, then the manager's decision, then the booking page."""
        page = self.desk.get("/referrals/new")
        fields: dict[str, Any] = dict(form_of(page.text, "/referrals/new"))
        today = in_london(now())
        fields |= {
            "received_at-day": today.day, "received_at-month": today.month,
            "received_at-year": today.year, "received_at-time": "00:00",
            "source_agency_id": self.school, "channel": "phone", "referrer_name": "Ben Teller",
            "referrer_role": "Teacher", "referrer_professional_id": self._id("b.teller"),
            "concerns": ["physical_abuse", "neglect", "emotional_abuse"],
            "narrative": NARRATIVE, "flags": ["early_help", "probation", "housing"],
            "consent": "child_protection",
        }  # fmt: skip
        for number, ((given, family), born) in enumerate(zip(CHILDREN, BORN, strict=True)):
            about = {
                "given_name": given, "family_name": family, "address": ADDRESS,
                "date_of_birth-day": born.day, "date_of_birth-month": born.month,
                "date_of_birth-year": born.year, "case_reference": CASE_NUMBER,
                "school_id": self._id("dsl"), "school_active": "y",
                "gp_id": self._id("platt"), "gp_active": "y",
                "health_id": self._id("vera"), "health_active": "y",
            }  # fmt: skip
            fields |= {f"children-{number}-{name}": value for name, value in about.items()}
        for number, (given, family) in enumerate(ADULTS):
            about = {"name": f"{given} {family}", "relationship_to_child": "Uncle"}
            fields |= {f"adults-{number}-{name}": value for name, value in about.items()}
        self.referral = self._send(self.desk, "/referrals/new", data=fields)
        where = f"{self.referral}/strategy-discussion"
        decision = form_of(self.chair.get(where).text, where) | {"reason": REASON}
        booking = self._send(self.chair, where, data=decision)
        self.base = booking.removesuffix("/book")
        self.journey.reference = self.base.rpartition("/")[2]
        with self.app.app_context():
            children = reading().execute(select(Child)).scalars()
            case = reading().execute(select(Referral)).scalar_one()
            self.journey.refs_of_case = (case.ref, *(child.ref for child in children))
            db.session.remove()

    def _book(self) -> None:
        """One press: everybody is proposed. Only the reasons are typed."""
        where = f"{self.base}/book"
        fields = form_of(self.desk.get(where).text, where)
        assert len([name for name in fields if name.endswith("-come")]) == len(PEOPLE)
        fields |= _typed(self.journey.starts[0]) | {"do": "send"}
        self._send(self.desk, where, data=fields)

    def _move(self) -> None:
        fields = self._change() | _typed(self.journey.starts[1])
        self._send(self.desk, f"{self.base}/change", data=fields)

    def _remove(self) -> None:
        fields = self._change()
        page = self.desk.get(f"{self.base}/change").text
        [row] = re.findall(r'for="people-(\d+)-come"><strong>Grant Stead<', page)
        del fields[f"people-{row}-come"]
        fields[f"people-{row}-reason"] = REASON
        self._send(self.desk, f"{self.base}/change", data=fields)

    def _record_due_in(self, left: timedelta) -> None:
        """As if it had been held after all: the worker looks at the clock of its record."""
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.state, meeting.record_due_at = MeetingState.ENDED, now() + left
            assert records.warn(self.app.extensions["settings"], now()) == 1
            db.session.remove()

    def _conference(self, decided: str) -> None:
        """For both children, in all the words of the case; an answer has settled."""
        with self.app.app_context():
            with transaction() as session:
                session.get_one(CouncilSettings, 1).quality_email = QUALITY
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.ended_at = meeting.ended_at or now() - timedelta(hours=1)
                session.execute(delete(Entry).where(Entry.field.startswith("conference")))
                for child in meeting.children:
                    for field, value in (("conference", decided), ("conference.reason", REASON)):
                        write(session, meeting, f"child:{child.child_id}", field, value)
                after.follow(session, SYSTEM, meeting, meeting.ended_at + timedelta(minutes=1))
            assert tell_early(self.app.extensions["settings"], now()) == 1
            db.session.remove()

    def _actions_due_in(self, left: timedelta) -> None:
        """An invitee and the chair each took one on, in all the words of the case."""
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.ended_at = now() - timedelta(days=3)
                owners = [one for one in meeting.invitees if one.removed_at is None]
                for owner in (owners[1], next(one for one in owners if one.staff_id)):
                    action = make_action(meeting, owner)
                    action.what, action.why, action.due_at = REASON, NARRATIVE, now() + left
                    session.add(action)
            assert remind_owners(self.app.extensions["settings"], now()) == 2
            db.session.remove()

    def _somebody_disagrees(self) -> None:
        """By their link, with all the words of the case, which the chair reads after signing in."""
        settings = self.app.extensions["settings"]
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                dissent = Dissent(
                    meeting_id=meeting.id,
                    invitee_id=meeting.invitees[1].id,
                    what=REASON,
                    why=NARRATIVE,
                    recorded_by_id=None,
                    recorded_at=now(),
                )
                session.add(dissent)
                session.flush()
                sender = Sender(settings.mail_from, settings.base_url)
                escalation.open_for(session, meeting, dissent, now(), sender)
            db.session.remove()

    def _nobody_resolves_it(self) -> None:
        with self.app.app_context():
            with transaction() as session:
                session.execute(update(Escalation).values(due_at=now() - timedelta(minutes=1)))
            assert warn_late(self.app.extensions["settings"], now()) == 1
            db.session.remove()

    def _ask_for_feedback(self) -> None:
        """Everybody took part, and it ended two hours ago."""
        with self.app.app_context():
            with transaction() as session:
                meeting = session.execute(select(Meeting)).scalar_one()
                meeting.ended_at = now() - timedelta(hours=2)
                for one in meeting.invitees:
                    one.attendance = Attendance.BY_PHONE
            assert ask_for_feedback(self.app.extensions["settings"], now()) > 1
            db.session.remove()

    def _answer_with_code(self) -> None:
        """The police follow their newest link, in a browser that knows nothing yet."""
        guest, before, waiting = self._ask_for_code(POLICE, "removed", "code")
        self._try_wrongly(guest, waiting)
        typing, clean = self._give_code(guest, waiting, "code")
        self.journey.pages_before_code = [before, typing]
        self.journey.page_after_code = guest.get(clean).text
        answer = form_of(self.journey.page_after_code, "/attend/answer")
        said = {"answer-answer": "dial_in", "answer-note": REASON}
        self._send(guest, "/attend/answer", data=answer | said)

    def _ask(self) -> None:
        """Two agencies are asked, with all the words of the case: they read them behind a code."""
        where = f"{self.referral}/checks/ask"
        fields: dict[str, Any] = dict(form_of(self.desk.get(where).text, where))
        people = [self.people[HEALTH], self.people[SCHOOL_LEAD]]
        fields |= {"people": people, "question": f"{REASON}. {NARRATIVE}"}
        self._send(self.desk, where, data=fields)

    def _chase(self) -> None:
        """Health is reminded, twenty minutes after it was asked."""
        with self.app.app_context(), transaction() as session:
            whose = AgencyCheck.professional_id == self.people[HEALTH]
            check = session.execute(select(AgencyCheck).where(whose)).scalar_one()
            check.asked_at -= timedelta(minutes=20)
            ref = check.ref
        checks = f"{self.referral}/checks"
        remind = f"{checks}/{ref}/remind"
        self._send(self.desk, remind, data=form_of(self.desk.get(checks).text, remind))

    def _write(self) -> None:
        """The referrer and the school are told what became of it."""
        letters = f"{self.referral}/letters"
        school = re.compile(r'value="(school-[^"]+)"')
        for to in ("referrer", school.findall(self.desk.get(letters).text)[0]):
            page = self.desk.get(letters).text
            chosen = {"to": to, "added": "Thank you for telling us at once."}
            preview = f"{letters}/preview"
            shown = self.desk.post(preview, data=form_of(page, preview) | chosen)
            send = f"{letters}/send"
            self._send(self.desk, send, data=form_of(shown.text, send) | chosen)

    def _refer_by_the_form(self) -> None:
        """The school tells of the children without an account: put aside, come back, sent."""
        writer = Writer(self.app)
        writer.browser = _watched(self.journey.guest_urls)(self.app, self.app.response_class)
        born = BORN[0]
        told = [
            writer.you(name="Sara Lind", organisation=SCHOOL, email=SCHOOL_LEAD),
            writer.post("/refer/safety", risk_now="no"),
            writer.post(
                "/refer/children/1", given_name=CHILDREN[0][0], family_name=CHILDREN[0][1],
                address=ADDRESS, date_of_birth__day=born.day, date_of_birth__month=born.month,
                date_of_birth__year=born.year,
            ),
            writer.post("/refer/children", more="no"),
            writer.post("/refer/adults/1", name=" ".join(ADULTS[1]), relationship_to_child="Uncle"),
            writer.post("/refer/adults", more="no"),
            writer.post("/refer/concerns", concerns=["physical_abuse", "neglect"]),
            writer.post("/refer/what-happened", narrative=NARRATIVE, then="later"),
        ]  # fmt: skip
        assert [answer.status_code for answer in told] == [303] * len(told)
        with self._step("form put aside"):
            assert writer.post("/refer/later").status_code == 200
        [letter] = self.journey.steps["form put aside"]
        link = letter.link
        with self._step("form code"):
            asked = form_of(writer.browser.get(link).text, f"{link}/code-request")
            waiting = writer.browser.post(f"{link}/code-request", data=asked).location
        [letter] = self.journey.steps["form code"]
        told = [
            writer.post(waiting, code=letter.code),
            writer.post("/refer/consent", consent="not_sought", consent_reason=REASON),
            writer.post("/refer/files"),
        ]
        assert [answer.status_code for answer in told] == [303] * len(told)
        check = writer.browser.get("/refer/check").text
        assert f"{CHILDREN[0][0]} {CHILDREN[0][1]}" in check
        with self._step("form sent"):
            assert writer.post("/refer/check").location == "/refer/sent"
        with self.app.app_context():
            arrival = writer.arrival().ref
            db.session.remove()
        assert self.desk.get(f"/referrals/{arrival}/as-sent").status_code == 200

    def _name_colleague(self) -> None:
        """Somebody who cannot come names who comes instead."""
        guest, _page, waiting = self._ask_for_code(HEALTH, "reminded", "colleague's code")
        _typing, clean = self._give_code(guest, waiting, "colleague's code")
        where = "/attend/colleague"
        said = {
            "name": "Nora Ferris",
            "role": "Health visitor",
            "email": COLLEAGUE,
            "decides": "no",
        }
        typed = {f"colleague-{part}": words for part, words in said.items()}
        with self._step("deputy"):
            self._send(guest, where, data=form_of(guest.get(clean).text, where) | typed)

    def _ask_for_code(self, recipient: str, newest: str, step: str) -> tuple[FlaskClient, str, str]:
        """Follow a link in a new browser: what it shows, and where the code is then typed."""
        guest = _watched(self.journey.guest_urls)(self.app, self.app.response_class)
        [letter] = [one for one in self.journey.steps[newest] if one.recipient == recipient]
        link = f"/i/{letter.token}"
        with self._step(step):
            before = guest.get(link).text
            asked = form_of(before, f"{link}/code-request")
            waiting = self._send(guest, f"{link}/code-request", data=asked)
        return guest, before, waiting

    def _give_code(self, guest: FlaskClient, waiting: str, step: str) -> tuple[str, str]:
        """Type the code that came: the page it is typed on, and the one it leads to."""
        [letter] = self.journey.steps[step]
        typing = guest.get(waiting).text
        given = form_of(typing, waiting) | {"code": letter.code}
        return typing, self._send(guest, waiting, data=given)

    def _send_again(self, name: str, **typed: str) -> None:
        page = self.desk.get(self.base).text
        [where] = re.findall(rf'href="([^"]+/send-again)">Send again<span[^>]*> to {name}<', page)
        self._send(self.desk, where, data=form_of(self.desk.get(where).text, where) | typed)

    def _try_wrongly(self, guest: FlaskClient, waiting: str) -> None:
        """What is refused is logged too: a code of somebody else, a form without its token."""
        wrong = form_of(guest.get(waiting).text, waiting) | {"code": "000000"}
        assert guest.post(waiting, data=wrong).status_code == 422
        typed = {"narrative": NARRATIVE, "children-0-given_name": CHILDREN[0][0]}
        assert self.desk.post("/referrals/new", data=typed).status_code == 400
        assert guest.post(waiting, data={"code": "000000"}).status_code == 400

    # How it is done

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """What is done inside, then the worker's delivery; keeps the letters that came."""
        began, held = now(), len(self.mailbox.received)
        yield
        settings = self.app.extensions["settings"]
        with self.app.app_context():
            while deliver_due(settings, now()):
                continue
            db.session.remove()
        came = [Letter(one) for one in self.mailbox.received[held:]]
        told = [letter for letter in came if letter.subject.startswith(LATE)]
        self.journey.steps[name] = [letter for letter in came if letter not in told]
        if told:  # the manager is told of a booking after the deadline, beside the invitations
            self.journey.steps["told"] = told
        self.journey.times[name] = (began, now())
        with self.app.app_context():
            its_pin = select(LinePin.pin).join(Meeting, Meeting.pin_id == LinePin.id)
            self.journey.pins[name] = reading().execute(its_pin).scalar_one()
            db.session.remove()

    def _change(self) -> dict[str, str]:
        where = f"{self.base}/change"
        return form_of(self.desk.get(where).text, where) | {"do": "send"}

    def _press(self, page: str, **typed: str) -> None:
        where = f"{self.base}/{page}"
        fields = form_of(self.desk.get(where).text, where)
        self._send(self.desk, where, data=fields | typed)

    def _id(self, mailbox: str) -> int:
        [found] = [number for email, number in self.people.items() if email.startswith(mailbox)]
        return found

    @staticmethod
    def _send(browser: FlaskClient, path: str, data: dict[str, Any]) -> str:
        """Send a form and look at the page that it leads to. Returns where that is."""
        answer = browser.post(path, data=data)
        assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text)
        there = answer.headers["Location"]
        assert browser.get(there).status_code == 200
        return there


def _typed(moment: datetime) -> dict[str, str]:
    local = in_london(moment)
    return {
        "slot": "other", "other-day": f"{local.day}", "other-month": f"{local.month}",
        "other-year": f"{local.year}", "other-time": f"{local:%H:%M}", "late_reason": REASON,
    }  # fmt: skip
