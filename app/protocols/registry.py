"""The protocols of this process: read once at start, then looked up by id."""

from __future__ import annotations

from collections.abc import Mapping

from app.protocols.types import Protocol


class UnknownProtocol(LookupError):
    """The council's settings name a protocol that was not loaded."""


_held: dict[str, Protocol] = {}


def use(protocols: Mapping[str, Protocol]) -> None:
    """Hold these protocols, by id; called once by the factory with what `load_protocols` gave."""
    _held.clear()
    _held.update(protocols)


def active(protocol_id: str) -> Protocol:
    """The protocol that the council's settings name. Raises UnknownProtocol."""
    try:
        return _held[protocol_id]
    except KeyError:
        raise UnknownProtocol(
            f'There is no protocol "{protocol_id}": choose another in the council settings, or '
            "put its file back into PROTOCOLS_DIR and start again."
        ) from None


def all() -> list[Protocol]:
    """All protocols, by name, for the choice in the council settings."""
    return sorted(_held.values(), key=lambda protocol: protocol.name)
