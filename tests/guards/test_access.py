"""Deny by default: every route says who may use it, and it is so (H2)."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
from sqlalchemy import select, update
from werkzeug.routing import IntegerConverter, Rule

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
from tests.factories.accounts import make_staff
from tests.guards.conftest import CANARY, World
from tests.guards.test_floors import policy_problems

MATRIX = Path(__file__).with_name("access_matrix.toml")
VISITORS = ("anonymous", "invitee", *(role.value for role in Role))
# Open to whoever stands at this machine, in the example area, as these tests do.
OPEN = ("everyone", "everyone, in the example area only", "collector: token, or this machine")
REFUSED = (303, 401, 403, 404)
SAFE = ("GET", "POST", "PUT", "PATCH", "DELETE")


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
    kind, _, rest = words.partition(": ")
    if kind == "staff":
        if visitor in ("anonymous", "invitee"):
            return False
        return rules.may([Role(visitor)], Permission(rest.removesuffix(", fresh")))
    return kind == "guest" and visitor == "invitee"


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_route_lets_in_whom_it_says_and_nobody_else(world: World, visitor: str):
    problems = []
    for rule in rules_of(world.app):
        words = access_of(world.app, rule.endpoint).describe()
        path = world.path(rule)
        for method in sorted(set(SAFE) & rule.methods):
            answer = world.open(world.browser(visitor), path, method)
            said = f"{method} {path} ({rule.endpoint}: {words}) answered {answer.status_code}"
            if answer.status_code >= 500:
                problems.append(f"{said}: it failed")
            elif may(words, visitor):
                if answer.status_code in (401, 403):
                    problems.append(f"{said}: should be let in")
                elif words not in OPEN and _is_sign_in(answer):
                    problems.append(f"{said}: sent to sign in")
            elif answer.status_code not in REFUSED:
                problems.append(f"{said}: should be refused")
            elif opens_by_glass(rule, method, words, visitor):
                if not answer.headers.get("Location", "").startswith("/restricted/open/"):
                    problems.append(f"{said}: should lead to the door of the case")
            elif words.startswith("staff") and _is_staff(visitor) and answer.status_code != 403:
                problems.append(f"{said}: should be 403")
            if answer.mimetype == "text/html" and (found := policy_problems(answer.text)):
                problems.append(f"{said}: {found}")
    assert problems == []


def opens_by_glass(rule: Rule, method: str, words: str, visitor: str) -> bool:
    """Whether this page of a case is read by who sees none, once they opened it with a reason."""
    kind, _, rest = words.partition(": ")
    return (
        method == "GET"
        and rule.rule.startswith(("/referrals/<ref>", "/discussions/<ref>"))
        and kind == "staff"
        and _is_staff(visitor)
        and rules.may_behind_glass([Role(visitor)], Permission(rest.removesuffix(", fresh")))
    )


def test_behind_glass_a_case_is_read_and_nothing_else_opens(world: World):
    visitor, opened = Role.SYSTEM.value, 0
    with world.app.app_context(), transaction() as session:
        for place in whole_case.PLACES:
            case = whole_case.behind(session, place, world.values[f"/{place}/"])
            session.add(
                BrokenGlass(
                    **case._asdict(), staff_id=world.staff[Role.SYSTEM], reason="To see it",
                    ref=world.values[f"/{place}/"], opened_at=now(),
                    ends_at=now() + timedelta(hours=1), reviewed_at=None, reviewed_by_id=None,
                    review=None,
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
    return visitor not in ("anonymous", "invitee")


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


# A page that shows one case on a list: the list of the address, and the case itself.
SHOWS_ANOTHER = {"lists.entry"}


def test_no_route_shows_a_case_without_a_view_in_the_audit(world: World):
    shown = []
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
                if rule.endpoint in SHOWS_ANOTHER:
                    assert len(refs) == 2, f"{method} {path}"
                    refs = {path.split("/")[2]} & refs
                assert refs == {path.split("/")[2]}, f"{method} {path}"
                shown.append(rule.endpoint)
    assert {"discussion_live.changes", "meetings.overview_now", "booking.remind"} <= set(shown)


# Pages without a reference in their address that name the children of cases, and whether each case
# they name is noted as seen (docs/security.md says why not).
LISTS = {
    "referrals.queue": True,
    "reports.first_page": False,  # told to everybody on duty: who looked at a case would drown
}


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
