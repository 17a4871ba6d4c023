"""What people without an account do: by their link, and by the public form."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.core.session import db
from tests.factories.arrivals import Writer
from tests.integration.mail_journey.case import (
    ADDRESS,
    ADULTS,
    BORN,
    CHILDREN,
    COLLEAGUE,
    HEALTH,
    NARRATIVE,
    POLICE,
    REASON,
    SCHOOL,
    SCHOOL_LEAD,
)
from tests.integration.mail_journey.stage import Stage, watched
from tests.page_form import form_of


class ByGuests(Stage):
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

    def _refer_by_the_form(self) -> None:
        """The school tells of the children without an account: put aside, come back, sent."""
        writer = Writer(self.app)
        writer.browser = watched(self.journey.guest_urls)(self.app, self.app.response_class)
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

    def _ask_for_code(self, recipient: str, newest: str, step: str) -> tuple[FlaskClient, str, str]:
        """Follow a link in a new browser: what it shows, and where the code is then typed."""
        guest = watched(self.journey.guest_urls)(self.app, self.app.response_class)
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

    def _try_wrongly(self, guest: FlaskClient, waiting: str) -> None:
        """What is refused is logged too: a code of somebody else, a form without its token."""
        wrong = form_of(guest.get(waiting).text, waiting) | {"code": "000000"}
        assert guest.post(waiting, data=wrong).status_code == 422
        typed = {"narrative": NARRATIVE, "children-0-given_name": CHILDREN[0][0]}
        assert self.desk.post("/referrals/new", data=typed).status_code == 400
        assert guest.post(waiting, data={"code": "000000"}).status_code == 400
