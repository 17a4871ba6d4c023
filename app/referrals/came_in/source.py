"""From which agency and person a referral came, found in the directory or added to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.refusal import Refused
from app.directory import queries as directory
from app.directory.service import agency_from_referral
from app.directory.types import AgencyKind
from app.referrals.rules import check


class FromSomewhere(Protocol):
    """The part of what was typed that says from whom it came."""

    @property
    def source_agency_id(self) -> int | None: ...
    @property
    def source_agency_name(self) -> str: ...
    @property
    def source_agency_kind(self) -> AgencyKind | None: ...
    @property
    def referrer_professional_id(self) -> int | None: ...


def kind_problems(session: Session, given: FromSomewhere) -> Iterator[Refused]:
    """An agency that the directory does not hold needs its kind: what its people may be told of
    the outcome, and who is proposed to come, depend on it (A10, C2)."""
    if given.source_agency_id is None and given.source_agency_kind is None:
        name = given.source_agency_name
        if name and directory.agency_named(session, name) is None:
            yield Refused(
                "source_agency_kind",
                f"Choose what kind of agency {name} is, or choose it from the list",
            )


def source_of(session: Session, actor: Actor, given: FromSomewhere, now: datetime) -> int:
    """The agency it came from; one that was only typed is added to the directory (A1).

    Raises Refused where the agency is not there, or is new and of no kind.
    """
    if given.source_agency_id is None:
        check(kind_problems(session, given))
        kind = given.source_agency_kind or AgencyKind.OTHER  # one that is there keeps its own
        return agency_from_referral(session, actor, given.source_agency_name, kind, now).id
    agency = directory.agency(session, given.source_agency_id)
    if agency is None:
        raise Refused("source_agency_id", "Choose where the referral came from")
    return agency.id


def referrer_of(session: Session, given: FromSomewhere) -> int | None:
    """The referrer in the directory, where known (C2). Raises Refused for somebody who is not."""
    if given.referrer_professional_id is None:
        return None
    person = directory.professional(session, given.referrer_professional_id)
    if person is None:
        raise Refused("referrer_professional_id", "Choose the referrer from the list")
    return person.id
