"""What people do in a discussion: start, write, note who is here, end (E1, E2, E4, E5, C11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.types import Actor
from app.core.refusal import Refused
from app.meetings import messages
from app.meetings.after import service as after
from app.meetings.after.rules import FOLLOWED
from app.meetings.booking.people import add_chair, chair_of
from app.meetings.discussion import actions, queries, rules
from app.meetings.discussion.models import Entry, EntryHistory
from app.meetings.discussion.people import (
    PERSON_FIELDS,
    kept_of_people,
    note,
    save_person_field,
    staff_id_of,
)
from app.meetings.discussion.record_clock import protocol_of, record_clock
from app.meetings.discussion.types import (
    MEETING,
    Conflict,
    Merge,
    PageKept,
    Saved,
    Typed,
    child_scope,
    dissent_scope,
    person_scope,
)
from app.meetings.models import Meeting
from app.meetings.sooner.service import hold_by_earlier
from app.meetings.standing import invitees_here, removed_senders
from app.meetings.types import Attendance, Format, MeetingState
from app.referrals.acting import taken_first
from app.referrals.checks.ending import settle_open
from app.referrals.checks.types import Unanswered
from app.referrals.models import Referral
from app.referrals.sender import Sender


def start(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    """The discussion begins: its clock runs, and who starts it as an invitee is here (E1). Where
    nobody was to chair, as in one that was never booked, a chair who starts it does.

    Raises Refused where it has begun already or was cancelled.
    """
    if meeting.state not in rules.STARTABLE:
        raise Refused("page", f"This discussion cannot be started: {meeting.state.label.lower()}")
    hold_by_earlier(session, actor, meeting, now, now)
    meeting.state = MeetingState.UNDER_WAY
    meeting.started_at = now
    _take_empty_chair(session, actor, meeting, now)
    for invitee in invitees_here(meeting.invitees):
        if invitee.staff_id == actor.id and invitee.attendance is None:
            invitee.attendance = (
                Attendance.BY_PHONE if meeting.format is Format.CALL else Attendance.IN_PERSON
            )
    note(session, actor, "started the discussion", meeting, now)


def _take_empty_chair(session: Session, actor: Actor, meeting: Meeting, now: datetime) -> None:
    if meeting.chair_id is not None:
        return
    try:
        chair = chair_of(session, staff_id_of(actor))
    except Refused:
        return  # somebody who takes the minutes: nothing holds up an emergency, sign-off asks
    meeting.chair_id = chair.id
    if all(one.staff_id != chair.id for one in invitees_here(meeting.invitees)):
        add_chair(session, meeting, chair, now, invite=False)


def end(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    sender: Sender,
    now: datetime,
    requests: Unanswered | None = None,
    ended_at: datetime | None = None,
) -> int:
    """The discussion is over and the record's clock starts; it is not taken up again (F5).

    `ended_at` is when, to the minute, where that was not now.

    Each owner of an action is told at once where to see it, in the same transaction (E3); returns
    how many letters were queued. `requests` says what becomes of requests to agencies that are
    still open (A6); without it they stay open, and their page asks. Writing goes on until
    sign-off. Raises Refused unless it is under way, and (field `ended_at`) for an end that cannot
    be. Sources: BROMLEY 5, TIMING.
    """
    if meeting.state is not MeetingState.UNDER_WAY:
        raise Refused("page", f"This discussion cannot be ended: {meeting.state.label.lower()}")
    over = rules.end_of(meeting.started_at, ended_at, now)
    if meeting.referral_id is not None:
        taken_first(session, meeting.referral_id)
    _hold_what_follows(session, meeting)
    clock = record_clock(meeting.clocks, protocol_of(meeting), over)
    meeting.state = MeetingState.ENDED
    meeting.ended_at = over
    meeting.record_due_at = clock.due_at
    meeting.clocks = clock.kept
    session.flush()
    actions.pass_on(session, actor, meeting, now)
    told = messages.tell_owners(session, meeting, sender, now)
    after.follow(session, actor, meeting, now)
    if requests is not None and meeting.referral_id is not None:
        referral = session.get_one(Referral, meeting.referral_id)
        why = f"The strategy discussion is over: {meeting.ref}"
        settle_open(session, actor, referral, requests, why, sender, now)
    note(
        session,
        actor,
        "ended the discussion",
        meeting,
        now,
        ended_at=over.isoformat(),
        record_due_at=clock.due_at.isoformat(),
        rule=clock.rule,
        owners_told=told,
    )
    return told


def _hold_what_follows(session: Session, meeting: Meeting) -> None:
    """Several fields are written, each with its audit row: what hangs on the children's answers is
    taken before the first (app.audit.service.record)."""
    after.hold(session, [one.child_id for one in meeting.children])


def save_field(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    scope: str,
    field: str,
    value: str,
    base_version: int,
    now: datetime,
) -> Saved | Conflict:
    """Keep one field of the chair's page: an entry, or how an invitee takes part (E1, E2).

    Raises Refused as `save_entry` and `people.save_person_field` do.
    """
    save = save_person_field if field in PERSON_FIELDS else save_entry
    return save(session, actor, meeting, scope, field, value, base_version, now)


def save_entry(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    scope: str,
    field: str,
    value: str,
    base_version: int,
    now: datetime,
) -> Saved | Conflict:
    """Keep what was written in one field on top of the version the writer had (E1).

    `scope` is `meeting`, `child:<id>` or `invitee:<id>`, `field` a key of the questions. What the
    field said before goes to its history. A Conflict means that nothing was written and carries
    both texts. Raises Refused for a field, child or person that is not part of this discussion,
    for a choice that does not exist, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    question, part = rules.question_for(scope, field)
    _check_scope(session, meeting, scope)
    value = rules.tidied_value(question, part, value, now)
    entry = queries.entry_to_change(session, meeting, scope, field)
    if entry is None:
        if not value:
            return Saved(0, "")
        entry = _first_entry(session, actor, meeting, scope, field, value, now)
        if entry is not None:
            _follow(session, actor, meeting, now, field)
            note(session, actor, "wrote", meeting, now, scope=scope, field=field, version=1)
            return Saved(1, value)
        # Somebody else's first words came between.
        entry = queries.entry_to_change(session, meeting, scope, field)
        if entry is None:
            raise RuntimeError("an entry that was just there is gone")
    base = queries.earlier_value(session, entry, base_version)
    match rules.merge(entry.version, entry.value, base_version, base, value):
        case Merge.SAME | Merge.UNTOUCHED:
            return Saved(entry.version, entry.value)
        case Merge.CONFLICT:
            who = queries.staff_name(session, entry.written_by_id)
            return Conflict(entry.version, entry.value, value, who, entry.written_at)
        case Merge.WRITE:
            version = _overwrite(session, actor, entry, value, now)
    _follow(session, actor, meeting, now, field)
    note(session, actor, "wrote", meeting, now, scope=scope, field=field, version=version)
    return Saved(version, value)


