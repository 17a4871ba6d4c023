"""Forms of a domestic abuse case: shape alone; what may stand is for rules."""

from __future__ import annotations

from dataclasses import replace

from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
)

from app.core.refusal import Refused
from app.referrals.abuse.types import (
    AssessmentGiven,
    CaseGiven,
    Idva,
    PersonGiven,
    PersonKind,
    Release,
    ReleaseGiven,
)
from app.referrals.forms import MayBeEmpty, Versioned, labelled, one_of, perhaps_known, pick
from app.referrals.types import DomesticAbuseRisk
from app.web.choices import RadioField
from app.web.forms import DateParts, Line, LocalMoment, OnceForm, Passage, Required

FIRST_CHILDREN = 2


class PersonForm(Form):
    given_name = Line("Given name")
    family_name = Line("Family name")
    date_of_birth = DateParts("Date of birth")

    def is_blank(self) -> bool:
        """Whether nothing was typed: an entry left empty is nobody."""
        return not (self.given_name.data or self.family_name.data or any(self.date_of_birth.parts))

    def given(self, kind: PersonKind) -> PersonGiven:
        """The person as typed."""
        return PersonGiven(
            kind, self.given_name.data, self.family_name.data, self.date_of_birth.data
        )


class ChildForm(PersonForm):
    """A child of the case, or a baby who is expected (A2)."""

    due_date = DateParts("Due date, if not born yet")

    def is_blank(self) -> bool:
        return super().is_blank() and not any(self.due_date.parts)

    def given(self, kind: PersonKind) -> PersonGiven:
        return replace(super().given(kind), due_date=self.due_date.data)


class CaseFields:
    source_agency_id = pick("Who reported it")
    incident = Line("Police incident or crime number", length=60)
    received_at = LocalMoment("Received", validators=[Required("Enter when it was received")])
    risk = RadioField(
        "Risk as the police assessed it",
        choices=labelled(DomesticAbuseRisk),
        validators=[Required("Choose the risk")],
    )
    account = Passage("What was reported")
    address = Passage("Address", length=500)
    harmed = FormField(PersonForm, label="Adult harmed")
    perpetrator = FormField(PersonForm, label="Alleged perpetrator")
    children = FieldList(FormField(ChildForm), min_entries=FIRST_CHILDREN)

    def given(self) -> CaseGiven:
        """The case as typed."""
        data = self.data  # type: ignore[attr-defined]  # of the form this is mixed into
        return CaseGiven(
            received_at=data["received_at"],
            risk=one_of(DomesticAbuseRisk, data["risk"]),
            account=data["account"],
            source_agency_id=data["source_agency_id"],
            incident=data["incident"],
            address=data["address"],
            people=tuple(form.given(kind) for kind, form in self._people() if not form.is_blank()),
        )

    def _people(self) -> list[tuple[PersonKind, PersonForm]]:
        return [
            (PersonKind.HARMED, self.harmed.form),
            (PersonKind.PERPETRATOR, self.perpetrator.form),
            *((PersonKind.CHILD, entry.form) for entry in self.children),
        ]

    def refuse(self, refusal: Refused) -> None:
        """Put a refusal next to its field; a person's place counts the filled entries only."""
        kind, *rest = refusal.field.split("-")
        if kind != "people":
            field = self[refusal.field]  # type: ignore[index]  # of the form this is mixed into
        elif rest:
            filled = [form for _, form in self._people() if not form.is_blank()]
            field = filled[int(rest[0])][rest[1]]
        else:
            field = self.harmed.form.given_name
        field.errors = [*field.errors, refusal.message]
        errors = [entry.errors for entry in self.children]
        self.children.errors = errors if any(errors) else []


class CaseForm(CaseFields, OnceForm):
    pass


class ChangeForm(CaseFields, Versioned):
    pass


class AssessmentForm(Versioned):
    risk = RadioField(
        "Risk",
        choices=labelled(DomesticAbuseRisk),
        validators=[Required("Choose the risk")],
    )
    risk_reason = Passage("Reason for the risk, if it is changed", length=4000)
    dash_score = IntegerField(
        "DASH score",
        validators=[MayBeEmpty()],
        description="How many of the 24 questions were answered yes.",
    )
    dash_by = Line("Who completed the checklist")
    idva = RadioField(
        "Independent domestic violence adviser (IDVA)",
        choices=[*labelled(Idva), ("", "Not offered yet")],
        default="",
        validators=[MayBeEmpty()],
    )
    idva_note = Line("Name and telephone, or what was said")
    marac_on = DateParts("Referred on to the MARAC on")
    marac_note = Passage("Why, or why not", length=4000)

    def given(self) -> AssessmentGiven:
        """The assessment as typed."""
        data = self.data
        return AssessmentGiven(
            risk=one_of(DomesticAbuseRisk, data["risk"]),
            risk_reason=data["risk_reason"],
            dash_score=data["dash_score"],
            dash_by=data["dash_by"],
            idva=one_of(Idva, data["idva"]),
            idva_note=data["idva_note"],
            marac_on=data["marac_on"],
            marac_note=data["marac_note"],
        )


class MatchForm(Form):
    """Whether a child of the case is one who is known already (A3)."""

    same_as = RadioField(
        "Is this child known already?",
        choices=[],
        validate_choice=False,
        validators=[MayBeEmpty()],
    )
    # The candidates the person was shown: other candidates have to be asked about again.
    asked = HiddenField(default="")


class ReleaseFields:
    """Consent or a safeguarding concern (IMAP 5), and which known children are meant."""

    release = RadioField(
        "May the information leave this list?",
        choices=[("", "No: it stays with the list"), *labelled(Release)],
        default="",
        validators=[MayBeEmpty()],
    )
    release_reason = Passage("Who gave consent and when, or what the concern is", length=4000)
    no_child = BooleanField("No child lives in the household, and none is expected")
    matches = FieldList(FormField(MatchForm))

    def release_given(self) -> ReleaseGiven | None:
        """Consent or concern as chosen; None where it stays with the list."""
        data = self.data  # type: ignore[attr-defined]  # of the form this is mixed into
        kind = one_of(Release, data["release"])
        if kind is None:
            return None
        same = {
            place: row["same_as"]
            for place, row in enumerate(data["matches"])
            if row["same_as"] and row["same_as"].startswith("CH-")
        }
        return ReleaseGiven(kind, data["release_reason"], same, data["no_child"])

    def perhaps(self) -> list[str]:
        """The known children with a restricted case that a person said these may be."""
        data = self.data  # type: ignore[attr-defined]  # of the form this is mixed into
        return perhaps_known(row["same_as"] for row in data["matches"])


class ReleaseForm(ReleaseFields, Versioned):
    release = RadioField(
        "What lets the information leave the list?",
        choices=labelled(Release),
        validators=[Required("Choose consent or a safeguarding concern")],
    )
