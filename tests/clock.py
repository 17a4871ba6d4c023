"""The moment most tests stand in: a quarter to five on a Friday."""

from __future__ import annotations

from datetime import UTC, datetime

FRIDAY = datetime(2026, 11, 20, 16, 45, tzinfo=UTC)
