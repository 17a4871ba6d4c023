"""The wrong-child guard as the form shows it: who may be meant, side by side (A3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session
from wtforms import FormField

from app.core.clock import london_date, words_for_day
from app.referrals import queries, rules
from app.referrals.forms import NEW_CHILD, PERHAPS
from app.referrals.intake.forms import HoldsChildren
from app.referrals.masking import WORDS, whom_to_ask
from app.referrals.matching import Identity, Likeness
from app.referrals.queries import EarlierReferral, LikelyMatch
from app.referrals.shown import birth_in_words

LIKENESS_WORDS = {
    Likeness.STRONG: "Very likely",
    Likeness.POSSIBLE: "Possible",
    Likeness.TWIN_OR_SIBLING: "May be a twin",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known child beside the one that was typed. The address only where it was asked for; of one
    with a hidden case neither that nor how its referrals went: `ask` says who may see it (H2).
    `value` is the answer that it is this child, or, of a hidden case, that it may be."""

    ref: str
    name: str
    birth: str
    likeness: str
    why: str
    address: str | None
    referrals: tuple[str, ...]
    ask: str
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """One child of the form, and the known children it may be."""

    entry: FormField
    name: str
    birth: str
    candidates: tuple[Candidate, ...]


def questions(
    session: Session, form: HoldsChildren, now: datetime, *, addresses: bool = False
) -> list[Question]:
    """What has to be asked before the children of a form are saved; sets each entry's choices.

    An answer given to other candidates than there are now is asked for again.
    """
    asked = []
    for entry in form.filled_children():
        given = entry.form.given()
        found = queries.likely_matches(
            session,
            Identity(given.given_name, given.family_name, given.date_of_birth, given.due_date),
        )
        shown = " ".join(one.child.ref for one in found)
        if entry.form.asked.data != shown:
            entry.form.same_as.data = None
        entry.form.same_as.choices = [
            *(answer_of(one, f"{_name(one)} ({one.child.ref})") for one in found),
            (NEW_CHILD, "A different child: save as new"),
        ]
        if found:
            earlier = queries.referrals_on(session, [one.child.id for one in found])
            asked.append(
                Question(
                    entry=entry,
                    name=f"{given.given_name} {given.family_name}".strip(),
                    birth=birth_in_words(given.date_of_birth, given.due_date, london_date(now)),
                    candidates=tuple(_candidate(one, earlier, now, addresses) for one in found),
                )
            )
        else:
            entry.form.same_as.data = None
    return asked


def answer_of(found: LikelyMatch, words: str) -> tuple[str, str]:
    """The answer that a typed child is this known one, `words`: its value and what it says. Of a
    child with a hidden case that it may be: whoever may see that case says so (H2)."""
    ref, ask = found.child.ref, whom_to_ask(found.child.id)
    if ask:
        return f"{PERHAPS}{ref}", f"Perhaps {words}: save as new, and ask {ask}"
    return ref, f"The same child as {words}"


def unanswered(asked: list[Question]) -> list[Question]:
    """The questions without an answer; those shown before get their message (422)."""
    open_questions = []
    for question in asked:
        form = question.entry.form
        refs = [candidate.ref for candidate in question.candidates]
        shown_before = form.asked.data == " ".join(refs)
        values = [candidate.value for candidate in question.candidates]
        if form.same_as.data not in (*values, NEW_CHILD):
            open_questions.append(question)
            if shown_before:
                form.same_as.errors = [f"Say whether {question.name} is one of these children"]
        form.asked.data = " ".join(refs)
    return open_questions


def _candidate(
    found: LikelyMatch, earlier: list[EarlierReferral], now: datetime, addresses: bool
) -> Candidate:
    child, today = found.child, london_date(now)
    ask = whom_to_ask(child.id)
    held = WORDS if ask else child.address or "No address is held"
    return Candidate(
        ref=child.ref,
        name=_name(found),
        birth=birth_in_words(child.date_of_birth, child.due_date, today),
        likeness=LIKENESS_WORDS[found.match.likeness],
        why=found.match.why,
        address=held if addresses else None,
        referrals=tuple(
            one.ref if ask else _referral(one, now) for one in earlier if one.child_id == child.id
        ),
        ask=ask,
        value=answer_of(found, "")[0],
    )


def _referral(earlier: EarlierReferral, now: datetime) -> str:
    outcome = earlier.outcome.label.lower() if earlier.outcome else "not decided yet"
    within = rules.is_re_referral(earlier.received_at, now)
    recent = ", within 12 months: this would be a re-referral" if within else ""
    return f"{earlier.ref}, {words_for_day(earlier.received_at)}, {outcome}{recent}"


def _name(found: LikelyMatch) -> str:
    return f"{found.child.given_name} {found.child.family_name}".strip()


def adults_to_confirm(form: HoldsChildren, today: date) -> None:
    """Ask about each child of 18 or older who was not confirmed: asked, never refused (A2)."""
    for entry in form.filled_children():
        child = entry.form
        if rules.is_adult(child.date_of_birth.data, today) and not child.adult_confirmed.data:
            years = rules.age(child.date_of_birth.data, today)
            child.adult_confirmed.errors = [
                f"{child.given_name.data or 'This person'} is {years} by this date of birth: "
                "correct the date, or tick that they stay on the referral"
            ]
    form.gather_errors()
