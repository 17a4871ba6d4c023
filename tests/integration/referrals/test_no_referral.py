"""A form that is no referral: closed with a reason, counted, listed, opened again (A12)."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading
from app.outbox.models import OutboxMessage
from app.referrals.arrivals.models import ArrivalReopening
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.queries import letter_text
from app.referrals.outcome.types import FilterReason
from app.referrals.public.models import Arrival
from tests.factories.arrivals import make_arrival
from tests.factories.directory import make_settings
from tests.factories.referrals import make_referral
from tests.page_form import form_of

COUNTS = "/referrals/no-referral"


@pytest.fixture
def arrived(change):
    with change() as session:
        make_settings(session)
        return make_arrival(session, now() - timedelta(hours=1)).ref


@pytest.fixture
def triage(signed_in, arrived):
    return signed_in(Role.TRIAGE)


@pytest.fixture
def as_sent(triage, arrived):
    """The page of the form that was closed."""
    path = f"/referrals/{arrived}/as-sent"
    given = {"filtered": "other_area", "because": "Lives in the next county."}
    close = f"{path}/close"
    assert triage.post(close, data=form_of(triage.get(close).text, close) | given).location == path
    return path


def counts(page, reason):
    row = re.search(rf"{reason}</th>(.*?)</tr>", page, re.S)
    return re.findall(r">(\d+)</td>", row[1]) if row else None


def test_it_is_counted_by_its_reason_and_its_period(triage, as_sent, change, app):
    with change() as session:
        held = make_referral(session, received_at=now())
        ref = held.ref
    path = f"/referrals/{ref}/no-referral"
    typed = form_of(triage.get(path).text, "") | {"filtered": "other_area", "reason": "Moved"}
    assert triage.post(path, data=typed).status_code == 303
    page = triage.get(COUNTS).text
    assert counts(page, "The child lives in another area") == ["1", "1", "2"]
    assert counts(page, "All") == ["1", "1", "2"]
    assert as_sent in page
    with change() as session:
        session.query(Arrival).one().settled_at = now() - timedelta(days=8)
    week = triage.get(f"{COUNTS}?period=week").text
    assert counts(week, "All") == ["0", "1", "1"]
    assert counts(triage.get(COUNTS).text, "All") == ["1", "1", "2"]
    assert COUNTS in triage.get("/referrals/?show=all").text


def test_it_stands_among_all_referrals_in_its_place(triage, as_sent, change):
    with change() as session:
        later = make_referral(session, received_at=now()).ref
        before = make_referral(session, received_at=now() - timedelta(hours=2)).ref
    page = triage.get("/referrals/?show=all").text
    places = [page.index(f'href="{one}"') for one in (
        f"/referrals/{later}", as_sent, f"/referrals/{before}",
    )]  # fmt: skip
    assert places == sorted(places)
    assert as_sent not in triage.get("/referrals/").text
    with change() as session:
        for minutes in range(25):
            make_referral(session, received_at=now() - timedelta(minutes=minutes))
    page = triage.get("/referrals/?show=all").text
    assert as_sent not in page
    older = re.search(r'href="([^"]*after=[^"]*)"', page)[1].replace("&amp;", "&")
    rest = triage.get(older).text
    assert as_sent in rest
    seen = re.findall(r'href="(/referrals/RF-[A-Z0-9-]+(?:/as-sent)?)"', page + rest)
    assert len(seen) == len(set(seen)) == 28


def test_opened_again_it_waits_by_its_old_clock_and_why_it_was_closed_is_kept(
    app, triage, as_sent, arrived
):
    with app.app_context():
        due = reading().query(Arrival).one().decision_due_at
    path = f"{as_sent}/reopen"
    form = form_of(triage.get(path).text, path)
    refused = triage.post(path, data=form)
    assert refused.status_code == 422
    assert "Say why this is opened again" in refused.text
    reason = {"reason": "They live with us after all."}
    assert triage.post(path, data=form | reason).location == as_sent
    again = triage.post(path, data=form | reason)
    assert again.status_code == 422
    assert "opened it again already" in again.text
    assert as_sent in triage.get("/referrals/").text
    page = triage.get(as_sent).text
    for words in ("They live with us after all.", "Lives in the next county.", "Take it in"):
        assert words in page
    assert "Nothing was closed" in triage.get(COUNTS).text
    with app.app_context():
        held = reading().query(Arrival).one()
        assert (held.settled_at, held.filtered, held.decision_due_at) == (None, None, due)
        kept = reading().execute(select(ArrivalReopening)).scalar_one()
        assert kept.was_filtered is FilterReason.OTHER_AREA
        actions = reading().execute(select(AuditEntry.action, AuditEntry.details)).all()
    assert ("closed as no referral", {"filtered": "other_area"}) in [tuple(row) for row in actions]
    assert ("opened again", {"filtered": "other_area"}) in [tuple(row) for row in actions]
    take_in = f"/referrals/new?arrived={arrived}"
    assert triage.get(take_in).status_code == 200


def test_the_sender_is_written_to_by_link_and_the_letter_names_nobody(app, triage, as_sent):
    path = f"{as_sent}/letter"
    page = triage.get(path).text
    assert "dsl@oakfield.example" in page
    preview, send = f"{path}/preview", f"{path}/send"
    for named in ("Ask Wren.", "Ask Pat."):
        refused = triage.post(preview, data=form_of(page, preview) | {"added": named})
        assert refused.status_code == 422
        assert "may not see" in refused.text
    shown = triage.post(preview, data=form_of(page, preview) | {"added": "Ring the next county."})
    assert "is not dealt with as a referral" in shown.text
    fields = form_of(shown.text, send)
    for _ in range(2):
        assert triage.post(send, data=fields).location == as_sent
    with app.app_context():
        session = reading()
        kept = session.execute(select(ReferralLetter)).scalar_one()
        said = " ".join(letter_text(session, kept.id).paragraphs)
        assert "Ring the next county." in said
        newest = select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)
        mail = message_from_bytes(
            session.execute(newest).scalar_one().content, policy=policy.default
        )
    assert mail["To"].addresses[0].addr_spec == "dsl@oakfield.example"
    text = str(mail.get_body(("plain",)).get_content())
    for name in ("Wren", "Fernsby", "county", "neglect"):
        assert name.lower() not in text.lower()
    assert "Not read yet" in triage.get(as_sent).text
    # By its link and a code the sender reads it, and that is seen.
    reader = app.test_client()
    link = "/r/" + next(word for word in text.split() if "/r/" in word).rsplit("/", 1)[1]
    waiting = reader.post(
        f"{link}/code-request", data=form_of(reader.get(link).text, f"{link}/code-request")
    ).location
    with app.app_context():
        newest = select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)
        mail = message_from_bytes(
            reading().execute(newest).scalar_one().content, policy=policy.default
        )
    code = re.search(r"\b(\d{6}|\d{3} \d{3})\b", str(mail.get_body(("plain",)).get_content()))[1]
    opened = reader.post(waiting, data=form_of(reader.get(waiting).text, waiting) | {"code": code})
    assert opened.status_code == 303
    assert "Ring the next county." in reader.get(opened.location, follow_redirects=True).text
    assert "Not read yet" not in triage.get(as_sent).text


def test_no_letter_goes_about_a_form_that_waits(triage, arrived):
    assert triage.get(f"/referrals/{arrived}/as-sent/letter").status_code == 404
