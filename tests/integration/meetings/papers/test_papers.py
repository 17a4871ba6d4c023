"""Forms to other agencies: where the protocol names them, sent, followed, never in the open."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from email import message_from_bytes, policy

import pikepdf
import pypdf
import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.session import reading
from app.directory.models import CouncilSettings
from app.invitations.models import Invitation
from app.meetings.calls.models import Call
from app.meetings.models import Meeting
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.models import Child, Referral
from tests.factories.meetings import make_meeting
from tests.integration.mail_journey.canary import Canary, decoded
from tests.page_form import form_of
from tests.unit.records import vera

NARRATIVE = "Bruise behind the left ear, shaped like a hand."


@pytest.fixture
def desk(signed_in):
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def case(change):
    with change() as session:
        meeting = make_meeting(session, MeetingState.NEEDED, children=2)
        session.get(Referral, meeting.referral_id).narrative = NARRATIVE
        for place, row in enumerate(meeting.children):
            child = session.get(Child, row.child_id)
            child.given_name, child.family_name = ("Xanthippe", "Zebedee")[place], "Quillfeather"
            child.address = "41 Wisteria Gardens, Nettlebury"
        return f"/discussions/{meeting.ref}/forms"


def press(browser, address, what="", **typed):
    target = f"{address}/{what}" if what else address
    fields = form_of(browser.get(address).text, target)
    return browser.post(target, data=fields | typed)


def latest(app, kind="form"):
    with app.app_context():
        return (
            reading()
            .execute(
                select(OutboxMessage)
                .where(OutboxMessage.kind == kind)
                .order_by(OutboxMessage.id.desc())
            )
            .scalars()
            .first()
        )


def form_row(app):
    with app.app_context():
        return reading().execute(select(SentForm).order_by(SentForm.id.desc())).scalars().first()


def text_of(pdf):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_only_where_the_protocol_names_the_form(change, desk, case):
    for kind in ("police_request", "medical"):
        assert desk.get(f"{case}/{kind}").status_code == 200
    assert desk.get(f"{case}/fax").status_code == 404
    overview = case.removesuffix("/forms")
    assert "Form 87A: not sent" in desk.get(overview).text
    with change() as session:
        session.get(CouncilSettings, 1).protocol_id = "london"
    for kind in ("police_request", "medical"):
        assert desk.get(f"{case}/{kind}").status_code == 404
    assert "Form 87A" not in desk.get(overview).text


def test_it_is_made_from_the_referral_seen_before_and_sent_as_it_was_seen(app, desk, case):
    address = f"{case}/police_request"
    page = desk.get(address).text
    for words in ("Xanthippe Quillfeather", "Zebedee", "41 Wisteria Gardens", NARRATIVE):
        assert words in page, words
    added = {"note": "The uncle has a key."}
    fields = form_of(page, address) | added
    preview = desk.post(f"{address}/preview", data=fields)
    assert preview.mimetype == "application/pdf"
    said = text_of(preview.data)
    for words in ("Form 87A", "Request for a strategy discussion", "Xanthippe", NARRATIVE,
                  "The uncle has a key.", "OFFICIAL-SENSITIVE"):  # fmt: skip
        assert words in said, words
    assert desk.post(address, data=fields).status_code == 303
    sent = desk.get(f"{address}/sent/1.pdf").data
    assert text_of(sent).split("What we ask")[1] == said.split("What we ask")[1]
    form = form_row(app)
    assert (form.state, form.number, form.attached) == (FormState.SENT, 1, True)
    with pikepdf.open(io.BytesIO(sent)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-GB"
        assert "Form 87A" in str(pdf.open_metadata()["dc:title"])


def test_to_the_secure_list_it_is_attached_and_nothing_else_of_the_case_leaves(app, desk, case):
    press(desk, f"{case}/police_request")
    row = latest(app)
    message = message_from_bytes(row.content, policy=policy.default)
    assert row.recipient == message["To"] == "cait.requests@police.example"
    (pdf,) = message.iter_attachments()
    assert pdf.get_filename() == "form.pdf"
    assert b"".join([pdf.get_content()])[:5] == b"%PDF-"
    body = message.get_body(("plain",)).get_content()
    assert "/i/" not in body
    canary = Canary(
        [("Xanthippe", "Quillfeather"), ("Zebedee", "Quillfeather")], [],
        ["Wisteria", "Nettlebury", "bruise", "behind the left ear"],
    )  # fmt: skip
    outside = "\n".join(f"{name}: {value}" for name, value in message.items()) + body
    outside += message.get_body(("html",)).get_content()
    assert canary.found_in(outside) == []


def test_to_any_other_address_goes_a_link_and_no_word_of_the_case(app, change, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).secure_domains = ["elsewhere.example"]
    press(desk, f"{case}/police_request")
    row = latest(app)
    message = message_from_bytes(row.content, policy=policy.default)
    assert list(message.iter_attachments()) == []
    assert re.search(r"/i/\S{22,}", message.get_body(("plain",)).get_content())
    canary = Canary([("Xanthippe", "Quillfeather")], [], ["Wisteria", "bruise"])
    assert canary.found_in(decoded(row.content)) == []
    assert form_row(app).invitation_id is not None


def test_it_is_acknowledged_with_who_said_so(app, desk, case):
    address = f"{case}/police_request"
    press(desk, address)
    assert press(desk, address, "acknowledged").status_code == 422
    press(desk, address, "acknowledged", reply="DS Holt takes part")
    form = form_row(app)
    assert (form.state, form.reply, form.chase_at) == (
        FormState.ACKNOWLEDGED, "DS Holt takes part", None,
    )  # fmt: skip
    assert "Acknowledged" in desk.get(address).text
    with app.app_context():
        actions = reading().execute(select(AuditEntry.action)).scalars().all()
        assert actions[-2:] == ["form sent", "form acknowledged"]


def test_it_is_refused_with_reasons_only_and_sent_anew(app, desk, case):
    address = f"{case}/police_request"
    press(desk, address)
    refused = desk.post(
        f"{address}/refused",
        data=form_of(desk.get(address).text, f"{address}/acknowledged"),
    )
    assert refused.status_code == 422 and "why" in refused.text
    fields = form_of(refused.text, f"{address}/acknowledged") | {"reply": "Not our area"}
    assert desk.post(f"{address}/refused", data=fields).status_code == 303
    assert form_row(app).state is FormState.REFUSED
    press(desk, address)
    assert form_row(app).number == 2


def test_a_newer_one_replaces_the_one_nobody_answered_and_ends_its_link(app, change, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).secure_domains = ["elsewhere.example"]
    address = f"{case}/police_request"
    press(desk, address)
    press(desk, address)
    with app.app_context():
        first, second = reading().execute(select(SentForm).order_by(SentForm.id)).scalars()
        assert (first.state, second.state) == (FormState.REPLACED, FormState.SENT)
        assert first.invitation_id != second.invitation_id
        letters = [reading().get(OutboxMessage, one.message_id) for one in (first, second)]
        # The police must not get the outdated one as well, where it has not left yet.
        assert [one.state for one in letters] == [MessageState.WITHDRAWN, MessageState.QUEUED]


def test_it_is_chased_with_the_same_form(app, desk, case):
    address = f"{case}/police_request"
    press(desk, address)
    before = form_row(app)
    assert before.chase_at == before.sent_at + timedelta(hours=1)
    press(desk, address, "chase")
    after = form_row(app)
    assert (after.id, after.chases) == (before.id, 1)
    assert after.message_id != before.message_id
    with app.app_context():
        assert reading().get(OutboxMessage, before.message_id).state is MessageState.WITHDRAWN
    assert latest(app).subject.startswith("Reminder: Form for multi-agency meeting")


def test_the_medical_form_is_followed_up_by_telephone(app, desk, case):
    address = f"{case}/medical"
    press(desk, address)
    page = desk.get(address).text
    assert "What to do until somebody answers" in page
    assert 'href="tel:+442079460140"' in page
    for number in ("020 7946 0140", "020 7946 0141"):
        fields = form_of(desk.get(address).text, f"{address}/call")
        desk.post(f"{address}/call", data=fields | {"outcome": "no_answer"})
        assert number in desk.get(address).text
    assert 'href="tel:+442079460141"' in desk.get(address).text
    with app.app_context():
        calls = reading().execute(select(Call)).scalars().all()
        first, second = calls
    # Ten minutes between the two calls; then their reception, at once (BROMLEY 1).
    assert first.again_at - first.at == timedelta(minutes=10)
    assert second.again_at is None
    assert form_row(app).chase_at == second.at
    fields = form_of(desk.get(address).text, f"{address}/call")
    desk.post(f"{address}/call", data=fields | {"outcome": "spoke", "said": "Dr Imani comes"})
    page = desk.get(address).text
    assert "Dr Imani comes" in page and 'name="outcome"' not in page
    assert form_row(app).chase_at is None


def test_without_an_address_nothing_is_sent_and_it_says_who_mends_it(app, change, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).police_form_email = ""
    answer = press(desk, f"{case}/police_request", note="half a sentence")
    assert answer.status_code == 422
    assert "council settings" in answer.text and "half a sentence" in answer.text
    assert form_row(app) is None


def test_once_it_is_over_no_form_is_sent(app, change, desk, case):
    with change() as session:
        session.execute(select(Meeting)).scalar_one().state = MeetingState.CANCELLED
    assert press(desk, f"{case}/police_request").status_code == 422
    assert form_row(app) is None


def test_a_form_that_did_not_arrive_stands_on_the_first_page_with_its_address(
    app, change, desk, case
):
    press(desk, f"{case}/police_request")
    with change() as session:
        row = session.execute(select(OutboxMessage)).scalar_one()
        row.state, row.problem = MessageState.REFUSED, "The mail server refused the address (550)."
    page = desk.get("/").text
    assert "Form 87A to cait.requests@police.example" in page
    assert "refused the address (550)" in page
    assert "refused by the mail server" in desk.get(f"{case}/police_request").text


def test_a_form_that_nobody_answered_is_on_the_first_page_when_due(change, desk, case):
    press(desk, f"{case}/police_request")
    assert "Chase the form that was sent" in desk.get("/").text
    press(desk, f"{case}/police_request", "acknowledged", reply="DS Holt")
    assert "Chase the form that was sent" not in desk.get("/").text


def test_an_open_case_without_a_referral_has_its_form_too(change, desk, case):
    with change() as session:
        session.execute(select(Meeting)).scalar_one().referral_id = None
    page = desk.get(f"{case}/police_request").text
    assert "Xanthippe" in page and "in an open case" in page
    assert press(desk, f"{case}/medical").status_code == 303


def test_the_link_and_a_code_open_the_form_and_its_reader_answers(app, change, client, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).secure_domains = ["elsewhere.example"]
    press(desk, f"{case}/police_request")
    body = message_from_bytes(latest(app).content, policy=policy.default).get_body(("plain",))
    link = re.search(r"(/i/\S+)", body.get_content())[1]
    before = client.get(link)
    assert "87A" not in before.text and "Xanthippe" not in before.text
    ask = f"{link}/code-request"
    client.post(ask, data=form_of(before.text, ask))
    letter = message_from_bytes(latest(app, "code").content, policy=policy.default)
    assert letter["To"].endswith("cait.requests@police.example>")
    code = re.search(r"\b(\d{6})\b", letter.get_body(("plain",)).get_content())[1]
    fields = form_of(client.get(f"{link}/code").text, f"{link}/code") | {"code": code}
    assert client.post(f"{link}/code", data=fields).location.endswith("/form")
    # A desk's address: nothing opens before whoever reads it has said who they are.
    who = client.get("/form")
    assert "Who are you?" in who.text and "87A" not in who.text
    assert client.get("/form.pdf").location.endswith("/form")
    named = form_of(who.text, "/form/name")
    assert client.post("/form/name", data=named | {"name": "Jo"}).status_code == 422
    named |= {"name": "Jo Duty", "role": "Duty detective sergeant"}
    assert client.post("/form/name", data=named).location.endswith("/form")
    page = client.get("/form")
    assert "Form 87A" in page.text
    assert form_of(page.text, "/form")["who"] == "Jo Duty, Duty detective sergeant"
    assert "Xanthippe" in text_of(client.get("/form.pdf").data)
    refused = client.post("/form", data=form_of(page.text, "/form") | {"do": "refuse", "who": "DS"})
    assert refused.status_code == 422 and "why" in refused.text
    fields = form_of(refused.text, "/form") | {"do": "refuse", "words": "Another force leads"}
    # Pressed twice, it is noted once, and the second press is no mistake.
    for _ in range(2):
        assert client.post("/form", data=fields).status_code == 303
    form = form_row(app)
    assert (form.state, form.reply) == (FormState.REFUSED, "DS: Another force leads")
    assert "Another force leads" in desk.get(f"{case}/police_request").text
    # A session for a form opens no meeting.
    assert client.get("/attend").status_code == 401


def link_of(app):
    with app.app_context():
        held = select(Invitation).join(SentForm, SentForm.invitation_id == Invitation.id)
        return reading().execute(held).scalars().one()


def test_the_link_to_a_form_has_an_end(app, change, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).secure_domains = ["elsewhere.example"]
    press(desk, f"{case}/police_request")
    assert link_of(app).expires_at == form_row(app).sent_at + timedelta(days=14)
    with change() as session:
        held = session.execute(select(Invitation)).scalars().one()
        held.expires_at = now()
    press(desk, f"{case}/police_request", "chase")
    assert link_of(app).expires_at > now() + timedelta(days=13)
    press(desk, f"{case}/police_request", "acknowledged", reply="DS Jo has it")
    form = form_row(app)
    assert form.state is FormState.ACKNOWLEDGED
    assert link_of(app).expires_at == form.settled_at + timedelta(days=14)


def test_calling_it_off_ends_the_link_and_the_chasing(app, change, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).secure_domains = ["elsewhere.example"]
    press(desk, f"{case}/police_request")
    assert press(desk, case.replace("/forms", "/cancel"), reason="Not needed").status_code == 303
    assert link_of(app).revoked_at is not None
    assert form_row(app).chase_at is None
    assert latest(app).state is MessageState.WITHDRAWN


def test_a_form_that_was_replaced_opens_nothing_any_more(app, change, client, desk, case):
    with change() as session:
        session.get(CouncilSettings, 1).secure_domains = ["elsewhere.example"]
    press(desk, f"{case}/police_request")
    body = message_from_bytes(latest(app).content, policy=policy.default).get_body(("plain",))
    link = re.search(r"(/i/\S+)", body.get_content())[1]
    press(desk, f"{case}/police_request")
    ask = f"{link}/code-request"
    client.post(ask, data=form_of(client.get(link).text, ask))
    assert latest(app, "code") is None
    assert client.get("/form").status_code == client.get("/form.pdf").status_code == 401


@pytest.mark.parametrize("kind", ("police_request", "medical"))
def test_the_pdf_is_pdf_a_and_pdf_ua_with_names_of_any_script(change, desk, case, kind):
    with change() as session:
        child = session.execute(select(Child)).scalars().first()
        child.given_name, child.family_name = "محمد 明 😀", "O’Brien\u202e"
    press(desk, f"{case}/{kind}")
    sent = desk.get(f"{case}/{kind}/sent/1.pdf").data
    assert vera.failures(sent, "3a") == []
    assert vera.failures(sent, "ua1") == []
