"""From the public form through taking in and the decision to the outcome letter (A1, A10)."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.session import reading
from app.directory.models import Agency
from app.directory.types import AgencyKind
from app.outbox.models import OutboxMessage
from app.referrals import queries
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.queries import letter_text
from app.referrals.types import Flag
from tests.factories.arrivals import Writer
from tests.factories.directory import make_agency, make_settings
from tests.page_form import form_of

TAKE_IN = "/referrals/new"


@pytest.fixture
def arrived(app, change):
    """Typed into the public form by somebody whose school the directory calls otherwise."""
    with change() as session:
        make_settings(session)
        for name in ("Ashdown Primary School", "Oakfield Primary School", "Oakfield Surgery"):
            make_agency(session, AgencyKind.EDUCATION, name)
    writer = Writer(app)
    writer.everything()
    writer.post("/refer/safety", risk_now="yes")
    writer.post("/refer/check")
    with app.app_context():
        return writer.arrival().ref


def to_take_in(browser, ref):
    return browser.get(f"{TAKE_IN}?arrived={ref}").text


def test_the_referrer_of_the_public_form_gets_the_outcome(app, signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    page = to_take_in(triage, arrived)
    assert page.index("Oakfield Primary School (like") < page.index("Ashdown Primary School")
    form = form_of(page, TAKE_IN)
    assert form["referrer_email"] == "dsl@oakfield.example"
    assert form["referrer_telephone"] == "01632 960301"
    asked = triage.post(TAKE_IN, data=form)
    assert asked.status_code == 422
    assert "Choose what kind of agency Oakfield Primary is" in asked.text
    form = form_of(asked.text, TAKE_IN) | {"source_agency_kind": "education"}
    assert triage.post(TAKE_IN, data=form).location == f"/referrals/{arrived}"
    decide = f"/referrals/{arrived}/decision"
    decided = form_of(triage.get(decide).text, "") | {
        "outcome": "advice", "reason": "The school was advised.",
    }  # fmt: skip
    assert triage.post(decide, data=decided).status_code == 303
    letters = f"/referrals/{arrived}/letters"
    chosen = form_of(triage.get(letters).text, f"{letters}/preview") | {"to": "referrer"}
    shown = triage.post(f"{letters}/preview", data=chosen)
    assert shown.status_code == 200
    fields = form_of(shown.text, f"{letters}/send")
    assert triage.post(f"{letters}/send", data=fields).status_code == 303
    with app.app_context():
        session = reading()
        newest = select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)
        letter = message_from_bytes(
            session.execute(newest).scalar_one().content, policy=policy.default
        )
        assert letter["To"].addresses[0].addr_spec == "dsl@oakfield.example"
        assert "/r/" in str(letter.get_body(("plain",)))
        said = letter_text(session, session.execute(select(ReferralLetter.id)).scalar_one())
        assert "We gave advice" in " ".join(said.paragraphs), "a school is told the outcome"
        kept = session.execute(select(Agency).where(Agency.name == "Oakfield Primary")).scalar_one()
        assert kept.kind is AgencyKind.EDUCATION


def test_may_be_at_risk_now_is_carried_into_the_referral(app, signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    form = form_of(to_take_in(triage, arrived), TAKE_IN) | {"source_agency_kind": "education"}
    assert form["flags"] == Flag.RISK_NOW.value
    triage.post(TAKE_IN, data=form)
    page = triage.get(f"/referrals/{arrived}").text
    assert "The referrer said so. Nothing is decided yet." in page
    assert "The sender said that a child may be at risk now" in page
    timeline = page.partition('id="timeline"')[2]
    assert "may be at risk now" in timeline
    assert timeline.count(">Form answered<") == 1, "once, with what was saved last"
    assert re.search(r"saved \d+ times, last: Risk now", timeline)
    queue = triage.get("/referrals/").text
    assert "May be at risk now" in queue
    with app.app_context():
        assert Flag.RISK_NOW.value in queries.by_ref(reading(), arrived).flags


def test_an_address_that_is_none_is_refused_and_kept_as_typed(signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    form = form_of(to_take_in(triage, arrived), TAKE_IN)
    typed = {"source_agency_kind": "education", "referrer_email": "01632 960301, dsl@oakfield"}
    refused = triage.post(TAKE_IN, data=form | typed)
    assert refused.status_code == 422
    assert "Enter an email address like" in refused.text
    assert 'value="01632 960301, dsl@oakfield"' in refused.text
