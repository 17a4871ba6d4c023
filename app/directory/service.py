"""What people do with the directory and the council's settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.handed import Handed
from app.core.refusal import Refused
from app.directory import queries, rules
from app.directory.models import Agency, ConferenceLine, CouncilSettings, LinePin, Professional
from app.directory.types import AgencyGiven, AgencyKind, CouncilGiven, ProfessionalGiven

COUNCIL = Subject("council", "settings")
# How many discussions have a line from a moment on, and until when; None where none has it.
# Bookings know, which stand above.
BookedOn = Callable[[Session, int, datetime], tuple[int, datetime] | None]
BOOKED_ON_LINE = Handed[BookedOn]("booked_on_line")


class ChangedMeanwhile(Exception):
    """Somebody else saved a newer version first: theirs is in the database."""


def save_council(
    session: Session, actor: Actor, given: CouncilGiven, version: int | None, now: datetime
) -> CouncilSettings:
    """Save the council's settings (A1, B3, F5); the first save makes the row.

    `version` is the one that the form was filled from. Raises Refused by the field, and
    ChangedMeanwhile when somebody saved a newer one.
    """
    fresh = {
        "authority": given.authority,
        "authority_number": rules.authority_number(given.authority_number),
        "protocol_id": given.protocol_id,
        "desk_name": given.desk_name,
        "desk_telephone": rules.normal_telephone(given.desk_telephone, "desk_telephone"),
        "desk_email": rules.normal_email(given.desk_email, "desk_email"),
        "out_of_hours_telephone": rules.normal_telephone(
            given.out_of_hours_telephone, "out_of_hours_telephone"
        ),
        "office_opens": rules.office_time(given.office_opens, "office_opens"),
        "office_closes": rules.office_time(given.office_closes, "office_closes"),
        "secure_domains": rules.secure_domains(given.secure_domains),
        "closure_days": rules.closure_days(given.closure_days),
        "meeting_place": given.meeting_place,
        **_where_forms_go(given),
    }
    if str(fresh["office_opens"]) >= str(fresh["office_closes"]):
        raise Refused("office_closes", "The office closes after it opens: enter a later time")
    settings = queries.council_or_none(session)
    if settings is None:
        settings = CouncilSettings(id=1, extra={}, **fresh)
        session.add(settings)
        changed = sorted(fresh)
    else:
        if version != settings.version:
            raise ChangedMeanwhile
        changed = sorted(name for name, value in fresh.items() if getattr(settings, name) != value)
        for name in changed:
            setattr(settings, name, fresh[name])
    session.flush()
    record(session, actor, "council settings saved", COUNCIL, now, {"changed": changed})
    return settings


def add_agency(session: Session, actor: Actor, given: AgencyGiven, now: datetime) -> Agency:
    """Add an agency. Raises Refused when there is one of that name."""
    _refuse_taken_name(session, given.name, None)
    agency = Agency(name=given.name, kind=given.kind, ended_at=None)
    session.add(agency)
    session.flush()
    record(
        session, actor, "agency added", _agency(agency), now,
        {"name": agency.name, "kind": agency.kind.value},
    )  # fmt: skip
    return agency


def agency_from_referral(
    session: Session, actor: Actor, name: str, kind: AgencyKind, now: datetime
) -> Agency:
    """The agency of that name, added with its kind when it is not in the directory yet.

    A referral at night must not wait for the directory (A1); the desk adds its people later.
    """
    held = queries.agency_named(session, name)
    return held or add_agency(session, actor, AgencyGiven(name, kind), now)


def edit_agency(
    session: Session,
    actor: Actor,
    agency: Agency,
    given: AgencyGiven,
    version: int | None,
    now: datetime,
) -> None:
    """Change an agency's name or kind. `version` is the one that the form was filled from.

    Raises Refused when the name is taken, ChangedMeanwhile when somebody saved a newer version.
    """
    _refuse_older(agency.version, version)
    _refuse_taken_name(session, given.name, agency.id)
    before = {"name": agency.name, "kind": agency.kind.value}
    agency.name, agency.kind = given.name, given.kind
    session.flush()
    record(
        session, actor, "agency changed", _agency(agency), now,
        {"before": before, "after": {"name": agency.name, "kind": agency.kind.value}},
    )  # fmt: skip


def end_agency(session: Session, actor: Actor, agency: Agency, now: datetime) -> None:
    """The agency and everybody in it can no longer be invited; history keeps them."""
    agency.ended_at = agency.ended_at or now
    session.flush()
    record(session, actor, "agency ended", _agency(agency), now)


def add_professional(
    session: Session, actor: Actor, given: ProfessionalGiven, now: datetime
) -> Professional:
    """Add a person or a team's desk. Raises Refused by the field."""
    person = Professional(ended_at=None, **checked(session, given))
    session.add(person)
    session.flush()
    record(session, actor, "person added", _person(person), now, _told(person))
    return person


