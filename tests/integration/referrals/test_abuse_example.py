"""The domestic abuse cases of the example area stand whenever it is first started (I1)."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.cli.example.abuse import fill_abuse
from app.cli.example.area import make_area
from app.core.installation import install
from app.core.session import transaction
from app.referrals.abuse.models import AbuseCase
from tests.clock import FRIDAY

pytestmark = pytest.mark.usefixtures("in_app")
MIDNIGHT = FRIDAY.replace(hour=0, minute=0)


@pytest.mark.parametrize("minutes", [5, 90, 16 * 60])
def test_they_stand_at_any_hour_of_the_first_start(minutes: int) -> None:
    first_start = MIDNIGHT + timedelta(minutes=minutes)
    with transaction() as session:
        install(session, example=True, now=first_start)
        area = make_area(session, "correct horse battery 7", random.Random(1), first_start)
        fill_abuse(session, area, first_start)
        cases = session.execute(select(AbuseCase)).scalars().all()
        assert len(cases) == 5
        assert all(case.due_at for case in cases)
