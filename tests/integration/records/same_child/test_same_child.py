"""A wrong match is undone, a missed one linked later; nothing is merged or lost (A3)."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from app.accounts.types import Role
from app.audit.queries import history
from app.audit.types import Actor, ActorKind
from app.core.clock import now
from app.core.refusal import Refused
from app.core.session import reading, transaction
from app.meetings.discussion.models import Entry
from app.meetings.discussion.types import child_scope
from app.meetings.models import Meeting
from app.meetings.restricted.models import CaseRestriction
from app.meetings.types import MeetingState
from app.records.same_child import service
from app.referrals import keys, queries
from app.referrals.matching import Identity
from app.referrals.models import Child, Referral
from app.referrals.same_child.models import ChildMatch
from app.referrals.search_keys import case_key, day_key, word_keys
from app.referrals.service import enter_referral
from app.referrals.types import Channel, ChildGiven, Concern, Intake
from app.reports.search import children as search
from tests.clock import FRIDAY
from tests.factories.accounts import make_staff
from tests.factories.directory import make_agency, make_settings
from tests.factories.meetings import make_known_child, make_meeting
from tests.page_form import form_of

BORN = date(2019, 3, 7)
LATER = FRIDAY + timedelta(days=30)


@pytest.fixture
def actor(in_app):
    with transaction() as session:
        make_settings(session)
        staff = make_staff(session, Role.TRIAGE)
        return Actor(ActorKind.STAFF, staff.id, staff.name)


def entered(session, actor, *children: ChildGiven, at=FRIDAY) -> Referral:
    return enter_referral(
        session,
        actor,
        Intake(
            received_at=at,
            channel=Channel.PHONE,
            children=children,
            source_agency_id=make_agency(session).id,
            concerns=(Concern.NEGLECT,),
            narrative="Home alone again.",
        ),
        at,
    )


def enter(actor, *children: ChildGiven, at=FRIDAY) -> Referral:
    with transaction() as session:
        return entered(session, actor, *children, at=at)


def child_of(referral: Referral) -> Child:
    session = reading()
    session.expire_all()
    return session.get_one(Referral, referral.id).children[0].child


def test_a_wrong_match_is_undone_and_what_it_changed_put_back(actor):
    first = enter(actor, ChildGiven("Wren", "Okafor", BORN, address="1 Example Street"))
    known = child_of(first)
    wrong = ChildGiven(
        "Ren", "Okafor", BORN, address="9 Other Road", gender="Boy", same_as=known.ref
    )
    second = enter(actor, wrong, at=LATER)
    assert child_of(second).id == known.id
    assert second.earlier_referral_id == first.id
    match = reading().query(ChildMatch).one()
    with transaction() as session:
        meeting = make_meeting(session, MeetingState.NEEDED, referral=second, at=LATER)
        scope = child_scope(known.id)
        session.add(
            Entry(
                meeting_id=meeting.id, scope=scope, field="section_47", value="yes", version=1,
                written_by_id=actor.id, written_at=LATER,
            )
        )  # fmt: skip
        meeting_id = meeting.id
    with transaction() as session:
        known = session.get_one(Child, known.id)
        known.gender = "Girl"  # corrected meanwhile: stays
    with transaction() as session, pytest.raises(Refused, match="another child"):
        service.undo(session, actor, match.id, "", LATER)
    with transaction() as session:
        service.undo(session, actor, match.id, "The school telephoned: two families.", LATER)
    other = child_of(second)
    assert other.id != known.id
    assert (other.given_name, other.address, other.gender) == ("Ren", "9 Other Road", "Boy")
    session = reading()
    known = session.get_one(Child, known.id)
    assert (known.given_name, known.address, known.gender) == ("Wren", "1 Example Street", "Girl")
    assert child_of(first).id == known.id
    assert session.get_one(Referral, second.id).earlier_referral_id is None
    meeting = session.get_one(Meeting, meeting_id)
    assert [row.child_id for row in meeting.children] == [other.id]
    assert session.query(Entry).one().scope == child_scope(other.id)
    assert history(session, "referral", second.ref)[0].action == "children told apart"
    with transaction() as session, pytest.raises(Refused, match="meanwhile"):
        service.undo(session, actor, match.id, "Again.", LATER)


def test_a_missed_match_is_linked_later_and_can_be_undone(actor):
    first = enter(actor, ChildGiven("Wren", "Okafor", BORN, address="1 Example Street"))
    second = enter(actor, ChildGiven("Wendy", "Marsh", BORN, gender="Girl"), at=LATER)
    known, other = child_of(first), child_of(second)
    version = second.version
    with transaction() as session:
        service.link(
            session, actor, session.get_one(Child, other.id), session.get_one(Child, known.id),
            "Same NHS number, says the health visitor.", LATER,
        )  # fmt: skip
    assert child_of(second).id == known.id
    session = reading()
    again = session.get_one(Referral, second.id)
    assert again.earlier_referral_id == first.id
    assert again.version > version
    assert session.get_one(Child, known.id).gender == "Girl"
    assert session.get_one(Child, known.id).address == "1 Example Street"
    # The other name finds the child too, and the record behind it is not offered by itself.
    found = queries.likely_matches(session, Identity("Wendy", "Marsh", BORN))
    assert [one.child.id for one in found] == [known.id]
    match = session.query(ChildMatch).one()
    with transaction() as session:
        service.undo(session, actor, match.id, "Two children after all.", LATER)
    assert child_of(second).id == other.id
    assert reading().get_one(Child, known.id).gender is None
    assert child_of(first).id == known.id


def found_by(*sought: str) -> list[int]:
    session = reading()
    return [
        one.child_id
        for one in search.records_under(session, keys.searched(session, sought)).records
    ]


def found_by_name(name: str) -> list[int]:
    return found_by(*word_keys(name))


def test_after_a_link_is_undone_a_case_reference_finds_its_own_child_alone(actor):
    first = enter(actor, ChildGiven("Wren", "Okafor", BORN))
    second = enter(
        actor, ChildGiven("Ottoline", "Brackenbury", None, case_reference="CF777"), at=LATER
    )
    known, other = child_of(first).id, child_of(second).id
    with transaction() as session:
        service.link(
            session, actor, session.get_one(Child, other), session.get_one(Child, known),
            "Thought to be one family.", LATER,
        )  # fmt: skip
    assert known in found_by(case_key("CF777"))
    match = reading().query(ChildMatch).one()
    with transaction() as session:
        service.undo(session, actor, match.id, "Two families.", LATER)
    assert found_by(case_key("CF777")) == [other]


def test_after_a_wrong_match_at_intake_the_old_reference_finds_the_child_again(actor):
    first = enter(actor, ChildGiven("Wren", "Okafor", BORN, case_reference="CF111"))
    known = child_of(first)
    wrong = ChildGiven("Ren", "Okafor", BORN, case_reference="CF222", same_as=known.ref)
    second = enter(actor, wrong, at=LATER)
    assert found_by(case_key("CF222")) == [known.id]
    match = reading().query(ChildMatch).one()
    with transaction() as session:
        service.undo(session, actor, match.id, "Two families.", LATER)
    assert found_by(case_key("CF111")) == [known.id]
    assert found_by(case_key("CF222")) == [child_of(second).id]


OTHER_BORN = date(2016, 11, 21)


@pytest.fixture
def undone(actor) -> tuple[int, int]:
    """A known child, and one that was taken for it at intake and told apart since."""
    first = enter(actor, ChildGiven("Wren", "Okafor", BORN))
    known = child_of(first)
    wrong = ChildGiven(
        "Ottoline", "Brackenbury", OTHER_BORN, case_reference="CF9", same_as=known.ref,
        corrects_known=True,
    )  # fmt: skip
    second = enter(actor, wrong, at=LATER)
    assert found_by_name("Ottoline") == [known.id]
    match = reading().query(ChildMatch).one()
    with transaction() as session:
        service.undo(session, actor, match.id, "Two families.", LATER)
    return known.id, child_of(second).id


def test_after_a_wrong_match_each_child_is_found_by_its_own_name_alone(undone):
    known, other = undone
    for sought in ([case_key("CF9")], [day_key(OTHER_BORN)], word_keys("Ottoline")):
        assert found_by(*sought) == [other]
    assert found_by_name("Wren") == found_by_name("Okafor") == [known]
    assert found_by(day_key(BORN)) == [known]
    matched = queries.likely_matches(reading(), Identity("Ottoline", "Brackenbury", OTHER_BORN))
    assert [one.child.id for one in matched] == [other]


def test_a_rebuild_takes_away_what_an_undone_match_left_and_keeps_every_other_spelling(
    app, actor, undone
):
    """An earlier version left the keys of a match that was undone."""
    known, other = undone
    with transaction() as session:
        keys.index(session, known, Identity("Ottoline", "Brackenbury", OTHER_BORN))
        keys.index(session, known, Identity("Rosalind", "Okafor", BORN))  # corrected since
        child = session.get_one(Child, known)
        callers = ChildGiven("Wrenna", "Achebe", BORN, same_as=child.ref)  # stands
        entered(session, actor, callers, at=LATER)
    assert known in found_by_name("Ottoline")
    done = app.test_cli_runner().invoke(args=["keys", "index"])
    assert done.exit_code == 0, done.output
    assert found_by_name("Ottoline") == found_by_name("Brackenbury") == [other]
    assert found_by(day_key(OTHER_BORN)) == [other]
    for name in ("Wren", "Okafor", "Rosalind", "Wrenna", "Achebe"):
        assert found_by_name(name) == [known], name


def test_twins_on_one_referral_are_never_linked(actor):
    first = enter(actor, ChildGiven("Wren", "Okafor", BORN))
    both = enter(
        actor,
        ChildGiven("Wren", "Okafor", BORN, same_as=child_of(first).ref),
        ChildGiven("Idris", "Okafor", BORN),
        at=LATER,
    )
    wren, idris = (row.child for row in both.children)
    for one, other in ((wren, wren), (wren, idris)):
        with transaction() as session, pytest.raises(Refused):
            service.link(session, actor, one, other, "They look alike.", LATER)


def test_a_record_that_is_linked_is_not_linked_twice(actor):
    refs = [
        enter(actor, ChildGiven(name, "Okafor", date(2019, 3, day)))
        for name, day in (("Wren", 7), ("Wendy", 9), ("Willa", 11))
    ]
    first, second, third = (child_of(one).id for one in refs)

    def link(one, other):
        with transaction() as session:
            service.link(
                session, actor, session.get_one(Child, one), session.get_one(Child, other),
                "The family says so.", LATER,
            )  # fmt: skip

    link(second, first)
    for one, other in ((second, third), (third, second), (first, third)):
        with pytest.raises(Refused):
            link(one, other)
    link(third, first)
    assert len({child_of(one).id for one in refs}) == 1


def test_the_pages_show_both_link_them_and_undo_it(change, signed_in):
    with change() as session:
        make_settings(session)
        staff = make_staff(session, Role.TRIAGE)
        actor = Actor(ActorKind.STAFF, staff.id, staff.name)
        at = now() - timedelta(hours=2)
        wren = ChildGiven("Wren", "Okafor", BORN, address="1 Example Street")
        ren = ChildGiven("Ren", "Okafor", BORN, address="9 Other Road")
        first, second = (entered(session, actor, one, at=at) for one in (wren, ren))
        known, other = (one.children[0].child.ref for one in (first, second))
        ref = second.ref
    worker = signed_in(Role.TRIAGE)
    where = f"/referrals/{ref}/children/{other}/known"
    page = worker.get(where).text
    assert "Very likely the same child" in page
    assert page.count('app-beside__mark">Differs') == 2  # given name and address
    refused = worker.post(where, data=form_of(page, where) | {"reason": "Seen both."})
    assert refused.status_code == 422
    assert "Choose the child" in refused.text
    typed = form_of(page, where) | {"reason": "Seen both."}
    nobody = worker.post(where, data=typed | {"known": "reference", "reference": "CH-0000-0000"})
    assert nobody.status_code == 422
    assert worker.post(where, data=typed | {"known": known}).status_code == 303
    shown = worker.get(f"/referrals/{ref}").text
    (undo,) = set(re.findall(rf"/referrals/{ref}/matches/\d+/undo", shown))
    assert f"before: {other}" in shown
    assert "Seen both." in shown
    page = worker.get(undo).text
    assert worker.post(undo, data=form_of(page, undo)).status_code == 422
    answer = worker.post(undo, data=form_of(page, undo) | {"reason": "Two families."})
    assert answer.status_code == 303
    shown = worker.get(f"/referrals/{ref}").text
    assert other in shown
    assert "Two families." in shown
    assert worker.get(undo).status_code == 404


def open_case_of(session, given: ChildGiven) -> tuple[Meeting, Child]:
    """The discussion of an open case about a child who stands on no referral."""
    child = make_known_child(session, given.given_name, given.family_name, born=given.date_of_birth)
    keys.index(session, child.id, keys.identity(child))
    meeting = make_meeting(session, children=1)
    meeting.referral_id = None
    meeting.children[0].child_id = child.id
    session.flush()
    return meeting, child


def test_two_open_cases_of_one_child_are_joined_and_told_apart(change, signed_in):
    with change() as session:
        first, known = open_case_of(session, ChildGiven("Wren", "Okafor", BORN))
        second, other = open_case_of(session, ChildGiven("Ren", "Okafor", BORN))
        of_referral = make_meeting(session, children=1)
        refs = first.ref, second.ref
        there = f"/discussions/{of_referral.ref}/children/{known.ref}/known"
        ids = known.id, other.id, second.id
        known_ref, other_ref = known.ref, other.ref
    worker = signed_in(Role.TRIAGE)
    where = f"/discussions/{refs[1]}/children/{other_ref}/known"
    assert where in worker.get(f"/discussions/{refs[1]}").text
    page = worker.get(where).text
    assert "Very likely the same child" in page and "In this discussion" in page
    assert worker.get(there).status_code == 404  # the referral is the door there
    assert worker.get(f"/discussions/{refs[1]}/children/{known_ref}/known").status_code == 404
    typed = form_of(page, where) | {"reason": "The mother says so."}
    answer = worker.post(where, data=typed | {"known": known_ref})
    assert (answer.status_code, answer.location) == (303, f"/discussions/{refs[1]}")

    def stands() -> list[int]:
        with change() as session:
            return [row.child_id for row in session.get_one(Meeting, ids[2]).children]

    assert stands() == [ids[0]]
    page = worker.get(f"/discussions/{refs[1]}/children/{known_ref}/known").text
    assert "The mother says so." in page and f"before: {other_ref}" in page
    (undo,) = set(re.findall(rf"/discussions/{refs[1]}/matches/\d+/undo", page))
    assert worker.post(undo, data=form_of(worker.get(undo).text, undo)).status_code == 422
    said = form_of(worker.get(undo).text, undo) | {"reason": "Two families."}
    assert worker.post(undo, data=said).status_code == 303
    assert stands() == [ids[1]]
    assert worker.get(undo).status_code == 404


def test_the_known_child_of_a_restricted_open_case_shows_name_and_birth_alone(change, signed_in):
    with change() as session:
        first, known = open_case_of(session, ChildGiven("Wren", "Okafor", BORN))
        second, other = open_case_of(session, ChildGiven("Ren", "Okafor", BORN))
        session.add(
            CaseRestriction(
                meeting_id=first.id, referral_id=None, reason="A colleague's child",
                set_by_id=first.chair_id, set_at=now(), lifted_at=None, lift_reason=None,
            )
        )  # fmt: skip
        known.address = "77 Hidden Lane"
        where = f"/discussions/{second.ref}/children/{other.ref}/known"
        hidden, known_ref = f"/discussions/{first.ref}/children/{known.ref}/known", known.ref
    worker = signed_in(Role.TRIAGE)
    page = worker.get(where).text
    assert "What else is known of this child is restricted" in page
    assert "77 Hidden Lane" not in page and f'value="{known_ref}"' not in page
    typed = form_of(page, where) | {"reason": "Seen both.", "known": "reference"}
    refused = worker.post(where, data=typed | {"reference": known_ref})
    assert refused.status_code == 422 and "restricted case" in refused.text
    assert worker.get(hidden).status_code == 303
