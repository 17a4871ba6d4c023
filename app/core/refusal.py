"""A rule said no: which field it is about and what the person can do."""

from __future__ import annotations


class Refused(Exception):
    """Raised by services. The message is shown next to `field`, so it says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class Erased(Exception):
    """What was asked for was deleted for good when its time was over (H8): nothing reads or writes
    what is left of it."""
