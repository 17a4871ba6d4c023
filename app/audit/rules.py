"""How audit rows are hashed and what a whole chain looks like. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
# The action of a row that binds a batch of views.
VIEWS_CHAINED = "views chained"


def entry_digest(
    previous: str,
    *,
    entry_id: int,
    at: datetime,
    actor_kind: str,
    actor_id: int | None,
    actor_label: str,
    action: str,
    subject_kind: str,
    subject_ref: str,
    details: Mapping[str, Any],
) -> str:
    """SHA-256 over the previous digest and every column, in one canonical form."""
    body = json.dumps(
        [
            previous,
            entry_id,
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            actor_kind,
            actor_id,
            actor_label,
            action,
            subject_kind,
            subject_ref,
            details,
        ],
        sort_keys=True,
        ensure_ascii=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(body.encode()).hexdigest()


def views_digest(rows: Iterable[tuple[Any, ...]]) -> str:
    """SHA-256 over a batch of views: (id, at, actor kind, actor id, label, page, kind, ref)."""
    hasher = hashlib.sha256()
    for view_id, at, *rest in rows:
        moment = at.astimezone(UTC).isoformat(timespec="microseconds")
        hasher.update(json.dumps([view_id, moment, *rest], separators=(",", ":")).encode())
    return hasher.hexdigest()


def head_seal(key: bytes, entry_id: int, digest: str) -> str:
    """HMAC over the last link: only a holder of the audit key can move the end of the chain."""
    return hmac.new(key, f"{entry_id}:{digest}".encode(), hashlib.sha256).hexdigest()
