"""Conventions that hold by test: floors, transactions, pure rules, templates, words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
TEMPLATES = APP / "templates"
MODULES = sorted(APP.rglob("*.py"))

# `transaction()` stands in routes, commands and the worker; elsewhere only with a reason.
MAY_OPEN_TRANSACTIONS = {
    "app/core/session.py": "defines it",
    "app/accounts/case_views.py": "notes a view before the answer is sent, as a route would",
    "app/accounts/signed_in.py": "notes activity before a request, as a route would",
    "app/meetings/restricted/gate.py": "notes a view behind broken glass, as a route would",
    "app/outbox/delivery.py": "the worker: claim, send and record, each by itself",
}
LONGEST_FILE = 450
# Data, read from top to bottom: splitting it would hide its order.
LONG_BY_NATURE = {"app/meetings/discussion/questions.py": "the catalogue of questions"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Every call by the last part of its name, with its line."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            target = node.func
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            yield name, node.lineno


def in_room(path: Path, name: str) -> bool:
    """Whether the module is the room's `name`, or one of several of its kind."""
    return path.stem == name or path.stem.endswith(f"_{name}") or name in path.parent.parts


def is_edge(path: Path) -> bool:
    return "cli" in path.parts or in_room(path, "routes") or in_room(path, "worker")


def test_imports_run_downwards_only():
    # A process of its own: in this one it would silence every log there is, for all later tests.
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()",
         "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_commits_outside_transaction():
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in MODULES
        if relative(path) != "app/core/session.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    assert found == []


def test_transactions_are_opened_at_the_edge_only():
    found = [
        f"{relative(path)}:{line}"
        for path in MODULES
        if not is_edge(path) and relative(path) not in MAY_OPEN_TRANSACTIONS
        for name, line in calls(tree(path))
        if name == "transaction"
    ]
    assert found == []


def test_each_exception_to_that_is_still_one():
    for name in MAY_OPEN_TRANSACTIONS:
        assert "transaction(" in (ROOT / name).read_text(encoding="utf-8"), name


def test_what_the_factory_hands_in_goes_through_handed():
    """`app.core.handed` says what each is; `app.extensions["..."]` would be of any type."""
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in MODULES
        if relative(path) != "app/core/handed.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "extensions"
    ]
    assert found == []


def test_fields_to_choose_from_are_our_own():
    """WTForms' own take no pairs from 3.4 on; `app.web.choices` has those that do."""
    own = {"SelectField", "RadioField", "SelectMultipleField"}
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("wtforms")
        and own & {name.name for name in node.names}
    ]
    assert found == []


def test_no_address_takes_a_number_larger_than_a_column():
    """`type=int` takes any number; `app.web.numbers.whole` none that PostgreSQL refuses."""
    found = [
        f"{relative(path)}:{node.value.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.keyword)
        and node.arg == "type"
        and getattr(node.value, "id", "") == "int"
        and "cli" not in path.parts
    ]
    assert found == []


@pytest.mark.parametrize(
    ("kind", "forbidden"),
    [
        ("rules", ("flask", "sqlalchemy", "flask_login", "flask_wtf", "wtforms", "app.web")),
        ("types", ("flask", "sqlalchemy", "flask_login", "flask_wtf", "wtforms", "app.web")),
        ("service", ("flask", "flask_login", "flask_wtf", "wtforms", "app.web")),
        ("queries", ("flask", "flask_login", "flask_wtf", "wtforms", "app.web")),
        ("models", ("flask", "flask_sqlalchemy", "flask_login", "app.web")),
    ],
)
def test_rooms_reach_only_what_is_theirs(kind, forbidden):
    looked_at = [path for path in MODULES if in_room(path, kind)]
    assert looked_at
    found = [
        f"{relative(path)} imports {name}"
        for path in looked_at
        for name in imported(tree(path))
        if any(name == root or name.startswith(f"{root}.") for root in forbidden)
    ]
    assert found == []


def test_rules_and_services_are_given_the_time():
    """Only routes, commands and the worker read the clock."""
    found = [
        f"{relative(path)}:{line} {name}()"
        for path in MODULES
        if any(in_room(path, kind) for kind in ("rules", "service", "queries", "models"))
        for name, line in calls(tree(path))
        if name in ("now", "utcnow", "today") and not _is_sql_function(tree(path), line)
    ]
    assert found == []


