"""What becomes of a reader's copy once their address is corrected."""

from __future__ import annotations

import enum


class Then(enum.Enum):
    SENT = "sent"
    WITHHELD = "withheld"
    CORRECTED = "corrected"
    RECALLED = "recalled"
    TO_RELEASE = "to_release"
    NONE = "none"

    def words(self, name: str, number: int) -> str:
        """What the reader gets of this version, which is the newest."""
        return {
            "sent": f"{name} gets their copy of version {number} at the new address, by link and "
            "code.",
            "withheld": f"The copy for {name} stays withheld.",
            "corrected": f"A correction is under way, so no copy leaves now. {name} gets the "
            "corrected record at the new address.",
            "recalled": f"The record was recalled: {name} gets no copy.",
            "to_release": f"{name} gets version {number} at the new address once it is released to "
            "them.",
            "none": f"{name} gets no copy of the record.",
        }[self.value]
