"""Actions, people and dissent; what the record is made of (E1, E3, E4, F1)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.accounts.types import Role
from app.core.clock import words_for_due
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.directory.types import AgencyKind, ProfessionalRole
from app.meetings.actions import worker
from app.meetings.actions.worker import remind_owners
from app.meetings.discussion import actions, people, queries, service
from app.meetings.discussion.content import content_of, gate_of
from app.meetings.discussion.models import Action
from app.meetings.discussion.types import ActionOrder, DissentOrder, Newcomer, person_scope
from app.meetings.models import Delivery, Invitee, Meeting
from app.meetings.types import ActionState, Attendance, MessageKind
from app.referrals.models import Child
from app.referrals.sender import Sender
from tests.clock import FRIDAY

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SENDER = Sender("rna-desk@example.org", "http://desk.example.org")


def add(case, **changes) -> int:
    order = {"what": "Visit the school", "owner_id": case.invitees[1], "due": "tomorrow 5 pm"}
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        return actions.add_action(
            session, case.chair, meeting, ActionOrder(**(order | changes)), FRIDAY
        ).id


def test_an_action_has_owner_and_date(in_app, case):
    add(case, child_id=case.children[0], why="She is there on Monday")
    action = reading().execute(select(Action)).scalar_one()
    assert action.due_at.isoformat() == "2026-11-21T17:00:00+00:00"
    assert (action.owner_id, action.state) == (case.invitees[1], ActionState.OPEN)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"what": ""}, "what"),
        ({"owner_id": None}, "owner"),
        ({"owner_id": 999999}, "owner"),
        ({"due": ""}, "due"),
        ({"due": "asap"}, "due"),
        ({"due": "yesterday"}, "due"),
        ({"child_id": 999999}, "child"),
        ({"protects": "everything"}, "page"),
        ({"what": "x" * 20_001}, "what"),
    ],
)
def test_an_action_that_lacks_something_is_refused_by_its_field(in_app, case, changes, field):
    with pytest.raises(Refused) as refusal:
        add(case, **changes)
    assert refusal.value.field == field
    assert reading().execute(select(Action)).first() is None


@pytest.fixture
def namesakes(case):
    with transaction() as session:
        for place, id_ in enumerate(case.children):
            child = session.get_one(Child, id_)
            child.given_name, child.family_name = "Sam", "Zephyrine"
            child.date_of_birth = date(2017 + 4 * place, 5, 3)
    add(case, child_id=case.children[1])
    return case


YOUNGER = "Sam Zephyrine (born 3 May 2021)"


def test_namesakes_are_told_apart_in_the_record_and_its_gate(in_app, namesakes):
    """E2, E3, F3: two siblings with the same name are two people."""
    meeting = reading().get_one(Meeting, namesakes.meeting_id)
    content = content_of(reading(), meeting)
    assert [one.name for one in content.children] == ["Sam Zephyrine (born 3 May 2017)", YOUNGER]
    assert content.actions[0].child_name == YOUNGER
    gate = gate_of(reading(), meeting)
    assert any(one.what.startswith(f"{YOUNGER}: ") for one in gate)


def test_namesakes_are_told_apart_on_the_chairs_page(in_app, namesakes, signed_in):
    page = signed_in(Role.CHAIR).get(f"/discussions/{namesakes.ref}/hold").text
    assert "for Sam (born 3 May 2021)</p>" in page
    assert "Same as for Sam (born 3 May 2017)<" in page
    assert f"Decisions for {YOUNGER}" in page


def test_an_action_whose_owner_was_removed_is_named_before_the_end(in_app, case, signed_in):
    add(case)
    with transaction() as session:
        session.get_one(Invitee, case.invitees[1]).removed_at = FRIDAY
    chair = signed_in(Role.CHAIR)
    page = chair.get(f"/discussions/{case.ref}/hold/end").text
    assert "No action has been noted" not in page
    assert "This action has nobody to do it" in page and "Visit the school" in page
    assert "Nobody: name who does this" in chair.get(f"/discussions/{case.ref}/hold").text


def test_two_who_change_one_action_both_see_it(in_app, case):
    number = add(case)
    order = ActionOrder("Ring the school", case.invitees[2], "Monday")
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        actions.change_action(session, case.chair, meeting, number, order, 1, FRIDAY)
    with (
        pytest.raises(actions.ChangedMeanwhile, match="Ring the school") as changed,
        transaction() as session,
    ):
        meeting = queries.meeting_to_write(session, case.ref)
        actions.change_action(session, case.writer, meeting, number, order, 1, FRIDAY)
    assert changed.value.version == 2


@pytest.mark.parametrize(
    ("what", "owner", "state", "progress"),
    [
        ("Visit the school", 1, ActionState.DONE, "Was there"),
        ("Ring the school", 1, ActionState.OPEN, "Was there"),
        ("Visit the school", 2, ActionState.OPEN, None),
    ],
)
def test_what_was_done_is_open_again_where_something_else_is_to_be_done(
    in_app, case, what, owner, state, progress
):
    number = add(case)
    with transaction() as session:
        action = session.get_one(Action, number)
        action.state, action.closed_at, action.progress = ActionState.DONE, FRIDAY, "Was there"
        action.told_at = FRIDAY
        session.flush()
        due, version = words_for_due(action.due_at), action.version
    order = ActionOrder(what, case.invitees[owner], due, why="Said again")
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        actions.change_action(session, case.chair, meeting, number, order, version, FRIDAY)
    action = reading().get_one(Action, number)
    assert (action.state, action.progress) == (state, progress)
    assert (action.closed_at is None) == (action.told_at is None) == (state is ActionState.OPEN)


def test_an_action_is_struck_out_and_its_row_stays(in_app, case):
    number = add(case)
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        actions.strike_action(session, case.chair, meeting, number, FRIDAY)
    meeting = reading().get_one(Meeting, case.meeting_id)
    assert queries.actions_of(reading(), meeting) == []
    assert reading().get_one(Action, number).removed_at == FRIDAY
    with pytest.raises(Refused, match="struck out"), transaction() as session:
        actions.strike_action(
            session, case.chair, queries.meeting_to_write(session, case.ref), number, FRIDAY
        )


def test_owners_are_told_at_the_end_and_others_are_not(in_app, case):
    add(case)
    with transaction() as session:
        meeting = queries.meeting_to_change(session, case.ref)
        told = service.end(session, case.chair, meeting, SENDER, meeting.started_at)
    assert told == 1
    (sent,) = reading().execute(select(Delivery)).scalars()
    assert (sent.invitee_id, sent.kind) == (case.invitees[1], MessageKind.ACTIONS)


def test_what_fell_due_before_it_was_written_down_is_noted_once_the_discussion_is_over(
    in_app, case
):
    began = FRIDAY - 6 * HOUR + timedelta(seconds=20)
    with transaction() as session:
        session.get_one(Meeting, case.meeting_id).started_at = began
    for said in ("20 Nov 2026 at 3 pm", "27 Oct"):
        with pytest.raises(Refused, match="which has passed"):
            add(case, due=said)
    with transaction() as session:
        meeting = queries.meeting_to_change(session, case.ref)
        service.end(session, case.chair, meeting, SENDER, FRIDAY - 2 * HOUR)
    for said, meant in (
        ("20 Nov 2026 at 3 pm", "Friday 20 November 2026 at 3:00 pm"),
        ("3 pm", "Friday 20 November 2026 at 3:00 pm"),
        ("10:45 am", "Friday 20 November 2026 at 10:45 am"),
        ("9 am", "Saturday 21 November 2026 at 9:00 am"),
    ):
        assert words_for_due(reading().get_one(Action, add(case, due=said)).due_at) == meant
    with pytest.raises(Refused, match="before the discussion began") as refused:
        add(case, due="19 Nov 2026")
    assert refused.value.field == "due"


def test_owners_are_told_of_what_is_noted_or_changed_after_the_end(in_app, case):
    settings = in_app.extensions["settings"]
    with transaction() as session:
        meeting = queries.meeting_to_change(session, case.ref)
        assert service.end(session, case.chair, meeting, SENDER, meeting.started_at) == 0
    first, _ = add(case), add(case, what="Tell the landlord")
    assert remind_owners(settings, FRIDAY + MINUTE) == 0  # more may follow
    assert remind_owners(settings, FRIDAY + 5 * MINUTE) == 1
    assert remind_owners(settings, FRIDAY + 6 * MINUTE) == 0
    order = ActionOrder("Visit the school", case.invitees[2], "tomorrow 5 pm")
    with transaction() as session:
        actions.change_action(
            session, case.chair, queries.meeting_to_write(session, case.ref), first, order, 2,
            FRIDAY + 7 * MINUTE,
        )  # fmt: skip
    assert remind_owners(settings, FRIDAY + 8 * MINUTE) == 1
    sent = reading().execute(select(Delivery.invitee_id, Delivery.kind).order_by(Delivery.id))
    assert [tuple(row) for row in sent] == [
        (case.invitees[1], MessageKind.ACTIONS), (case.invitees[2], MessageKind.ACTIONS),
    ]  # fmt: skip


def test_one_discussion_that_fails_does_not_keep_the_others_waiting(in_app, case, monkeypatch):
    with transaction() as session:
        meeting = queries.meeting_to_change(session, case.ref)
        service.end(session, case.chair, meeting, SENDER, meeting.started_at)
    add(case)
    monkeypatch.setattr(worker.queries, "to_tell", lambda *_: ["SD-BAD", case.ref])
    tell = worker.service.tell

    def fails(session, ref, *rest):
        if ref == "SD-BAD":
            raise RuntimeError("a row that cannot be read")
        return tell(session, ref, *rest)

    monkeypatch.setattr(worker.service, "tell", fails)
    assert remind_owners(in_app.extensions["settings"], FRIDAY + 5 * MINUTE) == 1


def test_somebody_dials_in_and_counts(in_app, case):
    newcomer = Newcomer(
        "DS Ann Green", "", ProfessionalRole.POLICE_OFFICER, "County Police", AgencyKind.POLICE
    )
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        invitee = people.add_person(session, case.chair, meeting, newcomer, FRIDAY)
        assert invitee.attendance is Attendance.BY_PHONE
    meeting = reading().get_one(Meeting, case.meeting_id)
    assert AgencyKind.POLICE not in content_of(reading(), meeting).quorum.missing
    with pytest.raises(Refused) as refusal, transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        people.add_person(
            session,
            case.chair,
            meeting,
            Newcomer("", "", ProfessionalRole.OTHER, "", AgencyKind.OTHER),
            FRIDAY,
        )
    assert refusal.value.field == "name"


def test_somebody_added_by_mistake_is_taken_off_and_nobody_else(in_app, case):
    newcomer = Newcomer(
        "DS Ann Green", "", ProfessionalRole.POLICE_OFFICER, "County Police", AgencyKind.POLICE
    )
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        number = people.add_person(session, case.chair, meeting, newcomer, FRIDAY).id

    def take_off(who: int) -> None:
        with transaction() as session:
            meeting = queries.meeting_to_write(session, case.ref)
            people.take_off(session, case.chair, meeting, who, FRIDAY)

    owned = add(case, owner_id=number)
    with pytest.raises(Refused, match="owns an action"):
        take_off(number)
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        actions.strike_action(session, case.chair, meeting, owned, FRIDAY)
        service.save_field(
            session,
            case.chair,
            meeting,
            person_scope(number),
            "information",
            "Two calls",
            0,
            FRIDAY,
        )
    with pytest.raises(Refused, match="Something is written"):
        take_off(number)
    with pytest.raises(Refused, match="was invited"):
        take_off(case.invitees[1])
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        service.save_field(
            session, case.chair, meeting, person_scope(number), "information", "", 1, FRIDAY
        )
    take_off(number)
    meeting = reading().get_one(Meeting, case.meeting_id)
    (gone,) = [one for one in meeting.invitees if one.removed_at is not None]
    assert (gone.id, gone.removed_reason) == (number, "Added by mistake")
    assert AgencyKind.POLICE in content_of(reading(), meeting).quorum.missing


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (DissentOrder(None, "The plan", "It is too slow"), "who"),
        (DissentOrder(1, "", "It is too slow"), "what"),
        (DissentOrder(1, "The plan", ""), "why"),
    ],
)
def test_a_dissent_says_who_what_and_why(in_app, case, order: DissentOrder, field: str):
    who = case.invitees[order.invitee_id] if order.invitee_id is not None else None
    with pytest.raises(Refused) as refusal, transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        people.add_dissent(
            session, case.chair, meeting, DissentOrder(who, order.what, order.why), FRIDAY
        )
    assert refusal.value.field == field


def test_the_content_of_a_record(in_app, case):
    def write(scope: str, field: str, value: str) -> None:
        with transaction() as session:
            meeting = queries.meeting_to_write(session, case.ref)
            service.save_field(session, case.chair, meeting, scope, field, value, 0, FRIDAY)

    child = case.child(0)
    write(child, "section_47", "started")
    write(child, "section_47.reason", "The threshold is met.")
    write(child, "harm", "yes")
    write(child, "harm.reason", "Mother takes lithium.")
    write(child, "harm.protected", "health_of_others")
    write(child, "medical.not_decided", "The paediatrician rings back at six.")
    write(child, "other_children", "A cousin with asthma.")
    write(child, "other_children.protected", "health_of_others")
    write(child, "assessment", "20")
    write(child, "family_what", "Not asked after all.")
    write(case.invitee(1), "attendance", "by_phone")
    write(case.invitee(1), "information", "Known at the address.")
    write("meeting", "analysis", "Two accounts do not fit.")
    write("meeting", "dissent_asked", "yes")
    add(case, child_id=case.children[0], protects="referrer")
    with transaction() as session:
        meeting = queries.meeting_to_write(session, case.ref)
        order = DissentOrder(case.invitees[1], "The timescale", "Too slow")
        scope = f"dissent:{people.add_dissent(session, case.chair, meeting, order, FRIDAY).id}"
    write(scope, "dissent.protected", "address")
    for place, field in (("dissent:999999", "dissent.protected"), (scope, "dissent")):
        with pytest.raises(Refused, match="part of this"):
            write(place, field, "address")

    meeting = reading().get_one(Meeting, case.meeting_id)
    content = content_of(reading(), meeting)
    said = {one.key: one for one in content.children[0].decisions}
    assert list(said) == ["harm", "section_47", "other_children", "medical", "assessment"]
    assert (said["harm"].answer, said["harm"].reason.protects) == ("Yes", "health_of_others")
    assert said["section_47"].answer == "Started"
    assert (said["medical"].answer, said["medical"].decided) == ("Not decided", False)
    assert said["assessment"].answer == "20 working days"
    # Protected words never stand in the answer, which every reader sees.
    assert said["other_children"].answer == "See the reason"
    assert said["other_children"].reason.text == "A cousin with asthma."
    assert content.children[1].decisions == ()
    assert [one.passage.text for one in content.information] == ["Known at the address."]
    assert [one.heading for one in content.analysis] == ["Analysis"]
    assert content.quorum.missing == (AgencyKind.SOCIAL_CARE, AgencyKind.HEALTH)
    assert content.dissent_asked
    (dissent,) = content.dissents
    assert (dissent.about, dissent.why) == ("The timescale", "Too slow")
    (action,) = content.actions
    assert (action.number, action.child_name) == (1, "Amara Okonjo")
    assert (action.protects, dissent.protects) == ("referrer", "address")
    assert any("went on without" in one.what for one in gate_of(reading(), meeting))
