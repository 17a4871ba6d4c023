"""Somebody who was invited, for the tests of who gets a copy and who reads it."""

from __future__ import annotations

from app.directory.types import AgencyKind
from app.meetings.types import Attendance
from app.records.types import InviteeFacts

PERSON = InviteeFacts(
    id=1,
    name="Amina Rahman",
    title="Detective Sergeant",
    agency_id=4,
    agency_name="Police",
    agency_kind=AgencyKind.POLICE,
    email="amina@police.example",
    has_address=True,
    attendance=Attendance.BY_PHONE,
    removed=False,
    deputy_for=None,
    professional_id=9,
    staff_id=None,
)
