"""Files: what is shipped, what a council adds, and what each mistake is answered with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.protocols.loading import SHARED, check_file, load_protocols
from app.protocols.problems import ProtocolError
from app.protocols.toml_lines import line_of, lines_of
from app.protocols.types import Clock, FormKind, Kind, Rating

SHIPPED = {
    "blackburn", "bromley", "bury", "camden", "derby", "london", "merton", "north-lincolnshire",
    "nottinghamshire", "sandwell",
}  # fmt: skip

GOOD = """\
id = "exampleshire"
name = "Exampleshire"
version = "2026.1"
source = "EXA"
ratings = ["red", "amber", "green"]

[documents]
EXA = "Exampleshire, Strategy discussions (2026)"

[[rule]]
id = "two-days"
clock = "strategy_discussion"
kind = "standard"
unit = "working_days"
within = 2
start = ["identified_at", "received_at"]
force = "limit"
source = "EXA 4.2"
reason = "Two working days."

[[rule]]
id = "rag-red"
clock = "information_gathering"
kind = "exception"
when = { rag = "red" }
unit = "same_day"
start = ["received_at"]
force = "target"
source = "EXA 3"
reason = "The same day."
"""


def write(folder: Path, text: str, name: str = "exampleshire.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line(text: str, of: str) -> int:
    """The line of the first place where `of` stands."""
    return text[: text.index(of)].count("\n") + 1


def test_what_is_shipped() -> None:
    protocols = load_protocols()
    assert set(protocols) == SHIPPED
    for protocol in protocols.values():
        ids = [rule.id for rule in protocol.rules]
        assert len(ids) == len(set(ids))
        assert all(rule.source and rule.document for rule in protocol.rules)
        assert all(re.search(r"[.]$", rule.reason) for rule in protocol.rules)
        assert (Rating.BLUE in protocol.ratings) is (protocol.id == "merton")


def test_shared_rules_stand_in_one_file_and_come_first() -> None:
    protocols = load_protocols()
    everywhere = protocols["london"].rules
    assert {rule.clock for rule in everywhere} == set(Clock) - {
        Clock.INFORMATION_GATHERING,
        Clock.DOMESTIC_ABUSE_DISCUSSION,
    }
    for protocol in protocols.values():
        assert protocol.rules[: len(everywhere)] == everywhere
    for path in SHARED.parent.glob("[!_]*.toml"):
        text = path.read_text("utf-8")
        assert not any(f'"{rule.id}"' in text for rule in everywhere)


def test_a_council_adds_its_own_file(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "not read", "README.md")
    protocols = load_protocols(tmp_path)
    assert set(protocols) == SHIPPED | {"exampleshire"}
    own = protocols["exampleshire"]
    assert [rule.id for rule in own.rules[-2:]] == ["two-days", "rag-red"]
    assert own.rules[-1].kind is Kind.EXCEPTION
    assert own.rules[-1].document == "Exampleshire, Strategy discussions (2026)"


def test_the_worked_example_of_the_handbook_is_good(tmp_path: Path) -> None:
    handbook = (SHARED.parents[3] / "docs" / "protocols.md").read_text("utf-8")
    example = handbook.split("```toml\n")[1].split("```")[0]
    assert check_file(write(tmp_path, example)).id == "exampleshire"


def test_the_digest_follows_every_change(tmp_path: Path) -> None:
    before = check_file(write(tmp_path, GOOD)).digest
    after = check_file(write(tmp_path, GOOD.replace("within = 2", "within = 3"))).digest
    assert before != after


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "exampleshire.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    found = check_file(path)
    assert found.digest == check_file(write(tmp_path, GOOD)).digest


def test_the_document_with_the_longest_name_is_the_cited_one(tmp_path: Path) -> None:
    text = GOOD.replace("[[rule]]", '"EXA 4.2" = "The annex"\n\n[[rule]]', 1)
    two_days, rag_red = check_file(write(tmp_path, text)).rules[-2:]
    assert two_days.document == "The annex"
    assert rag_red.document == "Exampleshire, Strategy discussions (2026)"


@pytest.mark.parametrize(
    ("change", "to", "at", "reason"),
    [
        ('unit = "working_days"', 'unit = "fortnights"', "unit =", 'unknown unit "fortnights"'),
        ('unit = "working_days"', "unit = 3", "unit =", 'unknown unit "3"'),
        ('clock = "strategy', 'clock = "tragedy', "clock =", 'unknown clock "tragedy_discussion"'),
        ('kind = "standard"', 'kind = "rare"', "kind =", 'unknown kind "rare"'),
        ('force = "limit"', 'force = "law"', "force =", 'unknown force "law"'),
        ('"identified_at"', '"guessed_at"', "start =", 'unknown start fact "guessed_at"'),
        ('["identified_at", "received_at"]', "[]", "start =", '"start" is a list of one or more'),
        ('source = "EXA 4.2"\n', "", "[[rule]]", 'rule "two-days" has no source'),
        ('source = "EXA 4.2"', 'source = " "', 'source = " "', '"source" is empty'),
        ('"EXA 4.2"', '"EXAMPLE 4"', 'source = "EXAMPLE', "begins with no known document"),
        ("within = 2", "within = 0", "within =", '"within" is 0'),
        ("within = 2", "within = -2", "within =", '"within" is -2'),
        ("within = 2", "within = 99999", "within =", '"within" is 99999'),
        ("within = 2", "within = 2.5", "within =", "whole number"),
        ("within = 2", "within = true", "within =", "whole number"),
        ("within = 2\n", "", "[[rule]]", '"within" is missing'),
        ('unit = "same_day"', 'unit = "same_day"\nwithin = 1', "within = 1", "takes no number"),
        ('reason = "Two working days."\n', "", "[[rule]]", '"reason" is missing'),
        ('id = "two-days"', 'id = "Two days"', 'id = "Two days"', "is not usable"),
        ('id = "two-days"', 'id = "rag-red"', 'id = "rag-red"\nclock = "inf', "is used twice"),
        ('id = "two-days"', 'id = "complex"', 'id = "complex"', "holds in every protocol"),
        ("within = 2", "within = 2\nwithing = 3", "withing", 'unknown key "withing"'),
        ('rag = "red" }', 'moon = "full" }', "when =", 'unknown condition "moon"'),
        ('{ rag = "red" }', '{ flags = ["odd"] }', "when =", 'unknown flag "odd"'),
        ('{ rag = "red" }', '{ rag = "blue" }', "when =", "not among the ratings"),
        ('{ rag = "red" }', '{ domestic_abuse = "low" }', "when =", "unknown domestic abuse risk"),
        ('{ rag = "red" }', '"sometimes"', "when =", '"when" is "always"'),
        ('{ rag = "red" }', "{}", "when =", '"when" is "always"'),
        ('when = { rag = "red" }\n', "", '[[rule]]\nid = "rag', "an exception says when"),
        ('id = "exampleshire"', 'id = "elsewhere"', "id =", "differs from the file's name"),
        ('name = "Exampleshire"\n', "", "id =", '"name" is missing'),
        ('version = "2026.1"', "version = 2026", "version", '"version" is empty or no text'),
        ('source = "EXA"\n', "", "id =", "this protocol has no source"),
        ('"amber", "green"', '"amber", "mauve"', "ratings", 'unknown rating "mauve"'),
        ('"amber", "green"', '"amber", "red"', "ratings", "twice"),
        ("[documents]", "[papers]", "[papers]", 'unknown key "papers"'),
        ("[[rule]]\nid = \"two", "[[rules]]\nid = \"two", "[[rules]]", 'unknown key "rules"'),
        ("within = 2", "within =", "within =", "this is not valid TOML: Invalid value"),
        ("within = 2", "within = 2\nwithin = 3", "within = 3", "this is not valid TOML"),
        ('"The same day."\n', '"The same day.', '"The same day.', "this is not valid TOML"),
    ],
)  # fmt: skip
def test_each_mistake_names_file_line_and_reason(
    tmp_path: Path, change: str, to: str, at: str, reason: str
) -> None:
    assert change in GOOD
    text = GOOD.replace(change, to, 1)
    path = write(tmp_path, text)
    with pytest.raises(ProtocolError) as caught:
        load_protocols(tmp_path)
    found = [problem for problem in caught.value.problems if reason in problem.reason]
    assert [(problem.file, problem.line) for problem in found] == [(path, line(text, at))]
    assert f"{path}, line {line(text, at)}: " in str(caught.value)


def test_every_mistake_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = GOOD.replace("within = 2", "within = 0").replace('"2026.1"', '""')
    with pytest.raises(ProtocolError) as caught:
        check_file(write(tmp_path, text))
    assert [problem.line for problem in caught.value.problems] == [3, 15]
    assert (caught.value.line, caught.value.file.name) == (3, "exampleshire.toml")
    assert "version" in caught.value.reason


def test_a_rule_that_is_no_table_of_its_own(tmp_path: Path) -> None:
    text = GOOD.split("[[rule]]")[0] + "[rule]\nid = 'x'\n"
    with pytest.raises(ProtocolError, match=r"\[\[rule\]\]") as caught:
        check_file(write(tmp_path, text))
    assert caught.value.line == line(text, "[rule]")


def test_a_shipped_id_is_not_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("exampleshire", "bury"), "bury.toml")
    with pytest.raises(ProtocolError, match='a protocol "bury" already') as caught:
        load_protocols(tmp_path)
    assert caught.value.file == path


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "exampleshire.toml"
    path.write_bytes(b'id = "exampleshire"\nname = "\xff"\n')
    with pytest.raises(ProtocolError, match="UTF-8") as caught:
        load_protocols(tmp_path)
    assert caught.value.line == 2


def test_a_folder_or_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="folder does not exist"):
        load_protocols(tmp_path / "nowhere")
    with pytest.raises(ProtocolError, match="cannot be read"):
        check_file(tmp_path / "nowhere.toml")


def test_lines_past_long_strings_comments_and_lists() -> None:
    text = '''\
# a = 1
first = """
[[rule]]
not = "a key"
"""
[a.b]   # [[c]]
x."y z" = [ # one's ]
  "]", {k = "}"},
]
after = 'it\\'
[[c]]
k = 1
[[c]]
k = 2
[c.d]
deep = true
'''
    lines = lines_of(text)
    assert lines[("first",)] == 2
    assert lines[("a", "b")] == 6
    assert lines[("a", "b", "x", "y z")] == 7
    assert lines[("a", "b", "after")] == 10
    assert lines[("c", 0, "k")] == 12
    assert lines[("c", 1, "k")] == 14
    assert lines[("c", 1, "d", "deep")] == 16
    assert ("rule", 0) not in lines
    assert line_of(lines, ("c", 1, "missing")) == 13
    assert line_of(lines, ("nowhere",)) == 1


FORM = """
[[form]]
kind = "police_request"
name = "Form 12"
source = "EXA 5"
reason = "The police are asked."
"""


def test_only_an_area_whose_document_names_a_form_has_it(tmp_path: Path) -> None:
    protocols = load_protocols()
    asked = protocols["bromley"].form(FormKind.POLICE_REQUEST)
    medical = protocols["bromley"].form(FormKind.MEDICAL)
    assert asked is not None and asked.name == "Form 87A" and asked.source == "BROMLEY 1"
    assert medical is not None and medical.call_again_after == 10
    assert not any(one.forms for one in protocols.values() if one.id != "bromley")
    own = check_file(write(tmp_path, GOOD + FORM)).form(FormKind.POLICE_REQUEST)
    assert own is not None and own.document == "Exampleshire, Strategy discussions (2026)"


def test_reminders_are_those_of_everywhere_unless_the_area_says_otherwise(tmp_path: Path) -> None:
    assert load_protocols()["london"].reminders == (24, 2)
    head = GOOD.replace("[documents]", "reminders = [1, 48, 1]\n[documents]")
    assert check_file(write(tmp_path, head)).reminders == (48, 1)
    none = GOOD.replace("[documents]", "reminders = []\n[documents]")
    assert check_file(write(tmp_path, none)).reminders == ()


@pytest.mark.parametrize(
    ("text", "wrong", "reason"),
    (
        (GOOD + FORM.replace('"police_request"', '"fax"'), '"fax"', "unknown kind of form"),
        (GOOD + FORM.replace('source = "EXA 5"\n', ""), "[[form]]", "no source"),
        (GOOD + FORM + "call_again_after = 0\n", "call_again_after", "whole number of minutes"),
        (GOOD + FORM + "colour = 1\n", "colour", 'unknown key "colour"'),
        (
            GOOD.replace("[documents]", "reminders = [0]\n[documents]"),
            "reminders",
            "whole hours before",
        ),
    ),
)
def test_mistakes_in_forms_and_reminders_are_named_by_line(
    tmp_path: Path, text: str, wrong: str, reason: str
) -> None:
    with pytest.raises(ProtocolError) as refused:
        check_file(write(tmp_path, text))
    (problem,) = refused.value.problems
    assert reason in problem.reason
    assert problem.line == line(text, wrong)
