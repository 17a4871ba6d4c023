"""Addresses of static files that change with their content."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, request, url_for


def init_static(app: Flask) -> None:
    root = Path(app.static_folder or "")

    @cache
    def fingerprint(filename: str) -> str:
        return hashlib.sha256((root / filename).read_bytes()).hexdigest()[:12]

    @lru_cache(maxsize=256)
    def address(filename: str, _below: str) -> str:
        return url_for("static", filename=filename, v=fingerprint(filename))

    def static_url(filename: str) -> str:
        # Six on every page: put together once for each place that the site is served below.
        return address(filename, request.script_root)

    app.jinja_env.globals["static_url"] = static_url
