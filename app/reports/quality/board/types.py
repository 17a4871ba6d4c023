"""A report to the board, ready to be shown or printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`value` in words; `share` is the length of its bar in hundredths, where there is one."""

    label: str
    value: str
    share: int | None = None

    @property
    def length(self) -> int:
        """The length of its bar on paper, in steps of five; never none where there is something."""
        return -5 * (-(self.share or 0) // 5)


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    label: str  # heads the first column
    value: str  # heads the second
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    says: str  # in a sentence, for whoever reads no table
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class BoardReport:
    key: str
    title: str
    period: str
    authority: str
    counted: str  # how far the dataset has come, in words
    sections: tuple[Section, ...]
