"""Assessments that were over before this installation counted are one line, and one press (F8, G1,
I2)."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.session import reading
from app.referrals.assessment.models import AssessmentCompleted
from app.referrals.assessment.queries import UNDER_WAY
from app.referrals.models import Referral
from app.reports.types import MOST
from tests.integration.reports.test_first_page_assessment import WORK, decided
from tests.page_form import form_of

HERE = "/referrals/assessments/past"


def from_before(change, days: int) -> str:
    ref = decided(change, days)
    with change() as session:
        held = session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()
        held.assessment_past = True
    return ref


def test_they_do_not_push_out_what_is_due_now(change, signed_in) -> None:
    olds = [from_before(change, 400 + one) for one in range(MOST + 3)]
    late = decided(change, 90)
    page = signed_in(Role.CHAIR, Role.SOCIAL_WORKER).get("/").text
    assert page.count(WORK) == 1 and f'href="/referrals/{late}/assessment"' in page
    assert f"{len(olds)} section 17 assessments were over the limit before" in page
    assert f'href="{HERE}"' in page
    # One of the desk is asked, once.
    for role in (Role.ANALYST, Role.SOCIAL_WORKER):
        assert HERE not in signed_in(role).get("/").text


def test_a_page_that_is_sent_twice_settles_what_was_on_it_and_nothing_else(
    app, change, signed_in, monkeypatch
) -> None:
    monkeypatch.setattr("app.referrals.assessment.routes.MOST", 2)
    for one in range(3):
        from_before(change, 400 + one)
    chair = signed_in(Role.CHAIR)
    page = chair.get(HERE).text
    assert "1 more comes up after these" in page
    given = form_of(page, HERE) | {"reason": "Closed in the case system"}
    given["complete"] = given["shown"].split()
    assert chair.post(HERE, data=given).status_code == 303
    again = chair.post(HERE, data=given, follow_redirects=True)
    assert "Nothing was changed: somebody had settled each of these already" in again.text
    assert "This assessment was over the limit" in again.text
    with app.app_context():
        assert reading().query(AssessmentCompleted).count() == 2
        assert reading().query(Referral).filter_by(assessment_past=True).count() == 1


def test_one_press_says_which_are_complete(app, change, signed_in) -> None:
    done, open_still = from_before(change, 400), from_before(change, 390)
    since = decided(change, 100)
    chair = signed_in(Role.CHAIR)
    page = chair.get(HERE).text
    assert "These 2 assessments were over the limit" in page and since not in page
    assert page.count(" checked") == 2
    fields = form_of(page, HERE) | {"complete": [done, since]}
    assert chair.post(HERE, data=fields | {"reason": " "}).status_code == 422
    given = fields | {"reason": "Closed in the case system"}
    assert chair.post(HERE, data=given).status_code == 303
    with app.app_context():
        said = reading().execute(select(AssessmentCompleted)).scalars().all()
        assert [one.reason for one in said] == ["Closed in the case system"]
        under_way = set(reading().execute(select(Referral.ref).where(UNDER_WAY)).scalars())
        assert under_way == {open_still, since}
        audited = select(AuditEntry.subject_ref).where(
            AuditEntry.action == "assessment complete before it was counted"
        )
        assert reading().execute(audited).scalars().all() == [done]
    first = chair.get("/").text
    assert HERE not in first and first.count(WORK) == 2
    shown = chair.get(f"/referrals/{done}").text
    assert "before this installation counted assessments" in shown
    assert "Closed in the case system" in shown and "Under way." not in shown
    assert "Nothing is left to say" in chair.get(HERE).text
