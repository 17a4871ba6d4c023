"""What agencies answer, or do not, moves what the first page asks for (A6, G1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import reading, transaction
from app.directory.models import Agency
from app.invitations.models import Invitation
from app.meetings.types import MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.checks import service as checks
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held, Unanswered
from app.referrals.letters.queries import letters
from app.referrals.letters.service import send
from app.referrals.lists.models import ListSitting
from app.referrals.lists.queries import entry
from app.referrals.lists.service import end_list, keep_said
from app.referrals.lists.types import Said
from app.referrals.models import Referral
from app.referrals.outcome.service import decide
from app.referrals.rating.service import rate
from app.referrals.types import (
    Outcome,
    Rating,
    RatingStage,
    ReferralState,
)
from tests.factories.checks import (
    SENDER,
    Fresh,
    asked_browser,
    mails,
    make_check,
    open_link,
    press,
    staff_actor,
)
from tests.factories.directory import make_settings
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral
from tests.integration.reports.first_page import line_of
from tests.page_form import form_of

SINCE = "An agency answered after the decision: read it"
REQUEST_LOST = "A request for information did not arrive"


@pytest.fixture
def asked(in_app):
    """A red referral in Sandwell, rated as it came in, and two agencies that were asked."""
    in_app.test_client_class = Fresh
    with transaction() as session:
        held = make_referral(session, received_at=now(), rating=Rating.RED)
        make_settings(session, "sandwell")
        rate(session, staff_actor(session), held, Rating.RED, "As it came in", now())
        return held, [make_check(session, held) for _ in range(2)]


def _fails(message_id: int | None) -> None:
    with transaction() as session:
        message = session.get_one(OutboxMessage, message_id)
        message.state, message.problem = MessageState.REFUSED, "No such mailbox."


def _answered(check) -> None:
    with transaction() as session:
        current = session.get_one(AgencyCheck, check.id)
        given = AnswerGiven(Held.NOTHING, "", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), current, given, now())


def test_answers_of_agencies_move_what_is_to_be_done_with_a_referral(asked, signed_in) -> None:
    """A5, A6; HO2014 Sandwell: rated again after the meeting that the answers are compiled for."""
    held, (first, second) = asked
    triage, other = signed_in(Role.TRIAGE), signed_in(Role.SOCIAL_WORKER)
    assert line_of(triage.get("/").text, held.ref).startswith("Decide on the referral")
    with transaction() as session:
        late = session.get_one(AgencyCheck, second.id)
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(minutes=121)
        agency = session.get_one(Agency, late.agency_id).name
    _answered(first)
    page = triage.get("/").text
    assert line_of(page, held.ref).startswith("An agency is late: chase it")
    assert f"{agency}: 2 hours" in line_of(page, held.ref)
    assert f'href="/referrals/{held.ref}/checks"' in page
    _answered(second)
    line = line_of(triage.get("/").text, held.ref)
    assert line.startswith("Read the answers, then hold the meeting on the referral")
    assert "All 2 agencies have answered." in line
    here = f"/referrals/{held.ref}"
    assert "/lists/LS-" in press(triage, here, f"{here}/meeting").location
    assert "Under way" in triage.get(here).text and f"{here}/meeting" not in triage.get(here).text
    assert triage.get(f"{here}/rating").text.count('value="before" checked') == 1
    with transaction() as session:
        sitting = session.query(ListSitting).one()
        said = Said("Health saw her twice", Outcome.SECTION_17, "A safe adult is there")
        actor = staff_actor(session)
        keep_said(session, actor, sitting, entry(session, sitting.id, 1), said, now())
        end_list(session, actor, sitting, "Ann, Bo", now())
    line = line_of(triage.get("/").text, held.ref)
    assert line.startswith("Read the answers, then rate the referral again")
    assert "The meeting on it has ended." in line
    assert f'href="{here}/rating">' in triage.get("/").text
    assert triage.get(f"{here}/rating").text.count('value="after" checked') == 1
    page = other.get(here).text  # what was said stands on the referral, for everybody who sees it
    assert "Health saw her twice" in page and "A safe adult is there" in page
    assert "/lists/" not in page.partition('id="met"')[2].partition("</section>")[0]
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        after = RatingStage.AFTER
        rate(session, staff_actor(session), current, Rating.GREEN, "Calm", now(), stage=after)
    assert line_of(triage.get("/").text, held.ref).startswith("Read the answers, then decide")
    assert held.ref in other.get("/").text.partition("Waits on colleagues")[2]


def test_a_late_answer_that_is_still_wanted_outlives_the_decision(asked, signed_in) -> None:
    held, (first, _second) = asked
    triage = signed_in(Role.TRIAGE)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        current.outcome, current.decided_at = Outcome.ADVICE, now()
        current.state = ReferralState.DECIDED
        late = session.get_one(AgencyCheck, first.id)
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(hours=1)
    assert held.ref not in triage.get("/").text
    with transaction() as session:
        session.get_one(AgencyCheck, first.id).wanted_because = "For the school"
    assert "An agency is late" in line_of(triage.get("/").text, held.ref)
    _answered(first)
    assert "An agency is late" not in line_of(triage.get("/").text, held.ref)


def test_requests_go_on_for_a_strategy_discussion_and_late_ones_are_chased(asked, signed_in):
    held, (first, _second) = asked
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
        late = session.get_one(AgencyCheck, first.id)
        late.asked_at, late.due_at = now() - timedelta(hours=9), now() - timedelta(hours=1)
    triage = signed_in(Role.TRIAGE)
    assert "An agency is late" in line_of(triage.get("/").text, held.ref)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        make_meeting(session, MeetingState.ENDED, at=now(), referral=current, invitees=0)
    # It is over, and nobody said what becomes of the requests: they are not left to themselves.
    assert "An agency is late" in line_of(triage.get("/").text, held.ref)
    here = f"/referrals/{held.ref}/checks/after"
    page = triage.get(f"/referrals/{held.ref}/checks").text
    assert "The strategy discussion is over." in page
    assert here in page
    assert triage.post(here, data=form_of(triage.get(here).text, "")).status_code == 303
    assert "An agency is late" not in triage.get("/").text
    assert triage.get(here).status_code == 303


def test_an_answer_after_the_decision_is_spoken_of_until_it_is_read(asked, signed_in) -> None:
    held, (first, second) = asked
    triage, desk = signed_in(Role.TRIAGE), signed_in(Role.ADMINISTRATOR)
    _answered(first)  # in time for the decision
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        because = Unanswered((second.ref,), (second.ref,), "The police know him")
        decide(
            session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now(),
            requests=because,
        )  # fmt: skip
    assert SINCE not in triage.get("/").text
    _answered(second)
    page = triage.get("/").text
    assert line_of(page, held.ref).startswith(SINCE) and "nothing held" in line_of(page, held.ref)
    assert SINCE in desk.get("/").text.partition("Waits on colleagues")[2]
    here = f"/referrals/{held.ref}/checks"
    assert f'href="{here}">{SINCE}' in page
    assert "After the decision" in triage.get(here).text
    assert "the decision stands" not in desk.get(here).text
    assert triage.post(f"{here}/read").status_code == 400
    assert press(triage, here, f"{here}/read").status_code == 303
    assert SINCE not in triage.get("/").text
    assert "After the decision" not in triage.get(here).text


def test_what_comes_while_somebody_reads_stays_unread(asked, signed_in) -> None:
    held, (first, second) = asked
    triage = signed_in(Role.TRIAGE)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
    _answered(first)
    here = f"/referrals/{held.ref}/checks"
    fields = form_of(triage.get(here).text, f"{here}/read")
    _answered(second)
    triage.post(f"{here}/read", data=fields)
    assert SINCE in triage.get("/").text


def test_a_decision_that_is_changed_was_taken_with_all_that_had_come(asked, signed_in) -> None:
    held, (first, _second) = asked
    triage = signed_in(Role.TRIAGE)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
    _answered(first)
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        actor, after, because = staff_actor(session), RatingStage.AFTER, "Nobody else is asked"
        rate(session, actor, current, Rating.RED, "So", now(), None, after, because)
        decide(session, actor, current, Outcome.SECTION_17, "So it is", now())
    assert SINCE not in triage.get("/").text


def test_the_discussions_pages_show_what_agencies_answered(asked, signed_in) -> None:
    held, (first, _second) = asked
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        ref = make_meeting(session, MeetingState.UNDER_WAY, at=now(), referral=current).ref
        check = session.get_one(AgencyCheck, first.id)
        given = AnswerGiven(Held.SOMETHING, "Known for arson", "Jo", "", AnswerVia.TELEPHONE)
        checks.answer(session, staff_actor(session), check, given, now())
    chair = signed_in(Role.CHAIR)
    for page in (f"/discussions/{ref}", f"/discussions/{ref}/hold"):
        text = chair.get(page).text
        assert "What 1 agency answered" in text and "Known for arson" in text


def test_a_request_that_did_not_arrive_is_sent_to_another_address(app, asked, signed_in) -> None:
    held, (check, _other) = asked
    triage, worker = signed_in(Role.TRIAGE), signed_in(Role.SOCIAL_WORKER)
    assert REQUEST_LOST not in triage.get("/").text
    lost = check.message_id
    _fails(lost)
    page = triage.get("/").text
    assert f'href="/referrals/{held.ref}/checks">{REQUEST_LOST}' in page
    assert "No such mailbox. Telephone 01632" in page
    page = worker.get("/").text
    assert held.ref in page
    assert REQUEST_LOST not in page
    here = f"/referrals/{held.ref}/checks"
    assert "The mail did not arrive." in triage.get(here).text
    with transaction() as session:
        old = session.get_one(AgencyCheck, check.id).invitation_id
        token = open_link(session, old)
    again = f"{here}/{check.ref}/send-again"
    bad = press(triage, again, again, email="nobody")
    assert bad.status_code == 422
    fields = form_of(triage.get(again).text, again) | {"email": "right@health.example"}
    assert triage.post(again, data=fields).status_code == 303
    assert triage.post(again, data=fields).status_code == 303
    letters = mails(reading(), "request")
    assert [one.recipient for one in letters][-1] == "right@health.example"
    assert len(letters) == 3
    # The link that may have reached a stranger is dead, with whatever it had opened.
    assert asked_browser(app, token).get("/request").status_code == 401
    assert reading().get_one(Invitation, old).revoked_at is not None
    assert reading().get_one(OutboxMessage, lost).seen_at is not None
    page = triage.get("/").text
    assert REQUEST_LOST not in page
    assert "The mail did not arrive." not in triage.get(here).text
    _fails(mails(reading(), "request")[-1].id)
    _answered(check)
    assert REQUEST_LOST not in triage.get("/").text


def test_a_letter_that_did_not_arrive_is_written_again_or_seen_to(asked, signed_in) -> None:
    held, _checks = asked
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        current.referrer_email = "first@oakfield.example"
        decide(session, staff_actor(session), current, Outcome.STRATEGY_DISCUSSION, "Harm", now())
        letter = send(session, staff_actor(session), current, "referrer", "", SENDER, now(), "")
    triage = signed_in(Role.TRIAGE)
    lost = "A letter about a referral did not arrive"
    assert lost not in triage.get("/").text
    _fails(letter.message_id)
    here = f"/referrals/{held.ref}/letters"
    assert f'href="{here}">{lost}' in triage.get("/").text
    assert "Did not arrive" in triage.get(here).text
    with transaction() as session:
        current = session.get_one(Referral, held.id)
        current.referrer_email = "second@oakfield.example"
        actor, seen = staff_actor(session), letter.ref
        send(session, actor, current, "referrer", "", SENDER, now(), seen)
    assert lost not in triage.get("/").text
    _fails(mails(reading(), "outcome")[-1].id)
    assert lost in triage.get("/").text
    [newest, *_] = letters(reading(), held.id)
    seen = f"{here}/{newest.letter.ref}/seen"
    assert press(triage, here, seen).status_code == 303
    assert lost not in triage.get("/").text
