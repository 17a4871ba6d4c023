"""Finding: under the address of a case that they may see, somebody reads or changes a part of
another (an action, an invitee, a report, a child), which may be restricted, by putting its number
there (H2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.core.clock import now
from app.core.crypto import new_reference
from app.core.database import Base
from app.core.session import reading, transaction
from app.meetings.after.types import Step
from app.meetings.discussion.models import Action, Dissent
from app.meetings.escalation import service as escalation
from app.meetings.models import Meeting, Report
from app.meetings.types import ReportVia
from app.outbox.models import OutboxMessage
from app.records import releasing
from app.records.models import Circulation
from app.referrals.letters.models import ReferralLetter
from app.referrals.letters.types import LetterTo
from app.referrals.models import Child, Referral, ReferralDecision
from app.referrals.same_child.models import ChildMatch
from app.referrals.types import Outcome
from tests.factories.accounts import make_staff, sign_in_as
from tests.factories.checks import make_check
from tests.factories.records import make_releaser, make_signed
from tests.guards.conftest import World

CANARY = "Quillfeather Rise"
# What counts within the case that the address names, so that no number leads to another.
WITHIN = {"number": "1", "kind": "medical", "place": "1", "step": Step.ENQUIRY.value}
TYPED = {
    "outcome": "spoke", "said": "Typed by somebody else", "reason": "Typed by somebody else",
    "answer": "accepted", "what": "Typed by somebody else", "words": "Typed by somebody else",
}  # fmt: skip
# What only an open case has, and what is offered only while a copy is not withheld.
ELSEWHERE = {
    "open_case_child.child", "releasing.withhold",
    "same_child.known_of_open_case", "same_child.undo_of_open_case",
}  # fmt: skip
# Written at every request, whatever it asks for.
TRACES = {"audit_entry", "audit_head", "audit_view", "staff_session", "form_once"}


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def signed_meeting(session: Session, app: Flask) -> Meeting:
    moment = now()
    meeting, version = make_signed(
        session, app.extensions["settings"], moment, invitees=2, children=1,
        start=moment - timedelta(hours=2),
    )  # fmt: skip
    releasing.release(session, make_releaser(session), meeting, version.number, {}, True, moment)
    return meeting


def parts_of(session: Session, meeting: Meeting) -> dict[str, str]:
    """One of everything that hangs on this discussion and its referral, by the name that it has in
    an address; the name of the blueprint stands before it where two give one name to two things."""
    moment = now()
    invitee = meeting.invitees[1]
    referral = session.get_one(Referral, meeting.referral_id)
    child = session.get_one(Child, meeting.children[0].child_id)
    action = session.scalars(select(Action).where(Action.meeting_id == meeting.id)).first()
    assert action is not None
    action.what = CANARY
    report = Report(
        invitee_id=invitee.id, body=CANARY, file=None, file_name=None, media_type=None,
        via=ReportVia.LINK, added_by_id=None, received_at=moment,
    )  # fmt: skip
    dissent = Dissent(
        meeting_id=meeting.id, invitee_id=invitee.id, what=CANARY, why=None, recorded_by_id=None,
        recorded_at=moment, struck_at=None, struck_by_id=None, struck_reason=None,
    )  # fmt: skip
    match = ChildMatch(
        child_id=child.id, other_id=None, given="{}", before="{}", moved={}, reason=CANARY,
        said_by_id=meeting.chair_id, said_at=moment, undo_reason=None, undone_by_id=None,
        undone_at=None,
    )  # fmt: skip
    session.add_all([report, dissent, match])
    session.flush()
    opened = escalation.open_for(session, meeting, dissent, moment)
    session.flush()
    circulation = session.scalars(select(Circulation).order_by(Circulation.id.desc())).first()
    check = make_check(session, referral)
    message = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert circulation is not None
    assert message is not None
    # Else it would be refused for what it is, whosever it were: only one withheld can be released.
    circulation.withheld_reason = CANARY
    return {
        "child_ref": child.ref, "invitee_id": str(invitee.id), "action_id": str(action.id),
        "record_actions.number": str(action.id), "report_id": str(report.id),
        "escalation_id": str(opened.id), "circulation_id": str(circulation.id),
        "match_id": str(match.id), "check_ref": check.ref, "message_id": str(message.id),
        "letter_ref": letter_of(session, referral, invitee.invitation_id, message.id),
    }  # fmt: skip


def letter_of(session: Session, referral: Referral, invitation_id: int, message_id: int) -> str:
    moment = now()
    decision = ReferralDecision(
        referral_id=referral.id, outcome=Outcome.STRATEGY_DISCUSSION, reason=CANARY,
        agency_id=None, decided_by_id=referral.recorded_by_id, decided_at=moment,
    )  # fmt: skip
    session.add(decision)
    session.flush()
    made = ReferralLetter(
        ref=new_reference("LT"), referral_id=referral.id, decision_id=decision.id, arrival_id=None,
        to=LetterTo.REFERRER, child_id=None, name=CANARY, content="{}",
        invitation_id=invitation_id, message_id=message_id, sent_by_id=referral.recorded_by_id,
        sent_at=moment, opened_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.ref


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    with app.app_context():
        return {
            table.name: [tuple(row) for row in reading().execute(table.select())]
            for table in Base.metadata.sorted_tables
            if table.name not in TRACES
        }


def test_no_part_of_another_case_is_read_or_changed_under_ones_own(world: World) -> None:
    app = world.app
    with app.app_context():
        with transaction() as session:
            own = signed_meeting(session, app)
            other = signed_meeting(session, app)
            parts = parts_of(session, other)
            places, theirs = (
                {
                    "discussions": one.ref,
                    "referrals": session.get_one(Referral, one.referral_id).ref,
                }
                for one in (own, other)
            )
            staff_id = make_staff(session, *Role).id
        browser = app.test_client()
        sign_in_as(browser, staff_id)
    before, problems, tried = everything(app), [], set()
    for rule in app.url_map.iter_rules():
        place = rule.rule.split("/")[1]
        more = rule.arguments - {"ref"}
        if place not in places or "ref" not in rule.arguments or not more:
            continue
        blueprint = rule.endpoint.split(".")[0]
        values = {name: parts.get(f"{blueprint}.{name}", parts.get(name)) for name in more}
        if not any(values.values()):
            assert more <= set(WITHIN), f"{rule}: of which case is {more - set(WITHIN)}?"
            continue
        values = {name: value or WITHIN[name] for name, value in values.items()}
        tried |= more
        path, there = (
            app.url_map.bind("localhost").build(
                rule.endpoint, {"ref": refs[place], **values}, method=None
            )
            for refs in (places, theirs)
        )
        # Where it belongs it is found: else nothing would be shown by its not being found here.
        asks = "GET" in (rule.methods or ()) and rule.endpoint not in ELSEWHERE
        if asks and browser.get(there).status_code not in (200, 303):
            problems.append(f"{there} is not even found where it belongs")
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            answer = world.open(browser, path, method, TYPED if method == "POST" else None)
            if answer.status_code not in (303, 404, 422):
                problems.append(f"{method} {path}: {answer.status_code}")
            if CANARY in answer.text:
                problems.append(f"{method} {path} shows it")
    assert problems == []
    after = everything(app)
    assert [name for name, rows in before.items() if rows != after[name]] == []
    assert tried >= {name.rpartition(".")[2] for name in parts}
