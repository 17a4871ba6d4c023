"""The forms of a list: choose a file, then apply what was seen."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import HiddenField
from wtforms.validators import InputRequired

from app.web.forms import BaseForm, OnceForm


class ListForm(BaseForm):
    file = FileField(
        "The list",
        description="A CSV file of up to 1 MB and 2,000 lines.",
    )


class ApplyForm(OnceForm):
    """The list itself travels with the page, in base64, so that nothing is stored unseen."""

    content = HiddenField(validators=[InputRequired()])
    digest = HiddenField(validators=[InputRequired()])
