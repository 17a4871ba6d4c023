"""The wrong-child guard: what it finds among two thousand, and what it costs among many more."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.session import db, reading, transaction
from app.referrals import keys, queries
from app.referrals.matching import Identity, Likeness, keys_of, keys_to_seek, ranked
from app.referrals.models import Child, ChildKey
from bench import area
from tests.factories.similar_children import Made, known_children
from tests.factories.similar_children import queries as typed_later

RECALL, PRECISION, GROWTH = 0.98, 0.9, 3.0
FEW, MANY = 2_000, 200_000
AT_ONCE = 2_000


@dataclass
class Measured:
    """How many of the known children were offered, and how many of those offered were right."""

    right: int = 0
    asked_of: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    of_kind: Counter[str] = field(default_factory=Counter)
    missed_of_kind: Counter[str] = field(default_factory=Counter)
    most_candidates: int = 0

    @property
    def recall(self) -> float:
        return self.right / self.asked_of

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong))


def identity(child: Made) -> Identity:
    return Identity(child.given, child.family, child.born)


def measured(children: int = FEW, asked: int = 3_000) -> Measured:
    """Recall and precision on likely matches; whoever is shown as a twin is no likely match."""
    known = [identity(child) for child in known_children(children)]
    index: dict[str, list[int]] = defaultdict(list)
    for place, child in enumerate(known):
        for key in keys_of(child):
            index[key].append(place)
    result = Measured()
    for query in typed_later(known_children(children), asked):
        typed = identity(query.typed)
        shared = Counter(place for key in keys_to_seek(typed) for place in index.get(key, ()))
        candidates = [(place, known[place]) for place, _ in shared.most_common(200)]
        likely = [
            place
            for place, match in ranked(typed, candidates)[: queries.MOST_MATCHES]
            if match.likeness >= Likeness.POSSIBLE
        ]
        result.most_candidates = max(result.most_candidates, len(candidates))
        result.of_kind[query.what] += 1
        result.wrong += [f"{query.typed} for {known[one]}" for one in likely if one != query.of]
        if query.of is None:
            continue
        result.asked_of += 1
        if query.of in likely:
            result.right += 1
        else:
            result.missed.append(f"{query.typed} of {known[query.of]}")
            result.missed_of_kind[query.what] += 1
    return result


def run() -> list[str]:
    found = measured()
    lines = [
        f"recall on likely matches: {found.recall:.4f} (target {RECALL}), {found.asked_of:,} asked "
        f"of {FEW:,} children",
        f"precision on likely matches: {found.precision:.4f} (target {PRECISION})",
        *(
            f"  {what}: {found.missed_of_kind[what]} of {count} missed"
            for what, count in found.of_kind.items()
            if found.missed_of_kind[what]
        ),
    ]
    with tempfile.TemporaryDirectory() as name:
        app = area.make(Path(name) / "area")
        with app.app_context():
            few = _grown(app, FEW)
            many = _grown(app, MANY)
    lines.append(
        f"a match among {MANY:,}: {many.median / few.median:.2f} times, mean "
        f"{many.mean / few.mean:.2f} times that among {FEW:,} ({few.median * 1000:.1f} ms; "
        f"target {GROWTH}); at most {many.candidates} candidates scored (target 200)"
    )
    return lines


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one match, and the most candidates that one scored."""

    median: float
    mean: float
    candidates: int


def _grown(app: Flask, size: int) -> Cost:
    """What a match costs when so many children are known: the real table, keys and decryption."""
    made = known_children(size)
    with transaction() as session:
        there = session.execute(select(func.max(Child.id))).scalar_one()
        have = session.execute(select(func.count()).select_from(Child)).scalar_one()
        for at in range(have, size, AT_ONCE):
            _add(session, made[at : min(at + AT_ONCE, size)], there + 1 + at - have)
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
    taken, counts = [], []
    for query in list(typed_later(made, 330))[30:]:
        typed = identity(query.typed)
        started = time.perf_counter()
        queries.likely_matches(reading(), typed)
        taken.append(time.perf_counter() - started)
        counts.append(len(queries.candidates(reading(), [typed])))
        reading().rollback()
    return Cost(statistics.median(taken), statistics.mean(taken), max(counts))


def _add(session: Session, made: list[Made], first: int) -> None:
    session.execute(
        insert(Child),
        [
            {
                "id": first + place,
                "ref": f"M{first + place}",
                "given_name": child.given,
                "family_name": child.family,
                "date_of_birth": child.born,
                "needs_interpreter": False,
                "looked_after": False,
                "created_at": now(),
                "version": 1,
            }
            for place, child in enumerate(made)
        ],
    )
    session.execute(
        insert(ChildKey),
        [
            {"child_id": first + place, "digest": digest}
            for place, child in enumerate(made)
            for digest in keys.digests(session, keys_of(identity(child)))
        ],
    )
