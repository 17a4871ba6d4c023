"""The public form in a browser without JavaScript (A1, I3)."""

from __future__ import annotations

import io
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.uploads import Upload
from app.invitations import service as invitations
from app.invitations.models import AccessCode, GuestSession, Invitation, InvitationLink
from app.outbox.models import OutboxMessage
from app.referrals.models import Child, Referral
from app.referrals.public import rules, service
from app.referrals.public.models import Arrival, ArrivalFile, FormLetter
from app.referrals.public.queries import draft_of
from app.referrals.public.types import Flooded, Step, Told
from tests.factories.arrivals import DESK, TOLD, Writer, make_arrival
from tests.factories.directory import make_settings
from tests.page_form import form_of

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n%%EOF"


def letters(app):
    with app.app_context():
        rows = reading().execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
        return [message_from_bytes(row.content, policy=policy.default) for row in rows]


def text_of(message):
    return str(message.get_body(("plain",)).get_content())


def test_every_step_to_the_receipt(app, writer):
    writer.everything()
    check = writer.browser.get("/refer/check").text
    for words in ("Wren Fernsby", "Neglect, Missing from home or care", "They agree"):
        assert words in check
    answer = writer.post("/refer/check")
    assert (answer.status_code, answer.location) == (303, "/refer/sent")
    page = writer.browser.get("/refer/sent")
    with app.app_context():
        held = writer.arrival()
        assert held.sent_at is not None
        assert held.ref in page.text
        assert held.decision_due_at == held.sent_at + timedelta(hours=24)
        assert reading().execute(select(func.count(Child.id))).scalar() == 0, "known too early"
        assert reading().execute(select(func.count(Referral.id))).scalar() == 0
    (receipt,) = letters(app)
    assert receipt["To"].addresses[0].addr_spec == "dsl@oakfield.example"
    said = f"{receipt['Subject']} {text_of(receipt)}"
    assert held.ref in said
    for name in ("Wren", "Fernsby", "registration", "neglect", "child protection"):
        assert name.lower() not in said.lower()
    for name in ("Wren", "Fernsby"):
        assert name not in page.text


def test_sent_twice_it_arrives_once(app, writer):
    writer.everything()
    page = writer.browser.get("/refer/check").text
    data = form_of(page, "")
    for _ in range(2):
        assert writer.browser.post("/refer/check", data=data).location == "/refer/sent"
    with app.app_context():
        draft = draft_of(writer.arrival())
        with transaction() as session:
            service.send(session, draft, DESK, now())
    assert len(letters(app)) == 1


def test_what_was_sent_cannot_be_changed_and_its_answers_are_bound_into_the_audit(app, writer):
    writer.everything()
    writer.post("/refer/check")
    before = writer.browser.post("/refer/what-happened", data={"narrative": "Other words"})
    assert before.location in ("/refer/sent", None)
    with app.app_context():
        held = writer.arrival()
        assert Told.from_text(held.answers).narrative == "Hungry at registration."
        entry = (
            reading()
            .execute(select(AuditEntry).where(AuditEntry.action == "referral sent by form"))
            .scalar_one()
        )
        assert entry.details["answers"] == service._digest(reading(), "answers", held.answers)
        assert "Wren" not in str(entry.details)


def test_a_child_at_risk_now_is_told_to_telephone_as_well(writer):
    writer.you()
    answer = writer.post("/refer/safety", risk_now="not_sure")
    assert answer.location == "/refer/telephone"
    page = writer.browser.get(answer.location).text
    assert "999" in page
    assert "01632 960100" in page or "01632 960199" in page


def test_the_out_of_hours_number_is_shown_when_it_is_late(app, writer, change):
    with change() as session:
        make_settings(session).closure_days = [now().date().isoformat()]
    page = writer.browser.get("/refer/").text
    assert "The office is closed now" in page
    assert "01632 960199" in page


def test_what_is_missing_is_said_next_to_its_field_and_nothing_typed_is_lost(writer):
    answer = writer.you(email="not an address", telephone="")
    assert answer.status_code == 422
    assert "Enter an email address like" in answer.text
    assert "Enter a telephone number" in answer.text
    assert 'value="Sarah Lindqvist"' in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"date_of_birth__day": "31", "date_of_birth__month": "2", "date_of_birth__year": "2019"},
         "must be a real date"),
        ({"date_of_birth__day": "1", "date_of_birth__month": "1", "date_of_birth__year": "2099"},
         "in the future"),
        ({"date_of_birth__day": "1", "date_of_birth__month": "1", "date_of_birth__year": "1990"},
         "tick that they stay"),
        ({"given_name": "", "family_name": ""}, "name"),
        ({"address": "x" * 501}, "Shorten this to 500"),
    ],
)  # fmt: skip
def test_a_child_that_cannot_stand_is_asked_about(writer, typed, said):
    writer.you()
    writer.post("/refer/safety", risk_now="no")
    values = {"given_name": "Wren", "family_name": "Fernsby"} | typed
    answer = writer.post("/refer/children/1", **values)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_care_leaver_of_nineteen_stays_when_that_was_meant(app, writer):
    year = now().year - 19
    writer.everything(
        date_of_birth__day="1", date_of_birth__month="1", date_of_birth__year=str(year),
        adult_confirmed="y",
    )  # fmt: skip
    assert writer.post("/refer/check").location == "/refer/sent"


