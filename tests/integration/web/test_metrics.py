"""The collector's page: who may read it, and that it names routes, never addresses."""

from __future__ import annotations

import dataclasses

import pytest

TOKEN = "k7" * 20


@pytest.fixture
def with_token(app):
    settings = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(settings, metrics_token=TOKEN)
    return app.test_client()


def test_routes_are_counted_by_name(client):
    client.get("/account/sessions/SECRET-REF/end")
    client.get("/sign-in?next=/referrals/SECRET-REF")
    client.open("/health", method="MADE-UP")
    page = client.get("/metrics")
    assert 'requests_total{method="GET",route="accounts.sign_in",status="200"} 1.0' in page.text
    assert "process_resident_memory_bytes" in page.text
    assert "SECRET-REF" not in page.text
    assert "MADE-UP" not in page.text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 403),
    ],
)
def test_without_a_token_only_this_machine(client, address, headers, status):
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_with_a_token_only_its_holder(with_token):
    assert with_token.get("/metrics").status_code == 403
    wrong = {"Authorization": "Bearer " + TOKEN[:-1]}
    assert with_token.get("/metrics", headers=wrong).status_code == 403
    right = {"Authorization": "Bearer " + TOKEN, "X-Forwarded-For": "192.0.2.7"}
    assert with_token.get("/metrics", headers=right).status_code == 200
