"""The public form: what is needed before it can be sent, how long it waits, what is too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from app.core.clock import london_date
from app.core.refusal import Refused
from app.core.uploads import LARGEST
from app.referrals import rules
from app.referrals.public.types import RiskNow, Step, Told
from app.referrals.types import ConsentState

# An unfinished form holds a child's name without anybody working on it.
KEEP_UNFINISHED = timedelta(days=7)
# Longer than an invited person's session: nobody can come back without a link, and what happened
# takes time to write. A shared computer forgets the form at a press.
IDLE = timedelta(hours=2)
LONGEST_SESSION = timedelta(hours=12)
# People take longer to type who they are; a script does not.
FASTEST = timedelta(seconds=3)
STALEST = timedelta(hours=12)
# As long an answer may take on a slow line before a person presses again; what is pressed later is
# a page that somebody left open.
PRESS_AGAIN = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# A county's schools may stand behind one network.
STARTED_AN_HOUR = 40
SENT_A_DAY = 20
LETTERS_A_DAY = 5
MOST_FILES = 10
MOST_ADULTS = 20
# Two forms as full as can be: most bring no file, or a few pages.
HELD_OF_A_NETWORK = 2 * MOST_FILES * LARGEST
# Thirteen forms as full as can be at once; each backup holds them too.
HELD_IN_ALL = 2 * 1024**3
# After sending, the link leads to the page that says so, and to nothing else.
RECEIPT_SHOWN = HOUR
# Digests of networks serve the limits above and nothing else.
KEEP_NETWORKS = DAY


def is_over(now: datetime, *, started: datetime, last_seen: datetime) -> bool:
    """Whether the browser that wrote must ask for a code: idle for two hours, or 12 hours old."""
    return now - last_seen > IDLE or now - started > LONGEST_SESSION


def is_second_press(now: datetime, begun: datetime, sent: datetime | None) -> bool:
    """Whether a form that its first page began at `begun` is gone on with when that page is sent
    again: shortly after, and before the referral was sent."""
    return sent is None and now - begun <= PRESS_AGAIN


def kept_until(changed: datetime) -> datetime:
    """Until when an unfinished form can be come back to."""
    return changed + KEEP_UNFINISHED


def may_start(lately: int) -> bool:
    """Whether one more form may be started from a network that started so many in an hour."""
    return lately < STARTED_AN_HOUR


def may_send(lately: int) -> bool:
    """Whether one more referral may be sent from an address that sent so many in a day."""
    return lately < SENT_A_DAY


def may_write_to(lately: int) -> bool:
    """Whether one more link may go to an address that got so many in a day: whose address it is
    nobody has proved."""
    return lately < LETTERS_A_DAY


def may_keep(size: int, *, of_network: int, in_all: int) -> bool:
    """Whether a file of so many bytes may be kept with a form that is not sent yet, where the
    files of such forms from its network, and of all of them, take so many. A network counts while
    it is known, for a day; all of them count until they are sent or deleted."""
    return of_network + size <= HELD_OF_A_NETWORK and in_all + size <= HELD_IN_ALL


def asks_for_call(told: Told) -> bool:
    """Whether the referrer is told to telephone as well: a child may be at risk now."""
    return told.risk_now in (RiskNow.YES.value, RiskNow.NOT_SURE.value)


def next_step(told: Told) -> Step | None:
    """The first step that is not finished; None where the answers can be checked and sent."""
    return next((step for step in Step if step.value not in told.done), None)


def before(step: Step) -> Step | None:
    """The step before this one."""
    return list(Step)[step.number - 2] if step.number > 1 else None


def problems(told: Told, now: datetime) -> Iterator[tuple[Step, Refused]]:
    """Everything for which a referral from outside cannot be sent yet, with the step to mend."""
    for step in Step:
        if step.value not in told.done:
            yield step, Refused(step.value, f"Finish “{step.label}”")
            return
    today = london_date(now)
    if not told.children:
        yield Step.CHILDREN, Refused("children", "Add at least one child")
    for child in told.children:
        for problem in rules.child_problems(child, today):
            yield Step.CHILDREN, problem
    if not told.concerns:
        yield Step.CONCERNS, Refused("concerns", "Choose at least one concern")
    if not told.narrative:
        yield Step.STORY, Refused("narrative", "Say what was seen, heard or said")


def consent_problems(consent: str, reason: str) -> Iterator[Refused]:
    """A parent who was not asked, or said no: why it is sent all the same (A4; IMAP 1-3)."""
    if consent != ConsentState.GIVEN.value and not reason:
        yield Refused("consent_reason", "Say why you share this without the family’s agreement")


def names_in_short(told: Told, now: datetime) -> str:
    """The children, for the desk's list: `Wren Testwell, 7 years; Tom Testwell, 4 years`."""
    today = london_date(now)
    return "; ".join(
        f"{f'{child.given_name} {child.family_name}'.strip()}, "
        f"{rules.age_in_words(child.date_of_birth, child.due_date, today)}"
        for child in told.children
    )


def network_of(address: str | None) -> str:
    """The network that an address belongs to: /24, or /48 for IPv6."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    bits = 24 if found.version == 4 else 48
    return str(ip_network(f"{found}/{bits}", strict=False))