def _is_sql_function(module: ast.Module, line: int) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "func"
        and node.lineno == line
        for node in ast.walk(module)
    )


def test_public_functions_of_rules_and_services_say_what_they_do():
    found = [
        f"{relative(path)}:{node.lineno} {node.name}"
        for path in MODULES
        if in_room(path, "rules") or in_room(path, "service")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert found == []


def test_files_fit_a_head():
    found = {
        relative(path): lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
        and path.parent.name != "example"  # invented people, not code
        and relative(path) not in LONG_BY_NATURE
    }
    assert found == {}


def test_no_module_is_named_after_nothing():
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "data", "common", "misc"}
    assert [relative(path) for path in MODULES if path.stem in vague] == []


def test_nothing_is_left_to_do():
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\blorem ipsum\b", re.IGNORECASE)
    this = Path(__file__)
    found = [
        f"{relative(path)}:{number}"
        for folder in (APP, ROOT / "tests", ROOT / "bin", ROOT / "docs", ROOT / "migrations")
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".py", ".html", ".js", ".css", ".md", ".toml", ".txt", ".sh", ""}
        and path.is_file()
        and path != this
        and "vendor" not in path.parts
        and not {"axe", "icaljs"} & set(path.parts)
        and "__pycache__" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if unfinished.search(line)
    ]
    assert found == []


def test_markup_is_never_made_from_text():
    found = [
        f"{relative(path)}:{line}"
        for path in MODULES
        for name, line in calls(tree(path))
        if name in ("Markup", "render_template_string")
    ]
    assert found == []


class Page(HTMLParser):
    """Collects what the content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag, attrs):
        line = self.getpos()[0]
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or name == "style":
                self.problems.append(f"{line}: {tag} {name}=")
            if name in ("href", "src", "action", "formaction") and value:
                if value.strip().lower().startswith(("javascript:", "data:")):
                    self.problems.append(f"{line}: {tag} {name}={value[:20]}")
                if tag in ("script", "link", "img", "iframe") and re.match(r"(https?:)?//", value):
                    self.problems.append(f"{line}: {tag} from another site")
        if tag in ("style", "iframe", "object", "embed", "base"):
            self.problems.append(f"{line}: <{tag}>")
        self.in_script = tag == "script"
        if self.in_script and "src" not in dict(attrs):
            self.problems.append(f"{line}: inline <script>")

    def handle_data(self, data):
        if self.in_script and data.strip():
            self.problems.append(f"{self.getpos()[0]}: script with content")

    def handle_endtag(self, tag):
        self.in_script = False


def policy_problems(markup: str) -> list[str]:
    page = Page()
    page.feed(markup)
    return page.problems


# Jinja's own tags would confuse a parser of markup; what stands between them is looked at.
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.relative_to(APP).as_posix()
)
def test_templates_hold_nothing_the_policy_refuses(template):
    text = template.read_text(encoding="utf-8")
    code = " ".join(_JINJA.findall(text))
    assert not re.search(r"\|\s*safe\b", code), "a value marked as safe"
    assert "autoescape" not in code, "escaping turned off"
    assert policy_problems(_JINJA.sub("x", text)) == []


def test_no_page_lists_its_mistakes_twice():
    """The layout lists what is wrong; a page that does so in a place of its own says that."""
    twice = [
        template.relative_to(TEMPLATES).as_posix()
        for template in TEMPLATES.rglob("*.html")
        if "{% extends" in (text := template.read_text(encoding="utf-8"))
        and "error_summary(" in text
        and "block error_summary" not in text
    ]
    assert not twice, twice


def test_that_guard_finds_what_it_looks_for():
    for bad in (
        "<script>alert(1)</script>",
        '<p style="color: red">',
        '<a onclick="x()">',
        '<a hx-on:click="x()">',
        '<a href="javascript:x()">',
        '<img src="https://elsewhere.example/a.png">',
        "<style>p {}</style>",
    ):
        assert policy_problems(bad), bad
    assert policy_problems('<script src="/a.js" defer></script><p class="x">on</p>') == []
