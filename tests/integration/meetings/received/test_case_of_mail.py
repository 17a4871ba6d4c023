"""To which case a mail belongs, whoever sent it; a restricted one's is read by its readers alone
(D6, H2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import now
from app.core.crypto import new_reference
from app.invitations.models import Invitation
from app.invitations.replies.reading import read_mail
from app.meetings.models import Meeting
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.meetings.received import service
from app.meetings.received.models import ReceivedMail
from app.outbox.models import OutboxMessage
from app.outbox.service import enqueue
from app.outbox.types import MessageState
from app.protocols.types import FormKind
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterTo
from app.referrals.models import Referral, ReferralDecision
from app.referrals.types import Outcome
from tests.factories.checks import make_check
from tests.factories.delivery_reports import returned
from tests.factories.mail import make_message
from tests.factories.replies import Said, plain
from tests.integration.meetings.restricted.conftest import case, hidden, someone

__all__ = ["case", "hidden", "someone"]
STRANGER = Said(email="duty.sergeant@police.example")
SAID = "The father has been seen at the school"
KINDS = ("form", "request", "letter")


def letter_out(session, kind: str, referral: Referral, meeting: Meeting) -> tuple[str, str]:
    """The Message-ID of a letter about the case that left, and its reference if it has one."""
    if kind == "request":
        asked = make_check(session, referral, now())
        sent = session.get_one(OutboxMessage, asked.message_id)
        sent.state = MessageState.SENT
        return sent.message_id, asked.ref
    sent = enqueue(session, make_message(STRANGER.email), now())
    sent.state = MessageState.SENT
    if kind == "form":
        session.add(
            SentForm(
                meeting_id=meeting.id, kind=FormKind.POLICE_REQUEST, number=1, name="Form 87A",
                pdf=b"%PDF", sha256="0" * 64, email=STRANGER.email, attached=True,
                invitation_id=None, message_id=sent.id, sent_at=now(),
                sent_by_id=meeting.chair_id, state=FormState.SENT, chase_at=None, chases=0,
                settled_at=None, reply=None,
            )
        )  # fmt: skip
        session.flush()
        return sent.message_id, meeting.ref
    decision = ReferralDecision(
        referral_id=referral.id, outcome=Outcome.STRATEGY_DISCUSSION, reason="x",
        decided_at=now(), decided_by_id=meeting.chair_id,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    invitation = session.execute(select(Invitation).limit(1)).scalar_one()
    ref = new_reference("LT")
    session.add(
        ReferralLetter(
            ref=ref, referral_id=referral.id, decision_id=decision.id, arrival_id=None,
            to=LetterTo.REFERRER, child_id=None, name="A", content="{}",
            invitation_id=invitation.id, message_id=sent.id, sent_by_id=meeting.chair_id,
            sent_at=now(), opened_at=None,
        )
    )  # fmt: skip
    session.flush()
    return sent.message_id, ref


def comes_in(change, kind, refs, way) -> str:
    """Somebody whose address is not on file writes about a letter of this kind; the mail's
    reference."""
    referral_ref, meeting_ref, *_ = refs
    with change() as session:
        meeting = session.execute(select(Meeting).where(Meeting.ref == meeting_ref)).scalar_one()
        referral = session.execute(
            select(Referral).where(Referral.ref == referral_ref)
        ).scalar_one()
        message_id, ref = letter_out(session, kind, referral, meeting)
    raw = {
        "answers": lambda: plain(STRANGER, SAID, SAID, extra=f"In-Reply-To: {message_id}\n"),
        "names": lambda: plain(STRANGER, f"{SAID}: {ref}", SAID),
        "returned": lambda: returned(message_id, STRANGER.email),
    }[way]()
    with change() as session:
        return service.take_in(session, read_mail(raw), raw, now()).ref


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["answers", "names"])
def test_mail_about_a_restricted_case_is_read_by_its_readers_alone(
    change, hidden, someone, kind, way
):
    ref = comes_in(change, kind, hidden, way)
    outside, reader = someone(Role.ADMINISTRATOR), someone(hidden[2])
    for path in (f"/mail/{ref}", f"/mail/{ref}/original"):
        answer = outside.get(path)
        assert answer.status_code == 303 and "/mail/" in answer.location
        assert SAID not in answer.text
        assert reader.get(path).status_code == 200
    listed = outside.get("/mail").text
    assert (hidden[1] if kind == "form" else hidden[0]) in listed
    assert SAID not in listed and STRANGER.email not in listed
    assert SAID in reader.get("/mail").text and SAID in reader.get(f"/mail/{ref}").text


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_back_belongs_to_the_case_of_the_letter(change, hidden, someone, kind):
    ref = comes_in(change, kind, hidden, "returned")
    assert someone(Role.ADMINISTRATOR).get(f"/mail/{ref}").status_code == 303
    assert someone(hidden[2]).get(f"/mail/{ref}").status_code == 200


@pytest.mark.parametrize("way", ["answers", "names"])
@pytest.mark.parametrize(("kind", "place"), [("form", 1), ("request", 0), ("letter", 0)])
def test_a_mail_leads_to_its_case(change, case, someone, kind, place, way):
    ref = comes_in(change, kind, case, way)
    desk = someone(Role.ADMINISTRATOR)
    path = f"/{'discussions' if place else 'referrals'}/{case[place]}"
    assert f'href="{path}"' in desk.get(f"/mail/{ref}").text
    assert case[place] in desk.get("/mail").text


def test_an_unknown_address_that_names_a_discussion_belongs_to_it(change, case, someone):
    raw = plain(STRANGER, f"Re: Invitation: multi-agency meeting {case[1]}", SAID)
    with change() as session:
        ref = service.take_in(session, read_mail(raw), raw, now()).ref
        row = session.execute(select(ReceivedMail).where(ReceivedMail.ref == ref)).scalar_one()
        assert row.invitee_id is None
        assert session.get_one(Meeting, row.meeting_id).ref == case[1]
        assert row.referral_id is None


def test_what_names_nothing_belongs_to_nobody(change, case, someone):
    raw = plain(STRANGER, "Re: SD-AAAA-BBBB", SAID, extra="In-Reply-To: <other@example.org>\n")
    with change() as session:
        ref = service.take_in(session, read_mail(raw), raw, now()).ref
        row = session.execute(select(ReceivedMail).where(ReceivedMail.ref == ref)).scalar_one()
        assert row.meeting_id is row.referral_id is row.invitee_id is None
    assert someone(Role.ADMINISTRATOR).get(f"/mail/{ref}").status_code == 200
