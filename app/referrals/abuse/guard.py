"""Before a case becomes a referral: is a child of it known already (A3)? Asked, never assumed."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.referrals import queries
from app.referrals.abuse.forms import ReleaseFields
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import PersonKind
from app.referrals.forms import NEW_CHILD
from app.referrals.intake.guard import answer_of
from app.referrals.matching import Identity
from app.referrals.shown import birth_in_words


def seen(session: Session, case: AbuseCase, form: ReleaseFields, today: date) -> list[str]:
    """Set the choices of each child of the case; the references of the known children shown."""
    children = [one for one in case.people if one.kind is PersonKind.CHILD]
    while len(form.matches) < len(children):
        form.matches.append_entry()
    shown = []
    for child, entry in zip(children, form.matches, strict=False):
        found = queries.likely_matches(
            session,
            Identity(child.given_name, child.family_name, child.date_of_birth, child.due_date),
        )
        name = f"{child.given_name} {child.family_name}".strip()
        entry.form.same_as.label.text = f"Is {name} one of these children?"
        entry.form.same_as.choices = [
            answer_of(
                one,
                f"{one.child.given_name} {one.child.family_name}, "
                f"{birth_in_words(one.child.date_of_birth, one.child.due_date, today)} "
                f"({one.child.ref}). {one.match.why}",
            )
            for one in found
        ]
        if found:
            entry.form.same_as.choices.append((NEW_CHILD, "A different child: save as new"))
            shown += [one.child.ref for one in found]
    return shown


def unanswered(form: ReleaseFields) -> bool:
    """Whether a child of the case has candidates and no answer; sets the messages of those that
    were shown before."""
    still_open = False
    for entry in form.matches:
        field, refs = entry.form.same_as, [value for value, _ in entry.form.same_as.choices or ()]
        if refs and field.data not in refs:
            still_open = True
            if entry.form.asked.data == " ".join(refs):
                field.errors = ["Say whether this is one of the known children"]
                form.matches.errors = [entry.errors]
        entry.form.asked.data = " ".join(refs)
    return still_open