def test_long_words_emoji_and_right_to_left_names_come_back_as_typed(app, writer):
    writer.everything(given_name="عائشة 🦊", family_name="O’Donoghue-Ní‐Bhriain")
    words = "é" * 10_000 + " <script>alert(1)</script>"
    assert writer.post("/refer/what-happened", narrative=words).location == "/refer/check"
    page = writer.browser.get("/refer/check").text
    assert "عائشة 🦊" in page
    assert "<script>alert" not in page
    writer.post("/refer/check")
    with app.app_context():
        told = Told.from_text(writer.arrival().answers)
        assert told.narrative == words
        assert told.children[0].given_name == "عائشة 🦊"


def test_children_and_adults_are_changed_and_taken_away_again(app, writer):
    writer.everything()
    writer.post("/refer/children/2", given_name="Tom", family_name="Fernsby")
    writer.post("/refer/children/1", given_name="Wrenna", family_name="Fernsby")
    writer.post("/refer/adults/1", name="Pat", relationship_to_child="Mother")
    data = form_of(writer.browser.get("/refer/children").text, "/refer/children/2/remove")
    assert writer.browser.post("/refer/children/2/remove", data=data).status_code == 303
    assert writer.browser.get("/refer/children/No").status_code == 404
    with app.app_context():
        told = Told.from_text(writer.arrival().answers)
        assert [one.given_name for one in told.children] == ["Wrenna"]
        assert [one.name for one in told.adults] == ["Pat"]
    # Without any child the form cannot be sent.
    writer.browser.post("/refer/children/1/remove", data=data)
    assert writer.browser.get("/refer/check").location == "/refer/children"


def test_a_file_is_kept_by_what_it_is(app, writer):
    writer.everything()

    def upload(name, content):
        form = writer.browser.get("/refer/files").text
        return writer.browser.post(
            "/refer/files",
            data=form_of(form, "") | {"then": "add", "file": (io.BytesIO(content), name)},
            content_type="multipart/form-data",
        )

    refused = upload("notes.pdf", b"MZ\x90\x00" + bytes(200))
    assert refused.status_code == 422
    assert "Send a PDF" in refused.text
    assert upload("../../notes.exe", PDF).status_code == 303
    writer.post("/refer/check")
    with app.app_context():
        (kept,) = reading().execute(select(ArrivalFile)).scalars()
        assert (kept.name, kept.content) == ("notes.pdf", PDF)


def test_an_adult_put_aside_before_a_name_was_typed_is_kept(writer):
    writer.you()
    writer.post("/refer/safety", risk_now="no")
    for key, given in (("a1", {}), ("a2", {"relationship_to_child": "mother's partner, Baz",
                                           "alleged_perpetrator": "y"})):  # fmt: skip
        aside = writer.post(f"/refer/adults/{key}", name="", then="later", **given)
        assert aside.location == "/refer/later"
    listed = writer.browser.get("/refer/adults").text
    assert "Not known" in listed
    assert "/refer/adults/a2" in listed
    assert "/refer/adults/a1" not in listed  # of whom nothing was told
    assert "Baz" in writer.browser.get("/refer/adults/a2").text


