"""Runs migrations through the application's own engine, on SQLite and PostgreSQL alike."""

from alembic import context
from flask import current_app

from app.core.database import Base

engine = current_app.extensions["migrate"].db.engine

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=True,
        # On SQLite a migration is a transaction too, but foreign keys would forbid rebuilding.
        transactional_ddl=True,
        user_module_prefix="app.core.database.",
    )
    with context.begin_transaction():
        context.run_migrations()
