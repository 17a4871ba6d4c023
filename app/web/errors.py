"""Pages for what went wrong: what happened, what became of the person's work, what to do."""

from __future__ import annotations

from types import TracebackType

import structlog
from flask import Flask, Response, current_app, make_response, request, url_for
from flask.sansio.app import App
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from app.core.handed import Handed
from app.core.refusal import Erased
from app.web.own_page import NOTHING, what_was_sent

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]
log = structlog.get_logger()

WORDS: dict[int, tuple[str, str]] = {
    400: (
        "That could not be understood",
        "Nothing was changed. Open the page again, check what you entered and send it once more.",
    ),
    403: (
        "You may not see this page",
        "Nothing was changed. If your work needs it, ask your system administrator for the role.",
    ),
    404: (
        "Page not found",
        "Nothing was changed. Check the address, or start again from the first page.",
    ),
    405: ("That could not be done from here", "Nothing was changed. Go back and try again."),
    409: (
        "Somebody else changed this first",
        "Your change was not saved. Open the page again to see what is new, then send yours.",
    ),
    410: (
        "This case has been deleted",
        "Nothing was changed. It was kept as long as the rule of retention says, then somebody "
        "looked at it and it was deleted. What is new about the children needs a new referral.",
    ),
    413: (
        "That file is too large",
        "Nothing was saved. Send a file of 15 MB or less, or tell the desk by telephone.",
    ),
    429: ("Too many tries", "Nothing was changed. Wait a few minutes, then try again."),
    500: (
        "Something failed on our side",
        "Your change was not saved: either all of it is kept or none. Load this page again: "
        "your browser then offers to send the form once more. If it fails again, telephone the "
        "desk.",
    ),
    503: (
        "The service is not available",
        "Your change was not saved: either all of it is kept or none. Wait a minute, then load "
        "this page again: your browser then offers to send the form once more. If it is urgent, "
        "telephone the desk.",
    ),
}

# Where a form came too late, too old or to a page that failed: whether going back would show it
# once more is the browser's affair, as no page is stored. A file that is too large is not read.
_GIVES_BACK = frozenset({400, 403, 404, 409, 410, *range(500, 600)})


# The page that error pages below a path lead to, by that path.
_FIRST_PAGES = Handed[dict[str, str]]("first_pages")


def lead_back(app: App, prefix: str, endpoint: str) -> None:
    """Error pages below this path lead to this page: behind a link "/" is the sign-in of staff."""
    _FIRST_PAGES.of(app)[prefix] = endpoint


def error_page(status: int) -> Response:
    """The page for a status."""
    title, words = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    return _page(status, title, words)


def _page(status: int, title: str, words: str) -> Response:
    # Not render_template: that asks the database who is signed in, which may be what failed.
    try:
        template = current_app.jinja_env.get_template("layout/error.html")
        gives_back = request.method == "POST" and status in _GIVES_BACK
        sent = what_was_sent() if gives_back else NOTHING
        page = template.render(
            title=title, words=words, status=status, home_url=_first_page(), **sent._asdict()
        )
        return make_response(page, status)
    except Exception as error:
        # Whatever stands above this would log the message, with what people typed in it.
        log.error("error page", endpoint=request.endpoint, exc_info=error)
        return Response(f"{title}. {words}\n", status, mimetype="text/plain")


def _first_page() -> str:
    for prefix, endpoint in _FIRST_PAGES.here().items():
        if request.path == prefix or request.path.startswith((f"{prefix}/", f"{prefix}.")):
            return url_for(endpoint)
    return "/"


def init_errors(app: Flask) -> None:
    _FIRST_PAGES.give(app, {})

    def log_exception(exc_info: ExcInfo) -> None:
        # Called by Flask when an answer cannot be finished; its own line would hold the address.
        log.error("fault", endpoint=request.endpoint, method=request.method, exc_info=exc_info[1])

    app.log_exception = log_exception  # type: ignore[method-assign]  # there is no other hook

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if error.response is not None:
            return make_response(error.response)
        return error_page(status)

    @app.errorhandler(Erased)
    def _erased(error: Erased) -> Response:
        return error_page(410)

    @app.errorhandler(CSRFError)
    def _csrf(error: CSRFError) -> Response:
        log.warning("form refused", reason=error.description, endpoint=request.endpoint)
        return _page(
            400,
            "This form is too old to be sent",
            "Nothing was changed. Open the page again, and send it once more.",
        )

    @app.errorhandler(OperationalError)
    def _database_away(error: OperationalError) -> Response:
        # Stopped, started anew, full or locked: what was not committed is not there.
        log.error("database away", endpoint=request.endpoint, method=request.method, exc_info=error)
        page = error_page(503)
        page.headers["Retry-After"] = "30"
        return page

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        # Kinds and places alone, see app.core.logging: what people typed stays out of the log.
        log.error("fault", endpoint=request.endpoint, method=request.method, exc_info=error)
        return error_page(500)
