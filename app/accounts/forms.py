"""Signing in and one's own account."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, StringField

from app.accounts.passwords import LONGEST_PASSWORD
from app.web.forms import BaseForm, Line, Required, tidy_line


def _one_line(value: str | None) -> str:
    return tidy_line(value)


class SignInForm(BaseForm):
    email = Line("Email address", validators=[Required("Enter your email address")])
    password = PasswordField("Password", validators=[Required("Enter your password")])
    next = HiddenField()


class OwnPasswordForm(BaseForm):
    password = PasswordField(
        "New password",
        validators=[Required("Choose a password")],
        description="12 characters or more. Three or four words that do not belong together "
        "are easy to remember and hard to guess.",
    )
    again = PasswordField(
        "The new password again", validators=[Required("Enter the new password again")]
    )

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if len(self.password.data or "") > LONGEST_PASSWORD:
            self.add_error(
                "password", f"Choose a password of at most {LONGEST_PASSWORD} characters"
            )
            return False
        if good and self.password.data != self.again.data:
            self.add_error("again", "The two passwords differ: enter the same one twice")
            return False
        return good


class CodeForm(BaseForm):
    code = StringField(
        "Code",
        filters=[_one_line],
        validators=[Required("Enter the six digits that your authenticator app shows")],
    )


class RenewForm(CodeForm):
    offered = HiddenField()


class AgainForm(BaseForm):
    password = PasswordField("Password", validators=[Required("Enter your password")])
    code = StringField(
        "Code from your authenticator app, or a recovery code",
        filters=[_one_line],
        validators=[Required("Enter the six digits that your authenticator app shows")],
    )
    next = HiddenField()


class ChangePasswordForm(OwnPasswordForm):
    present = PasswordField(
        "Your present password", validators=[Required("Enter your present password")]
    )


class PressForm(BaseForm):
    """A button: nothing but the token against forgery."""
