"""Addresses that are remembered are those that Flask gives."""

from __future__ import annotations

from flask import url_for

from app.web.application import Application


def test_an_address_is_that_of_its_place_and_its_values():
    app = Application(__name__)
    app.add_url_rule("/cases/<ref>", "case", lambda ref: ref)
    app.add_url_rule("/pages/<int:number>", "page", lambda number: str(number))
    for _ in range(2):
        with app.test_request_context("/"):
            assert url_for("case", ref="A B", _anchor="due") == "/cases/A%20B#due"
            assert url_for("case", ref="B", shown=None) == "/cases/B"
            assert url_for("page", number=1, all=1) == "/pages/1?all=1"
            assert url_for("page", number=1, all=True) == "/pages/1?all=True"
            assert url_for("case", ref="B", _external=True) == "http://localhost/cases/B"
        with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/desk"}):
            assert url_for("case", ref="B") == "/desk/cases/B"


def test_an_endpoint_with_two_addresses_has_that_of_the_method():
    app = Application(__name__)
    for address, method in (("/asked", "GET"), ("/sent", "POST")):
        app.add_url_rule(address, "both", str, methods=[method])
    for _ in range(2):
        for method, address in (("GET", "/asked"), ("POST", "/sent")):
            with app.test_request_context("/", method=method):
                assert url_for("both") == address
