"""The question every command asks first that touches cases or accounts (I2)."""

from __future__ import annotations

import click
from flask import Flask

from app.core.config import UnsafeSettings
from app.core.start import check_start


class TryAgainLater(click.ClickException):
    """To be mended, then tried again: a mail server that pipes to a command keeps the mail."""

    exit_code = 75  # EX_TEMPFAIL, as in sysexits.h; Postfix sends back what ends in other ways


def checked(app: Flask) -> None:
    """Go on only where `check_start` lets the application serve; else say what to mend."""
    try:
        check_start(app)
    except UnsafeSettings as unsafe:
        raise click.ClickException(str(unsafe)) from unsafe
