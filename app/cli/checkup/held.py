"""What the database tells of the installation's health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from app.audit.queries import oldest_unchained
from app.cli.backups.ending import is_half_restored
from app.cli.checkup import rules
from app.cli.checkup.types import Finding, Verdict, mend, ok, warning
from app.cli.install import migrations_folder
from app.core.database import Base
from app.core.installation import worker_seen
from app.core.rotation import unreadable
from app.directory.queries import council_or_none
from app.outbox import queries as outbox
from app.protocols import registry
from app.reports.duties.queries import last_backup

# The tables whose rows stay as they are, by triggers of these names, and where they stand.
_KEPT = ("audit_entry", "audit_view", "record_version", "record_copy", "record_extract")
_TRIGGERS = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'trigger'"),
    "postgresql": text(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    ),
}
# What makes PostgreSQL forget what it has acknowledged (H4).
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def held(app: Flask, session: Session, now: datetime) -> Iterator[Finding]:
    """One finding after the other; the database can be reached."""
    shape = migrations(app, session)
    yield shape
    if shape.verdict is Verdict.MEND:
        return  # what follows would ask tables and columns that are not there yet
    yield guards(session)
    yield from durability(session)
    yield protocol(session)
    columns = list(unreadable(session))
    if columns:
        yield mend(
            "keys",
            f"{len(columns)} protected columns cannot be read, {columns[0]} among them",
            "Put the key they were written with back into FIELD_KEYS, at the end.",
        )
    else:
        yield ok("keys", "protected fields can be read with FIELD_KEYS")
    yield rules.worker(worker_seen(session), now)
    if is_half_restored(session):
        yield mend(
            "restore",
            "did not come to its end: nobody counted what is here",
            "Stop web and worker, make the database anew, and restore again.",
        )
    yield rules.mail_waiting(outbox.oldest_waiting(session), outbox.held_since(session), now)
    if failed := len(outbox.failures(session)):
        yield warning(
            "mail that failed",
            f"{failed} letters did not arrive and nobody has seen to them",
            "An administrator marks each under Deliveries.",
        )
    yield rules.views(oldest_unchained(session), now)
    taken = last_backup(session)
    yield rules.backup(taken and taken.at, now, taken.problems if taken else 0)
    if session.get_bind().dialect.name == "postgresql":
        there = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        yield rules.clock(datetime.now(UTC) - there)


def migrations(app: Flask, session: Session) -> Finding:
    """Whether the tables are those that this version wants."""
    head = ScriptDirectory(str(migrations_folder(app))).get_current_head()
    there = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if there != head:
        return mend("migrations", f"at {there}, not at {head}", "Run flask install, then restart.")
    held = set(inspect(session.connection()).get_table_names())
    if missing := sorted(set(Base.metadata.tables) - held):
        return mend(
            "migrations",
            f"at {there}, but {len(missing)} tables were removed, {missing[0]} among them",
            "Stop web and worker, and restore the last backup into an empty database.",
        )
    return ok("migrations", f"at {there}, the newest")


def guards(session: Session) -> Finding:
    """Whether the database still refuses to rewrite the audit and signed records (H3)."""
    there = set(session.scalars(_TRIGGERS[session.get_bind().dialect.name]))
    gone = sorted({f"{of}_no_{event}" for of in _KEPT for event in ("update", "delete")} - there)
    if gone:
        return mend(
            "audit guards",
            f"{len(gone)} are gone or switched off, {gone[0]} among them: rows could be rewritten",
            "Find out who did that, run flask audit verify --anchor with the last letter, and "
            "restore the last backup into an empty database.",
        )
    return ok("audit guards", "the database refuses to rewrite the audit and signed records")


def protocol(session: Session) -> Finding:
    """Whether the protocol that the council works by is there: no deadline is known without it."""
    council = council_or_none(session)
    if council is None:
        return ok("protocol", "none chosen yet: fill in the council's settings")
    if council.protocol_id in {one.id for one in registry.all()}:
        return ok("protocol", f"{council.protocol_id} is there")
    return mend(
        "protocol",
        f'there is none of the id "{council.protocol_id}", so no deadline can be told',
        "Put its file into PROTOCOLS_DIR, then restart web and worker.",
    )


def durability(session: Session) -> Iterator[Finding]:
    """Whether the database keeps what it has acknowledged through a power cut (H4)."""
    if session.get_bind().dialect.name != "postgresql":
        yield ok("database", "SQLite, for the example area")
        return
    wrong = []
    for name in _DURABLE:
        there = session.execute(text(f"SHOW {name}")).scalar_one()
        if there == "off":
            wrong.append(f"{name} is {there}")
    version = session.execute(text("SHOW server_version")).scalar_one().split(" ")[0]
    if wrong:
        yield mend(
            "database",
            f"PostgreSQL {version}: {', '.join(wrong)}",
            "Set it on in postgresql.conf: what is acknowledged must survive a power cut.",
        )
    else:
        yield ok("database", f"PostgreSQL {version}, keeps what it acknowledges")
