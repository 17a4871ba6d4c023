"""A referral as its pages show it: words and states are worked out here, not in templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from app.audit.models import AuditEntry
from app.core.clock import london_date, words_for_moment
from app.protocols.panel import DeadlinePanel, deadline_panel, deadline_state
from app.protocols.registry import active
from app.protocols.types import Clock, ClockError, Due
from app.protocols.wording import time_left
from app.referrals import rules
from app.referrals.listing import ListedReferral
from app.referrals.models import Child, Referral, ReferralAdult
from app.referrals.outcome.types import FilterReason
from app.referrals.public.types import Step
from app.referrals.queries import InvolvedProfessional
from app.referrals.sections import KeptClock
from app.referrals.types import (
    Channel,
    Concern,
    ConsentState,
    Flag,
    LawfulBasis,
    Outcome,
    Rating,
    RatingStage,
)

RATING_COLOURS = {
    Rating.RED: "red",
    Rating.AMBER: "orange",
    Rating.GREEN: "green",
    Rating.BLUE: "blue",
}


def day_in_words(day: date) -> str:
    """27 March 2019."""
    return f"{day.day} {day:%B} {day.year}"


def birth_in_words(born: date | None, due: date | None, today: date) -> str:
    """`27 March 2019, 7 years`, `due 3 May 2027`, `date of birth not known`."""
    if born is not None:
        return f"{day_in_words(born)}, {rules.age_in_words(born, due, today)}"
    return f"due {day_in_words(due)}" if due is not None else "date of birth not known"


def _unbroken(words: str) -> str:
    """The words kept on one line."""
    return words.replace(" ", "\u00a0")


def concerns_in_words(values: list[str]) -> list[str]:
    """The labels of stored concerns, in the order of the form."""
    return [concern.label for concern in Concern if concern.value in values]


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of a list of referrals."""

    ref: str
    children: tuple[str, ...]
    deadline: DeadlinePanel
    received: str
    source: str
    concerns: str
    rating: str
    rating_colour: str
    outcome: str
    re_referral: bool
    risk_now: bool
    # It came by the form and never became a referral: its page is another.
    as_sent: bool = False


_DUE_BY_THEN = {
    Clock.DOMESTIC_ABUSE_DISCUSSION: "The domestic abuse is to be discussed by then",
    Clock.STRATEGY_DISCUSSION: "A strategy discussion, if one is needed, is due by then",
}


def _sooner_for(row: ListedReferral) -> str:
    """Why a referral is due before the decision on it: the clock, or the clocks, soonest (B2)."""
    if row.protocol_id is None:
        return ""
    facts = rules.facts_since(row, row.reopened_at)
    found = rules.soonest(active(row.protocol_id), facts, row.act_by_at)
    return ". ".join(_DUE_BY_THEN[one] for one in found)


def list_row(row: ListedReferral, now: datetime) -> ListRow:
    """A referral of a list at the aware moment `now`."""
    today = london_date(now)
    sooner = row.decided_at is None and row.act_by_at < row.decision_due_at
    due_at = row.act_by_at if sooner else row.decision_due_at
    state, state_text = deadline_state(due_at, now, row.decided_at)
    return ListRow(
        ref=row.ref,
        children=tuple(
            f"{child.name}, {_unbroken(rules.age_in_words(child.born, child.due, today))}"
            for child in row.children
        ),
        deadline=DeadlinePanel(
            title="Decide by",
            state=state,
            state_text=state_text,
            due_at=due_at,
            due_text="" if row.decided_at else words_for_moment(due_at),
            left_text="" if row.decided_at else time_left(due_at, now),
            rule="",
            reason=_sooner_for(row) if sooner else "",
            source="",
            force_text="",
            others=(),
        ),
        received=words_for_moment(row.received_at),
        source=f"{row.agency}, {row.channel.label.lower()}",
        concerns=", ".join(concerns_in_words(row.concerns)),
        rating=row.rating.label if row.rating else "",
        rating_colour=RATING_COLOURS[row.rating] if row.rating else "",
        outcome=row.outcome.label if row.outcome else "",
        re_referral=row.re_referral,
        risk_now=row.decided_at is None and Flag.RISK_NOW.value in row.flags,
    )


@dataclass(frozen=True, slots=True)
class ShownChild:
    """A child on the referral's page: rows of (label, words), only those that are known."""

    ref: str
    name: str
    birth: str
    rows: tuple[tuple[str, str], ...]


