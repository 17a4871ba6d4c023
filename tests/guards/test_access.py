"""Deny by default: every route says who may use it, and it is so (H2)."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
from sqlalchemy import select, update
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from app.accounts import rules
from app.accounts.models import StaffSession
from app.accounts.types import Permission, Role
from app.audit.models import AuditView
from app.audit.types import ActorKind
from app.core.clock import now
from app.core.session import reading, transaction
from app.meetings.restricted import whole_case
from app.meetings.restricted.models import BrokenGlass
from app.referrals.models import Child
from app.web.access import access_of
from app.web.numbers import LARGEST
from tests.factories.abuse import use_protocol
from tests.factories.accounts import make_staff
from tests.guards.conftest import OUTSIDERS, VISITORS, World
from tests.guards.one_of_each import CANARY
from tests.guards.test_floors import policy_problems

MATRIX = Path(__file__).with_name("access_matrix.toml")
# Open to whoever stands at this machine, in the example area, as these tests do.
OPEN = ("everyone", "everyone, in the example area only", "collector: token, or this machine")
REFUSED = (303, 401, 403, 404)
SAFE = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What one member of staff has, and no other, whatever their roles.
OF_ONE_PERSON = {"accounts.end_session", "kept.show", "kept.send", "search.found"}
# Nothing is behind these as things stand with what is filled in.
NOT_NOW = {
    "accounts.picture", "own.picture",  # no second factor is being set up
    "sign_on.again",  # no single sign-on is set up
    # The discussions filled in have a referral.
    "open_case.about", "open_case_child.child", "same_child.known_of_open_case",
    "same_child.undo_of_open_case",
    "records.draft",  # the record was signed
    "guests.record", "guests.record_download",  # that of the invitee's discussion was not
    "guests.earlier_report_file", "guests.give_again",  # nor had they an earlier discussion
    "requests.letter",  # who was asked for information got none
    "near_misses.one", "near_misses.review",  # of who reported it and who reviews its kind
    # The area has no form by name; see the test of another one below.
    "papers.form", "papers.form_now", "papers.preview", "papers.send", "papers.acknowledged",
    "papers.refused", "papers.chase", "papers.sent", "calls.about_form",
}  # fmt: skip


def rules_of(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_declares_who_may_use_it_and_is_classified(app):
    declared = {}
    for rule in rules_of(app):
        access = access_of(app, rule.endpoint)
        assert access is not None, f"{rule.endpoint} has no @access under its route"
        declared[rule.endpoint] = access.describe()
    written = tomllib.loads(MATRIX.read_text(encoding="utf-8"))
    new = "\n".join(
        f'"{name}" = "{words}"'
        for name, words in sorted(declared.items())
        if written.get(name) != words
    )
    gone = sorted(set(written) - set(declared))
    assert not new, f"Think about who may use these, then write into {MATRIX.name}:\n{new}"
    assert not gone, f"No longer there, take out of {MATRIX.name}: {gone}"


def test_no_view_is_a_coroutine(app):
    """Nobody looks for one at each request (app/web/application.py)."""
    for endpoint, view in app.view_functions.items():
        assert not iscoroutinefunction(view), endpoint


def test_every_number_in_an_address_is_bounded(app):
    for rule in rules_of(app):
        for name, converter in rule._converters.items():
            if isinstance(converter, IntegerConverter):
                assert converter.max is not None, f"<{name}> of {rule} takes any number"
                assert converter.max <= LARGEST, f"<{name}> of {rule} takes any number"


def may(words: str, visitor: str) -> bool:
    """Whether the words of a rule let this visitor in."""
    if words in OPEN:
        return True
    if visitor in OUTSIDERS:
        return words == OUTSIDERS[visitor]
    kind, _, rest = words.partition(": ")
    return kind == "staff" and rules.may([Role(visitor)], Permission(rest.removesuffix(", fresh")))


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_route_lets_in_whom_it_says_and_nobody_else(world: World, visitor: str):
    problems, browser, mark = [], world.browser(visitor), world.mark(visitor)
    # What ends a session from outside comes last: nothing opens another.
    for rule in sorted(rules_of(world.app), key=lambda rule: rule.endpoint.endswith(".leave")):
        words = access_of(world.app, rule.endpoint).describe()
        for path, lets_in in tries(world, rule, words, visitor):
            for method in sorted(set(SAFE) & rule.methods):
                answer = world.open(browser, path, method, None if method == "GET" else mark)
                said = f"{method} {path} ({rule.endpoint}: {words}) answered {answer.status_code}"
                wrong = problem(answer, rule, method, words, visitor, lets_in=lets_in)
                if answer.mimetype == "text/html":
                    wrong = wrong or ", ".join(policy_problems(answer.text))
                if wrong:
                    problems.append(f"{said}: {wrong}")
                if lets_in and method != "GET":
                    browser = world.browser(visitor)  # what was pressed may have signed out
    assert problems == []


def test_what_an_area_with_forms_by_name_has_behind_their_addresses(world: World):
    with world.app.app_context(), transaction() as session:
        use_protocol(session, "bromley")
    browser, looked_at = world.browser(Role.ADMINISTRATOR.value), 0
    for rule in rules_of(world.app):
        if "<kind>" in rule.rule and "GET" in rule.methods:
            looked_at += 1
            assert browser.get(world.path(rule)).status_code == 200, rule.endpoint
    assert looked_at


def tries(world: World, rule: Rule, words: str, visitor: str) -> list[tuple[str, bool]]:
    """The addresses of a rule that this visitor asks for, and whether it lets them in there."""
    path, own = world.path(rule), world.path(rule, visitor)
    if path == own:
        return [(path, may(words, visitor))]
    return [(path, False), (own, may(words, visitor))]


def problem(
    answer: TestResponse, rule: Rule, method: str, words: str, visitor: str, *, lets_in: bool
) -> str:
    """What is wrong with this answer, or nothing."""
    status, refused = answer.status_code, answer.status_code in REFUSED
    if status >= 500:
        return "it failed"
    if words in OPEN:
        return "should be let in" if status in (401, 403) else ""
    if lets_in and rule.endpoint in OF_ONE_PERSON:
        return "" if refused and not _is_sign_in(answer) else "is of somebody else"
    if lets_in:
        there = status not in (401, 403) and (status != 404 or rule.endpoint in NOT_NOW)
        return "should be let in" if not there or _is_sign_in(answer) else ""
    if not refused:
        return "should be refused"
    if opens_by_glass(rule, method, words, visitor):
        led = answer.headers.get("Location", "").startswith("/restricted/open/")
        return "" if led else "should lead to the door of the case"
    if words.startswith("staff") and _is_staff(visitor) and status != 403:
        return "should be 403"
    return ""


def opens_by_glass(rule: Rule, method: str, words: str, visitor: str) -> bool:
    """Whether this page of a case is read by who sees none, once they opened it with a reason."""
    kind, _, rest = words.partition(": ")
    return (
        method == "GET"
        and rule.rule.startswith(("/referrals/<ref>", "/discussions/<ref>"))
        # A form that nobody has taken in is no case yet.
        and not rule.rule.startswith("/referrals/<ref>/as-sent")
        and kind == "staff"
        and _is_staff(visitor)
        and rules.may_behind_glass([Role(visitor)], Permission(rest.removesuffix(", fresh")))
    )


def test_behind_glass_a_case_is_read_and_nothing_else_opens(world: World):
    visitor, opened = Role.SYSTEM.value, 0
    with world.app.app_context(), transaction() as session:
        for address, ref in world.filled.refs.items():
            case = whole_case.behind(session, address.split("/")[1], ref)
            if case is None:
                continue
            session.add(
                BrokenGlass(
                    **case._asdict(), staff_id=world.staff[Role.SYSTEM], reason="To see it",
                    ref=ref, opened_at=now(), ends_at=now() + timedelta(hours=1),
                    reviewed_at=None, reviewed_by_id=None, review=None,
                )
            )  # fmt: skip
    browser = world.browser(visitor)
    for rule in rules_of(world.app):
        words = access_of(world.app, rule.endpoint).describe()
        if "ref" not in rule.arguments or not words.startswith("staff") or may(words, visitor):
            continue
        for method in sorted(set(SAFE) & rule.methods):
            answer = world.open(browser, world.path(rule), method)
            said = f"{method} {rule.rule} answered {answer.status_code}"
            if opens_by_glass(rule, method, words, visitor):
                opened += 1
                assert answer.status_code in (200, 303, 404), said
                assert "/restricted/open/" not in answer.headers.get("Location", ""), said
            else:
                assert answer.status_code == 403, said
    assert opened > 10


def _is_staff(visitor: str) -> bool:
    return visitor not in OUTSIDERS


def _is_sign_in(answer) -> bool:
    # Signing out goes to the sign-in page as well, but without a page to come back to.
    refusals = ("/sign-in?next=", "/session/again?next=")
    return answer.status_code == 303 and answer.location.startswith(refusals)


def test_an_invitee_sees_nothing_of_another_discussion(world: World):
    for rule in rules_of(world.app):
        if "GET" not in rule.methods:
            continue
        path = world.path(rule)
        answer = world.browser("invitee").get(path)
        assert CANARY not in answer.text, path
        if rule.arguments and access_of(world.app, rule.endpoint).describe().startswith("guest"):
            assert answer.status_code in (403, 404), path


# Pages that show another beside what the address names: a case on a list, cases of similar
# children, a child that is known.
SHOWS_ANOTHER = {"lists.entry", "same_child.known", "same_child.undo"}


def test_no_route_shows_a_case_without_a_view_in_the_audit(world: World):
    shown, problems = [], []
    for rule in rules_of(world.app):
        words = access_of(world.app, rule.endpoint).describe()
        if "ref" not in rule.arguments or not words.startswith("staff"):
            continue
        role = next(role for role in Role if may(words, role.value))
        path = world.path(rule)
        for method in sorted({"GET", "POST"} & rule.methods):
            with world.app.app_context():
                with transaction() as session:
                    world.staff[role] = make_staff(session, role).id
                answer = world.open(world.browser(role.value), path, method)
                if answer.status_code not in (200, 409, 422):
                    continue
                seen = select(AuditView.subject_ref).where(
                    AuditView.actor_id == world.staff[role], AuditView.actor_kind == ActorKind.STAFF
                )
                refs = set(reading().execute(seen).scalars())
                if rule.endpoint in SHOWS_ANOTHER and len(refs) > 1:
                    refs &= {path.split("/")[2]}
                if refs != {path.split("/")[2]}:
                    problems.append(f"{method} {path} ({rule.endpoint}): {refs}")
                shown.append(rule.endpoint)
    assert problems == []
    assert {"discussion_live.changes", "meetings.overview_now", "booking.remind"} <= set(shown)


# Pages without a reference in their address that name the children of cases, and whether each case
# they name is noted as seen (docs/security.md says why not).
LISTS = {
    "referrals.queue": True,
    "returns.section47": True,
    "reports.first_page": False,  # told to everybody on duty: who looked at a case would drown
}


# What such a page notes of itself, beside its cases.
ITSELF = {"returns.section47": "section47"}


def test_a_list_that_names_children_is_classified_and_notes_what_it_shows(world: World):
    with world.app.app_context():
        names = {f"{one.given_name} {one.family_name}" for one in reading().scalars(select(Child))}
    assert names
    telling = set()
    for rule in rules_of(world.app):
        words = access_of(world.app, rule.endpoint).describe()
        if rule.arguments or "GET" not in rule.methods or not words.startswith("staff"):
            continue
        for role in (role for role in Role if may(words, role.value)):
            with world.app.app_context(), transaction() as session:
                world.staff[role] = make_staff(session, role).id
            page = world.browser(role.value).get(world.path(rule)).text
            if not any(name in page for name in names):
                continue
            telling.add(rule.endpoint)
            with world.app.app_context():
                seen = select(AuditView.subject_ref).where(AuditView.actor_id == world.staff[role])
                refs = set(reading().scalars(seen))
            if LISTS.get(rule.endpoint, True):
                refs -= {ITSELF.get(rule.endpoint)}
                assert refs, f"{rule.endpoint} shows cases to {role} and notes no view"
                assert {ref for ref in refs if ref in page} == refs
    assert telling == set(LISTS), "Think about whether each of these is a view of what it lists"


def test_what_asks_for_password_and_code_again_gets_them(world: World):
    looked_at = 0
    for rule in rules_of(world.app):
        words = access_of(world.app, rule.endpoint).describe()
        if not words.endswith(", fresh"):
            continue
        looked_at += 1
        role = next(role for role in Role if may(words, role.value))
        browser = world.browser(role.value)
        with world.app.app_context(), transaction() as session:
            session.execute(
                update(StaffSession).values(reauthenticated_at=now() - timedelta(minutes=6))
            )
        for method in sorted(set(SAFE) & rule.methods):
            answer = world.open(browser, world.path(rule), method)
            assert answer.status_code == 303, rule.endpoint
            assert answer.location.startswith("/session/again?next="), rule.endpoint
    assert looked_at


def test_a_route_without_a_declaration_is_closed(app):
    app.add_url_rule("/forgotten", view_func=lambda: "open", endpoint="forgotten")
    assert app.test_client().get("/forgotten").status_code == 403
