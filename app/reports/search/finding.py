"""From a question to a page of cases (G5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from app.core.clock import from_london, in_london
from app.directory.likely import likely
from app.referrals import keys, search_keys
from app.reports.search import queries, rules
from app.reports.search.queries import CUT, EVERY, Keys, KnownChild
from app.reports.search.types import Asked, Choice, FoundCase, FoundDiscussion, Page, Show
from app.web.keys import moment_key
from app.web.numbers import whole_or_none

MOST_PEOPLE = 5
_BEGINNING = (datetime(1900, 1, 1, tzinfo=UTC), 0)
_END = (datetime(2200, 1, 1, tzinfo=UTC), EVERY)


def choices(session: Session, wanted: Asked) -> list[Choice]:
    """The lists that a question may mean, the likeliest first: one statement."""
    found = []
    if wanted.words or wanted.case_reference or wanted.day:
        found.append(Choice(Show.CHILDREN, 0, "Children"))
    if wanted.day is not None and not wanted.words:
        found.append(Choice(Show.DAY, 0, f"Discussions on {_in_words(wanted)}"))
    if not wanted.words:
        return found
    known = queries.directory(session)
    text = " ".join(wanted.words)
    names = likely(text, dict.fromkeys(one.name for one in known if one.is_agency))
    for one in known:
        if one.is_agency and one.name in names:
            found += [
                Choice(Show.FROM_AGENCY, one.id, f"Referrals from {one.name}"),
                Choice(Show.WITH_AGENCY, one.id, f"Discussions with {one.name}"),
            ]
    people = [one for one in known if not one.is_agency and rules.person_fits(wanted, one.name)]
    for one in people[:MOST_PEOPLE]:
        whom = f"{one.name}, {one.agency}"
        found += [
            Choice(Show.FROM_PERSON, one.id, f"Referrals by {whom}"),
            Choice(Show.WITH_PERSON, one.id, f"Discussions with {whom}"),
        ]
    return found


def _in_words(wanted: Asked) -> str:
    return f"{wanted.day.day} {wanted.day:%B} {wanted.day.year}" if wanted.day else ""


def page(
    session: Session, wanted: Asked, choice: Choice, hidden: Collection[str], older: str = ""
) -> Page:
    """One page of a list; `older` is the key that the page before gave, a broken one the first.

    A case in `hidden` is not found by what is known of a child; in the lists of agencies, people
    and days it keeps its place (H2).
    """
    if choice.show is Show.CHILDREN:
        return _children(session, wanted, hidden, whole_or_none(older) or EVERY)
    if choice.show is Show.DAY:
        assert wanted.day is not None
        start = from_london(datetime.combine(wanted.day, time()))
        end = from_london(datetime.combine(wanted.day + timedelta(days=1), time()))
        key = moment_key(older) or _BEGINNING
        return _page(session, queries.discussions_on(session, start, end, key))
    agency = choice.show in (Show.FROM_AGENCY, Show.WITH_AGENCY)
    if choice.show in (Show.FROM_AGENCY, Show.FROM_PERSON):
        key = moment_key(older) or _END
        return _page(session, queries.referrals_from(session, choice.id, key, agency=agency))
    before = whole_or_none(older) or EVERY
    return _page(session, queries.discussions_with(session, choice.id, before, agency=agency))


def of_child(session: Session, child_id: int, hidden: Collection[str]) -> Page:
    """The cases of one known child, without those in `hidden`."""
    return _without(hidden, _page(session, queries.cases_of(session, [child_id])))


def _without(hidden: Collection[str], found: Page) -> Page:
    return replace(found, cases=tuple(one for one in found.cases if one.ref not in hidden))


def _children(session: Session, wanted: Asked, hidden: Collection[str], before: int) -> Page:
    if wanted.case_reference:
        sought = keys.searched(session, [search_keys.case_key(wanted.case_reference)])
        known = queries.children_under(session, sought, before)
        found = _of(session, known[:CUT], hidden, _older(known))
        # A hidden case must not stop what comes next: that would tell of it.
        if found.cases or found.older:
            return found
    if not wanted.words:
        if wanted.day is None:
            return Page(())
        sought = keys.searched(session, [search_keys.day_key(wanted.day)])
        known = queries.children_under(session, sought, before)
        # A day once held stays in the index: what is held now decides.
        then = [one for one in known[:CUT] if rules.born_then(wanted.day, one.identity)]
        return _of(session, then, hidden, _older(known))
    given, family = wanted.name
    names = keys.searched(
        session,
        search_keys.name_keys(given, family) if given else search_keys.word_keys(family),
    )
    known = queries.children_under(session, names, before)
    fitting = [one for one in known[:CUT] if rules.fits(wanted, one.identity)]
    if wanted.day is None:
        return _of(session, fitting, hidden, _older(known))
    then = [one for one in fitting if rules.born_then(wanted.day, one.identity)]
    if before == EVERY:
        [day] = keys.searched(session, [search_keys.day_key(wanted.day)])
        on_it = queries.children_on(session, day, names)
        then += [
            one
            for one in on_it
            if one not in then
            and rules.fits(wanted, one.identity)
            and rules.born_then(wanted.day, one.identity)
        ]
    born = _of(session, then, hidden, "")
    if born.cases:
        return born
    found = _of(session, fitting, hidden, _older(known))
    return Page(found.cases, found.older, without_the_day=bool(found.cases))


def _older(known: list[KnownChild]) -> str:
    return str(known[CUT - 1].record_id) if len(known) > CUT else ""


def _of(session: Session, known: list[KnownChild], hidden: Collection[str], older: str) -> Page:
    keys_ = queries.cases_of(session, {one.child_id for one in known})
    return _without(hidden, _page(session, keys_._replace(older=older)))


def _page(session: Session, wanted: Keys) -> Page:
    rows = queries.rows_of(session, wanted)
    of_referral: dict[int, list[FoundDiscussion]] = {}
    cases = []
    for one in rows.discussions:
        day = in_london(one.at)
        words = f"{one.state.label}, {day.day} {day:%B} {day.year}"
        if one.referral_id is not None:
            of_referral.setdefault(one.referral_id, []).append(FoundDiscussion(one.ref, words))
        else:
            cases.append(
                FoundCase(
                    ref=one.ref,
                    is_referral=False,
                    at=one.at,
                    children=tuple(rows.children.get((False, one.id), ())),
                    stage=f"Strategy discussion: {one.state.label.lower()}",
                    source="From an open case",
                )
            )
    cases += [
        FoundCase(
            ref=row.ref,
            is_referral=True,
            at=row.received_at,
            children=tuple(rows.children.get((True, row.id), ())),
            stage=row.outcome.label if row.decided_at and row.outcome else "To be decided",
            source=row.source,
            discussions=tuple(of_referral.get(row.id, ())),
        )
        for row in rows.referrals
    ]
    cases.sort(key=lambda one: one.at, reverse=True)
    return Page(tuple(cases), wanted.older)
