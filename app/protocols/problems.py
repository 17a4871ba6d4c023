"""What is wrong with a protocol file, in words for the person who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the file, the line (from 1) and the reason."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class ProtocolError(ValueError):
    """Raised where protocol files cannot be used. Holds every problem; the first leads."""

    def __init__(self, problems: list[Problem]) -> None:
        if not problems:
            raise ValueError("a protocol error needs at least one problem")
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    @property
    def file(self) -> Path:
        return self.problems[0].file

    @property
    def line(self) -> int:
        return self.problems[0].line

    @property
    def reason(self) -> str:
        return self.problems[0].reason
