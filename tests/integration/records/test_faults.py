"""One record that cannot be read stops no other, and a person sees it (F3, H4)."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from app.accounts.types import Role
from app.core.session import transaction
from app.records import queries, worker
from app.records.keys import UnreadableRecord
from app.records.models import RecordFault, RecordKey, RecordVersion
from tests.factories.records import make_releaser, make_signed
from tests.integration.records.circulating import AFTER, LATER, release, settings_of


@pytest.fixture
def damaged(in_app):
    """Two signed records; the first does not fit its key any more. Returns both and the key."""
    with transaction() as session:
        first, version = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
        second, _ = make_signed(session, settings_of(in_app), AFTER, invitees=2, children=1)
        key = session.get_one(RecordKey, version.key_id)
        right, key.key = key.key, Fernet.generate_key().decode()
        release(session, first)
    return first, second, right


def copies(meeting) -> int:
    with transaction() as session:
        version = queries.newest_version(session, meeting.id)
        return int(queries.has_copy(session, version.id, None))


def test_the_other_copies_are_made_and_a_person_is_shown_the_one(in_app, damaged, signed_in):
    first, second, right = damaged
    settings = settings_of(in_app)
    for _ in range(2):
        with pytest.raises(UnreadableRecord):
            worker.make_council_copies(settings, LATER)
    assert (copies(first), copies(second)) == (0, 1)
    with pytest.raises(UnreadableRecord):
        worker.make_copies(settings, LATER)
    with transaction() as session:
        assert len(queries.faults_of(session, first.id)) == 3  # the council's and two readers'
        assert make_releaser(session)
    browser = signed_in(Role.ADMINISTRATOR, Role.CHAIR)
    assert "A copy of the record could not be made" in browser.get("/").text
    for tail in ("", "/circulate"):
        page = browser.get(f"/discussions/{first.ref}/record{tail}")
        assert page.status_code == 200
        assert "The signed record cannot be read" in page.text
        assert "own copy of version 1 could not be made" in page.text
    file = browser.get(f"/discussions/{first.ref}/record/1.pdf")
    assert file.location == f"/discussions/{first.ref}/record"
    with transaction() as session:
        version = session.query(RecordVersion).filter_by(meeting_id=first.id).one()
        session.get_one(RecordKey, version.key_id).key = right
    worker.make_council_copies(settings, LATER)
    worker.make_copies(settings, LATER)
    with transaction() as session:
        assert session.query(RecordFault).count() == 0
    assert "could not be made" not in browser.get("/").text