def shown_child(child: Child, involved: Sequence[InvolvedProfessional], today: date) -> ShownChild:
    """A child and who works with them, on the local day `today`."""
    rows = [
        ("Address", child.address),
        ("Gender", child.gender),
        ("Ethnicity", child.ethnicity),
        ("Religion", child.religion),
        ("First language", child.first_language),
        ("Interpreter", "Needed" if child.needs_interpreter else None),
        ("Disability", child.disability),
        ("Looked after", "Yes, by the council" if child.looked_after else None),
        ("Case system reference", child.case_reference),
        ("School, as typed", child.school_typed),
        ("GP, as typed", child.gp_typed),
        ("Health, as typed", child.health_typed),
        ("Works with the child", "\n".join(_involved(one) for one in involved)),
    ]
    return ShownChild(
        ref=child.ref,
        name=name_of(child),
        birth=birth_in_words(child.date_of_birth, child.due_date, today),
        rows=tuple((label, words) for label, words in rows if words),
    )


def name_of(child: Child) -> str:
    """Given and family name."""
    return f"{child.given_name} {child.family_name}".strip()


def told_apart(children: Iterable[Child], *, given: bool = False) -> dict[int, str]:
    """What each is called, by number: the whole name, or the given one; behind a name that several
    of them bear stands the birth, and where that is the same too, their reference."""
    them = list(children)
    names = {one.id: one.given_name if given else name_of(one) for one in them}
    alike = Counter(name.casefold() for name in names.values())
    births = Counter((names[one.id].casefold(), one.date_of_birth, one.due_date) for one in them)
    for one in them:
        name = names[one.id].casefold()
        if alike[name] > 1:
            twin = births[name, one.date_of_birth, one.due_date] > 1
            names[one.id] += f" ({one.ref if twin else _birth_or_ref(one)})"
    return names


def _birth_or_ref(child: Child) -> str:
    if child.date_of_birth is not None:
        return f"born {day_in_words(child.date_of_birth)}"
    return f"due {day_in_words(child.due_date)}" if child.due_date is not None else child.ref


def names_of(children: Iterable[Child]) -> str:
    """`Ava Reed`, `Ava Reed and Tom Reed`, `Ava Reed, Tom Reed and Zoe Reed`."""
    *most, last = [name_of(child) for child in children] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _involved(one: InvolvedProfessional) -> str:
    ticks = [
        *(["actively involved"] if one.actively_involved else []),
        *(["lead professional"] if one.lead else []),
    ]
    words = f"{one.professional.name}, {one.professional.title}, {one.professional.agency.name}"
    return f"{words} ({', '.join(ticks)})" if ticks else words


def adult_in_words(adult: ReferralAdult, employer: str | None) -> str:
    """`Father, parental responsibility, in the household`."""
    said = [
        adult.relationship_to_child,
        *(["parental responsibility"] if adult.parental_responsibility else []),
        *(["in the household"] if adult.in_household else []),
        *(["alleged perpetrator"] if adult.alleged_perpetrator else []),
        *(["under 18"] if adult.under_18 else []),
        *[f"works for {one}" for one in (employer, adult.employer_typed) if one],
    ]
    return ", ".join(words for words in said if words)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    number: int
    when_at: datetime
    when_text: str
    title: str
    who: str
    words: str


_TITLES = {
    "child added": "Child entered",
    "child changed": "Child changed",
    "children linked": "Linked to a known child",
    "children told apart": "Told apart from a known child",
    "concerns changed": "Concerns changed",
    "how it came in changed": "How it came in was changed",
    "consent recorded": "Consent recorded",
    "professionals of a child set": "Who works with the child was set",
    "referral decided": "Decided",
    "referral entered": "Referral entered",
    "referral rated": "Rated",
    "disagreement over the rating": "Disagreement over the rating",
    "referred on": "Referred on",
}
_LABELLED: tuple[tuple[str, type[Enum]], ...] = (
    ("state", ConsentState),
    ("lawful_basis", LawfulBasis),
    ("rating", Rating),
    ("outcome", Outcome),
    ("filtered", FilterReason),
)

_ANSWERED = "form answered"


