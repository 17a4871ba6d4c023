"""When consent must have been sought and families told, as the area's protocol says (A4): pure."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.refusal import Refused
from app.protocols.types import Protocol
from app.protocols.ways import ConsentSought, ConsentWay
from app.referrals.types import ConsentGiven, ConsentState, LawfulBasis


def first_contact_problems(protocol: Protocol, given: ConsentGiven | None) -> Iterator[Refused]:
    """Why a referral may not be entered with this consent, where the area secures it at first
    contact (HO2014 Bury); nothing where it does not."""
    way = protocol.ways.consent
    if way is None or way.sought is not ConsentSought.FIRST_CONTACT:
        return
    if given is None:
        yield Refused(
            "consent",
            f"{protocol.name} secures consent at first contact: ask for it now, or choose child "
            "protection",
        )


def not_sought_problems(protocol: Protocol, given: ConsentGiven) -> Iterator[Refused]:
    """Why consent may not be left unsought with this basis: an area that always asks says which
    bases stand in its place (HO2014 Bury, Nottinghamshire)."""
    way = protocol.ways.consent
    if given.state is not ConsentState.NOT_SOUGHT or way is None or given.lawful_basis is None:
        return
    if not _lifted(way, given.lawful_basis):
        yield Refused(
            "lawful_basis",
            f"{protocol.name} always asks unless significant harm is suspected: ask the family, "
            "or record that consent was refused or is overridden",
        )


def sharing_problem(
    protocol: Protocol,
    state: ConsentState | None,
    basis: LawfulBasis | None,
    *,
    told: bool,
) -> str | None:
    """Why information may not be shared with agencies yet, in words that say what to do, or None.

    Consent given, or a lawful basis in its place (A4; IMAP 2); and where the area tells families
    in advance, that the family was told (HO2014 Nottinghamshire).
    """
    if state is None:
        return "Record consent first, or the lawful basis for going on without it"
    if state is not ConsentState.GIVEN and basis is None:
        return "Record the lawful basis for sharing without consent first"
    way = protocol.ways.consent
    if way is not None and way.told_first and not told and not _lifted(way, basis):
        return (
            f"{protocol.name} tells families in advance: record with the consent that the family "
            "was told, or that significant harm is suspected"
        )
    return None


def _lifted(way: ConsentWay, basis: LawfulBasis | None) -> bool:
    return basis is not None and basis in way.unless
