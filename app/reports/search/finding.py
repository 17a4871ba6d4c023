"""From a question to a page of cases (G5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from app.core.clock import from_london, in_london
from app.directory.likely import likely
from app.referrals import keys, search_keys
from app.referrals.matching import Identity, easily_mistaken
from app.reports.search import children, queries, rules
from app.reports.search.children import Found, Record
from app.reports.search.queries import EVERY, PAGE, DiscussionRow, Keys
from app.reports.search.types import Asked, CaseKey, Choice, FoundCase, FoundDiscussion, Page, Show
from app.web.keys import moment_key
from app.web.numbers import whole_or_none

MOST_PEOPLE = 5
AT_ONCE = 60  # cases whose children's names are read together
_BEGINNING = (datetime(1900, 1, 1, tzinfo=UTC), 0)
_END = (datetime(2200, 1, 1, tzinfo=UTC), EVERY)


def choices(session: Session, wanted: Asked) -> list[Choice]:
    """The lists that a question may mean, the likeliest first: one statement."""
    found = []
    if wanted.words or wanted.case_reference or wanted.day:
        found.append(Choice(Show.CHILDREN, 0, "Children"))
    if wanted.day is not None and not wanted.words:
        found += [
            Choice(Show.DAY, 0, f"Discussions on {_in_words(wanted)}"),
            Choice(Show.CAME_IN, 0, f"Referrals that came in on {_in_words(wanted)}"),
        ]
    if not wanted.words:
        return found
    known = queries.directory(session)
    text = " ".join(wanted.words)
    agencies = dict.fromkeys(one.name for one in known if one.is_agency)
    # A word that many agencies share tells none from another: then all that bear it.
    names = (
        likely(text, agencies)
        or [name for name in agencies if rules.agency_bears(wanted, name)][:MOST_PEOPLE]
    )
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

    A case in `hidden` is not found by what is known of a child, by the agency or the person it
    came from or was discussed with, or by when it came in; on the day of its discussion it keeps
    its place (H2).
    """
    if choice.show is Show.CHILDREN:
        return _children(session, wanted, hidden, _case_key(older))
    if choice.show in (Show.DAY, Show.CAME_IN):
        assert wanted.day is not None
        start = from_london(datetime.combine(wanted.day, time()))
        end = from_london(datetime.combine(wanted.day + timedelta(days=1), time()))
        if choice.show is Show.CAME_IN:
            # A key is older than the end of the day; one that is not is none of this list.
            key = min(moment_key(older) or _END, (end, 0))
            return _page(session, queries.referrals_since(session, start, key, hidden))
        key = moment_key(older) or _BEGINNING
        held = queries.discussions_on(session, start, end, key)
        return _discussions(session, held, by_need=False)
    agency = choice.show in (Show.FROM_AGENCY, Show.WITH_AGENCY)
    if choice.show in (Show.FROM_AGENCY, Show.FROM_PERSON):
        key = moment_key(older) or _END
        found = queries.referrals_from(session, choice.id, key, hidden, agency=agency)
        return _page(session, found)
    before = whole_or_none(older) or EVERY
    found = queries.discussions_with(session, choice.id, before, hidden, agency=agency)
    return _discussions(session, found, by_need=True)


def of_child(session: Session, child_id: int, hidden: Collection[str], older: str = "") -> Page:
    """The cases of one known child, without those in `hidden`."""
    found = Found([Record(child_id, child_id)])
    return _listed(session, found, hidden, _case_key(older), lambda _: True)


def _children(
    session: Session, wanted: Asked, hidden: Collection[str], after: CaseKey | None
) -> Page:
    def listed(found: Found, fits: Callable[[Identity], bool]) -> Page:
        return _listed(session, found, hidden, after, fits)

    if wanted.case_reference:
        sought = keys.searched(session, [search_keys.case_key(wanted.case_reference)])
        found = listed(children.records_under(session, sought), lambda _: True)
        # A hidden case must not stop what comes next: that would tell of it.
        if found.cases:
            return found
    day = wanted.day
    if not wanted.words:
        if day is None:
            return Page(())
        sought = keys.searched(session, [search_keys.day_key(day)])
        # A day once held stays in the index: what is held now decides.
        return listed(
            children.records_under(session, sought), lambda known: rules.born_then(day, known)
        )
    given, family = wanted.name
    if given:
        whole, halves = (
            keys.searched(session, some)
            for some in (
                search_keys.whole_name_keys(given, family),
                search_keys.half_name_keys(given, family),
            )
        )
    else:
        whole, halves = keys.searched(session, search_keys.word_keys(family)), []
    if day is not None:
        days = [day, *sorted(easily_mistaken(day))]
        on_them = keys.searched(session, [search_keys.day_key(one) for one in days])
        born = listed(
            children.records_on(session, on_them, [*whole, *halves]),
            lambda known: rules.fits(wanted, known) and rules.born_then(day, known),
        )
        if born.cases:
            return born
    found = listed(
        children.records_named(session, whole, halves), lambda known: rules.fits(wanted, known)
    )
    return replace(found, without_the_day=bool(day is not None and found.cases))


