"""Settings of single sign-on that are refused at start (H1, I2)."""

from __future__ import annotations

import dataclasses

import pytest

from app.core.sign_on import read_sign_on

GOOD = {
    "OIDC_ISSUER": "https://login.council.example/tenant/v2.0",
    "OIDC_CLIENT_ID": "desk",
    "OIDC_CLIENT_SECRET": "k8fJ2mPq9sVt4xZa",
}


def test_without_any_there_is_none_and_a_good_one_is_safe():
    assert read_sign_on({"OIDC_ISSUER": ""}) is None
    held = read_sign_on(GOOD | {"OIDC_SECOND_FACTOR": "mfa, hwk,"})
    assert held.problems(loopback_only=False) == []
    assert held.second_factor == {"mfa", "hwk"}
    assert not held.only
    assert GOOD["OIDC_CLIENT_SECRET"] not in repr(held)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"OIDC_ISSUER": ""}, "OIDC_ISSUER is missing"),
        ({"OIDC_ISSUER": "http://login.council.example"}, "does not start with https://"),
        ({"OIDC_ISSUER": "https://login.council.example?a=b"}, "is not an issuer"),
        ({"OIDC_ISSUER": "https://me:pw@login.council.example"}, "is not an issuer"),
        ({"OIDC_ISSUER": "login.council.example"}, "is not an issuer"),
        ({"OIDC_ISSUER": "https://[::1"}, "is not an address"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID is missing"),
        ({"OIDC_CLIENT_SECRET": "short"}, "OIDC_CLIENT_SECRET is missing or shorter"),
    ],
)
def test_each_unsafe_value_is_named(changes, named):
    found = read_sign_on(GOOD | changes).problems(loopback_only=False)
    assert [problem for problem in found if named in problem], found


def test_an_example_area_asks_a_provider_of_this_machine_alone():
    held = read_sign_on(GOOD)
    assert held.problems(loopback_only=True)
    here = dataclasses.replace(held, issuer="http://127.0.0.1:9000")
    assert here.problems(loopback_only=True) == []
    assert here.problems(loopback_only=False)
