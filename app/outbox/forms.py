"""What the deliveries page takes."""

from __future__ import annotations

from app.web.forms import BaseForm


class SeenForm(BaseForm):
    """Marks a failure as seen: a button and its token."""
