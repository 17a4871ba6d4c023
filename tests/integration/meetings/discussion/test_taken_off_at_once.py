"""Somebody is taken off the list while another writes of them, or gives them something to do (E1,
E3). On PostgreSQL, where two transactions run at once."""

from __future__ import annotations

import pytest

from app.core.refusal import Refused
from app.core.session import db, reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.discussion import actions, people, queries, service
from app.meetings.discussion.types import ActionOrder, Newcomer, person_scope
from app.meetings.models import Invitee
from tests.at_once import at_once
from tests.clock import FRIDAY
from tests.factories.accounts import sign_in_as
from tests.integration.meetings.discussion.posting import page_of, sent_by


@pytest.fixture
def engine_name():
    return "postgresql"


@pytest.fixture
def newcomer(app, case) -> int:
    green = Newcomer(
        "DS Ann Green", "", ProfessionalRole.POLICE_OFFICER, "County Police", AgencyKind.POLICE
    )
    with app.app_context():
        with transaction() as session:
            meeting = queries.meeting_to_write(session, case.ref)
            number = people.add_person(session, case.chair, meeting, green, FRIDAY).id
        db.session.remove()
    return number


def test_nobody_who_is_taken_off_is_given_an_action(app, in_app, case, newcomer):
    def taking_off(session):
        meeting = queries.meeting_to_change(session, case.ref)
        people.take_off(session, case.chair, meeting, newcomer, FRIDAY)

    def giving(session):
        meeting = queries.meeting_to_write(session, case.ref)
        order = ActionOrder("Visit the school", newcomer, "tomorrow 5 pm")
        return actions.add_action(session, case.writer, meeting, order, FRIDAY)

    taken_off, given = at_once(app, taking_off, giving)
    assert taken_off is None
    assert isinstance(given, Refused)
    assert given.field == "owner"
    assert reading().get_one(Invitee, newcomer).removed_at == FRIDAY


def test_nobody_is_taken_off_while_something_is_written_of_them(
    app, in_app, client, case, newcomer
):
    sign_in_as(client, case.chair.id)
    form = sent_by(page_of(client, case)) | {"do": f"off {newcomer}"}

    def writing(session):
        meeting = queries.meeting_to_write(session, case.ref)
        scope = person_scope(newcomer)
        service.save_field(
            session, case.writer, meeting, scope, "information", "Two calls", 0, FRIDAY
        )

    def pressing(session):
        return client.post(f"/discussions/{case.ref}/hold", data=form)

    _, pressed = at_once(app, writing, pressing)
    assert pressed.status_code == 422
    assert "Something is written of what DS Ann Green said: clear it first" in pressed.text
    assert reading().get_one(Invitee, newcomer).removed_at is None