def test_put_aside_and_come_back_to_in_another_browser(app, writer):
    writer.you()
    writer.post("/refer/safety", risk_now="no")
    aside = writer.post("/refer/children/1", given_name="Wren", then="later")
    assert aside.location == "/refer/later"
    assert "dsl@oakfield.example" in writer.browser.get("/refer/later").text
    assert "is put aside" in writer.post("/refer/later").text
    (letter,) = letters(app)
    assert "Wren" not in str(letter)
    link = next(word for word in text_of(letter).split() if "/refer/back/" in word)
    path = "/refer/back/" + link.rsplit("/", 1)[1]
    other = Writer(app)
    assert other.browser.get("/refer/children/1").status_code == 401
    page = other.browser.get(path).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    sent = other.browser.post(f"{path}/code-request", data={"csrf_token": token})
    assert sent.location == f"{path}/code"
    code = "".join(filter(str.isdigit, text_of(letters(app)[-1]).split("asked for it:")[1][:40]))
    opened = other.post(f"{path}/code", code=code)
    assert opened.location == "/refer/resume"
    assert "Wren" in other.browser.get("/refer/children/1").text
    # Sent, the browser that came back sees that; an hour later the link opens nothing any more.
    with app.app_context(), transaction() as session:
        held = session.get_one(Arrival, writer.arrival().id)
        service.answer(session, draft_of(held), Step.FILES, lambda _: TOLD, now(), done=False)
        service.send(session, draft_of(held), DESK, now())
    assert held.ref in other.browser.get("/refer/sent").text
    assert other.browser.get("/refer/children/1").location == "/refer/sent"
    with app.app_context(), transaction() as session:
        invitation = invitations.invitation(session, held.invitation_id)
        assert invitation.expires_at == held.sent_at + rules.RECEIPT_SHOWN
        invitations.set_expiry(session, invitation, now() - timedelta(minutes=1))
    assert other.browser.get("/refer/sent").status_code == 401
    again = Writer(app)
    page = again.browser.get(path)
    assert page.status_code == 200
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    before = len(letters(app))
    again.browser.post(f"{path}/code-request", data={"csrf_token": token})
    assert len(letters(app)) == before


def test_a_link_in_use_and_an_unknown_one_look_the_same(app, writer):
    known = writer.browser.get("/refer/back/" + "a" * 32).text
    other = writer.browser.get("/refer/back/" + "b" * 32).text
    assert (
        known.replace("a" * 32, "T").split("csrf")[0]
        == other.replace("b" * 32, "T").split("csrf")[0]
    )
    assert writer.browser.get("/refer/back/x/code").status_code == 200


def test_another_browser_sees_nothing_of_the_form(app, writer):
    writer.everything()
    stranger = app.test_client()
    for path in ("check", "children/1", "what-happened", "files", "later", "sent", "telephone"):
        answer = stranger.get(f"/refer/{path}")
        assert answer.status_code == 401, path
        assert "Fernsby" not in answer.text


