"""Settings of single sign-on by OpenID Connect, and what makes them unsafe (H1, I2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class SignOn:
    """The council's OpenID provider and what is trusted to it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    # What people call it, on the button.
    name: str
    # Values of `amr` or `acr` that count as the second factor; with none, ours is asked.
    second_factor: frozenset[str]
    # Passwords of our own open nothing any more, but for system administrators.
    only: bool

    @property
    def name_first(self) -> str:
        """Its name at the beginning of a sentence."""
        return self.name[:1].upper() + self.name[1:]

    def problems(self, *, loopback_only: bool) -> list[str]:
        """Everything that makes these settings unsafe, each with what to do."""
        found = []
        try:
            where = urlsplit(self.issuer)
            host, _port = where.hostname or "", where.port
        except ValueError:
            return ["OIDC_ISSUER is not an address: set it to the https issuer of your provider."]
        if not self.issuer:
            found.append("OIDC_ISSUER is missing: set it to the https issuer of your provider.")
        elif not host or where.query or where.fragment or where.username or where.password:
            found.append("OIDC_ISSUER is not an issuer: give https://host/path and nothing more.")
        elif loopback_only and host not in LOOPBACK:
            found.append("OIDC_ISSUER: an example area may only ask a provider on this machine.")
        elif where.scheme != "https" and not (loopback_only and where.scheme == "http"):
            found.append("OIDC_ISSUER does not start with https://: anybody could answer for it.")
        if not self.client_id:
            found.append("OIDC_CLIENT_ID is missing: your provider gives it to you.")
        if len(self.client_secret) < SHORTEST_SECRET:
            found.append(
                "OIDC_CLIENT_SECRET is missing or shorter than 16 characters: "
                "have your provider make one."
            )
        return found


def read_sign_on(env: Mapping[str, str]) -> SignOn | None:
    """The settings, or None where none of them is given."""
    names = (
        "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "OIDC_SECOND_FACTOR",
        "OIDC_ONLY",
    )  # fmt: skip
    if not any(env.get(name) for name in names):
        return None
    counted = env.get("OIDC_SECOND_FACTOR", "").split(",")
    return SignOn(
        issuer=env.get("OIDC_ISSUER", "").strip(),
        client_id=env.get("OIDC_CLIENT_ID", "").strip(),
        client_secret=env.get("OIDC_CLIENT_SECRET", ""),
        name=env.get("OIDC_NAME", "").strip() or "single sign-on",
        second_factor=frozenset(value.strip() for value in counted if value.strip()),
        only=env.get("OIDC_ONLY") == "1",
    )
