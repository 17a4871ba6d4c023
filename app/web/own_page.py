"""Which link a page belongs to (D3).

A duty desk has the links of two discussions open in one browser, which knows the session of the
last one alone. So each page behind a link carries the mark of what it shows, and what is sent from
the page of another is filed nowhere: it comes back in words, to be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from app.core.config import SETTINGS
from app.core.crypto import keyed_digest, same
from app.web.forms import tidy

FIELD = "page-mark"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What nobody types: keys that a form carries, and buttons or choices that are pressed again.
_CARRIED = frozenset(
    {
        "csrf_token", "nonce", "version", "seen", "shown", "website", "mark", FIELD,
        "answer", "state", "held", "do", "then", "more", "checked", "code",
    }
)  # fmt: skip

# A choice among several, as the form names it: nobody typed that.
_CHOSEN = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")

# Passwords are never shown again.
SECRET = frozenset({"password", "again", "present"})


class Sent(NamedTuple):
    """What somebody sent with a form: passages that they typed, and files that they chose."""

    typed: list[str]
    files: list[str]


NOTHING = Sent([], [])


def init_own_pages(app: Flask) -> None:
    app.jinja_env.globals["own_page"] = own_page


def of_another(kind: str, number: int, here: str) -> Response | None:
    """Say what the pages of this request belong to, and compare that with the page a form came
    from: None where it is the same or nothing was sent, else the answer to give instead (409).

    `kind` and `number` name what the session opens, such as an invitation; `here` is its page.
    """
    g.page_mark = mark = _mark(kind, number)
    if request.method in SAFE or same(request.form.get(FIELD, ""), mark):
        return None
    return make_response(
        render_template("layout/other_page.html", here=here, **what_was_sent()._asdict()), 409
    )


def own_page() -> str:
    """The mark that a form of this page carries; empty on a page that belongs to no link."""
    mark: str = g.get("page_mark", "")
    return mark


def what_was_sent() -> Sent:
    """What a person typed and chose, of any form: shown where it cannot be taken, so that nobody
    types it twice. Nothing where another website sent it: its words would stand on our page."""
    if not _from_our_pages():
        return NOTHING
    files = [name for one in request.files.values() if (name := tidy(one.filename))]
    return Sent([text for text in _typed(request.form) if len(text) > 1], files)


def _from_our_pages() -> bool:
    # The token of a form is known to our pages alone. Without it the browser says who sent it:
    # as we let it send no Referer, the origin may be "null" even from here.
    if g.get("csrf_valid"):
        return True
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site == "same-origin"
    ours: str = SETTINGS.here().base_url
    return origin is None or urlsplit(origin)[:2] == urlsplit(ours)[:2]


def _typed(form: MultiDict[str, str]) -> Iterator[str]:
    for name, value in form.items(multi=True):
        group, _, part = name.rpartition("-")
        if name == FIELD or part in _CARRIED | SECRET or part in ("month", "year"):
            continue
        if part == "day":
            dated = (tidy(form.get(f"{group}-{one}")) for one in ("day", "month", "year"))
            yield " ".join(filter(None, dated))
        elif not _CHOSEN.fullmatch(value):
            yield tidy(value)


def _mark(kind: str, number: int) -> str:
    key = current_app.secret_key or ""
    secret = key if isinstance(key, bytes) else key.encode()
    return keyed_digest(secret, "page", kind, str(number))
