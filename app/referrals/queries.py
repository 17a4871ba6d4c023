"""Looking up a referral or a child, and what is known of them: likely matches, earlier referrals,
siblings, professionals, ratings, consent, decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Staff
from app.core.refusal import Erased
from app.directory.models import Agency, Professional
from app.referrals import keys, matching
from app.referrals.models import (
    Child,
    ChildKey,
    ChildProfessional,
    Referral,
    ReferralChild,
    ReferralConsent,
    ReferralDecision,
    ReferralRating,
)
from app.referrals.outcome.models import DecisionGround
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Outcome

MOST_CANDIDATES = 200
MOST_MATCHES = 6
MOST_SIBLINGS = 25

_BY_REF = select(Referral).where(Referral.ref == bindparam("ref"))
_CHILD_BY_REF = select(Child).where(Child.ref == bindparam("ref"))


def by_ref(session: Session, ref: str) -> Referral | None:
    """A referral by its public reference, whatever the case of its letters. Raises Erased for one
    that was deleted."""
    held = session.execute(_BY_REF, {"ref": ref.strip().upper()}).scalar_one_or_none()
    if held is not None and held.erased_at is not None:
        raise Erased(held.ref)
    return held


def child_by_ref(session: Session, ref: str) -> Child | None:
    """A known child by reference, whatever the case of its letters."""
    return session.execute(_CHILD_BY_REF, {"ref": ref.strip().upper()}).scalar_one_or_none()


class LikelyMatch(NamedTuple):
    """A known child who may be the one that was typed."""

    child: Child
    match: matching.Match


# Those who share the most keys first: whoever shares but one is the least likely.
_FOUND_BY_KEY = (
    select(ChildKey.child_id)
    .where(ChildKey.digest.in_(bindparam("digests", expanding=True)))
    .group_by(ChildKey.child_id)
    .order_by(func.count().desc(), ChildKey.child_id.desc())
    .limit(bindparam("most", type_=Integer()))
    .subquery()
)
# A record that was found to be of another child's stands for that child.
_CANDIDATES = (
    select(
        Child.id,
        Child.given_name,
        Child.family_name,
        Child.date_of_birth,
        Child.due_date,
        func.coalesce(ChildMatch.child_id, Child.id),
    )
    .join(_FOUND_BY_KEY, _FOUND_BY_KEY.c.child_id == Child.id)
    .outerjoin(ChildMatch, (ChildMatch.other_id == Child.id) & ChildMatch.undone_at.is_(None))
)
_CHILDREN = select(Child).where(Child.id.in_(bindparam("children", expanding=True)))


def likely_matches(
    session: Session, typed: matching.Identity, most: int = MOST_MATCHES
) -> list[LikelyMatch]:
    """Known children who may be this one, the likeliest first (A3).

    At most 200 candidates are decrypted and scored: those who share the most keys with what was
    typed, slips of the pen included.
    """
    return likely_matches_each(session, [typed], most)[0]


def likely_matches_each(
    session: Session, typed: Sequence[matching.Identity], most: int = MOST_MATCHES
) -> list[list[LikelyMatch]]:
    """The same for several children at once, in as many statements as for one."""
    known = candidates(session, typed)
    ranked = [_once(matching.ranked(one, known))[:most] for one in typed]
    wanted = {child_id for found in ranked for child_id, _ in found}
    if not wanted:
        return [[] for _ in typed]
    children = {
        child.id: child for child in session.execute(_CHILDREN, {"children": wanted}).scalars()
    }
    return [[LikelyMatch(children[key], match) for key, match in found] for found in ranked]


def candidates(
    session: Session, typed: Sequence[matching.Identity], most: int = MOST_CANDIDATES
) -> list[tuple[int, matching.Identity]]:
    """Who is scored: (child, how it is recorded), at most 200, found by key in one statement."""
    digests = keys.sought(session, typed)
    if not digests:
        return []
    rows = session.execute(_CANDIDATES, {"digests": list(digests), "most": most})
    return [(row[5], matching.Identity(*row[1:5])) for row in rows]


def _once(found: list[tuple[int, matching.Match]]) -> list[tuple[int, matching.Match]]:
    """Each child once, by its likeliest record."""
    first: dict[int, matching.Match] = {}
    for child_id, match in found:
        first.setdefault(child_id, match)
    return list(first.items())


class EarlierReferral(NamedTuple):
    id: int
    ref: str
    received_at: datetime
    outcome: Outcome | None
    child_id: int


_EARLIER = (
    select(
        Referral.id,
        Referral.ref,
        Referral.received_at,
        Referral.outcome,
        ReferralChild.child_id,
    )
    .join(ReferralChild, ReferralChild.referral_id == Referral.id)
    .where(ReferralChild.child_id.in_(bindparam("children", expanding=True)))
    .order_by(Referral.received_at.desc(), Referral.id.desc())
)


def referrals_on(session: Session, child_ids: Collection[int]) -> list[EarlierReferral]:
    """Every referral on these children, the newest first; a row for each child."""
    if not child_ids:
        return []
    rows = session.execute(_EARLIER, {"children": list(child_ids)})
    return [EarlierReferral(*row) for row in rows]


class Sibling(NamedTuple):
    """A child who stood on another referral beside one of these."""

    child_id: int
    name: str
    born: date | None
    due: date | None
    referral_ref: str


_MINE = aliased(ReferralChild)
_SIBLINGS = (
    select(
        Child.id, Child.given_name, Child.family_name, Child.date_of_birth, Child.due_date,
        Referral.ref,
    )
    .select_from(_MINE)
    .join(Referral, Referral.id == _MINE.referral_id)
    .join(ReferralChild, ReferralChild.referral_id == _MINE.referral_id)
    .join(Child, Child.id == ReferralChild.child_id)
    .where(
        _MINE.child_id.in_(bindparam("children", expanding=True)),
        _MINE.referral_id != bindparam("referral"),
        ReferralChild.child_id.not_in(bindparam("not_these", expanding=True)),
    )
    .order_by(Referral.id.desc(), ReferralChild.position)
    .limit(MOST_SIBLINGS)
)  # fmt: skip


def siblings_of(session: Session, referral_id: int, child_ids: Sequence[int]) -> list[Sibling]:
    """Children who were referred together with one of these at another time (A2)."""
    values = {"children": list(child_ids), "not_these": list(child_ids), "referral": referral_id}
    found: dict[int, Sibling] = {}
    for key, given, family, born, due, ref in session.execute(_SIBLINGS, values):
        found.setdefault(key, Sibling(key, f"{given} {family}".strip(), born, due, ref))
    return list(found.values())


class InvolvedProfessional(NamedTuple):
    child_id: int
    professional: Professional
    actively_involved: bool
    lead: bool


_INVOLVED = (
    select(
        ChildProfessional.child_id,
        Professional,
        ChildProfessional.actively_involved,
        ChildProfessional.lead,
    )
    .join(Professional, Professional.id == ChildProfessional.professional_id)
    .where(ChildProfessional.child_id.in_(bindparam("children", expanding=True)))
    .order_by(Professional.name)
)


def involved_with(session: Session, child_ids: Collection[int]) -> list[InvolvedProfessional]:
    """Who in the directory works with these children (A2, C2)."""
    if not child_ids:
        return []
    rows = session.execute(_INVOLVED, {"children": list(child_ids)})
    return [InvolvedProfessional(*row) for row in rows]


_RATINGS = (
    select(ReferralRating, Staff.name)
    .join(Staff, Staff.id == ReferralRating.rated_by_id)
    .where(ReferralRating.referral_id == bindparam("referral"))
    .order_by(ReferralRating.id.desc())
)
_CONSENTS = (
    select(ReferralConsent, Staff.name)
    .join(Staff, Staff.id == ReferralConsent.recorded_by_id)
    .where(ReferralConsent.referral_id == bindparam("referral"))
    .order_by(ReferralConsent.id.desc())
)
_DECISIONS = (
    select(ReferralDecision, Staff.name, Agency.name, DecisionGround)
    .join(Staff, Staff.id == ReferralDecision.decided_by_id)
    .outerjoin(DecisionGround, DecisionGround.decision_id == ReferralDecision.id)
    .outerjoin(Agency, Agency.id == ReferralDecision.agency_id)
    .where(ReferralDecision.referral_id == bindparam("referral"))
    .order_by(ReferralDecision.id.desc())
)


class Rated(NamedTuple):
    rating: ReferralRating
    by: str


class Consented(NamedTuple):
    consent: ReferralConsent
    by: str


class Decided(NamedTuple):
    decision: ReferralDecision
    by: str
    agency: str | None
    ground: DecisionGround | None


def ratings(session: Session, referral_id: int) -> list[Rated]:
    """Every rating of a referral with who gave it, the newest first (A5)."""
    return [Rated(*row) for row in session.execute(_RATINGS, {"referral": referral_id})]


def consents(session: Session, referral_id: int) -> list[Consented]:
    """Every state of consent of a referral with who recorded it, the newest first (A4)."""
    return [Consented(*row) for row in session.execute(_CONSENTS, {"referral": referral_id})]


def decisions(session: Session, referral_id: int) -> list[Decided]:
    """Every decision on a referral with who took it, the newest first (A7)."""
    return [Decided(*row) for row in session.execute(_DECISIONS, {"referral": referral_id})]
