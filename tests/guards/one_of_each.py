"""Two discussions and one of everything that an address can name, for the guards of every route.

Addresses lead to what belongs to the second discussion, or to somebody else. Whoever comes from
outside has something of the first, which is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import KeptForm, StaffSession
from app.accounts.types import Role
from app.core.clock import london_date
from app.core.crypto import new_reference, new_token, token_digest
from app.directory.models import Professional
from app.invitations.models import Invitation
from app.invitations.replies.types import MailKind
from app.invitations.service import new_link
from app.meetings.after import service as after
from app.meetings.after.types import Step
from app.meetings.discussion.models import Action, Dissent
from app.meetings.escalation import service as escalation
from app.meetings.models import Meeting, Report
from app.meetings.papers.models import SentForm
from app.meetings.papers.types import FormState
from app.meetings.received.models import ReceivedMail
from app.meetings.received.types import Outcome as Became
from app.meetings.received.types import Why
from app.meetings.restricted.models import BrokenGlass
from app.meetings.types import ActionState, MeetingState, ReportVia
from app.outbox.models import OutboxMessage
from app.protocols.types import FormKind
from app.records import releasing
from app.records.models import Circulation
from app.referrals.arrivals import service as arrivals
from app.referrals.checks.models import AgencyCheck
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterTo
from app.referrals.models import Child, Referral, ReferralDecision
from app.referrals.outcome.types import FilterReason
from app.referrals.public import service as public
from app.referrals.public.models import Arrival, ArrivalFile
from app.referrals.public.types import Told
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Outcome
from app.reports.quality.feedback.models import FeedbackLink
from app.reports.quality.near_misses import service as near_misses
from app.reports.quality.near_misses.types import NearMissKind
from app.reports.quality.periods import month_before, quarter_before
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.search.models import SearchAsked
from app.reports.wall.service import Made, make_display
from app.reports.wall.types import Screen
from tests.factories.abuse import actor_of, make_abuse_case, make_list, series_of
from tests.factories.accounts import make_staff, open_session
from tests.factories.arrivals import YOU, make_arrival
from tests.factories.checks import make_check, open_link
from tests.factories.guests import make_guest_session, make_link
from tests.factories.meetings import make_meeting
from tests.factories.records import make_releaser, make_signed

CANARY = "Quillfeather Rise"
# Of a case on a list, which stands for the list alone.
LIST_CANARY = "Thistlecombe heard glass break"


@dataclass(frozen=True)
class Filled:
    """What an application was filled with. A value is looked for by endpoint and name, then by
    blueprint and name, then by name; a `ref` by the longest beginning of its address."""

    refs: dict[str, str]
    values: dict[str, str]
    own: dict[str, dict[str, str]]  # by visitor, what is theirs, by endpoint and name
    staff: dict[Role, int]
    tokens: dict[str, str]  # by visitor from outside, of their cookie
    display: Made  # theirs


def fill(session: Session, app: Flask, moment: datetime) -> Filled:
    """Make everything, in one transaction."""
    first = make_meeting(session, MeetingState.BOOKED, 3, at=moment)
    second = make_meeting(session, MeetingState.ENDED, 4)
    staff = {role: make_staff(session, role).id for role in Role}
    referral = session.get_one(Referral, second.referral_id)
    refs, values, own = {}, {}, {}
    refs |= {"/referrals/": referral.ref, "/discussions/": second.ref}
    mine = _of_discussion(session, first, moment, "What is theirs")
    own["invitee"] = {
        "guests.progress.number": mine["action_id"],
        "guests.report_file.number": mine["report_id"],
    }
    values |= _of_discussion(session, second, moment, CANARY)
    values |= _of_referral(session, referral, second, moment)
    values |= _of_directory(session, second)
    refs["/discussions/<ref>/record"], signed = _record(session, app, moment)
    values |= signed
    refs["/mail/"] = _mail(session, moment)
    refs["/referrals/<ref>/as-sent"], values["arrivals.number"] = _arrival(session, moment)
    refs["/referrals/<ref>/as-sent/letter"] = _closed_arrival(session, moment)
    after.follow(session, actor_of(session), second, moment)
    values |= _of_quality(session, referral, staff, moment)
    values |= _of_one_person(session, referral, moment)
    abuse = make_abuse_case(session, account=LIST_CANARY, at=moment)
    refs |= {"/domestic-abuse/": abuse.ref, "/lists/": make_list(session, moment).ref}
    values |= {"lists.entry.number": "1", "series_id": series_of().id}
    other = make_display(session, actor_of(session), "Team room", Screen.TRIAGE, moment)
    display = make_display(session, actor_of(session), "Here", Screen.TRIAGE, moment)
    values |= {"wall_displays.number": str(other.id), "wall.screen.number": str(other.id)}
    own["display"] = {"wall.screen.number": str(display.id)}
    values |= _links(session, second, moment)
    draft = public.start(session, Told(you=YOU), "192.0.2.0/24", moment)
    held = session.execute(select(Arrival).where(Arrival.token_digest == token_digest(draft)))
    own["referrer"] = {"refer.remove_file.number": _file(session, held.scalar_one(), moment)}
    # A place on their own form, whosever it is.
    values |= {"refer.key": "1", "refer.number": values["arrivals.number"]}
    tokens = {
        "invitee": make_guest_session(session, first.invitees[1]),
        "referrer": draft,
        "asked or written to": open_link(session, _check(session, first).invitation_id),
        "form reader": open_link(session, _sent_form(session, first, moment)),
        "half signed in": _half_signed_in(session, moment),
    }
    return Filled(refs, values, own, staff, tokens, display)


def _of_discussion(
    session: Session, meeting: Meeting, moment: datetime, words: str
) -> dict[str, str]:
    invitee = meeting.invitees[1]
    child = session.get_one(Child, meeting.children[0].child_id)
    action = Action(
        meeting_id=meeting.id, child_id=None, what=words, why=None, owner_id=invitee.id,
        due_at=moment, state=ActionState.OPEN, progress=None, closed_at=None, removed_at=None,
        added_by_id=meeting.chair_id or 0, added_at=moment, told_at=meeting.ended_at,
    )  # fmt: skip
    report = Report(
        invitee_id=invitee.id, body=words, file=words.encode(), file_name="report.pdf",
        media_type="application/pdf", via=ReportVia.LINK, added_by_id=None, received_at=moment,
    )  # fmt: skip
    dissent = Dissent(
        meeting_id=meeting.id, invitee_id=invitee.id, what=words, why=None, recorded_by_id=None,
        recorded_at=moment, struck_at=None, struck_by_id=None, struck_reason=None,
    )  # fmt: skip
    session.add_all([action, report, dissent])
    session.flush()
    opened = escalation.open_for(session, meeting, dissent, moment)
    _sent_form(session, meeting, moment)
    session.flush()
    return {
        "invitee_id": str(invitee.id),
        "child_ref": child.ref,
        "action_id": str(action.id),
        "record_actions.number": str(action.id),
        "guests.progress.number": str(action.id),
        "guests.number": str(report.id),
        "report_id": str(report.id),
        "escalation_id": str(opened.id),
        "step": Step.CONFERENCE.value,
        "kind": FormKind.MEDICAL.value,
        "papers.number": "1",
    }


def _of_referral(
    session: Session, referral: Referral, meeting: Meeting, moment: datetime
) -> dict[str, str]:
    child = referral.children[0]
    match = ChildMatch(
        child_id=child.child_id, other_id=None, given="{}", before="{}", moved={}, reason=CANARY,
        said_by_id=meeting.chair_id or 0, said_at=moment, undo_reason=None, undone_by_id=None,
        undone_at=None,
    )  # fmt: skip
    decision = ReferralDecision(
        referral_id=referral.id, outcome=Outcome.STRATEGY_DISCUSSION, reason=CANARY,
        agency_id=None, decided_by_id=referral.recorded_by_id, decided_at=moment,
    )  # fmt: skip
    session.add_all([match, decision])
    check = make_check(session, referral)
    message = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert message is not None
    letter = ReferralLetter(
        ref=new_reference("LT"), referral_id=referral.id, decision_id=decision.id, arrival_id=None,
        to=LetterTo.REFERRER, child_id=None, name=CANARY, content="{}",
        invitation_id=_invitation(session, moment).id, message_id=message.id,
        sent_by_id=referral.recorded_by_id, sent_at=moment, opened_at=None,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    return {
        "check_ref": check.ref,
        "match_id": str(match.id),
        "letter_ref": letter.ref,
        "message_id": str(message.id),
        "restricted.open_case.place": "referrals",
        "case_ref": referral.ref,
        "name": f"{message.id}.eml",
    }


def _of_directory(session: Session, meeting: Meeting) -> dict[str, str]:
    person = session.scalars(select(Professional)).first()
    assert person is not None
    return {
        "person_id": str(person.id),
        "agency_id": str(person.agency_id),
        "line_id": str(meeting.line_id),
    }


def _record(session: Session, app: Flask, moment: datetime) -> tuple[str, dict[str, str]]:
    """A discussion whose record went out, and what its pages name."""
    meeting, version = make_signed(
        session, app.extensions["settings"], moment, invitees=2, children=2,
        start=moment - timedelta(hours=2),
    )  # fmt: skip
    releasing.release(session, make_releaser(session), meeting, version.number, {}, True, moment)
    child = session.get_one(Child, meeting.children[0].child_id)
    circulation = session.scalars(select(Circulation)).first()
    assert circulation is not None
    return meeting.ref, {
        "records.number": "1",
        "record_extracts.number": "1",
        "record_filing.number": "1",
        "record_extracts.place": "1",
        "record_filing.child_ref": child.ref,
        "circulation_id": str(circulation.id),
        "record_address.invitee_id": str(meeting.invitees[1].id),
    }


def _mail(session: Session, moment: datetime) -> str:
    row = ReceivedMail(
        ref=new_reference("IN"), digest="0" * 64, received_at=moment, kind=MailKind.WRITTEN,
        outcome=Became.LOOK, why=Why.WRITTEN, invitee_id=None, meeting_id=None,
        referral_id=None, answer=None, sequence=None,
        proposed_start=None, proposed_end=None, sender="someone@example.org", subject="Words",
        words="Words", original=b"Subject: Words\r\n\r\nWords\r\n", assigned_to_id=None,
        closed_at=None, closed_by_id=None, closing=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.ref


def _arrival(session: Session, moment: datetime) -> tuple[str, str]:
    """A form that somebody else sent, and its file."""
    sent = make_arrival(session, moment)
    return sent.ref, _file(session, sent, moment)


def _closed_arrival(session: Session, moment: datetime) -> str:
    sent = make_arrival(session, moment)
    arrivals.close(session, actor_of(session), sent.ref, FilterReason.OTHER, "Not for us", moment)
    return sent.ref


def _file(session: Session, arrival: Arrival, moment: datetime) -> str:
    row = ArrivalFile(
        arrival_id=arrival.id, name="letter.pdf", media_type="application/pdf", size=4,
        content=b"%PDF", added_at=moment,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return str(row.id)


def _of_quality(
    session: Session, referral: Referral, staff: dict[Role, int], moment: datetime
) -> dict[str, str]:
    month = month_before(london_date(moment))
    told = near_misses.Told(NearMissKind.DEADLINE, london_date(moment), "Nearly late", "Noticed")
    missed = near_misses.report(session, actor_of(session), staff[Role.CHAIR], told, moment)
    sample = AuditSample(
        month=month.start, seed="0", population=1, sha256="0" * 64, drawn_by_id=staff[Role.CHAIR],
        drawn_at=moment,
    )  # fmt: skip
    session.add(sample)
    session.flush()
    session.add(
        AuditedCase(
            sample_id=sample.id, position=1, referral_id=referral.id,
            outcome=Outcome.STRATEGY_DISCUSSION, answers={},
        )
    )  # fmt: skip
    return {
        "near_miss": missed.ref,
        "samples.key": month.key,
        "board.key": quarter_before(london_date(moment)).key,
        "position": "1",
    }


def _of_one_person(session: Session, referral: Referral, moment: datetime) -> dict[str, str]:
    """What one member of staff has, who is none of the visitors."""
    person = make_staff(session, Role.TRIAGE)
    open_session(session, person.id, moment)
    kept = KeptForm(
        staff_id=person.id, address="/quality/near-misses/new", fields="[]", had_file=False,
        kept_at=moment,
    )  # fmt: skip
    asked = SearchAsked(staff_id=person.id, text=CANARY, asked_at=moment)
    opened = BrokenGlass(
        restriction_id=None, referral_id=referral.id, meeting_id=None, staff_id=person.id,
        ref=referral.ref, reason=CANARY, opened_at=moment, ends_at=moment, reviewed_at=None,
        reviewed_by_id=None, review=None,
    )  # fmt: skip
    session.add_all([kept, asked, opened])
    session.flush()
    held = session.scalars(select(StaffSession).where(StaffSession.staff_id == person.id)).one()
    return {
        "staff_id": str(person.id),
        "session_id": str(held.id),
        "kept_id": str(kept.id),
        "asked_id": str(asked.id),
        "restricted.review.number": str(opened.id),
    }


def _links(session: Session, meeting: Meeting, moment: datetime) -> dict[str, str]:
    """The tokens of links that were sent."""
    feedback, check = new_token(), _check(session, meeting)
    session.add(
        FeedbackLink(
            token_digest=token_digest(feedback), meeting_id=meeting.id,
            closes_at=moment + timedelta(days=1),
        )
    )  # fmt: skip
    asked = session.get_one(Invitation, check.invitation_id)
    display = make_display(session, actor_of(session), "Corridor", Screen.TRIAGE, moment)
    return {
        "guests.token": make_link(session, meeting.invitees[1]),
        "requests.token": new_link(session, asked, moment),
        "feedback.token": feedback,
        "refer.token": new_token(),  # leads to a form that was put aside, or nowhere: alike
        "wall.token": display.token,
    }


def _check(session: Session, meeting: Meeting) -> AgencyCheck:
    return make_check(session, session.get_one(Referral, meeting.referral_id))


def _invitation(session: Session, moment: datetime) -> Invitation:
    made = Invitation(
        uid=new_token(), sequence=0, name="Desk", email="desk@police.example", is_team=False,
        created_at=moment, cancelled_at=None, revoked_at=None, expires_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _sent_form(session: Session, meeting: Meeting, moment: datetime) -> int:
    """A form that went by link; the invitation of who may read it."""
    held = select(SentForm).where(SentForm.meeting_id == meeting.id)
    if (sent := session.scalars(held).first()) is not None:
        assert sent.invitation_id is not None
        return sent.invitation_id
    _check(session, meeting)
    message = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert message is not None
    row = SentForm(
        meeting_id=meeting.id, kind=FormKind.MEDICAL, number=1, name="Medical form",
        pdf=CANARY.encode(), sha256="0" * 64, email="desk@police.example", attached=False,
        invitation_id=_invitation(session, moment).id, message_id=message.id, sent_at=moment,
        sent_by_id=meeting.chair_id or 0, state=FormState.SENT, chase_at=None, chases=0,
        settled_at=None, reply=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.invitation_id is not None
    return row.invitation_id


def _half_signed_in(session: Session, moment: datetime) -> str:
    """The token of somebody who gave the password, and no code yet."""
    token = open_session(session, make_staff(session, Role.TRIAGE).id, moment)
    held = select(StaffSession).where(StaffSession.token_digest == token_digest(token))
    session.flush()
    session.scalars(held).one().passed_second_factor_at = None
    return token
