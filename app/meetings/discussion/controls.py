"""The controls of the chair's page: what each field says, who wrote it, and what could not be saved
laid over it (E1, E2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.clock import words_for_time
from app.meetings.discussion import rules
from app.meetings.discussion.enquiry_questions import CONFERENCE
from app.meetings.discussion.queries import Entries
from app.meetings.discussion.questions import PROTECTIONS
from app.meetings.discussion.shown import (
    Choice,
    ConflictShown,
    FieldShown,
    QuestionShown,
    ToldShown,
)
from app.meetings.discussion.types import (
    Circumstances,
    Kind,
    PageKept,
    Question,
    anchor,
    name_of_field,
    never,
)

NOT_DECIDED = "Not decided"


class Painter:
    """Makes controls out of what is kept, with what could not be saved laid over it."""

    def __init__(
        self, entries: Entries, reader: str, kept: PageKept, told: Mapping[str, str]
    ) -> None:
        self.entries = entries
        self.told = told
        self.reader = reader
        self.kept = kept
        self.found: list[tuple[str, str]] = []

    def control(
        self,
        scope: str,
        name: str,
        kind: str,
        label: str,
        hint: str = "",
        choices: Sequence[tuple[str, str]] = (),
        stored: tuple[str, int] | None = None,
    ) -> FieldShown:
        """`stored` is given for fields that live elsewhere than among the entries."""
        written = self.entries.get((scope, name))
        value, version = stored or ((written.value, written.version) if written else ("", 0))
        who = written.who if written and written.value and written.who != self.reader else ""
        key, id_ = name_of_field(scope, name), anchor(scope, name)
        conflict, error = None, ""
        if clash := self.kept.conflicts.get(key):
            value, version = clash.mine, clash.version
            theirs = dict(choices).get(clash.theirs, clash.theirs) or "Nothing"
            conflict = ConflictShown(theirs, clash.who, words_for_time(clash.at))
            self.found.append((id_, f"{label}: somebody else wrote here too"))
        elif refusal := self.kept.refused.get(key):
            value, error = refusal
            self.found.append((id_, f"{label}: {error}"))
        return FieldShown(
            id=id_,
            name=key,
            scope=scope,
            field=name,
            kind=kind,
            label=label,
            value=value,
            version=version,
            hint=hint,
            choices=tuple(
                Choice(id_ if place == 0 else f"{id_}-{place}", option, words, option == value)
                for place, (option, words) in enumerate(choices)
            ),
            written=f"{who}, {words_for_time(written.at)}" if written and who else "",
            conflict=conflict,
            error=error,
        )

    def question(self, scope: str, question: Question) -> FieldShown:
        options = [(option.value, option.label) for option in question.options]
        if question.kind is Kind.CHOICE:
            options.append(("", NOT_DECIDED))
        kind = {
            Kind.CHOICE: "choice",
            Kind.TICK: "tick",
            Kind.TEXT: "text",
        }.get(question.kind, "line")
        return self.control(scope, question.key, kind, question.label, question.hint, options)

    def block(self, scope: str, question: Question, child: Circumstances) -> QuestionShown:
        main = self.question(scope, question)
        with_reason = question.reason is not never
        not_decided = (
            self.control(scope, question.not_decided_key, "text", "Not decided, because")
            if question.undecidable
            else None
        )
        protected = withheld(self, scope, question) if question.protectable else None
        return QuestionShown(
            id=block_id(scope, question),
            shown=question.asked(child),
            main=main,
            reason_id=reason_block_id(scope, question),
            reason_shown=question.reason(child),
            reason=self.control(scope, question.reason_key, "text", question.reason_label)
            if with_reason
            else None,
            not_decided=not_decided,
            protected=protected,
            told=(
                ToldShown(scope, self.told.get(scope, "")) if question.key == CONFERENCE else None
            ),
            more_words=_more_words(not_decided, protected),
            more_open=any(
                extra is not None and bool(extra.value or extra.conflict or extra.error)
                for extra in (not_decided, protected)
            ),
        )


def withheld(painter: Painter, scope: str, question: Question, kind: str = "select") -> FieldShown:
    """Who may read what stands beside it in the record (F4)."""
    choices = [(option.value, option.label) for option in PROTECTIONS]
    label = "Who may read this in the record"
    return painter.control(scope, question.protected_key, kind, label, choices=choices)


def block_id(scope: str, question: Question) -> str:
    """Names the place of a question on the page."""
    return f"ask-{anchor(scope, question.key)}"


def reason_block_id(scope: str, question: Question) -> str:
    """Names the place of its reason."""
    return f"why-{anchor(scope, question.key)}"


def shown_blocks(scope: str, child: Circumstances) -> list[str]:
    """Which blocks of a child's questions show, for the page's script."""
    shown = []
    for question in rules.asked(child):
        shown.append(block_id(scope, question))
        if question.reason(child):
            shown.append(reason_block_id(scope, question))
    return shown


def _more_words(not_decided: FieldShown | None, protected: FieldShown | None) -> str:
    if not_decided and protected:
        return "Not decided, or not for every reader"
    return "Not decided, because" if not_decided else "Not for every reader"
