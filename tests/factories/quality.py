"""Samples drawn, and who somebody is that a browser is signed in as."""

from __future__ import annotations

from app.accounts.queries import staff_by_session_token
from app.core.clock import now
from app.core.session import reading
from app.reports.quality.sample import queries as samples
from app.reports.quality.sample.models import AuditSample
from tests.page_form import press


def drawn(app, browser, month) -> AuditSample:
    press(browser, "/quality/samples", "/quality/samples", month=month.key)
    with app.app_context():
        held = samples.of_month(reading(), month.start)
        assert held is not None
        return held


def id_of(app, browser) -> int:
    with browser.session_transaction() as cookie:
        token = cookie["_user_id"]
    with app.app_context():
        return staff_by_session_token(reading(), token, now()).id
