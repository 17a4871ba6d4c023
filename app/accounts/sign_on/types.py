"""What a sign-on carries from its start to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """One sign-on under way in one browser. Kept there, signed, until the provider answers."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    at: datetime
    after: str
    # The session that shows again who it is; None at sign-in.
    again: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the provider says this is, once everything about its answer was found right."""

    subject: str  # of this issuer, for good
    email: str | None  # only where the provider says that it was verified
    methods: frozenset[str]  # amr and acr
    authenticated_at: datetime | None
