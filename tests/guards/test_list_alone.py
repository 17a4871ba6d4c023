"""What is marked for the list alone stands nowhere else until consent is recorded (IMAP 5).

Every page is opened as everybody, with a real case on a real list; then consent is recorded, and
the same words are found where a referral is found.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts import rules
from app.accounts.types import Permission, Role
from app.audit import queries as audit
from app.core.clock import now
from app.core.database import Base
from app.core.session import reading, transaction
from app.referrals import queries as referrals
from app.referrals.abuse import service
from app.referrals.abuse.models import AbuseCase
from app.referrals.abuse.types import AssessmentGiven, Idva, Release, ReleaseGiven
from app.referrals.lists import queries as lists
from app.referrals.lists import service as list_service
from app.referrals.lists.types import Said
from app.referrals.matching import Identity
from app.referrals.models import Referral
from app.web.access import access_of
from tests.factories.abuse import actor_of
from tests.guards.conftest import VISITORS, World
from tests.guards.one_of_each import LIST_CANARY
from tests.guards.test_access import may, rules_of

CHILD = Identity("Ottoline", "Greywether", None)
# Names, address, police number, what was reported, what was shared at the list, notes on the help.
WORDS = (
    "ottoline", "greywether", "marigold", "example row", "16/4455/26", LIST_CANARY.casefold(),
    "larkspur told", "wisteria line",
)  # fmt: skip
OWN = ("abuse.", "lists.")
QUERIES = ("", "?show=all", "?show=closed")


@pytest.fixture
def case_ref(world: World) -> str:
    """The world's case, with something said about it and something noted on the help."""
    with world.app.app_context(), transaction() as session:
        case = session.execute(select(AbuseCase)).scalar_one()
        actor = actor_of(session)
        noted = AssessmentGiven(
            case.risk, dash_score=9, idva=Idva.OFFERED, idva_note="The Wisteria Line rings back"
        )
        service.assess(session, actor, case, noted, now())
        sitting = lists.open_of_case(session, case.id)
        assert sitting is not None
        entry = lists.entry(session, sitting.id, 1)
        assert entry is not None
        said = Said("Larkspur told the school nurse.")
        list_service.keep_said(session, actor, sitting, entry, said, now())
        return case.ref


def words_in(content: bytes) -> list[str]:
    text = content.decode("utf-8", "replace").casefold()
    return [word for word in WORDS if word in text]


def crawl(world: World, visitor: str) -> dict[str, list[str]]:
    """The words of the case that each page shows to this visitor."""
    browser = world.browser(visitor)
    found: dict[str, list[str]] = {}
    for rule in rules_of(world.app):
        if "GET" not in rule.methods:
            continue
        for asked in QUERIES if not rule.arguments else QUERIES[:1]:
            answer = browser.get(world.path(rule, visitor) + asked)
            if words := words_in(answer.get_data() + str(answer.headers).encode()):
                found.setdefault(rule.endpoint, []).extend(words)
    return found


@pytest.mark.parametrize("visitor", VISITORS)
def test_no_page_outside_the_list_shows_it(world: World, case_ref: str, visitor: str) -> None:
    found = crawl(world, visitor)
    outside = {name: words for name, words in found.items() if not name.startswith(OWN)}
    assert outside == {}
    is_staff = visitor in {role.value for role in Role}
    if is_staff and rules.may([Role(visitor)], Permission.LIST_WORK):
        assert {word for words in found.values() for word in words} == set(WORDS)
        assert {"abuse.case", "abuse.cases", "lists.entry", "lists.sitting"} <= set(found)
    else:
        assert found == {}


def test_neither_the_audit_nor_a_letter_nor_the_known_children_tell_of_it(
    world: World, case_ref: str
) -> None:
    with world.app.app_context():
        session = reading()
        assert referrals.likely_matches(session, CHILD) == []
        lines = list(audit.lines(session))
        assert any(case_ref in str(line) for line in lines)
        assert words_in(str(lines).encode()) == []
        own = {"abuse_case", "abuse_person", "list_sitting", "list_entry"}
        read = 0
        for table in Base.metadata.sorted_tables:
            rows = session.execute(select(table)).all()
            if words := words_in(str(rows).encode()):
                assert table.name in own, f"{table.name} holds {words}"
                read += 1
        assert read >= 3


def test_after_consent_it_is_a_referral_like_any_other(world: World, case_ref: str) -> None:
    with world.app.app_context(), transaction() as session:
        case = session.execute(select(AbuseCase)).scalar_one()
        given = ReleaseGiven(Release.CONSENT, "Agreed on the telephone.")
        made = service.release(session, actor_of(session), case, given, now())
        assert made is not None
        ref = made.ref
    world.filled.refs["/referrals/"] = ref
    found = crawl(world, Role.SOCIAL_WORKER.value)
    assert {"referrals.queue", "referrals.referral"} <= set(found)
    assert {"ottoline", "greywether", LIST_CANARY.casefold()} <= set(found["referrals.referral"])
    with world.app.app_context():
        matches = referrals.likely_matches(reading(), CHILD)
        assert [one.child.given_name for one in matches] == ["Ottoline"]
        held = reading().execute(select(Referral).where(Referral.ref == ref)).scalar_one()
        assert held.consent is not None


def test_this_crawl_opens_what_it_should(world: World) -> None:
    """Of the pages with an address of their own, none is missed for want of a real thing."""
    browser = world.browser(Role.CHAIR.value)
    missed = []
    for rule in rules_of(world.app):
        words = access_of(world.app, rule.endpoint).describe()
        if "GET" not in rule.methods or not may(words, Role.CHAIR.value):
            continue
        if words.startswith("staff") and browser.get(world.path(rule)).status_code == 404:
            missed.append(rule.endpoint)
    # Without an action to change or a report to open there is nothing behind these.
    assert {"abuse.case", "lists.entry", "referrals.referral", "meetings.overview"}.isdisjoint(
        missed
    )