def _listed(
    session: Session, found: Found, hidden: Collection[str], after: CaseKey | None,
    fits: Callable[[Identity], bool],
) -> Page:  # fmt: skip
    """The cases of these children whose record fits, the newest first, below `after`.

    All of them are put in order before any name is read; names are read until the page is full.
    """
    records_of: defaultdict[int, list[int]] = defaultdict(list)
    for record in found.records:
        records_of[record.child_id].append(record.id)
    about: defaultdict[CaseKey, list[int]] = defaultdict(list)
    for one in children.cases_of(session, records_of):
        if one.ref not in hidden and (after is None or one.key < after):
            about[one.key] += records_of[one.child_id]
    ordered = sorted(about, reverse=True)
    known: dict[int, Identity] = {}
    chosen: list[CaseKey] = []
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        wanted = {record for one in some for record in about[one]} - known.keys()
        known |= children.identities(session, wanted)
        chosen += [one for one in some if any(fits(known[record]) for record in about[one])]
        if len(chosen) > PAGE:
            break
    shown = chosen[:PAGE]
    page = _page(
        session,
        Keys(
            tuple(one.id for one in shown if one.is_referral),
            tuple(one.id for one in shown if not one.is_referral),
            _key_in_words(shown[-1]) if len(chosen) > PAGE else "",
        ),
    )
    return replace(page, cut=found.is_cut)


def _discussion(row: DiscussionRow) -> FoundDiscussion:
    day = in_london(row.at)
    return FoundDiscussion(row.ref, f"{row.state.label}, {day.day} {day:%B} {day.year}")


def _discussions(session: Session, wanted: Keys, *, by_need: bool) -> Page:
    """Discussions one by one, in their order, with the day on which their need was decided or on
    which they are held; a case with several stands there for each."""
    rows = queries.rows_of(session, wanted)
    sources = {one.id: one.source for one in rows.referrals}
    held = {one.id: one for one in rows.discussions}
    cases = []
    for id_ in wanted.meetings:
        one = held[id_]
        of = (False, id_) if one.referral_id is None else (True, one.referral_id)
        cases.append(
            FoundCase(
                ref=one.ref,
                is_referral=False,
                at=one.created_at if by_need else one.at,
                children=tuple(rows.children.get(of, ())),
                stage=f"Strategy discussion: {one.state.label.lower()}",
                source=sources.get(one.referral_id or 0, "From an open case"),
                discussions=(_discussion(one),),
            )
        )
    return Page(tuple(cases), wanted.older)


def _page(session: Session, wanted: Keys) -> Page:
    rows = queries.rows_of(session, wanted)
    of_referral: dict[int, list[FoundDiscussion]] = {}
    cases = []
    for one in rows.discussions:
        if one.referral_id is not None:
            of_referral.setdefault(one.referral_id, []).append(_discussion(one))
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
    numbers = {one.ref: (True, one.id) for one in rows.referrals}
    numbers |= {one.ref: (False, one.id) for one in rows.discussions}
    cases.sort(key=lambda one: (one.at, *numbers[one.ref]), reverse=True)
    return Page(tuple(cases), wanted.older)


def _key_in_words(key: CaseKey) -> str:
    """The key of the last case of a page, for the address of the next one."""
    return f"{key.at.isoformat()},{key.is_referral:d},{key.id}"


def _case_key(typed: str) -> CaseKey | None:
    """The key that an address holds; a broken one is the first page."""
    at, _, rest = typed.partition(",")
    kind, _, number = rest.partition(",")
    found = moment_key(f"{at},{number}")
    return CaseKey(found[0], kind == "1", found[1]) if found else None
