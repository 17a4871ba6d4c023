"""What people see and what the log holds when something fails."""

from __future__ import annotations

import pytest
from flask import Flask, abort, request
from sqlalchemy import event, text

from app.core.session import db, transaction
from app.web.access import Everyone, access
from app.web.headers import HEADERS
from tests.page_form import form_of

CANARY = "Quillfeather-Thistlewood"


@pytest.fixture
def said(capfd):
    """What reaches standard error, from before the application is made."""
    return capfd


@pytest.fixture
def failing(said, app: Flask):
    """The application with pages that fail while holding what a person typed."""

    @access(Everyone())
    def fail():
        return str(int(request.values["name"]))

    @access(Everyone())
    def fail_in_database():
        with transaction() as session:
            session.execute(
                text("INSERT INTO installation (id, example) VALUES (1, :typed)"),
                {"typed": request.values["name"]},
            )
        return ""

    @access(Everyone())
    def fail_twice():
        try:
            int(request.values["name"])
        except ValueError as error:
            raise RuntimeError(f"cannot take {request.values['name']}") from error

    @app.post("/closed")
    def undeclared():
        return ""

    for view in (fail, fail_in_database, fail_twice):
        app.add_url_rule(f"/{view.__name__}", view_func=view, methods=["GET", "POST"])
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.mark.parametrize("path", ["/fail", "/fail_in_database", "/fail_twice"])
@pytest.mark.parametrize("way", ["form", "query_string"])
def test_what_people_typed_stays_out_of_the_log(failing, path, way, said, caplog):
    answer = failing.test_client().open(
        path,
        method="POST" if way == "form" else "GET",
        **{"data" if way == "form" else "query_string": {"name": CANARY}},
    )
    assert answer.status_code == 500
    # What was sent is given back to whoever sent it, and nowhere else.
    assert (CANARY in answer.text) == (way == "form")
    out = "".join(said.readouterr()) + caplog.text
    assert CANARY not in out
    assert "fault" in out  # it was logged
    assert "test_errors.py" in out  # with the place
    assert "Error" in out  # and the kind


@pytest.mark.parametrize(
    ("path", "status"), [("/closed", 403), ("/no-such-page", 404), ("/too_late", 409)]
)
def test_a_form_that_is_refused_gives_back_what_was_typed_and_no_password(failing, path, status):
    def too_late():
        abort(409)

    failing.add_url_rule("/too_late", view_func=access(Everyone())(too_late), methods=["POST"])
    answer = failing.test_client().post(path, data={"why": CANARY, "password": "correct horse"})
    assert answer.status_code == status
    assert CANARY in answer.text
    assert "correct horse" not in answer.text


def test_a_form_that_is_too_old_gives_back_what_was_typed(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/sign-in", data={"email": CANARY, "csrf_token": "of another day"})
    assert answer.status_code == 400
    assert "too old to be sent" in answer.text
    assert CANARY in answer.text


@pytest.mark.parametrize("path", ["/sign-in", "/nothing-here", "/attend/report"])
@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://desk.example.org"}, True),
        ({"Origin": "http://localhost"}, False),
    ],
)
def test_no_error_page_shows_what_another_website_sent(app, client, path, headers, ours):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post(path, data={"why": CANARY}, headers=headers)
    assert answer.status_code in (400, 404)
    assert (CANARY in answer.text) == ours


def test_what_was_chosen_does_not_come_back_as_a_word_of_the_machine(client):
    answer = client.post("/nothing-here", data={"concern": "physical_abuse", "why": CANARY})
    assert CANARY in answer.text
    assert "physical_abuse" not in answer.text


def test_the_error_page_needs_no_database(app, client):
    def broken(*_):
        raise RuntimeError("the database is gone")

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", broken)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "a token to look up"
    answer = client.get("/account")
    assert answer.status_code == 500
    assert "Something failed on our side" in answer.text
    assert "govuk" in answer.text


def test_even_where_the_error_page_fails_nothing_typed_is_logged(failing, said, monkeypatch):
    def broken(name):
        raise RuntimeError(f"no template {name} for {request.values['name']}")

    monkeypatch.setattr(failing.jinja_env, "get_template", broken)
    answer = failing.test_client().post("/fail", data={"name": CANARY})
    assert answer.status_code == 500
    out = "".join(said.readouterr())
    assert CANARY not in out + answer.text
    assert "fault" in out


def test_nor_by_flask_itself_where_an_answer_cannot_be_finished(failing, said, caplog):
    def broken(response):
        raise RuntimeError(f"cannot finish for {request.values['name']}")

    failing.after_request(broken)
    answer = failing.test_client().post("/sign-in", data={"name": CANARY})
    assert answer.status_code == 500
    out = "".join(said.readouterr())
    assert CANARY not in out
    assert "RuntimeError" in out
    # Flask's own line holds the address, and an address may hold a link's token.
    assert "Exception on /sign-in" not in caplog.text


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/health", "GET", 200),
        ("/account", "GET", 303),
        ("/closed", "POST", 403),
        ("/no-such-page", "GET", 404),
        ("/health", "POST", 405),
        ("/sign-in", "POST", 413),
        ("/fail?name=x", "GET", 500),
        ("/static/css/app.css", "GET", 200),
        ("/static/no-such-file.css", "GET", 404),
        ("/sign-in", "OPTIONS", 200),
    ],
)
def test_every_response_carries_the_security_headers(failing, path, method, status):
    if status == 413:
        failing.config["MAX_CONTENT_LENGTH"] = failing.config["MAX_FORM_MEMORY_SIZE"] = 10
    data = {"email": "x" * 100} if method == "POST" else None
    answer = failing.test_client().open(path, method=method, data=data)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    if "static" not in path:
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_form_without_its_token_is_refused_in_words(said, app, client):
    answer = client.post("/sign-in", data={"email": CANARY, "password": CANARY})
    assert answer.status_code == 400
    assert "too old to be sent" in answer.text
    assert CANARY not in "".join(said.readouterr())


def test_floods_from_one_address_are_refused(app, client):
    app.config["WTF_CSRF_ENABLED"] = False
    answers = [client.post("/sign-in", data={}).status_code for _ in range(61)]
    assert set(answers[:60]) == {422}
    assert answers[60] == 429
    assert client.get("/sign-in").status_code == 200


def test_behind_tls_a_form_is_taken_without_a_referer(client):
    # Our own policy keeps browsers from sending one.
    behind_tls = {"base_url": "https://localhost"}
    form = form_of(client.get("/sign-in", **behind_tls).text, "/sign-in")
    answer = client.post("/sign-in", data=form | {"email": ""}, **behind_tls)
    assert answer.status_code == 422
    assert "Enter your email address" in answer.text
