"""The referral's forms: shape and required-ness; what may stand is for rules."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from wtforms import BooleanField, Form, HiddenField, IntegerField
from wtforms.validators import InputRequired, Optional

from app.referrals.types import (
    CHILD_PROTECTION,
    ChildGiven,
    Concern,
    ConcernsGiven,
    ConsentGiven,
    ConsentState,
    DomesticAbuseRisk,
    Flag,
    Involvement,
    LawfulBasis,
)
from app.web.choices import RadioField, SelectField, SelectMultipleField
from app.web.forms import (
    BaseForm,
    DateParts,
    Line,
    LocalMoment,
    Passage,
    Required,
    choices,
)

Named = TypeVar("Named", bound=Enum)
# The answer that a child of the form is none of the known ones.
NEW_CHILD = "new"
# Before the reference of a child whose restricted case the person may not see: only those who may
# say whether it is the same child.
PERHAPS = "perhaps:"
ONE_PRESS = "child_protection"
LATER = "later"


class MayBeEmpty(Optional):
    """As WTForms' Optional, without writing "(optional)" behind nearly every label."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags: dict[str, bool] = {}


def number_or_none(value: object) -> int | None:
    """The coercion of a select whose empty choice means nobody."""
    return int(str(value)) if value not in (None, "", "None") else None


def labelled(kind: type[Named]) -> list[tuple[str, str]]:
    return [(str(member.value), getattr(member, "label", member.value)) for member in kind]


def one_of(kind: type[Named], value: str | None) -> Named | None:
    """The member of a stored value; None for none, and for one that the form refuses anyway."""
    return kind(value) if value in [member.value for member in kind] else None


def pick(label: str, description: str = "") -> SelectField:
    """Somebody or some agency of the directory; its choices are set by the route."""
    return SelectField(
        label, coerce=number_or_none, validators=[MayBeEmpty()], choices=[], description=description
    )


# What works with a child: the field's prefix, and its words.
PROFESSIONALS = (
    ("school", "School, nursery or college"),
    ("gp", "GP"),
    ("health", "Health visitor, midwife or school nurse"),
    ("other", "Somebody else who works with the child"),
)


def known_child(same_as: str | None) -> str | None:
    """The reference of the known child that a person said it is; None for a child who is saved as
    new, also where it may be one with a restricted case."""
    new = not same_as or same_as == NEW_CHILD or same_as.startswith(PERHAPS)
    return None if new else same_as


def perhaps_known(answers: Iterable[str | None]) -> list[str]:
    """The references of the children with a restricted case that a person said it may be."""
    return [one.removeprefix(PERHAPS) for one in answers if one and one.startswith(PERHAPS)]


class AboutChild:
    """The fields that a child has on the referral and on the child's own form."""

    given_name = Line("Given name")
    family_name = Line("Family name")
    date_of_birth = DateParts("Date of birth")
    due_date = DateParts("Due date, if not born yet")
    gender = Line("Gender", length=60)
    ethnicity = Line("Ethnicity")
    religion = Line("Religion")
    first_language = Line("First language")
    needs_interpreter = BooleanField("Needs an interpreter")
    disability = Line("Disability")
    looked_after = BooleanField("Looked after by the council")
    address = Passage("Address", length=500)
    case_reference = Line("Reference in the case system", length=60)
    school_id = pick("School, nursery or college")
    school_typed = Line("If it is not in the list, its name and telephone number")
    school_active = BooleanField("Actively involved now")
    gp_id = pick("GP")
    gp_typed = Line("If the practice is not in the list, its name and telephone number")
    gp_active = BooleanField("Actively involved now")
    health_id = pick("Health visitor, midwife or school nurse")
    health_typed = Line("If they are not in the list, their name and telephone number")
    health_active = BooleanField("Actively involved now")
    other_id = pick("Somebody else who works with the child")
    other_active = BooleanField("Actively involved now")
    lead = RadioField(
        "Lead professional",
        choices=[("", "Not known"), *PROFESSIONALS],
        default="",
        validators=[MayBeEmpty()],
    )


