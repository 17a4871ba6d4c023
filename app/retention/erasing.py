"""Deleting a case from every table, and what stays of it (H8).

What may never be rewritten stays: the audit, whose chain remains whole, and the signed rows. Those
are encrypted with a key of their own, which is exchanged here, so that nobody can read them any
more; that a file was genuine can still be said. Rows on which they stand stay too: the referral,
its discussions and their invitees, without a word that anybody wrote and without whom they were
about. What of them is counted in the statistics stays (decision 0019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from cryptography.fernet import Fernet
from sqlalchemy import Column, CursorResult, Table, exists, select, update
from sqlalchemy.orm import Session

from app.core.database import Base, EncryptedBytes, EncryptedDate, EncryptedText
from app.records.models import RecordKey, RecordVersion
from app.retention.cases import CaseRows
from app.retention.holds import with_linked

# What hangs on a row that belongs to the case belongs to it too: table of the row, then the
# columns that point to it. A guard test finds a column that stands in none of these.
BELONGS: Mapping[str, tuple[str, ...]] = {
    "referral": (
        "abuse_case.referral_id", "agency_check.referral_id", "arrival.referral_id",
        "assessment_completed.referral_id",
        "broken_glass.referral_id", "case_restriction.referral_id",
        "child_taken_off.referral_id", "list_entry.referral_id", "onward_referral.referral_id",
        "received_mail.referral_id", "rating_dispute.referral_id", "referral_adult.referral_id",
        "referral_allocation.referral_id", "referral_child.referral_id",
        "referral_consent.referral_id", "referral_decision.referral_id",
        "referral_filing.referral_id", "referral_letter.referral_id",
        "referral_rating.referral_id", "referral_reopening.referral_id", "audited_case.referral_id",
    ),
    "meeting": (
        "action.meeting_id", "broken_glass.meeting_id", "call.meeting_id",
        "case_restriction.meeting_id",
        "child_after.meeting_id", "dissent.meeting_id", "early_notice.meeting_id",
        "entry.meeting_id", "escalation.meeting_id", "invitee.meeting_id", "left_out.meeting_id",
        "feedback_link.meeting_id", "feedback_round.meeting_id",
        "line_quarter.meeting_id", "meeting_child.meeting_id", "open_case.meeting_id",
        "received_mail.meeting_id",
        "record_correction.meeting_id",
        "record_version.meeting_id", "record_warning.meeting_id", "sent_form.meeting_id",
    ),
    "invitee": (
        "action.owner_id", "action_handover.from_id", "action_handover.to_id",
        "call.invitee_id", "circulation.invitee_id", "delivery.invitee_id",
        "dissent.invitee_id", "recall_call.invitee_id", "received_mail.invitee_id",
        "record_fault.invitee_id",
        "reminder_sent.invitee_id", "report.invitee_id",
    ),
    "child": (
        "action.child_id", "agency_check_child.child_id", "child_after.child_id",
        "child_key.child_id", "child_match.child_id",
        "child_match.other_id", "child_professional.child_id", "child_taken_off.child_id",
        "early_notice.child_id", "held_child.child_id",
        "meeting_child.child_id", "record_filing.child_id", "referral_child.child_id",
        "referral_filing.child_id", "referral_letter.child_id",
    ),
    "record_version": (
        "circulation.version_id", "record_fault.version_id", "record_filing.version_id",
        "recall_call.version_id", "record_recall.version_id",
    ),
    "abuse_case": (
        "abuse_earlier_clock.case_id", "abuse_person.case_id", "list_entry.case_id",
    ),
    "action": ("action_handover.action_id", "action_reminder.action_id"),
    "agency_check": ("agency_check_child.check_id", "check_answer.check_id"),
    "arrival": (
        "arrival_file.arrival_id", "arrival_reopening.arrival_id", "referral_letter.arrival_id",
    ),
    "case_restriction": ("broken_glass.restriction_id", "restriction_reader.restriction_id"),
    "dissent": ("escalation.dissent_id",),
    "escalation": ("escalation_note.escalation_id",),
    "entry": ("entry_history.entry_id",),
    "open_case": ("open_case_adult.open_case_id",),
    "invitation": (
        "access_code.invitation_id", "guest_session.invitation_id",
        "invitation_link.invitation_id",
    ),
    "rating_dispute": ("rating_dispute_step.dispute_id",),
    "referral_consent": ("decision_ground.consent_id",),
    "referral_decision": ("decision_ground.decision_id", "referral_letter.decision_id"),
    "referral_rating": ("rating_dispute.rating_id",),
    "sent_form": ("call.form_id",),
}  # fmt: skip
# What a row of the case points to and nobody else does: letters, and the links in them.
CARRIED: Mapping[str, tuple[str, ...]] = {
    "invitation": (
        "agency_check.invitation_id", "arrival.invitation_id", "invitee.invitation_id",
        "referral_letter.invitation_id", "sent_form.invitation_id",
    ),
    "outbox_message": (
        "agency_check.message_id", "arrival.message_id", "circulation.message_id",
        "delivery.message_id", "early_notice.message_id", "referral_letter.message_id",
        "sent_form.message_id",
    ),
}  # fmt: skip
# Columns that point to a row of the case and stay, with the reason.
STAYS: Mapping[str, str] = {
    "audit_anchor.message_id": "a letter about the audit, which is of no case",
    "closed_case.referral_id": "says that the case was deleted, and why",
    "closed_case.meeting_id": "says that the case was deleted, and why",
    "closed_case.abuse_case_id": "emptied before: says that the case was deleted, and why",
    "closed_case.arrival_id": "emptied before: says that the form was deleted, and why",
    "meeting.referral_id": "a discussion stays as an empty row, of its referral",
    "referral.earlier_referral_id": "that there was an earlier one is no content",
    "invitee.deputy_for_id": "invitees stay as empty rows",
    "record_copy.invitee_id": "a signed row: its key is destroyed",
    "record_copy.version_id": "a signed row: its key is destroyed",
    "record_extract.version_id": "a signed row: its key is destroyed",
    "record_version.key_id": "the key is exchanged, so that it opens nothing",
}
# Rows that stay, without the words that anybody wrote.
EMPTIED = frozenset({"referral", "meeting", "invitee"})
UNTOUCHED = frozenset({"record_version", "record_copy", "record_extract"})
NO_NAME = "Deleted"
# Plain columns of those rows that are emptied too, and with what; `erased_at` says when.
CLEARED: Mapping[str, Mapping[str, object]] = {
    "referral": {
        "referrer_professional_id": None, "assessment_due_at": None, "assessment_past": False,
    },
    "meeting": {"line_id": None, "pin_id": None},
    "invitee": {
        "name": NO_NAME, "title": "", "agency_name": "", "invitation_id": None,
        "professional_id": None, "staff_id": None, "rule_id": None, "news_at": None,
        "joined": False, "wrong_address": False, "earlier_answer": None, "earlier_answer_at": None,
        "links_withdrawn_at": None,
    },
}  # fmt: skip
# Plain columns that stay, because they are counted: numbers, dates and kinds that name nobody.
COUNTED: Mapping[str, frozenset[str]] = {
    "referral": frozenset(
        {
            "received_at", "recorded_at", "recorded_by_id", "in_office_hours", "channel",
            "source_agency_id", "ward_id", "concerns", "flags", "domestic_abuse", "rating",
            "identified_at", "need_identified_at", "immediate_action_at", "consent", "lawful_basis",
            "earlier_referral_id", "decision_due_at", "queue_place", "act_by_at", "outcome",
            "decided_at", "filtered", "first_decided_at", "first_due_at", "state",
        }
    ),
    "meeting": frozenset(
        {
            "referral_id", "state", "route", "format", "need_decided_by_id", "need_decided_at",
            "created_at", "due_at", "limit_at", "sooner_due_at", "sooner_noted_at",
            "clocks", "chair_id", "starts_at", "ends_at", "started_at", "ended_at",
            "record_due_at", "signed_at", "circulated_at", "first_circulated_at", "cancelled_at",
            "not_needed_at", "replaced_at", "need_until", "kept_at",
        }
    ),
    "invitee": frozenset(
        {
            "meeting_id", "role", "agency_id", "agency_kind", "is_team", "is_staff",
            "decision_maker", "invited_at", "removed_at", "answer", "answered_at", "deputy_for_id",
            "attendance",
        }
    ),
}  # fmt: skip
_NAMES_THE_ROW = frozenset({"id", "ref", "version", "erased_at"})

_ENCRYPTED = (EncryptedText, EncryptedBytes, EncryptedDate)
_TABLES = Base.metadata.tables
_MANY = 500


def unplaced() -> set[str]:
    """Columns of rows that stay of which nobody has said whether they are emptied or counted."""
    return {
        f"{name}.{column.name}"
        for name in EMPTIED
        for column in _TABLES[name].columns
        if not isinstance(column.type, _ENCRYPTED)
        and column.name not in _NAMES_THE_ROW | CLEARED[name].keys() | COUNTED[name]
    }


def erase(session: Session, rows: CaseRows, now: datetime) -> dict[str, int]:
    """Delete a case for good; returns how many rows went from each table.

    Children are deleted with it where no other case is about them. The caller holds the case's
    rows and has asked the rules.
    """
    session.flush()
    found = _collected(session, rows)
    sittings = _pointed_to(session, _column("list_entry.sitting_id"), found["list_entry"])
    _destroy_keys(session, found["record_version"])
    for name in sorted(EMPTIED):
        _empty(session, _TABLES[name], found[name], now)
    gone: dict[str, int] = {}
    for table in reversed(Base.metadata.sorted_tables):
        if table.name in EMPTIED | UNTOUCHED:
            continue
        removed = sum(_delete(session, table, found))
        if removed:
            gone[table.name] = removed
    _empty_sittings(session, sittings)
    session.expire_all()
    return gone


def _collected(session: Session, rows: CaseRows) -> defaultdict[str, set[int]]:
    """The numbers of all rows of the case, by table."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    found["meeting"] |= set(rows.meetings)
    if rows.referral_id:
        found["referral"].add(rows.referral_id)
    if rows.abuse_case_id:
        found["abuse_case"].add(rows.abuse_case_id)
    if rows.arrival_id:
        found["arrival"].add(rows.arrival_id)
    found["child"] |= _children_of_nobody_else(session, rows)
    grows = True
    while grows:
        before = sum(map(len, found.values()))
        for target, columns in BELONGS.items():
            for column in map(_column, columns):
                if _numbered(column.table):
                    found[column.table.name] |= _pointing(session, column, found[target])
        for target, columns in CARRIED.items():
            for column in map(_column, columns):
                found[target] |= _pointed_to(session, column, found[column.table.name])
        grows = sum(map(len, found.values())) > before
    return found


