"""Keeping what an open case is about, with its discussion (A11)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.types import StaffMember
from app.audit.service import record
from app.audit.types import Subject
from app.core.refusal import Refused
from app.directory import queries as directory
from app.meetings.models import Meeting
from app.meetings.open_case import queries, rules
from app.meetings.open_case.models import OpenCase, OpenCaseAdult
from app.meetings.open_case.types import About
from app.meetings.queries import meeting_for_change
from app.meetings.sooner.service import note_sooner
from app.referrals.types import ChangedMeanwhile, Flag


def keep(session: Session, meeting: Meeting, about: About) -> OpenCase:
    """Write down what a new discussion of an open case is about. Raises Refused for an employer
    that is not in the directory."""
    _check_employers(session, about)
    kept = OpenCase(meeting_id=meeting.id, **_columns(about), adults=_adults(about))
    session.add(kept)
    session.flush()
    return kept


def change(
    session: Session,
    staff: StaffMember,
    ref: str,
    about: About,
    now: datetime,
    version: int | None = None,
) -> None:
    """Correct what an open case is about: who is proposed, and in which format, follows at once.
    The deadline stays as it was decided, until the chair takes one that is earlier now (B1).

    Raises Refused by the field, ChangedMeanwhile where somebody changed it first.
    """
    meeting = meeting_for_change(session, ref)
    if meeting is None or meeting.referral_id is not None:
        raise LookupError(ref)
    rules.check_whole(about, now)
    kept = queries.open_case_of(session, meeting)
    # One discussion had no row before this was asked for: its version counts from 0.
    if version is not None and version != (kept.version if kept else 0):
        raise ChangedMeanwhile
    if kept is None:
        kept = keep(session, meeting, about)
    else:
        _check_employers(session, about)
        for name, value in _columns(about).items():
            setattr(kept, name, value)
        if queries.about_of(kept).adults != about.adults:
            kept.adults = _adults(about)
            flag_modified(kept, "flags")  # the version counts the adults too
        session.flush()
    record(
        session, staff.actor, "concerns changed", Subject("meeting", meeting.ref), now,
        {"flags": kept.flags, "concerns": kept.concerns, "adults": len(kept.adults)},
    )  # fmt: skip
    note_sooner(session, staff.actor, meeting, now)


def _columns(about: About) -> dict[str, object]:
    return {
        "concerns": [one.value for one in about.concerns],
        "flags": sorted(one.value for one in about.flags),
        "domestic_abuse": about.domestic_abuse,
        "immediate_action_at": about.immediate_action_at,
        "hospital": about.hospital or None,
    }


def _adults(about: About) -> list[OpenCaseAdult]:
    return [OpenCaseAdult(**asdict(one)) for one in about.adults]


def _check_employers(session: Session, about: About) -> None:
    for place, one in enumerate(about.adults):
        if one.employer_id is not None and directory.agency(session, one.employer_id) is None:
            raise Refused(f"adults-{place}-employer_id", "Choose the agency from the list")


def in_words(about: About) -> list[str]:
    """What is said of an open case, a line each: beside what somebody else was about to save."""
    named = (
        f"{one.name}, {one.relationship_to_child}".rstrip(", ")
        + (", alleged perpetrator" if one.alleged_perpetrator else "")
        for one in about.adults
    )
    return [
        ", ".join(one.label for one in about.concerns),
        *(one.label for one in Flag if one in about.flags),
        *([about.hospital] if about.hospital else []),
        *named,
    ]
