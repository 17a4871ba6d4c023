"""What a page costs, as a multiple of a bare Flask hello on the same server. Target: 6 times."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import select

from app.accounts.types import Role
from app.core.session import reading
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from bench import area
from bench.serving import ROOT, gunicorn, hello, timed

TARGET = 6.0


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = area.make(folder / "area")
        cookie = area.cookie(app, Role.CHAIR)
        with app.app_context():
            booked = (
                reading()
                .execute(select(Meeting.ref).where(Meeting.state == MeetingState.BOOKED).limit(1))
                .scalar_one()
            )
            needed = (
                reading()
                .execute(select(Meeting.ref).where(Meeting.state == MeetingState.NEEDED).limit(1))
                .scalar_one()
            )
        with hello(folder) as bare, gunicorn("wsgi:app", ROOT) as port:
            taken = timed(
                {
                    "hello": (bare, "/hello", ""),
                    "sign-in": (port, "/sign-in", ""),
                    "first page": (port, "/", cookie),
                    "queue of referrals": (port, "/referrals/", cookie),
                    "a discussion": (port, f"/discussions/{booked}", cookie),
                    "booking page": (port, f"/discussions/{needed}/book", cookie),
                }
            )
    base = taken.pop("hello")
    return [
        f"{name}: {one.median / base.median:.1f} times a hello, undisturbed "
        f"{one.quick / base.quick:.1f} ({one.quick * 1000:.1f} ms; target {TARGET})"
        for name, one in taken.items()
    ]
