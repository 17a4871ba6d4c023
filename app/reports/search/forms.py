"""The one box."""

from __future__ import annotations

from app.web.forms import BaseForm, Line, Required


class SearchForm(BaseForm):
    text = Line(
        "Search",
        validators=[Required("Type a name, a reference, a date, an agency or a professional")],
    )