def _children_of_nobody_else(session: Session, rows: CaseRows) -> set[int]:
    """The children of the case that are on no other referral and in no other discussion; who was
    taken off it; and the records that were found to be one of these."""
    off = _TABLES["child_taken_off"]
    taken_off = select(off.c.child_id).where(off.c.referral_id == rows.referral_id)
    children = set(rows.children) | set(session.execute(taken_off).scalars())
    alone = children - _elsewhere(session, children, rows)
    others = set(with_linked(session, alone)) - alone
    return alone | (others - _elsewhere(session, others, rows))


def _elsewhere(session: Session, children: Collection[int], rows: CaseRows) -> set[int]:
    """Those of these children whom another case is about."""
    found: set[int] = set()
    for column, own in (
        ("referral_child.referral_id", {rows.referral_id}),
        ("meeting_child.meeting_id", set(rows.meetings)),
        ("child_taken_off.referral_id", {rows.referral_id}),
    ):
        of = _column(column)
        child = of.table.c.child_id
        statement = select(child).where(child.in_(children), of.not_in(own))
        found |= set(session.execute(statement).scalars())
    return found


def _destroy_keys(session: Session, versions: Iterable[int]) -> None:
    """Signed rows cannot be deleted; without their key they are noise (F2, H6)."""
    keys = select(RecordVersion.key_id).where(RecordVersion.id.in_(list(versions)))
    for key_id in session.execute(keys).scalars().all():
        session.execute(
            update(RecordKey)
            .where(RecordKey.id == key_id)
            .values(key=Fernet.generate_key().decode())
        )


