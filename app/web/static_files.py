"""Addresses of static files that change with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for


def init_static(app: Flask) -> None:
    root = Path(app.static_folder or "")

    @cache
    def fingerprint(filename: str) -> str:
        return hashlib.sha256((root / filename).read_bytes()).hexdigest()[:12]

    def static_url(filename: str) -> str:
        return url_for("static", filename=filename, v=fingerprint(filename))

    app.jinja_env.globals["static_url"] = static_url
