"""The statements that count one month: one for each measure, aggregated in the database (G3).

Each gives rows of (ward, key, count), those of CONCERN a ward and a count for each concern, and
reads one month by an index; nothing is counted row by row in Python. No name, address or reference
is selected. Sources: HO2014 Camden, PRODUCT B.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy import Text as TextType
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger

from app.core.database import UTCDateTime, table
from app.directory.models import Agency
from app.meetings.after.models import ChildAfter
from app.meetings.after.types import Conference
from app.meetings.models import Invitee, Meeting
from app.meetings.types import Answer, Attendance, Route
from app.protocols.types import Force
from app.referrals.abuse.models import AbuseCase, EarlierClock
from app.referrals.checks.models import AgencyCheck
from app.referrals.checks.rules import AT_ONCE
from app.referrals.models import Referral, ReferralDecision, ReferralRating
from app.referrals.types import Concern, Outcome, RatingStage
from app.reports.dataset.types import TIME_BANDS, Measure

_R, _M, _A, _I = table(Referral), table(Meeting), table(Agency), table(Invitee)
_CHECK, _AFTER = table(AgencyCheck), table(ChildAfter)
_CASE, _EARLIER = table(AbuseCase), table(EarlierClock)
_RATED = table(ReferralRating)
_DECIDED_AS = table(ReferralDecision)
_BEFORE_IT = _DECIDED_AS.alias()

# Each clock of a case counts: a later one makes no late discussion timely.
_OF_CASE = (_CASE.c.id, _CASE.c.referral_id, _CASE.c.received_at)
_ABUSE = union_all(
    select(*_OF_CASE, _CASE.c.due_at, _CASE.c.closed_at, _CASE.c.clocks),
    select(*_OF_CASE, _EARLIER.c.due_at, _EARLIER.c.closed_at, _EARLIER.c.clocks).join_from(
        _EARLIER, _CASE, _CASE.c.id == _EARLIER.c.case_id
    ),
).subquery()

# `at` is when it is counted: what is open is overdue by then, or is not.
_FROM, _UNTIL, _AT = (
    bindparam(name, type_=UTCDateTime()) for name in ("from_at", "until_at", "at")
)


class Seconds(FunctionElement[int]):
    """A moment as whole seconds since 1970, on either engine."""

    type = BigInteger()
    inherit_cache = True


@compiles(Seconds, "postgresql")
def _on_postgresql(element: Seconds, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)})) AS BIGINT)"


@compiles(Seconds, "sqlite")
def _on_sqlite(element: Seconds, compiler: Any, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


def _these(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


def _within(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    return (moment >= _FROM) & (moment < _UNTIL)


class _Rows(NamedTuple):
    """What one measure counts: the key of each row, where rows come from, and which of them."""

    key: ColumnElement[Any]
    source: Any
    conditions: tuple[ColumnElement[bool], ...]


def _rows(key: ColumnElement[Any], source: Any, *conditions: ColumnElement[bool]) -> _Rows:
    return _Rows(key, source, conditions)


def _counted(rows: _Rows, *also: ColumnElement[bool]) -> Select[Any]:
    """How many rows there are of each ward and key."""
    key, source, conditions = rows
    keyed = select(func.coalesce(_R.c.ward_id, 0).label("ward_id"), key.label("key"))
    inner = keyed.select_from(source).where(*conditions, *also).subquery()
    return select(inner.c.ward_id, inner.c.key, func.count()).group_by(inner.c.ward_id, inner.c.key)


def _pair(first: ColumnElement[Any], second: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(first, TextType).concat("|").concat(second)


def _word(value: str) -> ColumnElement[str]:
    """A word of our own, as text on both engines."""
    return literal(value, TextType(), literal_execute=True)


def _choice(*whens: tuple[Any, str], otherwise: str) -> ColumnElement[str]:
    return case(*((condition, _word(word)) for condition, word in whens), else_=_word(otherwise))


def _met(
    done: ColumnElement[Any], due: ColumnElement[Any], at: ColumnElement[Any] = _AT
) -> ColumnElement[str]:
    """A clock that stopped in time or late; one that still runs is overdue, or open until then."""
    return _choice(
        (done.is_(None) & (due < at), "overdue"),
        (done.is_(None), "open"),
        (done <= due, "met"),
        otherwise="late",
    )


def _past_its_time(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a request was late at a moment, as `checks.rules.late_from` has it: our own days of
    delay are not the agency's."""
    asked, due = _CHECK.c.asked_at, _CHECK.c.due_at
    since = Seconds(moment) - Seconds(asked)
    return ((asked < due) & (moment > due)) | (
        (asked >= due) & (since > AT_ONCE // timedelta(seconds=1))
    )


def _and_its_limit() -> ColumnElement[Any]:
    """A target or plan, as it was met, and how the limit behind it was; a limit for itself (B1)."""
    state = _pair(_FORCE, _met(_M.c.started_at, _DUE))
    # Of a cancelled one that missed its target the limit may not have run out when it was settled.
    at = func.coalesce(_M.c.need_until, _M.c.not_needed_at, _NO_MORE_NEEDED, _AT)
    return case(
        ((_word("limit") == _FORCE) | _M.c.limit_at.is_(None), state),
        else_=_pair(state, _met(_M.c.started_at, _M.c.limit_at, at)),
    )


def _force(clocks: Any, clock: str) -> ColumnElement[Any]:
    """Whether what was missed is a limit, a target or a plan (B1); a limit where nothing says."""
    return func.coalesce(clocks["clocks"][clock]["force"].as_string(), _word("limit"))


def _due_kept(clocks: Any) -> ColumnElement[Any]:
    """A discussion's deadline as a snapshot of its clocks keeps it; none where there is none."""
    due: ColumnElement[Any] = clocks["clocks"]["strategy_discussion"]["due"].as_string()
    return due


def _rated(stage: RatingStage, *, last: bool) -> ColumnElement[Any]:
    order = _RATED.c.id.desc() if last else _RATED.c.id
    return (
        select(_RATED.c.rating)
        .where(_RATED.c.referral_id == _R.c.id, _RATED.c.stage == stage)
        .order_by(order)
        .limit(1)
        .scalar_subquery()
    )


# A reopening makes no late decision timely, and no timely one late.
_DECIDED = func.coalesce(_R.c.first_decided_at, _R.c.decided_at)
_DECISION_DUE = func.coalesce(_R.c.first_due_at, _R.c.decision_due_at)
# What was closed as no referral is none (A12): it is counted by itself.
_RECEIVED = _within(_R.c.received_at) & _R.c.filtered.is_(None)
# Of one that was opened again and not decided since, the first decision is in every other table: by
# itself it gives no number away that they withhold.
_OPEN_OUTCOME = _choice((_R.c.first_decided_at.is_not(None), "reopened"), otherwise="undecided")
_NEEDED = _within(_M.c.need_decided_at)
_FORCE = _force(_M.c.clocks, "strategy_discussion")
# One that has not begun is measured by an earlier deadline as soon as that is noted; of one that
# has, it was taken, or noted too late to count.
_DUE = case(
    (_M.c.started_at.is_(None) & _M.c.sooner_due_at.is_not(None), _M.c.sooner_due_at),
    else_=_M.c.due_at,
)
# Since when the referral of a cancelled discussion is decided as something else, which took the
# need away; none while it stands. Only after that can a referral be opened again.
_NO_MORE_NEEDED = case(
    (_M.c.cancelled_at.is_(None) | (_R.c.outcome == Outcome.STRATEGY_DISCUSSION), null()),
    else_=select(func.min(_DECIDED_AS.c.decided_at))
    .where(
        _DECIDED_AS.c.referral_id == _R.c.id,
        _DECIDED_AS.c.id
        > select(func.coalesce(func.max(_BEFORE_IT.c.id), 0))
        .where(
            _BEFORE_IT.c.referral_id == _R.c.id,
            _BEFORE_IT.c.outcome == Outcome.STRATEGY_DISCUSSION,
        )
        .scalar_subquery(),
    )
    .scalar_subquery(),
)
# The clock of a cancelled one runs on until another takes its place or somebody says that none is
# needed: what had run out by then was missed. Where the other one took over its clock (decision
# 0023) that one counts; one that newer information began does not count what ran out before it.
_STILL_NEEDED = _M.c.not_needed_at.is_(None) & (
    _M.c.referral_id.is_(None) | (_R.c.outcome == Outcome.STRATEGY_DISCUSSION)
)
_MISSED = (_M.c.need_until > _DUE) | (
    _M.c.replaced_at.is_(None)
    & (
        (func.coalesce(_M.c.not_needed_at, _M.c.cancelled_at) > _DUE)
        | (_M.c.not_needed_at.is_(None) & (_NO_MORE_NEEDED > _DUE))
        | (_STILL_NEEDED & (_DUE < _AT))
    )
)
# Of one that was written down afterwards only its start was put right.
_BECAME_EARLIER = (_M.c.route != Route.ALREADY_HELD) & (
    _due_kept(_M.c.clocks["earlier"]) != _due_kept(_M.c.clocks)
)
_OF_REFERRAL = _M.outerjoin(_R, _R.c.id == _M.c.referral_id)
_CHECKS = _CHECK.join(_R, _R.c.id == _CHECK.c.referral_id)
_CHILDREN = _AFTER.join(_M, _M.c.id == _AFTER.c.meeting_id).outerjoin(
    _R, _R.c.id == _M.c.referral_id
)
_INVITED = _I.join(_M, _M.c.id == _I.c.meeting_id).outerjoin(_R, _R.c.id == _M.c.referral_id)
# Of an enquiry that several discussions were about, the last one counts.
_FOLLOWED = (_NEEDED, _AFTER.c.carries.is_(True))
_TOOK_PART = (_NEEDED, _M.c.ended_at.is_not(None), _I.c.removed_at.is_(None))
_TOOK = Seconds(_DECIDED) - Seconds(_R.c.received_at)
_BANDS = _choice(
    (_DECIDED.is_(None), "undecided"),
    *((hours * 3600 >= _TOOK, key) for key, hours, _ in TIME_BANDS),
    otherwise="longer",
)
_BEFORE = _rated(RatingStage.BEFORE, last=False)
_LOCAL = Seconds(_R.c.received_at) + bindparam("ahead", type_=BigInteger())
_THERE = (Attendance.IN_PERSON, Attendance.BY_PHONE, Attendance.JOINED_LATE)

_ANSWERED = _choice(
    (_CHECK.c.answered_at.is_(None) & _past_its_time(_AT), "overdue"),
    (_CHECK.c.answered_at.is_(None), "open"),
    (_past_its_time(_CHECK.c.answered_at), "late"),
    otherwise="in_time",
)

_COUNTS: dict[Measure, _Rows] = {
    Measure.SOURCE: _rows(
        cast(_A.c.kind, TextType), _R.join(_A, _A.c.id == _R.c.source_agency_id), _RECEIVED
    ),
    Measure.RATING: _rows(
        _pair(
            func.coalesce(cast(_BEFORE, TextType), _word("none")),
            func.coalesce(cast(_rated(RatingStage.AFTER, last=True), TextType), _word("none")),
        ),
        _R,
        _RECEIVED,
        # Its ratings are deleted; what they were is kept.
        _R.c.erased_at.is_(None),
    ),
    Measure.OUTCOME: _rows(
        func.coalesce(cast(_R.c.outcome, TextType), _OPEN_OUTCOME), _R, _RECEIVED
    ),
    Measure.NO_REFERRAL: _rows(
        cast(_R.c.filtered, TextType),
        _R,
        _within(_R.c.received_at),
        _R.c.filtered.is_not(None),
    ),
    Measure.TIME: _rows(_BANDS, _R, _RECEIVED),
    Measure.AGAIN: _rows(
        _choice((_R.c.earlier_referral_id.is_(None), "first"), otherwise="again"), _R, _RECEIVED
    ),
    Measure.DECISION: _rows(
        _pair(_word("limit"), _met(_DECIDED, _DECISION_DUE)), _R, _RECEIVED
    ),
    Measure.ABUSE: _rows(
        _pair(
            _force(_ABUSE.c.clocks, "domestic_abuse_discussion"),
            _met(_ABUSE.c.closed_at, _ABUSE.c.due_at),
        ),
        _ABUSE.outerjoin(_R, _R.c.id == _ABUSE.c.referral_id),
        _within(_ABUSE.c.received_at),
        _ABUSE.c.due_at.is_not(None),
    ),
    Measure.DISCUSSION: _rows(
        _and_its_limit(),
        _OF_REFERRAL,
        _NEEDED,
        _M.c.due_at.is_not(None),
        _M.c.cancelled_at.is_(None) | _MISSED,
    ),
    Measure.RECORD: _rows(
        _pair(
            _force(_M.c.clocks, "record_circulated"),
            _met(_M.c.first_circulated_at, _M.c.record_due_at),
        ),
        _OF_REFERRAL,
        _NEEDED,
        _M.c.record_due_at.is_not(None),
    ),
    Measure.ICPC_REFERRAL: _rows(
        _pair(
            _force(_AFTER.c.clocks, "icpc_referral"),
            _met(_AFTER.c.icpc_referred_at, _AFTER.c.icpc_referral_due_at),
        ),
        _CHILDREN,
        *_FOLLOWED,
        _AFTER.c.conference == Conference.REQUIRED,
        _AFTER.c.icpc_referral_due_at.is_not(None),
    ),
    Measure.ICPC_HELD: _rows(
        _pair(
            _force(_AFTER.c.clocks, "icpc_held"), _met(_AFTER.c.icpc_held_at, _AFTER.c.icpc_due_at)
        ),
        _CHILDREN,
        *_FOLLOWED,
        _AFTER.c.conference == Conference.REQUIRED,
        _AFTER.c.icpc_due_at.is_not(None),
    ),
    Measure.ASSESSMENT: _rows(
        _pair(
            _force(_AFTER.c.clocks, "assessment"),
            _met(_AFTER.c.assessment_completed_at, _AFTER.c.assessment_due_at),
        ),
        _CHILDREN,
        *_FOLLOWED,
        _AFTER.c.assessment_runs.is_(True),
        _AFTER.c.assessment_due_at.is_not(None),
    ),
    Measure.LATE_BECAUSE: _rows(
        _choice(
            (_M.c.starts_at <= _M.c.due_at, "began"),
            (_BECAME_EARLIER, "sooner"),
            (_M.c.need_decided_at > _M.c.due_at, "decided"),
            otherwise="booked",
        ),
        _OF_REFERRAL,
        _NEEDED,
        _M.c.cancelled_at.is_(None),
        _M.c.started_at > _M.c.due_at,
    ),
    Measure.ANSWERED: _rows(
        _pair(_I.c.agency_kind, _choice((_I.c.answer == Answer.NONE, "silent"),
                                        otherwise="answered")),
        _INVITED,
        *_TOOK_PART,
        # Nobody is asked whether they come to what begins at once or is over, nor who joins it; and
        # our own staff is no agency (D4).
        _M.c.route == Route.BOOKED,
        _I.c.invited_at < _M.c.started_at,
        _I.c.is_staff.is_(False),
        # A colleague who comes instead was invited by whoever answered.
        _I.c.deputy_for_id.is_(None),
    ),
    Measure.ATTENDANCE: _rows(
        _pair(
            _I.c.agency_kind,
            _choice(
                (_I.c.attendance.in_(_THERE), "there"),
                (_I.c.attendance == Attendance.REPORT_ONLY, "report"),
                (_I.c.attendance == Attendance.ABSENT, "absent"),
                otherwise="unknown",
            ),
        ),
        _INVITED,
        *_TOOK_PART,
        _I.c.answer != Answer.DEPUTY,
    ),
    Measure.ASKED: _rows(
        _pair(
            _A.c.kind,
            case(
                (_CHECK.c.due_force == Force.LIMIT, _ANSWERED),
                else_=_pair(_ANSWERED, _CHECK.c.due_force),
            ),
        ),
        _CHECKS.join(_A, _A.c.id == _CHECK.c.agency_id),
        _within(_R.c.received_at),
        # A decision withdraws what is open: what was overdue by then stays so.
        _CHECK.c.withdrawn_at.is_(None) | _past_its_time(_CHECK.c.withdrawn_at),
    ),
    Measure.HOUR: _rows(cast(_LOCAL // 3600 % 24, TextType), _R, _RECEIVED),
    # The first of January 1970 was a Thursday.
    Measure.WEEKDAY: _rows(cast((_LOCAL // 86400 + 3) % 7, TextType), _R, _RECEIVED),
}  # fmt: skip
_CONCERNS = (
    select(
        _R.c.ward_id,
        # The list is kept as JSON: a word of ours in quotes is in it or is not.
        *(
            func.sum(case((cast(_R.c.concerns, TextType).contains(f'"{one.value}"'), 1), else_=0))
            for one in Concern
        ),
    )
    .where(_RECEIVED)
    .group_by(_R.c.ward_id)
)
STATEMENTS = {measure: _counted(rows) for measure, rows in _COUNTS.items()} | {
    Measure.CONCERN: _CONCERNS
}
# What is deleted with its case (decision 0019), and how its rows are told: these measures would
# lose it.
OF_CASE = {
    measure: _counted(_COUNTS[measure], condition)
    for measures, condition in (
        ((Measure.RATING,), _R.c.id.in_(_these("referrals"))),
        ((Measure.ASKED,), _CHECK.c.referral_id.in_(_these("referrals"))),
        (
            (Measure.ABUSE,),
            _ABUSE.c.id.in_(_these("abuse_cases")) | _ABUSE.c.referral_id.in_(_these("referrals")),
        ),
        (
            (Measure.ICPC_REFERRAL, Measure.ICPC_HELD, Measure.ASSESSMENT),
            _M.c.id.in_(_these("meetings")),
        ),
    )
    for measure in measures
}
LOST_WITH_CASE = tuple(OF_CASE)
