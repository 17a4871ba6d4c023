"""Time-based codes from an authenticator app (RFC 6238), each of which works once (H1)."""

from __future__ import annotations

import io
from datetime import datetime

from app.core.crypto import same

STEP = 30  # seconds a code lasts
WINDOW = 1  # steps that a telephone's clock may be off, either way


def new_secret() -> str:
    """160 random bits in base 32, as RFC 4226 asks."""
    import pyotp

    return pyotp.random_base32()


def step_of(now: datetime) -> int:
    """The number of the time step that `now` is in."""
    return int(now.timestamp()) // STEP


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step."""
    import pyotp

    return pyotp.TOTP(secret, interval=STEP).generate_otp(step)


def matching_step(secret: str, typed: str, now: datetime, last_step: int | None) -> int | None:
    """The time step that the typed code belongs to, or None if it is wrong or was used before.

    Looks one step back and one ahead of `now`, and never at or before `last_step`: a code that
    somebody saw over a shoulder opens nothing.
    """
    code = "".join(typed.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    current = step_of(now)
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if same(code_at(secret, step), code) and (last_step is None or step > last_step):
            found = step
    return found


def address_for_app(secret: str, email: str, issuer: str) -> str:
    """The otpauth: address that an authenticator app reads from the picture."""
    import pyotp

    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=email, issuer_name=issuer)


def picture(address: str) -> bytes:
    """The address as a QR code: an SVG picture of any size, without style or script."""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=4, light="#fff", omitsize=True)
    return out.getvalue()


def in_groups(secret: str) -> str:
    """The secret in groups of four, for typing it into an app that has no camera."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
