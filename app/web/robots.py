"""Keeps simple scripts off a public form without a foreign service: a field that people do not see
and a signed time before which nobody has typed anything.

Neither ever refuses silently: the page says what to do, and whom to telephone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import current_app
from itsdangerous import BadSignature, TimestampSigner
from wtforms import HiddenField

from app.web.forms import BaseForm, Line

_SALT = "public form shown"


def stamp() -> str:
    """A signed time for a form that is shown now."""
    return _signer().sign("shown").decode()


class PublicForm(BaseForm):
    """The first form that a stranger sends."""

    website = Line("Leave this empty", length=20_000)
    shown = HiddenField(default=stamp)

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the form was shown; None for a time that is not ours."""
        try:
            _, at = _signer().unsign(self.shown.data or "", return_timestamp=True)
        except BadSignature:
            return None
        return now - at.astimezone(UTC)

    def show_again(self) -> None:
        """A fresh time, for a form that was open for too long."""
        self.shown.data, self.shown.raw_data = stamp(), None


def _signer() -> TimestampSigner:
    return TimestampSigner(str(current_app.secret_key), salt=_SALT)
