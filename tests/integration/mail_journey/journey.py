"""One discussion from the referral to its cancellation, as staff press it and as mail brings it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.clock import in_london, now
from app.core.session import db, reading, transaction
from app.directory.service import add_line
from app.referrals.checks.models import AgencyCheck
from app.referrals.models import Child, Referral
from tests.factories.accounts import make_staff
from tests.factories.directory import make_agency, make_professional, make_settings
from tests.integration.mail_journey.by_guests import ByGuests
from tests.integration.mail_journey.by_the_worker import ByTheWorker
from tests.integration.mail_journey.case import (
    ADDRESS,
    ADULTS,
    BORN,
    CASE_NUMBER,
    CHILDREN,
    HEALTH,
    NARRATIVE,
    PEOPLE,
    PINS,
    REASON,
    RIGHT,
    SCHOOL,
    SCHOOL_LEAD,
)
from tests.page_form import form_of


class Player(ByGuests, ByTheWorker):
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
        with self._step("withdrawn"):
            self._withdraw()
        with self._step("written"):
            self._write()
        self._refer_by_the_form()
        for page in ("/", "/deliveries", "/referrals/", "/metrics"):
            assert self.desk.get(page).status_code == 200

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

    def _withdraw(self) -> None:
        """Health need not answer any more, for a reason in all the words of the case."""
        with self.app.app_context():
            whose = AgencyCheck.professional_id == self.people[HEALTH]
            ref = reading().execute(select(AgencyCheck.ref).where(whose)).scalar_one()
            db.session.remove()
        where = f"{self.referral}/checks/{ref}/withdraw"
        fields = form_of(self.desk.get(where).text, where)
        self._send(self.desk, where, data=fields | {"reason": f"{REASON}. {NARRATIVE}"})

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

    def _send_again(self, name: str, **typed: str) -> None:
        page = self.desk.get(self.base).text
        [where] = re.findall(rf'href="([^"]+/send-again)">Send again<span[^>]*> to {name}<', page)
        self._send(self.desk, where, data=form_of(self.desk.get(where).text, where) | typed)


def _typed(moment: datetime) -> dict[str, str]:
    local = in_london(moment)
    return {
        "slot": "other", "other-day": f"{local.day}", "other-month": f"{local.month}",
        "other-year": f"{local.year}", "other-time": f"{local:%H:%M}", "late_reason": REASON,
    }  # fmt: skip