def save_page(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    typed: Sequence[Typed],
    keep: Mapping[str, str],
    now: datetime,
) -> PageKept:
    """Keep every field of a page that was sent as a whole, without its script (I3).

    Fields that were not touched cost nothing and change nothing, even where somebody else wrote
    meanwhile. `keep` answers an earlier conflict by field name: `theirs` or `both`; anything else
    is one's own. What could not be kept comes back with both texts. Raises Refused once the
    record is signed.
    """
    rules.check_writable(meeting.state)
    _hold_what_follows(session, meeting)
    entries = queries.entries_of(session, meeting)
    conflicts: dict[str, Conflict] = {}
    refused: dict[str, tuple[str, str]] = {}
    for one in typed:
        there = entries.get((one.scope, one.field))
        current, choice = there.value if there else "", keep.get(one.name)
        if choice == "theirs" or (one.field not in PERSON_FIELDS and one.value == current):
            continue
        value, base = one.value, one.base_version
        if choice == "both" and there and current:
            value, base = f"{current}\n\n{one.value}", there.version
        try:
            saved = save_field(session, actor, meeting, one.scope, one.field, value, base, now)
        except Refused as refusal:
            refused[one.name] = (one.value, refusal.message)
            continue
        if isinstance(saved, Conflict):
            conflicts[one.name] = saved
    return PageKept(conflicts, refused)


def not_kept(session: Session, meeting: Meeting, typed: Sequence[Typed], why: str) -> PageKept:
    """What was typed on a page that could not be kept at all, other than what stands there, so that
    it is shown again with `why` and can be copied (E1)."""
    entries = queries.entries_of(session, meeting)
    kept = {name: entry.value for name, entry in entries.items()} | kept_of_people(meeting)
    return PageKept(
        {},
        {
            one.name: (one.value, why)
            for one in typed
            if one.value and one.value != kept.get((one.scope, one.field), "")
        },
    )


