"""Finding: a cookie that travels in the clear, is read by a script, or is set for other hosts,
hands a session to somebody else (H1). Those of guests: tests/integration/guests/test_doors.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.reports.wall.access import open_screen
from tests.conftest import settings_for

DESK = "https://desk.example.org"


@pytest.fixture
def production(tmp_path: Path) -> Flask:
    return create_app(settings_for(tmp_path, "sqlite://", example=False, base_url=DESK))


def flags(cookie: str) -> set[str]:
    _value, *found = cookie.split("; ")
    return {one for one in found if not one.startswith(("Expires=", "Max-Age="))}


def test_the_cookie_of_staff_is_bound_to_this_host_and_to_tls(production: Flask) -> None:
    [cookie] = production.test_client().get("/sign-in", base_url=DESK).headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-desk=")
    assert flags(cookie) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_the_cookie_of_a_wall_opens_that_wall_alone(production: Flask) -> None:
    with production.test_request_context("/"):
        response = production.make_response("")
        open_screen(response, "token", 7)
    [cookie] = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Secure-wall=token;")
    assert flags(cookie) == {"Secure", "HttpOnly", "Path=/wall/7", "SameSite=Lax"}
