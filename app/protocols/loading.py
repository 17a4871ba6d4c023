"""All protocols: the shipped ones and a council's own, put together and checked."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from app.protocols.problems import Problem, ProtocolError
from app.protocols.reading import AreaFile, read_area, read_shared
from app.protocols.types import Protocol

AREAS = Path(__file__).parent / "areas"
# Not an area: the rules without one, which hold in every protocol.
SHARED = AREAS / "_everywhere.toml"


def load_protocols(extra: Path | None = None) -> Mapping[str, Protocol]:
    """Every protocol by id: the shipped ones, then those in a council's own folder.

    Reads the files each time; the caller keeps the result. Raises ProtocolError, which names
    file, line and reason of every problem, so that a bad file is refused at start (B1).
    """
    shared = read_shared(SHARED)
    problems: list[Problem] = []
    protocols: dict[str, Protocol] = {}
    files: dict[str, Path] = {}
    for path in [*_areas(AREAS), *(council_files(extra) if extra else [])]:
        try:
            protocol = _build(path, shared)
        except ProtocolError as error:
            problems.extend(error.problems)
            continue
        if protocol.id in protocols:
            problems.append(
                Problem(
                    path,
                    1,
                    f'there is a protocol "{protocol.id}" already ({files[protocol.id]}): '
                    "choose another id, and name the file by it.",
                )
            )
            continue
        protocols[protocol.id] = protocol
        files[protocol.id] = path
    if problems:
        raise ProtocolError(problems)
    return protocols


def check_file(path: Path) -> Protocol:
    """The protocol that one file gives, together with the rules that hold everywhere.

    Raises ProtocolError, which names file, line and reason of every problem.
    """
    return _build(path, read_shared(SHARED))


def council_files(folder: Path) -> list[Path]:
    """The files of a council's own folder that are read, by name. Raises ProtocolError where the
    folder is not there, or where this user may not look into it."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".toml")
    except PermissionError:
        what = "this user may not look into this folder: mend its owner and mode."
    except OSError:
        what = (
            "this folder does not exist: make it (flask restore brings its files from a backup), "
            "or unset PROTOCOLS_DIR."
        )
    raise ProtocolError([Problem(folder, 1, what)])


def _areas(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith("_"))


def _build(path: Path, shared: AreaFile) -> Protocol:
    area = read_area(path, shared.documents)
    taken = {rule.id for rule in shared.rules}
    problems = [
        Problem(
            path,
            line,
            f'rule id "{rule.id}" belongs to a rule that holds in every protocol: '
            "choose another id.",
        )
        for rule, line in zip(area.rules, area.rule_lines, strict=True)
        if rule.id in taken
    ]
    if problems:
        raise ProtocolError(problems)
    own = {document.short_name for document in area.documents}
    return Protocol(
        id=area.id,
        name=area.name,
        version=area.version,
        source=area.source,
        ratings=area.ratings,
        documents=(
            *area.documents,
            *(document for document in shared.documents if document.short_name not in own),
        ),
        # Shared rules first: on a tie the rule listed first sets the deadline.
        rules=(*shared.rules, *area.rules),
        ways=area.ways.over(shared.ways),
        forms=area.forms,
        reminders=(shared.reminders if area.reminders is None else area.reminders) or (),
        retention=area.retention or shared.retention,
        digest=sha256("\0".join((shared.text, area.text)).encode()).hexdigest()[:16],
        series=area.series,
        escalation=area.escalation or shared.escalation,
    )