def edit_professional(
    session: Session,
    actor: Actor,
    person: Professional,
    given: ProfessionalGiven,
    version: int | None,
    now: datetime,
) -> None:
    """Change a person, also away until when. `version` is the one that the form was filled from.

    Raises Refused by the field, ChangedMeanwhile when somebody saved a newer version.
    """
    _refuse_older(person.version, version)
    fresh = checked(session, given)
    changed = sorted(name for name, value in fresh.items() if getattr(person, name) != value)
    for name in changed:
        setattr(person, name, fresh[name])
    session.flush()
    record(session, actor, "person changed", _person(person), now, {"changed": changed})


def end_professional(session: Session, actor: Actor, person: Professional, now: datetime) -> None:
    """The person can no longer be invited; what they took part in keeps their name."""
    person.ended_at = person.ended_at or now
    session.flush()
    record(session, actor, "person ended", _person(person), now)


def restore_professional(
    session: Session, actor: Actor, person: Professional, now: datetime
) -> None:
    """Undo an ending made by mistake."""
    person.ended_at = None
    session.flush()
    record(session, actor, "person restored", _person(person), now)


def add_line(
    session: Session, actor: Actor, name: str, telephone: str, pins: str, now: datetime
) -> ConferenceLine:
    """Add a conference line with its list of PINs (C4). Raises Refused by the field."""
    _refuse_taken_line(session, name, None)
    number = rules.normal_telephone(telephone)
    fresh, _ = rules.pins_from(pins, ())
    line = ConferenceLine(name=name, telephone=number, ended_at=None)
    session.add(line)
    session.flush()
    session.add_all(LinePin(line_id=line.id, pin=pin, used_at=None) for pin in fresh)
    session.flush()
    record(
        session, actor, "line added", _line(line), now, {"name": line.name, "pins": len(fresh)}
    )  # fmt: skip
    return line


def edit_line(
    session: Session,
    actor: Actor,
    line: ConferenceLine,
    name: str,
    telephone: str,
    now: datetime,
    booked_on: BookedOn,
) -> None:
    """Change a line's name or number. `booked_on` says how many discussions have it from now on,
    and until when: their invitations name the number, which stays as it is for them (C7).

    Raises Refused by the field.
    """
    # Of this and a booking at once one waits: a quarter of an hour that is taken holds the line's
    # row until its letters stand, and whoever comes second reads what the first has done.
    session.refresh(line, with_for_update=True)
    _refuse_taken_line(session, name, line.id)
    booked = booked_on(session, line.id, now)
    number = rules.normal_telephone(telephone)
    is_new = number != line.telephone
    if is_new and booked is not None:
        raise Refused("telephone", rules.why_the_number_stays(*booked))
    line.name, line.telephone = name, number
    session.flush()
    record(
        session, actor, "line changed", _line(line), now,
        {"name": line.name, "number_changed": is_new},
    )  # fmt: skip


