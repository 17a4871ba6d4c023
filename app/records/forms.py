"""What the pages of a record ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField

from app.records.rules import LONGEST_REASON
from app.records.types import InviteeFacts
from app.web.forms import BaseForm, Passage, Required


class SignForm(BaseForm):
    """`seen` marks the content that the signer had on the screen."""

    seen = HiddenField()
    absence_reason = Passage("Why the chair does not sign", length=LONGEST_REASON)


class PressForm(BaseForm):
    """A button and nothing else."""


class ReasonForm(BaseForm):
    reason = Passage("Reason", length=LONGEST_REASON, validators=[Required("Give the reason")])


class CorrectForm(BaseForm):
    reason = Passage(
        "What is wrong with the signed record",
        length=LONGEST_REASON,
        validators=[Required("Say what is wrong with the signed record")],
    )


class ReleaseForm(BaseForm):
    """For each reader also `withhold_<id>`, `reason_<id>` and `attach_<id>`, see `release_form`."""

    number = HiddenField()
    checked = BooleanField("I have checked the recipients: each of them is to have this record")

    def withheld(self, readers: Iterable[InviteeFacts]) -> dict[int, str]:
        """The reasons, by invitee, of the copies that are ticked as withheld."""
        return {
            one.id: self[f"reason_{one.id}"].data
            for one in readers
            if self[f"withhold_{one.id}"].data
        }

    def attached(self, readers: Iterable[InviteeFacts]) -> frozenset[int]:
        """The readers to whom the copy itself is to travel with the letter."""
        return frozenset(one.id for one in readers if self[f"attach_{one.id}"].data)

    def withhold_again(self, before: Mapping[int, str]) -> None:
        """Tick the copies that were withheld before, with their reasons, by invitee."""
        for invitee_id, reason in before.items():
            if reason:
                self[f"withhold_{invitee_id}"].data = True
                self[f"reason_{invitee_id}"].data = reason


def release_form(readers: Iterable[InviteeFacts]) -> ReleaseForm:
    """The form for these readers: for each a tick and a reason to keep the copy back, and a tick
    to attach it."""

    class ForReaders(ReleaseForm):
        pass

    for one in readers:
        setattr(ForReaders, f"withhold_{one.id}", BooleanField(f"Withhold the copy for {one.name}"))
        reason = Passage(f"Why the copy for {one.name} is withheld", length=LONGEST_REASON)
        setattr(ForReaders, f"reason_{one.id}", reason)
        attach = BooleanField(f"Attach the copy to the email to {one.name}")
        setattr(ForReaders, f"attach_{one.id}", attach)
    return ForReaders()


class VerifyForm(BaseForm):
    file = FileField("The PDF file")
