"""A joint section 47 enquiry for three siblings without a script: nothing is sent but what the
page itself asks for at that moment (E2, I3)."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.core.session import reading
from app.meetings.after.models import ChildAfter
from app.meetings.discussion.content import gate_of
from app.meetings.discussion.models import Action
from app.meetings.discussion.types import anchor
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from tests.factories.accounts import sign_in_as
from tests.integration.meetings.discussion.test_half_hour import JOINT
from tests.page_form import form_of


def in_sight(page: str, scope: str) -> set[str]:
    """The answers that the page asks for now: what follows from others appears once it is saved."""
    shown = set(re.findall(r'id="((?:ask|why)-[\w-]+)" data-block>', page))
    found = set()
    for field in JOINT:
        key, _, reason = field.partition(".")
        place = anchor(scope, key)
        if f"ask-{place}" in shown and (not reason or f"why-{place}" in shown):
            found.add(field)
    return found


def test_three_siblings_are_decided_together_and_one_apart(app, make_case, client):
    case = make_case(MeetingState.BOOKED, invitees=4, children=3)
    with app.app_context():
        sign_in_as(client, case.chair.id)
    path = f"/discussions/{case.ref}/hold"
    first, _, third = (case.child(place) for place in range(3))

    def send(do: str, **typed: str) -> None:
        sent = form_of(client.get(path).text, path) | typed | {"do": do}
        assert client.post(path, data=sent).status_code == 303

    send("start")
    send("save", **{f"{case.invitee(place)}/attendance": "by_phone" for place in range(4)})
    given: set[str] = set()
    for _ in range(6):
        asked = in_sight(client.get(path).text, first) - given
        if not asked:
            break
        send("save", **{f"{first}/{field}": JOINT[field] for field in asked})
        given |= asked
    assert given == set(JOINT)
    send(f"all {first.partition(':')[2]}")
    send("save", **{f"{third}/harm.reason": "She saw it and is afraid.",
                    "meeting/dissent_asked": "yes"})  # fmt: skip
    what = {"what": "See each alone", "due": "tomorrow 5 pm", "owner": str(case.invitees[0])}
    send("action", **{f"action-{name}": value for name, value in what.items()})
    with app.app_context():
        assert gate_of(reading(), reading().get_one(Meeting, case.meeting_id)) == []
        assert len(reading().execute(select(Action)).all()) == 1
    send("end")
    ended = form_of(client.get(f"{path}/end").text, f"{path}/end")
    assert client.post(f"{path}/end", data=ended).status_code == 303
    page = client.get(path).text
    assert page.count("A burn in the shape of an iron") == 2
    assert page.count("She saw it and is afraid.") == 1
    with app.app_context():
        rows = reading().execute(select(ChildAfter)).scalars().all()
        assert [one.child_id for one in rows] == list(case.children)
        assert {one.section47_started_at is not None for one in rows} == {True}
        assert {one.next_step is not None for one in rows} == {True}
