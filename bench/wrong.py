"""What a measurement says where not its speed was amiss, but what it did."""

from __future__ import annotations


class WentWrong(Exception):
    """Something was lost, doubled, half made or answered with an error; the message says what."""
