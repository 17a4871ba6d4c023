"""What came by the public form of the example area: two that wait, one of them urgent, and one
that was closed as no referral."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.config import Settings
from app.directory.queries import council
from app.referrals.arrivals import letters as writing
from app.referrals.arrivals import service as closing
from app.referrals.outcome.types import FilterReason
from app.referrals.public import service
from app.referrals.public.queries import by_ref, draft_by_session
from app.referrals.public.types import AdultTold, ChildTold, Referrer, Step, Told
from app.referrals.sender import Sender
from app.referrals.types import Concern, ConsentState

_DONE = tuple(step.value for step in Step)
# Kept for documentation: nobody's network.
_NETWORK = "192.0.2.0/24"


def _forms(today: date) -> tuple[tuple[timedelta, Told], ...]:
    """(how long ago it was sent, what it told)."""
    return (
        (
            timedelta(hours=2, minutes=12),
            Told(
                you=Referrer(
                    "Hannah Okafor", "Practice manager", "Linden Grove Surgery",
                    "safeguarding@linden-grove.example", "01632 960871",
                ),
                risk_now="no",
                children=(
                    ChildTold(
                        "Callum", "Rudge", date(today.year - 3, 2, 11), gender="Boy",
                        gp_typed="Linden Grove Surgery, 01632 960871",
                    ),
                ),
                adults=(
                    AdultTold("Stacey Rudge", "Mother", True, in_household=True),
                ),
                concerns=(Concern.NEGLECT.value,),
                narrative=(
                    "Third appointment missed this month, including the hearing test. The health "
                    "visitor found nobody at home twice. At the last visit in September his weight "
                    "had fallen by two centiles."
                ),
                consent=ConsentState.GIVEN.value,
                family_told=True,
                family_told_note="By telephone yesterday; his mother agreed",
                done=_DONE,
            ),
        ),
        (
            timedelta(minutes=25),
            Told(
                you=Referrer(
                    "Marcus Adeyemi", "Designated safeguarding lead", "St Brannock's Academy",
                    "dsl@st-brannocks.example", "01632 960872",
                ),
                risk_now="yes",
                children=(
                    ChildTold(
                        "Imani", "Baptiste", date(today.year - 13, 6, 3), gender="Girl",
                        school_typed="St Brannock's Academy, 01632 960872", first_language="French",
                    ),
                    ChildTold("Rémy", "Baptiste", date(today.year - 6, 9, 30), gender="Boy"),
                ),
                adults=(
                    AdultTold("Not known", "Mother's partner", in_household=True,
                               alleged_perpetrator=True),
                ),
                concerns=(Concern.PHYSICAL_ABUSE.value, Concern.DOMESTIC_ABUSE.value),
                narrative=(
                    "Imani told her form tutor that her mother's partner threw her against a door "
                    "last night and that she is afraid to go home today. There is a red mark on "
                    "her left shoulder. Her brother sleeps in the same room."
                ),
                consent=ConsentState.NOT_SOUGHT.value,
                consent_reason="Asking at home could put both children at more risk.",
                done=_DONE,
            ),
        ),
    )  # fmt: skip


def forms(now: datetime) -> list[tuple[datetime, Told]]:
    """When each form was sent, shortly before the area's first start, and what it told."""
    return [(now - ago, told) for ago, told in _forms(now.date())]


CLOSED_AGO = timedelta(days=2, hours=5)


def close_one(session: Session, settings: Settings, actor: Actor, at: datetime) -> None:
    """A form about a child of another area: sent, closed as no referral, its sender told."""
    told = Told(
        you=Referrer(
            "Joanna Pike", "Childminder", "Sunny Steps childminding",
            "joanna@sunny-steps.example", "01632 960873",
        ),
        risk_now="no",
        children=(ChildTold("Toby", "Marsh", date(at.year - 4, 5, 19)),),
        concerns=(Concern.OTHER.value,),
        narrative=(
            "Toby's family moved to the next county in the summer. Who do I speak to there about "
            "help with his speech?"
        ),
        consent=ConsentState.GIVEN.value,
        done=_DONE,
    )  # fmt: skip
    ref = send_form(session, settings, told, at)
    later = at + timedelta(minutes=50)
    closing.close(
        session, actor, ref, FilterReason.OTHER_AREA,
        "Lives in the next county, no concern of harm. Front door there told by telephone.", later,
    )  # fmt: skip
    held = by_ref(session, ref)
    if held is None:
        raise LookupError("the form that was just sent is not there")
    writing.send(
        session, actor, held, "The early years team where the family lives now expects your call.",
        Sender(settings.mail_from, settings.base_url), later + timedelta(minutes=5),
    )  # fmt: skip


def send_form(session: Session, settings: Settings, told: Told, at: datetime) -> str:
    """Fill in and send one form, as its writer did then; returns its reference."""
    token = service.start(session, Told(you=told.you), _NETWORK, at)
    draft = draft_by_session(session, token, at)
    if draft is None:
        raise LookupError("the form that was just begun is not there")
    service.answer(session, draft, Step.FILES, lambda _told: told, at)
    service.send(session, draft, service.desk_of(council(session), settings.mail_from), at)
    return draft.ref
