"""The question every command asks first that touches cases or accounts (I2)."""

from __future__ import annotations

import click
from flask import Flask

from app.core.config import UnsafeSettings
from app.core.start import check_start


def checked(app: Flask) -> None:
    """Go on only where `check_start` lets the application serve; else say what to mend."""
    try:
        check_start(app)
    except UnsafeSettings as unsafe:
        raise click.ClickException(str(unsafe)) from unsafe
