"""The past of an area, multiplied: cases that are over, with everything that hangs on them.

What is over in an example area is copied as often as asked for, each time some hours further back,
at the pace of a busy council: fifty thousand referrals a year, the newest of them two months old.
What is open, due or coming stays as many as the area has, because that is how a council grows:
what it has to do today does not grow with its years, what it did does. (`still_open` counts it.)

Every table is copied that has a key to a case, so that one added later is filled too, unless it is
named in SHARED. Of the audit every eighth row is copied, and each stands for a view as well. Names
and days of birth are those of five thousand made children, encrypted and keyed as the product
does it; other ciphertext is used again, long texts and documents are cut to a line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    create_engine,
    text,
)
from sqlalchemy.orm import Session

from app.core.crypto import field_cipher
from app.core.database import Base, EncryptedBytes, EncryptedDate, EncryptedText, UTCDateTime
from app.core.session import db, reading
from app.referrals import keys, search_keys
from app.referrals.matching import Identity, keys_of
from tests.factories.similar_children import known_children

A_YEAR = 50_000
NEWEST = timedelta(days=60)  # further back than any list of the last weeks reaches
CHILDREN = 5_000
LINE = 200  # characters of ciphertext that are kept as they are

# The whole area's, or a time's: nothing of it hangs on one case.
SHARED = frozenset(
    {
        "agency", "professional", "staff", "staff_role", "staff_session", "recovery_code",
        "kept_form", "search_asked", "wall_display", "ward", "conference_line", "line_pin",
        "council_settings", "installation", "dataset_figure", "dataset_kept", "dataset_month",
        "dataset_seen",
        "worker_seen", "mailbox_position", "outbox_hold", "form_once", "audit_head",
        "audit_anchor", "audit_sample", "audited_case", "broken_glass", "record_fault",
        "alembic_version",
    }
)  # fmt: skip
# What is copied of those that nothing else decides on.
_OVER = {
    "referral": "decided_at IS NOT NULL",
    "arrival": "sent_at IS NOT NULL",
    "abuse_case": "1 = 1",
    "meeting": "state IN ('booked', 'under_way', 'ended', 'signed')",
}
# Copied because a case leads to them.
_LED_TO = ("child", "invitation", "outbox_message", "record_key")
_OF_THEM = ("child_key", "child_professional", "child_match", "held_child", "invitation_link",
            "access_code", "guest_session")  # fmt: skip
_BY_THEMSELVES = ("near_miss", "feedback_answer")
# What the last weeks left open of a case that is over, as it will be when all is done.
_DONE = {
    "agency_check": "answered_at = COALESCE(answered_at, withdrawn_at, asked_at), "
    "next_reminder_at = NULL",
    "check_answer": "unread = (1 = 0)",
    "referral_allocation": "taken_at = COALESCE(taken_at, allocated_at)",
    "rating_dispute": "settled_at = COALESCE(settled_at, raised_at)",
    "meeting": "state = 'signed', started_at = COALESCE(started_at, starts_at), "
    "ended_at = COALESCE(ended_at, started_at, starts_at), "
    "record_due_at = COALESCE(record_due_at, starts_at), "
    "signed_at = COALESCE(signed_at, ended_at, started_at, starts_at), "
    "circulated_at = COALESCE(circulated_at, signed_at, ended_at, started_at, starts_at) "
    "WHERE state <> 'cancelled'",
    "arrival": "settled_at = COALESCE(settled_at, sent_at), "
    "filtered = CASE WHEN referral_id IS NULL THEN COALESCE(filtered, 'other_area') END, "
    "closed_because = CASE WHEN referral_id IS NULL THEN COALESCE(closed_because, :line) END",
    "abuse_case": "closed_at = COALESCE(closed_at, received_at), "
    "outcome = COALESCE(outcome, 'no_further_action')",
    "circulation": "sent_at = CASE WHEN withheld_reason IS NULL "
    "THEN COALESCE(sent_at, released_at) END",
    "record_correction": "closed_at = COALESCE(closed_at, opened_at)",
    "action": "state = 'done', closed_at = COALESCE(closed_at, added_at), "
    "told_at = COALESCE(told_at, added_at)",
    "sent_form": "state = CASE state WHEN 'sent' THEN 'acknowledged' ELSE state END, "
    "chase_at = NULL, settled_at = COALESCE(settled_at, sent_at)",
    "received_mail": "closed_at = CASE WHEN outcome = 'look' THEN received_at END",
    "escalation": "ended_at = COALESCE(ended_at, opened_at), ending = COALESCE(ending, 'agreed')",
    "child_after": "next_step = NULL, next_due_at = NULL",
    "case_restriction": "lifted_at = COALESCE(lifted_at, set_at), "
    "lift_reason = COALESCE(lift_reason, reason)",
    "legal_hold": "lifted_at = COALESCE(lifted_at, held_at), "
    "lifted_by_id = COALESCE(lifted_by_id, held_by_id), "
    "lift_reason = COALESCE(lift_reason, reason)",
    "near_miss": "review = COALESCE(review, what), "
    "reviewed_at = COALESCE(reviewed_at, reported_at), "
    "reviewed_by_id = COALESCE(reviewed_by_id, reported_by_id)",
    "list_sitting": "ended_at = COALESCE(ended_at, opened_at), series_id = NULL, "
    "took_part = COALESCE(took_part, :line)",
    # Kept as long as the rule says: what is due for review is open work.
    "closed_case": "held_at = NULL, keep_until = (SELECT max(keep_until) FROM past_closed_case)",
    # Every letter has left; one in eight did not arrive, and somebody saw to it.
    "outbox_message": "state = CASE WHEN id % 8 = 0 THEN 'bounced' "
    "WHEN state IN ('queued', 'sending') THEN 'sent' ELSE state END, "
    "seen_at = COALESCE(seen_at, queued_at)",
}
_UNMOVED = frozenset({("closed_case", "keep_until")})
# Partial indexes that hold the past; every other one holds what is open.
_OF_THE_PAST = frozenset(
    {
        "ix_referral_referrer", "ix_meeting_at_once", "ix_meeting_ended",
        "ix_decision_ground_filtered", "ix_arrival_closed", "ix_arrival_closed_sent",
        "ix_received_mail_kept", "ix_closed_case_due", "uq_record_copy_council",
        "uq_invitee_once_a_meeting", "uq_child_match_other", "uq_referral_allocation_holds",
        "ix_closed_case_approved", "ix_near_miss_case",
    }
)  # fmt: skip
_REFERENCES = frozenset({"ref", "subject_ref", "case_ref"})


Row = dict[str, Any]


class Filled(NamedTuple):
    """How much there is: referrals, rows of all tables."""

    referrals: int
    rows: int


class Names(NamedTuple):
    """Children as they are stored, and the keys under which each of them is found."""

    stored: list[Row]
    keys: list[Row]


def fill(app: Flask, referrals: int, names: Names) -> Filled:
    """Bring an area that was never filled to so many referrals; all new ones are over."""
    with app.app_context():
        url = db.engine.url
        db.session.remove()
        db.engine.dispose()
    with _quick(url) as connection:
        copying = _Copying(connection)
        copying.take(names)
        rows = copying.copy(referrals)
        found = _number(connection, "SELECT count(*) FROM referral")
        connection.commit()
        if not copying.sqlite:
            # As its own upkeep does in the minutes after rows came in.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            _of_the_server(connection, "RESET autovacuum")
            connection.execute(text("VACUUM ANALYZE"))
        connection.engine.dispose()
    return Filled(found, rows)


def still_open(session: Session) -> dict[str, int]:
    """By index, how many rows wait for somebody: every partial index but those of the past."""
    dialect = session.get_bind().dialect.name
    found = {}
    for table_ in Base.metadata.sorted_tables:
        for index in table_.indexes:
            where = index.dialect_options[dialect].get("where")
            if where is not None and index.name not in _OF_THE_PAST:
                counted = text(f'SELECT count(*) FROM "{table_.name}" WHERE {where}')
                found[str(index.name)] = session.execute(counted).scalar_one()
    return found


def names_for(app: Flask, children: int = CHILDREN) -> Names:
    """Made children, encrypted and keyed as this area does it: for it, and for copies of it."""
    found = Names([], [])
    with app.app_context():
        for number, child in enumerate(known_children(children)):
            one = Identity(child.given, child.family, child.born)
            found.stored.append(
                {
                    "number": number,
                    "given_name": _stored(child.given),
                    "family_name": _stored(child.family),
                    "date_of_birth": _stored(child.born.isoformat()) if child.born else None,
                }
            )
            digests = keys.digests(reading(), keys_of(one))
            digests |= set(keys.searched(reading(), search_keys.keys_of(one)))
            found.keys.extend({"number": number, "digest": digest} for digest in sorted(digests))
        db.session.remove()
    return found


def _stored(words: str) -> str:
    return field_cipher.encrypt(words.encode()).decode()


def _quick(url: URL) -> Connection:
    """A connection that checks no key and waits for no disk: these rows can be made again."""
    if url.get_backend_name() == "sqlite":
        from pysqlite3 import dbapi2

        connection = create_engine(url, module=dbapi2).connect()
        # Back to WAL with the first connection of the area.
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "secure_delete=OFF",
                       "journal_mode=OFF", "temp_store=MEMORY", "cache_size=-400000"):  # fmt: skip
            connection.exec_driver_sql(f"PRAGMA {pragma}")
    else:
        connection = create_engine(url).connect()
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("SET maintenance_work_mem = '512MB'"))
        connection.commit()
        # Its upkeep would go through every table while it fills; `fill` asks for it at the end.
        connection.execution_options(isolation_level="AUTOCOMMIT")
        _of_the_server(connection, "SET autovacuum = off")
        connection.commit()  # nothing is held back; the mode changes only after it
        connection.execution_options(isolation_level="READ COMMITTED")
    connection.commit()
    return connection


def _of_the_server(connection: Connection, change: str) -> None:
    """Change a setting of this PostgreSQL, on which stand the measured areas alone."""
    connection.execute(text(f"ALTER SYSTEM {change}"))
    connection.execute(text("SELECT pg_reload_conf()"))


class _Copying:
    """Takes what is over into tables of its own, once, and copies it from there."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.sqlite = connection.dialect.name == "sqlite"
        self.tables = {one.name: one for one in Base.metadata.sorted_tables
                       if one.name not in SHARED}  # fmt: skip
        self.taken: dict[str, Table] = {}
        self._strides: dict[str, int] = {}
        self._children = 0  # in the pool of names

    def take(self, names: Names) -> None:
        """Copy the rows of cases that are over into `past_<table>`."""
        aside = {*_LED_TO, *_OF_THEM, *_BY_THEMSELVES, "legal_hold", "list_sitting",
                 "audit_entry", "audit_view"}  # fmt: skip
        for name, one in self.tables.items():
            if name not in aside:
                self._take(one, self._hangs_on_taken(one, _OVER.get(name)))
        for name in _LED_TO:
            self._take(self.tables[name], self._led_to(name))
        for name in _OF_THEM:
            self._take(self.tables[name], self._hangs_on_taken(self.tables[name], None))
        self._take(self.tables["legal_hold"], self._led_to("legal_hold"))
        for name in _BY_THEMSELVES:
            self._take(self.tables[name], "1 = 1")
        self._take(self.tables["list_sitting"], "1 = 0")
        self._call_off()
        self._let_in()
        self._go_through()
        refs = " UNION ALL ".join(
            f"SELECT ref FROM past_{name}" for name in ("referral", "meeting", "abuse_case")
        )
        self._take(self.tables["audit_entry"], f"id % 8 = 0 AND subject_ref IN ({refs})")
        self._do(
            "CREATE TEMPORARY TABLE past_audit_view AS SELECT id, at, actor_kind, actor_id, "
            "actor_label, 'overview' AS page, subject_kind, subject_ref, id AS entry_id "
            "FROM past_audit_entry"
        )
        self.taken["audit_view"] = self.tables["audit_view"]
        line = {"line": _stored("As it was said then.")}
        for name, change in _DONE.items():
            self._do(f"UPDATE past_{name} SET {change}", line if ":line" in change else {})
        for name, one in self.taken.items():
            self._shorten(name, one, line)
        self._make_pool(names)

    def copy(self, referrals: int) -> int:
        """Multiply what was taken until there are so many. Returns how many rows were written."""
        there = _number(self.connection, "SELECT count(*) FROM referral")
        each = _number(self.connection, "SELECT count(*) FROM past_referral")
        copies = -(-max(0, referrals - there) // each)
        minutes = round(each / A_YEAR * 365 * 24 * 60)
        made = self._without_indexes()
        rows = 0
        for name, one in self.taken.items():
            rows += self._copy(name, one, copies, minutes)
            self.connection.commit()
        for statement in made:
            self._do(statement)
        self.connection.commit()
        return rows

    # What is taken

    def _take(self, one: Table, condition: str) -> None:
        self._do(
            f'CREATE TEMPORARY TABLE past_{one.name} AS SELECT * FROM "{one.name}" '
            f"WHERE {condition}"
        )
        self.taken[one.name] = one

    def _hangs_on_taken(self, one: Table, over: str | None) -> str:
        """Every case that a row names is taken, and it names one."""
        to = [column for column in one.columns
              if self._of(column) in self.taken and self._of(column) != one.name]  # fmt: skip
        named = " OR ".join(f'"{column.name}" IS NOT NULL' for column in to)
        all_of_them = " AND ".join(
            f'("{column.name}" IS NULL OR "{column.name}" IN '
            f"(SELECT id FROM past_{self._of(column)}))"
            for column in to
        )
        conditions = [f"({one})" for one in (over, named, all_of_them) if one]
        if not to and over is None:
            raise RuntimeError(f"bench/filling.py does not know what {one.name} hangs on")
        if one.name in ("abuse_case", "arrival", "meeting"):
            conditions = [f"({over})", f"({all_of_them})"]  # may stand by itself
        return " AND ".join(conditions)

    def _led_to(self, name: str) -> str:
        """Rows that a taken row points to."""
        parts = [
            f'SELECT "{column.name}" FROM past_{other}'
            for other, table_ in self.taken.items()
            for column in table_.columns
            if self._of(column) == name
        ]
        return f"id IN ({' UNION ALL '.join(parts)})"

    def _call_off(self) -> None:
        """Two more of each discussion on the first: called off, and another took its place."""
        whole = list(self.tables["meeting"].columns.keys())
        for number, referral in ((0, "referral_id"), (-1, "NULL")):
            values = {
                "id": str(number), "ref": f"ref || 'Q{-number}'", "referral_id": referral,
                "state": "'cancelled'", "cancelled_at": "created_at", "started_at": "NULL",
                "ended_at": "NULL", "signed_at": "NULL", "circulated_at": "NULL",
                "record_due_at": "NULL", "line_id": "NULL", "pin_id": "NULL",
                "replaced_at": "created_at",
            }  # fmt: skip
            first = "(SELECT min(id) FROM past_meeting WHERE id > 0 AND referral_id IS NOT NULL)"
            columns = ", ".join(f'"{column}"' for column in whole)
            chosen = ", ".join(values.get(column, f'"{column}"') for column in whole)
            self._do(
                f"INSERT INTO past_meeting ({columns}) SELECT {chosen} FROM past_meeting "
                f"WHERE id = {first}"
            )
            self._do(
                "INSERT INTO past_meeting_child (meeting_id, child_id, position) "
                f"SELECT {number}, child_id, position "
                f"FROM past_meeting_child WHERE meeting_id = {first}"
            )

    def _let_in(self) -> None:
        """Whoever was invited or asked signed in once, by a code."""
        self._do(
            "INSERT INTO past_guest_session (id, token_digest, invitation_id, started_at, "
            "last_seen_at, ended_at) SELECT id, 'session' || id, id, created_at, created_at, "
            "created_at FROM past_invitation WHERE id % 2 = 0"
        )
        self._do(
            "INSERT INTO past_access_code (id, link_digest, invitation_id, code_digest, "
            "browser_digest, created_at, expires_at, tries, used_at) SELECT id, 'link' || id, id, "
            "'code', 'browser', created_at, created_at, 0, created_at FROM past_invitation"
        )

    def _go_through(self) -> None:
        """One list of domestic abuse, on which all of these cases stood."""
        self._do("INSERT INTO past_list_sitting SELECT * FROM list_sitting LIMIT 1")
        self._do("DELETE FROM past_list_entry")
        self._do(
            "INSERT INTO past_list_entry (id, sitting_id, number, case_id, carried, version) "
            "SELECT id, (SELECT min(id) FROM past_list_sitting), id, id, (1 = 0), 1 "
            "FROM past_abuse_case"
        )

    def _shorten(self, name: str, one: Table, line: Row) -> None:
        for column in one.columns:
            kind = column.type
            long = f'length("{column.name}") > {LINE}'
            if isinstance(kind, EncryptedText | EncryptedDate):
                self._do(f'UPDATE past_{name} SET "{column.name}" = :line WHERE {long}', line)
            elif isinstance(kind, EncryptedBytes | LargeBinary):
                cut = {"line": line["line"].encode()}
                self._do(f'UPDATE past_{name} SET "{column.name}" = :line WHERE {long}', cut)

    def _make_pool(self, names: Names) -> None:
        self._children = len(names.stored)
        self._do(
            "CREATE TEMPORARY TABLE named (number INTEGER PRIMARY KEY, given_name TEXT, "
            "family_name TEXT, date_of_birth TEXT)"
        )
        self._do("CREATE TEMPORARY TABLE found (number INTEGER, digest TEXT)")
        self.connection.execute(
            text("INSERT INTO named VALUES (:number, :given_name, :family_name, :date_of_birth)"),
            names.stored,
        )
        self.connection.execute(text("INSERT INTO found VALUES (:number, :digest)"), names.keys)
        self._do("CREATE INDEX ix_found ON found (number)")

    # What is copied

    def _copy(self, name: str, one: Table, copies: int, minutes: int) -> int:
        """Numbers below all that are there: what is older stays before what is newer."""
        back = f"({NEWEST // timedelta(minutes=1)} + (n.k - 1) * {minutes})"
        chosen, other = [], ""
        for column in one.columns:
            chosen.append(self._value(name, column, back))
        if name in ("child", "child_key"):
            key = "id" if name == "child" else "child_id"
            which = f"((n.k * {self._stride('child')} + t.{key}) % {self._children})"
            if name == "child":
                other = f" JOIN named p ON p.number = {which}"
                named = {"given_name", "family_name", "date_of_birth"}
                chosen = [f"p.{column.name}" if column.name in named else value
                          for column, value in zip(one.columns, chosen, strict=True)]  # fmt: skip
        source = f"past_{name}"
        if name == "child_key":
            source = "(SELECT id AS child_id FROM past_child)"
            other = f" JOIN found p ON p.number = {which}"
            chosen = [chosen[0], "p.digest"]
        columns = ", ".join(f'"{column.name}"' for column in one.columns)
        series = (
            f"(WITH RECURSIVE n(k) AS (SELECT {copies} UNION ALL SELECT k - 1 FROM n WHERE k > 1) "
            "SELECT k FROM n)"
            if self.sqlite
            else f"generate_series({copies}, 1, -1)"
        )
        aliased = f"{series} AS n" if self.sqlite else f"{series} AS n(k)"
        once = " ON CONFLICT DO NOTHING" if name == "line_quarter" else ""
        return self._do(
            f'INSERT INTO "{name}" ({columns}) SELECT {", ".join(chosen)} '
            f"FROM {aliased} CROSS JOIN {source} AS t{other} WHERE n.k > 0{once}"
        )

    def _value(self, name: str, column: Column[Any], back: str) -> str:
        stored = f't."{column.name}"'
        to = self._of(column)
        if to is not None and to in self.taken:
            moved = f"{stored} - n.k * {self._stride(to)}"
            if to == name:  # the earlier one may not be over, or was not there
                return f"CASE WHEN {stored} IN (SELECT id FROM past_{to}) THEN {moved} END"
            return moved
        if column.primary_key and column.name == "id" and isinstance(column.type, Integer):
            return f"{stored} - n.k * {self._stride(name)}"
        if (name, column.name) in _UNMOVED:
            return stored
        if isinstance(column.type, UTCDateTime):
            if self.sqlite:
                ago = f"'-' || {back} || ' minutes'"
                return f"strftime('%Y-%m-%d %H:%M:%f', {stored}, {ago}) || '000'"
            return f"{stored} - make_interval(mins => {back})"
        if isinstance(column.type, Date):
            days = f"({back} / 1440)"
            return (
                f"date({stored}, '-' || {days} || ' days')" if self.sqlite else f"{stored} - {days}"
            )
        if column.name in _REFERENCES or self._alone(column):
            return f"{stored} || 'N' || n.k"
        return stored

    def _alone(self, column: Column[Any]) -> bool:
        """Whether two rows may not have the same text here, or each has its own."""
        if column.name == "sha256" or (column.primary_key and column.name == "token_digest"):
            return True
        return any(
            [one.name for one in constraint.columns] == [column.name]
            for constraint in column.table.constraints
            if isinstance(constraint, UniqueConstraint)
        )

    def _stride(self, name: str) -> int:
        found = self._strides.get(name)
        if found is None:
            held = [_number(self.connection, f'SELECT max(id) FROM "{one}"')
                    for one in (name, f"past_{name}")]  # fmt: skip
            found = self._strides[name] = max(held) + 2
        return found

    def _without_indexes(self) -> list[str]:
        """Drop what can be made again at once; returns how."""
        for name, one in self.taken.items():
            if "id" in one.columns:
                self._stride(name)
        if self.sqlite:
            asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        else:
            asked = (
                "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c "
                "ON c.conname = i.indexname WHERE i.schemaname = 'public' AND c.oid IS NULL"
            )
        held = self.connection.execute(text(asked)).all()
        for name, _made in held:
            self._do(f'DROP INDEX "{name}"')
        self.connection.commit()
        return [made for _name, made in held]

    def _of(self, column: Column[Any]) -> str | None:
        return next((key.column.table.name for key in column.foreign_keys), None)

    def _do(self, statement: str, values: Row | None = None) -> int:
        return int(self.connection.execute(text(statement), values or {}).rowcount)


def _number(connection: Connection, statement: str) -> int:
    return int(connection.execute(text(statement)).scalar_one() or 0)
