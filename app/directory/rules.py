"""What an address, a telephone number, an opening time or a PIN must look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, time

from email_validator import EmailNotValidError, validate_email

from app.core.clock import in_london, words_for_moment
from app.core.refusal import Refused

_EXTENSION = re.compile(r"\s*(?:ext(?:ension)?\.?|x)\s*(\d{1,6})$", re.IGNORECASE)
_NUMBER = re.compile(r"^\+?[\d\s()./-]+$")
_PIN = re.compile(r"^\d{4,12}$")
_DOMAIN = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")
_AUTHORITY = re.compile(r"^[1-9][0-9]{2}\Z")
_CLOCK = re.compile(r"^([01]?\d|2[0-3])[:.]([0-5]\d)$")


def normal_email(typed: str, field: str = "email") -> str:
    """One mailbox address, lower case. Raises Refused naming `field`.

    Only the shape is checked: no name look-up, so that the desk works without a network. Letters
    outside ASCII before the @ are refused, because few mail systems of agencies take them; a domain
    with such letters is kept in the form that travels (xn--).
    """
    try:
        found = validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise Refused(
            field, "Enter an email address in the form name@agency.example, without a name before"
        ) from None
    return (found.ascii_email or found.normalized).lower()


def why_the_number_stays(count: int, until: datetime) -> str:
    """Why a line that discussions are booked on keeps its number, and what to do (C7)."""
    are, them = ("discussion is", "it") if count == 1 else ("discussions are", "each")
    return (
        f"{count} {are} booked on this line, until {words_for_moment(until)}, and invitations "
        f"give this number. Add a new line with the new number, then change {them} to that line: "
        "everybody who is invited is told"
    )


def normal_telephone(typed: str, field: str = "telephone") -> str:
    """A telephone number as typed, with single spaces. Raises Refused naming `field`.

    Loose on purpose: 10 to 15 digits, an optional + and an extension, since desks write numbers
    in many ways.
    """
    text = " ".join(typed.split())
    extension = _EXTENSION.search(text)
    number = text[: extension.start()] if extension else text
    digits = re.sub(r"\D", "", number)
    if not _NUMBER.match(number) or not 10 <= len(digits) <= 15:
        raise Refused(
            field, "Enter a telephone number with its area code, like 01632 960001 or 020 7946 0001"
        )
    return text


def authority_number(typed: str, field: str = "authority_number") -> str:
    """The council's number, or nothing. Raises Refused naming `field` for anything else.

    Source: Children in need census, technical specification, LEA in the header: three digits.
    """
    number = typed.strip()
    if number and not _AUTHORITY.match(number):
        raise Refused(field, "Enter the three digits of the council's number, or leave it empty")
    return number


def office_time(typed: str, field: str) -> str:
    """An opening or closing time as HH:MM. Raises Refused naming `field`."""
    found = _CLOCK.match(typed.strip())
    if found is None:
        raise Refused(field, "Enter a time on the 24-hour clock, like 09:00 or 17:30")
    return f"{int(found[1]):02d}:{found[2]}"


def opening(hours: str) -> time:
    """HH:MM as a time of day."""
    return time.fromisoformat(hours)


def secure_domains(typed: str, field: str = "secure_domains") -> list[str]:
    """The domains of a list, one to a line or parted by commas, lower case, sorted.

    Raises Refused naming the first that is none. An @ in front is forgiven.
    """
    domains = {word.lower().lstrip("@") for word in re.split(r"[\s,;]+", typed) if word}
    for domain in sorted(domains):
        if not _DOMAIN.match(domain):
            raise Refused(field, f"“{domain}” is not a domain: write it like police.example")
    return sorted(domains)


def closure_days(typed: str, field: str = "closure_days") -> list[str]:
    """Days on which the council is closed, one to a line, as ISO dates, sorted.

    Written day/month/year or as ISO. Raises Refused naming the first that is no date.
    """
    days: set[date] = set()
    for line in typed.splitlines():
        text = line.strip().rstrip(",;")
        if text:
            days.add(_day(text, field))
    return [day.isoformat() for day in sorted(days)]


def _day(text: str, field: str) -> date:
    try:
        if parts := re.fullmatch(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})", text):
            return date(int(parts[3]), int(parts[2]), int(parts[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(
            field, f"“{text}” is not a date: write one day to a line, like 24/12/2026"
        ) from None


def pins_from(typed: str, held: Collection[str], field: str = "pins") -> tuple[list[str], int]:
    """New PINs from a list and how many of the list were held already (C4).

    Four to twelve digits each, parted by spaces, commas or lines. Raises Refused by their place
    in the list, never by repeating one: a PIN belongs in no log and no message.
    """
    words = [word for word in re.split(r"[\s,;]+", typed) if word]
    if not words:
        raise Refused(field, "Enter at least one PIN")
    wrong = [place for place, word in enumerate(words, start=1) if not _PIN.match(word)]
    if wrong:
        raise Refused(
            field, f"Each PIN has 4 to 12 digits: mend number {_listed(wrong[:5])} of the list"
        )
    known, fresh = set(held), []
    for word in words:
        if word not in known:
            known.add(word)
            fresh.append(word)
    return fresh, len(words) - len(fresh)


def masked(pin: str) -> str:
    """A PIN as a page shows it: its last two digits."""
    return "•" * (len(pin) - 2) + pin[-2:]


def is_away(away_until: datetime | None, now: datetime) -> bool:
    """Whether somebody is away at `now` (an aware moment)."""
    return away_until is not None and away_until > now


WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKEND = frozenset("67")


def working_hours(days: str, opens: str, closes: str) -> tuple[str, str | None, str | None]:
    """Weekdays as sorted digits and the times as HH:MM, as a person's row holds them.

    Times without days mean Monday to Friday. Raises Refused by the field.
    """
    if not opens and not closes:
        return "".join(sorted(set(days))), None, None
    if not opens:
        raise Refused("works_from", "Enter when they start as well, or leave both times empty")
    if not closes:
        raise Refused("works_to", "Enter when they finish as well, or leave both times empty")
    start, end = office_time(opens, "works_from"), office_time(closes, "works_to")
    if start >= end:
        raise Refused("works_to", "They finish after they start: enter a later time")
    return "".join(sorted(set(days))) or "12345", start, end


def working_hours_in_words(days: str, opens: str | None, closes: str | None) -> str:
    """`Monday to Friday, 09:00 to 17:00`; empty where nothing is known."""
    said = []
    if days:
        named = [WEEK[int(one) - 1] for one in days]
        unbroken = len(days) > 2 and int(days[-1]) - int(days[0]) == len(days) - 1
        said.append(f"{named[0]} to {named[-1]}" if unbroken else _listed(named))
    if opens and closes:
        said.append(f"{opens} to {closes}")
    return ", ".join(said)


def is_at_work(
    days: str,
    opens: str | None,
    closes: str | None,
    now: datetime,
    is_holiday: Callable[[date], bool],
) -> bool:
    """Whether somebody works at this aware moment; true where nothing is known of their hours.

    Whoever works on weekdays alone does not on a bank holiday; whoever works at weekends may.
    """
    local = in_london(now)
    if days and str(local.isoweekday()) not in days:
        return False
    if days and not set(days) & WEEKEND and is_holiday(local.date()):
        return False
    return not (opens and closes) or opens <= f"{local:%H:%M}" < closes


def days_from(typed: str, field: str = "works_days") -> str:
    """Weekdays as digits from words: `Mon-Fri`, `Mon to Thu`, `Tue, Thu`. Raises Refused."""
    text = re.sub(r"\s+(to|until)\s+|\s*[-–]\s*", "-", typed.strip().lower())
    found: set[int] = set()
    for word in re.split(r"[\s,;/&]+|\band\b", text):
        if not word:
            continue
        first, _, last = word.partition("-")
        start, end = _weekday(first, typed, field), _weekday(last or first, typed, field)
        if start > end:
            raise Refused(field, f"“{typed}” runs backwards: write days like Mon-Fri or Tue, Thu")
        found.update(range(start, end + 1))
    return "".join(str(day) for day in sorted(found))


def _weekday(word: str, typed: str, field: str) -> int:
    for number, name in enumerate(WEEK, start=1):
        if len(word) >= 2 and name.lower().startswith(word):
            return number
    raise Refused(field, f"“{typed}” names no days: write them like Mon-Fri or Tue, Thu")


def _listed(words: Iterable[object]) -> str:
    *most, last = (str(word) for word in words)
    return f"{', '.join(most)} and {last}" if most else last
