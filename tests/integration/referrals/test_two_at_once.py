"""Two workers on one referral: neither overwrites the other, and both see it (A5, A7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.referrals.models import Referral
from app.referrals.page import latest_change
from app.referrals.service import rate
from app.referrals.types import Rating
from tests.factories.accounts import make_staff
from tests.factories.referrals import make_referral
from tests.page_form import form_of


@pytest.fixture
def ref(change) -> str:
    with change() as session:
        return make_referral(session, received_at=now() - timedelta(hours=1)).ref


def rated_by_another(change, ref: str) -> None:
    with change() as session:
        other = make_staff(session, Role.CHAIR, name="Ola Manager")
        held = session.query(Referral).filter_by(ref=ref).one()
        actor = Actor(ActorKind.STAFF, other.id, other.name)
        rate(session, actor, held, Rating.RED, "Two injuries in a week.", now())


@pytest.mark.parametrize("page", ["", "/rating", "/decision", "/concerns", "/consent"])
def test_a_page_left_open_says_who_changed_what(change, signed_in, ref, page) -> None:
    worker = signed_in(Role.TRIAGE)
    shown = worker.get(f"/referrals/{ref}{page}").text
    with change() as session:
        latest = latest_change(session, session.query(Referral).filter_by(ref=ref).one())
    where = f"/referrals/{ref}/changes?after={latest}"
    assert f'hx-get="{where}"' in shown
    asked = {"HX-Request": "true", "X-Background": "1"}
    assert "<strong>" not in worker.get(where, headers=asked).text
    rated_by_another(change, ref)
    answer = worker.get(where, headers=asked).text
    assert "<strong>Rated</strong> by Ola Manager" in answer
    assert f'href="/referrals/{ref}"' in answer
    assert "<!DOCTYPE" not in answer
    assert "Rated" in worker.get(where).text  # without scripts: a page of its own


def test_the_second_to_save_sees_both_texts_and_loses_none(change, signed_in, ref) -> None:
    worker, where = signed_in(Role.TRIAGE), f"/referrals/{ref}/rating"
    typed = form_of(worker.get(where).text, "") | {
        "rating": "amber",
        "rating_reason": "One old bruise.",
    }
    rated_by_another(change, ref)
    answer = worker.post(where, data=typed)
    assert answer.status_code == 409
    assert "Two injuries in a week." in answer.text
    assert "One old bruise." in answer.text
    with change() as session:
        assert session.query(Referral).filter_by(ref=ref).one().rating is Rating.RED
    again = form_of(answer.text, "") | {"rating": "amber", "rating_reason": "One old bruise."}
    assert worker.post(where, data=again).status_code == 303
    page = worker.get(f"/referrals/{ref}").text
    assert "Two injuries in a week." in page
    assert "One old bruise." in page
