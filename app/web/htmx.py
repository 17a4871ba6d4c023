"""Page or fragment: the one module that knows htmx.

A view renders a fragment for htmx and the whole page, which includes that fragment, for everybody
else, so each page works without JavaScript (I3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request
from htmx_flask import Htmx

htmx = Htmx()


def init_htmx(app: Flask) -> None:
    htmx.init_app(app)


def wants_fragment() -> bool:
    """Whether htmx asked for a part of the page: not a boosted link, not history."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def respond(
    page: str,
    fragment: str | None = None,
    /,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """Render `fragment` for htmx, else `page`, with the same context.

    422 is the status for input that needs mending: htmx swaps it like a success.
    """
    template = fragment if fragment is not None and wants_fragment() else page
    response = make_response(render_template(template, **context), status)
    response.headers.update(headers or {})
    response.vary.add("HX-Request")
    return response


def go_to(location: str) -> Response:
    """After a change: 303 for a browser, HX-Redirect for htmx."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": location})
    return make_response(redirect(location, code=303))
