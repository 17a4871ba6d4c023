"""The collector's page: who may read it, and that it names routes, never addresses."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from app import create_app
from app.audit.service import viewed
from app.audit.types import SYSTEM, Subject
from app.cli.worker import worker
from app.core.clock import now
from app.core.session import transaction
from app.outbox.service import enqueue
from tests.conftest import settings_for
from tests.factories.mail import make_message
from tests.factories.meetings import make_meeting
from tests.factories.referrals import make_referral

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


def test_what_an_operator_watches_is_measured_without_a_name(app, client):
    long_ago = now() - timedelta(hours=3)
    with app.app_context(), transaction() as session:
        enqueue(session, make_message("amina@police.example"), long_ago)
        viewed(session, SYSTEM, "page", Subject("referral", "REF-1"), long_ago)
        referral = make_referral(session, received_at=long_ago - timedelta(days=3))
        ref = referral.ref
        make_meeting(session, at=long_ago, start=now() - timedelta(hours=1))
        sooner = make_meeting(session, at=long_ago, start=now() + timedelta(hours=1))
        sooner.sooner_due_at = now() - timedelta(minutes=1)
    page = client.get("/metrics").text
    figures = dict(
        line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#")
    )
    assert float(figures["oldest_mail_seconds"]) == pytest.approx(3 * 3600, abs=60)
    assert float(figures["unchained_views_seconds"]) == pytest.approx(3 * 3600, abs=60)
    assert figures["worker_seen_seconds"] == "+Inf"
    assert figures["database_up"] == "1.0"
    for kind in ("decide", "not_begun", "sooner"):
        assert figures[f'work_overdue{{kind="{kind}"}}'] == "1.0"
    for word in ("amina", "REF-1", ref):
        assert word not in page
    assert app.test_cli_runner().invoke(worker, ["--once"]).exit_code == 0
    assert (
        float(
            dict(
                line.rsplit(" ", 1)
                for line in client.get("/metrics").text.splitlines()
                if line.startswith("worker_seen_seconds ")
            )["worker_seen_seconds"]
        )
        < 60
    )


def test_a_database_that_is_away_is_measured_too(tmp_path):
    app = create_app(settings_for(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none"))
    page = app.test_client().get("/metrics")
    assert page.status_code == 200
    assert "database_up 0.0" in page.text
    assert "requests_total" in page.text
