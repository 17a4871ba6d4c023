"""Where people may be sent to (H7)."""

from __future__ import annotations

import pytest
from flask import Flask

from app.web.paths import here, local_path


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "evil",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "/\t/evil.example",
        "/a\x00",
        " /a",
        "http:/a",
    ],
)
def test_nothing_but_a_path_of_this_site(asked):
    assert local_path(asked, "/home") == "/home"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/", "/"),
        ("/a/b?c=d&e=/f", "/a/b?c=d&e=/f"),
        ("/a#part", "/a"),
        ("/a?u=http://x", "/a?u=http://x"),
    ],
)
def test_paths_of_this_site(asked, path):
    assert local_path(asked) == path


@pytest.mark.parametrize(
    ("method", "path", "back"),
    [
        ("GET", "/staff/3?x=1", "/staff/3?x=1"),
        ("GET", "//evil.example/", "/"),
        ("POST", "/staff/3", "/staff/3"),
        ("POST", "/staff/3/roles", "/staff/3"),
        ("POST", "/other/4/end", "/"),
    ],
)
def test_coming_back_after_a_post_is_to_the_nearest_page(method, path, back):
    app = Flask(__name__)
    app.add_url_rule("/staff/<int:number>", "page", lambda number: "", methods=["GET", "POST"])
    app.add_url_rule("/staff/<int:number>/roles", "roles", lambda number: "", methods=["POST"])
    app.add_url_rule("/other/<int:number>/end", "end", lambda number: "", methods=["POST"])
    with app.test_request_context(path, method=method):
        assert here() == back
