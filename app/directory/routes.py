"""The directory: agencies, people, conference lines, the council's settings."""

from __future__ import annotations

from app.directory import council_routes, people_routes
from app.directory.base_routes import blueprint

__all__ = ["blueprint", "council_routes", "people_routes"]
