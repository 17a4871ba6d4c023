"""New keys for protected fields: afterwards the old key can be dropped (H6)."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import LargeBinary, text

from app.accounts.models import Staff
from app.accounts.types import Role
from app.core.crypto import UnreadableField, field_cipher, new_field_key
from app.core.database import EncryptedBytes, EncryptedDate, EncryptedText
from app.core.installation import audit_key
from app.core.rotation import protected_tables, rotate_batch
from app.core.session import reading, transaction
from tests.conftest import FIELD_KEY
from tests.factories.accounts import make_staff

NEW_KEY = new_field_key()
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def with_keys(app):
    """`with_keys(...)` as every process would start with these FIELD_KEYS."""

    def use(*keys):
        settings = app.extensions["settings"]
        app.extensions["settings"] = dataclasses.replace(settings, field_keys=keys)
        field_cipher.use(keys)

    yield use
    field_cipher.use((FIELD_KEY,))


@pytest.fixture
def staff_ids(app):
    with app.app_context(), transaction() as session:
        people = [make_staff(session, Role.CHAIR) for _ in range(5)]
        for person in people[:-1]:
            person.totp_secret = SECRET
        session.flush()
        return [person.id for person in people]


def stored(app):
    with app.app_context():
        return list(reading().execute(text("SELECT totp_secret FROM staff ORDER BY id")).scalars())


def test_after_rotation_the_old_key_can_be_dropped(app, with_keys, staff_ids):
    with_keys(NEW_KEY, FIELD_KEY)
    done = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert done.exit_code == 0, done.output
    assert "staff: 4 rewritten" in done.output
    assert "can be taken out" in done.output
    with_keys(NEW_KEY)
    with app.app_context():
        assert [reading().get(Staff, i).totp_secret for i in staff_ids] == [SECRET] * 4 + [None]
        assert len(audit_key(reading())) == 32


def test_a_second_run_writes_nothing(app, with_keys, staff_ids):
    with_keys(NEW_KEY, FIELD_KEY)
    app.test_cli_runner().invoke(args=["keys", "rotate"])
    before = stored(app)
    done = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert "Done: 0 rows rewritten" in done.output
    assert stored(app) == before


def test_it_goes_on_where_it_was_stopped(app, with_keys, staff_ids):
    with_keys(NEW_KEY, FIELD_KEY)
    staff = next(p for p in protected_tables() if p.table.name == "staff")
    with app.app_context():
        with transaction() as session:
            first = rotate_batch(session, staff, (NEW_KEY, FIELD_KEY), None, size=2)
        assert (first.seen, first.rewritten, first.last) == (2, 2, (staff_ids[1],))
        with transaction() as session:
            second = rotate_batch(session, staff, (NEW_KEY, FIELD_KEY), first.last, size=2)
        assert (second.seen, second.rewritten) == (2, 2)
        # Started anew from the beginning: what was done stays done.
        with transaction() as session:
            again = rotate_batch(session, staff, (NEW_KEY, FIELD_KEY), None, size=10)
        assert (again.seen, again.rewritten, again.last) == (5, 0, None)


def test_a_value_that_fits_no_key_is_named_and_nothing_of_its_batch_changes(
    app, with_keys, staff_ids
):
    with_keys(NEW_KEY)
    staff = next(p for p in protected_tables() if p.table.name == "staff")
    before = stored(app)
    with (
        app.app_context(),
        pytest.raises(UnreadableField, match=r"staff\.totp_secret"),
        transaction() as session,
    ):
        rotate_batch(session, staff, (NEW_KEY, new_field_key()), None)
    assert stored(app) == before


def test_every_kind_of_protected_column_is_rotated():
    kinds = {
        type(protected.table.c[name].type)
        for protected in protected_tables()
        for name in protected.columns
    }
    assert kinds == {EncryptedText, EncryptedDate, EncryptedBytes}
    assert EncryptedBytes.impl is LargeBinary