class ReadsChild:
    """Reads a child out of the fields above."""

    def given(self) -> ChildGiven:
        """The child as typed."""
        data = self.data  # type: ignore[attr-defined]  # of the form this is mixed into
        same_as = data.get("same_as")
        return ChildGiven(
            given_name=data["given_name"],
            family_name=data["family_name"],
            date_of_birth=data["date_of_birth"],
            due_date=data["due_date"],
            gender=data["gender"],
            ethnicity=data["ethnicity"],
            religion=data["religion"],
            first_language=data["first_language"],
            needs_interpreter=data["needs_interpreter"],
            disability=data["disability"],
            looked_after=data["looked_after"],
            address=data["address"],
            case_reference=data["case_reference"],
            school_typed=data["school_typed"],
            gp_typed=data["gp_typed"],
            health_typed=data["health_typed"],
            same_as=known_child(same_as),
            corrects_known=bool(data.get("corrects_known")),
            professionals=tuple(self._professionals(data)),
        )

    @staticmethod
    def _professionals(data: dict[str, object]) -> Iterable[Involvement]:
        seen = set()
        for kind, _ in PROFESSIONALS:
            chosen = data[f"{kind}_id"]
            if isinstance(chosen, int) and chosen not in seen:
                seen.add(chosen)
                yield Involvement(chosen, bool(data[f"{kind}_active"]), data["lead"] == kind)


class ConsentFields:
    consent = RadioField(
        "Consent to share information",
        choices=[
            (ONE_PRESS, "Child protection: significant harm suspected, consent not required"),
            *labelled(ConsentState),
        ],
        validators=[Required("Choose what is known of consent")],
    )
    lawful_basis = SelectField(
        "Lawful basis",
        choices=choices(labelled(LawfulBasis), "Choose if consent was not given"),
        validators=[MayBeEmpty()],
    )
    consent_reason = Passage("Reason", length=4000)
    family_told = BooleanField("The family was told that information is shared")
    family_told_note = Line("When and by whom, or why not", length=500)


class ReadsConsent:
    def consent_given(self) -> ConsentGiven | None:
        """Consent as typed; None where it is not known yet."""
        data = self.data  # type: ignore[attr-defined]  # of the form this is mixed into
        if data["consent"] in (None, LATER):
            return None
        told = {"family_told": data["family_told"], "family_told_note": data["family_told_note"]}
        if data["consent"] == ONE_PRESS:
            return ConsentGiven(
                CHILD_PROTECTION.state,
                CHILD_PROTECTION.lawful_basis,
                data["consent_reason"] or CHILD_PROTECTION.reason,
                **told,
            )
        state = one_of(ConsentState, data["consent"])
        if state is None:
            return None
        basis = None if state is ConsentState.GIVEN else one_of(LawfulBasis, data["lawful_basis"])
        return ConsentGiven(state, basis, data["consent_reason"], **told)


class ConcernFields:
    concerns = SelectMultipleField(
        "What is it about?", choices=labelled(Concern), description="Choose all that apply."
    )
    narrative = Passage(
        "What was seen, heard or said",
        description="In the referrer's own words as far as you can: what, when, by whom.",
    )
    flags = SelectMultipleField(
        "Do any of these hold?",
        choices=labelled(Flag),
        description="How soon a strategy discussion must be held follows from them, and who comes.",
    )
    domestic_abuse = RadioField(
        "Domestic abuse risk",
        choices=[*labelled(DomesticAbuseRisk), ("", "Not assessed")],
        default="",
        validators=[MayBeEmpty()],
    )
    identified_at = LocalMoment(
        "When the concern was identified",
        description="Only if it was identified before this referral came in.",
    )
    immediate_action_at = LocalMoment(
        "When the immediate action was taken",
    )
    hospital = Line("Which hospital and ward")


class ReadsConcerns:
    def concerns_given(self) -> ConcernsGiven:
        """The concerns as typed."""
        data = self.data  # type: ignore[attr-defined]  # of the form this is mixed into
        return ConcernsGiven(
            concerns=tuple(
                concern for concern in Concern if concern.value in (data["concerns"] or ())
            ),
            flags=frozenset(flag for flag in Flag if flag.value in (data["flags"] or ())),
            narrative=data["narrative"],
            domestic_abuse=one_of(DomesticAbuseRisk, data["domestic_abuse"]),
            identified_at=data["identified_at"],
            immediate_action_at=data["immediate_action_at"],
            hospital=data["hospital"],
        )


def set_picks(form: Form, picks: dict[str, list[tuple[str, str]]]) -> None:
    """Fill the lists of people who may work with a child."""
    for kind, _ in PROFESSIONALS:
        form[f"{kind}_id"].choices = choices(picks[kind], "Not known, or not in the directory")


class Versioned(BaseForm):
    """A form on something that two people may change: it carries the version it was filled from."""

    version = IntegerField(widget=HiddenField.widget, validators=[InputRequired()])


class ConsentForm(ConsentFields, ReadsConsent, Versioned):
    pass


class ConcernsForm(ConcernFields, ReadsConcerns, Versioned):
    pass


class ChildPageForm(AboutChild, ReadsChild, Versioned):
    pass
