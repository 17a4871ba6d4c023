"""What is over, copied as often as asked for: each time some hours further back, each child under
another name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, Table, UniqueConstraint, text

from app.core.database import UTCDateTime
from bench.names import Names
from bench.past import UNMOVED, Past, number, of

A_YEAR = 50_000
NEWEST = timedelta(days=60)  # further back than any list of the last weeks reaches
_REFERENCES = frozenset({"ref", "subject_ref", "case_ref"})


class Copying:
    """Copies a past that was taken, until there are so many referrals."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.connection: Connection = past.connection
        self.sqlite = self.connection.dialect.name == "sqlite"
        self.taken = past.taken
        self._do = past.do
        self._strides: dict[str, int] = {}
        self._children = 0  # in the pool of names

    def copy(self, referrals: int, names: Names) -> int:
        """Multiply what was taken until there are so many. Returns how many rows were written."""
        self._make_pool(names)
        there = number(self.connection, "SELECT count(*) FROM referral")
        each = number(self.connection, "SELECT count(*) FROM past_referral")
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
        to = of(column)
        if to is not None and to in self.taken:
            moved = f"{stored} - n.k * {self._stride(to)}"
            if to == name:  # the earlier one may not be over, or was not there
                return f"CASE WHEN {stored} IN (SELECT id FROM past_{to}) THEN {moved} END"
            return moved
        if column.primary_key and column.name == "id" and isinstance(column.type, Integer):
            return f"{stored} - n.k * {self._stride(name)}"
        if (name, column.name) in UNMOVED:
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
            held = [number(self.connection, f'SELECT max(id) FROM "{one}"')
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

    def _make_pool(self, names: Names) -> None:
        self._children = names.children
        self._do(
            "CREATE TEMPORARY TABLE named (number INTEGER PRIMARY KEY, given_name TEXT, "
            "family_name TEXT, date_of_birth TEXT)"
        )
        self._do("CREATE TEMPORARY TABLE found (number INTEGER, digest TEXT)")
        for stored, keys in names.parts():
            self.connection.execute(text("INSERT INTO named VALUES (:n, :given, :family, :born)"),
                                    stored)  # fmt: skip
            self.connection.execute(text("INSERT INTO found VALUES (:n, :digest)"), keys)
        self._do("CREATE INDEX ix_found ON found (number)")
