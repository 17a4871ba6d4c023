"""The one referral form: children and adults may be added and taken away again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wtforms import BooleanField, Field, FieldList, Form, FormField, HiddenField

from app.core.refusal import Refused
from app.directory.types import AgencyKind
from app.referrals.came_in.forms import CameInFields, sources
from app.referrals.forms import (
    LATER,
    ONE_PRESS,
    AboutChild,
    ConcernFields,
    ConsentFields,
    MayBeEmpty,
    ReadsChild,
    ReadsConcerns,
    ReadsConsent,
    labelled,
    one_of,
    perhaps_known,
    pick,
    set_picks,
)
from app.referrals.types import AdultGiven, Channel, ConsentState, Intake, Rating
from app.web.choices import RadioField
from app.web.forms import BaseForm, Line, OnceForm, Passage, Required, choices

_NESTED = re.compile(r"^(children|adults)-(\d+)-(\w+)$")


class ChildForm(AboutChild, ReadsChild, Form):
    """A child within the referral's form."""

    same_as = RadioField(
        "Is this a child who is known already?",
        choices=[],
        validate_choice=False,
        validators=[MayBeEmpty()],
    )
    # The candidates the person was shown: other candidates have to be asked about again.
    asked = HiddenField(default="")
    corrects_known = BooleanField(
        "If it is a known child: the name and date of birth typed here are right, correct the "
        "known ones"
    )
    adult_confirmed = BooleanField("This person is 18 or older: keep them on the referral")

    def is_blank(self) -> bool:
        """Whether nothing was typed: a child added and left empty is no child."""
        data = self.data
        return not any(
            data[name]
            for name in data
            if name not in ("same_as", "asked", "lead", "adult_confirmed", "corrects_known")
        ) and not any(any(field.parts) for field in (self.date_of_birth, self.due_date))


class AdultForm(Form):
    name = Line("Name")
    relationship_to_child = Line("Relationship to the child")
    parental_responsibility = BooleanField("Has parental responsibility")
    in_household = BooleanField("Lives in the household")
    alleged_perpetrator = BooleanField("Alleged perpetrator")
    under_18 = BooleanField("Is under 18")
    employer_id = pick(
        "Works for an agency in the directory",
        description="The alleged perpetrator's own agency is never proposed as an invitee.",
    )
    employer_typed = Line("Or works somewhere that is not in the directory")

    def is_blank(self) -> bool:
        return not any(self.data.values())

    def given(self) -> AdultGiven:
        return self.given_of(self.data)

    @staticmethod
    def given_of(typed: dict[str, Any]) -> AdultGiven:
        """The adult that was typed."""
        return AdultGiven(**typed | {"employer_typed": typed["employer_typed"] or None})


class HoldsChildren(BaseForm):
    """A form with children in it, about whom the wrong-child guard asks (A3)."""

    children = FieldList(FormField(ChildForm), min_entries=1)

    def filled_children(self) -> list[FormField]:
        """The entries in which something was typed."""
        return [entry for entry in self.children if not entry.form.is_blank()]

    def perhaps(self) -> list[str]:
        """The known children with a restricted case that a person said these may be."""
        return perhaps_known(entry.form.same_as.data for entry in self.filled_children())

    def refuse(self, refusal: Refused) -> None:
        """Put a refusal next to its field; a child's place counts the filled entries only."""
        nested = _NESTED.match(refusal.field)
        if nested is None:
            if not self[refusal.field].errors:  # its own error says more
                self.add_error(refusal.field, refusal.message)
            return
        entries = self[nested[1]]
        filled = [entry for entry in entries if not entry.form.is_blank()] or list(entries)
        field = filled[int(nested[2])].form[nested[3]]
        field.errors = list(field.errors) or [refusal.message]
        self.gather_errors()

    def gather_errors(self) -> None:
        """Let the lists of children and adults know of errors put to the fields within them."""
        for entries in (field for field in self if isinstance(field, FieldList)):
            errors = [entry.errors for entry in entries]
            entries.errors = errors if any(errors) else []


class IntakeForm(
    CameInFields, ConsentFields, ConcernFields, ReadsConsent, ReadsConcerns, HoldsChildren, OnceForm
):  # fmt: skip
    """The one referral form for staff (A1, A2, A4)."""

    # The reference of what came by the public form and is taken in with this.
    arrived = HiddenField(default="")
    adults = FieldList(FormField(AdultForm))
    rating = RadioField("Rating", choices=[], default="", validators=[MayBeEmpty()])
    rating_reason = Passage("Reason for the rating", length=4000)
    consent = RadioField(
        "Consent to share information",
        choices=[
            (ONE_PRESS, "Child protection: significant harm suspected, consent not required"),
            *labelled(ConsentState),
            (LATER, "Not known yet"),
        ],
        validators=[Required("Choose what is known of consent, or that it is not known yet")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In the order of the page, which is the order of the error summary.
        fields: dict[str, Field] = {field.name: field for field in self}
        self._fields = {name: fields[name] for name in _ORDER} | fields

    def set_choices(
        self,
        ratings: Sequence[str],
        agencies: list[tuple[str, str]],
        everybody: list[tuple[str, str]],
        picks: dict[str, list[tuple[str, str]]],
        wards: list[tuple[str, str]],
    ) -> None:
        """Fill every list that comes from the directory or the protocol."""
        self.rating.choices = [*((one, Rating(one).label) for one in ratings), ("", "Not rated")]
        self.source_agency_id.choices = sources(agencies, self.source_agency_name.data or "")
        self.referrer_professional_id.choices = choices(everybody, "Not in the directory")
        self.ward_id.choices = choices(wards, "Not known")
        for entry in self.children:
            set_picks(entry.form, picks)
        for entry in self.adults:
            entry.form.employer_id.choices = choices(agencies, "None")

    def intake(self, now: datetime) -> Intake:
        """The referral as typed. `now` and the telephone stand in for a moment or channel that has
        its own error already."""
        data = self.data
        concerns = self.concerns_given()
        return Intake(
            received_at=data["received_at"] or now,
            channel=one_of(Channel, data["channel"]) or Channel.PHONE,
            children=tuple(entry.form.given() for entry in self.filled_children()),
            adults=tuple(entry.form.given() for entry in self.adults if not entry.form.is_blank()),
            source_agency_id=data["source_agency_id"],
            source_agency_name=data["source_agency_name"],
            source_agency_kind=one_of(AgencyKind, data["source_agency_kind"]),
            referrer_name=data["referrer_name"],
            referrer_role=data["referrer_role"],
            referrer_email=data["referrer_email"],
            referrer_telephone=data["referrer_telephone"],
            referrer_professional_id=data["referrer_professional_id"],
            ward_id=data["ward_id"],
            concerns=concerns.concerns,
            flags=concerns.flags,
            narrative=concerns.narrative,
            domestic_abuse=concerns.domestic_abuse,
            identified_at=concerns.identified_at,
            immediate_action_at=concerns.immediate_action_at,
            hospital=concerns.hospital,
            rating=one_of(Rating, data["rating"]),
            rating_reason=data["rating_reason"],
            consent=self.consent_given(),
        )


_ORDER = (
    "source_agency_id", "source_agency_name", "source_agency_kind", "channel", "received_at",
    "referrer_name", "referrer_role", "referrer_email", "referrer_telephone",
    "referrer_professional_id", "ward_id", "children", "concerns", "domestic_abuse", "narrative",
    "flags", "immediate_action_at", "hospital", "identified_at", "adults", "consent",
    "lawful_basis", "consent_reason", "rating", "rating_reason",
)  # fmt: skip
