"""What the documents name is there, and the data map holds every table: whoever takes the product
over, or assesses it, relies on that (H8)."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from app.core.database import Base

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "bench/README.md"])
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
# A path within the repository: from one of its folders, or a file of tests by its name alone.
NAMED = re.compile(r"`((?:app|bin|bench|docs|migrations|tests)/[\w./*-]+|test_\w+\.py)`")


def test_every_table_stands_in_the_data_map_and_nothing_else():
    held = SECURITY[SECURITY.index("## What is held") : SECURITY.index("## What each part gives")]
    rows = "\n".join(line for line in held.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([a-z_0-9]+\*?)`", rows))
    tables = set(Base.metadata.tables)
    assert named
    assert {name for name in tables if not any(fnmatch(name, one) for one in named)} == set()
    assert {one for one in named if not any(fnmatch(name, one) for name in tables)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_a_document_names_is_there(document):
    gone = [one for one in NAMED.findall(document.read_text(encoding="utf-8")) if not found(one)]
    assert gone == []


def found(named):
    if "/" not in named:
        return list((ROOT / "tests").rglob(named))
    # Of `app/meetings/queries.invitee_for_change` the module: the name stands behind its dot.
    return [*ROOT.glob(named), *ROOT.glob(f"{named.rpartition('.')[0]}.py")]


def test_every_finding_names_a_test_that_is_there():
    document = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)`, `(test_\w+)`", document)
    assert len(named) > 50
    gone = [
        (path, name)
        for path, name in named
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert gone == []
    suite = (ROOT / "tests" / "integration" / "security").glob("test_*.py")
    written = {path.relative_to(ROOT).as_posix() for path in suite}
    assert written - {path for path, _ in named} == set()


def test_the_guard_finds_what_it_looks_for():
    assert found("app/meetings/queries.invitee_for_change")
    assert found("app/protocols/areas/*.toml")
    assert not found("app/meetings/nowhere.py")
    assert not found("test_nothing_of_the_kind.py")
    assert NAMED.findall("see `app/web/paths.py` and `test_paths.py`, not `flask serve`") == [
        "app/web/paths.py",
        "test_paths.py",
    ]
