"""The strategy discussions of the example week: booked, answered, held, signed, circulated."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.types import Actor
from app.cli.example.area import Area, guest
from app.cli.example.disagreements import Disagreements
from app.cli.example.following import conference_for, follow_up
from app.cli.example.mail import mail_came_in
from app.cli.example.planned import Plan
from app.cli.example.said import DECISIONS, MORE, SHARED
from app.core.config import Settings
from app.directory.queries import council
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings import answers
from app.meetings.booking import changes, diary_queries
from app.meetings.booking import queries as booking
from app.meetings.booking import service as bookings
from app.meetings.booking.could_come import people_with
from app.meetings.booking.rules import roles_asked_for, who_must_come
from app.meetings.booking.slots import slots
from app.meetings.booking.types import BookingOrder, Chosen, Slot, TypedDialIn
from app.meetings.discussion import actions, people, service
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.types import ActionOrder, Conflict, child_scope
from app.meetings.early_notice import service as early_notice
from app.meetings.early_notice.models import EarlyNotice
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.need import service as need
from app.meetings.need.types import HeldAlready, Occasion, Present, Started
from app.meetings.types import Answer, Attendance, Format, MeetingState, ReportVia
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.records import service as records
from app.records.rules import seen_digest
from app.records.sealing import sealer_of
from app.referrals.checks.queries import open_on
from app.referrals.checks.types import Unanswered
from app.referrals.filing import service as referral_filing
from app.referrals.models import Referral
from app.referrals.sender import Sender

MINUTES = 45
# What becomes of those needed in the last hours, after the ones that are started at once: whatever
# the time of day, one has a dial-in of its own, one is late and one waits for the administrator.
WITHOUT_LINE, LATE, WAITS, CALLED_OFF = 1, 2, 3, 4
# Still ahead while somebody looks around.
AHEAD = timedelta(hours=3)

# The first of the last hours are started at once, so long before the area is: whatever the time of
# day, one is under way and the record of the other waits for its chair.
STARTED_AGO = (timedelta(minutes=18), timedelta(minutes=150))

# The first of these that answers sends somebody else.
COMES = AgencyKind.EDUCATION
_EARLY_NOTICES = (
    select(OutboxMessage)
    .join(EarlyNotice, EarlyNotice.message_id == OutboxMessage.id)
    .where(OutboxMessage.state == MessageState.QUEUED)
    .order_by(OutboxMessage.id)
)


class Discussions:
    """Plays each discussion as far as the week has come."""

    def __init__(self, session: Session, area: Area, settings: Settings, now: datetime) -> None:
        self.session = session
        self.area = area
        self.now = now
        self.sender = Sender(settings.mail_from, settings.base_url)
        self.settings = settings
        # Signed records and when they were released: meeting, version, moment.
        self.signed: list[tuple[int, int, datetime]] = []
        self.count = 0
        self._started = iter(STARTED_AGO)
        self.disagreements = Disagreements(session, area)
        self.deputy = False
        self.continued = False
        self.fresh = 0

    def needed(self, referral: Referral, plan: Plan, at: datetime) -> None:
        """The chair decides; the administrator books within the hour."""
        self.count += 1
        number = self.count
        fresh = at > self.now - timedelta(hours=10)
        if fresh and (ago := next(self._started, None)) is not None:
            plan(self.now - ago, partial(self._start_now, referral, number, plan))
            return
        meeting = need.decide_needed(
            self.session,
            self.area.one(Role.CHAIR, number),
            Occasion(referral_ref=referral.ref),
            "Significant harm is suspected; information has to be put together today.",
            at,
            at,
        )
        desk = self.area.actor(Role.ADMINISTRATOR)
        for row in referral.children:
            if row.child.case_reference:
                referral_filing.file(self.session, desk, referral, row.child, row.child.version, at)
        self.fresh += fresh
        special = self.fresh if fresh else 0
        if special == WAITS or (special > CALLED_OFF and number % 4 == 0):
            return
        plan(
            at + timedelta(minutes=20 + number * 7 % 40),
            partial(self.book, meeting, number, plan, special=special),
        )

    def book(
        self, meeting: Meeting, number: int, plan: Plan, at: datetime, *, special: int = 0
    ) -> None:
        chair = self.area.one(Role.CHAIR, number)
        children = [one.child_id for one in meeting.children]
        case = booking.case_facts(self.session, meeting.referral_id, children)
        directory = people_with(self.session, roles_asked_for(case))
        proposals = [p for p in who_must_come(case, directory, at) if p.person or p.typed]
        fresh = at > self.now - timedelta(hours=10)
        slot = self._slot(meeting, chair.id, at, special)
        order = BookingOrder(
            starts_at=slot.start,
            minutes=MINUTES,
            format=Format.CALL,
            place=None,
            chair_id=chair.id,
            line_id=None if special == WITHOUT_LINE else slot.line_id,
            people=tuple(
                Chosen(
                    why=p.why,
                    professional_id=p.person.id if p.person else None,
                    typed=p.typed,
                    rule_id=p.rule_id,
                    telephone_only=p.person is None,
                )
                for p in proposals
            ),
            late_reason="No slot before the deadline that the police desk could make."
            if slot.after_deadline
            else None,
            dial_in=TypedDialIn("020 7946 0166", "482913") if special == WITHOUT_LINE else None,
        )
        staff = self.area.one(Role.ADMINISTRATOR)
        bookings.book(self.session, staff, meeting.ref, order, self.sender, at)
        # Most have answered; where the discussion lies ahead, half are still to be telephoned.
        silent = 2 if fresh else 4
        for place, invitee in enumerate(one for one in meeting.invitees if not one.staff_id):
            if (number + place) % silent:
                plan(
                    at + timedelta(minutes=9 + 6 * place),
                    partial(self._answer, meeting, invitee, number + place),
                )
        if special == CALLED_OFF:
            called_off = at + timedelta(minutes=12)
            plan(called_off, partial(self._cancel, meeting))
            again = partial(self._needed_again, meeting, number, plan)
            plan(called_off + timedelta(minutes=4), again)
        # Some were never held in time for the week: those stand there, waiting.
        plan(slot.start, partial(self._hold, meeting, number, plan))

    def _cancel(self, meeting: Meeting, at: datetime) -> None:
        staff = self.area.one(Role.ADMINISTRATOR)
        reason = "The police desk is called to an incident; to be held at another time."
        changes.cancel(self.session, staff, meeting.ref, reason, self.sender, at)

    def _needed_again(self, cancelled: Meeting, number: int, plan: Plan, at: datetime) -> None:
        referral = self.session.get_one(Referral, cancelled.referral_id)
        meeting = need.decide_needed(
            self.session,
            self.area.one(Role.CHAIR, number),
            Occasion(referral_ref=referral.ref),
            "Nothing has changed: the first discussion was called off before anybody met.",
            at,
            at,
        )
        plan(at + timedelta(minutes=3), partial(self.book, meeting, number, plan))

    def _slot(self, meeting: Meeting, chair_id: int, at: datetime, special: int) -> Slot:
        until = at + timedelta(days=10)
        diary = diary_queries.diary(self.session, meeting, chair_id, (), at, until)
        kept = council(self.session)
        office = booking.office_hours(kept.office_opens, kept.office_closes, kept.closure_days)
        found = slots(at, meeting.due_at, office, diary, MINUTES)
        if at > self.now - timedelta(hours=10):
            # Booked on the last day: lies ahead, before the deadline where that can be.
            found = [slot for slot in found if slot.start > self.now] or found[-1:]
        if special == WITHOUT_LINE:
            found = [slot for slot in found if slot.start > self.now + AHEAD] or found[-1:]
        if special == LATE:
            in_office = [slot for slot in found if slot.after_deadline and not slot.out_of_hours]
            found = in_office or found
        return found[0]

    def _start_now(self, referral: Referral, number: int, plan: Plan, at: datetime) -> None:
        chair = self.area.one(Role.CHAIR, number)
        desk = next(
            one for one in self.area.professionals if one.role is ProfessionalRole.POLICE_CAIT
        )
        nurse = next(
            one for one in self.area.professionals if one.role is ProfessionalRole.MASH_HEALTH
        )
        given = Started(
            reason="The child cannot go home tonight without a decision.",
            dial_in="Detective sergeant's own line, 020 7946 0155",
            professional_ids=(desk.id, nurse.id),
        )
        occasion = Occasion(referral_ref=referral.ref)
        meeting = need.start_now(self.session, chair, occasion, given, self.sender, at)
        plan(at + timedelta(minutes=28), partial(self._attend, meeting, number))
        plan(at + timedelta(minutes=34), partial(self._end, meeting, number, plan, signed=False))

    def _answer(self, meeting: Meeting, invitee: Invitee, turn: int, at: datetime) -> None:
        if meeting.state is not MeetingState.BOOKED:
            return
        who = guest(invitee.agency_name)
        if not self.deputy and invitee.email and invitee.agency_kind is COMES:
            self.deputy = True
            domain = invitee.email.rpartition("@")[2]
            colleague = answers.Deputy(
                "Elaine Foster",
                f"e.foster@{domain}",
                "Deputy safeguarding lead",
                "01632 960188",
                decides=True,
            )
            answers.name_deputy(self.session, invitee, colleague, self.sender, who, at)
            return
        given = (Answer.DIAL_IN, Answer.DIAL_IN, Answer.ATTEND, Answer.REPORT, Answer.DECLINED)
        chosen = given[turn % len(given)]
        if chosen is Answer.REPORT:
            text = SHARED.get(invitee.agency_kind.value, "Nothing is held on this family.")
            answers.add_report(
                self.session, invitee, text, None, ReportVia.LINK, who, at, instead=True
            )
            return
        answers.answer(self.session, invitee, chosen, "", who, at)

    def _hold(self, meeting: Meeting, number: int, plan: Plan, at: datetime) -> None:
        chair = self.area.actor(Role.CHAIR, number)
        service.start(self.session, chair, meeting, at)
        self._attend(meeting, number, at)
        plan(
            at + timedelta(minutes=31 + number % 12),
            partial(self._end, meeting, number, plan),
        )

    def _attend(self, meeting: Meeting, number: int, at: datetime) -> None:
        chair = self.area.actor(Role.CHAIR, number)
        for invitee in meeting.invitees:
            here = {
                Answer.REPORT: Attendance.REPORT_ONLY,
                Answer.DECLINED: Attendance.ABSENT,
                Answer.DEPUTY: Attendance.ABSENT,
            }.get(invitee.answer, Attendance.BY_PHONE)
            people.set_attendance(self.session, chair, meeting, invitee.id, here, at)

    def _end(
        self, meeting: Meeting, number: int, plan: Plan, at: datetime, *, signed: bool = True
    ) -> None:
        chair = self.area.actor(Role.CHAIR, number)
        for invitee in meeting.invitees:
            if invitee.attendance is not Attendance.ABSENT:
                words = SHARED.get(invitee.agency_kind.value, "Nothing is held on this family.")
                self._write(meeting, f"invitee:{invitee.id}", "information", words, chair, at)
                if invitee.is_team:
                    self._write(meeting, f"invitee:{invitee.id}", "attended_name",
                                "Duty officer", chair, at)  # fmt: skip
        for child in meeting.children:
            for field, value in (DECISIONS | conference_for(number)).items():
                self._write(meeting, child_scope(child.child_id), field, value, chair, at)
        self._write(meeting, "meeting", "analysis",
                    "The accounts agree; who was at home is not known.", chair, at)  # fmt: skip
        self._write(meeting, "meeting", "dissent_asked", "yes", chair, at)
        if any(one.anchor == "meeting-quorum_reason" for one in gate_of(self.session, meeting)):
            self._write(meeting, "meeting", "quorum_reason",
                        "What they hold was told by telephone before.", chair, at)  # fmt: skip
        owners = [one for one in meeting.invitees if one.attendance is Attendance.BY_PHONE]
        for place, what in enumerate((
            "See the child alone at school and write down the child's own words",
            "Give the medical history to the paediatrician before the examination",
            "Check who else lives or stays at the address",
        )):  # fmt: skip
            owner = owners[place % len(owners)] if owners else meeting.invitees[0]
            order = ActionOrder(what, owner.id, "within 2 working days",
                                why="To know the child is safe")  # fmt: skip
            actions.add_action(self.session, chair, meeting, order, at)
        if owners and number % 4 == 1:
            self.disagreements.voice(meeting, owners[-1], number, plan, at)
        service.end(
            self.session, chair, meeting, self.sender, at, self._unanswered(meeting, number)
        )
        children = [child.child_id for child in meeting.children]
        early_notice.tell(self.session, meeting.id, children, self.sender, at)
        desk = self.area.actor(Role.ADMINISTRATOR)
        plan(
            at + timedelta(hours=3),
            partial(follow_up, self.session, meeting, number, desk),
        )
        if not self.continued and number % 3 == 1 and at < self.now - timedelta(days=3):
            self.continued = True
            plan(at + timedelta(days=2), partial(self._hear_more, meeting, number, plan))
        if signed and (at < self.now - timedelta(hours=20) or number % 2):
            plan(
                at + timedelta(minutes=50 + number * 23 % 120),
                partial(self._sign, meeting, number),
            )

    def _unanswered(self, meeting: Meeting, number: int) -> Unanswered:
        """What becomes of agencies that have not answered: most are asked no longer."""
        refs = tuple(one.ref for one in open_on(self.session, meeting.referral_id or 0))
        wanted = refs[:1] if number % 3 == 1 else ()
        return Unanswered(refs, wanted, "What they hold goes into the assessment.")

    def _hear_more(self, before: Meeting, number: int, plan: Plan, at: datetime) -> None:
        """What the examination showed is talked over at once: the enquiry continues."""
        chair = self.area.one(Role.CHAIR, number)
        referral = self.session.get_one(Referral, before.referral_id)
        given = HeldAlready(
            started_at=at - timedelta(minutes=25),
            ended_at=at - timedelta(minutes=10),
            reason="The paediatrician's findings could not wait for a booked discussion.",
            format=Format.CALL,
            people=tuple(
                Present(Attendance.BY_PHONE, one.professional_id)
                for one in before.invitees
                if one.professional_id and not one.is_team and not one.removed_at
            ),
        )
        occasion = Occasion(referral_ref=referral.ref, information_at=at - timedelta(hours=1))
        meeting = need.record_held(self.session, chair, occasion, given, self.sender, at)
        said = DECISIONS | {
            "section_47": "continued", "section_47.reason": MORE, "conference": "required",
        }  # fmt: skip
        for child in meeting.children:
            for field, value in said.items():
                self._write(meeting, child_scope(child.child_id), field, value, chair.actor, at)
        self._write(meeting, "meeting", "analysis", MORE, chair.actor, at)
        self._write(meeting, "meeting", "dissent_asked", "yes", chair.actor, at)
        if any(one.anchor == "meeting-quorum_reason" for one in gate_of(self.session, meeting)):
            self._write(meeting, "meeting", "quorum_reason",
                        "Who was missing was told by telephone.", chair.actor, at)  # fmt: skip
        children = [child.child_id for child in meeting.children]
        early_notice.tell(
            self.session, meeting.id, children, self.sender, at + timedelta(minutes=5)
        )
        if not gate_of(self.session, meeting):
            plan(at + timedelta(minutes=70), partial(self._sign, meeting, number))

    def _sign(self, meeting: Meeting, number: int, at: datetime) -> None:
        chair = self.area.one(Role.CHAIR, number)
        seen = seen_digest(records.draft_of(self.session, meeting, at))
        sealer = sealer_of(self.settings)
        version = records.sign(self.session, chair, meeting, seen, "", sealer, at)
        self.signed.append((meeting.id, version.number, at + timedelta(minutes=35)))

    def _write(
        self, meeting: Meeting, scope: str, field: str, value: str, chair: Actor, at: datetime
    ) -> None:
        saved = service.save_field(self.session, chair, meeting, scope, field, value, 0, at)
        if isinstance(saved, Conflict):
            raise RuntimeError(f"{field} of the example discussion was written twice")

    def settle_mail(self) -> None:
        """Letters of discussions that are over were sent then; of the others some are answered,
        and some came back."""
        sent_then(self.session, Meeting.state != MeetingState.BOOKED)
        _sent(self.session.execute(_EARLY_NOTICES).scalars())
        self.session.flush()
        mail_came_in(self.session, self.now)


def sent_then(session: Session, *conditions: ColumnElement[bool]) -> None:
    """Letters of the days before were sent a few seconds after they were queued."""
    rows = session.execute(
        select(OutboxMessage)
        .join(Delivery, Delivery.message_id == OutboxMessage.id)
        .join(Invitee, Invitee.id == Delivery.invitee_id)
        .join(Meeting, Meeting.id == Invitee.meeting_id)
        .where(OutboxMessage.state == MessageState.QUEUED, *conditions)
        .order_by(OutboxMessage.id)
    ).scalars()
    _sent(rows)
    session.flush()


def _sent(rows: Iterable[OutboxMessage]) -> None:
    for row in rows:
        row.state = MessageState.SENT
        row.sent_at = row.queued_at + timedelta(seconds=4)
        row.tries = 1
        row.content = None
