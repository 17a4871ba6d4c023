"""What was typed comes back where it could not be saved; a password never does (H7)."""

from __future__ import annotations

import re
from pathlib import Path

from app.web.own_page import SECRET

APP = Path(__file__).resolve().parents[3] / "app"


def test_every_password_field_is_known() -> None:
    fields = {
        name
        for path in APP.rglob("forms.py")
        for name in re.findall(r"(\w+) = PasswordField\(", path.read_text(encoding="utf-8"))
    }
    assert fields
    assert fields - SECRET == set()
