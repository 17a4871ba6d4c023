"""What leaves the machine unencrypted is said by `flask doctor`, though nothing refuses it (I2)."""

from __future__ import annotations

import pytest

from app.core.config import Settings

HERE = "postgresql://desk@/desk?host=/var/run/postgresql"
THERE = "postgresql://desk@db.example.org/desk"


@pytest.mark.parametrize(
    ("database", "smtp", "said"),
    [
        (HERE, "smtp://relay.example.org:587", []),
        (HERE, "smtp://127.0.0.1:25", []),
        (HERE, "smtp://relay.example.org:25?tls=none", ["SMTP_URL"]),
        ("postgresql://desk@localhost/desk", "smtps://relay.example.org", []),
        (THERE, "smtps://relay.example.org", ["DATABASE_URL"]),
        (f"{THERE}?sslmode=prefer", "smtps://relay.example.org", ["DATABASE_URL"]),
        (f"{THERE}?sslmode=verify-full", "smtps://relay.example.org", []),
        ("postgresql:///desk?host=db.example.org", "relay.example.org", ["DATABASE_URL"]),
    ],
)
def test_what_goes_in_the_clear(database: str, smtp: str, said: list[str]) -> None:
    settings = Settings.read({"DATABASE_URL": database, "SMTP_URL": smtp})
    assert [one.split(" ")[0] for one in settings.in_the_clear()] == said
