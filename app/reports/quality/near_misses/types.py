"""What nearly went wrong, in the words of who saw it (HO2014 Northamptonshire)."""

from __future__ import annotations

import enum


class NearMissKind(enum.Enum):
    WRONG_CHILD = "wrong_child"
    WRONG_RECIPIENT = "wrong_recipient"
    DEADLINE = "deadline"
    NOT_SHARED = "not_shared"
    NOT_ASKED = "not_asked"
    SYSTEM = "system"
    OTHER = "other"

    @property
    def label(self) -> str:
        return {
            "wrong_child": "Two children taken for one, or one for two",
            "wrong_recipient": "Sent, or nearly sent, to the wrong person",
            "deadline": "A deadline missed, or nearly missed",
            "not_shared": "Information not shared in time",
            "not_asked": "Somebody who was needed was not asked or did not come",
            "system": "The system, a telephone line or the mail failed",
            "other": "Something else",
        }[self.value]


# Whoever looks after the installation reviews these, and sees no other: the rest are about cases.
OF_THE_SYSTEM = frozenset({NearMissKind.SYSTEM})
