"""Two discussions, and everybody who might try to open what is not theirs, as for the guards."""

from __future__ import annotations

from tests.guards.conftest import world as world
