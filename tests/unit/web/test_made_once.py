"""What tests share says the same as what an application would make for itself."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from tests.made_once import made_once


def _rules() -> Map:
    return Map(
        [
            Rule("/a/<ref>/b/<int:number>", endpoint="both"),
            Rule("/a/", defaults={"page": 1}, endpoint="first"),
            Rule("/a/page/<int:page>", endpoint="first"),
        ]
    )


def test_an_address_taken_over_knows_what_the_first_one_knew() -> None:
    with made_once():
        first, second = _rules(), _rules()
        for one, other in zip(first.iter_rules(), second.iter_rules(), strict=True):
            assert vars(other).keys() == vars(one).keys()
            assert other.arguments == one.arguments
            assert other._build.__self__ is other
        assert second.bind("desk.example").match("/a/RF-1/b/7") == (
            "both",
            {"ref": "RF-1", "number": 7},
        )
        assert second.bind("desk.example").build("first", {"page": 2}) == "/a/page/2"
