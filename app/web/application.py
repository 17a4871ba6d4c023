"""Flask, less what each request of this product would pay for and never uses."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context
from flask.globals import request_ctx
from flask.templating import Environment

# How many addresses a process remembers: those on the lists that everybody looks at.
REMEMBERED = 4_096
_PLAIN = (str, int)


class Templates(Environment):
    """Flask's, for an application whose globals are all there before its first page."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One map. Jinja's chain of two is gone through name by name for each template that a page
        includes or imports from."""
        return {**self.globals, **(d or {})}


class Application(Flask):
    """The same addresses and views as Flask's, found with less work."""

    jinja_environment = Templates

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self._addresses = lru_cache(maxsize=REMEMBERED)(self._address)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """As Flask's. What was put together once is remembered: it depends on nothing but the
        arguments, the place that the site is served below and the method of the request, by which
        Flask chooses among several addresses of one endpoint."""
        given = {name: value for name, value in values.items() if value is not None}
        if (
            has_request_context()
            and not endpoint.startswith(".")
            and "_external" not in given
            and all(type(value) in _PLAIN for value in given.values())
        ):
            adapter = request_ctx.url_adapter
            if adapter is not None:
                place = (adapter.script_name, adapter.default_method)
                return self._addresses(place, endpoint, tuple(given.items()))
        return super().url_for(endpoint, **values)

    def _address(
        self, _place: tuple[str, str], endpoint: str, values: tuple[tuple[str, Any], ...]
    ) -> str:
        return super().url_for(endpoint, **dict(values))

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is a coroutine; Flask looks at each function of each request anew."""
        return func
