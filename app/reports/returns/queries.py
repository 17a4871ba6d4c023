"""Reading section 47 enquiries with what a return says of them (G4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, or_, select, tuple_
from sqlalchemy.orm import Session

from app.core.clock import london_date
from app.core.database import UTCDateTime, table
from app.directory.models import Agency, Professional
from app.directory.wards.models import Ward
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference, EnquiryOutcome
from app.meetings.models import Meeting
from app.referrals.models import Child, Referral
from app.reports.returns.codes import referral_source
from app.reports.returns.rules import target_of
from app.reports.returns.types import Enquiry

_AFTER, _M, _R, _C, _W = (table(one) for one in (ChildAfter, Meeting, Referral, Child, Ward))
_A, _P = table(Agency), table(Professional)
_FROM, _UNTIL, _OVER_FROM = (
    bindparam(name, type_=UTCDateTime()) for name in ("from_at", "until_at", "over_from")
)
_ROWS = (
    select(
        _AFTER.c.child_id, _C.c.ref.label("child_ref"), _C.c.given_name, _C.c.family_name,
        _C.c.case_reference, _C.c.date_of_birth, _C.c.due_date, _C.c.gender, _C.c.ethnicity,
        _C.c.disability, _W.c.team, _M.c.ref.label("meeting_ref"),
        _R.c.ref.label("referral_ref"), _R.c.received_at, _AFTER.c.section47_started_at,
        _AFTER.c.enquiry_ended_at, _AFTER.c.enquiry_outcome, _AFTER.c.conference,
        _AFTER.c.icpc_held_at, _AFTER.c.icpc_outcome, _AFTER.c.conference_decided_at,
        _A.c.kind.label("agency_kind"), _P.c.role,
    )
    .select_from(_AFTER)
    .join(_C, _C.c.id == _AFTER.c.child_id)
    .join(_M, _M.c.id == _AFTER.c.meeting_id)
    .outerjoin(_R, _R.c.id == _M.c.referral_id)
    .outerjoin(_W, _W.c.id == _R.c.ward_id)
    .outerjoin(_A, _A.c.id == _R.c.source_agency_id)
    .outerjoin(_P, _P.c.id == _R.c.referrer_professional_id)
    .order_by(
        _AFTER.c.section47_started_at, _AFTER.c.child_id, _AFTER.c.carries, _AFTER.c.id
    )
)  # fmt: skip
_ENQUIRIES = _ROWS.where(
    _AFTER.c.section47_started_at >= _FROM, _AFTER.c.section47_started_at < _UNTIL
)
_OLD = _AFTER.alias("old")
_OLDER = _ROWS.where(
    tuple_(_AFTER.c.section47_started_at, _AFTER.c.child_id).in_(
        select(_OLD.c.section47_started_at, _OLD.c.child_id).where(
            _OLD.c.section47_started_at < _UNTIL,
            or_(
                # Open, as Enquiry.is_open has it; what another row says is looked at afterwards.
                _OLD.c.icpc_held_at.is_(None)
                & or_(_OLD.c.conference.is_(None), _OLD.c.conference != Conference.NOT_NEEDED)
                & or_(
                    _OLD.c.enquiry_outcome.is_(None),
                    _OLD.c.enquiry_outcome == EnquiryOutcome.CONTINUING_RISK,
                ),
                _OLD.c.icpc_held_at >= _OVER_FROM,
                _OLD.c.enquiry_ended_at >= _OVER_FROM,
                _OLD.c.conference_decided_at >= _OVER_FROM,
            ),
        )
    )
)


def enquiries(session: Session, from_at: datetime, until_at: datetime) -> list[Enquiry]:
    """The enquiries that began in a span, in their order: one statement.

    A later discussion that continued an enquiry says more about the same one: what was said last
    counts.
    """
    return _each(session.execute(_ENQUIRIES, {"from_at": from_at, "until_at": until_at}))


def perhaps_open(session: Session, until_at: datetime, over_from: datetime) -> list[Enquiry]:
    """Those that began before a moment, however long ago, and may be open or were over no earlier
    than `over_from`: one statement, by the index of when they began."""
    return _each(session.execute(_OLDER, {"until_at": until_at, "over_from": over_from}))


def _each(rows: Iterable[Any]) -> list[Enquiry]:
    return [
        _enquiry(list(same))
        for _, same in groupby(rows, key=lambda row: (row.section47_started_at, row.child_id))
    ]


def _enquiry(rows: list[Any]) -> Enquiry:
    first, last = rows[0], rows[-1]

    def said(name: str) -> Any:
        return next(
            (value for row in reversed(rows) if (value := getattr(row, name)) is not None), None
        )

    started_on = london_date(first.section47_started_at)
    decided = next((row for row in reversed(rows) if row.conference is not None), last)
    return Enquiry(
        child_id=first.child_id,
        child_ref=first.child_ref,
        name=f"{first.given_name} {first.family_name}".strip(),
        case_reference=first.case_reference or "",
        born_on=first.date_of_birth,
        expected_on=first.due_date,
        gender=first.gender or "",
        ethnicity=first.ethnicity or "",
        disability=first.disability or "",
        team=first.team or "",
        meeting_ref=last.meeting_ref,
        referral_ref=said("referral_ref") or "",
        referred_on=_day(first.received_at),
        source=referral_source(first.agency_kind, first.role),
        started_on=started_on,
        ended_on=_day(said("enquiry_ended_at")),
        outcome=said("enquiry_outcome"),
        conference=decided.conference,
        decided_on=_day(decided.conference_decided_at),
        conference_on=_day(said("icpc_held_at")),
        conference_outcome=said("icpc_outcome"),
        target_on=target_of(started_on),
    )


def _day(moment: datetime | None) -> Any:
    return london_date(moment) if moment is not None else None
