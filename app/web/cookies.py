"""Cookies of people without an account: one random token each, bound to this host and to TLS."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request

from app.core.config import SETTINGS


def cookie_of(name: str) -> str | None:
    """What the browser sent under this name."""
    return request.cookies.get(_full(name))


def set_cookie(response: Response, name: str, token: str, lasts: timedelta | None = None) -> None:
    """Give the browser a token until it is closed, or for as long as it `lasts`."""
    response.set_cookie(
        _full(name),
        token,
        max_age=lasts,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=_behind_tls(),
    )


def drop_cookie(response: Response, name: str) -> None:
    """Take it back."""
    response.delete_cookie(
        _full(name), path="/", secure=_behind_tls(), httponly=True, samesite="Lax"
    )


def _full(name: str) -> str:
    # The prefix binds a cookie to this host and to TLS, which the example area on loopback lacks.
    return f"__Host-{name}" if _behind_tls() else name


def _behind_tls() -> bool:
    return not SETTINGS.here().example
