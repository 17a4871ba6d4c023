"""What triage did in the example week: agencies asked and answering, a disagreement over a rating,
what was referred on, letters to referrers (A5, A6, A9, A10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.audit.types import Actor, ActorKind
from app.cli.example.area import Area
from app.cli.example.planned import Plan
from app.directory.models import Professional
from app.directory.types import ProfessionalRole
from app.invitations.types import LetterKind
from app.outbox import service as outbox
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals.checks import service as checks
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.queries import open_on
from app.referrals.checks.shown import told_of
from app.referrals.checks.types import AnswerGiven, AnswerVia, Held, Unanswered
from app.referrals.letters import queries as letters
from app.referrals.letters import service as writing
from app.referrals.letters.models import ReferralLetter
from app.referrals.models import Referral
from app.referrals.outcome import service as outcome
from app.referrals.outcome.types import ONWARD, OnwardGiven
from app.referrals.rating import queries as ratings
from app.referrals.rating import service as rating
from app.referrals.sender import Sender
from app.referrals.types import Concern, Rating, RatingStage

# Of each one comes back, so that somebody has to see to it (D7).
_NEWEST_REQUEST = (
    select(OutboxMessage)
    .join(AgencyCheck, AgencyCheck.message_id == OutboxMessage.id)
    .where(
        OutboxMessage.state == MessageState.SENT,
        AgencyCheck.answered_at.is_(None),
        AgencyCheck.withdrawn_at.is_(None),
    )
    .order_by(OutboxMessage.id.desc())
    .limit(1)
)
_NEWEST_LETTER = (
    select(OutboxMessage)
    .join(ReferralLetter, ReferralLetter.message_id == OutboxMessage.id)
    .where(OutboxMessage.state == MessageState.SENT, ReferralLetter.opened_at.is_(None))
    .order_by(OutboxMessage.id.desc())
    .limit(1)
)
_R = ProfessionalRole
# Every so many referrals; the others are decided from what came in.
EVERY_CHECKED = 6
EVERY_WRITTEN = 3
EVERY_WANTED = 3
QUESTION = (
    "Please look up the children named here, their parents and who lives with them, and tell us "
    "what you hold that bears on their safety: what is known, since when, who works with them, "
    "and what worries you or reassures you."
)
# Who is asked, after how many hours they answer, and what; None has not answered.
Answering = tuple[ProfessionalRole, float | None, str]
_ASKED: tuple[Answering, ...] = (
    (_R.POLICE_CAIT, 1.6, "One call to the address in the last year, a noise complaint. No "
     "convictions, no warning markers."),
    (_R.MASH_HEALTH, 2.4, "Immunisations up to date. Two missed reviews since the summer; the "
     "surgery has written twice. No injuries on file."),
    (_R.HOUSING_OFFICER, 0.7, ""),
    (_R.EARLY_HELP_WORKER, 26, "Closed in March after six visits: the parent worked well with us, "
     "and asked for help with routines."),
    (_R.PROBATION_OFFICER, None, ""),
)  # fmt: skip
# Those of them who answer the same morning.
_SOON = tuple(one for one in _ASKED if one[1] is not None and one[1] < 3)
_KINDS = (LetterKind.REQUEST, LetterKind.REQUEST_REMINDER, LetterKind.OUTCOME)
_REFERRED_ON = {
    Concern.MISSING: "Missing from home panel",
    Concern.CRIMINAL_EXPLOITATION: "Exploitation panel",
    Concern.FABRICATED_ILLNESS: "Named doctor for safeguarding",
}


class Triage:
    """Plays what triage does with a referral before and after its decision."""

    def __init__(self, session: Session, area: Area, sender: Sender) -> None:
        self.session = session
        self.area = area
        self.sender = sender
        self.count = 0
        self.decided = 0
        self.left_open = 0
        self.disagreed = False

    def came_in(self, referral: Referral, plan: Plan, at: datetime) -> bool:
        """Some referrals are asked about, the first of them rated otherwise by a partner; returns
        whether this one is."""
        self.count += 1
        self._refer_on(referral, plan, at)
        asked = self.count % EVERY_CHECKED == 0
        if asked:
            plan(at + timedelta(minutes=12), partial(self._ask, referral, plan))
        return asked

    def gather(self, referral: Referral, plan: Plan, at: datetime, *, disputed: bool) -> None:
        """A referral whose answers are all there, and which nobody has decided yet."""
        self._refer_on(referral, plan, at)
        plan(at + timedelta(minutes=9), partial(self._ask, referral, plan, whom=_SOON))
        if disputed:
            plan(at + timedelta(hours=3), partial(self._raise, referral))

    def unanswered(self, referral: Referral) -> Unanswered:
        """What becomes of requests that nobody has answered when it is decided: most end, of some
        the answer is wanted all the same."""
        refs = tuple(one.ref for one in open_on(self.session, referral.id))
        self.left_open += bool(refs)
        wanted = refs if self.left_open % EVERY_WANTED == 1 else ()
        return Unanswered(refs, wanted, "The school asks for it: it is told when it is here.")

    def was_decided(self, referral: Referral, plan: Plan, at: datetime) -> None:
        """Some referrers get their letter the same afternoon."""
        self.decided += 1
        if self.decided % EVERY_WRITTEN == 0:
            plan(at + timedelta(minutes=35), partial(self._write, referral))

    def settle_mail(self, now: datetime) -> None:
        """Letters of the days before were sent a few seconds after they were queued."""
        before = now - timedelta(minutes=30)
        rows = self.session.execute(
            select(OutboxMessage).where(
                OutboxMessage.state == MessageState.QUEUED,
                OutboxMessage.kind.in_([kind.value for kind in _KINDS]),
                OutboxMessage.queued_at < before,
            )
        ).scalars()
        for row in rows:
            row.state, row.content = MessageState.SENT, None
            row.sent_at, row.tries = row.queued_at + timedelta(seconds=4), 1
        self.session.flush()
        for newest in (_NEWEST_REQUEST, _NEWEST_LETTER):
            message = self.session.execute(newest).scalar_one_or_none()
            if message is not None:
                outbox.bounced(self.session, message, "There is no such mailbox.", now)

    def _ask(
        self, referral: Referral, plan: Plan, at: datetime, whom: Sequence[Answering] = _ASKED
    ) -> None:
        asked = [(self._person(role), after, words) for role, after, words in whom]
        actor = self.area.actor(Role.TRIAGE)
        ids = [person.id for person, _after, _words in asked]
        adults = [one.id for one in referral.adults if one.in_household]
        told = told_of(referral, adults, address=False)
        made = checks.ask(self.session, actor, referral, ids, QUESTION, self.sender, at, told=told)
        by_person = {check.professional_id: check for check in made}
        for person, after, words in asked:
            check = by_person[person.id]
            if after is not None:
                answer = partial(self._answer, check, person, words)
                plan(at + timedelta(hours=after), answer)
            elif check.next_reminder_at is not None:
                plan(check.next_reminder_at, self._remind)
                plan(check.due_at, self._remind)
        if not self.disagreed and referral.rating is not None:
            self.disagreed = True
            plan(at + timedelta(hours=2.6), partial(self._disagree, referral, plan))

    def _answer(self, check: AgencyCheck, person: Professional, words: str, at: datetime) -> None:
        if check.withdrawn_at is not None:
            return
        actor = Actor(ActorKind.GUEST, None, f"asked: {person.agency.name}")
        checks.opened(self.session, actor, check, at - timedelta(minutes=9))
        held = Held.SOMETHING if words else Held.NOTHING
        by = AnswerGiven(held, words, person.name, person.title, AnswerVia.LINK)
        checks.answer(self.session, actor, check, by, at)

    def _remind(self, at: datetime) -> None:
        while checks.remind_due(self.session, self.sender, at):
            continue

    def _disagree(self, referral: Referral, plan: Plan, at: datetime) -> None:
        self._raise(referral, at)
        plan(at + timedelta(minutes=40), partial(self._settle, referral))

    def _raise(self, referral: Referral, at: datetime) -> None:
        actor = self.area.actor(Role.TRIAGE)
        wanted = Rating.RED if referral.rating is not Rating.RED else Rating.AMBER
        rating.dispute(
            self.session, actor, referral, "Bridget Quinn, health visitor, community health",
            wanted, "Two missed reviews and a parent who does not come to the door: health would "
            "see the child today.", at,
        )  # fmt: skip

    def _settle(self, referral: Referral, at: datetime) -> None:
        chair = self.area.one(Role.CHAIR)
        amber = Rating.AMBER
        held = ratings.open_dispute(self.session, referral.id)
        if held is None:
            raise LookupError("the disagreement was raised before it is settled")
        rating.settle(
            self.session, chair.actor, chair.roles, referral, amber,
            "Nothing held points to harm today. Amber: seen within the week, by health and early "
            "help together; health agrees.", at, settled=True, version=held.version,
        )  # fmt: skip
        if referral.outcome is None:
            rating.rate(
                self.session, self.area.actor(Role.TRIAGE), referral, amber,
                "What the agencies hold fits the account of the referrer: amber, by all of them.",
                at + timedelta(minutes=5), stage=RatingStage.AFTER,
                early_because="One agency has not answered yet; the others have, and agree.",
            )  # fmt: skip

    def _refer_on(self, referral: Referral, plan: Plan, at: datetime) -> None:
        about = [Concern(value) for value in referral.concerns]
        for concern in about:
            if concern in ONWARD and concern in _REFERRED_ON:
                given = OnwardGiven(
                    concern, None, _REFERRED_ON[concern], f"RO-{410 + self.count}",
                    "By secure email; they confirmed by telephone.", at,
                )  # fmt: skip
                plan(at + timedelta(minutes=50), partial(self._referred_on, referral, given))

    def _referred_on(self, referral: Referral, given: OnwardGiven, at: datetime) -> None:
        actor = self.area.actor(Role.TRIAGE)
        outcome.refer_on(self.session, actor, referral, replace(given, referred_at=at), at)

    def _write(self, referral: Referral, at: datetime) -> None:
        may_be = letters.recipients(self.session, referral)
        if any(one.key == "referrer" for one in may_be):
            writing.send(
                self.session, self.area.actor(Role.TRIAGE), referral, "referrer", "",
                self.sender, at, letters.newest(self.session, referral.id),
            )  # fmt: skip

    def _person(self, role: ProfessionalRole) -> Professional:
        return next(one for one in self.area.professionals if one.role is role)
