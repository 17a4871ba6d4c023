"""What came by the public form of the example area: two that wait, one of them urgent."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.config import Settings
from app.directory.queries import council
from app.referrals.public import service
from app.referrals.public.queries import draft_by_session
from app.referrals.public.types import AdultTold, ChildTold, Referrer, Step, Told
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


def send_form(session: Session, settings: Settings, told: Told, at: datetime) -> None:
    """Fill in and send one form, as its writer did then."""
    token = service.start(session, Told(you=told.you), _NETWORK, at)
    draft = draft_by_session(session, token, at)
    if draft is None:
        raise LookupError("the form that was just begun is not there")
    service.answer(session, draft, Step.FILES, lambda _told: told, at)
    service.send(session, draft, service.desk_of(council(session), settings.mail_from), at)
