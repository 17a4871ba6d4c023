"""Everything on a referral's page, read in as many statements for ten children as for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.audit.queries import Viewer, history_of, viewers
from app.audit.types import Subject
from app.core.clock import london_date, words_for_moment
from app.directory import queries as directory
from app.protocols.panel import DeadlinePanel
from app.protocols.registry import active
from app.protocols.rules import clocks
from app.referrals import keys, queries, rules, shown
from app.referrals.abuse.rules import risk_wanted
from app.referrals.context import Context, context_of
from app.referrals.joining.queries import TakenOff, taken_off
from app.referrals.masking import WORDS, hidden_cases, hidden_children, masked, whom_to_ask
from app.referrals.models import Referral
from app.referrals.outcome.shown import Ground, ground_of
from app.referrals.queries import Consented, Decided, EarlierReferral, Rated, Sibling
from app.referrals.rating.queries import Disputed, disputes
from app.referrals.rating.rules import meaning
from app.referrals.same_child import queries as same_child
from app.referrals.same_child.queries import Said
from app.referrals.same_child.side_by_side import Beside, beside
from app.referrals.sections import Section
from app.referrals.types import Flag


class Known(NamedTuple):
    """Known children who may be one of this referral's, and what was said of it already."""

    ref: str
    name: str
    candidates: list[Beside]
    said: list[Said]


