"""Taking a record back, and what nobody may read by a link any more (F5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup

from app.accounts.types import Role
from app.audit.models import AuditEntry
from app.core.clock import words_for_moment
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.guests.page import page_for
from app.guests.types import Visitor
from app.invitations.models import Invitation
from app.invitations.types import Guest
from app.invitations.wording import forbidden_words
from app.meetings.discussion.models import Action
from app.meetings.messages import tell_owners
from app.meetings.models import Delivery, Meeting
from app.meetings.types import ActionState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import circulation, ledger, queries, releasing, rules, service, worker
from app.records.models import Circulation, RecordCopy
from app.records.recall.page import recall_page
from app.records.recall.service import close, recall
from app.records.sealing import certificates_of
from app.records.types import Found
from app.records.verification import verify_file
from app.referrals.models import Referral
from app.referrals.sender import Sender
from app.reports.queries import work
from app.reports.types import WorkKind
from app.reports.undelivered import not_arrived
from app.retention.cases import facts_of, rows_of
from app.retention.types import CaseKey, CaseKind
from tests.factories.records import make_releaser, make_signed, sign_as_chair
from tests.integration.records.circulating import (
    AFTER,
    GUEST,
    LATER,
    deliver,
    pdf_of,
    release,
    released,
    settings_of,
)
from tests.page_form import form_of

SENDER = Sender("rna-desk@example.org", "http://desk.example.org")


def circulated(app: Flask) -> tuple[int, int, int]:
    """A record of which two were told and one, the second, has opened it."""
    meeting = released(app, invitees=2)
    worker.make_copies(settings_of(app), LATER)
    with transaction() as session:
        deliver(session)
        first, second = (one.id for one in session.get_one(Meeting, meeting.id).invitees)
        circulation.mark_opened(session, GUEST, second, LATER)
    return meeting.id, first, second


def test_a_recalled_record_is_opened_by_nobody_and_those_who_had_it_are_told(
    in_app: Flask,
) -> None:
    meeting_id, first, second = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        file = circulation.copy_for_invitee(session, second)
        assert file is not None
        old = [one.invitation_id for one in meeting.invitees]
        staff = make_releaser(session)
        assert recall(session, staff, meeting, 1, "The wrong family", SENDER, LATER).told == 2
        for invitee in (first, second):
            assert circulation.record_for_invitee(session, invitee) is None
            assert circulation.copy_for_invitee(session, invitee) is None
        assert all(session.get_one(Invitation, one).revoked_at == LATER for one in old)
        assert not set(old) & {one.invitation_id for one in meeting.invitees}
        letters = session.query(OutboxMessage).filter_by(kind="record_recalled").all()
        assert len(letters) == 2
        for letter in letters:
            assert letter.content is not None
            assert forbidden_words(letter.subject + letter.content.decode()) is None
            assert "wrong family" not in letter.content.decode()
        row = session.query(AuditEntry).filter_by(action="recalled the record").one()
        assert "wrong family" not in repr(row.details)
        verdict = verify_file(session, file.pdf, certificates_of(settings_of(in_app)))
        assert verdict.found is Found.RECALLED
        assert "recalled" in rules.verdict_words(verdict)[0]


def test_the_page_behind_the_link_says_that_the_record_was_recalled(in_app: Flask) -> None:
    """D4, F5: it is where the letter leads."""
    meeting_id, first, _ = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        visitor = Visitor(
            Guest(0, 0, "", False, None, None, LATER, None),
            first,
            meeting_id,
            meeting.ref,
            "Police",
        )
        assert page_for(session, visitor).stage.endswith("its record is signed.")
        recall(session, make_releaser(session), meeting, 1, "The wrong family", SENDER, LATER)
        assert "recalled: delete your copy" in page_for(session, visitor).stage


@pytest.mark.parametrize(("after", "ends"), [(1, 14), (13, 14), (14, 28), (20, 34)])
def test_the_link_that_tells_of_a_recall_has_an_end(in_app: Flask, after: int, ends: int) -> None:
    """14 days after the record; where they are over, after the recall (D3)."""
    held = released(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, held.id)
        first, second = meeting.invitees
        session.query(Circulation).update({Circulation.opened_at: LATER})
        action = session.query(Action).filter_by(owner_id=second.id).one()
        action.state, action.closed_at = ActionState.DONE, LATER
        at = AFTER + timedelta(days=after)
        assert recall(session, make_releaser(session), meeting, 1, "Wrong", SENDER, at).told == 2
        found = [session.get_one(Invitation, one.invitation_id) for one in (first, second)]
        # The first has an action that is still open.
        assert [one.expires_at for one in found] == [None, AFTER + timedelta(days=ends)]


def test_what_has_not_left_is_taken_back_and_its_reader_not_troubled(in_app: Flask) -> None:
    meeting = released(in_app, invitees=2)
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        assert recall(session, make_releaser(session), held, 1, "Wrong", SENDER, LATER).told == 0
        states = {row.state for row in session.query(OutboxMessage).filter_by(kind="record")}
        assert states == {MessageState.WITHDRAWN}
        # They are not told of the record, and find their actions by a link that opens (E3); the
        # chair sees theirs on their own pages.
        assert session.query(OutboxMessage).filter_by(kind="record_recalled").count() == 0
        assert session.query(OutboxMessage).filter_by(kind="actions").count() == 1
        chair, owner = held.invitees
        assert chair.invitation_id is None
        link = session.get_one(Invitation, owner.invitation_id)
        assert (link.revoked_at, link.expires_at) == (None, None)


def test_whom_no_letter_tells_is_named_before_and_after_a_recall(in_app: Flask, signed_in) -> None:
    """A copy that was withheld may have been read to its reader (F5, C5, G1)."""
    heard = "Read to her by telephone"
    with transaction() as session:
        held, _ = make_signed(session, settings_of(in_app), AFTER, invitees=3, children=1)
        _, told, untold = held.invitees
        release(session, held, {untold.id: heard})
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliver(session)
    path = f"/discussions/{held.ref}/record"
    chair = signed_in(Role.CHAIR)
    page = chair.get(f"{path}/recall").text
    not_told = page.partition("Not told by email")[2].partition("</ul>")[0]
    assert untold.name in not_told
    assert heard in not_told
    assert told.name not in not_told
    said = dict(form_of(page, f"{path}/recall")) | {"reason": "The wrong family"}
    assert chair.post(f"{path}/recall", data=said).status_code == 303
    after = chair.get(f"{path}/circulate").text
    assert f"No letter tells {untold.name}: telephone them." in after
    ledger = after.partition('id="ledger"')[2]
    assert f"No letter tells {untold.name}, {untold.agency_name}: <a" in ledger
    row = reading().query(AuditEntry).filter_by(action="recalled the record").one()
    assert row.details["not_by_email"] == [untold.id]


def test_the_ledger_and_the_clock_say_what_was_withheld_and_recalled_since(
    in_app: Flask, signed_in
) -> None:
    """Neither says that everybody has what nobody is to have (F2, F5)."""
    with transaction() as session:
        held, _ = make_signed(session, settings_of(in_app), AFTER, invitees=3, children=1)
        release(session, held, {held.invitees[2].id: "Works there"})
    worker.make_copies(settings_of(in_app), LATER)
    with transaction() as session:
        deliver(session)
    assert worker.note_circulated(settings_of(in_app), LATER) == 1
    chair = signed_in(Role.CHAIR)
    path = f"/discussions/{held.ref}/record"

    def said(page: str = "/circulate") -> str:
        return Markup(chair.get(f"{path}{page}").text).striptags()

    last = words_for_moment(LATER)
    sent = f"Everybody who gets a copy was sent it; the last left {last}. 1 is withheld."
    assert sent in said()
    assert "Everybody was sent their copy" not in said()
    assert "recalled since" not in said() + said("")
    with transaction() as session:
        meeting = session.get_one(Meeting, held.id)
        recall(session, make_releaser(session), meeting, 1, "Wrong", SENDER, LATER)
    for page in ("/circulate", ""):
        assert "Met, recalled since" in said(page)
    with transaction() as session:
        meeting = session.get_one(Meeting, held.id)
        close(session, make_releaser(session), meeting, "None follows", LATER)
    assert f"It was with everyone {last}. Nobody is to have it now." in said()


def test_a_letter_that_recalls_the_record_is_not_called_the_record(
    in_app: Flask, signed_in
) -> None:
    """The row of each reader, and what did not arrive, say which letter it was (D7, F5)."""
    meeting_id, _, _ = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        recall(session, make_releaser(session), meeting, 1, "The wrong family", SENDER, LATER)
        letters = session.query(OutboxMessage).filter_by(kind="record_recalled").all()
        letters[0].state, letters[0].sent_at = MessageState.SENT, LATER
        letters[1].state = MessageState.BOUNCED
    page = Markup(signed_in(Role.CHAIR).get(f"/discussions/{meeting.ref}").text).striptags()
    assert page.count("Record: sent") == 2
    assert page.count("Recall: sent") == 1
    assert page.count("Recall: came back") == 1
    assert [one.what for one in not_arrived(reading())] == ["Recall"]


def test_whoever_a_letter_or_a_link_reached_before_is_told_by_email(in_app: Flask) -> None:
    meeting_id, first, second = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        staff = make_releaser(session)
        service.correct(session, staff, meeting, "A wrong date", LATER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        release(session, meeting, {first: "Works there", second: "Works there"})
        assert recall_page(session, meeting).not_by_email == ()
        assert recall(session, staff, meeting, 2, "Wrong", SENDER, LATER) == (2, ())


def test_an_owner_whose_copy_was_withheld_still_finds_their_actions(in_app: Flask) -> None:
    with transaction() as session:
        held, _ = make_signed(session, settings_of(in_app), AFTER, invitees=3, children=1)
        _, owner, idle = held.invitees
        for action in session.query(Action).filter_by(owner_id=owner.id):
            action.told_at = None
        assert tell_owners(session, held, SENDER, AFTER) == 1
        session.query(Action).filter_by(owner_id=idle.id).update(
            {Action.state: ActionState.DONE, Action.closed_at: AFTER}
        )
        release(session, held, {owner.id: "Works there", idle.id: "Works there"})
        dead = owner.invitation_id
        recall(session, make_releaser(session), held, 1, "Wrong", SENDER, LATER)
        waiting = session.query(OutboxMessage).filter_by(state=MessageState.QUEUED)
        letters = [one.id for one in waiting if one.kind == "actions"]
        told = session.query(Delivery).filter(Delivery.message_id.in_(letters))
        # The one that waited led to the link that is dead.
        assert [one.invitee_id for one in told] == [owner.id]
        assert owner.invitation_id not in (None, dead)
        assert idle.invitation_id is None


def test_copies_not_made_yet_are_not_made_any_more(in_app: Flask) -> None:
    meeting = released(in_app, invitees=2)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        recall(session, make_releaser(session), held, 1, "Wrong", SENDER, LATER)
    assert worker.make_copies(settings_of(in_app), LATER) == 0


def test_a_recalled_version_is_not_sent_again_and_its_correction_is_read(in_app: Flask) -> None:
    meeting_id, first, second = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        staff = make_releaser(session)
        recall(session, staff, meeting, 1, "Wrong", SENDER, LATER)
        line = ledger.ledger_of(session, queries.newest_version(session, meeting_id).id)[0]
        for again in (releasing.send_again, releasing.release_after_all):
            with pytest.raises(Refused, match="recalled"):
                again(session, staff, meeting, line.circulation_id, LATER)
        with pytest.raises(Refused, match="recalled already"):
            recall(session, staff, meeting, 1, "Wrong", SENDER, LATER)
        file = session.query(RecordCopy).filter_by(invitee_id=second).one()
        service.correct(session, staff, meeting, "The wrong family", LATER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        # That it was recalled is not hidden by its correction: who has it is to delete it.
        verdict = verify_file(session, pdf_of(session, file), certificates_of(settings_of(in_app)))
        assert verdict.found is Found.RECALLED
        assert "version 2 has taken its place" in " ".join(rules.verdict_words(verdict)[1])
        # What was recalled stays closed while the correction is on its way.
        assert circulation.record_for_invitee(session, second) is None
        release(session, meeting)
    assert worker.make_copies(settings_of(in_app), LATER) == 2
    with transaction() as session:
        for invitee in (first, second):
            record = circulation.record_for_invitee(session, invitee)
            assert record is not None
            assert record.version == 2


def test_whoever_has_an_earlier_version_alone_is_told_too(in_app: Flask) -> None:
    meeting_id, first, second = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        staff = make_releaser(session)
        service.correct(session, staff, meeting, "A wrong date", LATER)
        sign_as_chair(session, settings_of(in_app), meeting, LATER)
        release(session, meeting)
        # The corrected copy never went to the second reader, who has the first version.
        version = queries.newest_version(session, meeting_id)
        session.query(Circulation).filter_by(version_id=version.id, invitee_id=second).delete()
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        recall(session, staff, meeting, 2, "The wrong family", SENDER, LATER)
        row = session.query(AuditEntry).filter_by(action="recalled the record").one()
        assert row.details["told"] == [first, second]
        assert circulation.record_for_invitee(session, second) is None


def test_a_recall_takes_the_earlier_versions_back_and_tells_nobody_twice(in_app: Flask) -> None:
    meeting_id, first, second = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        staff = make_releaser(session)
        earlier = session.query(RecordCopy).filter_by(invitee_id=second).one()
        for reason, told in (("A wrong date", [first, second]), ("A wrong name", [first])):
            service.correct(session, staff, meeting, reason, LATER)
            sign_as_chair(session, settings_of(in_app), meeting, LATER)
            release(session, meeting)
            # The second reader has the first version alone.
            version = queries.newest_version(session, meeting_id)
            session.query(Circulation).filter_by(version_id=version.id, invitee_id=second).delete()
            page = recall_page(session, meeting)
            assert (page.number, page.recallable) == (version.number, True)
            assert (page.earlier, page.readers) == (((1,), 2) if second in told else ((), 1))
            # Whoever opened the first version alone is telephoned as well.
            assert len(page.had_opened) == (second in told)
            recall(session, staff, meeting, version.number, reason, SENDER, LATER)
            assert not recall_page(session, meeting).recallable
            row = session.query(AuditEntry).filter_by(action="recalled the record")
            details = row.order_by(AuditEntry.id.desc()).first().details
            assert details["told"] == told
            # What they were told is what the file is found to be.
            pdf = pdf_of(session, earlier)
            verdict = verify_file(session, pdf, certificates_of(settings_of(in_app)))
            assert verdict.found is Found.RECALLED
        assert details["earlier_versions"] == []


def test_without_a_reason_or_a_release_nothing_is_recalled(in_app: Flask) -> None:
    meeting_id, _, _ = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        with pytest.raises(Refused) as refused:
            recall(session, make_releaser(session), meeting, 1, " ", SENDER, LATER)
        assert refused.value.field == "reason"
        with pytest.raises(Refused):
            recall(session, make_releaser(session), meeting, 2, "Wrong", SENDER, LATER)


def test_the_page_names_who_opened_it_and_the_ledger_says_that_it_was_recalled(
    in_app: Flask, signed_in
) -> None:
    meeting_id, _, second = circulated(in_app)
    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        name = next(one.name for one in meeting.invitees if one.id == second)
    path = f"/discussions/{meeting.ref}/record"
    chair = signed_in(Role.CHAIR)
    assert "Recall this record" in chair.get(f"{path}/circulate").text
    page = chair.get(f"{path}/recall")
    assert "the links of 2 people, and every page that is open on them" in page.text
    assert "as well, for those who have nothing newer" not in page.text
    assert name in page.text.partition("Opened already")[2]
    token = dict(form_of(page.text, f"{path}/recall"))
    assert chair.post(f"{path}/recall", data=token).status_code == 422
    answer = chair.post(f"{path}/recall", data=token | {"reason": "The wrong family"})
    assert answer.status_code == 303
    ledger = chair.get(f"{path}/circulate").text
    assert "This version was recalled" in ledger
    assert f"Opened before by {name}" in ledger
    assert "Send again" not in ledger
    assert "This version was recalled" in chair.get(path).text


HAD = "Who had the recalled record"
CLOSE = "Close it: no corrected record follows"
OFFERED = (
    HAD, "Circulate the record", "Who has read the record", "Correct this record", CLOSE,
    "Correct the recalled record", "Correct or close the recalled record",
)  # fmt: skip


def said_of(answer: Any) -> set[str]:
    """What a page offers to do with the record."""
    main = answer.text.partition("<main")[2]
    return {words for words in OFFERED if f">{words}</a>" in main}


def test_the_desk_circulates_nothing_that_was_recalled(in_app: Flask, signed_in) -> None:
    meeting = released(in_app)
    with transaction() as session:
        held = session.get_one(Meeting, meeting.id)
        recall(session, make_releaser(session), held, 1, "Wrong", SENDER, LATER)
    desk = signed_in(Role.ADMINISTRATOR)
    for page in ("", "/record"):
        assert said_of(desk.get(f"/discussions/{meeting.ref}{page}")) == {HAD}


def test_a_recalled_record_is_corrected_or_closed_with_a_reason(in_app: Flask, signed_in) -> None:
    meeting_id, _, _ = circulated(in_app)
    chair = signed_in(Role.CHAIR)

    def waits() -> list[WorkKind]:
        reading().rollback()
        kinds = [WorkKind.CIRCULATE, WorkKind.RECALLED]
        return [row.kind for row in work(reading(), kinds, LATER, LATER, None)]

    def not_with_everyone() -> int:
        key = CaseKey(CaseKind.REFERRAL, ref)
        return facts_of(reading(), rows_of(reading(), key)).records_not_circulated

    with transaction() as session:
        meeting = session.get_one(Meeting, meeting_id)
        path = f"/discussions/{meeting.ref}/record"
        ref = session.get_one(Referral, meeting.referral_id).ref
        with pytest.raises(Refused, match="not recalled"):
            close(session, make_releaser(session), meeting, "None follows", LATER)
        recall(session, make_releaser(session), meeting, 1, "The wrong family", SENDER, LATER)
    assert worker.note_circulated(settings_of(in_app), LATER) == 0
    assert (waits(), not_with_everyone()) == ([WorkKind.RECALLED], 1)
    assert "close it with a reason" in chair.get(f"{path}/circulate").text
    discussion = f"/discussions/{meeting.ref}"
    assert said_of(chair.get(path)) == {"Correct the recalled record", HAD, CLOSE}
    assert said_of(chair.get(discussion)) == {"Correct or close the recalled record", HAD}
    token = dict(form_of(chair.get(f"{path}/recall/close").text, f"{path}/recall/close"))
    assert chair.post(f"{path}/recall/close", data=token).status_code == 422
    said = token | {"reason": "The family was never to be discussed"}
    assert chair.post(f"{path}/recall/close", data=said).status_code == 303
    assert chair.post(f"{path}/recall/close", data=said).status_code == 422
    assert (waits(), not_with_everyone()) == ([], 0)
    assert said_of(chair.get(path)) == {HAD, "Correct this record"}
    assert "Who will get it" not in chair.get(path).text
    assert said_of(chair.get(discussion)) == {HAD}
    page = chair.get(f"{path}/circulate").text
    assert '<h1 class="govuk-heading-l">Circulation of the recalled record</h1>' in page
    assert "no corrected record follows" in page
    assert "The family was never to be discussed" in page
    assert "close it with a reason" not in page
    with transaction() as session:
        row = session.query(AuditEntry).filter_by(action="closed the recalled record").one()
        assert "never" not in repr(row.details)
        held = session.get_one(Meeting, meeting_id)
        service.correct(session, make_releaser(session), held, "After all", LATER)
        sign_as_chair(session, settings_of(in_app), held, LATER)
    assert (waits(), not_with_everyone()) == ([WorkKind.CIRCULATE], 1)
    assert said_of(chair.get(path)) == {"Circulate the record", "Correct this record"}
    assert "Who will get it" in chair.get(path).text
    assert said_of(chair.get(discussion)) == {"Circulate the record"}
