"""From when on a figure is worth a warning, or has to be mended."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.cli.checkup import rules
from app.cli.checkup.types import Verdict
from tests.clock import FRIDAY

OK, WARNING, MEND = Verdict.OK, Verdict.WARNING, Verdict.MEND
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("ago", "verdict"),
    [(None, MEND), (MINUTE, OK), (6 * MINUTE, MEND), (-MINUTE, OK), (-2 * HOUR, MEND)],
)
def test_worker(ago, verdict):
    assert rules.worker(None if ago is None else FRIDAY - ago, FRIDAY).verdict is verdict


@pytest.mark.parametrize(
    ("ago", "held", "verdict"),
    [
        (None, False, OK), (MINUTE, False, OK), (11 * MINUTE, False, WARNING),
        (2 * HOUR, False, MEND), (None, True, MEND), (-2 * HOUR, False, MEND),
    ],
)  # fmt: skip
def test_mail(ago, held, verdict):
    oldest = None if ago is None else FRIDAY - ago
    found = rules.mail_waiting(oldest, FRIDAY - HOUR if held else None, FRIDAY)
    assert found.verdict is verdict


@pytest.mark.parametrize(("ago", "verdict"), [(None, OK), (MINUTE, OK), (6 * MINUTE, MEND)])
def test_views(ago, verdict):
    assert rules.views(None if ago is None else FRIDAY - ago, FRIDAY).verdict is verdict


@pytest.mark.parametrize(
    ("ago", "verdict"), [(None, MEND), (25 * HOUR, OK), (27 * HOUR, WARNING), (4 * DAY, MEND)]
)
def test_backup(ago, verdict):
    assert rules.backup(None if ago is None else FRIDAY - ago, FRIDAY).verdict is verdict


@pytest.mark.parametrize(("left", "verdict"), [(90, OK), (30, WARNING), (-1, MEND)])
def test_seal_certificate(left, verdict):
    assert rules.seal_certificate(FRIDAY + left * DAY, FRIDAY).verdict is verdict


@pytest.mark.parametrize(("left", "verdict"), [(30, OK), (10, WARNING)])
def test_tls_certificate(left, verdict):
    assert rules.tls_certificate(FRIDAY + left * DAY, FRIDAY).verdict is verdict


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0.1, OK), (-0.1, OK), (5, WARNING), (-7200, MEND), (7200, MEND)]
)
def test_clock(seconds, verdict):
    assert rules.clock(timedelta(seconds=seconds)).verdict is verdict


@pytest.mark.parametrize(
    ("free", "verdict"), [(10 << 30, OK), (1 << 30, WARNING), (100 << 20, MEND)]
)
def test_disk(free, verdict):
    assert rules.disk("DATA_DIR", free).verdict is verdict


@pytest.mark.parametrize(
    ("today", "verdict"),
    [(date(2026, 11, 22), OK), (date(2028, 3, 1), WARNING), (date(2028, 12, 1), MEND)],
)
def test_bank_holidays(today, verdict):
    assert rules.bank_holidays(date(2028, 12, 31), today).verdict is verdict


def test_fonts():
    assert rules.fonts([]).verdict is OK
    found = rules.fonts(["Bengali", "Gurmukhi"])
    assert found.verdict is WARNING and "no letters of Bengali, Gurmukhi" in found.seen


def test_whatever_is_not_well_says_what_to_do():
    for found in (
        rules.worker(None, FRIDAY),
        rules.mail_waiting(FRIDAY - DAY, None, FRIDAY),
        rules.views(FRIDAY - DAY, FRIDAY),
        rules.backup(None, FRIDAY),
        rules.backup(FRIDAY, FRIDAY, 2),
        rules.clock(HOUR),
        rules.disk("DATA_DIR", 0),
    ):
        assert found.remedy.endswith(".")
