"""The access rule of the wall: a display's own link, which opens nothing else (G2)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.config import SETTINGS
from app.core.crypto import token_digest
from app.core.session import reading
from app.reports.wall import queries
from app.reports.wall.types import Screen

# Screens are switched off over night and on again for months.
_YEAR = 365 * 24 * 60 * 60


class Display(NamedTuple):
    id: int
    screen: Screen
    last_seen_at: datetime | None


class OwnScreen:
    """A browser that was opened by a display's link, while the link is not revoked."""

    limits_floods = False  # strangers are turned away below, before anything is done

    def describe(self) -> str:
        return "display: own screen"

    def refuse(self) -> ResponseReturnValue | None:
        if this_display() is None:
            return make_response(render_template("wall/closed.html"), 401)
        return None


def this_display() -> Display | None:
    """The display behind this request: the one that its address names, and no other."""
    if "wall_display" not in g:
        token = request.cookies.get(_cookie())
        display = display_of(token) if token else None
        mine = display is not None and display.id == (request.view_args or {}).get("number")
        g.wall_display = display if mine else None
    found: Display | None = g.wall_display
    return found


def display_of(token: str) -> Display | None:
    """The display whose link holds this token; None for an unknown and for a revoked one."""
    held = queries.by_digest(reading(), token_digest(token))
    return Display(held.id, held.screen, held.last_seen_at) if held else None


def open_screen(response: Response, token: str, number: int) -> None:
    """Give the browser the token, for this screen's own address alone: one browser can show
    several screens."""
    response.set_cookie(
        _cookie(),
        token,
        max_age=_YEAR,
        path=url_for("wall.screen", number=number),
        httponly=True,
        samesite="Lax",
        secure=not SETTINGS.here().example,
    )


def _cookie() -> str:
    # The prefix binds the cookie to TLS, which the example area on loopback lacks.
    return "wall" if SETTINGS.here().example else "__Secure-wall"
