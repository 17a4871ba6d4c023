"""Deny by default: every route declares who may use it, or nobody may (H2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import structlog
from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue

View = TypeVar("View", bound=Callable[..., Any])
log = structlog.get_logger()


class Access(Protocol):
    """Who may use a route. `describe` names it in the access matrix of the tests."""

    def describe(self) -> str: ...

    def refuse(self) -> ResponseReturnValue | None:
        """None to let the request in, else the answer to give instead."""


class Everyone:
    """Open to anybody: sign-in, health, the pages before a code."""

    def describe(self) -> str:
        return "everyone"

    def refuse(self) -> ResponseReturnValue | None:
        return None


def access(rule: Access) -> Callable[[View], View]:
    """Declare who may use the view below. Stands directly under the route."""

    def declare(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]  # functions carry attributes
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What the view behind an endpoint declares."""
    rule: Access | None = getattr(app.view_functions[endpoint], "access_rule", None)
    return rule


def enforce(app: Flask) -> None:
    """Check the declaration before each request; a view without one is closed."""
    access(Everyone())(app.view_functions["static"])

    @app.before_request
    def _check() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None  # no such page: the 404 follows
        rule = access_of(current_app, request.endpoint)
        if rule is None:
            log.error("route without access", endpoint=request.endpoint)
            abort(403)
        return rule.refuse()
