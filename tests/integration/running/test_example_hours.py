"""Whatever the time of day of its first start, the example area shows what there is to see (I1)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app import create_app
from app.cli.example import people
from app.cli.example.week import fill
from app.cli.install import bring_up_to_date
from app.core.config import Settings, make_example_keys
from app.core.session import db, reading
from app.meetings.models import Meeting
from app.meetings.types import MeetingState

# In the morning, over midday, and in the night to a Sunday.
HOURS = ((23, 9, 47), (23, 14, 0), (22, 3, 30))


@pytest.mark.parametrize("moment", HOURS, ids=lambda at: f"{at[0]}-{at[1]}-{at[2]}")
def test_there_is_one_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: tuple[int, int, int]
) -> None:
    for name in ("DATABASE_URL", "SMTP_URL", "AUDIT_ANCHOR_TO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXAMPLE_AREA", "1")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    make_example_keys(tmp_path)
    app, now = create_app(Settings.read()), datetime(2026, 11, *moment, tzinfo=UTC)
    with app.app_context():
        bring_up_to_date(app)
        fill(app, "correct horse battery 7", now)
        meetings = list(reading().execute(select(Meeting)).scalars())
        booked = [one for one in meetings if one.state is MeetingState.BOOKED]
        ahead = [one for one in booked if one.starts_at is not None and one.starts_at > now]
        assert any(one.typed_dial_in for one in ahead)
        assert any(one.due_at and one.starts_at and one.starts_at > one.due_at for one in ahead)
        for state in (MeetingState.NEEDED, MeetingState.UNDER_WAY, MeetingState.ENDED):
            assert any(one.state is state for one in meetings), state
        db.session.remove()
        db.engine.dispose()


def test_the_council_meets_in_no_street_where_a_family_lives():
    """Whichever referral is booked first, its letters may name the place."""
    assert [one for one in people.STREETS if one in people.MEETING_PLACE] == []
