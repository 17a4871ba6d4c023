"""The adults on a referral are changed after it was entered (A2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import reading
from app.referrals import queries
from tests.factories.referrals import make_adult, make_referral
from tests.page_form import form_of


@pytest.fixture
def path(change):
    with change() as session:
        referral = make_referral(session)
        make_adult(session, referral)
        return f"/referrals/{referral.ref}/adults"


def adults(app, path):
    with app.app_context():
        return [
            (one.name, one.alleged_perpetrator)
            for one in queries.by_ref(reading(), path.split("/")[2]).adults
        ]


def shown(browser, path):
    # The form posts to its own address.
    return form_of(browser.get(path).text, "")


def test_one_is_added_one_changed_one_taken_away(app, signed_in, path):
    triage = signed_in(Role.TRIAGE)
    form = shown(triage, path)
    assert form["adults-0-name"] == "Pat Testwell"
    more = triage.post(path, data=form | {"press": "add adults"})
    assert more.status_code == 200
    form = form_of(more.text, "") | {
        "adults-0-alleged_perpetrator": "y",
        "adults-1-name": "Alex O’Neill",
        "adults-1-relationship_to_child": "Uncle",
    }
    assert triage.post(path, data=form).status_code == 303
    assert adults(app, path) == [("Pat Testwell", True), ("Alex O’Neill", False)]
    form = form_of(
        triage.post(path, data=shown(triage, path) | {"press": "remove adults-0"}).text, ""
    )
    assert triage.post(path, data=form).status_code == 303
    assert adults(app, path) == [("Alex O’Neill", False)]
    with app.app_context():
        said = (
            reading()
            .execute(select(AuditEntry.details).where(AuditEntry.action == "adults changed"))
            .scalars()
        )
        assert [one["adults_removed"] for one in said] == [0, 1]


def test_two_at_once_both_see_both_lists(app, signed_in, path):
    one, other = signed_in(Role.TRIAGE), signed_in(Role.TRIAGE)
    first, second = shown(one, path), shown(other, path)
    assert one.post(path, data=first | {"adults-0-name": "Pat One"}).status_code == 303
    late = other.post(path, data=second | {"adults-0-name": "Pat Two"})
    assert late.status_code == 409
    assert "Pat One" in late.text
    assert "Pat Two" in late.text
    assert adults(app, path)[0][0] == "Pat One"
    assert other.post(path, data=form_of(late.text, "")).status_code == 303
    assert adults(app, path)[0][0] == "Pat Two"


def test_an_adult_without_a_name_is_asked_about(app, signed_in, path):
    triage = signed_in(Role.TRIAGE)
    form = shown(triage, path) | {"adults-0-name": ""}
    answer = triage.post(path, data=form)
    assert answer.status_code == 422
    assert "not known" in answer.text
    assert adults(app, path) == [("Pat Testwell", False)]


def test_a_row_of_another_referral_is_never_taken_over(app, signed_in, path, change):
    with change() as session:
        other = make_referral(session)
        foreign = make_adult(session, other).id
        elsewhere = f"/referrals/{other.ref}/adults"
    triage = signed_in(Role.TRIAGE)
    form = shown(triage, path) | {"adults-0-row": str(foreign), "adults-0-name": "Moved"}
    assert triage.post(path, data=form).status_code == 303
    assert adults(app, elsewhere) == [("Pat Testwell", False)]
    assert adults(app, path) == [("Moved", False)]
