"""Where a person may be sent to after signing in: nowhere but this site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect


def local_path(asked: str | None, default: str = "/") -> str:
    """`asked` when it is a path on this site, else `default`. Keeps a query, drops a fragment.

    Browsers read `//host`, `/\\host` and paths with tabs or line breaks in them as other sites.
    """
    if (
        not asked
        or not asked.startswith("/")
        or asked.startswith("//")
        or "\\" in asked
        or not asked.isprintable()
    ):
        return default
    try:
        parts = urlsplit(asked)
    except ValueError:
        return default
    if parts.scheme or parts.netloc:
        return default
    return parts.path + (f"?{parts.query}" if parts.query else "")


def here() -> str:
    """Where to come back to: this page after a GET; after a POST the nearest page above it.

    The browser is told to send no Referer, so a POST cannot say which page it came from.
    """
    if request.method in ("GET", "HEAD"):
        return local_path(request.full_path.rstrip("?"))
    path = request.path
    while path.strip("/"):
        if _is_page(path):
            return local_path(path)
        path = path.rstrip("/").rpartition("/")[0]
    return "/"


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return False
    try:
        adapter.match(path, method="GET")
    except RequestRedirect:
        return True  # the same page with a slash at its end
    except HTTPException:
        return False
    return True
