"""Structured logs without content: routes and references, never names, tokens or addresses."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import EventDict, WrappedLogger

DISK_FULL = "The disk is full: make room where the database is. Nothing needs to be started again."


def where_it_failed(error: BaseException) -> list[str]:
    """An error and its causes as kinds and places, newest last, without a word of its message.

    Messages hold what people typed: `invalid literal for int(): 'Ellie'`, a database's DETAIL.
    """
    found: list[str] = []
    for cause in _and_causes(error):
        places = [
            f"{frame.filename.rpartition('/app/')[2] or frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(cause.__traceback__, limit=-20)
        ]
        kind = type(cause)
        found.insert(0, f"{kind.__module__}.{kind.__qualname__} at {' > '.join(places)}")
    return found


def what_to_do(error: BaseException) -> str | None:
    """What mends an error that no programmer has to look at; None for any other."""
    for cause in _and_causes(error):
        # As SQLite, PostgreSQL (53100, disk_full) and the system itself say it.
        if (
            getattr(cause, "sqlite_errorname", None) == "SQLITE_FULL"
            or getattr(cause, "sqlstate", None) == "53100"
            or getattr(cause, "errno", None) == errno.ENOSPC
        ):
            return DISK_FULL
    return None


def _and_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = where_it_failed(error)
        if (mend := what_to_do(error)) is not None:
            event["mend"] = mend
    return event


class _Libraries(logging.Handler):
    """What Flask and the libraries say becomes an event like any other: their tracebacks without
    messages, and no line break or control character in their words passes for a line of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        level = logging.ERROR if record.levelno >= logging.ERROR else logging.WARNING
        words = record.getMessage()
        said = "".join(letter if letter.isprintable() else " " for letter in words)
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            level, said, library=record.name, **({} if error is None else {"exc_info": error})
        )


class _WebServer(logging.Filter):
    """What gunicorn says of a request goes past the handlers above: the address, which may be a
    personal link, a line or header that it cannot read, a traceback with its messages. Where it
    failed stays, as an event like any other."""

    def filter(self, record: logging.LogRecord) -> bool:
        words = str(record.msg)
        if words == "Exception in worker process":
            # It does not start: no request was there, and the message says what to mend.
            return True
        if record.exc_info:
            structlog.get_logger().error(
                "web server", library=record.name, exc_info=record.exc_info[1]
            )
            return False
        if words.startswith("Invalid request"):
            structlog.get_logger().warning("request not understood", library=record.name)
            return False
        return True


def set_up(as_json: bool) -> None:
    """Send events to standard error, as JSON lines or as text for a person."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    root = logging.getLogger()
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(logging.WARNING))
    # A filter, so that it holds however the server is started and told to log.
    web_server = logging.getLogger("gunicorn.error")
    if not any(isinstance(one, _WebServer) for one in web_server.filters):
        web_server.addFilter(_WebServer())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Asked at each event: standard error may be another file by then.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
