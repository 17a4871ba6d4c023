"""The pages behind an invitation's link: before the code, after it, and the record."""

from __future__ import annotations

from app.guests import attend_record_routes, attend_routes, form_routes, link_routes
from app.guests.blueprint import blueprint

__all__ = ["attend_record_routes", "attend_routes", "blueprint", "form_routes", "link_routes"]