def _empty(session: Session, table: Table, keys: set[int], now: datetime) -> None:
    """Take every protected word out of rows that stay, and whom they were about."""
    values: dict[str, object] = {
        column.name: None if column.nullable else ""
        for column in table.columns
        if isinstance(column.type, _ENCRYPTED)
    }
    values |= CLEARED[table.name]
    if "erased_at" in table.columns:
        values["erased_at"] = now
    for some in _in_parts(keys):
        session.execute(table.update().where(table.c.id.in_(some)).values(values))


def _empty_sittings(session: Session, sittings: set[int]) -> None:
    """Who took part in a list goes with the last case on it, and what a discussion of that case
    alone was called."""
    sitting, entry = _TABLES["list_sitting"], _TABLES["list_entry"]
    for some in _in_parts(sittings):
        empty = sitting.c.id.in_(some), ~exists().where(entry.c.sitting_id == sitting.c.id)
        named = sitting.c.took_part.is_not(None)
        session.execute(update(sitting).where(*empty, named).values(took_part=""))
        alone = sitting.c.series_id.is_(None)
        session.execute(update(sitting).where(*empty, alone).values(name=NO_NAME))


def _delete(session: Session, table: Table, found: Mapping[str, set[int]]) -> Iterator[int]:
    """Delete the rows of one table, and say how many: by their number, or, where they have none
    and only tie others together, by what they point to."""
    columns = [table.c.id] if _numbered(table) else []
    wanted = [(column, found.get(table.name, set())) for column in columns]
    if not columns:
        wanted = [
            (_column(name), found.get(target, set()))
            for target, names in BELONGS.items()
            for name in names
            if _column(name).table is table
        ]
    for column, keys in wanted:
        for some in _in_parts(keys):
            deleted = session.execute(table.delete().where(column.in_(some)))
            yield cast(CursorResult[Any], deleted).rowcount


def _numbered(table: Table) -> bool:
    return table.primary_key.columns.keys() == ["id"]


def _pointing(session: Session, column: Column[int], to: set[int]) -> set[int]:
    found: set[int] = set()
    for keys in _in_parts(to):
        found |= set(session.execute(select(column.table.c.id).where(column.in_(keys))).scalars())
    return found


def _pointed_to(session: Session, column: Column[int], rows: set[int]) -> set[int]:
    found: set[int] = set()
    for keys in _in_parts(rows):
        statement = select(column).where(column.table.c.id.in_(keys), column.is_not(None))
        found |= set(session.execute(statement).scalars())
    return found


def _column(name: str) -> Column[int]:
    table, _, column = name.partition(".")
    return _TABLES[table].c[column]


def _in_parts(keys: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _MANY):
        yield ordered[start : start + _MANY]
