"""What of an area is over, and everything that hangs on it, taken into tables of its own.

Every table is taken that has a key to a case, so that one added later is filled too, unless it is
named in SHARED. Of the audit every eighth row is taken, and each stands for a view as well. Long
texts and documents are cut to a line.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, text

from app.core.crypto import field_cipher
from app.core.database import Base, EncryptedBytes, EncryptedDate, EncryptedText

LINE = 200  # characters of ciphertext that are kept as they are

# The whole area's, or a time's: nothing of it hangs on one case.
SHARED = frozenset(
    {
        "agency", "professional", "staff", "staff_role", "staff_session", "recovery_code",
        "kept_form", "search_asked", "form_letter",
        "wall_display", "ward", "conference_line", "line_pin",
        "council_settings", "installation", "dataset_figure", "dataset_kept", "dataset_month",
        "dataset_seen",
        "worker_seen", "mailbox_position", "mailbox_reading", "outbox_hold", "form_once",
        "audit_head", "audit_anchor", "audit_sample", "audited_case", "broken_glass",
        "record_fault",
        "alembic_version",
    }
)  # fmt: skip
# What is copied of those that nothing else decides on.
_OVER = {
    "referral": "decided_at IS NOT NULL",
    "arrival": "sent_at IS NOT NULL",
    "abuse_case": "1 = 1",
    "meeting": "state IN ('booked', 'under_way', 'ended', 'signed')",
}
# Copied because a case leads to them.
_LED_TO = ("child", "invitation", "outbox_message", "record_key")
_OF_THEM = ("child_key", "child_professional", "child_match", "held_child", "invitation_link",
            "access_code", "guest_session")  # fmt: skip
_BY_THEMSELVES = ("near_miss", "feedback_answer")
# What the last weeks left open of a case that is over, as it will be when all is done.
_DONE = {
    "referral": "assessment_due_at = NULL",
    "agency_check": "answered_at = COALESCE(answered_at, withdrawn_at, asked_at), "
    "next_reminder_at = NULL",
    "check_answer": "unread = (1 = 0)",
    "referral_allocation": "taken_at = COALESCE(taken_at, allocated_at)",
    "rating_dispute": "settled_at = COALESCE(settled_at, raised_at)",
    "meeting": "state = 'signed', started_at = COALESCE(started_at, starts_at), "
    "ended_at = COALESCE(ended_at, started_at, starts_at), "
    "record_due_at = COALESCE(record_due_at, starts_at), "
    "signed_at = COALESCE(signed_at, ended_at, started_at, starts_at), "
    "circulated_at = COALESCE(circulated_at, signed_at, ended_at, started_at, starts_at), "
    "first_circulated_at = "
    "COALESCE(first_circulated_at, circulated_at, signed_at, ended_at, started_at, starts_at) "
    "WHERE state <> 'cancelled'",
    "arrival": "settled_at = COALESCE(settled_at, sent_at), "
    "filtered = CASE WHEN referral_id IS NULL THEN COALESCE(filtered, 'other_area') END, "
    "closed_because = CASE WHEN referral_id IS NULL THEN COALESCE(closed_because, :line) END",
    "abuse_case": "closed_at = COALESCE(closed_at, received_at), "
    "outcome = COALESCE(outcome, 'no_further_action')",
    "circulation": "sent_at = CASE WHEN withheld_reason IS NULL "
    "THEN COALESCE(sent_at, released_at) END",
    "record_correction": "closed_at = COALESCE(closed_at, opened_at)",
    "action": "state = 'done', closed_at = COALESCE(closed_at, added_at), "
    "told_at = COALESCE(told_at, added_at)",
    "sent_form": "state = CASE state WHEN 'sent' THEN 'acknowledged' ELSE state END, "
    "chase_at = NULL, settled_at = COALESCE(settled_at, sent_at)",
    "received_mail": "closed_at = CASE WHEN outcome = 'look' THEN received_at END",
    "escalation": "ended_at = COALESCE(ended_at, opened_at), ending = COALESCE(ending, 'agreed')",
    "child_after": "next_step = NULL, next_due_at = NULL",
    "case_restriction": "lifted_at = COALESCE(lifted_at, set_at), "
    "lift_reason = COALESCE(lift_reason, reason)",
    "legal_hold": "lifted_at = COALESCE(lifted_at, held_at), "
    "lifted_by_id = COALESCE(lifted_by_id, held_by_id), "
    "lift_reason = COALESCE(lift_reason, reason)",
    "near_miss": "review = COALESCE(review, what), "
    "reviewed_at = COALESCE(reviewed_at, reported_at), "
    "reviewed_by_id = COALESCE(reviewed_by_id, reported_by_id)",
    "list_sitting": "ended_at = COALESCE(ended_at, opened_at), series_id = NULL, "
    "took_part = COALESCE(took_part, :line)",
    # Kept as long as the rule says: what is due for review is open work.
    "closed_case": "held_at = NULL, keep_until = (SELECT max(keep_until) FROM past_closed_case)",
    # Every letter has left; one in eight did not arrive, and somebody saw to it.
    "outbox_message": "state = CASE WHEN id % 8 = 0 THEN 'bounced' "
    "WHEN state IN ('queued', 'sending') THEN 'sent' ELSE state END, "
    "seen_at = COALESCE(seen_at, queued_at)",
}
UNMOVED = frozenset({("closed_case", "keep_until")})
# Partial indexes that hold the past; every other one holds what is open.
OF_THE_PAST = frozenset(
    {
        "ix_referral_referrer", "ix_meeting_at_once", "ix_meeting_ended",
        "ix_referral_filtered", "ix_arrival_closed", "ix_arrival_closed_sent",
        "ix_received_mail_kept", "ix_closed_case_due", "uq_record_copy_council",
        "uq_invitee_once_a_meeting", "uq_child_match_other", "uq_referral_allocation_holds",
        "ix_closed_case_approved", "ix_near_miss_case",
    }
)  # fmt: skip

Row = dict[str, Any]


def number(connection: Connection, statement: str) -> int:
    """What a statement counts; nothing is 0."""
    return int(connection.execute(text(statement)).scalar_one() or 0)


def of(column: Column[Any]) -> str | None:
    """The table that a column points to."""
    return next((key.column.table.name for key in column.foreign_keys), None)


def stored(words: str) -> str:
    """As a protected column holds it."""
    return field_cipher.encrypt(words.encode()).decode()


class Past:
    """The rows of cases that are over, in `past_<table>`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.tables = {one.name: one for one in Base.metadata.sorted_tables
                       if one.name not in SHARED}  # fmt: skip
        self.taken: dict[str, Table] = {}

    def take(self) -> None:
        """Copy the rows of cases that are over into `past_<table>`."""
        aside = {*_LED_TO, *_OF_THEM, *_BY_THEMSELVES, "legal_hold", "list_sitting",
                 "audit_entry", "audit_view"}  # fmt: skip
        for name, one in self.tables.items():
            if name not in aside:
                self._take(one, self._hangs_on_taken(one, _OVER.get(name)))
        for name in _LED_TO:
            self._take(self.tables[name], self._led_to(name))
        for name in _OF_THEM:
            self._take(self.tables[name], self._hangs_on_taken(self.tables[name], None))
        self._take(self.tables["legal_hold"], self._led_to("legal_hold"))
        for name in _BY_THEMSELVES:
            self._take(self.tables[name], "1 = 1")
        self._take(self.tables["list_sitting"], "1 = 0")
        self._call_off()
        self._let_in()
        self._go_through()
        refs = " UNION ALL ".join(
            f"SELECT ref FROM past_{name}" for name in ("referral", "meeting", "abuse_case")
        )
        self._take(self.tables["audit_entry"], f"id % 8 = 0 AND subject_ref IN ({refs})")
        self.do(
            "CREATE TEMPORARY TABLE past_audit_view AS SELECT id, at, actor_kind, actor_id, "
            "actor_label, 'overview' AS page, subject_kind, subject_ref, id AS entry_id "
            "FROM past_audit_entry"
        )
        self.taken["audit_view"] = self.tables["audit_view"]
        line = {"line": stored("As it was said then.")}
        for name, change in _DONE.items():
            self.do(f"UPDATE past_{name} SET {change}", line if ":line" in change else {})
        for name, one in self.taken.items():
            self._shorten(name, one, line)

    def _take(self, one: Table, condition: str) -> None:
        self.do(
            f'CREATE TEMPORARY TABLE past_{one.name} AS SELECT * FROM "{one.name}" '
            f"WHERE {condition}"
        )
        self.taken[one.name] = one

    def _hangs_on_taken(self, one: Table, over: str | None) -> str:
        """Every case that a row names is taken, and it names one."""
        to = [column for column in one.columns
              if of(column) in self.taken and of(column) != one.name]  # fmt: skip
        named = " OR ".join(f'"{column.name}" IS NOT NULL' for column in to)
        all_of_them = " AND ".join(
            f'("{column.name}" IS NULL OR "{column.name}" IN (SELECT id FROM past_{of(column)}))'
            for column in to
        )
        conditions = [f"({one})" for one in (over, named, all_of_them) if one]
        if not to and over is None:
            raise RuntimeError(f"bench/past.py does not know what {one.name} hangs on")
        if one.name in ("abuse_case", "arrival", "meeting"):
            conditions = [f"({over})", f"({all_of_them})"]  # may stand by itself
        return " AND ".join(conditions)

    def _led_to(self, name: str) -> str:
        """Rows that a taken row points to."""
        parts = [
            f'SELECT "{column.name}" FROM past_{other}'
            for other, table_ in self.taken.items()
            for column in table_.columns
            if of(column) == name
        ]
        return f"id IN ({' UNION ALL '.join(parts)})"

    def _call_off(self) -> None:
        """Two more of each discussion on the first: called off, and another took its place."""
        whole = list(self.tables["meeting"].columns.keys())
        for number, referral in ((0, "referral_id"), (-1, "NULL")):
            values = {
                "id": str(number), "ref": f"ref || 'Q{-number}'", "referral_id": referral,
                "state": "'cancelled'", "cancelled_at": "created_at", "started_at": "NULL",
                "ended_at": "NULL", "signed_at": "NULL", "circulated_at": "NULL",
                "first_circulated_at": "NULL",
                "record_due_at": "NULL", "line_id": "NULL", "pin_id": "NULL",
                "replaced_at": "created_at",
            }  # fmt: skip
            first = "(SELECT min(id) FROM past_meeting WHERE id > 0 AND referral_id IS NOT NULL)"
            columns = ", ".join(f'"{column}"' for column in whole)
            chosen = ", ".join(values.get(column, f'"{column}"') for column in whole)
            self.do(
                f"INSERT INTO past_meeting ({columns}) SELECT {chosen} FROM past_meeting "
                f"WHERE id = {first}"
            )
            self.do(
                "INSERT INTO past_meeting_child (meeting_id, child_id, position) "
                f"SELECT {number}, child_id, position "
                f"FROM past_meeting_child WHERE meeting_id = {first}"
            )

    def _let_in(self) -> None:
        """Whoever was invited or asked signed in once, by a code."""
        self.do(
            "INSERT INTO past_guest_session (id, token_digest, invitation_id, started_at, "
            "last_seen_at, ended_at) SELECT id, 'session' || id, id, created_at, created_at, "
            "created_at FROM past_invitation WHERE id % 2 = 0"
        )
        self.do(
            "INSERT INTO past_access_code (id, link_digest, invitation_id, code_digest, "
            "browser_digest, created_at, expires_at, tries, used_at) SELECT id, 'link' || id, id, "
            "'code', 'browser', created_at, created_at, 0, created_at FROM past_invitation"
        )

    def _go_through(self) -> None:
        """One list of domestic abuse, on which all of these cases stood."""
        self.do("INSERT INTO past_list_sitting SELECT * FROM list_sitting LIMIT 1")
        self.do("DELETE FROM past_list_entry")
        self.do(
            "INSERT INTO past_list_entry (id, sitting_id, number, case_id, carried, version) "
            "SELECT id, (SELECT min(id) FROM past_list_sitting), id, id, (1 = 0), 1 "
            "FROM past_abuse_case"
        )

    def _shorten(self, name: str, one: Table, line: Row) -> None:
        for column in one.columns:
            kind = column.type
            long = f'length("{column.name}") > {LINE}'
            if isinstance(kind, EncryptedText | EncryptedDate):
                self.do(f'UPDATE past_{name} SET "{column.name}" = :line WHERE {long}', line)
            elif isinstance(kind, EncryptedBytes | LargeBinary):
                cut = {"line": line["line"].encode()}
                self.do(f'UPDATE past_{name} SET "{column.name}" = :line WHERE {long}', cut)

    def do(self, statement: str, values: Row | None = None) -> int:
        """How many rows it was about."""
        return int(self.connection.execute(text(statement), values or {}).rowcount)
