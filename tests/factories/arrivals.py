"""Referrals from outside for tests: typed into the public form, or sent already."""

from __future__ import annotations

import re
import time
from datetime import datetime
from html import unescape

from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy.orm import Session

from app.core.crypto import token_digest
from app.core.session import reading
from app.invitations.types import Desk
from app.referrals.public import service
from app.referrals.public.models import Arrival
from app.referrals.public.queries import draft_of
from app.referrals.public.types import AdultTold, ChildTold, Referrer, Step, Told
from tests.page_form import mark_of

DESK = Desk("The desk", "desk@example.org", "01632 960100")
YOU = Referrer(
    "Sarah Lindqvist", "Safeguarding lead", "Oakfield Primary", "dsl@oakfield.example",
    "01632 960301",
)  # fmt: skip
TOLD = Told(
    you=YOU,
    risk_now="no",
    children=(ChildTold("Wren", "Fernsby", school_typed="Oakfield Primary"),),
    adults=(AdultTold("Pat Fernsby", "Mother", parental_responsibility=True),),
    concerns=("neglect",),
    narrative="Hungry at registration for the third day.",
    consent="given",
    done=tuple(step.value for step in Step),
)
CHILD = {"given_name": "Wren", "family_name": "Fernsby"}


def make_arrival(
    session: Session, now: datetime, told: Told = TOLD, *, sent: bool = True
) -> Arrival:
    """A public form, sent or put aside. The council's settings must be there for a sent one."""
    token = service.start(session, Told(you=told.you), "192.0.2.0/24", now)
    held = session.query(Arrival).filter_by(token_digest=token_digest(token)).one()
    service.answer(session, draft_of(held), Step.FILES, lambda _: told, now, done=False)
    if sent:
        service.send(session, draft_of(held), DESK, now)
    return held


def older_stamp(secret: str, seconds: int) -> str:
    """The signed time of a form that was shown so many seconds ago."""

    class Older(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - seconds

    return Older(secret, salt="public form shown").sign("shown").decode()


class Writer:
    """A browser without scripts that fills in the public form."""

    def __init__(self, app) -> None:
        self.app = app
        self.browser: FlaskClient = app.test_client()

    def post(self, path: str, **values):
        """Send a page as it was shown, with these fields typed."""
        page = self.browser.get(path)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', page.text)
        typed = {name.replace("__", "-"): value for name, value in values.items()}
        if token:
            typed["csrf_token"] = unescape(token[1])
        for name in ("nonce", "seen"):
            held = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)
            if held:
                typed.setdefault(name, unescape(held[1]))
        return self.browser.post(path, data=mark_of(page.text) | typed)

    def you(self, seconds: int = 20, **changes):
        """The first page, typed in so many seconds."""
        values = {
            "name": YOU.name, "role": YOU.role, "organisation": YOU.organisation,
            "email": YOU.email, "telephone": YOU.telephone,
            "shown": older_stamp(self.app.secret_key, seconds),
        }  # fmt: skip
        return self.post("/refer/you", **(values | changes))

    def everything(self, **child):
        """All steps up to the last page."""
        answers = [
            self.you(),
            self.post("/refer/safety", risk_now="no"),
            self.post("/refer/children/1", **(CHILD | child)),
            self.post("/refer/children", more="no"),
            self.post("/refer/adults", more="no"),
            self.post("/refer/concerns", concerns=["neglect", "missing"]),
            self.post("/refer/what-happened", narrative="Hungry at registration."),
            self.post("/refer/consent", consent="given"),
            self.post("/refer/files"),
        ]
        assert [answer.status_code for answer in answers] == [303] * len(answers)
        assert answers[-1].location == "/refer/check"

    def arrival(self) -> Arrival:
        """The newest form in the database; inside an app context."""
        return reading().query(Arrival).order_by(Arrival.id.desc()).first()