def add_pins(
    session: Session, actor: Actor, line: ConferenceLine, typed: str, now: datetime
) -> tuple[int, int]:
    """Add PINs to a line's list. Returns how many were new and how many it held already.

    Raises Refused by the field. The audit counts them and never repeats one.
    """
    held = [pin.pin for pin in queries.pins(session, line.id)]
    fresh, known = rules.pins_from(typed, held)
    session.add_all(LinePin(line_id=line.id, pin=pin, used_at=None) for pin in fresh)
    session.flush()
    record(session, actor, "PINs added", _line(line), now, {"added": len(fresh), "held": known})
    return len(fresh), known


def end_line(session: Session, actor: Actor, line: ConferenceLine, now: datetime) -> None:
    """The line can no longer be booked; meetings already booked on it stay."""
    line.ended_at = line.ended_at or now
    session.flush()
    record(session, actor, "line ended", _line(line), now)


def restore_line(session: Session, actor: Actor, line: ConferenceLine, now: datetime) -> None:
    """Undo an ending made by mistake; the PINs that were unused can be used again."""
    line.ended_at = None
    session.flush()
    record(session, actor, "line restored", _line(line), now)


def restore_agency(session: Session, actor: Actor, agency: Agency, now: datetime) -> None:
    """Undo an ending made by mistake; its people are there again as they were."""
    agency.ended_at = None
    session.flush()
    record(session, actor, "agency restored", _agency(agency), now)


def _refuse_older(held: int, version: int | None) -> None:
    if version != held:
        raise ChangedMeanwhile


def _where_forms_go(given: CouncilGiven) -> dict[str, str]:
    """The addresses and numbers for forms and early notices: each may be empty until it is known
    (BROMLEY 1)."""
    emails = ("police_form_email", "medical_form_email", "quality_email")
    telephones = ("police_form_telephone", "medical_telephone", "medical_reception_telephone")
    return {
        name: check(typed, name) if (typed := getattr(given, name)) else ""
        for names, check in ((emails, rules.normal_email), (telephones, rules.normal_telephone))
        for name in names
    }


def checked(session: Session, given: ProfessionalGiven) -> dict[str, object]:
    """What a person's row would hold. Raises Refused by the field, and changes nothing."""
    days, opens, closes = rules.working_hours(given.works_days, given.works_from, given.works_to)
    agency = queries.agency(session, given.agency_id)
    if agency is None or agency.ended_at is not None:
        raise Refused("agency_id", "Choose an agency from the list")
    if not given.email and not given.telephone:
        raise Refused("email", "Enter an email address or a telephone number")
    if given.is_team and not given.email:
        raise Refused("email", "A team's desk is reached by its mailbox: enter its address")
    return {
        "agency_id": agency.id,
        "name": given.name,
        "role": given.role,
        "title": given.title or given.role.label,
        "email": rules.normal_email(given.email) if given.email else None,
        "telephone": rules.normal_telephone(given.telephone) if given.telephone else None,
        "is_team": given.is_team,
        "decision_maker": given.decision_maker,
        "away_until": given.away_until,
        "works_days": days,
        "works_from": opens,
        "works_to": closes,
    }


def _refuse_taken_name(session: Session, name: str, own_id: int | None) -> None:
    held = queries.agency_named(session, name)
    if held is not None and held.id != own_id:
        ended = " It has ended: choose another name" if held.ended_at else ""
        raise Refused("name", f"There is an agency of that name already.{ended}")


def _refuse_taken_line(session: Session, name: str, own_id: int | None) -> None:
    held = session.execute(
        select(ConferenceLine.id).where(func.lower(ConferenceLine.name) == name.lower())
    ).scalar()
    if held is not None and held != own_id:
        raise Refused("name", "There is a line of that name already: choose another")


def _agency(agency: Agency) -> Subject:
    return Subject("agency", str(agency.id))


def _person(person: Professional) -> Subject:
    return Subject("professional", str(person.id))


def _line(line: ConferenceLine) -> Subject:
    return Subject("line", str(line.id))


def _told(person: Professional) -> dict[str, object]:
    return {"agency": person.agency_id, "role": person.role.value, "team": person.is_team}
