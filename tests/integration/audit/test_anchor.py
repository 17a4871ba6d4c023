"""The head of the audit leaves by mail each day, signed, and is checked against (H3)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.anchoring import rules
from app.anchoring.models import AuditAnchor
from app.anchoring.worker import send_head
from app.audit import service
from app.audit.models import AuditEntry
from app.audit.types import SYSTEM, Head, Subject
from app.core.session import db, reading, transaction
from app.outbox.models import OutboxMessage
from app.records.sealing import write_authority
from tests.clock import FRIDAY


@pytest.fixture
def settings(app):
    held = dataclasses.replace(app.extensions["settings"], audit_anchor_to="audit@trust.example")
    app.extensions["settings"] = held
    write_authority(held.seal_key_file, held.seal_cert_file, "Testborough", FRIDAY)
    with app.app_context(), transaction() as session:
        for number in range(3):
            service.record(session, SYSTEM, "entered", Subject("referral", str(number)), FRIDAY)
    return held


def sent(app, settings, moment=FRIDAY):
    with app.app_context():
        return send_head(settings, moment)


@pytest.fixture
def letter(app, settings, tmp_path):
    """The letter of the day, saved as a file."""
    assert sent(app, settings) == 1
    with app.app_context():
        message = reading().execute(select(OutboxMessage)).scalar_one()
        assert message.recipient == "audit@trust.example"
        target = tmp_path / "head.eml"
        target.write_bytes(message.content)
    return target


@pytest.fixture
def verify(app):
    runner = app.test_cli_runner()
    return lambda file: runner.invoke(args=["audit", "verify", "--anchor", str(file)])


def test_one_letter_a_day_with_the_head_it_was_made_at(app, settings, letter):
    assert sent(app, settings, FRIDAY + timedelta(hours=3)) == 0
    assert sent(app, settings, FRIDAY + timedelta(days=1)) == 1
    with app.app_context():
        first, second = reading().execute(select(AuditAnchor).order_by(AuditAnchor.day)).scalars()
        found = reading().execute(select(AuditEntry.id, AuditEntry.digest))
        rows = {row.id: row.digest for row in found}
    assert (first.entry_id, second.entry_id) == (4, 5)
    held = rules.read(letter.read_bytes())
    assert held.head == Head(4, rows[4]) == Head(first.entry_id, first.digest)


def test_nobody_named_and_nothing_is_sent(app, settings):
    assert sent(app, dataclasses.replace(settings, audit_anchor_to=None)) == 0


def test_an_audit_that_grew_fits_its_letter(app, verify, letter):
    with app.app_context(), transaction() as session:
        service.record(session, SYSTEM, "later", Subject("referral", "9"), FRIDAY)
    done = verify(letter)
    assert done.exit_code == 0, done.output
    assert "Anchor: row 4" in done.output
    assert "The audit is whole: 5 rows" in done.output


def test_a_chain_made_anew_with_every_key_does_not_fit(app, verify, letter):
    with app.app_context(), transaction() as session:
        on = " ON audit_entry" if db.engine.dialect.name == "postgresql" else ""
        session.execute(text(f"DROP TRIGGER audit_entry_no_delete{on}"))
        session.execute(text("DELETE FROM audit_entry"))
        session.execute(text("DELETE FROM audit_head"))
        session.expire_all()
        for number in range(5):
            service.record(session, SYSTEM, "other", Subject("referral", str(number)), FRIDAY)
    done = verify(letter)
    assert done.exit_code == 1
    assert "not the one that was anchored outside" in done.output


def test_the_letter_survives_a_footer_and_other_line_breaks(verify, letter, tmp_path):
    held = rules.read(letter.read_bytes())
    plain = rules.letter(held.site, held.at, held.head, held.signature)
    again = tmp_path / "copied.txt"
    again.write_bytes(f"Forwarded:\r\n{plain}\nDISCLAIMER\n".replace("\n", "\r\n").encode())
    assert verify(again).exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("Row: 4", "Row: 3", "proves nothing"),
        ("Digest: ", "Digest: 0", "holds no head"),
        ("http://desk.example.org", "http://other.example.org", "another installation"),
        ("Signature: ", "Signature: AAAA", "proves nothing"),
    ],
)
def test_a_changed_letter_proves_nothing(verify, letter, tmp_path, before, after, words):
    held = rules.read(letter.read_bytes())
    plain = rules.letter(held.site, held.at, held.head, held.signature)
    assert before in plain
    changed = tmp_path / "changed.txt"
    changed.write_text(plain.replace(before, after))
    done = verify(changed)
    assert done.exit_code == 1
    assert words in done.output


def test_a_letter_of_another_key_proves_nothing(app, settings, verify, letter):
    for file in (settings.seal_key_file, settings.seal_cert_file):
        file.unlink()
    write_authority(settings.seal_key_file, settings.seal_cert_file, "Testborough", FRIDAY)
    done = verify(letter)
    assert done.exit_code == 1
    assert "proves nothing" in done.output
