"""The active protocol as people read it: every rule with its source (B1, B2)."""

from __future__ import annotations

from flask import Blueprint, Response

from app.accounts.signed_in import staff_may
from app.accounts.types import Permission
from app.core.session import reading
from app.directory import queries as directory
from app.protocols.registry import active
from app.protocols.types import Clock, Condition, Kind, Rule
from app.protocols.wording import CLOCK_LABELS, FORCE_WORDS, START_WORDS, rule_summary
from app.referrals.types import DomesticAbuseRisk, Flag, Rating
from app.web.access import access
from app.web.htmx import respond

blueprint = Blueprint("protocol", __name__)


@blueprint.get("/protocol")
@access(staff_may(Permission.PROTOCOL_SEE))
def shown() -> Response:
    protocol = active(directory.council(reading()).protocol_id)
    return respond(
        "protocol/protocol.html",
        protocol=protocol,
        ratings=", ".join(Rating(one.value).label.lower() for one in protocol.ratings),
        clocks=[
            (CLOCK_LABELS[clock], [_told(rule) for rule in protocol.rules if rule.clock is clock])
            for clock in Clock
            if any(rule.clock is clock for rule in protocol.rules)
        ],
    )


def _told(rule: Rule) -> dict[str, str]:
    """One rule in words."""
    first, *stand_ins = rule.start
    otherwise = "".join(f", otherwise after {START_WORDS[start]}" for start in stand_ins)
    return {
        "id": rule.id,
        "summary": rule_summary(rule, first) + otherwise,
        "when": _condition(rule.when),
        "kind": "Exception: goes before the standard rules" if rule.kind is Kind.EXCEPTION else "",
        "reason": rule.reason,
        "force": FORCE_WORDS[rule.force],
        "source": rule.source,
        "document": rule.document,
    }


def _condition(when: Condition) -> str:
    if when.always:
        return "Always"
    said = [Flag(flag.value).label for flag in sorted(when.flags)]
    if when.rag is not None:
        said.append(f"Rated {when.rag.value}")
    if when.domestic_abuse is not None:
        risk = DomesticAbuseRisk(when.domestic_abuse.value).label.lower()
        said.append(f"Domestic abuse, {risk}")
    return " and ".join(said)
