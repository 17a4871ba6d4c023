"""One figure of what a collector reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measure:
    """`labels` tell figures of one name apart; never with what anybody typed."""

    name: str
    words: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
