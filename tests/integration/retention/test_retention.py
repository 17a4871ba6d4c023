"""A case is closed, kept, reviewed and deleted; the audit stays whole (F8, H8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.audit.queries import verify_chain
from app.audit.service import chain_views, viewed
from app.audit.types import SYSTEM, Subject
from app.core.database import Base
from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.invitations.types import LetterKind
from app.meetings.after import service as after
from app.meetings.after.models import ChildAfter
from app.meetings.discussion.models import Action
from app.meetings.messages import send
from app.meetings.models import Meeting, Report
from app.meetings.types import ActionState, MeetingState, ReportVia
from app.records import worker as records
from app.records.keys import UnreadableRecord, cipher_of
from app.records.models import RecordCopy, RecordVersion
from app.records.releasing import release
from app.referrals.assessment import service as assessment
from app.referrals.joining.service import join
from app.referrals.lists import queries as listed
from app.referrals.lists import service as lists
from app.referrals.lists.models import ListSitting
from app.referrals.lists.types import Said
from app.referrals.models import Child, Referral, ReferralChild
from app.referrals.outcome.models import ReferralReopening
from app.referrals.sender import Sender
from app.referrals.types import ChildGiven, DomesticAbuseRisk, Outcome, ReferralState
from app.retention import service
from app.retention.models import ClosedCase
from app.retention.types import CaseKey, CaseKind
from app.retention.worker import archive, reopen_for_work
from tests.clock import FRIDAY
from tests.factories.abuse import actor_of, make_abuse_case
from tests.factories.meetings import make_case, make_council, make_meeting
from tests.factories.records import make_ended, make_releaser, sign_as_chair
from tests.page_form import form_of

DAY = timedelta(days=1)
LATER = FRIDAY + 40 * 365 * DAY
# Whatever was written about the case, in one form or another.
WRITTEN = ("Okonjo", "Amara", "Sycamore", "Bruising", "lithium", "Do the thing", "Head of Year",
           "Unexplained injury", "A report on the family")  # fmt: skip


@pytest.fixture
def closed(in_app):
    """A case with a circulated record of two copies, nothing open, closed; the chair."""
    settings = in_app.extensions["settings"]
    with transaction() as session:
        meeting = make_ended(session, invitees=3, children=2)
        referral = session.get_one(Referral, meeting.referral_id)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.STRATEGY_DISCUSSION
        session.add(
            Report(invitee_id=meeting.invitees[1].id, body="A report on the family", file=None,
                   file_name=None, media_type=None, via=ReportVia.LINK, added_by_id=None,
                   received_at=FRIDAY)
        )  # fmt: skip
        sender = Sender(settings.mail_from, settings.base_url)
        send(session, LetterKind.INVITATION, meeting, meeting.invitees, sender, FRIDAY)
        chair = make_releaser(session)
        after.follow(session, chair.actor, meeting, FRIDAY)
        sign_as_chair(session, settings, meeting, FRIDAY + DAY)
        release(session, chair, meeting, 1, {}, True, FRIDAY + DAY)
        viewed(session, chair.actor, "referral", Subject("referral", referral.ref), FRIDAY)
        key = CaseKey(CaseKind.REFERRAL, referral.ref)
    records.make_copies(settings, FRIDAY + DAY)
    with transaction() as session:
        chain_views(session, FRIDAY + DAY)
        session.execute(update(Meeting).values(circulated_at=FRIDAY + DAY))
        session.execute(update(Action).values(state=ActionState.DONE, closed_at=FRIDAY + DAY))
        session.execute(update(ChildAfter).values(next_step=None, next_due_at=None))
    with transaction() as session:
        service.close(session, chair.actor, key, FRIDAY + 2 * DAY)
    return key, chair.actor


def act(what, key, actor, *rest):
    with transaction() as session:
        what(session, actor, key, *rest)


def case():
    return reading().execute(select(ClosedCase)).scalar_one()


def found_anywhere():
    """Which of the words stand in any column of any table, read with the keys that are there."""
    found = set()
    session = reading()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)).all():
            said = " ".join(map(str, row))
            found |= {(table.name, word) for word in WRITTEN if word in said}
    return found


def test_what_is_open_keeps_a_case_open(in_app):
    with transaction() as session:
        meeting = make_ended(session, invitees=3, children=1)
        key = CaseKey(CaseKind.REFERRAL, session.get_one(Referral, meeting.referral_id).ref)
    with pytest.raises(Refused) as refusal:
        act(service.close, key, SYSTEM, FRIDAY)
    for words in ("not decided", "not signed", "Actions are open"):
        assert words in refusal.value.message


def test_it_is_kept_by_the_rule_and_the_row_keeps_the_rule(closed):
    kept = case()
    # The younger child was born on 27 March 2014.
    assert kept.keep_until.year == 2039 and kept.rule["id"] == "discussed-25y"
    assert kept.rule["source"] == "IRMS" and kept.rule["document"]


def test_a_child_who_joined_and_is_in_no_discussion_keeps_the_case_open(in_app, closed):
    """A2, H8: closed already, it is opened again."""
    key, actor = closed
    settings = in_app.extensions["settings"]
    with transaction() as session:
        referral = session.execute(select(Referral).where(Referral.ref == key.ref)).scalar_one()
        given = ChildGiven(given_name="Zuleika", family_name="Okonjo")
        child = join(session, actor, referral, given, FRIDAY + 3 * DAY).id
    assert reopen_for_work(settings, FRIDAY + 3 * DAY) == 1
    with pytest.raises(Refused, match="No discussion speaks of a child who joined"):
        act(service.close, key, actor, FRIDAY + 4 * DAY)
    with transaction() as session:
        session.execute(
            update(ReferralChild)
            .where(ReferralChild.child_id == child)
            .values(settled_at=FRIDAY + 4 * DAY)
        )
    act(service.close, key, actor, FRIDAY + 4 * DAY)
    assert reopen_for_work(settings, FRIDAY + 5 * DAY) == 0


def test_nothing_is_deleted_without_a_review_nor_before_the_grace_is_over(closed):
    key, chair = closed
    with pytest.raises(Refused, match="archived"):
        act(service.approve, key, chair, "Its time is over.", FRIDAY + 3 * DAY)
    with transaction() as session:
        assert not service.delete(session, key, LATER)
    act(service.approve, key, chair, "Its time is over.", LATER)
    with transaction() as session:
        assert not service.delete(session, key, LATER + 13 * DAY)
    act(service.withdraw, key, chair, "A claim was announced.", LATER + 13 * DAY)
    with transaction() as session:
        assert not service.delete(session, key, LATER + 20 * DAY)
    assert found_anywhere()


def test_a_hold_stops_everything_in_the_database_too(closed):
    key, chair = closed
    act(service.approve, key, chair, "Its time is over.", LATER)
    act(service.hold, key, chair, "An inquiry asked for it.", LATER + DAY)
    assert case().approved_at is None
    with pytest.raises(Refused, match="on legal hold"):
        act(service.approve, key, chair, "Now.", LATER + 2 * DAY)
    with transaction() as session:
        assert not service.delete(session, key, LATER + 60 * DAY)
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(ClosedCase).values(deleted_at=LATER, approved_at=LATER))
    act(service.lift, key, chair, "The inquiry has ended.", LATER + 61 * DAY)
    act(service.keep_longer, key, chair, LATER + 365 * DAY, "For its appeal.", LATER + 62 * DAY)
    assert case().keep_until == LATER + 365 * DAY


def test_every_word_goes_and_the_audit_stays_whole(closed):
    key, chair = closed
    before = {name for name, _ in found_anywhere()}
    assert {"child", "referral", "meeting", "entry", "action", "report"} <= before
    with transaction() as session:
        rows = session.execute(select(AuditEntry.id)).all()
    act(service.approve, key, chair, "Its time is over.", LATER)
    with transaction() as session:
        assert service.delete(session, key, LATER + 14 * DAY)
    db.session.remove()
    assert found_anywhere() == set()
    session = reading()
    # The signed rows are there, and nobody can read them.
    version = session.execute(select(RecordVersion)).scalar_one()
    with pytest.raises(UnreadableRecord):
        cipher_of(session, version.key_id).open(version.content)
    assert session.execute(select(RecordCopy)).scalars().all()
    assert list(verify_chain(session)) == []
    told = session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars().all()
    assert len(told) > len(rows)
    assert (told[-1].action, told[-1].subject_ref) == ("deleted the case", key.ref)
    assert told[-1].details["rows"]["child"] == 2 and told[-1].details["rule"] == "discussed-25y"
    assert case().deleted_at == LATER + 14 * DAY
    assert session.execute(select(Child)).first() is None
    with transaction() as session:
        assert not service.delete(session, key, LATER + 15 * DAY)  # once


def test_who_took_part_in_the_discussion_of_a_deleted_abuse_case_goes_with_it(in_app):
    with transaction() as session:
        case = make_abuse_case(session, DomesticAbuseRisk.HIGH, protocol="derby")
        actor, chair = actor_of(session, Role.TRIAGE), actor_of(session, Role.CHAIR)
        sitting = lists.open_discussion(session, actor, case, FRIDAY)
        said = Said("Read out.", Outcome.NO_FURTHER_ACTION, "Nothing more.")
        entry = listed.entry(session, sitting.id, 1)
        lists.keep_said(session, actor, sitting, entry, said, FRIDAY)
        lists.end_list(session, actor, sitting, "Jo Reyes, police", FRIDAY)
        key = CaseKey(CaseKind.ABUSE, case.ref)
        service.close(session, chair, key, FRIDAY + DAY)
    later = FRIDAY + 40 * 365 * DAY
    with transaction() as session:
        service.approve(session, chair, key, "It is over.", later)
    with transaction() as session:
        assert service.delete(session, key, later + 15 * DAY)
    (left,) = reading().execute(select(ListSitting)).scalars()
    assert (left.name, left.took_part) == ("Deleted", "")


def test_a_child_of_another_case_stays_and_an_open_one_stops_the_deletion(closed):
    key, chair = closed
    with transaction() as session:
        other = make_case(session, children=1)
        shared = session.execute(select(Meeting)).scalar_one().children[0].child_id
        other.children[0].child_id = shared
        other.state, other.decided_at, other.outcome = (
            ReferralState.DECIDED, FRIDAY, Outcome.NO_FURTHER_ACTION,
        )  # fmt: skip
        other_key = CaseKey(CaseKind.REFERRAL, other.ref)
    with pytest.raises(Refused, match="Another case"):
        act(service.approve, key, chair, "Its time is over.", LATER)
    act(service.close, other_key, chair, LATER)
    act(service.approve, key, chair, "Its time is over.", LATER)
    with transaction() as session:
        assert service.delete(session, key, LATER + 14 * DAY)
    db.session.remove()
    assert reading().get(Child, shared).family_name == "Okonjo"
    assert reading().get_one(Referral, reading().execute(
        select(Referral.id).where(Referral.ref == other_key.ref)
    ).scalar_one()).narrative.startswith("Bruising")  # fmt: skip


def test_what_came_to_nothing_more_is_archived_by_itself_after_ninety_days(in_app):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        make_council(session)
        for outcome in (Outcome.ADVICE, Outcome.STRATEGY_DISCUSSION):
            referral = make_case(session, children=1)
            referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
            referral.outcome = outcome
        make_case(session, children=1)
    assert archive(settings, FRIDAY + 90 * DAY) == 0
    assert archive(settings, FRIDAY + 91 * DAY) == 1
    assert archive(settings, FRIDAY + 92 * DAY) == 0
    assert (case().closed_by_id, case().rule["id"]) == (None, "every-case-6y")


def test_an_open_case_without_a_referral_is_closed_by_its_discussion(in_app):
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.SIGNED, children=1)
        meeting.referral_id, meeting.circulated_at = None, FRIDAY
        key = CaseKey(CaseKind.MEETING, meeting.ref)
        service.close(session, SYSTEM, key, FRIDAY)
    assert case().ref == key.ref


def test_the_chair_closes_holds_and_opens_again_on_the_page(app, change, signed_in):
    with change() as session:
        make_council(session)
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.ADVICE
        path = f"/referrals/{referral.ref}/retention"
        page = f"/referrals/{referral.ref}"
    browser = signed_in(Role.CHAIR)
    assert "Close the case" in browser.get(page).get_data(as_text=True)

    def press(do, **typed):
        fields = form_of(browser.get(path).get_data(as_text=True), path)
        return browser.post(path, data=fields | {"do": do} | typed)

    assert press("close").status_code == 303
    assert "every-case-6y" in browser.get(path).get_data(as_text=True)
    refused = press("hold")
    assert refused.status_code == 422 and b"Say why" in refused.data
    assert press("hold", reason="An inquiry asked for it.").status_code == 303
    assert "An inquiry asked for it." in browser.get("/retention").get_data(as_text=True)
    assert press("nothing").status_code == 400
    assert press("lift", reason="It has ended.").status_code == 303
    assert b"Enter the day until which it is kept" in press("longer", reason="x").data
    wrong = press("longer", reason="x", **{"until-day": "1", "until-month": "1",
                                           "until-year": "2020"})  # fmt: skip
    assert wrong.status_code == 422 and b"Choose a day after" in wrong.data
    assert press("reopen", reason="New information.").status_code == 303
    assert "Close the case" in browser.get(path).get_data(as_text=True)
    assert signed_in(Role.ADMINISTRATOR).get(path).status_code == 403


def test_a_section_17_assessment_keeps_its_case_open_until_it_is_complete(in_app):
    """F8, H8: the page says under way, so that nothing closes it."""
    settings = in_app.extensions["settings"]
    with transaction() as session:
        make_council(session)
        chair = make_releaser(session)
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.SECTION_17
        key = CaseKey(CaseKind.REFERRAL, referral.ref)
    complete(chair.actor, key, FRIDAY + 40 * DAY)
    with transaction() as session:
        # Noted before it was opened again, it was another assessment.
        session.add(
            ReferralReopening(
                referral_id=referral.id, reason="The school rang", reopened_by_id=chair.id,
                reopened_at=FRIDAY + 41 * DAY, was_outcome=Outcome.SECTION_17,
                was_decided_at=FRIDAY, was_due_at=FRIDAY + DAY,
            )
        )  # fmt: skip
    assert archive(settings, FRIDAY + 120 * DAY) == 0
    with pytest.raises(Refused, match="section 17 assessment is not complete"):
        act(service.close, key, chair.actor, FRIDAY + 120 * DAY)
    complete(chair.actor, key, FRIDAY + 121 * DAY)
    assert archive(settings, FRIDAY + 121 * DAY) == 1


def complete(actor, key, at):
    with transaction() as session:
        referral = session.execute(select(Referral).where(Referral.ref == key.ref)).scalar_one()
        assessment.complete(session, actor, referral, at, at)


def test_a_closed_case_whose_assessment_is_not_complete_is_not_deleted(in_app):
    with transaction() as session:
        make_council(session)
        chair = make_releaser(session)
        referral = make_case(session, children=1)
        referral.state, referral.decided_at = ReferralState.DECIDED, FRIDAY
        referral.outcome = Outcome.ADVICE
        key = CaseKey(CaseKind.REFERRAL, referral.ref)
        service.close(session, chair.actor, key, FRIDAY)
        # As one stands that was archived before anybody asked for its assessment.
        referral.outcome, referral.assessment_due_at = Outcome.SECTION_17, FRIDAY + 63 * DAY
    with pytest.raises(Refused, match="section 17 assessment is not complete"):
        act(service.approve, key, chair.actor, "Its time is over.", LATER)
    settings = in_app.extensions["settings"]
    assert reopen_for_work(settings, LATER) == 1
    assert reopen_for_work(settings, LATER) == 0
