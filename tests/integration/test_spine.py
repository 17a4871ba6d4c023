"""The spine holds: migrations ran, the audit chains, on both engines."""

from __future__ import annotations

from app.audit import queries, service
from app.audit.types import SYSTEM, Subject
from app.core.session import reading, transaction
from tests.clock import FRIDAY


def test_audit_chain_is_whole_then_shows_a_change(in_app):
    with transaction() as session:
        for number in range(3):
            service.record(session, SYSTEM, "tested", Subject("test", str(number)), FRIDAY)
        service.viewed(session, SYSTEM, "page", Subject("test", "1"), FRIDAY)
    with transaction() as session:
        assert service.chain_views(session, FRIDAY) == 1
    assert list(queries.verify_chain(reading())) == []
