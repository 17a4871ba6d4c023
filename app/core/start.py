"""What must hold before cases are touched: settings and database belong together (I2)."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from app.core.config import SETTINGS, UnsafeSettings
from app.core.crypto import KeysMissing, UnreadableField
from app.core.installation import is_example
from app.core.session import db, reading


def check_start(app: Flask) -> None:
    """Raise UnsafeSettings, naming everything to mend, unless this may serve cases.

    Asked by whoever serves pages and by each command that touches cases. Beyond the settings it
    looks into the database: example data never serve real use, nor real cases an example area.
    """
    settings = SETTINGS.of(app)
    settings.require_safe()
    if problems := database_problems(app, example=settings.example):
        raise UnsafeSettings(problems)


def database_problems(app: Flask, *, example: bool) -> list[str]:
    """What is wrong with the database for this use, each with what to do."""
    with app.app_context():
        try:
            if not inspect(db.engine).has_table("installation"):
                return ["The database has no tables yet: run `flask install` once."]
            held = is_example(reading())
        except OperationalError as error:
            return [
                "The database behind DATABASE_URL cannot be reached "
                f"({type(error.orig).__name__}): check its address and that it runs."
            ]
        except (UnreadableField, KeysMissing):
            return [
                "FIELD_KEYS does not hold the key of this database: append the key it was written "
                "with, or point DATABASE_URL at the database of these keys."
            ]
        finally:
            # A process that is forked afterwards must not share this connection.
            reading().close()
            db.engine.dispose()
    if held is None:
        return ["The database is empty: run `flask install` once."]
    if held and not example:
        return [
            "The database was filled as an example area: point DATABASE_URL at one of your own."
        ]
    if example and not held:
        return [
            "The database holds real cases and cannot become an example area: "
            "set DATA_DIR to a folder of its own."
        ]
    return []
