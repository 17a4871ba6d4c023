"""The referral's pages in a browser without JavaScript, and as htmx asks for them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event, select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.audit.queries import seen_since
from app.audit.service import viewed
from app.audit.types import Actor, ActorKind, Subject
from app.core.clock import in_london, now
from app.core.session import db, reading
from app.directory.types import ProfessionalRole
from app.referrals import queries
from app.referrals.models import Child, Referral
from app.referrals.types import ConsentState, Flag, Rating
from tests.factories.directory import make_professional
from tests.factories.referrals import make_referral
from tests.integration.referrals.typing_in import HTMX, _answer_new, send, typed


def test_the_form_shows_both_telephone_numbers(triage):
    page = triage.get("/referrals/new")
    assert page.status_code == 200
    assert "01632 960100" in page.text
    assert "01632 960199" in page.text


def test_a_referral_is_saved_and_shown(app, triage, desk):
    answer = send(
        triage,
        desk,
        **{
            "children-1-given_name": "عائشة 🦊",
            "children-1-family_name": "Testwell",
            "adults-0-name": "Pat Testwell",
            "adults-0-relationship_to_child": "Mother",
            "adults-0-parental_responsibility": "y",
            "rating": "red",
            "rating_reason": "A young child",
            "flags": ["serious_harm"],
            "narrative": "x\x00y\u2028z <script>alert(1)</script> " + "é" * 12_000,
        },
    )
    assert answer.status_code == 303
    page = triage.get(answer.location)
    assert page.status_code == 200
    for words in ("Wren Testwell", "عائشة 🦊 Testwell", "Pat Testwell", "Oakfield Primary",
                  "serious-harm", "contact-decision", "A young child", "Mother"):  # fmt: skip
        assert words in unescape(page.text)
    assert "<script>alert" not in page.text
    with app.app_context():
        held = queries.by_ref(reading(), answer.location.rsplit("/", 1)[1])
        assert held.narrative.startswith("xyz <script>")
        assert held.consent is ConsentState.NOT_SOUGHT
        assert held.rating is Rating.RED


def test_htmx_is_sent_on_and_a_browser_is_redirected(triage, desk):
    answer = send(triage, desk, headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/referrals/RF-")


def test_a_form_sent_twice_acts_once(app, triage, desk):
    page = triage.get("/referrals/new")
    first = triage.post("/referrals/new", data=typed(page, desk))
    # The second sending would find its own child: it is not asked about.
    again = triage.post("/referrals/new", data=typed(page, desk))
    assert again.status_code == 303
    assert again.location == first.location
    with app.app_context():
        assert reading().query(Referral).count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"children-0-given_name": "", "children-0-family_name": ""}, "Enter the child's name"),
        (
            {"children-0-given_name": "", "children-0-family_name": "",
             "children-0-date_of_birth-day": "", "children-0-date_of_birth-month": "",
             "children-0-date_of_birth-year": ""},
            "Add at least one child",
        ),
        ({"source_agency_id": ""}, "Choose where the referral came from"),
        ({"source_agency_id": "999"}, "Not a valid choice"),
        ({"children-0-date_of_birth-year": "2099"}, "The date of birth is in the future"),
        ({"children-0-date_of_birth-day": "31", "children-0-date_of_birth-month": "2"},
         "must be a real date"),
        ({"children-0-date_of_birth-day": "x"}, "must be a real date"),
        ({"received_at-year": "2099"}, "at a time in the future"),
        ({"received_at-time": "soon"}, "needs a date and a time"),
        ({"received_at-day": "", "received_at-month": "", "received_at-year": "",
          "received_at-time": ""}, "Enter when the referral was received"),
        ({"channel": None}, "Choose how the referral came in"),
        ({"channel": "pigeon"}, "Not a valid choice"),
        ({"concerns": None}, "Choose at least one concern"),
        ({"narrative": " \t "}, "Say what was seen"),
        ({"narrative": "x" * 20_001}, "Shorten this to 20,000 characters"),
        ({"consent": None}, "Choose what is known of consent"),
        ({"consent": "refused"}, "Choose the lawful basis"),
        ({"flags": ["immediate_action"]}, "Say when the immediate action was taken"),
        ({"flags": ["immediate_action"], "immediate_action_at-day": "32",
          "immediate_action_at-month": "1", "immediate_action_at-year": "2026",
          "immediate_action_at-time": "9:00"}, "must be a real date"),
        ({"immediate_action_at-day": "2", "immediate_action_at-month": "1",
          "immediate_action_at-year": "2026", "immediate_action_at-time": "9:00"},
         "if none was taken, empty its date and time"),
        ({"rating": "red"}, "Give the reason for the rating"),
        ({"rating": "blue", "rating_reason": "x"}, "Not a valid choice"),
        ({"children-0-date_of_birth-year": "1999"}, "is 27 by this date of birth"),
        ({"adults-0-relationship_to_child": "Uncle"}, "Enter the adult&#39;s name"),
        ({"children-0-school_id": "77"}, "Not a valid choice"),
    ],
)  # fmt: skip
def test_bad_input_is_named_by_the_field_and_nothing_typed_is_lost(
    app, triage, desk, changes, words
):
    words = words.replace("27", str(in_london(now()).year - 1999 - (in_london(now()).month < 3)))
    answer = send(triage, desk, referrer_name="Robin Referrer", **changes)
    assert answer.status_code == 422
    assert words in answer.text or words.replace("'", "&#39;") in answer.text
    assert "Robin Referrer" in answer.text
    assert "Error: " in answer.text.split("</title>")[0]
    with app.app_context():
        assert reading().query(Referral).count() == reading().query(Child).count() == 0


def test_somebody_of_18_is_asked_about_and_not_refused(triage, desk):
    changes = {"children-0-date_of_birth-year": "1999", "children-0-adult_confirmed": "y"}
    assert send(triage, desk, **changes).status_code == 303


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_children_and_adults_come_and_go_and_keep_what_was_typed(triage, desk, headers):
    more = send(triage, desk, headers=headers, press="add children")
    assert more.status_code == 200
    assert ("<html" in more.text) is not bool(headers)
    assert 'id="children-1-given_name"' in more.text
    assert "Seen at registration." in more.text
    both = {"children-1-given_name": "Tomas"}
    fewer = send(triage, desk, headers=headers, press="remove children-0", **both)
    assert 'id="children-0-given_name"' not in fewer.text
    assert 'value="Tomas"' in fewer.text
    adult = send(triage, desk, headers=headers, press="add adults")
    assert 'id="adults-0-name"' in adult.text
    last = send(triage, desk, headers=headers, press="remove children-0")
    assert "given_name" in last.text


def test_enter_in_a_field_presses_save_and_not_remove(triage):
    page = triage.get("/referrals/new").text
    form = page[page.index('action="/referrals/new"') :]
    first = re.search(r'<button type="submit"[^>]*>', form)[0]
    assert "name=" not in first


def test_the_guard_asks_before_saving_and_withholds_addresses(app, triage, desk):
    send(triage, desk, **{"children-0-given_name": "Idris", "children-0-family_name": "Okafor"})
    changes = {"children-0-address": "1 Hidden Road"}
    first = send(triage, desk, **changes).location
    asked = send(triage, desk, **{"children-0-given_name": "Ren"})
    assert asked.status_code == 200
    assert "is this a child who is known already?" in asked.text
    assert "1 Hidden Road" not in asked.text
    assert first.rsplit("/", 1)[1] in asked.text
    child_ref = re.search(r'name="children-0-same_as"[^>]*value="(CH-[^"]+)"', asked.text)[1]
    held = {"children-0-given_name": "Ren", "children-0-asked": child_ref}
    silent = send(triage, desk, **held)
    assert silent.status_code == 422
    assert "Say whether Ren Testwell is one of these children" in silent.text
    shown = send(triage, desk, press="addresses", **held)
    assert "1 Hidden Road" in shown.text
    with app.app_context():
        stranger = next(one.ref for one in reading().query(Child) if one.ref != child_ref)
    forged = send(triage, desk, **held, **{"children-0-same_as": stranger})
    assert forged.status_code == 422
    saved = send(triage, desk, **held, **{"children-0-same_as": child_ref})
    assert saved.status_code == 303
    page = triage.get(saved.location).text
    assert "Re-referral" in page
    assert first in page
    with app.app_context():
        assert reading().query(Child).count() == 2
        pages = reading().execute(select(AuditView.page).distinct()).scalars().all()
        assert {"likely match", "likely match with address", "referral"} <= set(pages)


def test_other_candidates_have_to_be_asked_about_again(triage, desk):
    send(triage, desk)
    stale = {"children-0-asked": "CH-AAAA-AAAA", "children-0-same_as": "new"}
    answer = send(triage, desk, **stale)
    assert answer.status_code == 200
    assert "is this a child who is known already?" in answer.text


def test_a_different_child_is_saved_as_new(app, triage, desk):
    send(triage, desk)
    asked = send(triage, desk)
    assert send(triage, desk, **_answer_new(asked)).status_code == 303
    with app.app_context():
        assert reading().query(Child).count() == 2


def test_professionals_chosen_on_the_form_are_involved(app, triage, desk, change):
    with change() as session:
        person = make_professional(session, ProfessionalRole.HEALTH_VISITOR, name="Bridget Quinn")
    answer = send(
        triage,
        desk,
        **{
            "children-0-health_id": person.id,
            "children-0-health_active": "y",
            "children-0-lead": "health",
        },
    )
    page = triage.get(answer.location).text
    assert "Bridget Quinn" in page
    assert "(actively involved, lead professional)" in page


def test_the_queue_is_late_first_in_at_most_five_statements(app, triage, change):
    with change() as session:
        for hours in range(30):
            make_referral(session, received_at=now() - timedelta(hours=hours))
    statements = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *row: statements.append(row[2]))
    page = triage.get("/referrals/")
    assert len([one for one in statements if one.lstrip().upper().startswith("SELECT")]) <= 5
    assert page.text.index("Late") < page.text.index("In time")
    older = unescape(re.search(r'href="(/referrals/\?after=[^"]+)"', page.text)[1])
    second = triage.get(older)
    refs = re.findall(r'href="/referrals/(RF-[^"]+)"', page.text + second.text)
    assert len(refs) == len(set(refs)) == 30
    assert triage.get("/referrals/?after=nonsense").status_code == 200
    assert triage.get("/referrals/?show=all").status_code == 200


def test_each_case_page_notes_the_view_first(app, triage, referral):
    for where in ("", "/decision", "/consent", "/rating", "/concerns"):
        assert triage.get(f"/referrals/{referral}{where}").status_code == 200
    with app.app_context():
        noted = reading().execute(
            select(AuditView.page).where(AuditView.subject_ref == referral).order_by(AuditView.id)
        )
        assert noted.scalars().all() == [
            "referral", "referral, decision", "referral, consent", "referral, rating",
            "referral, concerns",
        ]  # fmt: skip


def test_who_sees_which_step(signed_in, referral):
    chair = signed_in(Role.CHAIR).get(f"/referrals/{referral}").text
    assert "A strategy discussion is needed" in chair
    assert "Start the discussion now" in chair
    worker = signed_in(Role.SOCIAL_WORKER).get(f"/referrals/{referral}").text
    assert "A strategy discussion is needed" not in worker
    assert signed_in(Role.ANALYST).get(f"/referrals/{referral}").status_code == 403
    assert signed_in(Role.SYSTEM).get("/referrals/").status_code == 403


def test_an_unknown_reference_is_no_page(triage):
    assert triage.get("/referrals/RF-0000-0000").status_code == 404


def test_the_protocol_is_read_with_its_sources(signed_in, desk):
    page = signed_in(Role.ANALYST).get("/protocol")
    assert page.status_code == 200
    assert "three-working-days" in page.text
    assert "TIMING" in page.text


def test_without_council_settings_pages_say_what_to_do(signed_in):
    answer = signed_in(Role.TRIAGE).get("/referrals/new")
    assert answer.status_code == 503
    assert "an administrator fills them in" in answer.text


def test_flags_are_offered_in_plain_words(triage):
    page = unescape(triage.get("/referrals/new").text)
    for flag in Flag:
        assert flag.label in page


@pytest.mark.parametrize("asked", ["", "?show=all"])
def test_a_list_of_referrals_is_a_view_of_each_once_in_a_quarter_of_an_hour(
    app, change, signed_in, asked
) -> None:
    """H3: names, concerns and outcomes stand in it."""
    with change() as session:
        first = make_referral(session, 1, received_at=now()).ref

    def noted() -> list[tuple[str, str]]:
        with app.app_context():
            rows = reading().execute(
                select(AuditView.actor_label, AuditView.subject_ref)
                .where(AuditView.page == "referrals.queue", AuditView.subject_kind == "referral")
                .order_by(AuditView.id)
            )
            return [tuple(row) for row in rows]

    one, two = signed_in(Role.TRIAGE), signed_in(Role.CHAIR)
    for browser in (one, one, two):
        browser.get(f"/referrals/{asked}")
    assert [ref for _, ref in noted()] == [first, first]
    assert len({who for who, _ in noted()}) == 2
    with change() as session:
        second = make_referral(session, 1, received_at=now()).ref
    one.get(f"/referrals/{asked}")
    assert [ref for _, ref in noted()] == [first, first, second]
    with change() as session:
        actor = Actor(ActorKind.STAFF, 990, "Long ago")
        seen, other = Subject("referral", first), Subject("referral", second)
        viewed(session, actor, "x", seen, now() - timedelta(minutes=20))
        for asked_for, minutes, found in (
            ([seen, other], 15, set()),
            ([seen, other], 30, {seen}),
            ([other, Subject("meeting", first)], 30, set()),
        ):
            since = now() - timedelta(minutes=minutes)
            assert seen_since(session, actor, asked_for, since) == found
