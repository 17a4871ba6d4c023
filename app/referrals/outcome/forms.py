"""Forms of the decision, of what is no referral, of reopening and of referring on."""

from __future__ import annotations

from datetime import datetime

from wtforms import BooleanField

from app.referrals.checks.forms import OpenRequests
from app.referrals.forms import MayBeEmpty, Versioned, labelled, one_of, pick
from app.referrals.outcome.types import ONWARD, FilterReason, Ground, OnwardGiven
from app.referrals.types import Concern, ConsentGiven, ConsentState, LawfulBasis
from app.web.choices import RadioField, SelectField
from app.web.forms import Line, LocalMoment, OnceForm, Passage, Required, choices


class DecisionForm(OpenRequests, Versioned):
    outcome = RadioField(
        "What is to be done?", choices=[], validators=[Required("Choose what is to be done")]
    )
    unseen = BooleanField("A child may not be seen: not in nursery, school or other provision")
    home_educated = BooleanField("A child is educated at home")
    agency_id = pick("Which agency?", description="To signpost to, or to share information with.")
    reason = Passage(
        "Reason", length=10_000, validators=[Required("Give the reason for the decision")]
    )
    lawful_basis = SelectField(
        "Lawful basis",
        choices=choices(labelled(LawfulBasis), "Consent is not overridden"),
        validators=[MayBeEmpty()],
    )
    override_reason = Passage("Why consent is overridden", length=4000)
    family_told = BooleanField("The family was told that information is shared")
    family_told_note = Line("When and by whom, or why not", length=500)

    def ground(self) -> Ground:
        """What the decision rests on, as typed."""
        basis = one_of(LawfulBasis, self.lawful_basis.data)
        reason = self.override_reason.data
        told, note = self.family_told.data, self.family_told_note.data
        given = (
            ConsentGiven(ConsentState.OVERRIDDEN, basis, reason, told, note)
            if basis or reason or told or note
            else None
        )
        return Ground(
            override=given, unseen=self.unseen.data, home_educated=self.home_educated.data
        )


class NoReferralForm(OpenRequests, Versioned):
    filtered = RadioField(
        "What is it?",
        choices=labelled(FilterReason),
        validators=[Required("Choose what it is")],
    )
    reason = Passage(
        "Reason",
        length=4000,
        validators=[Required("Say why it is no referral, and to whom it was passed")],
        description="And what became of it: who was told, to whom it was passed.",
    )


class ReopenForm(Versioned):
    reason = Passage(
        "What is new?",
        length=4000,
        validators=[Required("Say why the referral is opened again")],
    )


class OnwardForm(OnceForm):
    about = RadioField(
        "What is referred on?",
        choices=[(one.value, one.label) for one in ONWARD],
        validators=[Required("Choose what is referred on")],
    )
    agency_id = pick("To which agency?")
    to_name = Line("Or to whom?", description="A panel or officer, such as the designated officer.")
    referred_at = LocalMoment("When?", validators=[Required("Enter when it was referred on")])
    reference = Line("Their reference", length=60)
    note = Passage("Note", length=4000)

    def given(self) -> OnwardGiven:
        """The onward referral as typed."""
        moment: datetime = self.referred_at.data  # type: ignore[assignment]  # a LocalMoment
        return OnwardGiven(
            Concern(self.about.data),
            self.agency_id.data,
            self.to_name.data,
            self.reference.data,
            self.note.data,
            moment,
        )
