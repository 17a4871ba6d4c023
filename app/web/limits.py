"""Floods: how often one address may post to a public page (H1, D3).

Two things guard against guessing. Wrong passwords and codes are counted in the database, per
account and per code, whichever process they reach: that is what keeps a guesser out. What stands
here only keeps a flood from tying up the server, so it is counted in memory, by each process for
itself: with four processes an address may post up to four times as often before it is refused.
"""

from __future__ import annotations

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app.web.access import access_of

# A whole office may sit behind one address and sign in at nine o'clock.
POSTS = "60 per minute"


def init_limits(app: Flask) -> None:
    """Limit the posts to every page that is open to people who are not signed in.

    A rule with `limits_floods = False` turns strangers away by itself and is left alone.
    """
    limiter = Limiter(get_remote_address, app=app, default_limits=[POSTS], storage_uri="memory://")
    # Asked before anything else: most requests are exempt.
    limiter.request_filter(_is_exempt)


def _is_exempt() -> bool:
    if request.method != "POST" or request.endpoint is None:
        return True
    return not getattr(access_of(current_app, request.endpoint), "limits_floods", True)
