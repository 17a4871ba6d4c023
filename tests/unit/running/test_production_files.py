"""What production.md ships and says fits the application (I2)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app import create_app
from app.cli import COMMANDS
from tests.conftest import settings_for

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "docs" / "production"
DOCUMENT = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app(settings_for(tmp_path_factory.mktemp("desk"), "sqlite://"))


def test_every_address_that_holds_a_personal_link_is_kept_out_of_the_log(app):
    kept_out = re.findall(r"~\*(\S+) 0;", (SHIPPED / "nginx.conf").read_text(encoding="utf-8"))
    links = [rule.rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
    assert links
    assert [path for path in links if not any(re.match(one, path) for one in kept_out)] == []
    for path in links:
        assert path[: path.index("<")] in DOCUMENT


def test_every_setting_is_explained():
    read = (ROOT / "app" / "core" / "config.py").read_text(encoding="utf-8")
    names = set(re.findall(r'env(?:\.get\(|\[)"([A-Z_]+)"', read)) - {"PORT"}
    assert {name for name in names if f"`{name}`" not in DOCUMENT} == set()


def test_every_command_it_names_is_there(app):
    assert COMMANDS
    units = "\n".join(path.read_text(encoding="utf-8") for path in SHIPPED.glob("*.service"))
    word = r"([a-z][a-z-]*)"
    begins = r"(?:^|`|bin/flask |    )(?:desk|flask) "
    named = re.findall(f"{begins}{word}(?: {word})?", DOCUMENT, re.MULTILINE)
    named += re.findall(f"bin/flask {word}(?: {word})?", units)
    assert len(named) > 15
    for first, second in named:
        command = app.cli.get_command(None, first)
        assert command is not None, first
        if second and hasattr(command, "commands"):
            assert second in command.commands, (first, second)


def test_what_it_says_of_metrics_is_measured():
    measured = (ROOT / "app" / "reports" / "measures.py").read_text(encoding="utf-8")
    named = re.findall(r"(\w+_(?:seconds|problems)) > \d", DOCUMENT)
    assert len(named) == 6
    for name in named:
        assert f'"{name}"' in measured


def test_every_file_it_names_is_shipped():
    named = set(re.findall(r"docs/production/([\w.-]+)", DOCUMENT)) - {""}
    assert {name for name in named if not (SHIPPED / name).exists()} == set()
    units = {path.name for path in SHIPPED.glob("*.timer")}
    assert set(re.findall(r"desk-\w+\.timer", DOCUMENT)) == units
    # What the image needs of the machine is what bin/serve installs, and the document.
    container = (SHIPPED / "Containerfile").read_text(encoding="utf-8")
    installed = (ROOT / "bin" / "lib" / "bootstrap.sh").read_text(encoding="utf-8")
    for package in re.findall(r"\b(lib\w+-[\w.-]+|fonts-[\w-]+)", installed):
        assert package in container, package
        assert package in DOCUMENT, package


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_units_are_valid(tmp_path):
    for name in ("gunicorn", "flask"):
        program = tmp_path / "desk" / ".venv" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    units = []
    for path in sorted(SHIPPED.glob("*.[st]*")):
        if path.suffix in (".service", ".timer"):
            words = path.read_text(encoding="utf-8").replace("/opt/desk", str(tmp_path / "desk"))
            (tmp_path / path.name).write_text(words, encoding="utf-8")
            units.append(str(tmp_path / path.name))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    about = [line for line in done.stderr.splitlines() if "desk-" in line]
    assert about == [], about
    assert done.returncode == 0, done.stderr
