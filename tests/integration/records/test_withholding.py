"""Only a chair keeps a copy back, and lets it go after all (F5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.refusal import Refused
from app.core.session import transaction
from app.meetings.models import Meeting
from app.records import circulation, ledger, queries, releasing, service, worker
from app.records.circulate_page import circulate_page
from app.records.types import Step
from app.referrals.models import Referral
from tests.factories.records import make_releaser, make_signed, sign_as_chair
from tests.factories.referrals import make_adult
from tests.integration.records.circulating import AFTER, LATER, deliver, settings_of
from tests.page_form import form_of

REASON = "An alleged perpetrator works there"


@pytest.fixture
def signed(in_app):
    with transaction() as session:
        meeting, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
    return meeting


def lines_of(session, meeting):
    version = queries.newest_version(session, meeting.id)
    return {line.invitee_id: line for line in ledger.ledger_of(session, version.id)}


def test_an_administrator_releases_but_keeps_nothing_back(signed):
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        person = meeting.invitees[1]
        desk = make_releaser(session, Role.ADMINISTRATOR)
        with pytest.raises(Refused, match="Only a chair withholds") as refused:
            releasing.release(session, desk, meeting, 1, {person.id: REASON}, True, AFTER)
        assert refused.value.field == f"withhold_{person.id}"
        # Whoever has no address cannot be sent anything: that is no choice.
        person.email, person.invitation_id = None, None
        by_hand = {person.id: "By hand"}
        assert releasing.release(session, desk, meeting, 1, by_hand, True, AFTER) == 1


def test_an_employer_that_was_only_typed_is_warned_of(signed):
    """Invited by name alone, and employed by a name alone (C2, F5)."""
    for typed, words in (("", None), ("Acorns", "works for"), ("Acorns Nursery East", "may work")):
        with transaction() as session:
            meeting = session.get_one(Meeting, signed.id)
            person = meeting.invitees[1]
            person.agency_id, person.agency_name = None, "The Acorns Nursery"
            referral = session.get_one(Referral, meeting.referral_id)
            referral.adults.clear()
            make_adult(session, referral, alleged_perpetrator=True, employer_typed=typed or None)
            found = {
                one.recipient.facts.id: one.warning
                for one in circulate_page(session, meeting, LATER).to_release
            }
            assert (words is None) == (found[person.id] == "")
            assert (words or "") in found[person.id]
            assert not any(one for number, one in found.items() if number != person.id)


def test_what_a_chair_kept_back_stays_so_in_the_next_version(in_app, signed):
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        person = meeting.invitees[1].id
        chair, desk = make_releaser(session), make_releaser(session, Role.ADMINISTRATOR)
        releasing.release(session, chair, meeting, 1, {person: REASON}, True, AFTER)
        service.correct(session, chair, meeting, "A wrong date", AFTER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        with pytest.raises(Refused, match="only a chair releases it"):
            releasing.release(session, desk, meeting, 2, {}, True, LATER)
        assert releasing.release(session, desk, meeting, 2, {person: REASON}, True, LATER) == 1


def test_a_version_that_nobody_was_given_does_not_undo_what_a_chair_kept_back(in_app, signed):
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        person = meeting.invitees[1].id
        chair, desk = make_releaser(session), make_releaser(session, Role.ADMINISTRATOR)
        releasing.release(session, chair, meeting, 1, {person: REASON}, True, AFTER)
        for reason in ("A wrong date", "A wrong name"):
            service.correct(session, chair, meeting, reason, AFTER)
            sign_as_chair(session, settings_of(in_app), meeting, LATER)
        before = {
            one.recipient.facts.id: one.withheld_before
            for one in circulate_page(session, meeting, LATER).to_release
        }
        assert before[person] == REASON
        with pytest.raises(Refused, match="only a chair releases it"):
            releasing.release(session, desk, meeting, 3, {}, True, LATER)
        # What a chair let go in a version that was released stays let go.
        releasing.release(session, chair, meeting, 3, {}, True, LATER)
        service.correct(session, chair, meeting, "A wrong place", LATER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        assert ledger.withheld_before(session, meeting.id, 4) == {}


def test_a_copy_is_let_go_after_all_and_makes_no_record_late(in_app, signed):
    settings = settings_of(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        person = meeting.invitees[1].id
        chair = make_releaser(session)
        releasing.release(session, chair, meeting, 1, {person: REASON}, True, AFTER)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        deliver(session)
    assert worker.note_circulated(settings, LATER) == 1
    days_on = LATER + timedelta(days=5)
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        line = lines_of(session, meeting)[person]
        assert line.step is Step.WITHHELD
        releasing.release_after_all(session, chair, meeting, line.circulation_id, days_on)
        with pytest.raises(Refused, match="not withheld"):
            releasing.release_after_all(session, chair, meeting, line.circulation_id, days_on)
        actions = [row.action for row in session.query(AuditEntry)]
        assert "released a copy of the record that was withheld" in actions
    assert worker.make_copies(settings, days_on) == 1
    with transaction() as session:
        meeting = session.get_one(Meeting, signed.id)
        line = lines_of(session, meeting)[person]
        assert (line.step, line.after_all, line.checked_by) == (Step.QUEUED, True, "Alex Desk")
        assert circulation.copy_for_invitee(session, person) is not None
        assert ledger.first_circulated(session, meeting) == LATER


def test_the_pages_offer_it_to_a_chair_alone(app, change, signed_in):
    with change() as session:
        signed, _ = make_signed(session, settings_of(app), AFTER, invitees=2, children=1)
    path = f"/discussions/{signed.ref}/record/circulate"
    person = signed.invitees[1].id
    desk, chair = signed_in(Role.ADMINISTRATOR), signed_in(Role.CHAIR)
    page = desk.get(path).text
    assert f"withhold_{person}" not in page
    assert "only a chair withholds a copy" in page
    sent = form_of(chair.get(path).text, path)
    sent |= {f"withhold_{person}": "y", f"reason_{person}": REASON, "checked": "y"}
    assert chair.post(path, data=sent).status_code == 303
    assert "Release it after all" not in desk.get(path).text
    page = chair.get(path).text
    assert "Release it after all" in page
    with change() as session:
        line_id = lines_of(session, signed)[person].circulation_id
    press = {"csrf_token": form_of(page, f"{path}/{line_id}/release")["csrf_token"]}
    assert desk.get(f"{path}/{line_id}/withhold").status_code == 403
    assert chair.post(f"{path}/{line_id}/release", data=press).status_code == 303
    assert "Withheld at first" in chair.get(path).text
