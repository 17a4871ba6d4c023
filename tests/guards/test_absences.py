"""What the application never does, so that whole classes of attack have nothing to work on (H7)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.guards.test_floors import MODULES, calls, relative, tree

# Writing is harmless; what reads XML may be told to fetch a file, or to swell.
XML_THAT_ONLY_WRITES = {"Element", "SubElement", "indent", "tostring", "escape"}
# Of a request, what whoever sends it makes up: links are made of BASE_URL alone.
MADE_UP = {"host", "host_url", "root_url", "url_root", "base_url", "url"}
WRITES_CSV = "app/core/spreadsheet.py"


def xml_readers(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            if any(one.name.split(".")[0] in ("xml", "lxml") for one in node.names):
                yield node.lineno
        elif (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith(("xml", "lxml"))
            and {one.name for one in node.names} - XML_THAT_ONLY_WRITES
        ):
            yield node.lineno


def names_from_the_request(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in MADE_UP
            and isinstance(node.value, ast.Name)
            and node.value.id == "request"
        ):
            yield node.lineno
        if isinstance(node, ast.keyword) and node.arg == "_external":
            yield node.lineno


def templates_from_text(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "from_string"
            and not (node.args and isinstance(node.args[0], ast.Constant))
        ):
            yield node.lineno


def csv_writers(module: ast.Module) -> Iterator[int]:
    return (line for name, line in calls(module) if name in ("writer", "DictWriter"))


@pytest.mark.parametrize(
    ("what", "except_in"),
    [
        (xml_readers, None),
        (names_from_the_request, None),
        (templates_from_text, None),
        # A table for spreadsheets is written in one place, which makes formulas harmless.
        (csv_writers, WRITES_CSV),
    ],
)
def test_this_is_never_done(what, except_in):
    found = [
        f"{relative(path)}:{line}"
        for path in MODULES
        if relative(path) != except_in
        for line in what(tree(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (xml_readers, "from xml.etree.ElementTree import fromstring"),
        (xml_readers, "import lxml.etree"),
        (names_from_the_request, "link = request.host_url + path"),
        (names_from_the_request, "url_for('guests.link', _external=True)"),
        (templates_from_text, "environment.from_string(letter.words)"),
        (templates_from_text, "environment.from_string(f'{words}')"),
        (csv_writers, "csv.writer(out)"),
    ],
)
def test_these_guards_find_what_they_look_for(what, code):
    assert list(what(ast.parse(code))) == [1]
