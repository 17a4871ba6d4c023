"""What leaves with a return, and whose (G4, H3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.audit.service import record, viewed_together
from app.audit.types import Actor, Subject
from app.reports.returns.types import Enquiry, Year

KIND = "return"
CENSUS, LIST5 = "census exported", "list 5 exported"


def census_of(year: Year) -> Subject:
    """What the audit calls the census of a year."""
    return Subject(KIND, f"census {year.ends}")


def census_exported(
    session: Session, actor: Actor, year: Year, rows: Iterable[Enquiry], now: datetime
) -> None:
    """The file of a year left, with these enquiries."""
    _exported(session, actor, CENSUS, census_of(year), rows, now, {"year": year.ends})


def list5_exported(
    session: Session, actor: Actor, first: str, rows: Iterable[Enquiry], now: datetime
) -> None:
    """List 5 left, with these enquiries; `first` is the day from which it reaches."""
    _exported(session, actor, LIST5, Subject(KIND, "list 5"), rows, now, {"from": first})


def _exported(
    session: Session,
    actor: Actor,
    what: str,
    subject: Subject,
    rows: Iterable[Enquiry],
    now: datetime,
    details: dict[str, object],
) -> None:
    """A file names everybody, those whose case is restricted too: each discussion gets its row."""
    refs = [one.meeting_ref for one in rows]
    record(session, actor, what, subject, now, {**details, "enquiries": len(refs)})
    viewed_together(session, actor, what, [Subject("meeting", ref) for ref in refs], now)
