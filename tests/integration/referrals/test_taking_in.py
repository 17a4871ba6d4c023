"""What came by the public form is taken in by staff, who answer the wrong-child guard (A1, A3)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from app.accounts.types import Role
from app.audit.models import AuditView
from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.core.uploads import Upload
from app.directory.types import AgencyKind
from app.referrals import keys, queries
from app.referrals.arrivals import service as arrivals
from app.referrals.arrivals.queries import MOST
from app.referrals.models import Child, Referral
from app.referrals.outcome.types import FilterReason
from app.referrals.public import service as public
from app.referrals.public.models import Arrival
from app.referrals.public.queries import draft_of
from app.referrals.types import Channel, ConsentState
from tests.factories.arrivals import DESK, TOLD, make_arrival
from tests.factories.directory import make_agency, make_settings
from tests.factories.referrals import make_child
from tests.page_form import form_of

TAKE_IN = "/referrals/new"


@pytest.fixture
def arrived(change):
    """The reference of a referral that waits, with one file."""
    with change() as session:
        make_settings(session)
        make_agency(session, AgencyKind.EDUCATION, "Oakfield Primary")
        held = make_arrival(session, now(), sent=False)
        upload = Upload("notes.pdf", "application/pdf", b"%PDF-1.4 notes")
        public.add_file(session, draft_of(held), upload, now())
        public.send(session, draft_of(held), DESK, now())
        return held.ref


def test_it_stands_in_the_list_and_on_the_first_page_at_once(signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    for path in ("/", "/referrals/"):
        page = triage.get(path).text
        assert "Wren Fernsby" in page, path
        assert f"/referrals/{arrived}/as-sent" in page


def test_who_may_be_at_risk_now_comes_first_and_what_is_cut_is_said(signed_in, change, arrived):
    with change() as session:
        for number in range(MOST):
            you = replace(TOLD.you, email=f"dsl{number}@oakfield.example")
            make_arrival(session, now() - timedelta(hours=2), replace(TOLD, you=you))
        risk = make_arrival(session, now(), replace(TOLD, risk_now="yes")).ref
    triage = signed_in(Role.TRIAGE)
    page = triage.get("/referrals/").text
    order = re.findall(r"/referrals/(RF-[A-Z0-9-]+)/as-sent", page)
    assert len(order) == MOST
    assert order[0] == risk
    assert "2 more wait to be taken in" in page
    following = unescape(re.search(r'href="([^"]*show=waiting[^"]*)"', page)[1])
    rest = triage.get(following).text
    assert len(re.findall(r"/referrals/(RF-[A-Z0-9-]+)/as-sent", rest)) == 2
    assert f"/referrals/{arrived}/as-sent" in rest
    assert "more wait" not in rest
    first = triage.get("/").text
    assert "1 more that came by the form waits" in first
    assert first.index(f"{risk}/as-sent") == first.index("/as-sent") - len(risk)


def test_it_is_read_as_it_was_sent_and_that_is_noted(app, signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    page = triage.get(f"/referrals/{arrived.lower()}/as-sent")
    assert "Hungry at registration" in page.text
    assert "Nobody has taken it in yet" in page.text
    with app.app_context():
        pages = reading().execute(select(AuditView.page, AuditView.subject_ref)).all()
        assert ("as sent", arrived) in [tuple(row) for row in pages]


def test_a_file_comes_as_a_download(app, signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    page = triage.get(f"/referrals/{arrived}/as-sent").text
    path = f"/referrals/{arrived}/as-sent/files/" + page.split("/as-sent/files/")[1].split('"')[0]
    file = triage.get(path)
    assert file.data == b"%PDF-1.4 notes"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert triage.get(path + "9").status_code == 404


def test_taken_in_it_becomes_the_referral_of_that_reference(app, signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    page = triage.get(f"{TAKE_IN}?arrived={arrived}")
    form = form_of(page.text, TAKE_IN)
    assert form["children-0-given_name"] == "Wren"
    assert form["adults-0-name"] == "Pat Fernsby"
    answer = triage.post(TAKE_IN, data=form)
    assert answer.location == f"/referrals/{arrived}"
    shown = triage.get(answer.location).text
    assert "as they were sent" in shown
    assert "Oakfield Primary" in shown
    with app.app_context():
        held = queries.by_ref(reading(), arrived)
        arrival = reading().execute(select(Arrival)).scalar_one()
        assert held.channel is Channel.FORM
        assert held.consent is ConsentState.GIVEN
        assert held.received_at.replace(second=0, microsecond=0) == arrival.sent_at.replace(
            second=0, microsecond=0
        )
        assert held.referrer_email == "dsl@oakfield.example"
        assert held.referrer_telephone == "01632 960301"
        assert held.children[0].child.school_typed == "Oakfield Primary"
        assert (arrival.referral_id, arrival.settled_at is None) == (held.id, False)
        assert "Hungry" in arrival.answers
    assert "Came by the form" not in triage.get("/referrals/").text
    # Sent again, and asked for again, it leads to what is there.
    assert triage.post(TAKE_IN, data=form).location == f"/referrals/{arrived}"
    again = triage.get(f"{TAKE_IN}?arrived={arrived}")
    assert again.location == f"/referrals/{arrived}/as-sent"


def test_the_wrong_child_guard_asks_before_it_becomes_known(app, signed_in, arrived):
    with app.app_context(), transaction() as session:
        known = make_child(session, "Wren", "Fernsby", None)
        keys.index(session, known.id, keys.identity(known))
        ref = known.ref
    triage = signed_in(Role.TRIAGE)
    form = form_of(triage.get(f"{TAKE_IN}?arrived={arrived}").text, TAKE_IN)
    asked = triage.post(TAKE_IN, data=form)
    assert asked.status_code == 200
    assert ref in asked.text
    with app.app_context():
        assert reading().execute(select(func.count(Referral.id))).scalar() == 0
    form = form_of(asked.text, TAKE_IN) | {"children-0-same_as": ref}
    assert triage.post(TAKE_IN, data=form).location == f"/referrals/{arrived}"
    with app.app_context():
        assert reading().execute(select(func.count(Child.id))).scalar() == 1


def test_what_is_no_referral_is_closed_with_a_reason(app, signed_in, arrived):
    triage = signed_in(Role.TRIAGE)
    path = f"/referrals/{arrived}/as-sent/close"
    form = form_of(triage.get(path).text, path)
    refused = triage.post(path, data=form)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert "Choose what it is" in refused.text
    given = {"filtered": "other_area", "because": "Another area's"}
    assert triage.post(path, data=form | given).location == f"/referrals/{arrived}/as-sent"
    page = triage.get(f"/referrals/{arrived}/as-sent").text
    assert "Closed as no referral by" in page
    assert "The child lives in another area" in page
    assert "Another area&#39;s" in page
    assert "Came by the form" not in triage.get("/referrals/").text


def test_two_workers_at_once_take_it_in_once(app, signed_in, arrived):
    one, other = signed_in(Role.TRIAGE), signed_in(Role.TRIAGE)
    first = form_of(one.get(f"{TAKE_IN}?arrived={arrived}").text, TAKE_IN)
    second = form_of(other.get(f"{TAKE_IN}?arrived={arrived}").text, TAKE_IN)
    assert one.post(TAKE_IN, data=first).status_code == 303
    late = other.post(TAKE_IN, data=second | {"children-0-same_as": "new"})
    late = other.post(TAKE_IN, data=form_of(late.text, TAKE_IN) | {"children-0-same_as": "new"})
    assert late.status_code == 422
    assert "Somebody else has dealt with this one" in late.text
    with app.app_context():
        assert reading().execute(select(func.count(Referral.id))).scalar() == 1


def test_an_unfinished_form_is_nobodys_but_its_writers(app, signed_in, change):
    with change() as session:
        make_settings(session)
        ref = make_arrival(session, now(), TOLD, sent=False).ref
    triage = signed_in(Role.TRIAGE)
    assert triage.get(f"/referrals/{ref}/as-sent").status_code == 404
    assert triage.get(f"{TAKE_IN}?arrived={ref}").status_code == 404
    assert "Wren" not in triage.get("/referrals/").text
    with app.app_context(), transaction() as session, pytest.raises(Refused):
        arrivals.close(session, SYSTEM, ref, FilterReason.OTHER, "Not sent", now())