def test_what_was_typed_into_a_form_that_is_closed_comes_back(app, writer):
    writer.you()
    with app.app_context(), transaction() as session:
        held = session.get_one(Arrival, writer.arrival().id)
        held.changed_at = now() - rules.IDLE - timedelta(minutes=1)
    page = writer.browser.get("/refer/").text
    csrf = page.split('"X-CSRFToken": "')[1].split('"')[0]
    answer = writer.browser.post(
        "/refer/what-happened", data={"narrative": "A long story."}, headers={"X-CSRFToken": csrf}
    )
    assert answer.status_code == 401
    assert "A long story." in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"website": "http://spam.example"}, "Leave this empty"),
        ({"seconds": 1}, "That was quick"),
        ({"shown": "forged"}, "open for a long time"),
    ],
)
def test_a_program_is_held_off_and_a_person_told_what_to_do(app, writer, typed, said):
    answer = writer.you(**typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Sarah Lindqvist"' in answer.text
    assert "960199" in answer.text or "960100" in answer.text
    with app.app_context():
        assert writer.arrival() is None


def test_a_flood_from_one_network_is_told_to_telephone(app, desk):
    with app.app_context(), transaction() as session:
        for _ in range(rules.STARTED_AN_HOUR):
            service.start(session, TOLD, "127.0.0.0/24", now())
    answer = Writer(app).you()
    assert answer.status_code == 429
    assert "Telephone us" in answer.text
    with app.app_context(), transaction() as session:
        service.start(session, TOLD, "198.51.100.0/24", now())


def test_links_to_one_address_are_few_whoever_asks(app, desk):
    with app.app_context(), transaction() as session:
        for _ in range(rules.LETTERS_A_DAY):
            held = make_arrival(session, now(), sent=False)
            service.put_aside(session, draft_of(held), "https://desk.example.org", DESK, now())
        one_more = draft_of(make_arrival(session, now(), sent=False))
        with pytest.raises(Flooded):
            service.put_aside(session, one_more, "https://desk.example.org", DESK, now())
        later = now() + timedelta(days=1, minutes=1)
        service.put_aside(session, one_more, "https://desk.example.org", DESK, later)


def test_too_many_from_one_address_are_told_to_telephone(app, desk):
    with app.app_context(), transaction() as session:
        for _ in range(rules.SENT_A_DAY):
            make_arrival(session, now())
        with pytest.raises(Flooded):
            make_arrival(session, now())


def test_unfinished_forms_are_deleted_with_everything_that_belongs_to_them(app, desk):
    with app.app_context():
        with transaction() as session:
            old = make_arrival(session, now() - timedelta(days=8), sent=False)
            service.put_aside(session, draft_of(old), "https://x.example.org", DESK,
                              now() - timedelta(days=8))  # fmt: skip
            fresh = make_arrival(session, now() - timedelta(days=6), sent=False)
            sent = make_arrival(session, now() - timedelta(days=30))
            kept = {fresh.id, sent.id}
        with transaction() as session:
            assert service.delete_abandoned(session, now()) == 1
            assert service.delete_abandoned(session, now()) == 0
        session = reading()
        assert set(session.execute(select(Arrival.id)).scalars()) == kept
        for model in (Invitation, InvitationLink, AccessCode, GuestSession):
            assert session.execute(select(func.count()).select_from(model)).scalar() == 0
        assert session.execute(select(Arrival.network_digest)).scalars().all() == [None, None]


def test_another_address_ends_the_links_to_the_one_before(app, writer):
    writer.you()
    writer.post("/refer/later")
    with app.app_context():
        assert reading().execute(select(func.count(InvitationLink.token_digest))).scalar() == 1
    writer.post(
        "/refer/you", name="S", role="DSL", organisation="Oak", email="other@oakfield.example",
        telephone="01632 960301",
    )  # fmt: skip
    with app.app_context():
        assert reading().execute(select(func.count(InvitationLink.token_digest))).scalar() == 0
        assert writer.arrival().invitation_id is None


def test_a_form_forgotten_on_this_computer_is_gone_from_it(app, writer):
    writer.you()
    page = writer.post("/refer/later").text
    left = writer.browser.post("/refer/leave", data=form_of(page, "/refer/leave"))
    assert left.location == "/refer/"
    assert writer.browser.get("/refer/check").status_code == 401


def test_another_address_and_back_begins_no_count_of_letters_anew(app, change):
    """A1, H7: whose address it is nobody has proved."""
    with change() as session:
        make_settings(session)
    writer = Writer(app)
    writer.you(email="victim@hospital.example")
    for _ in range(3):
        while writer.post("/refer/later").status_code < 400:
            pass
        writer.you(email="other@agency.example")
        writer.you(email="victim@hospital.example")
    with app.app_context():
        letters = [one.recipient for one in reading().execute(select(OutboxMessage)).scalars()]
    assert letters.count("victim@hospital.example") == rules.LETTERS_A_DAY
    with change() as session:
        service.delete_abandoned(session, now() + timedelta(days=2))
        assert session.query(FormLetter).count() == 0


@pytest.mark.parametrize("limit", ["HELD_OF_A_NETWORK", "HELD_IN_ALL"])
def test_files_of_unfinished_forms_take_so_much_room_and_no_more(app, desk, monkeypatch, limit):
    """H7: a file that goes over is refused at the field, and the form can be sent without it."""
    monkeypatch.setattr(rules, limit, 2 * len(PDF))
    writer, other = Writer(app), Writer(app)

    def upload(by):
        return by.post("/refer/files", file=(io.BytesIO(PDF), "notes.pdf"), then="add")

    writer.everything()
    other.everything()
    assert [upload(writer).status_code, upload(other).status_code] == [303, 303]
    refused = upload(writer)
    assert refused.status_code == 422
    assert service.NO_ROOM in refused.text
    assert writer.post("/refer/check").location == "/refer/sent"
    assert upload(other).status_code == 303, "what was sent is unfinished no more"
    assert upload(other).status_code == 422
    with app.app_context():
        assert reading().execute(select(func.count(ArrivalFile.id))).scalar() == 3


def test_another_network_finds_room_and_an_unknown_one_counts_in_all(app, desk, monkeypatch):
    monkeypatch.setattr(rules, "HELD_OF_A_NETWORK", len(PDF))
    file = Upload("notes.pdf", "application/pdf", PDF)
    with app.app_context(), transaction() as session:
        full, near = (make_arrival(session, now(), sent=False) for _ in range(2))
        far = make_arrival(session, now(), sent=False)
        far.network_digest = "of another"
        session.flush()
        service.add_file(session, draft_of(full), file, now())
        with pytest.raises(Refused, match="send the form without it"):
            service.add_file(session, draft_of(near), file, now())
        service.add_file(session, draft_of(far), file, now())
        near.network_digest = None
        session.flush()
        monkeypatch.setattr(rules, "HELD_IN_ALL", 2 * len(PDF))
        with pytest.raises(Refused, match="send the form without it"):
            service.add_file(session, draft_of(near), file, now())
