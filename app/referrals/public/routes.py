"""Every page of the public form, on one blueprint."""

from __future__ import annotations

from app.referrals.public import group_routes, return_routes, step_routes
from app.referrals.public.page import blueprint

__all__ = ["blueprint", "group_routes", "return_routes", "step_routes"]