def event(entry: AuditEntry) -> Event:
    """An audit row as a line of the timeline, in words."""
    about = f" {entry.subject_ref}" if entry.subject_kind != "referral" else ""
    title = _TITLES.get(entry.action, entry.action[:1].upper() + entry.action[1:])
    return Event(
        number=entry.id,
        when_at=entry.at,
        when_text=words_for_moment(entry.at),
        title=f"{title}{about}",
        who=entry.actor_label,
        words=_details_in_words(entry.details),
    )


def timeline(entries: Sequence[AuditEntry]) -> list[Event]:
    """The audit rows of a referral as its timeline, the newest first as they come. A form is
    answered step by step: that stands once, with what was saved last."""
    found: list[Event] = []
    steps = [entry for entry in entries if entry.action == _ANSWERED]
    for entry in entries:
        if entry.action != _ANSWERED:
            found.append(event(entry))
        elif entry is steps[0]:
            last = Step(entry.details["step"]).label
            words = (
                f"saved last: {last}"
                if len(steps) == 1
                else (f"saved {len(steps)} times, last: {last}")
            )
            found.append(replace(event(entry), words=words))
    return found


def _details_in_words(details: Mapping[str, Any]) -> str:
    said = [_label(kind, details[name]) for name, kind in _LABELLED if details.get(name)]
    before = details.get("before")
    if isinstance(before, str):
        kind = Rating if details.get("rating") else Outcome
        said.append(f"before: {_label(kind, before)}")
    if details.get("stage") == RatingStage.AFTER.value:
        said.append("after information gathering")
    if isinstance(details.get("changed"), list):
        said.append(", ".join(str(name).replace("_", " ") for name in details["changed"]))
    if isinstance(details.get("received_before"), str):
        moment = datetime.fromisoformat(details["received_before"])
        said.append(f"received before: {words_for_moment(moment)}")
    if details.get("channel_before"):
        said.append(f"channel before: {_label(Channel, details['channel_before']).lower()}")
    if isinstance(details.get("children"), list):
        count = len(details["children"])
        said.append(f"{count} {'child' if count == 1 else 'children'}")
    if details.get("child") and details.get("other"):
        said.append(f"{details['other']} and {details['child']}")
    elif details.get("child"):
        said.append(str(details["child"]))
    if details.get("known_children"):
        said.append(f"known already: {', '.join(details['known_children'])}")
    if Flag.RISK_NOW.value in details.get("flags", ()):
        said.append("may be at risk now")
    if details.get("re_referral"):
        said.append("re-referral within 12 months")
    if details.get("in_time") is False:
        said.append("late")
    return "; ".join(said)


def _label(kind: type[Enum], value: object) -> str:
    """The label of a stored value; what another room stored under this name as it stands."""
    known = next((one for one in kind if one.value == value), None)
    return str(getattr(known, "label", value)).replace("_", " ")


def clock_panels(
    answers: Mapping[Clock, Due | ClockError],
    referral: Referral,
    now: datetime,
    kept: Iterable[KeptClock] = (),
) -> list[DeadlinePanel]:
    """The clocks of a referral, those still running first, the soonest on top (B2).

    The decision on the contact is met by the first decision. The strategy discussion's clock is
    shown until something else is decided; the assessment's once it may be needed. Once there is a
    discussion, or an assessment was completed, the clocks are as they are kept there (B1).
    """
    shown, known = [], {one.clock: one for one in kept}
    for clock, answer in answers.items():
        there = known.get(clock, KeptClock(clock))
        if clock is Clock.CONTACT_DECISION:
            shown.append(deadline_panel(answer, now, referral.decided_at))
        elif clock is Clock.STRATEGY_DISCUSSION:
            if referral.outcome is None:
                panel = deadline_panel(answer, now)
                title = f"{panel.title[:1].lower()}{panel.title[1:]}"
                shown.append(replace(panel, title=f"If a strategy discussion is needed: {title}"))
            elif referral.outcome is Outcome.STRATEGY_DISCUSSION and there.runs:
                shown.append(deadline_panel(there.answer or answer, now, there.met_at))
        elif clock is Clock.ASSESSMENT:
            follows = referral.outcome in (Outcome.SECTION_17, Outcome.STRATEGY_DISCUSSION)
            if follows and there.runs:
                shown.append(deadline_panel(there.answer or answer, now, there.met_at))
        elif referral.decided_at is None:
            shown.append(deadline_panel(answer, now))
    return sorted(
        shown, key=lambda one: (one.state == "met", one.due_at is None, one.due_at or now)
    )
