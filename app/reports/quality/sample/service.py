"""Drawing a month's sample, and reviewing its cases (G6)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record
from app.audit.types import Actor, Subject
from app.core.clock import london_date
from app.core.refusal import Refused
from app.reports.quality.periods import Period
from app.reports.quality.sample import queries, rules
from app.reports.quality.sample.models import AuditedCase, AuditSample
from app.reports.quality.sample.types import QUESTIONS, Found, Grade


def draw(
    session: Session, actor: Actor, staff_id: int, month: Period, now: datetime
) -> AuditSample:
    """Draw the sample of a month that is over, once. Raises Refused."""
    if not month.is_over(london_date(now)):
        raise Refused("month", f"{month.words} is not over yet")
    if queries.of_month(session, month.start) is not None:
        raise Refused("month", f"The sample of {month.words} has been drawn")
    population = queries.population(session, *month.moments)
    if not population:
        raise Refused("month", f"No referral of {month.words} has been decided")
    seed = secrets.token_hex(16)
    sample = AuditSample(
        month=month.start,
        seed=seed,
        population=len(population),
        sha256=rules.digest_of(one.ref for one in population),
        drawn_by_id=staff_id,
        drawn_at=now,
    )
    session.add(sample)
    session.flush()
    drawn = rules.drawn(population, seed)
    session.add_all(
        AuditedCase(
            sample_id=sample.id,
            position=place,
            referral_id=one.id,
            outcome=one.outcome,
            answers={},
        )
        for place, one in enumerate(drawn, start=1)
    )
    session.flush()
    record(
        session, actor, "audit sample drawn", Subject("audit sample", month.key), now,
        {"cases": len(drawn), "of": len(population), "seed": seed, "sha256": sample.sha256},
    )  # fmt: skip
    return sample


def review(
    session: Session,
    actor: Actor,
    staff_id: int,
    case: AuditedCase,
    answers: Mapping[str, Found],
    grade: Grade,
    findings: str,
    now: datetime,
) -> None:
    """Keep what a reviewer found. Raises Refused for a case that was reviewed, one that the
    reviewer worked on, and by the field where something is missing."""
    if case.reviewed_at is not None:
        raise Refused("findings", "Somebody reviewed this case meanwhile: read what they found")
    if staff_id in queries.worked_on(session, [case.referral_id]).get(case.referral_id, set()):
        raise Refused("findings", "You worked on this case, so somebody else reviews it")
    for question in QUESTIONS:
        if question.key not in answers:
            raise Refused(question.key, "Choose an answer")
    if not findings:
        raise Refused("findings", "Say what you found, and what should be learned from it")
    case.answers = {key: found.value for key, found in answers.items()}
    case.grade, case.findings = grade, findings
    case.reviewer_id, case.reviewed_at = staff_id, now
    session.flush()
    record(
        session, actor, "case audited", Subject("audited case", str(case.id)), now,
        {"grade": grade.value},
    )  # fmt: skip