def copy_answers(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    from_child_id: int,
    to_child_id: int,
    now: datetime,
) -> int:
    """The same for a sibling: answer what is not answered yet as for the other child (E2).

    A question of which anything is written for this child, be it only why it is not decided, is
    left alone: its answer and its reason belong together. Returns how many fields were filled.
    Raises Refused for a child that is not part of this discussion, and once the record is signed.
    """
    rules.check_writable(meeting.state)
    source, target = child_scope(from_child_id), child_scope(to_child_id)
    _check_scope(session, meeting, source)
    _check_scope(session, meeting, target)
    if source == target:
        raise Refused("page", "Choose another child whose answers are taken over")
    entries = queries.entries_of(session, meeting)
    spoken_of = {
        _question(field)
        for (scope, field), there in entries.items()
        if scope == target and there.value
    }
    filled = []
    for (scope, field), written in entries.items():
        if scope != source or not written.value or _question(field) in spoken_of:
            continue
        entry = queries.entry_to_change(session, meeting, target, field)
        if entry is None:
            if not _first_entry(session, actor, meeting, target, field, written.value, now):
                continue  # somebody just wrote there: their words stay
        elif not entry.value:
            _overwrite(session, actor, entry, written.value, now)
        else:
            continue
        filled.append(field)
    _follow(session, actor, meeting, now, *filled)
    if filled:
        note(
            session,
            actor,
            "took over answers from a sibling",
            meeting,
            now,
            scope=target,
            taken_from=source,
            fields=sorted(filled),
        )
    return len(filled)


def _question(field: str) -> str:
    """What a field belongs to: an answer, its reason and why there is none share one."""
    return field.partition(".")[0]


def _follow(session: Session, actor: Actor, meeting: Meeting, now: datetime, *fields: str) -> None:
    """An answer that was put right after the end changes what follows, and its clocks (F8)."""
    if meeting.ended_at is not None and FOLLOWED.intersection(fields):
        after.follow(session, actor, meeting, now)


def copy_to_siblings(
    session: Session, actor: Actor, meeting: Meeting, from_child_id: int, now: datetime
) -> int:
    """Decided together: what was said for one child holds for all the others, wherever nothing
    was written for them yet. Returns and raises as `copy_answers`."""
    _hold_what_follows(session, meeting)
    return sum(
        copy_answers(session, actor, meeting, from_child_id, child.child_id, now)
        for child in meeting.children
        if child.child_id != from_child_id
    )


def _first_entry(
    session: Session,
    actor: Actor,
    meeting: Meeting,
    scope: str,
    field: str,
    value: str,
    now: datetime,
) -> Entry | None:
    """The first words of a field, or None when somebody else's arrived in the same moment."""
    entry = Entry(
        meeting_id=meeting.id,
        scope=scope,
        field=field,
        value=value,
        version=1,
        written_by_id=staff_id_of(actor),
        written_at=now,
    )
    try:
        with session.begin_nested():
            session.add(entry)
    except IntegrityError:
        return None
    return entry


def _overwrite(session: Session, actor: Actor, entry: Entry, value: str, now: datetime) -> int:
    session.add(
        EntryHistory(
            entry_id=entry.id,
            version=entry.version,
            value=entry.value,
            written_by_id=entry.written_by_id,
            written_at=entry.written_at,
        )
    )
    entry.value = value
    entry.version += 1
    entry.written_by_id = staff_id_of(actor)
    entry.written_at = now
    session.flush()
    return entry.version


def _check_scope(session: Session, meeting: Meeting, scope: str) -> None:
    known = {
        MEETING,
        *(child_scope(child.child_id) for child in meeting.children),
        *(person_scope(person.id) for person in invitees_here(meeting.invitees)),
        # What was written for somebody who was then removed stays, and can be put right.
        *(person_scope(person.id) for person in removed_senders(meeting.invitees)),
    }
    if scope.startswith("dissent:"):
        known = {dissent_scope(one.id) for one in queries.dissents_of(session, meeting)}
    if scope not in known:
        raise Refused("page", "That is not part of this discussion: load the page again")
