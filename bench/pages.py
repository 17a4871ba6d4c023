"""What a page costs, as a multiple of a bare Flask hello on the same server. Target: 6 times."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app.accounts.types import Role
from app.core.session import reading
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from bench import area
from bench.serving import ROOT, gunicorn, hello, timed

TARGET = 6.0
SIGN_IN = "/sign-in"


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = area.make(folder / "area")
        cookie = area.cookie(app, Role.CHAIR)
        with hello(folder) as bare, gunicorn("wsgi:app", ROOT) as port:
            asked = {
                name: (port, path, cookie if path != SIGN_IN else "")
                for name, path in paths(app).items()
            }
            taken = timed({"hello": (bare, "/hello", ""), **asked})
    base = taken.pop("hello")
    return [
        f"{name}: {one.median / base.median:.1f} times a hello, undisturbed "
        f"{one.quick / base.quick:.1f} ({one.quick * 1000:.1f} ms; target {TARGET})"
        for name, one in taken.items()
    ]


def paths(app: Flask) -> dict[str, str]:
    """What is measured, by name."""
    newest = select(Meeting.ref).order_by(Meeting.id.desc()).limit(1)
    with app.app_context():
        booked, needed = (
            reading().execute(newest.where(Meeting.state == state)).scalar_one()
            for state in (MeetingState.BOOKED, MeetingState.NEEDED)
        )
    return {
        "sign-in": SIGN_IN,
        "first page": "/",
        "queue of referrals": "/referrals/",
        "a discussion": f"/discussions/{booked}",
        "booking page": f"/discussions/{needed}/book",
    }
