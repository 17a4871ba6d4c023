"""Migrations run both ways, say the same as the models, and every constraint has its name."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import Index, UniqueConstraint, inspect

from app import create_app
from app.cli.install import with_migrations
from app.core.database import Base
from app.core.session import db
from app.records.same_child import service as same_child
from app.retention.erasing import BELONGS, CARRIED, EMPTIED, STAYS, unplaced
from tests.conftest import settings_for


@pytest.fixture
def empty(engine_name, request, tmp_path):
    """An application on a database with nothing in it."""
    if engine_name == "sqlite":
        url, server = f"sqlite:///{tmp_path / 'empty.sqlite3'}", None
    else:
        server = request.getfixturevalue("postgres")
        url = server.create("guard_migrations")
    app = create_app(settings_for(tmp_path, url))
    with_migrations(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if server is not None:
        server.drop("guard_migrations")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request):
    return request.param


def differences():
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": True}
        )
        return compare_metadata(context, Base.metadata)


def tables():
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_migrations_up_down_up_and_no_difference_to_the_models(empty):
    upgrade()
    assert tables() == set(Base.metadata.tables)
    assert differences() == []
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert differences() == []


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_constraint_has_a_name_that_fits_both_databases(table):
    named = [*table.constraints, *table.indexes]
    for constraint in named:
        assert constraint.name, f"a {type(constraint).__name__} of {table.name} has no name"
        assert len(str(constraint.name)) <= 63, f"{constraint.name} is cut by PostgreSQL"
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert str(constraint.name).startswith("uq_"), constraint.name
    for index in table.indexes:
        assert isinstance(index, Index)
        assert str(index.name).startswith(("ix_", "uq_")), index.name
    assert table.primary_key.columns, f"{table.name} has no primary key"


def test_what_hangs_on_a_case_is_deleted_with_it_or_stays_for_a_reason():
    """H8. A new column that points to a row of a case goes into `BELONGS` of app.retention.erasing
    where the row is deleted with the case, else into `STAYS`, with the reason."""
    placed = {column for columns in BELONGS.values() for column in columns}
    placed |= {column for columns in CARRIED.values() for column in columns} | set(STAYS)
    of_a_case = {column.partition(".")[0] for columns in BELONGS.values() for column in columns}
    of_a_case |= {*BELONGS, *CARRIED, *EMPTIED}
    pointing = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in of_a_case
    }
    assert pointing - placed == set()
    assert placed - pointing - {"record_version.key_id"} == set(), "no longer there"


def test_what_stays_of_a_deleted_case_is_counted_or_emptied():
    """H8. A new plain column of a referral, discussion or invitee goes into `CLEARED` of
    app.retention.erasing, or into `COUNTED` where the statistics need it and it names nobody."""
    assert unplaced() == set()


def test_what_points_to_a_child_goes_along_where_two_records_prove_one_or_stays_for_a_reason():
    """A3. A new column that points to a child goes into `MOVED` of app.records.same_child.service,
    and is moved there, else into `STAYS`, with the reason."""
    pointing = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "child"
    }
    assert same_child.MOVED | set(same_child.STAYS) == pointing
    assert same_child.MOVED.isdisjoint(same_child.STAYS)
