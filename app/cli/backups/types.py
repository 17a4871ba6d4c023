"""What a backup says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

DATABASE = "database"  # the member that holds it
MANIFEST = "manifest.json"
PROTOCOLS = "protocols/"  # the council's own files stand below it


class BackupFailed(Exception):
    """Nothing was made or changed, or what was made cannot be trusted. Says what to do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database holds, counted and checked in one snapshot."""

    revision: str
    example: bool
    counts: Mapping[str, int]
    audit_head: str | None
    mail_waiting: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files`: the SHA-256 of each other member by its name. `problems`: what was not whole in the
    database itself, in words. `protocol`: the id of the one that the council works by. Times in
    UTC, ISO 8601."""

    made_at: str
    engine: str  # sqlite, postgresql
    base_url: str
    facts: Facts
    files: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()
    protocol: str | None = None

    @property
    def own_protocols(self) -> list[str]:
        """The names of the council's own protocol files in the backup."""
        found = (name.removeprefix(PROTOCOLS) for name in self.files if name.startswith(PROTOCOLS))
        return sorted(found)

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def read(cls, content: bytes) -> Manifest:
        """Raises BackupFailed for what is none."""
        try:
            held = json.loads(content)
            return cls(**(held | {"facts": Facts(**held["facts"])}))
        except (ValueError, KeyError, TypeError) as error:
            raise BackupFailed(
                "The backup's manifest cannot be read: it was made by another version."
            ) from error
