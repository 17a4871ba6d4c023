"""How a referral came in: on the one form, and on the page that corrects it afterwards."""

from __future__ import annotations

from datetime import datetime

from app.directory.likely import likely
from app.directory.types import AgencyKind
from app.referrals.came_in.types import CameInGiven
from app.referrals.forms import MayBeEmpty, Versioned, labelled, one_of, pick
from app.referrals.types import Channel
from app.web.choices import RadioField, SelectField
from app.web.forms import Line, LocalMoment, Required, choices


class CameInFields:
    received_at = LocalMoment(
        "Received", validators=[Required("Enter when the referral was received")]
    )
    channel = RadioField(
        "Received by",
        choices=labelled(Channel),
        validators=[Required("Choose how the referral came in")],
    )
    source_agency_id = pick("Where it came from")
    source_agency_name = Line(
        "If it is not in the list, its name",
        description="It is added to the directory.",
    )
    source_agency_kind = SelectField(
        "What kind of agency is that?",
        choices=choices(labelled(AgencyKind), "Choose a kind"),
        validators=[MayBeEmpty()],
        description="A neighbour or a relative: other agency. They are not told the outcome.",
    )
    referrer_name = Line("Referrer's name")
    referrer_role = Line("Referrer's role")
    referrer_email = Line(
        "Referrer's email address", description="The letter on the outcome goes there."
    )
    referrer_telephone = Line("Referrer's telephone", length=60)
    referrer_professional_id = pick(
        "If the referrer is in the directory",
        description="Then they are proposed as an invitee.",
    )
    ward_id = pick("Ward where the children live", description="Counted in the dataset.")


def sources(agencies: list[tuple[str, str]], typed: str) -> list[tuple[str, str]]:
    """The choices of where a referral came from: what is like the typed name stands first."""
    alike = likely(typed, [name for _, name in agencies])
    first = [(key, f"{name} (like what was typed)") for key, name in agencies if name in alike]
    rest = [pair for pair in agencies if pair[1] not in alike]
    return choices([*first, *rest], "Choose an agency")


class CameInForm(CameInFields, Versioned):
    def set_choices(
        self,
        agencies: list[tuple[str, str]],
        people: list[tuple[str, str]],
        wards: list[tuple[str, str]],
    ) -> None:
        """Fill the lists that come from the directory."""
        self.source_agency_id.choices = sources(agencies, self.source_agency_name.data or "")
        self.referrer_professional_id.choices = choices(people, "Not in the directory")
        self.ward_id.choices = choices(wards, "Not known")

    def came_in(self, held: datetime) -> CameInGiven:
        """How it came in, as typed; `held` and the telephone stand in for a moment or a channel
        that has its own error already."""
        data = self.data
        return CameInGiven(
            received_at=data["received_at"] or held,
            channel=one_of(Channel, data["channel"]) or Channel.PHONE,
            source_agency_id=data["source_agency_id"],
            source_agency_name=data["source_agency_name"],
            source_agency_kind=one_of(AgencyKind, data["source_agency_kind"]),
            referrer_name=data["referrer_name"],
            referrer_role=data["referrer_role"],
            referrer_email=data["referrer_email"],
            referrer_telephone=data["referrer_telephone"],
            referrer_professional_id=data["referrer_professional_id"],
            ward_id=data["ward_id"],
        )
