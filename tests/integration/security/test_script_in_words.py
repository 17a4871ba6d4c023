"""Finding: what somebody typed into any field is run, or takes a link elsewhere, in the browser of
whoever reads it (H7). For paper and letters: tests/unit/records/test_render.py,
tests/unit/referrals/test_letter_paper.py, tests/unit/invitations/test_invitation_letters.py."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.accounts.types import Role
from app.core.database import Base, EncryptedText
from app.core.session import transaction
from tests.guards.conftest import World

EVIL = "javascript:alert(1)//\"'--></title></textarea></script><x-evil onclick=alert(1)>{{7*7}}"
# Plain columns that people fill in. Addresses of mail and telephones are checked before.
TYPED = {"name", "title", "agency_name", "desk_name", "authority", "meeting_place", "area", "team"}
CHECKED = {"email", "telephone", "referrer_email", "referrer_telephone", "sender", "recipient"}
OURS = {"installation", "record_key", "line_pin", "outbox_message", "staff_session"}


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


def spoil(session: Session, table: Table) -> int:
    """Put EVIL into each field of the rows of this table that somebody filled in."""
    typed = [
        column
        for column in table.columns
        if column.name in TYPED
        or (isinstance(column.type, EncryptedText) and column.name not in CHECKED)
    ]
    spoilt = 0
    for row in session.execute(table.select()).mappings().all():
        words = {
            column.name: f"{EVIL}{next(iter(row.values()))}"
            for column in typed
            # What is kept as JSON is written by us.
            if row[column.name] and not str(row[column.name]).startswith(("{", "["))
        }
        if words:
            key = [column == row[column.name] for column in table.primary_key]
            session.execute(table.update().where(*key).values(words))
            spoilt += len(words)
    return spoilt


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "x-evil":
            self.problems.append("an element of theirs")
        for name, value in attrs:
            if name.startswith("on"):
                self.problems.append(f"{tag} {name}")
            if (value or "").strip().lower().startswith("javascript:") and name != "value":
                self.problems.append(f"{tag} {name} leads to a script")


def test_no_page_runs_what_was_typed(world: World) -> None:
    with world.app.app_context(), transaction() as session:
        kinds = [table for table in Base.metadata.sorted_tables if table.name not in OURS]
        assert sum(spoil(session, table) for table in kinds) > 60
    problems, shown = set(), set()
    for visitor in ("anonymous", "invitee", *(role.value for role in Role)):
        browser = world.browser(visitor)
        for rule in world.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
                continue
            answer = browser.get(world.path(rule))
            if answer.status_code >= 500:
                problems.add(f"{rule} failed")
            if answer.mimetype != "text/html" or "x-evil" not in answer.text:
                continue
            shown.add(rule.endpoint)
            page = Read()
            page.feed(answer.text)
            problems |= {f"{rule}: {one}" for one in page.problems}
            if "alert(1)&gt;49" in answer.text:
                problems.add(f"{rule} took it for a template")
    assert problems == set()
    assert len(shown) > 30, shown
