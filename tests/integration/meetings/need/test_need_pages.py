"""Deciding, starting and writing down a discussion in the browser (C1, C11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.audit.models import AuditView
from app.core.clock import in_london
from app.core.session import db, reading, transaction
from app.meetings.models import Invitee, Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Child, Referral
from tests.factories.checks import make_check
from tests.page_form import form_of

REASON = "Unexplained bruising: significant harm is suspected."


def _only_meeting(app):
    with app.app_context():
        meeting = reading().execute(select(Meeting)).scalar_one()
        names = [one.name for one in meeting.invitees]
        found = (meeting.ref, meeting.state, names)
        db.session.remove()
    return found


def test_deciding_leads_to_the_booking_page(app, chair):
    browser, ref = chair
    path = f"/referrals/{ref}/strategy-discussion"
    page = browser.get(path)
    assert "bromley-24h" in page.text  # the deadline is shown before the decision is taken
    form = form_of(page.text, path)
    assert browser.post(path, data=form).status_code == 422
    done = browser.post(path, data=form | {"reason": REASON})
    meeting, state, _names = _only_meeting(app)
    assert done.headers["Location"] == f"/discussions/{meeting}/book"
    assert state is MeetingState.NEEDED
    assert browser.post(path, data=form | {"reason": REASON}).status_code == 303  # once
    assert browser.get(f"/referrals/{ref}/discussions").headers["Location"].endswith(meeting)


def test_one_press_starts_it(app, chair):
    browser, ref = chair
    path = f"/referrals/{ref}/start-now"
    done = browser.post(path, data=form_of(browser.get(path).text, path))
    meeting, state, _names = _only_meeting(app)
    assert done.headers["Location"] == f"/discussions/{meeting}/hold"
    assert state is MeetingState.UNDER_WAY


def test_writing_down_one_already_held(app, chair):
    browser, ref = chair
    path = f"/referrals/{ref}/already-held"
    page = browser.get(path)
    form = form_of(page.text, path)
    refused = browser.post(path, data=form)
    assert refused.status_code == 422
    for field in ("started_at", "reason"):
        assert f'href="#{field}"' in refused.text
    ended = in_london(datetime.now(UTC) - timedelta(minutes=5))
    began = ended - timedelta(minutes=20)
    for name, moment in (("started_at", began), ("ended_at", ended)):
        form |= {
            f"{name}-day": str(moment.day),
            f"{name}-month": str(moment.month),
            f"{name}-year": str(moment.year),
            f"{name}-time": f"{moment:%H:%M}",
        }
    form |= {"reason": REASON, "others-0-name": "Sam Typed", "others-0-agency": "Elm Lane"}
    more = form_of(browser.post(path, data=form | {"do": "another"}).text, path)
    assert "others-1-name" in more
    with app.app_context(), transaction() as session:
        referral = session.execute(select(Referral).where(Referral.ref == ref)).scalar_one()
        make_check(session, referral, began - timedelta(minutes=5))
    # Quorum and who reads what hang on the kind of agency: none is taken for granted.
    assert (more["others-0-kind"], more["others-1-kind"]) == ("", "")
    unsaid = browser.post(path, data=more)
    assert unsaid.status_code == 422
    assert 'href="#others-0-kind">Choose what kind of agency they are from' in unsaid.text
    assert 'href="#others-1-kind"' not in unsaid.text
    more = form_of(unsaid.text, path)
    assert more["others-0-name"] == "Sam Typed"
    done = browser.post(path, data=more | {"others-0-kind": "education"})
    assert done.status_code == 303
    # Nobody has said whether the answer is still wanted: it is asked for afterwards.
    assert "what becomes of it under agency checks" in browser.get(done.location).text
    _ref, state, names = _only_meeting(app)
    assert state is MeetingState.ENDED
    assert "Sam Typed" in names


def test_an_open_case_by_finding_or_adding_the_child(app, chair):
    browser, _ref = chair
    path = "/discussions/new"
    form = form_of(browser.get(path).text, path)
    refused = browser.post(path, data=form | {"do": "needed"})
    assert refused.status_code == 422
    for field in ("given_name", "concerns", "reason"):
        assert f'href="#{field}"' in refused.text
    typed = {"given_name": "Newly", "family_name": "Known", "born-day": "1", "born-month": "2",
             "born-year": "2020"}  # fmt: skip
    found = browser.post(path, data=form | typed | {"do": "find"})
    assert "No child with this name is known here" in found.text
    added = form_of(browser.post(path, data=form | typed | {"do": "add-new"}).text, path)
    about = {"reason": REASON, "concerns": "neglect"}
    done = browser.post(path, data=added | about | {"do": "needed"})
    assert done.status_code == 303
    with app.app_context():
        child = reading().execute(select(Child).where(Child.case_reference.is_(None))).scalars()
        known = next(one for one in child if one.given_name == "Newly")
        assert known.date_of_birth.isoformat() == "2020-02-01"
        assert reading().execute(select(Invitee)).first() is None
        db.session.remove()
    again = form_of(browser.get(path).text, path)
    found = browser.post(path, data=again | typed | {"do": "find"})
    assert f'value="{known.ref}"' in found.text
    with app.app_context():  # a known child was shown (H3)
        seen = reading().execute(select(AuditView.page).where(AuditView.subject_ref == known.ref))
        assert seen.scalars().all() == ["open case"]
