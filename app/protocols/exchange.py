"""Facts and deadlines as plain JSON values, in and out, with nothing lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from app.protocols.types import (
    AlsoApplied,
    Clock,
    ClockError,
    DomesticAbuseRisk,
    Due,
    Facts,
    FactsError,
    Flag,
    Force,
    Kind,
    Protocol,
    Rating,
    Snapshot,
    StartFact,
)

Choice = TypeVar("Choice", bound=StrEnum)

FACT_NAMES = (*StartFact, "flags", "rag", "domestic_abuse")
SNAPSHOT_FORMAT = 1


def facts_from(values: Mapping[str, Any]) -> Facts:
    """Facts from JSON values: moments in ISO 8601 with offset, flags as a list; null is absent.

    Raises FactsError for an unknown name, flag, rating or risk and for a moment without offset.
    """
    for name in values:
        if name not in FACT_NAMES:
            raise FactsError(f'Unknown fact "{name}": use {", ".join(FACT_NAMES)}.')
    moments = {
        fact.value: _moment(fact, values[fact])
        for fact in StartFact
        if values.get(fact) is not None
    }
    flags = values.get("flags")
    if flags is None:
        flags = []
    if not isinstance(flags, list):
        raise FactsError(f"flags is a list of {', '.join(Flag)}.")
    return Facts(
        **moments,
        flags=frozenset(_one_of(Flag, "flag", flag) for flag in flags),
        rag=_optional(Rating, "rag", values.get("rag")),
        domestic_abuse=_optional(DomesticAbuseRisk, "domestic_abuse", values.get("domestic_abuse")),
    )


def facts_to(facts: Facts) -> dict[str, Any]:
    """The JSON values of facts; what is not known is left out. Moments are UTC."""
    values: dict[str, Any] = {
        fact.value: moment.isoformat()
        for fact in StartFact
        if (moment := facts.at(fact)) is not None
    }
    if facts.flags:
        values["flags"] = sorted(facts.flags)
    if facts.rag is not None:
        values["rag"] = facts.rag.value
    if facts.domestic_abuse is not None:
        values["domestic_abuse"] = facts.domestic_abuse.value
    return values


def snapshot(
    protocol: Protocol, facts: Facts, dues: Mapping[Clock, Due | ClockError]
) -> dict[str, Any]:
    """What a discussion keeps: protocol, version, facts and reasons, as JSON values (B1).

    It needs no protocol file to be read again, so later edits never rewrite history.
    """
    return {
        "format": SNAPSHOT_FORMAT,
        "protocol": {
            "id": protocol.id,
            "name": protocol.name,
            "version": protocol.version,
            "digest": protocol.digest,
        },
        "facts": facts_to(facts),
        "clocks": {clock.value: _answer_to(answer) for clock, answer in dues.items()},
    }


def restore(kept: Mapping[str, Any]) -> Snapshot:
    """A snapshot back from its JSON values. Raises ValueError for an unknown format."""
    if kept.get("format") != SNAPSHOT_FORMAT:
        raise ValueError(
            f"this snapshot has the format {kept.get('format')!r} and format {SNAPSHOT_FORMAT} "
            "can be read: run the version of the product that wrote it"
        )
    protocol = kept["protocol"]
    return Snapshot(
        protocol_id=protocol["id"],
        protocol_name=protocol["name"],
        protocol_version=protocol["version"],
        protocol_digest=protocol["digest"],
        facts=facts_from(kept["facts"]),
        clocks={
            Clock(clock): _answer_from(Clock(clock), answer)
            for clock, answer in kept["clocks"].items()
        },
    )


def _moment(name: str, value: object) -> datetime:
    try:
        if not isinstance(value, str):
            raise ValueError("not text")
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise FactsError(
            f"{name} is {value!r}, which is no moment: write it like 2026-11-18T09:00:00+00:00."
        ) from error
    # Facts refuses a moment without offset, and names it.
    return moment


def _one_of(choices: type[Choice], what: str, value: object) -> Choice:
    if not isinstance(value, str) or value not in list(choices):
        raise FactsError(f"Unknown {what} {value!r}: use {', '.join(choices)}.")
    return choices(value)


def _optional(choices: type[Choice], what: str, value: object) -> Choice | None:
    return None if value is None else _one_of(choices, what, value)


def _answer_to(answer: Due | ClockError) -> dict[str, Any]:
    if isinstance(answer, ClockError):
        return {"error": answer.error}
    return {
        "due": answer.due_at.isoformat(),
        "rule": answer.rule,
        "kind": answer.kind.value,
        "force": answer.force.value,
        "label": answer.label,
        "summary": answer.summary,
        "reason": answer.reason,
        "source": answer.source,
        "document": answer.document,
        "start_fact": answer.start_fact.value,
        "start": answer.start_at.isoformat(),
        "also": [
            {
                "rule": other.rule,
                "kind": other.kind.value,
                "force": other.force.value,
                "source": other.source,
                "summary": other.summary,
                "set_aside": other.set_aside,
                "due": other.due_at.isoformat() if other.due_at else None,
                "error": other.error,
            }
            for other in answer.also
        ],
    }


def _answer_from(clock: Clock, kept: Mapping[str, Any]) -> Due | ClockError:
    if "error" in kept:
        return ClockError(clock, kept["error"])
    return Due(
        clock=clock,
        due_at=_utc(kept["due"]),
        rule=kept["rule"],
        kind=Kind(kept["kind"]),
        force=Force(kept["force"]),
        label=kept["label"],
        summary=kept["summary"],
        reason=kept["reason"],
        source=kept["source"],
        document=kept["document"],
        start_fact=StartFact(kept["start_fact"]),
        start_at=_utc(kept["start"]),
        also=tuple(
            AlsoApplied(
                rule=other["rule"],
                kind=Kind(other["kind"]),
                force=Force(other["force"]),
                source=other["source"],
                summary=other["summary"],
                set_aside=other["set_aside"],
                due_at=_utc(other["due"]) if other["due"] else None,
                error=other["error"],
            )
            for other in kept["also"]
        ),
    )


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
