"""From the bytes of a list to checked lines."""

from __future__ import annotations

import pytest

from app.core.refusal import Refused
from app.directory import rules as directory
from app.directory.imports import rules
from app.directory.types import AgencyKind, ProfessionalRole
from app.protocols.working_days import is_bank_holiday
from tests.clock import FRIDAY

HEAD = "agency,kind,name,role,title,email,telephone,team,decision_maker,days,from,to,left\n"
SARA = "Oakfield,education,Sára Lind,teacher,,sara@oakfield.example,+44 1632 960300,,yes,,,,\n"


@pytest.mark.parametrize("encoding", ("utf-8", "utf-8-sig", "utf-16", "cp1252"))
@pytest.mark.parametrize("delimiter", (",", ";", "\t"))
@pytest.mark.parametrize("ends", ("\n", "\r\n"))
def test_what_spreadsheets_save_is_read(encoding, delimiter, ends):
    text = (HEAD + SARA).replace(",", delimiter).replace("\n", ends)
    (line,) = rules.read(text.encode(encoding)).lines
    assert (line.number, line.problem) == (2, "")
    row = rules.checked(line.cells)
    assert (row.name, row.kind, row.role) == (
        "Sára Lind",
        AgencyKind.EDUCATION,
        ProfessionalRole.TEACHER,
    )
    assert row.telephone == "+44 1632 960300"
    assert (row.team, row.decision_maker, row.left) == (None, True, False)


def test_headings_in_other_words_and_lines_that_are_empty():
    text = "Organisation;Name;E-mail;Decision maker\n;;;\n\nA;B;b@a.example;no\n"
    (line,) = rules.read(text.encode()).lines
    assert line.number == 4
    assert line.cells == {
        "agency": "A", "name": "B", "email": "b@a.example", "decision_maker": "no",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    (
        (b"", "names the columns"),
        (b"agency,name\n", "no line below"),
        (b"agency,name,shoe size\nA,B,42\n", "shoe size"),
        (b"agency,name,name\nA,B,C\n", "stands there twice"),
        (b"PK\x03\x04workbook", "save the sheet as CSV"),
        (b"agency,name\nA,B\x00\n", "no list of text"),
        (b"x" * (rules.MOST_BYTES + 1), "larger than 1 MB"),
        (b"agency,name\n" + b"A,B\n" * (rules.MOST_LINES + 1), "more than 2,000 lines"),
    ),
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(content, words):
    with pytest.raises(Refused, match=words) as refused:
        rules.read(content)
    assert refused.value.field == "file"


@pytest.mark.parametrize("cell", ("=1+1", "@SUM(A1)", "-2+3", "+cmd|' /C calc'!A0", "|x", "%0a"))
def test_a_cell_that_a_spreadsheet_would_run_is_named_by_its_line(cell):
    (good, bad) = rules.read(f'agency,name\nA,B\nA,"{cell}"\n'.encode()).lines
    assert good.problem == ""
    assert (bad.number, "would run" in bad.problem) == (3, True)
    # An apostrophe before it says that it is meant as words, and it still is no formula here.
    (again,) = rules.read(f'agency,name\nA,"\'{cell}"\n'.encode()).lines
    assert "would run" in again.problem


def test_an_open_quotation_mark_is_said_and_what_stands_before_it_is_read():
    (good, bad) = rules.read(b'agency,name\nA,B\nA,"C\nD,E\n').lines
    assert good.problem == "" and good.cells["name"] == "B"
    assert bad.number == 3 and "not closed" in bad.problem


def test_a_line_break_and_directions_within_a_cell_become_blanks():
    text = 'agency,name\nA,"B\r\nBcc: c\u202ed"\n'
    (line,) = rules.read(text.encode()).lines
    assert line.cells["name"] == "B Bcc: c d"


def test_more_cells_than_headings_are_said():
    (line,) = rules.read(b"agency,name\nA,Smith, Jo\n").lines
    assert "quotation marks" in line.problem


@pytest.mark.parametrize(
    ("cells", "field"),
    (
        ({"agency": "A"}, "name"),
        ({"name": "B"}, "agency"),
        ({"role": "wizard"}, "role"),
        ({"kind": "guild"}, "kind"),
        ({"email": "b at a"}, "email"),
        ({"telephone": "12"}, "telephone"),
        ({"team": "perhaps"}, "team"),
        ({"days": "Noday"}, "works_days"),
        ({"days": "Fri-Mon"}, "works_days"),
        ({"from": "09:00"}, "works_to"),
        ({"from": "17:00", "to": "09:00"}, "works_to"),
    ),
)
def test_each_mistake_in_a_line_is_refused_by_its_column(cells, field):
    whole = cells if "agency" in cells or "name" in cells else {"agency": "A", "name": "B", **cells}
    with pytest.raises(Refused) as refused:
        rules.checked(whole)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("typed", "days"),
    (("Mon-Fri", "12345"), ("Mon to Thu", "1234"), ("tuesday, THU", "24"), ("Wed", "3"),
     ("Mon – Wed & Fri", "1235"), ("Sat and Sun", "67")),
)  # fmt: skip
def test_days_as_people_write_them(typed, days):
    assert directory.days_from(typed) == days


def test_working_hours_in_words_and_whether_somebody_is_there():
    # FRIDAY is 20 November 2026, 16:45 in London.
    words = directory.working_hours_in_words
    assert words("12345", "09:00", "17:00") == "Monday to Friday, 09:00 to 17:00"
    assert words("24", None, None) == "Tuesday and Thursday"
    assert words("", None, None) == ""
    assert directory.is_at_work("", None, None, FRIDAY, is_bank_holiday)
    assert directory.is_at_work("5", "09:00", "17:00", FRIDAY, is_bank_holiday)
    assert not directory.is_at_work("5", "09:00", "16:45", FRIDAY, is_bank_holiday)
    assert not directory.is_at_work("1234", "09:00", "17:00", FRIDAY, is_bank_holiday)
    assert directory.working_hours("", "9:00", "17.30") == ("12345", "09:00", "17:30")