class Settled(NamedTuple):
    """A child who joined and for whom no discussion was needed."""

    name: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another referral on one of the children."""

    ref: str
    received_at: datetime | None  # not of a hidden one
    outcome: str
    children: str
    within_a_year: bool


class ShownSection(NamedTuple):
    template: str
    part: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """What templates/referrals/referral.html shows."""

    referral: Referral
    context: Context
    children: list[shown.ShownChild]
    household: list[tuple[str, str]]
    others: list[tuple[str, str]]
    siblings: list[tuple[str, str]]
    taken_off: list[TakenOff]
    settled: list[Settled]
    family: list[ShownSection]
    known: list[Known]
    earlier: list[Earlier]
    concerns: list[str]
    flags: list[str]
    risk_now: str
    panels: list[DeadlinePanel]
    consents: list[Consented]
    ratings: list[Rated]
    decisions: list[Decided]
    disputes: list[Disputed]
    rating_means: str
    risk_wanted: bool
    ground: Ground
    checks: list[ShownSection]
    after: list[ShownSection]
    events: list[shown.Event]
    viewers: list[Viewer]
    latest: int


def referral_page(
    session: Session, held: Referral, sections: Iterable[Section], now: datetime
) -> ReferralPage:
    """The page of a referral at the aware moment `now`, for the person signed in."""
    today, hidden = london_date(now), hidden_children()
    on_it = [row.child for row in held.children]
    ids = [child.id for child in on_it]
    involved = queries.involved_with(session, ids)
    parts = [(one, one.load(session, held, now)) for one in sections]
    subjects = [*subjects_of(held), *(two for _, part in parts for two in part.subjects)]
    events = shown.timeline(history_of(session, subjects))
    adults = _adults(session, held)
    likely = [
        [one for one in found if one.child.id not in ids]
        for found in queries.likely_matches_each(session, [keys.identity(one) for one in on_it])
    ]
    everybody = [*ids, *(one.child.id for found in likely for one in found)]
    referrals = queries.referrals_on(session, everybody)
    said = same_child.said_of(session, ids)
    protocol = active(directory.council(session).protocol_id)
    decisions = queries.decisions(session, held.id)
    ground = ground_of(session, held, protocol, decisions)
    reopened = ground.reopened_at
    return ReferralPage(
        referral=held,
        context=_context(session, held.id),
        children=[
            shown.shown_child(child, [one for one in involved if one.child_id == child.id], today)
            for child in on_it
        ],
        household=[words for adult, words in adults if adult],
        others=[words for adult, words in adults if not adult],
        siblings=[
            _sibling(one, now)
            for one in queries.siblings_of(session, held.id, ids)
            if one.child_id not in hidden
        ],
        family=_placed(parts, "children"),
        taken_off=taken_off(session, held.id),
        settled=[
            Settled(shown.name_of(row.child), row.settled_at, row.settled_reason or "")
            for row in held.children
            if row.settled_at is not None
        ],
        known=[
            Known(
                child.ref,
                shown.name_of(child),
                [
                    beside(child, one, referrals, now, ask=whom_to_ask(one.child.id))
                    for one in found
                ],
                [one for one in said if child.id in (one.match.child_id, one.match.other_id)],
            )
            for child, found in zip(on_it, likely, strict=True)
        ],
        earlier=masked(_earlier(held, referrals), outcome=WORDS, received_at=None),
        concerns=shown.concerns_in_words(held.concerns),
        flags=[flag.label for flag in Flag if flag.value in held.flags],
        risk_now=(
            "The referrer said so. Nothing is decided yet."
            if held.outcome is None and Flag.RISK_NOW.value in held.flags
            else ""
        ),
        panels=shown.clock_panels(
            rules.told_since(clocks(protocol, rules.facts_since(held, reopened)), reopened),
            held,
            now,
            [kept for _, part in parts for kept in part.clocks],
        ),
        consents=queries.consents(session, held.id),
        ratings=queries.ratings(session, held.id),
        decisions=decisions,
        disputes=disputes(session, held.id),
        risk_wanted=risk_wanted(protocol, held.concerns, held.domestic_abuse),
        rating_means=meaning(protocol, held.rating) if held.rating else "",
        ground=ground,
        checks=_placed(parts, "checks"),
        after=_placed(parts, "after"),
        events=events,
        viewers=viewers(session, Subject("referral", held.ref)),
        latest=events[0].number if events else 0,
    )


def _context(session: Session, referral_id: int) -> Context:
    """When an earlier referral was received is part of its case."""
    found = context_of(session, referral_id)
    if found.earlier_ref is None or found.earlier_ref not in hidden_cases():
        return found
    return found._replace(earlier_received_at=None)


def subjects_of(held: Referral) -> list[Subject]:
    """What is told of in the timeline: the referral and its children."""
    return [
        Subject("referral", held.ref),
        *(Subject("child", row.child.ref) for row in held.children),
    ]


def _placed(parts: Sequence[tuple[Section, Any]], place: str) -> list[ShownSection]:
    return [ShownSection(one.template, part.context) for one, part in parts if one.place == place]


def _adults(session: Session, held: Referral) -> list[tuple[bool, tuple[str, str]]]:
    """Each adult: whether in the household, and (name, words)."""
    works = any(adult.employer_id for adult in held.adults)
    employers = {one.id: one.name for one in directory.agencies(session)} if works else {}
    return [
        (
            adult.in_household,
            (adult.name, shown.adult_in_words(adult, employers.get(adult.employer_id or 0))),
        )
        for adult in held.adults
    ]


def _sibling(one: Sibling, now: datetime) -> tuple[str, str]:
    birth = shown.birth_in_words(one.born, one.due, london_date(now))
    return one.name, f"{birth}, on {one.referral_ref}"


def _earlier(held: Referral, referrals: Sequence[EarlierReferral]) -> list[Earlier]:
    """The other referrals of these children, each once, the newest first."""
    names = {row.child_id: shown.name_of(row.child) for row in held.children}
    found: dict[int, Earlier] = {}
    for one in referrals:
        if one.id == held.id or one.child_id not in names:
            continue
        there = found.get(one.id)
        found[one.id] = Earlier(
            ref=one.ref,
            received_at=one.received_at,
            outcome=one.outcome.label if one.outcome else "Not decided yet",
            children=", ".join([*([there.children] if there else []), names[one.child_id]]),
            within_a_year=rules.is_re_referral(one.received_at, held.received_at),
        )
    return list(found.values())


class Change(NamedTuple):
    """What somebody did since the page was sent."""

    who: str
    when: str
    what: str


def changed_since(session: Session, held: Referral, number: int) -> Change | None:
    """The newest change of a referral or its children after the audit's row `number`."""
    latest = history_of(session, subjects_of(held), most=1)
    if not latest or latest[0].id <= number:
        return None
    event = shown.event(latest[0])
    return Change(event.who, words_for_moment(event.when_at), event.title)


def latest_change(session: Session, held: Referral) -> int:
    """The number in the audit of the newest change of a referral or its children."""
    latest = history_of(session, subjects_of(held), most=1)
    return latest[0].id if latest else 0
