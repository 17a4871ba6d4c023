"""The log says kinds and places, never what a message held."""

from __future__ import annotations

import errno
import logging

from app.core.logging import DISK_FULL, set_up, what_to_do, where_it_failed

CANARY = "Quillfeather"


def failing():
    try:
        int(CANARY)
    except ValueError as error:
        raise KeyError(CANARY) from error


def test_kinds_and_places_of_an_error_and_its_cause():
    try:
        failing()
    except KeyError as error:
        found = where_it_failed(error)
    assert [line.split(" at ")[0] for line in found] == ["builtins.ValueError", "builtins.KeyError"]
    assert all("test_where_it_failed.py" in line and "failing" in line for line in found)
    assert CANARY not in repr(found)


def test_errors_that_go_round_in_a_circle_end():
    one, two = ValueError(CANARY), KeyError(CANARY)
    one.__cause__, two.__cause__ = two, one
    assert len(where_it_failed(one)) == 2


def test_libraries_log_no_message_of_an_error_either(capsys):
    set_up(False)
    try:
        failing()
    except KeyError:
        logging.getLogger("some.library").exception("it failed")
    said = capsys.readouterr().err
    assert "it failed" in said
    assert "library=some.library" in said
    assert "builtins.KeyError at" in said
    assert CANARY not in said


def test_a_full_disk_is_named_whoever_found_it():
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise KeyError(CANARY) from error
    except KeyError as error:
        assert what_to_do(error) == DISK_FULL
    assert what_to_do(OSError(errno.ENOENT, "No such file")) is None
