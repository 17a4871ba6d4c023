"""The directory's forms: shape and required-ness; what may stand is for rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from wtforms import BooleanField, Field, IntegerField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import HiddenInput

from app.core.clock import from_london
from app.core.refusal import Refused
from app.directory import rules
from app.directory.types import (
    AgencyGiven,
    AgencyKind,
    CouncilGiven,
    ProfessionalGiven,
    ProfessionalRole,
)
from app.web.choices import RadioField, SelectField, SelectMultipleField
from app.web.forms import DateParts, Line, OnceForm, Passage, Required, choices


class By:
    """A rule is asked already while the form is read, so that a long page names all its mistakes
    at once; what is saved goes by the same rule. Leaves a field alone that is empty."""

    def __init__(self, rule: Callable[[str, str], object]) -> None:
        self.rule = rule

    def __call__(self, _form: Any, field: Field) -> None:
        if field.data and not field.errors:
            try:
                self.rule(field.data, field.short_name)
            except Refused as refused:
                raise ValidationError(refused.message) from None


class VersionedForm(OnceForm):
    """Two administrators may have it open: `version` is what it was filled from."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])


class AgencyForm(VersionedForm):
    name = Line("Name", validators=[Required("Enter the agency's name")])
    kind = SelectField(
        "Kind",
        choices=choices([(kind.value, kind.label) for kind in AgencyKind], "Choose"),
        validators=[Required("Choose what kind of agency it is")],
    )

    def given(self) -> AgencyGiven:
        return AgencyGiven(self.name.data, AgencyKind(self.kind.data))


class ProfessionalForm(VersionedForm):
    agency_id = SelectField("Agency", validators=[Required("Choose the agency")])
    name = Line(
        "Name",
        description="Of a person, or of a team's desk.",
        validators=[Required("Enter the name")],
    )
    role = SelectField(
        "Role",
        description="The rules of who must come choose by it.",
        choices=choices([(role.value, role.label) for role in ProfessionalRole], "Choose"),
        validators=[Required("Choose the role")],
    )
    title = Line("Title", description="As they call themselves.")
    email = Line("Email", description="Invitations go here.")
    telephone = Line("Telephone", length=60)
    is_team = BooleanField(
        "A team's mailbox", description="Whoever answers an invitation gives name and role."
    )
    decision_maker = BooleanField("May decide for the agency")
    works_days = SelectMultipleField(
        "Works on",
        description="Leave empty where it is not known.",
        choices=[(str(number), name) for number, name in enumerate(rules.WEEK, start=1)],
    )
    works_from = Line("From", description="Like 09:00", length=5)
    works_to = Line("Until", description="Like 17:00", length=5)
    away_until = DateParts(
        "Away until",
        description="The first day back. Until then the next in line is proposed.",
    )

    def given(self) -> ProfessionalGiven:
        back = self.away_until.data
        return ProfessionalGiven(
            agency_id=int(self.agency_id.data),
            name=self.name.data,
            role=ProfessionalRole(self.role.data),
            title=self.title.data,
            email=self.email.data,
            telephone=self.telephone.data,
            is_team=self.is_team.data,
            decision_maker=self.decision_maker.data,
            away_until=from_london(datetime.combine(back, time())) if back else None,
            works_days="".join(self.works_days.data or ()),
            works_from=self.works_from.data,
            works_to=self.works_to.data,
        )


class CouncilForm(VersionedForm):
    authority = Line("Name of the council", validators=[Required("Enter the council's name")])
    authority_number = Line(
        "Number of the council",
        description="Three digits, as the Department for Education counts local authorities. "
        "Stands at the head of the children in need census.",
        length=3,
        validators=[By(rules.authority_number)],
    )
    protocol_id = RadioField("Protocol", validators=[Required("Choose the protocol that holds")])
    desk_name = Line("Name of the desk", validators=[Required("Enter the desk's name")])
    desk_telephone = Line(
        "Desk's telephone",
        validators=[Required("Enter the desk's telephone"), By(rules.normal_telephone)],
    )
    desk_email = Line(
        "Desk's mailbox",
        description="Somebody reads it: answers to invitations come here.",
        validators=[Required("Enter the desk's mailbox"), By(rules.normal_email)],
    )
    out_of_hours_telephone = Line(
        "Out-of-hours telephone",
        validators=[Required("Enter the out-of-hours telephone"), By(rules.normal_telephone)],
    )
    office_opens = Line(
        "Office opens",
        length=5,
        validators=[Required("Enter when the office opens"), By(rules.office_time)],
    )
    office_closes = Line(
        "Office closes",
        length=5,
        validators=[Required("Enter when the office closes"), By(rules.office_time)],
    )
    secure_domains = Passage(
        "Secure mail domains",
        description="A record may go as an attachment to addresses at these and no others. "
        "One to a line.",
        validators=[By(rules.secure_domains)],
    )
    closure_days = Passage(
        "Days on which the council is closed",
        description="One to a line, like 24/12/2026. They take slots away and never lengthen a "
        "deadline. Weekends and bank holidays are known.",
        validators=[By(rules.closure_days)],
    )
    meeting_place = Line("Where face-to-face meetings are held")
    police_form_email = Line(
        "Mailbox for requests to the police",
        description="Of the child abuse investigation team. Where the protocol names a form.",
        validators=[By(rules.normal_email)],
    )
    police_form_telephone = Line(
        "Telephone of that team", length=60, validators=[By(rules.normal_telephone)]
    )
    medical_form_email = Line(
        "Mailbox for medical forms",
        description="Of the community paediatricians.",
        validators=[By(rules.normal_email)],
    )
    medical_telephone = Line(
        "Telephone for medicals",
        description="Rung after the form was emailed.",
        length=60,
        validators=[By(rules.normal_telephone)],
    )
    medical_reception_telephone = Line(
        "Their reception",
        description="Rung when nobody answers.",
        length=60,
        validators=[By(rules.normal_telephone)],
    )
    quality_email = Line(
        "Mailbox of the quality service",
        description="Told by itself when a discussion ends and a conference is likely, so that a "
        "date is kept. Leave it empty where they are told on the telephone.",
        validators=[By(rules.normal_email)],
    )

    def given(self) -> CouncilGiven:
        return CouncilGiven(
            authority=self.authority.data,
            authority_number=self.authority_number.data,
            protocol_id=self.protocol_id.data,
            desk_name=self.desk_name.data,
            desk_telephone=self.desk_telephone.data,
            desk_email=self.desk_email.data,
            out_of_hours_telephone=self.out_of_hours_telephone.data,
            office_opens=self.office_opens.data,
            office_closes=self.office_closes.data,
            secure_domains=self.secure_domains.data,
            closure_days=self.closure_days.data,
            meeting_place=self.meeting_place.data,
            police_form_email=self.police_form_email.data,
            police_form_telephone=self.police_form_telephone.data,
            medical_form_email=self.medical_form_email.data,
            medical_telephone=self.medical_telephone.data,
            medical_reception_telephone=self.medical_reception_telephone.data,
            quality_email=self.quality_email.data,
        )


class LineForm(OnceForm):
    name = Line("Name", validators=[Required("Enter the line's name")])
    telephone = Line("Number to dial", length=60, validators=[Required("Enter the number")])


class PinsForm(OnceForm):
    pins = Passage(
        "PINs",
        description="As your provider listed them, parted by spaces, commas or lines. Each serves "
        "one meeting. They are kept encrypted and shown by their last two digits.",
        validators=[Required("Enter at least one PIN")],
    )


class NewLineForm(LineForm, PinsForm):
    pass
