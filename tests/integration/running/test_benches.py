"""A short round of each measurement of `bench/`, so that none breaks unseen between two long ones.
How quick anything is, is no test's to say."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.types import Role
from app.core.clock import now
from app.core.session import db, reading, transaction
from app.meetings.models import Meeting
from app.meetings.types import MeetingState
from app.referrals.models import Child, Referral
from app.referrals.types import Outcome, ReferralState
from bench import documents, filling, load, mail, names, pages, serving
from bench.__main__ import LONG, NAMES, main
from bench.mail_server import mail_server
from bench.wrong import WentWrong
from tests.factories.meetings import (
    make_case,
    make_conference_line,
    make_council,
    make_known_child,
    make_meeting,
    make_person,
)


def test_every_measurement_can_be_asked_for() -> None:
    for name in NAMES + LONG:
        assert callable(importlib.import_module(f"bench.{name}").run)


def test_a_measurement_in_which_something_went_wrong_ends_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> Iterator[str]:
        yield "95 of 100 answers within 20 ms"
        raise WentWrong("SD-1 was not booked")

    monkeypatch.setattr(load, "run", run)
    monkeypatch.setattr(sys, "argv", ["bench", "load"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "WRONG: SD-1 was not booked" in capsys.readouterr().out


def test_what_is_loaded_is_what_the_unit_of_production_starts() -> None:
    program, application, *arguments = serving.as_in_use(12345)
    assert (program, application) == ("gunicorn", "wsgi:app")
    assert arguments[arguments.index("--bind") + 1] == "127.0.0.1:12345"
    assert "--workers" in arguments


@pytest.mark.long
def test_a_short_round_of_load_goes_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAD_PEOPLE", "6")
    monkeypatch.setenv("LOAD_SECONDS", "10")
    said = "\n".join(load.run())
    assert "errors: none" in said
    assert "each once" in said


def test_booking_twelve_and_sending_the_same_alone(
    app: Flask, signed_in: Callable[..., FlaskClient]
) -> None:
    with app.app_context(), transaction() as session:
        make_council(session)
        make_conference_line(session)
        make_known_child(session)
        for _ in range(mail.LETTERS + 2):
            make_person(session)
    browser = signed_in(Role.CHAIR)

    def ask(path: str, form: dict[str, str] | None) -> tuple[int, str]:
        answer = browser.get(path) if form is None else browser.post(path, data=form)
        return answer.status_code, answer.text

    (ref,) = mail.needed(app, Role.CHAIR, 1)
    mail.take_back_the_rest(app)
    mail.post(ask, ref, mail.form_for(ask, ref, mail.everybody(app)))
    letters = mail.queued(app)
    assert len({to for to, _content in letters}) == mail.LETTERS
    with mail_server() as clerk:
        assert mail.send_alone(letters, clerk) > 0
        assert clerk.nothing_left()


def test_every_page_that_is_measured_answers(
    app: Flask, signed_in: Callable[..., FlaskClient]
) -> None:
    with app.app_context(), transaction() as session:
        for state in (MeetingState.NEEDED, MeetingState.BOOKED):
            make_meeting(session, state, at=now())
    browser = signed_in(Role.CHAIR)
    for name, path in pages.paths(app).items():
        asked_by = app.test_client() if path == pages.SIGN_IN else browser
        assert asked_by.get(path).status_code == 200, name


def test_copies_of_a_record() -> None:
    calls = documents.measured()
    assert set(calls) == {"bare", "one", "everybody"}
    assert bytes(calls["one"]()).startswith(b"%PDF")  # type: ignore[call-overload]


def test_a_record_is_signed(app: Flask) -> None:
    sign = documents.signing(app, 1)
    sign()
    with app.app_context():
        signed = select(func.count()).where(Meeting.state == MeetingState.SIGNED)
        assert reading().execute(signed).scalar_one() == 1


def test_a_past_is_filled_in(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        begun = now() - timedelta(days=2)
        over = make_meeting(session, MeetingState.SIGNED, at=begun).referral_id
        make_case(session, at=begun)
        referral = session.get_one(Referral, over)
        referral.decided_at, referral.state = begun, ReferralState.DECIDED
        referral.outcome = Outcome.STRATEGY_DISCUSSION
    filled = filling.fill(app, 20, names.names_for(app, children=10))
    assert filled.referrals == 20
    with app.app_context():
        open_ = select(func.count()).where(Referral.decided_at.is_(None))
        assert reading().execute(open_).scalar_one() == 1
        for model in (Meeting, Child):
            assert reading().execute(select(func.count()).select_from(model)).scalar_one() > 20
        db.session.remove()


def test_a_process_that_has_ended_is_not_waited_for() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert serving.processor_seconds([os.getpid(), ended.pid]) > 0
    assert serving.processor_seconds([ended.pid]) == 0
    assert serving.processes_under(ended.pid) == []
    serving.wait_until_asleep([ended.pid])


def test_children_grow_with_the_referrals(app: Flask) -> None:
    assert names.children_of(1_000_000) == 1000 * names.children_of(1_000)
    made = names.names_for(app, names.AT_ONCE + 3)
    numbers = [row["n"] for stored, _keys in made.parts() for row in stored]
    assert numbers == list(range(names.AT_ONCE + 3))
