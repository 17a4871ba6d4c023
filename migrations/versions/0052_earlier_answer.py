"""what was pressed on a letter of an earlier time stands in columns of its own, not in the note"""

import re
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from app.core.clock import from_london, words_for_moment
from app.core.database import EncryptedText, UTCDateTime

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TABLE = "invitee"
PRESSED = "On the letter of an earlier time they pressed"
SAID = re.compile(
    rf"(?s)(?P<note>.*?)\s*{PRESSED} “(?P<label>[^”]+)”, "
    r"\w+ (?P<day>\d+) (?P<month>\w+) (?P<year>\d{4}) at (?P<time>[^:]+(?::\d\d [ap]m)?): ask them\."
)
LABELS = {
    "none": "No answer yet",
    "attend": "Will attend",
    "dial_in": "Will dial in",
    "tentative": "May attend",
    "report": "Sends a report",
    "deputy": "A colleague comes instead",
    "declined": "Cannot attend",
}
ANSWERS = {label: answer for answer, label in LABELS.items()}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
NAMED = {"midnight": (0, 0), "midday": (12, 0)}
KNOWN = ", ".join(f"'{one}'" for one in LABELS)
INVITEE = sa.table(
    TABLE,
    sa.column("id", sa.Integer),
    sa.column("answer_note", EncryptedText),
    sa.column("earlier_answer", sa.String),
    sa.column("earlier_answer_at", UTCDateTime),
)
WITH_NOTE = sa.select(INVITEE.c.id, INVITEE.c.answer_note).where(INVITEE.c.answer_note.is_not(None))
WITH_EARLIER = sa.select(INVITEE).where(INVITEE.c.earlier_answer.is_not(None))


def upgrade() -> None:
    op.add_column(
        TABLE, sa.Column("earlier_answer_at", UTCDateTime(timezone=True), nullable=True)
    )
    # Plain SQL: a table that is rebuilt loses its other constraints on SQLite.
    op.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN earlier_answer VARCHAR(40) "
        f"CONSTRAINT ck_{TABLE}_earlier_answer_known CHECK (earlier_answer IN ({KNOWN})) "
        f"CONSTRAINT ck_{TABLE}_earlier_answer_has_its_moment "
        "CHECK ((earlier_answer IS NULL) = (earlier_answer_at IS NULL))"
    )
    for key, note in op.get_bind().execute(WITH_NOTE).all():
        found = SAID.fullmatch(note)
        if found is not None and found["label"] in ANSWERS:
            # To the minute, as it was written.
            _write(
                key,
                answer_note=found["note"] or None,
                earlier_answer=ANSWERS[found["label"]],
                earlier_answer_at=_moment(found),
            )


def downgrade() -> None:
    for key, note, answer, at in op.get_bind().execute(WITH_EARLIER).all():
        said = f"{PRESSED} “{LABELS[answer]}”, {words_for_moment(at)}: ask them."
        _write(key, answer_note=f"{note or ''} {said}".strip())
    op.execute(f"ALTER TABLE {TABLE} DROP COLUMN earlier_answer")
    op.drop_column(TABLE, "earlier_answer_at")


def _moment(found: re.Match[str]) -> datetime:
    month = MONTHS.index(found["month"]) + 1
    if found["time"] in NAMED:
        hour, minute = NAMED[found["time"]]
    else:
        clock, half = found["time"].split()
        hour, minute = (int(part) for part in clock.split(":"))
        hour = hour % 12 + (12 if half == "pm" else 0)
    return from_london(datetime(int(found["year"]), month, int(found["day"]), hour, minute))


def _write(key: int, **values: object) -> None:
    op.get_bind().execute(sa.update(INVITEE).where(INVITEE.c.id == key).values(**values))
