"""The queue, the first page and searches with a hundred thousand referrals, as a multiple of a
thousand.

On both databases; the two sizes are served side by side and asked in turn. Target: 1.1 times, for
a search 3 times (G5). GROWTH_REFERRALS=1000000 measures a million.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import column, func, insert, select, table, text, type_coerce
from sqlalchemy.orm import Session

from app import create_app
from app.accounts.models import StaffSession
from app.accounts.types import Role
from app.audit.types import SYSTEM
from app.core.clock import now
from app.core.config import Settings
from app.core.crypto import field_cipher
from app.core.database import Base, EncryptedBytes, EncryptedDate, EncryptedText
from app.core.session import db, transaction
from app.directory.models import Agency
from app.meetings.models import Action, Delivery, Invitee, Meeting, MeetingChild
from app.meetings.types import ActionState, MeetingState
from app.outbox.models import OutboxMessage
from app.outbox.types import MessageState
from app.referrals import keys, search_keys
from app.referrals.matching import Identity
from app.referrals.models import Child, ChildKey, Referral, ReferralChild
from app.referrals.types import ReferralState
from app.reports.search.rules import asked
from app.reports.search.service import ask
from bench import area
from bench.serving import ROOT, gunicorn, timed
from tests.postgresql import PrivatePostgres

FEW, MANY = 1_000, int(os.environ.get("GROWTH_REFERRALS", "100000"))
TARGET = 1.1
SEARCH_TARGET = 3.0
BORN = date(2015, 6, 1)
ON_ONE_DAY, YEARS_OF_DAYS = 40, 5_000
AT_ONCE = 5_000
# So many discussions stand at a step still to be taken in both, or the few would fill no list.
FIRST_OPEN = 100
_OPEN = (MeetingState.NEEDED, MeetingState.BOOKED, MeetingState.ENDED, MeetingState.UNDER_WAY)
Row = dict[str, Any]


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        found = _measured("SQLite", Path(name), None)
    with tempfile.TemporaryDirectory() as name, PrivatePostgres() as server:
        return found + _measured("PostgreSQL", Path(name), server)


def _measured(engine: str, folder: Path, server: PrivatePostgres | None) -> list[str]:
    few, many = folder / "few", folder / "many"
    few_url, many_url = f"sqlite:///{few / 'db.sqlite3'}", f"sqlite:///{many / 'db.sqlite3'}"
    if server is not None:
        few_url = server.create("few")
    os.environ["DATABASE_URL"] = few_url
    try:
        app = area.make(few)
        cookie = area.cookie(app, Role.CHAIR)
        _grow(app, FEW)
        _close(app)
        # The same sessions and keys serve both.
        shutil.copytree(few, many)
        if server is not None:
            many_url = server.create("many", template="few")
        os.environ.update(DATABASE_URL=many_url, DATA_DIR=str(many))
        grown = create_app(Settings.read())
        _grow(grown, MANY)
        _close(grown)
        pages = {"queue of referrals": "/referrals/", "first page": "/"}
        pages |= _searches(app)
        _searches(grown)
        _close(app)
        _close(grown)
        with (
            gunicorn("wsgi:app", ROOT, DATABASE_URL=few_url, DATA_DIR=str(few)) as first,
            gunicorn("wsgi:app", ROOT, DATABASE_URL=many_url, DATA_DIR=str(many)) as second,
        ):
            taken = timed(
                {
                    f"{page} {size}": (port, path, cookie)
                    for page, path in pages.items()
                    for size, port in ((FEW, first), (MANY, second))
                },
                rounds=200,
            )
    finally:
        del os.environ["DATABASE_URL"]
    ratios = []
    for page in pages:
        few_taken, many_taken = taken[f"{page} {FEW}"], taken[f"{page} {MANY}"]
        ratios.append(
            f"{engine}, {page}: {many_taken.median / few_taken.median:.2f} times, undisturbed "
            f"{many_taken.quick / few_taken.quick:.2f} ({FEW:,} to {MANY:,} referrals, "
            f"{few_taken.quick * 1000:.1f} ms; target "
            f"{SEARCH_TARGET if page.startswith('search') else TARGET})"
        )
    return ratios


def _searches(app: Flask) -> dict[str, str]:
    """Questions of the signed-in person, asked once; each address shows what is found."""
    with app.app_context(), transaction() as session:
        # Whose cookie it is: the newest session.
        staff_id = session.execute(
            select(StaffSession.staff_id).order_by(StaffSession.id.desc()).limit(1)
        ).scalar_one()
        agency = session.execute(
            select(Agency.name)
            .join(Referral, Referral.source_agency_id == Agency.id)
            .order_by(Referral.id.desc())
            .limit(1)
        ).scalar_one()
        found = {}
        for what, typed in {
            "one name": "Familyten",
            "a whole name, misspelt": "Givn Familytan",
            "a day of birth": f"{BORN:%d/%m/%Y}",
            "a name and a day": f"Familyten {BORN:%d/%m/%Y}",
            "an agency": agency,
            "nobody": "Zzyzx Quark",
        }.items():
            wanted = asked(typed, BORN)
            number = ask(session, SYSTEM, staff_id, wanted, now())
            found[f"search for {what}"] = f"/search/{number}"
        return found


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _grow(app: Flask, size: int) -> None:
    """Copies of rows of the example area, until there are so many referrals.

    One in ten is still to be decided, one in ten has a discussion; each kind of work of the first
    page grows with the rest.
    """
    with app.app_context():
        with transaction() as session:
            there = session.execute(select(func.count()).select_from(Referral)).scalar_one()
            _Copies(session, now()).add(size - there)
        if db.engine.dialect.name == "postgresql":
            # As its own upkeep does in the minutes after rows came in.
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
            with transaction() as session:
                for model in (Child, Referral, Meeting, Invitee, OutboxMessage, Delivery, Action):
                    name = model.__tablename__
                    session.execute(
                        text(
                            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "
                            f"(SELECT max(id) FROM {name}))"
                        )
                    )


class _Copies:
    """Rows like one of the example area, with what must differ; ciphertext is used again."""

    def __init__(self, session: Session, moment: datetime) -> None:
        self.session = session
        self.moment = moment

    def add(self, count: int) -> None:
        child, referral = self._like(Child), self._like(Referral, Referral.decided_at.is_(None))
        decided = self._like(Referral, Referral.decided_at.is_not(None))
        meeting = self._like(Meeting, Meeting.state == MeetingState.BOOKED)
        invitee = self._like(Invitee, Invitee.professional_id.is_not(None))
        message = self._like(OutboxMessage, OutboxMessage.state == MessageState.SENT)
        action = self._like(Action)
        first = {
            model: self.session.execute(select(func.max(model.id))).scalar_one() + 1
            for model in (Child, Referral, Meeting, Invitee, OutboxMessage, Delivery)
        }

        def numbered(step: int = 1) -> Iterator[tuple[int, datetime]]:
            for number in range(0, count, step):
                yield number, self.moment - timedelta(minutes=5 * number)

        self._put(
            Child,
            (
                child
                | self._child(n)
                | {"id": first[Child] + n, "ref": f"C{first[Child] + n}", "created_at": at}
                for n, at in numbered()
            ),
        )
        self._index(first[Child], count)
        self._put(
            Referral,
            (
                (referral if n % 10 == 0 else decided | {"decided_at": at})
                | {
                    "id": first[Referral] + n,
                    "ref": f"R{first[Referral] + n}",
                    "state": referral["state"] if n % 10 == 0 else ReferralState.DECIDED,
                    "earlier_referral_id": None,
                    "received_at": at,
                    "recorded_at": at,
                    "decision_due_at": at + timedelta(days=1),
                    "act_by_at": at + timedelta(days=1),
                }
                for n, at in numbered()
            ),
        )
        self._put(
            ReferralChild,
            (
                {"referral_id": first[Referral] + n, "child_id": first[Child] + n, "position": 0}
                for n, _at in numbered()
            ),
        )
        self._put(
            Meeting,
            (
                meeting
                | self._state(n // 10, at)
                | {
                    "id": first[Meeting] + n // 10,
                    "ref": f"M{first[Meeting] + n // 10}",
                    "referral_id": first[Referral] + n,
                    "created_at": at,
                }
                for n, at in numbered(10)
            ),
        )
        self._put(
            MeetingChild,
            (
                {
                    "meeting_id": first[Meeting] + n // 10,
                    "child_id": first[Child] + n,
                    "position": 0,
                }
                for n, _at in numbered(10)
            ),
        )
        people = [(n // 10 * 6 + k, n // 10, at) for n, at in numbered(10) for k in range(6)]
        self._put(
            Invitee,
            (
                invitee
                | {
                    "id": first[Invitee] + one,
                    "meeting_id": first[Meeting] + of,
                    "professional_id": None,
                    "invitation_id": None,
                    "deputy_for_id": None,
                }
                for one, of, _at in people
            ),
        )
        self._put(
            OutboxMessage,
            (
                message
                | {
                    "id": first[OutboxMessage] + one,
                    "message_id": f"<{first[OutboxMessage] + one}@example.org>",
                    "state": MessageState.BOUNCED if one % 20 == 0 else MessageState.SENT,
                    "seen_at": at if one % 40 == 0 and of >= FIRST_OPEN else None,
                    "queued_at": at,
                }
                for one, of, at in people
            ),
        )
        self._put(
            Delivery,
            (
                {
                    "id": first[Delivery] + one,
                    "invitee_id": first[Invitee] + one,
                    "message_id": first[OutboxMessage] + one,
                    "kind": "invitation",
                    "at": at,
                }
                for one, _of, at in people
            ),
        )
        self._put(
            Action,
            (
                {key: value for key, value in action.items() if key != "id"}
                | {
                    "meeting_id": first[Meeting] + of,
                    "owner_id": first[Invitee] + one,
                    "child_id": None,
                    "due_at": at,
                    "state": ActionState.OPEN if one % 15 == 0 else ActionState.DONE,
                    "closed_at": None if one % 15 == 0 else at,
                    "removed_at": None,
                }
                for one, of, at in people[::3]
            ),
        )

    def _child(self, number: int) -> Row:
        """Name and day of birth as they are stored."""
        return {
            "given_name": _stored_text("Given"),
            "family_name": _stored_text(_family(number)),
            "date_of_birth": _stored_text(_born(number).isoformat()),
        }

    def _index(self, first: int, count: int) -> None:
        """What finds each child: of its name, and of its day of birth."""

        @cache
        def name(family: str) -> list[str]:
            return keys.searched(self.session, search_keys.keys_of(Identity("Given", family)))

        @cache
        def day(born: date) -> str:
            return keys.searched(self.session, [search_keys.day_key(born)])[0]

        self._put(
            ChildKey,
            (
                {"child_id": first + number, "digest": digest}
                for number in range(count)
                for digest in (*name(_family(number)), day(_born(number)))
            ),
        )

    def _state(self, number: int, at: datetime) -> Row:
        """Most discussions are over and their records sent round; a tenth is at some step."""
        state = {
            0: MeetingState.NEEDED,
            7: MeetingState.BOOKED,
            13: MeetingState.ENDED,
            19: MeetingState.UNDER_WAY,
        }.get(number % 40, MeetingState.SIGNED)
        if number < FIRST_OPEN:
            state = _OPEN[number % len(_OPEN)]
        held = state is not MeetingState.NEEDED
        began = at if held and state is not MeetingState.BOOKED else None
        ended = at + timedelta(hours=1)
        over = state in (MeetingState.ENDED, MeetingState.SIGNED)
        starts = self.moment + timedelta(hours=number) if state is MeetingState.BOOKED else at
        return {
            "state": state,
            "line_id": None,
            "pin_id": None,
            "due_at": at + timedelta(days=3),
            "starts_at": starts if held else None,
            "ends_at": starts + timedelta(hours=1) if held else None,
            "started_at": began,
            "ended_at": ended if over else None,
            "record_due_at": at + timedelta(days=4) if over else None,
            "signed_at": ended if state is MeetingState.SIGNED else None,
            "circulated_at": ended if state is MeetingState.SIGNED else None,
        }

    def _like(self, model: type[Base], *conditions: Any) -> Row:
        stored = (type_coerce(one, _stored(one)).label(one.name) for one in model.__table__.columns)
        found = self.session.execute(select(*stored).where(*conditions).limit(1))
        return dict(found.mappings().one())

    def _put(self, model: type[Base], rows: Iterator[Row]) -> None:
        part: list[Row] = []
        for row in rows:
            part.append(row)
            if len(part) == AT_ONCE:
                self.session.execute(insert(_plain(model)), part)
                part = []
        if part:
            self.session.execute(insert(_plain(model)), part)


_SOUNDS = ("Bramble", "Familyten", "Thornbury", "Ockenden")


def _family(number: int) -> str:
    """One of few family names, so that a page of each is full."""
    return _SOUNDS[number % len(_SOUNDS)]


def _born(number: int) -> date:
    """A page full on one day, the others spread over years as in an area."""
    return BORN - timedelta(days=0 if number < ON_ONE_DAY else number % YEARS_OF_DAYS)


@cache
def _stored_text(text: str) -> str:
    return field_cipher.encrypt(text.encode()).decode()


def _plain(model: type[Base]) -> Any:
    """The table with protected columns as they are stored."""
    return table(
        model.__tablename__,
        *(column(one.name, _stored(one)) for one in model.__table__.columns),
    )


def _stored(one: Any) -> Any:
    return one.type.impl_instance if isinstance(one.type, _PROTECTED) else one.type


_PROTECTED = (EncryptedText, EncryptedDate, EncryptedBytes)
