"""What of the audit is wanted. Lives in the address, so that a page can be kept and passed on."""

from __future__ import annotations

from typing import Any

from wtforms.validators import Optional

from app.web.choices import RadioField, SelectField
from app.web.forms import BaseForm, DateParts, Line

# What rows are about, in words. The values are those of the audit.
KINDS = (
    ("", "Anything"), ("referral", "A referral"), ("meeting", "A discussion"),
    ("child", "A child"), ("abuse case", "A domestic abuse case"), ("list", "A list"),
    ("mail", "Mail that came in"), ("message", "A message that was sent"),
    ("staff", "A member of staff"), ("audit", "The audit"),
)  # fmt: skip
WHAT = (("changes", "What was done"), ("views", "What was looked at"))


class AuditForm(BaseForm):
    class Meta:
        csrf = False  # asks, and changes nothing

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.flags.optional = False  # of a filter that goes without saying

    what = RadioField("Show", choices=WHAT, default="changes", validators=[Optional()])
    who = SelectField("Who", choices=[], validators=[Optional()])
    kind = SelectField("About", choices=KINDS, validators=[Optional()])
    subject = Line(
        "Reference", length=40, validators=[Optional()], description="Such as SD-7K3M-9QXA"
    )
    day = DateParts("On which day")
