"""New keys while people write: afterwards the old key opens nothing, no change was lost (H6)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.crypto import field_cipher, new_field_key
from app.core.rotation import unreadable
from app.core.session import reading, transaction
from app.referrals.models import Child
from tests.conftest import FIELD_KEY
from tests.factories.referrals import make_child

CHILDREN, WRITERS = 30, 2


@pytest.fixture
def rotating(app: Flask) -> Iterator[str]:
    """Every process has the new key first and the old one behind it, as the third step wants."""
    new = new_field_key()
    with app.app_context(), transaction() as session:
        for _ in range(CHILDREN):
            make_child(session).case_reference = "0"
    keys = (new, FIELD_KEY)
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], field_keys=keys)
    field_cipher.use(keys)
    yield new
    field_cipher.use((FIELD_KEY,))


def test_keys_change_beside_people_who_write(app: Flask, rotating: str) -> None:
    stopping, failed = threading.Event(), []
    written = [0] * WRITERS

    def write(number: int) -> None:
        try:
            place = number
            while not stopping.is_set():
                with app.app_context(), transaction() as session:
                    child = session.execute(
                        select(Child).order_by(Child.id).offset(place % CHILDREN).limit(1)
                        .with_for_update()
                    ).scalar_one()  # fmt: skip
                    child.case_reference = str(int(child.case_reference or "0") + 1)
                written[number] += 1
                place += WRITERS
                stopping.wait(0.02)  # nobody types faster
        except Exception as error:  # shown by the test: a thread has nobody to tell
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        done = app.test_cli_runner().invoke(args=["keys", "rotate"])
        assert done.exit_code == 0, done.output
    finally:
        stopping.set()
        for thread in threads:
            thread.join(60)
    assert failed == []
    assert min(written) > 0
    field_cipher.use((rotating,))  # the old key is taken out
    with app.app_context():
        assert list(unreadable(reading())) == []
        references = reading().execute(select(Child.case_reference)).scalars().all()
        assert sum(int(one or "0") for one in references) == sum(written)
