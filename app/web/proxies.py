"""The address a request came from, where proxies stand in front."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def trust_proxies(app: Flask, number: int) -> None:
    """Believe what this many proxies say about the sender; anything further could be made up."""
    if number > 0:
        fixed = ProxyFix(app.wsgi_app, x_for=number, x_proto=number)
        app.wsgi_app = fixed  # type: ignore[method-assign]  # how Flask documents middleware
