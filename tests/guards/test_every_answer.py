"""What each route answers, whoever asks for it and by whatever name: security findings that one
page among two hundred would bring back (H2, H7)."""

from __future__ import annotations

import pytest

from app.accounts.types import Role
from app.web.headers import HEADERS
from tests.guards.conftest import World

ELSEWHERE = "desk.evil.example"


@pytest.mark.parametrize("visitor", ["invitee", Role.CHAIR.value, Role.SYSTEM.value])
def test_no_page_believes_the_name_it_is_asked_by_or_may_be_kept_framed_or_guessed_at(
    world: World, visitor: str
) -> None:
    """Host header poisoning, framing, sniffing, addresses told to other sites, copies in caches."""
    browser, problems = world.browser(visitor), []
    for rule in world.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        answer = browser.get(
            world.path(rule), headers={"Host": ELSEWHERE, "X-Forwarded-Host": ELSEWHERE}
        )
        if ELSEWHERE in str(answer.headers) or ELSEWHERE.encode() in answer.data:
            problems.append(f"{rule}: writes the name it was asked by")
        for name, value in (HEADERS | {"Cache-Control": "no-store"}).items():
            if answer.headers.get(name) != value:
                problems.append(f"{rule}: {name} is {answer.headers.get(name)}")
    assert problems == []


@pytest.mark.parametrize(
    ("way", "token"), [({}, "none"), ({"HX-Request": "true"}, "of another browser")]
)
def test_no_press_is_taken_from_another_site(world: World, way: dict[str, str], token: str) -> None:
    """Cross-site request forgery: everything that changes something wants this browser's token."""
    headers, problems = dict(way), []
    if token != "none":
        other = world.browser("anonymous").get("/sign-in").text
        headers["X-CSRFToken"] = other.split('name="csrf_token" value="')[1].split('"')[0]
    for visitor in ("anonymous", "invitee", Role.CHAIR.value):
        browser = world.browser(visitor)
        for rule in world.app.url_map.iter_rules():
            for method in {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()):
                answer = browser.open(world.path(rule), method=method, headers=headers)
                if answer.status_code != 400 or "too old to be sent" not in answer.text:
                    problems.append(f"{visitor} {method} {rule}: {answer.status_code}")
    assert problems == []
